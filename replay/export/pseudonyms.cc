#include "replay/export/pseudonyms.h"

#include "ledger/base/bytes.h"
#include "ledger/crypto/digest.h"

namespace relais::replay::exports {

std::string Pseudonyms::of(std::string_view kind, std::string_view bytes) const {
  constexpr std::size_t kBytes = 16;
  std::string text(kind);
  text.push_back('\0');
  text.append(bytes);
  const Hash mac = crypto::hmac_sha256(key_, text);
  return to_hex(view(mac).substr(0, kBytes));
}

std::string Pseudonyms::of(std::string_view kind, const Uuid& id) const {
  std::string bytes;
  append_uuid(bytes, id);
  return of(kind, bytes);
}

std::string Pseudonyms::of(std::string_view kind, const Uuid& of_case, const Uuid& id) const {
  std::string bytes;
  append_uuid(bytes, of_case);
  append_uuid(bytes, id);
  return of(kind, bytes);
}

}  // namespace relais::replay::exports
