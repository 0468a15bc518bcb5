// What the partnership shares: the library and the network, newest first, and which act is the last
// word on a tool, a pathway or a partner.
#include <algorithm>

#include "ledger/base/stored.h"
#include "projections/folds.h"
#include "projections/records.h"

namespace relais::projections {
namespace {

constexpr std::string_view kUnreadable = "a stored line of what is shared cannot be read";

std::optional<SharedKind> kind_of(schema::Event::Data::Reader data) {
  switch (data.which()) {
    case schema::Event::Data::TRAINING_DELIVERED:
      return SharedKind::training;
    case schema::Event::Data::TOOL_PUBLISHED:
      return SharedKind::tool;
    case schema::Event::Data::PRACTICE_SHARED:
      return SharedKind::practice;
    case schema::Event::Data::NEED_OBSERVED:
      return SharedKind::need;
    case schema::Event::Data::PARTNER_INTRODUCED:
      return SharedKind::partner;
    case schema::Event::Data::PATHWAY_PUBLISHED:
      return SharedKind::pathway;
    case schema::Event::Data::JOINT_ACTION_RECORDED:
      return SharedKind::joint_action;
    default:
      return std::nullopt;
  }
}

Shelf shelf_of(SharedKind kind) {
  return kind < SharedKind::partner ? Shelf::library : Shelf::network;
}

std::string item_key(Shelf shelf, LogIndex index) {
  return make_key(kShelfPrefix, static_cast<std::uint8_t>(shelf), ~index.value);
}

/// Key of the newest act on the thing that an act is about; nothing where it is about none.
std::optional<std::string> newest_key(SharedKind kind, const rules::Act& act) {
  if (kind != SharedKind::tool && kind != SharedKind::pathway && kind != SharedKind::partner)
    return std::nullopt;
  std::string key = make_key(kNewestPrefix, static_cast<std::uint8_t>(kind));
  key.append(act.stream.name);
  if (kind == SharedKind::partner) {
    const capnp::Text::Reader id = act.event.getData().getPartnerIntroduced().getPartnerId();
    key.push_back('\0');
    key.append(id.begin(), id.size());
  }
  return key;
}

class SharedItems final : public Projection {
 public:
  std::string_view name() const override { return "shared"; }
  std::span<const std::string_view> prefixes() const override {
    static constexpr std::string_view kPrefixes[] = {kShelfPrefix, kNewestPrefix};
    return kPrefixes;
  }

  void fold(const rules::Act& act, const rules::Effects&, rules::WorldState&,
            Tables& tables) override {
    const auto kind = kind_of(act.event.getData());
    if (!kind) return;
    const Shelf shelf = shelf_of(*kind);
    tables.put(item_key(shelf, act.index), encode(SharedRecord{*kind, {}}));
    const auto newest = newest_key(*kind, act);
    if (!newest) return;
    if (const auto before = tables.get(*newest)) {
      require_stored(before->size() == sizeof(std::uint64_t), kUnreadable);
      tables.put(item_key(shelf, LogIndex{load_be<std::uint64_t>(*before)}),
                 encode(SharedRecord{*kind, act.index}));
    }
    std::string index;
    append_be(index, act.index.value);
    tables.put(*newest, index);
  }
};

}  // namespace

std::unique_ptr<Projection> make_shared_items() {
  return std::make_unique<SharedItems>();
}

SharedPage shared_items(const RecordSource& records, const SharedFilter& filter,
                        std::string_view cursor, std::size_t limit, std::size_t max_asked) {
  limit = std::clamp<std::size_t>(limit, 1, kMaxPage);
  const std::string prefix = make_key(kShelfPrefix, static_cast<std::uint8_t>(filter.shelf));
  SharedPage page;
  std::size_t examined = 0;
  records.scan(prefix, prefix + std::string(cursor),
               [&](std::string_view key, std::string_view value) {
                 const std::string_view place = key.substr(prefix.size());
                 require_stored(place.size() == sizeof(std::uint64_t), kUnreadable);
                 const auto record = decode_stored<SharedRecord>(value, kUnreadable);
                 if (examined++ == kMaxExamined) {
                   page.next = place;
                   return false;
                 }
                 if (filter.kind && *filter.kind != record.kind) return true;
                 if (!filter.replaced && record.replaced_by) return true;
                 const SharedItem item{LogIndex{~load_be<std::uint64_t>(place)}, record.kind,
                                       record.replaced_by};
                 if (filter.wanted) {
                   if (page.asked == max_asked) {
                     page.next = place;
                     return false;
                   }
                   ++page.asked;
                   if (!filter.wanted(item)) return true;
                 }
                 if (page.items.size() == limit) {
                   page.next = place;
                   return false;
                 }
                 page.items.push_back(item);
                 return true;
               });
  return page;
}

}  // namespace relais::projections
