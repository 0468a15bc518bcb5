#include "ledger/store/log_file.h"

#include <fcntl.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace relais::store {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

/// What is known of a log beside its bytes: how far it was written, and how far zeros are under
/// what comes next.
class Tail {
 public:
  /// `handle` is one of the same file; negative: it grows with what is appended.
  explicit Tail(int handle) : handle_(handle) {}
  ~Tail() {
    if (handle_ >= 0) ::close(handle_);
  }
  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;

  /// Appends what `append` appends, over zeros where there is room for them.
  template <class Append>
  IOStatus append(std::size_t bytes, const Append& append) {
    const std::lock_guard lock(mutex_);
    reserve(bytes);
    IOStatus status = append();
    if (status.ok()) {
      written_ += bytes;
    } else {
      ended_ = false;  // a part of it may be there
      stop();
    }
    return status;
  }
  /// The file ends where what was appended ends.
  void stop_reserving() {
    const std::lock_guard lock(mutex_);
    stop();
  }
  /// The same, on disk when this returns.
  IOStatus finish() {
    const std::lock_guard lock(mutex_);
    stop();
    if (handle_ >= 0 && (!ended_ || ::fsync(handle_) != 0))
      return IOStatus::IOError("a write-ahead log cannot be ended", std::strerror(errno));
    return IOStatus::OK();
  }

 private:
  /// Zeros under the next `bytes`, and as many again as are written at once. Where the disk has no
  /// room for them, the append itself finds out.
  void reserve(std::size_t bytes) {
    if (!reserving_ || handle_ < 0 || written_ + bytes <= reserved_) return;
    static const std::string zeros(kZerosAhead, '\0');
    const std::uint64_t from = std::max(reserved_, written_ + bytes);
    const ssize_t put = ::pwrite(handle_, zeros.data(), zeros.size(), static_cast<off_t>(from));
    if (put == static_cast<ssize_t>(zeros.size()))
      reserved_ = from + zeros.size();
    else
      stop();
  }
  void stop() {
    reserving_ = false;
    if (handle_ < 0 || (ended_ && reserved_ <= written_)) return;
    ended_ = ::ftruncate(handle_, static_cast<off_t>(written_)) == 0;
    if (ended_) reserved_ = 0;
  }

  std::mutex mutex_;
  const int handle_;
  bool reserving_ = true;
  bool ended_ = false;  // there are no zeros behind
  std::uint64_t written_ = 0;
  std::uint64_t reserved_ = 0;
};

class LogFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  LogFile(std::unique_ptr<rocksdb::FSWritableFile> file, std::shared_ptr<Tail> tail)
      : FSWritableFileOwnerWrapper(std::move(file)), tail_(std::move(tail)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    return tail_->append(data.size(), [&] { return target()->Append(data, options, debug); });
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& checksum, IODebugContext* debug) override {
    return tail_->append(data.size(),
                         [&] { return target()->Append(data, options, checksum, debug); });
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    tail_->stop_reserving();
    return target()->Truncate(size, options, debug);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    tail_->stop_reserving();
    return target()->Close(options, debug);
  }

  // The zeros are what is allocated.
  void SetPreallocationBlockSize(std::size_t) override {}
  void PrepareWrite(std::size_t, std::size_t, const IOOptions&, IODebugContext*) override {}
  IOStatus Allocate(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  const std::shared_ptr<Tail> tail_;
};

class Files final : public rocksdb::FileSystemWrapper {
 public:
  Files() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "relais"; }
  IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* debug) override {
    if (!name.ends_with(".log")) return target()->NewWritableFile(name, options, file, debug);
    const std::string folder = name.substr(0, name.rfind('/') + 1);
    if (IOStatus finished = finish_newest(folder); !finished.ok()) return finished;
    IOStatus made = target()->NewWritableFile(name, options, file, debug);
    if (!made.ok()) return made;
    auto tail = std::make_shared<Tail>(::open(name.c_str(), O_WRONLY | O_CLOEXEC));
    {
      const std::lock_guard lock(mutex_);
      newest_[folder] = tail;
    }
    *file = std::make_unique<LogFile>(std::move(*file), std::move(tail));
    return made;
  }

 private:
  /// RocksDB closes a log some time after it has begun the next one: a crash in between must not
  /// leave one of before with zeros behind it.
  IOStatus finish_newest(const std::string& folder) {
    std::shared_ptr<Tail> newest;
    {
      const std::lock_guard lock(mutex_);
      if (const auto it = newest_.find(folder); it != newest_.end()) {
        newest = it->second.lock();
        newest_.erase(it);
      }
    }
    if (newest == nullptr) return IOStatus::OK();
    return newest->finish();
  }

  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<Tail>> newest_;  // by folder
};

}  // namespace

rocksdb::Env* files_with_zeros() {
  static const std::unique_ptr<rocksdb::Env> env =
      rocksdb::NewCompositeEnv(std::make_shared<Files>());
  return env.get();
}

}  // namespace relais::store
