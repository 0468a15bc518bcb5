// What the tests of this folder share: trees by their definition, and leaves to fill them with.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "ledger/crypto/ed25519.h"
#include "ledger/merkle/tree.h"

namespace relais::merkle::test {

inline const std::string kOrigin = "log.example/one";

inline std::string entry(std::uint64_t i) {
  return "entry " + std::to_string(i);
}

inline std::vector<Hash> leaves(std::uint64_t count) {
  std::vector<Hash> out;
  for (std::uint64_t i = 0; i < count; ++i) out.push_back(leaf_hash(entry(i)));
  return out;
}

/// MTH(D[n]) of RFC 9162, section 2.1.1, word for word.
inline Hash mth(std::span<const Hash> d) {
  if (d.empty()) return empty_root();
  if (d.size() == 1) return d[0];
  const std::size_t k = std::bit_floor(d.size() - 1);
  return node_hash(mth(d.first(k)), mth(d.subspan(k)));
}

/// A reader of the perfect subtrees of `leaves`; any other node is an error.
inline NodeReader reader(const std::vector<Hash>& leaves) {
  return [&leaves](NodeId id) -> Result<Hash> {
    const std::uint64_t width = std::uint64_t{1} << id.level;
    if ((id.index + 1) * width > leaves.size())
      return fail(Errc::internal, "test", "the tree does not have this node");
    return mth(std::span(leaves).subspan(id.index * width, width));
  };
}

inline crypto::SigningKey key(std::uint64_t seed) {
  crypto::SeededRandom random(seed);
  return crypto::SigningKey::generate(random);
}

inline std::string rule(const Status& s) {
  return s ? "ok" : s.error().rule;
}
template <class T>
std::string rule(const Result<T>& r) {
  return r ? "ok" : r.error().rule;
}

}  // namespace relais::merkle::test
