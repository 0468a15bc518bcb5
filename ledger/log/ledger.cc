#include "ledger/log/ledger.h"

#include "ledger/base/archive.h"
#include "ledger/base/check.h"
#include "ledger/log/impl.h"
#include "ledger/log/sealing.h"

namespace relais::log {
namespace {

Error past_the_end(LogIndex index) {
  return error(Errc::not_found, "index-unknown",
               "there is no entry " + std::to_string(index.value));
}

Result<std::string> must_get(const store::Store& store, store::Family family, LogIndex index) {
  RELAIS_ASSIGN(auto value, store.get(family, store::index_key(index.value)));
  if (!value) return fail(past_the_end(index));
  return std::move(*value);
}

}  // namespace

Ledger::Ledger(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Ledger::~Ledger() {
  stop();
}

std::shared_ptr<const Head> Ledger::head() const {
  return impl_->current();
}

Result<std::string> Ledger::entry(LogIndex index) const {
  if (index.value >= head()->size().value) return fail(past_the_end(index));
  return must_get(*impl_->store, store::Family::entries, index);
}

Result<std::string> Ledger::event(LogIndex index) const {
  if (index.value >= head()->size().value) return fail(past_the_end(index));
  return must_get(*impl_->store, store::Family::events, index);
}

std::string disclosure_place(LogIndex index, const Hash& leaf) {
  std::string place;
  append_be(place, index.value);
  return place.append(view(leaf));
}

Result<std::vector<std::string>> Ledger::Impl::open_disclosures(LogIndex index, const Hash& leaf,
                                                                std::string_view record) const {
  if (vault == nullptr) return fail(*locked);
  RELAIS_ASSIGN(const auto text, vault->open(record, disclosure_place(index, leaf)));
  if (!text) return std::vector<std::string>();  // erased since the record was read
  auto texts = decode<std::vector<std::string>>(*text);
  if (!texts) return fail(Errc::corrupt, "disclosures-form", "stored disclosures cannot be read");
  return std::move(*texts);
}

const std::optional<Error>& Ledger::locked() const {
  return impl_->locked;
}

Result<std::vector<std::string>> Ledger::Impl::disclosures(LogIndex index) const {
  const std::string key = store::index_key(index.value);
  RELAIS_ASSIGN(auto record, store->get(store::Family::disclosures, key));
  if (!record) return std::vector<std::string>();
  RELAIS_ASSIGN(const std::string entry, must_get(*store, store::Family::entries, index));
  const Hash leaf = merkle::leaf_hash(entry);
  auto opened = open_disclosures(index, leaf, *record);
  if (opened || opened.error().code != Errc::corrupt) return opened;
  // An erasure may have come between the reads of record and key, and both are others now.
  RELAIS_ASSIGN(const auto again, store->get(store::Family::disclosures, key));
  if (again == record) return opened;
  if (!again) return std::vector<std::string>();
  return open_disclosures(index, leaf, *again);
}

Result<std::vector<std::string>> Ledger::open_disclosures(LogIndex index, const Hash& leaf,
                                                          std::string_view record) const {
  return impl_->open_disclosures(index, leaf, record);
}

Result<std::vector<std::string>> Ledger::disclosures(LogIndex index) const {
  RELAIS_ASSIGN(auto texts, impl_->disclosures(index));
  std::erase_if(texts, is_sealed);
  return texts;
}

Result<std::vector<std::string>> Ledger::sealed(LogIndex index) const {
  RELAIS_ASSIGN(auto texts, impl_->disclosures(index));
  std::erase_if(texts, std::not_fn(is_sealed));
  return texts;
}

Result<Ledger::Known> Ledger::knows(const statement::Statement& s, SignatoryId signatory) const {
  const store::Store& store = *impl_->store;
  RELAIS_ASSIGN(const auto place, store.get(store::Family::ids, id_key(s.id, signatory)));
  if (!place) return Known::no;
  RELAIS_ASSIGN(const auto entry, store.get(store::Family::entries, *place));
  if (!entry || std::string_view(*entry).substr(8) != s.jwt) return Known::no;
  if (!s.sealed.empty()) return Known::lacking;  // perhaps: another copy may be new
  if (s.disclosures.empty()) return Known::whole;
  RELAIS_ASSIGN(const auto kept, store.get(store::Family::disclosures, *place));
  return kept ? Known::whole : Known::lacking;
}

Result<std::vector<LogIndex>> Ledger::find(std::string_view id) const {
  std::string prefix(id);
  prefix.push_back('\0');
  std::vector<LogIndex> found;
  RELAIS_TRY(impl_->store->scan(store::Family::ids, prefix,
                                [&](std::string_view key, std::string_view value) {
                                  if (!key.starts_with(prefix)) return false;
                                  if (key.size() == prefix.size() + 2)
                                    found.emplace_back(load_be<std::uint64_t>(value));
                                  return found.size() < 1000;
                                }));
  return found;
}

Result<std::optional<LogIndex>> Ledger::find(const statement::StreamId& stream,
                                             StreamVersion version) const {
  RELAIS_ASSIGN(const auto stored,
                impl_->store->get(store::Family::streams, stream_version_key(stream, version)));
  if (!stored) return std::optional<LogIndex>();
  return std::optional(LogIndex{load_be<std::uint64_t>(*stored)});
}

namespace {

Status scan_family(const store::Store& store, store::Family family, LogIndex from, TreeSize until,
                   const std::function<bool(LogIndex, std::string_view)>& visit) {
  return store.scan(
      family, store::index_key(from.value),
      [&](std::string_view key, std::string_view value) {
        const LogIndex index{load_be<std::uint64_t>(key)};
        return index.value < until.value && visit(index, value);
      },
      true);
}

}  // namespace

Status Ledger::scan_events(LogIndex from,
                           const std::function<bool(LogIndex, std::string_view)>& visit) const {
  return scan_family(*impl_->store, store::Family::events, from, head()->size(), visit);
}

Status Ledger::scan_entries(LogIndex from,
                            const std::function<bool(LogIndex, std::string_view)>& visit) const {
  return scan_family(*impl_->store, store::Family::entries, from, head()->size(), visit);
}

Result<LogIndex> Ledger::index_at(Timestamp t) const {
  std::uint64_t low = 0;
  std::uint64_t high = head()->size().value;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    RELAIS_ASSIGN(const std::string bytes,
                  must_get(*impl_->store, store::Family::entries, LogIndex{middle}));
    RELAIS_ASSIGN(const EntryView entry, parse_entry(bytes));
    if (entry.received_at < t) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return LogIndex{low};
}

merkle::TileReader Ledger::Impl::tile_reader() const {
  return tiles::tile_reader(*store);
}

Result<merkle::Receipt> Ledger::Impl::receipt(LogIndex index) const {
  RELAIS_ASSIGN(auto receipt, tiles::stored_receipt(*store, index));
  if (!receipt) return fail(past_the_end(index));
  return std::move(*receipt);
}

Result<merkle::Receipt> Ledger::receipt(LogIndex index) const {
  return impl_->receipt(index);
}

Result<std::string> Ledger::tile(std::uint8_t level, std::uint64_t index) const {
  return impl_->tile_reader()(level, index);
}

Result<std::string> Ledger::bundle(std::uint64_t index, std::uint16_t width) const {
  std::string bundle;
  for (std::uint64_t i = 0; i < width; ++i) {
    RELAIS_ASSIGN(const std::string bytes, entry(LogIndex{index * merkle::kTileWidth + i}));
    merkle::append_bundle_entry(bundle, bytes);
  }
  return bundle;
}

Result<std::vector<Hash>> Ledger::consistency_proof(std::uint64_t old_size,
                                                    std::uint64_t size) const {
  if (old_size == 0 || old_size > size || size > head()->size().value)
    return fail(error(Errc::invalid, "tree-size", "no consistency proof between these sizes")
                    .accepts("0 < old size <= size <= " + std::to_string(head()->size().value)));
  return merkle::consistency_proof(old_size, size, node_reader());
}

merkle::NodeReader Ledger::node_reader() const {
  return merkle::node_reader(impl_->tile_reader());
}
merkle::NoteKey Ledger::vkey() const {
  return impl_->current()->keys->log.newest();
}
OwnKeys Ledger::keys() const {
  return *impl_->current()->keys;
}
const Stats& Ledger::stats() const {
  return impl_->stats;
}
const store::Store& Ledger::store() const {
  return *impl_->store;
}
const ModelFactory& Ledger::factory() const {
  return impl_->factory;
}
const Clock& Ledger::clock() const {
  return *impl_->clock;
}

}  // namespace relais::log
