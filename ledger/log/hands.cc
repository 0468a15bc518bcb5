#include "ledger/log/hands.h"

#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "ledger/log/genesis.h"
#include "ledger/vault/wrapping_key.h"

namespace relais::log {
namespace {

namespace fs = std::filesystem;

constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;
constexpr mode_t kOthersRead = S_IRGRP | S_IXGRP | S_IROTH | S_IXOTH;

/// Nothing of what is not there: that is said where it is needed.
std::optional<struct stat> look_at(const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return std::nullopt;
  return info;
}

Status check_owner(const fs::path& path, const struct stat& info) {
  const uid_t own = ::geteuid();
  if (info.st_uid == own || info.st_uid == 0) return {};
  return fail(error(Errc::forbidden, "data-owner",
                    path.string() + " is owned by user " + std::to_string(info.st_uid) +
                        ", who may write into it")
                  .at(path.string())
                  .accepts("the user that runs the server, or root (chown " + std::to_string(own) +
                           " " + path.string() + ")"));
}

Status check_folder(const fs::path& folder, const struct stat& info, const Options& options) {
  RELAIS_TRY(check_owner(folder, info));
  if ((info.st_mode & kOthersWrite) != 0)
    return fail(
        error(Errc::forbidden, "data-folder-mode", "others may write into " + folder.string())
            .at(folder.string())
            .accepts("mode 0700 (chmod 700 " + folder.string() + ")"));
  if ((info.st_mode & kOthersRead) != 0 && options.report)
    options.report("others may look into " + folder.string() + ": chmod 700 keeps them out");
  return {};
}

Status check_files(const fs::path& folder) {
  std::error_code ec;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end; it.increment(ec))
    if (const auto info = look_at(it->path()); info && S_ISREG(info->st_mode))
      RELAIS_TRY(check_owner(it->path(), *info));
  return {};
}

/// The key is replaced as a file: who writes into its folder may do so too. Where only owners may
/// (the sticky bit), nobody else can; a group is its owner's to choose.
Status check_wrapping_key(const fs::path& key) {
  const auto info = look_at(key);
  if (!info) return {};
  RELAIS_TRY(check_owner(key, *info));
  std::error_code ec;
  const fs::path file = fs::canonical(key, ec);
  const fs::path folder = (ec ? fs::absolute(key) : file).parent_path();
  const auto around = look_at(folder);
  if (!around) return {};
  RELAIS_TRY(check_owner(folder, *around));
  if ((around->st_mode & S_IWOTH) == 0 || (around->st_mode & S_ISVTX) != 0) return {};
  return fail(error(Errc::forbidden, "wrapping-key-folder",
                    "everybody may write into " + folder.string() + ", and replace " +
                        key.string() + " there")
                  .at("--wrapping-key")
                  .accepts("a folder that is nobody else's to write into (chmod o-w " +
                           folder.string() + ")"));
}

}  // namespace

Status check_hands(const Options& options) {
  for (const char* name : {"", "keys", "store", "reads", "reads/store"}) {
    const fs::path folder = *name == '\0' ? options.data : options.data / name;
    const auto info = look_at(folder);
    if (!info) continue;
    RELAIS_TRY(check_folder(folder, *info, options));
    RELAIS_TRY(check_files(folder));
  }
  const std::string place = wrapping_key_place(options.data, options.wrapping_key).string();
  return vault::is_file(place) ? check_wrapping_key(place) : Status();
}

}  // namespace relais::log
