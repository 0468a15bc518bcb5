// The bytes of read-model records: one function a record, `archive(ar, record)`, that names its
// members in order and serves both directions. Deterministic; never signed; disposable
// (docs/decisions/0002-projection-records.md).
//
//   unsigned and signed integers, enums, bool   LEB128 varint (signed: zigzag)
//   Hash, KeyId                                 32 bytes
//   Uuid                                        16 bytes, big-endian
//   string, vector, map, optional               varint count, then the elements
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "ledger/base/id.h"

namespace relais {

class Encoder {
 public:
  static constexpr bool kReading = false;
  explicit Encoder(std::string& out) : out_(out) {}

  template <class... T>
  void operator()(T&... members) {
    (write(members), ...);
  }

 private:
  void varint(std::uint64_t v) {
    std::array<char, 10> bytes;
    std::size_t size = 0;
    for (; v >= 0x80; v >>= 7) bytes[size++] = static_cast<char>(v | 0x80);
    bytes[size++] = static_cast<char>(v);
    out_.append(bytes.data(), size);
  }
  template <class T>
  void write(T& v) {
    if constexpr (std::is_same_v<T, bool> || std::is_enum_v<T> || std::unsigned_integral<T>) {
      varint(static_cast<std::uint64_t>(v));
    } else if constexpr (std::signed_integral<T>) {
      const auto s = static_cast<std::int64_t>(v);
      varint((static_cast<std::uint64_t>(s) << 1) ^ static_cast<std::uint64_t>(s >> 63));
    } else if constexpr (
        requires {
          typename T::value_type;
          v.value;
        } && !requires { v.has_value(); }) {
      write(v.value);
    } else {
      write_object(v);
    }
  }
  void write_object(const Hash& h) { out_.append(view(h)); }
  void write_object(const KeyId& k) { out_.append(view(k.bytes)); }
  void write_object(const Uuid& u) { append_uuid(out_, u); }
  void write_object(std::string& s) {
    varint(s.size());
    out_.append(s);
  }
  template <class T>
  void write_object(std::vector<T>& v) {
    varint(v.size());
    for (T& e : v) write(e);
  }
  template <class K, class V, class C>
  void write_object(std::map<K, V, C>& m) {
    varint(m.size());
    for (auto& [k, v] : m) {
      write(const_cast<K&>(k));
      write(v);
    }
  }
  template <class K, class C>
  void write_object(std::set<K, C>& m) {
    varint(m.size());
    for (const K& k : m) write(const_cast<K&>(k));
  }
  template <class T>
  void write_object(std::optional<T>& o) {
    varint(o ? 1 : 0);
    if (o) write(*o);
  }
  template <class T>
    requires requires(Encoder& a, T& t) { archive(a, t); }
  void write_object(T& record) {
    archive(*this, record);
  }

  std::string& out_;
};

/// Reads what Encoder wrote. After use, ok() is false when the bytes were short or over-long, had a
/// count past them, or said in another way what Encoder says in one: a value has one encoding. (An
/// archive() of its own may read more: Parameters, ActMark.)
class Decoder {
 public:
  static constexpr bool kReading = true;
  explicit Decoder(std::string_view in) : in_(in) {}

  template <class... T>
  void operator()(T&... members) {
    (read(members), ...);
  }
  bool ok() const { return ok_ && in_.empty(); }

 private:
  std::uint64_t varint() {
    std::uint64_t v = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (in_.empty()) break;
      const auto b = static_cast<std::uint8_t>(in_[0]);
      in_.remove_prefix(1);
      v |= static_cast<std::uint64_t>(b & 0x7f) << shift;
      if (b >= 0x80) continue;
      const bool longer = b == 0 && shift > 0;  // than it need be
      const bool past = shift == 63 && b > 1;   // 64 bits
      if (longer || past) break;
      return v;
    }
    ok_ = false;
    return 0;
  }
  /// A count of elements, each of which takes at least one byte.
  std::size_t count() {
    const std::uint64_t n = varint();
    if (n > in_.size()) ok_ = false;
    return ok_ ? static_cast<std::size_t>(n) : 0;
  }
  std::string_view take(std::size_t n) {
    if (in_.size() < n) {
      ok_ = false;
      in_ = {};
      return {};
    }
    const std::string_view r = in_.substr(0, n);
    in_.remove_prefix(n);
    return r;
  }
  template <class T>
  void read(T& v) {
    if constexpr (std::is_same_v<T, bool> || std::is_enum_v<T> || std::unsigned_integral<T>) {
      const std::uint64_t n = varint();
      v = static_cast<T>(n);
      ok_ = ok_ && static_cast<std::uint64_t>(v) == n;
    } else if constexpr (std::signed_integral<T>) {
      const std::uint64_t z = varint();
      const auto n = static_cast<std::int64_t>(z >> 1) ^ -static_cast<std::int64_t>(z & 1);
      v = static_cast<T>(n);
      ok_ = ok_ && static_cast<std::int64_t>(v) == n;
    } else if constexpr (
        requires {
          typename T::value_type;
          v.value;
        } && !requires { v.has_value(); }) {
      read(v.value);
    } else {
      read_object(v);
    }
  }
  void read_object(Hash& h) {
    if (const auto b = take(32); ok_) h = to_hash(b);
  }
  void read_object(KeyId& k) { read_object(k.bytes); }
  void read_object(Uuid& u) {
    if (const auto b = take(16); ok_) u = load_uuid(b);
  }
  void read_object(std::string& s) { s = std::string(take(count())); }
  template <class T>
  void read_object(std::vector<T>& v) {
    const std::size_t n = count();
    v.clear();
    v.reserve(n);
    for (std::size_t i = 0; i < n && ok_; ++i) read(v.emplace_back());
  }
  template <class K, class V, class C>
  void read_object(std::map<K, V, C>& m) {
    const std::size_t n = count();
    m.clear();
    for (std::size_t i = 0; i < n && ok_; ++i) {
      K k{};
      read(k);
      if (ok_ && !m.empty()) ok_ = m.key_comp()(m.rbegin()->first, k);
      if (ok_) read(m.try_emplace(m.end(), std::move(k))->second);
    }
  }
  template <class K, class C>
  void read_object(std::set<K, C>& m) {
    const std::size_t n = count();
    m.clear();
    for (std::size_t i = 0; i < n && ok_; ++i) {
      K k{};
      read(k);
      if (ok_ && !m.empty()) ok_ = m.key_comp()(*m.rbegin(), k);
      if (ok_) m.insert(m.end(), std::move(k));
    }
  }
  template <class T>
  void read_object(std::optional<T>& o) {
    o.reset();
    bool there = false;
    read(there);
    if (there && ok_) read(o.emplace());
  }
  template <class T>
    requires requires(Decoder& a, T& t) { archive(a, t); }
  void read_object(T& record) {
    archive(*this, record);
  }

  std::string_view in_;
  bool ok_ = true;
};

/// The bytes of a record.
template <class T>
std::string encode(const T& record) {
  std::string out;
  Encoder encoder(out);
  encoder(const_cast<T&>(record));
  return out;
}

/// The record of these bytes, or nothing when they are not one.
template <class T>
std::optional<T> decode(std::string_view bytes) {
  T record{};
  Decoder decoder(bytes);
  decoder(record);
  if (!decoder.ok()) return std::nullopt;
  return record;
}

}  // namespace relais
