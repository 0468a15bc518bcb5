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

Status check_outside(const std::string& place, const std::filesystem::path& data) {
  if (in_token(place)) return {};
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
  return in_token(place) ? Pkcs11Key::open(place) : FileKey::open(place, use);
}

Result<std::unique_ptr<WrappingKey>> make_wrapping_key(const std::string& place) {
  return in_token(place) ? Pkcs11Key::make(place) : FileKey::make(place);
}

}  // namespace relais::vault
