#include "ledger/vault/wrapping_key.h"

#include "ledger/vault/file_key.h"
#include "ledger/vault/pkcs11_key.h"

namespace relais::vault {
namespace {

bool in_token(const std::string& place) {
  return place.starts_with("pkcs11:");
}

}  // namespace

std::filesystem::path default_wrapping_key(const std::filesystem::path& data) {
  std::filesystem::path path = std::filesystem::absolute(data).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // "data/"
  path += ".wrapping-key";
  return path;
}

Result<std::unique_ptr<WrappingKey>> open_wrapping_key(const std::string& place) {
  return in_token(place) ? Pkcs11Key::open(place) : FileKey::open(place);
}

Result<std::unique_ptr<WrappingKey>> make_wrapping_key(const std::string& place) {
  return in_token(place) ? Pkcs11Key::make(place) : FileKey::make(place);
}

}  // namespace relais::vault
