// Writes of records in the order they were made, one behind the other in memory: nothing is looked
// up or allocated a write. Sorted when they are to be stored, where the last write of a key wins.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "ledger/base/bytes.h"
#include "ledger/base/records.h"

namespace relais {

/// Bytes that stand where they were put, in blocks that grow with what is put.
class Blocks {
 public:
  /// Room for so many bytes, uninitialised.
  char* take(std::size_t bytes) {
    if (bytes > left_) add(bytes);
    char* const room = at_;
    at_ += bytes;
    left_ -= bytes;
    taken_ += bytes;
    return room;
  }
  std::size_t taken() const { return taken_; }

 private:
  struct Free {
    void operator()(char* block) const { std::free(block); }
  };
  void add(std::size_t bytes);

  std::vector<std::unique_ptr<char, Free>> blocks_;
  std::size_t next_ = 4096;  // of the next block, at least
  char* at_ = nullptr;
  std::size_t left_ = 0;
  std::size_t taken_ = 0;
};

/// Keys of less than 64 KiB, values of less than 4 GiB, and as many writes. One thread, but find()
/// and each() of a sorted log that does not change any more are for any number.
class WriteLog final : public RecordSink {
 public:
  WriteLog() = default;
  WriteLog(WriteLog&&) = default;
  WriteLog& operator=(WriteLog&&) = default;

  void put(std::string_view key, std::string_view value) override { add(key, value, false); }
  void erase(std::string_view key) override { add(key, {}, true); }

  /// How many writes, in the order they were made until sort().
  std::size_t size() const { return writes_.size(); }
  /// Of keys and values, those that a later write has replaced included.
  std::size_t bytes() const { return blocks_.taken(); }
  std::string_view key(std::size_t i) const { return key_of(writes_[i]); }
  std::string_view value(std::size_t i) const { return value_of(writes_[i]); }
  bool erased(std::size_t i) const { return writes_[i].erased; }
  /// First byte of the key, without a look at the key.
  unsigned char first(std::size_t i) const {
    return static_cast<unsigned char>(writes_[i].head[0] >> 56U);
  }

  /// One write a key, the last one, in key order.
  void sort();
  /// Position of a key; only once sorted. size() where it was not written.
  std::size_t find(std::string_view key) const;
  /// Writes all to `out`, in the order they stand in.
  void each(RecordSink& out) const;

 private:
  /// The first bytes of a key as numbers of the same order, zeros behind its end: nearly every key
  /// has no more, and few comparisons look further.
  using Head = std::array<std::uint64_t, 3>;
  struct Write {
    Head head{};
    const char* key = nullptr;  // the value stands behind it
    std::uint32_t value_size = 0;
    std::uint32_t made = 0;  // its place in the order they were made
    std::uint16_t key_size = 0;
    bool erased = false;
  };

  static Head head_of(std::string_view key);
  void add(std::string_view key, std::string_view value, bool erased);
  static std::string_view key_of(const Write& w) { return {w.key, w.key_size}; }
  static std::string_view value_of(const Write& w) { return {w.key + w.key_size, w.value_size}; }
  /// Negative, zero or positive, as the key of `a` is before, at or behind that of `b`.
  static int compare(const Write& a, const Write& b);

  Blocks blocks_;
  std::vector<Write> writes_;
  std::uint32_t made_ = 0;
};

}  // namespace relais
