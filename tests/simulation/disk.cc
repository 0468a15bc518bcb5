#include "tests/simulation/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "ledger/base/check.h"

namespace relais::simulation {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kSector = 512;

Disk* watched = nullptr;

std::string parent(const std::string& name) {
  return name.substr(0, name.rfind('/'));
}

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

Disk::Disk(std::string folder) : folder_(std::move(folder)) {
  watched = this;
}

Disk::~Disk() {
  watched = nullptr;
}

Files Disk::files() const {
  Files found;
  for (const auto& entry : fs::recursive_directory_iterator(folder_))
    if (entry.is_regular_file())
      found.emplace(entry.path().string().substr(folder_.size() + 1), bytes_of(entry.path()));
  return found;
}

void Disk::start(const Files& files, std::uint64_t seed) {
  watching_ = cut_ = lies_ = failed_ = false;
  fault_.reset();
  cut_left_ = trace_ = calls_ = 0;
  dice_ = Dice(seed, 1);
  names_.clear();
  pending_.clear();
  for (Handle& handle : handles_) handle = {};
  for (const auto& [name, bytes] : files)
    names_[folder_ + "/" + name] = std::make_shared<File>(File{bytes, {}});
  durable_ = names_;
  for (const auto& entry : fs::recursive_directory_iterator(folder_))
    if (entry.is_regular_file() && !names_.contains(entry.path().string()))
      fs::remove(entry.path());
  for (const auto& [name, file] : names_) write_out(name, file->durable);
  watching_ = true;
}

void Disk::write_out(const std::string& name, const std::string& bytes) const {
  const long fd = ::syscall(SYS_openat, AT_FDCWD, name.c_str(),
                            O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  check(fd >= 0, "a file of the simulated disk cannot be made");
  for (std::size_t done = 0; done < bytes.size();) {
    const long n = ::syscall(SYS_write, fd, bytes.data() + done, bytes.size() - done);
    check(n > 0, "a file of the simulated disk cannot be written");
    done += static_cast<std::size_t>(n);
  }
  ::syscall(SYS_close, fd);
}

// ---------------------------------------------------------------------------------------------------------------------

Disk* Disk::of(const char* path) {
  if (watched == nullptr || !watched->watching_ || path == nullptr) return nullptr;
  const std::string& folder = watched->folder_;
  const bool under = std::strncmp(path, folder.c_str(), folder.size()) == 0 &&
                     (path[folder.size()] == '/' || path[folder.size()] == '\0');
  return under ? watched : nullptr;
}

Disk* Disk::of(int fd) {
  if (watched == nullptr || !watched->watching_ || fd < 0) return nullptr;
  const auto i = static_cast<std::size_t>(fd);
  if (i >= watched->handles_.size()) return nullptr;
  const Handle& handle = watched->handles_[i];
  return handle.file != nullptr || !handle.folder.empty() ? watched : nullptr;
}

/// Without the double slashes that RocksDB makes.
std::string Disk::name_of(const char* path) const {
  std::string name;
  for (const char* c = path; *c != '\0'; ++c)
    if (*c != '/' || name.empty() || name.back() != '/') name.push_back(*c);
  if (name.ends_with('/')) name.pop_back();
  return name;
}

Disk::FilePtr Disk::find(const std::string& name) const {
  const auto it = names_.find(name);
  return it == names_.end() ? nullptr : it->second;
}

void Disk::note(std::uint64_t value) {
  constexpr std::uint64_t kPrime = 0x100000001b3ULL;
  trace_ = (trace_ ^ value) * kPrime;
}

/// Counts a call that changes something, and says what becomes of it.
Disk::Fate Disk::fate(Call call, const std::string& name, std::uint64_t n) {
  ++calls_;
  note(call);
  note(std::hash<std::string>()(name.substr(folder_.size())));
  note(n);
  if (cut_) return Fate::fails;
  if (cut_left_ > 0 && --cut_left_ == 0) {
    cut_ = true;
    if (dice_.chance(0.5)) return Fate::fails;  // or it was the last
  }
  if (!fault_ || (fault_->kinds & call) == 0) return Fate::goes_on;
  if (fault_->left > 1) {
    --fault_->left;
    return Fate::goes_on;
  }
  const Fault now = *fault_;
  if (!now.lasting) fault_.reset();
  if (now.error == 0 && call != kWrite) return Fate::goes_on;
  if (now.error == EINTR && call == kSync) return Fate::goes_on;
  failed_ = true;
  errno = now.error;
  return now.error == 0 ? Fate::half : Fate::fails;
}

int Disk::failing(Fate f) const {
  if (f == Fate::fails && cut_) errno = EIO;
  return -1;
}

void Disk::change_names(const std::string& name, NameChange change) {
  for (const auto& [changed, file] : change) {
    if (file == nullptr)
      names_.erase(changed);
    else
      names_[changed] = file;
  }
  pending_[parent(name)].push_back(std::move(change));
}

int Disk::open(const char* path, int flags, mode_t mode) {
  const std::string name = name_of(path);
  FilePtr file = find(name);
  if (file == nullptr && name.find("/OPTIONS-") != std::string::npos) {
    // RocksDB writes what it was opened with, and reads it again, which is a fourth of an opening.
    // Nobody else reads it, and it does without.
    errno = (flags & O_CREAT) != 0 ? EROFS : ENOENT;
    return -1;
  }
  const bool makes = file == nullptr && (flags & O_CREAT) != 0;
  const bool cuts = file != nullptr && (flags & O_TRUNC) != 0;
  if (makes || cuts)
    if (const Fate f = fate(makes ? kCreate : kTruncate, name, 0); f != Fate::goes_on)
      return failing(f);
  const int fd = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  if (fd < 0) return fd;
  if (makes) {
    file = std::make_shared<File>();
    change_names(name, {{name, file}});
  }
  if (cuts) file->pending.push_back({true, 0, {}});
  check(static_cast<std::size_t>(fd) < handles_.size(), "too many handles for the simulated disk");
  handles_[static_cast<std::size_t>(fd)] = {file, file == nullptr ? name : std::string()};
  return fd;
}

void Disk::close(int fd) {
  handles_[static_cast<std::size_t>(fd)] = {};
}

ssize_t Disk::append(int fd, const void* bytes, std::size_t n) {
  const bool to_end = (::fcntl(fd, F_GETFL) & O_APPEND) != 0;
  const off_t at = ::lseek(fd, 0, to_end ? SEEK_END : SEEK_CUR);
  const ssize_t written = write(fd, bytes, n, at);
  if (written > 0) ::lseek(fd, at + written, SEEK_SET);
  return written;
}

ssize_t Disk::write(int fd, const void* bytes, std::size_t n, off_t at) {
  File& file = *handles_[static_cast<std::size_t>(fd)].file;
  const Fate f = fate(kWrite, folder_, n);
  if (f == Fate::fails) return failing(f);
  if (f == Fate::half && n > 1) n /= 2;
  const ssize_t written = ::syscall(SYS_pwrite64, fd, bytes, n, at);
  check(written == static_cast<ssize_t>(n), "the folder of the simulated disk takes no writes");
  file.pending.push_back(
      {false, static_cast<std::uint64_t>(at), {static_cast<const char*>(bytes), n}});
  return written;
}

int Disk::truncate(int fd, off_t size) {
  File& file = *handles_[static_cast<std::size_t>(fd)].file;
  if (const Fate f = fate(kTruncate, folder_, static_cast<std::uint64_t>(size)); f != Fate::goes_on)
    return failing(f);
  file.pending.push_back({true, static_cast<std::uint64_t>(size), {}});
  return static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}

int Disk::sync(int fd) {
  const Handle& handle = handles_[static_cast<std::size_t>(fd)];
  const Fate f = fate(kSync, handle.folder.empty() ? folder_ : handle.folder, 0);
  if (f != Fate::goes_on) {
    // The system has let go of what it could not write, and shows it all the same.
    if (!cut_ && handle.file != nullptr && !handle.file->pending.empty()) {
      keep_some(*handle.file, false);
      handle.file->apart = true;
    }
    return failing(f);
  }
  if (lies_) return 0;
  if (handle.file != nullptr) {
    for (const Change& change : handle.file->pending) apply(handle.file->durable, change);
    handle.file->pending.clear();
    return 0;
  }
  for (const NameChange& change : pending_[handle.folder])
    for (const auto& [name, file] : change) {
      if (file == nullptr)
        durable_.erase(name);
      else
        durable_[name] = file;
    }
  pending_.erase(handle.folder);
  return 0;
}

int Disk::rename(const char* from, const char* to) {
  const std::string source = name_of(from);
  const std::string target = name_of(to);
  if (const Fate f = fate(kName, target, 0); f != Fate::goes_on) return failing(f);
  const int done = static_cast<int>(::syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to));
  const FilePtr file = find(source);
  check(file != nullptr && parent(source) == parent(target), "files alone are renamed, in place");
  if (done == 0) change_names(target, {{source, nullptr}, {target, file}});
  return done;
}

int Disk::unlink(const char* path) {
  const std::string name = name_of(path);
  if (find(name) == nullptr) return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
  if (const Fate f = fate(kName, name, 0); f != Fate::goes_on) return failing(f);
  const int done = static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
  if (done == 0) change_names(name, {{name, nullptr}});
  return done;
}

int Disk::link(const char* from, const char* to) {
  const std::string target = name_of(to);
  if (const Fate f = fate(kName, target, 0); f != Fate::goes_on) return failing(f);
  const int done = static_cast<int>(::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0));
  if (done == 0) change_names(target, {{target, find(name_of(from))}});
  return done;
}

