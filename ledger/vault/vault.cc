#include "ledger/vault/vault.h"

#include <mutex>

#include "ledger/base/check.h"

namespace relais::vault {
namespace {

constexpr std::string_view kRootsKey = "M";
constexpr std::string_view kDataPrefix = "D";
constexpr std::string_view kRootsContext = "relais vault: root keys, version 1";
constexpr std::string_view kDataContext = "relais vault: data key, version 1:";
constexpr std::string_view kRecordContext = "relais vault: record, version 1:";
constexpr std::size_t kNumberBytes = 4;
constexpr std::size_t kRootBytes = kNumberBytes + crypto::SecretKey::kBytes;
/// Two while a rotation is under way; more are the trace of interrupted ones.
constexpr std::size_t kMaxRoots = 16;
constexpr std::size_t kStretch = 2'000;  // data keys that are looked at between two batches

std::string data_key(std::string_view stream) {
  return std::string(kDataPrefix) + std::string(stream);
}
std::string data_context(std::string_view stream) {
  return std::string(kDataContext) + std::string(stream);
}

std::string wrap(std::uint32_t number, const crypto::SecretKey& root, std::string_view stream,
                 const crypto::SecretKey& key) {
  std::string wrapped;
  append_be(wrapped, number);
  return wrapped + crypto::seal(root, key.view(), data_context(stream));
}

Error broken_record(std::string what) {
  return error(Errc::corrupt, "vault-record-broken", std::move(what));
}

/// One byte 0x80 and zeros, up to the next step (ISO/IEC 7816-4).
std::string padded(std::string_view text) {
  std::string out(text);
  out.push_back('\x80');
  out.resize((out.size() + Vault::kStep - 1) / Vault::kStep * Vault::kStep, '\0');
  return out;
}

bool unpad(std::string& text) {
  const std::size_t end = text.find_last_not_of('\0');
  if (end == std::string::npos || text[end] != '\x80') return false;
  text.resize(end);
  return true;
}

/// Length (1 byte) ‖ stream, in front of what is sealed.
std::optional<std::string_view> stream_of(std::string_view sealed) {
  if (sealed.empty()) return std::nullopt;
  const auto length = static_cast<unsigned char>(sealed[0]);
  if (sealed.size() < 1U + length) return std::nullopt;
  return sealed.substr(1, length);
}

}  // namespace

Status Vault::create(store::Store& store, WrappingKey& key) {
  std::string roots;
  append_be(roots, std::uint32_t{1});
  roots.append(crypto::SecretKey::random().view());
  RELAIS_ASSIGN(const std::string wrapped, key.wrap(roots, kRootsContext));
  store::Batch batch;
  batch.put(store::Family::keystore, kRootsKey, wrapped);
  return store.write(batch, true);
}

Result<std::unique_ptr<Vault>> Vault::open(const store::Store& store,
                                           std::unique_ptr<WrappingKey> key) {
  RELAIS_ASSIGN(const auto wrapped, store.get(store::Family::keystore, kRootsKey));
  if (!wrapped) return fail(Errc::corrupt, "vault-missing", "the ledger has no root key");
  RELAIS_ASSIGN(const std::string roots, key->unwrap(*wrapped, kRootsContext));
  if (roots.empty() || roots.size() % kRootBytes != 0)
    return fail(broken_record("the ledger's root keys cannot be read"));
  std::unique_ptr<Vault> vault(new Vault(store, std::move(key)));
  for (std::string_view rest = roots; !rest.empty(); rest.remove_prefix(kRootBytes)) {
    const auto number = load_be<std::uint32_t>(rest);
    const auto [it, fresh] = vault->roots_.emplace(
        number, crypto::SecretKey(rest.substr(kNumberBytes, crypto::SecretKey::kBytes)));
    it->second.lock_memory();
  }
  return vault;
}

std::optional<crypto::SecretKey> Vault::unwrap(std::string_view stream,
                                               std::string_view wrapped) const {
  if (wrapped.size() < kNumberBytes) return std::nullopt;
  const auto root = roots_.find(load_be<std::uint32_t>(wrapped));
  if (root == roots_.end()) return std::nullopt;
  const auto key = crypto::unseal(root->second, wrapped.substr(kNumberBytes), data_context(stream));
  if (!key || key->size() != crypto::SecretKey::kBytes) return std::nullopt;
  return crypto::SecretKey(*key);
}

Result<std::optional<crypto::SecretKey>> Vault::find(std::string_view stream) const {
  // What was read may have been wrapped anew, and its root let go of, before it is unwrapped.
  for (int look = 0; look < 2; ++look) {
    RELAIS_ASSIGN(const auto wrapped, store_.get(store::Family::keystore, data_key(stream)));
    if (!wrapped) return std::optional<crypto::SecretKey>();
    const std::shared_lock lock(mutex_);
    if (auto key = unwrap(stream, *wrapped)) return key;
  }
  return fail(broken_record("the data key of a stream cannot be unwrapped"));
}

crypto::SecretKey Vault::make(store::Batch& batch, std::string_view stream) const {
  auto key = crypto::SecretKey::random();
  const std::shared_lock lock(mutex_);
  const auto& [number, root] = *roots_.rbegin();
  batch.put(store::Family::keystore, data_key(stream), wrap(number, root, stream, key));
  return key;
}

void Vault::destroy(store::Batch& batch, std::string_view stream) {
  batch.erase(store::Family::keystore, data_key(stream));
}

std::string Vault::seal(const crypto::SecretKey& key, std::string_view stream,
                        std::string_view place, std::string_view text) {
  check(stream.size() <= 0xff, "a stream's key is short");
  std::string out(1, static_cast<char>(stream.size()));
  out.append(stream);
  return out + crypto::seal(key, padded(text), std::string(kRecordContext) + std::string(place));
}

Result<std::optional<std::string>> Vault::open(const crypto::SecretKey& key,
                                               std::string_view sealed, std::string_view place) {
  const auto stream = stream_of(sealed);
  if (!stream) return fail(broken_record("a sealed record is too short"));
  auto text = crypto::unseal(key, sealed.substr(1 + stream->size()),
                             std::string(kRecordContext) + std::string(place));
  if (!text || !unpad(*text))
    return fail(broken_record("a sealed record is not what was sealed here"));
  return text;
}

Result<std::optional<std::string>> Vault::open(std::string_view sealed,
                                               std::string_view place) const {
  const auto stream = stream_of(sealed);
  if (!stream) return fail(broken_record("a sealed record is too short"));
  RELAIS_ASSIGN(const auto key, find(*stream));
  if (!key) return std::optional<std::string>();
  return open(*key, sealed, place);
}

/// Under a wrapping key that nothing else was wrapped by; the others are of no use from then on.
Status Vault::write_roots(store::Store& store) {
  RELAIS_ASSIGN(const auto stored, store.get(store::Family::keystore, kRootsKey));
  if (!stored) return fail(Errc::corrupt, "vault-missing", "the ledger has no root key");
  RELAIS_TRY(wrapping_->destroy_others(*stored));  // of attempts that did not get as far
  RELAIS_TRY(wrapping_->renew());
  std::string roots;
  {
    const std::shared_lock lock(mutex_);
    for (auto it = roots_.rbegin(); it != roots_.rend(); ++it) {
      append_be(roots, it->first);
      roots.append(it->second.view());
    }
  }
  RELAIS_ASSIGN(const std::string wrapped, wrapping_->wrap(roots, kRootsContext));
  store::Batch batch;
  batch.put(store::Family::keystore, kRootsKey, wrapped);
  RELAIS_TRY(store.write(batch, true));
  return wrapping_->destroy_others(wrapped);
}

Status Vault::begin_rotation(store::Store& store) {
  next_.clear();
  while (roots_.size() >= kMaxRoots) {
    RELAIS_ASSIGN(const bool all, rewrap(store));
    const std::unique_lock lock(mutex_);
    if (all) roots_.erase(roots_.begin(), std::prev(roots_.end()));
  }
  broken_ = 0;
  {
    const std::unique_lock lock(mutex_);
    const std::uint32_t number = roots_.rbegin()->first + 1;
    roots_.emplace(number, crypto::SecretKey::random()).first->second.lock_memory();
  }
  if (Status written = write_roots(store); !written) {
    const std::unique_lock lock(mutex_);
    roots_.erase(std::prev(roots_.end()));
    return written;
  }
  return {};
}

Result<bool> Vault::rewrap(store::Store& store) {
  const auto& [number, root] = *roots_.rbegin();
  store::Batch batch;
  std::size_t looked_at = 0;
  std::string next;
  std::uint64_t broken = 0;
  RELAIS_TRY(
      store.scan(store::Family::keystore, next_.empty() ? kDataPrefix : std::string_view(next_),
                 [&](std::string_view record, std::string_view wrapped) {
                   if (!record.starts_with(kDataPrefix)) return false;
                   if (++looked_at > kStretch) {
                     next = record;
                     return false;
                   }
                   const std::string_view stream = record.substr(kDataPrefix.size());
                   const auto key = unwrap(stream, wrapped);
                   if (!key) {
                     ++broken;
                     return true;
                   }
                   if (load_be<std::uint32_t>(wrapped) != number)
                     batch.put(store::Family::keystore, record, wrap(number, root, stream, *key));
                   return true;
                 }));
  if (batch.bytes() > 0) RELAIS_TRY(store.write(batch, true));
  next_ = next;
  broken_ += broken;
  return next.empty();
}

Status Vault::end_rotation(store::Store& store) {
  std::map<std::uint32_t, crypto::SecretKey> older;
  {
    const std::unique_lock lock(mutex_);
    while (roots_.size() > 1) older.insert(roots_.extract(roots_.begin()));
  }
  if (Status written = write_roots(store); !written) {
    const std::unique_lock lock(mutex_);
    roots_.merge(older);
    return written;
  }
  return {};
}

}  // namespace relais::vault
