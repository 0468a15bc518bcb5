#include "ledger/store/log_file.h"

#include <fcntl.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace relais::store {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

class LogFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  /// `zeros` is a handle of the same file; negative: it grows with what is appended.
  LogFile(std::unique_ptr<rocksdb::FSWritableFile> file, int zeros)
      : FSWritableFileOwnerWrapper(std::move(file)), zeros_(zeros) {}
  ~LogFile() override {
    if (zeros_ >= 0) ::close(zeros_);
  }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  IODebugContext* debug) override {
    reserve(data.size());
    return grown(data.size(), target()->Append(data, options, debug));
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& checksum, IODebugContext* debug) override {
    reserve(data.size());
    return grown(data.size(), target()->Append(data, options, checksum, debug));
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    stop_reserving();
    return target()->Truncate(size, options, debug);
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    stop_reserving();
    return target()->Close(options, debug);
  }

  // The zeros are what is allocated.
  void SetPreallocationBlockSize(std::size_t) override {}
  void PrepareWrite(std::size_t, std::size_t, const IOOptions&, IODebugContext*) override {}
  IOStatus Allocate(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  IOStatus grown(std::size_t bytes, IOStatus status) {
    if (status.ok())
      written_ += bytes;
    else
      stop_reserving();
    return status;
  }

  /// Zeros under the next `bytes`, and as many again as are written at once. Where the disk has no
  /// room for them, the append itself finds out.
  void reserve(std::size_t bytes) {
    if (zeros_ < 0 || written_ + bytes <= reserved_) return;
    static const std::string zeros(kZerosAhead, '\0');
    const std::uint64_t from = std::max(reserved_, written_ + bytes);
    const ssize_t put = ::pwrite(zeros_, zeros.data(), zeros.size(), static_cast<off_t>(from));
    if (put == static_cast<ssize_t>(zeros.size()))
      reserved_ = from + zeros.size();
    else
      stop_reserving();
  }

  /// The file ends where what was appended ends.
  void stop_reserving() {
    if (zeros_ < 0) return;
    if (reserved_ > written_) static_cast<void>(::ftruncate(zeros_, static_cast<off_t>(written_)));
    ::close(zeros_);
    zeros_ = -1;
  }

  int zeros_;
  std::uint64_t written_ = 0;
  std::uint64_t reserved_ = 0;
};

class Files final : public rocksdb::FileSystemWrapper {
 public:
  Files() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "relais"; }
  IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* debug) override {
    IOStatus made = target()->NewWritableFile(name, options, file, debug);
    if (made.ok() && name.ends_with(".log"))
      *file =
          std::make_unique<LogFile>(std::move(*file), ::open(name.c_str(), O_WRONLY | O_CLOEXEC));
    return made;
  }
};

}  // namespace

rocksdb::Env* files_with_zeros() {
  static const std::unique_ptr<rocksdb::Env> env =
      rocksdb::NewCompositeEnv(std::make_shared<Files>());
  return env.get();
}

}  // namespace relais::store
