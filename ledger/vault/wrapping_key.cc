#include "ledger/vault/wrapping_key.h"

#include "ledger/vault/file_key.h"
#include "ledger/vault/pkcs11_key.h"

namespace relais::vault {

bool is_file(const std::string& place) {
  return !place.starts_with("pkcs11:");
}

std::filesystem::path default_wrapping_key(const std::filesystem::path& data) {
  std::filesystem::path path = std::filesystem::absolute(data).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();  // "data/"
  path += ".wrapping-key";
  return path;
}

Status check_outside(const std::string& place, const std::filesystem::path& data) {
  if (!is_file(place)) return {};
  std::error_code ec;
  const auto file = std::filesystem::weakly_canonical(place, ec);
  const auto folder = std::filesystem::weakly_canonical(data, ec);
  const auto rest = file.lexically_relative(folder);
  if (rest.empty() || *rest.begin() == "..") return {};
  return fail(error(Errc::invalid, "wrapping-key-inside",
                    place + " is the data folder or in it: a copy of the folder would open itself")
                  .at("--wrapping-key")
                  .accepts("a file elsewhere, better on another disk; or a token"));
}

Result<std::unique_ptr<WrappingKey>> open_wrapping_key(const std::string& place, Use use) {
  return is_file(place) ? FileKey::open(place, use) : Pkcs11Key::open(place);
}

Result<std::unique_ptr<WrappingKey>> make_wrapping_key(const std::string& place) {
  return is_file(place) ? FileKey::make(place) : Pkcs11Key::make(place);
}

}  // namespace relais::vault
