#include "ledger/rules/registry.h"

#include <algorithm>
#include <limits>

#include "ledger/base/check.h"
#include "ledger/base/clock.h"
#include "ledger/crypto/jwk.h"

namespace relais::rules {

std::string log_key_audience(std::string_view origin) {
  return std::string(origin) + "/log.key_rotated";
}

const Signatory* Registry::find(SignatoryId id) const {
  return id.value < signatories_.size() ? &signatories_[id.value] : nullptr;
}

const Signatory* Registry::find_slug(std::string_view slug) const {
  const auto it = by_slug_.find(slug);
  return it == by_slug_.end() ? nullptr : find(it->second);
}

const Signatory* Registry::find_source(std::string_view source) const {
  const auto it = by_source_.find(source);
  return it == by_source_.end() ? nullptr : find(it->second);
}

SignatoryId Registry::account_of(SignatoryId id) const {
  const Signatory* s = find(id);
  return s == nullptr ? id : s->under.value_or(id);
}

std::optional<Succession> Registry::succession_of(SignatoryId holder) const {
  std::optional<Succession> last;
  const Signatory* s = find(holder);
  while (s != nullptr && !s->active && s->succession) {
    last = s->succession;
    s = find(last->to);
  }
  return s != nullptr && s->active ? last : std::nullopt;
}

const Key* Registry::find_key(const KeyId& kid) const {
  const auto it = keys_.find(kid);
  return it == keys_.end() ? nullptr : &it->second;
}

Signatory& Registry::add(Signatory s) {
  check(signatories_.size() < std::numeric_limits<std::uint16_t>::max(), "too many signatories");
  s.id = SignatoryId{static_cast<std::uint16_t>(signatories_.size())};
  check(by_slug_.emplace(s.slug, s.id).second, "two signatories have one slug");
  check(by_source_.emplace(s.source, s.id).second, "two signatories have one source");
  return signatories_.emplace_back(std::move(s));
}

Signatory& Registry::mutable_signatory(SignatoryId id) {
  check(id.value < signatories_.size(), "no such signatory");
  return signatories_[id.value];
}

Key& Registry::add_key(Key k) {
  const KeyId kid = k.kid;
  const auto [it, added] = keys_.emplace(kid, std::move(k));
  check(added, "a key is enrolled twice");
  index_sealing_key(it->second);
  return it->second;
}

Key* Registry::mutable_key(const KeyId& kid) {
  const auto it = keys_.find(kid);
  return it == keys_.end() ? nullptr : &it->second;
}

Result<const Key*> Registry::check_key(const KeyId& kid, Timestamp at) const {
  constexpr std::string_view kSource = "Convention, governance";
  const Key* key = find_key(kid);
  if (key == nullptr)
    return fail(error(Errc::unauthenticated, "key-unknown",
                      "no signatory has enrolled the key " + crypto::to_text(kid))
                    .at("kid")
                    .from(std::string(kSource)));
  if (at < key->valid_from)
    return fail(error(Errc::unauthenticated, "key-not-yet-valid", "the key is not valid yet")
                    .at("kid")
                    .accepts("statements received from " + to_rfc3339(key->valid_from))
                    .from(std::string(kSource)));
  if (key->valid_until && at >= *key->valid_until)
    return fail(
        error(Errc::unauthenticated, "key-revoked", "the key was revoked or replaced by another")
            .at("kid")
            .accepts("statements received before " + to_rfc3339(*key->valid_until))
            .from(std::string(kSource)));
  return key;
}

const Key* Registry::find_sealing_key(const KeyId& kid) const {
  const auto it = by_sealing_key_.find(kid);
  return it == by_sealing_key_.end() ? nullptr : find_key(it->second);
}

bool Registry::seals(const Key& k, Timestamp at) const {
  const Signatory* owner = find(k.owner);
  return k.sealing && owner != nullptr && owner->active && check_key(k.kid, at).has_value();
}

Result<const Key*> Registry::check_sealing_key(const KeyId& kid, Timestamp at) const {
  constexpr std::string_view kSource = "Convention, governance";
  const Key* key = find_sealing_key(kid);
  if (key == nullptr)
    return fail(error(Errc::invalid, "sealing-key-unknown",
                      "no signatory has enrolled the sealing key " + crypto::to_text(kid))
                    .accepts("the RFC 7638 thumbprint of a sealing key of GET /v1/keys")
                    .from(std::string(kSource)));
  if (!seals(*key, at))
    return fail(error(Errc::invalid, "sealing-key-ended",
                      "nothing more is sealed to this key: the key that it came with has ended, or "
                      "its owner has left")
                    .accepts("a sealing key of an active signatory's key that may sign")
                    .from(std::string(kSource)));
  return key;
}

bool Registry::can_seal_to(schema::Role role, Timestamp at) const {
  return std::ranges::any_of(keys_, [&](const auto& item) {
    const Key& k = item.second;
    return k.sealing && seals(k, at) && find(k.owner)->role_set().has(role);
  });
}

void Registry::index_sealing_key(const Key& k) {
  if (!k.sealing) return;
  const auto [it, added] = by_sealing_key_.emplace(crypto::thumbprint(*k.sealing), k.kid);
  if (!added && find_key(it->second)->enrolled_at <= k.enrolled_at) it->second = k.kid;
}

void Registry::index() {
  by_sealing_key_.clear();
  for (const auto& [kid, key] : keys_) index_sealing_key(key);
  by_slug_.clear();
  by_source_.clear();
  for (const Signatory& s : signatories_) {
    by_slug_.emplace(s.slug, s.id);
    by_source_.emplace(s.source, s.id);
  }
}

}  // namespace relais::rules