// ---------------------------------------------------------------------------------------------------------------------

void Disk::apply(std::string& bytes, const Change& change) {
  if (change.truncates) {
    bytes.resize(change.at, '\0');
    return;
  }
  if (bytes.size() < change.at + change.bytes.size())
    bytes.resize(change.at + change.bytes.size(), '\0');
  bytes.replace(change.at, change.bytes.size(), change.bytes);
}

/// A part of a write: whole sectors, or any part of what made the file longer.
void Disk::tear(std::string& bytes, const Change& change) {
  if (change.truncates || change.bytes.empty()) return;
  std::size_t n = dice_.below(change.bytes.size());
  const bool longer = change.at + change.bytes.size() > bytes.size();
  if (!longer || dice_.chance(0.5)) {
    const std::uint64_t end = (change.at + n) / kSector * kSector;
    n = end > change.at ? end - change.at : 0;
  }
  apply(bytes, {false, change.at, change.bytes.substr(0, n)});
}

/// Of what was not synced a part is on disk from now on, and the rest never will be.
void Disk::keep_some(File& file, bool may_tear) {
  if (file.pending.empty()) return;
  const std::size_t n = file.pending.size();
  const std::size_t was = file.durable.size();
  const std::size_t drawn = dice_.weighted({0.4, 0.2, 0.4});
  const std::size_t kept = drawn == 0 ? 0 : drawn == 1 ? n : dice_.below(n + 1);
  for (std::size_t i = 0; i < kept; ++i) apply(file.durable, file.pending[i]);
  if (kept < n && may_tear && tears_left_ && dice_.chance(0.5)) {
    tears_left_ = false;
    tear(file.durable, file.pending[kept]);
  }
  for (std::size_t i = kept; i < n; ++i) {
    const Change& change = file.pending[i];
    if (change.truncates) break;
    for (std::size_t at = 0; at < change.bytes.size();) {
      const std::size_t place = change.at + at;
      const std::size_t part = std::min(change.bytes.size() - at, kPage - place % kPage);
      if (place + part <= std::min(was, file.durable.size()) && dice_.chance(0.5))
        file.durable.replace(place, part, change.bytes, at, part);
      at += part;
    }
  }
  file.pending.clear();
}

void Disk::restart(bool power_lost) {
  cut_ = false;
  cut_left_ = 0;
  fault_.reset();
  for (Handle& handle : handles_) handle = {};
  if (!power_lost) return;
  tears_left_ = true;
  for (auto& [folder, changes] : pending_) {
    changes.resize(dice_.below(changes.size() + 1));
    for (const NameChange& change : changes)
      for (const auto& [name, file] : change) {
        if (file == nullptr)
          durable_.erase(name);
        else
          durable_[name] = file;
      }
  }
  pending_.clear();
  for (const auto& [name, file] : durable_) {
    const auto seen = names_.find(name);
    const bool same = seen != names_.end() && seen->second == file;
    if (same && file->pending.empty() && !file->apart) continue;
    keep_some(*file, true);
    write_out(name, file->durable);
  }
  for (const auto& [name, file] : durable_) file->apart = false;
  for (const auto& [name, file] : names_)
    if (!durable_.contains(name)) ::syscall(SYS_unlinkat, AT_FDCWD, name.c_str(), 0);
  names_ = durable_;
}

}  // namespace relais::simulation
