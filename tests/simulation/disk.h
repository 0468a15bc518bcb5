// The disk of a simulation: the calls of this process on the files under one folder (calls.cc), and
// what of them a loss of power leaves.
//
// The folder itself shows what the process sees, which is what the system keeps in memory. Beside
// it stands what is on disk: bytes are there once their file was synced, names once their folder
// was. Of the rest a loss of power keeps what it likes:
//   - of a file's changes those up to some moment, and of later ones any page that lay within the
//     file already; one write in all may be cut at a sector, or anywhere where it made its file
//     longer. No file gets longer before its bytes are there (ext4 data=ordered, XFS);
//   - of a folder's changes of names those up to some moment.
#pragma once

#include <sys/types.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "replay/workload/dice.h"

namespace relais::simulation {

using replay::Dice;

/// Kinds of calls that change something.
enum Call : std::uint32_t { kWrite = 1, kSync = 2, kName = 4, kCreate = 8, kTruncate = 16 };
inline constexpr std::uint32_t kEveryCall = 31;

/// A call that fails: the `left`-th of these kinds from now on.
struct Fault {
  std::uint32_t kinds = kEveryCall;
  std::uint64_t left = 1;
  int error = 0;         ///< errno; 0: a write takes half of its bytes
  bool lasting = false;  ///< and so do all that follow
};

/// Files by name under the folder.
using Files = std::map<std::string, std::string>;

class Disk {
 public:
  /// `folder` is absolute and exists. One disk at a time is watched: the last that was made.
  explicit Disk(std::string folder);
  ~Disk();
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  const std::string& folder() const { return folder_; }
  /// Reads every file under the folder, as it is.
  Files files() const;
  /// The folder has these files and no others, all of them on disk. No fault, no cut.
  void start(const Files& files, std::uint64_t seed);
  /// From now on nothing is counted, fails or is kept apart.
  void rest() { watching_ = false; }

  void arm(const Fault& fault) { fault_ = fault; }
  void heal() { fault_.reset(); }
  bool armed() const { return fault_.has_value(); }
  /// Whether a call has failed since this was asked last.
  bool failed() { return std::exchange(failed_, false); }
  /// The process ends, or the power, at the `left`-th changing call from now on: it and all later
  /// ones have no effect, or it alone has.
  void cut_after(std::uint64_t left) { cut_left_ = left; }
  void cut() { cut_ = true; }
  bool is_cut() const { return cut_; }
  /// What the process finds that starts next.
  void restart(bool power_lost);
  /// Syncs keep nothing, and say nothing: a disk that lies.
  void lie() { lies_ = true; }
  /// Of every call so far: the same seed gives the same.
  std::uint64_t trace() const { return trace_; }
  std::uint64_t calls() const { return calls_; }

  // --- for calls.cc: as the calls of the same names

  static Disk* of(const char* path);
  static Disk* of(int fd);
  int open(const char* path, int flags, mode_t mode);
  void close(int fd);
  ssize_t write(int fd, const void* bytes, std::size_t n, off_t at);
  ssize_t append(int fd, const void* bytes, std::size_t n);
  int sync(int fd);
  int truncate(int fd, off_t size);
  int rename(const char* from, const char* to);
  int unlink(const char* path);
  int link(const char* from, const char* to);

 private:
  struct Change {
    bool truncates = false;
    std::uint64_t at = 0;  // where, or the new size
    std::string bytes;
  };
  struct File {
    std::string durable;
    std::vector<Change> pending;
    bool apart = false;  // what the process sees is not what is on disk, and will not be
  };
  using FilePtr = std::shared_ptr<File>;
  using Names = std::map<std::string, FilePtr, std::less<>>;
  using NameChange = std::vector<std::pair<std::string, FilePtr>>;  // nullptr: removed
  struct Handle {
    FilePtr file;
    std::string folder;  // where it is one
  };
  enum class Fate { goes_on, fails, half };

  std::string name_of(const char* path) const;
  FilePtr find(const std::string& name) const;
  Fate fate(Call call, const std::string& name, std::uint64_t n);
  int failing(Fate f) const;
  void note(std::uint64_t value);
  void change_names(const std::string& name, NameChange change);
  static void apply(std::string& bytes, const Change& change);
  void keep_some(File& file, bool may_tear);
  void tear(std::string& bytes, const Change& change);
  void write_out(const std::string& name, const std::string& bytes) const;

  const std::string folder_;
  bool watching_ = false;
  bool cut_ = false;
  bool lies_ = false;
  bool failed_ = false;
  bool tears_left_ = false;
  std::optional<Fault> fault_;
  std::uint64_t cut_left_ = 0;  // 0: none is near
  std::uint64_t trace_ = 0;
  std::uint64_t calls_ = 0;
  Dice dice_{0, 0};
  Names names_;                                             // as the process sees them
  Names durable_;                                           // as they are on disk
  std::map<std::string, std::vector<NameChange>> pending_;  // by folder
  std::array<Handle, 4096> handles_;
};

}  // namespace relais::simulation
