#include "ledger/merkle/tree.h"

#include <algorithm>
#include <bit>

#include "ledger/base/check.h"
#include "ledger/crypto/sha256.h"

namespace relais::merkle {
namespace {

/// Root of the leaves [begin, end), where `begin` is a multiple of the next power of two at or
/// above their number.
Result<Hash> range_root(std::uint64_t begin, std::uint64_t end, const NodeReader& read) {
  const std::vector<NodeId> parts = compact_range(end - begin);
  Hash root{};
  for (std::size_t i = parts.size(); i-- > 0;) {
    const NodeId id{parts[i].level, parts[i].index + (begin >> parts[i].level)};
    RELAIS_ASSIGN(const Hash hash, read(id));
    root = i + 1 == parts.size() ? hash : node_hash(hash, root);
  }
  return root;
}

std::unexpected<Error> bad_range(std::string message) {
  return fail(Errc::invalid, "proof-range", std::move(message));
}

std::unexpected<Error> not_included() {
  return fail(
      error(Errc::invalid, "inclusion-proof", "the proof does not lead from the leaf to the root")
          .from("RFC 9162, section 2.1.3.2"));
}

std::unexpected<Error> not_consistent() {
  return fail(error(Errc::invalid, "consistency-proof",
                    "the proof does not show the old tree as a prefix of the new one")
                  .from("RFC 9162, section 2.1.4.2"));
}

}  // namespace

Hash leaf_hash(std::string_view entry) {
  static constexpr char kLeaf = 0;
  return crypto::sha256({std::string_view(&kLeaf, 1), entry});
}

Hash node_hash(const Hash& left, const Hash& right) {
  std::array<char, 1 + 2 * sizeof(Hash)> bytes;
  bytes[0] = 1;
  std::memcpy(bytes.data() + 1, left.data(), left.size());
  std::memcpy(bytes.data() + 1 + left.size(), right.data(), right.size());
  return crypto::sha256(std::string_view(bytes.data(), bytes.size()));
}

Hash empty_root() {
  return crypto::sha256(std::string_view{});
}

std::vector<NodeId> compact_range(std::uint64_t size) {
  std::vector<NodeId> out;
  out.reserve(static_cast<std::size_t>(std::popcount(size)));
  std::uint64_t begin = 0;
  while (begin != size) {
    const std::uint64_t leaves = std::bit_floor(size - begin);
    const auto level = static_cast<std::uint8_t>(std::countr_zero(leaves));
    out.push_back({level, begin >> level});
    begin += leaves;
  }
  return out;
}

CompactRange::CompactRange(std::uint64_t size, std::vector<Hash> hashes)
    : size_(size), hashes_(std::move(hashes)) {
  check(hashes_.size() == static_cast<std::size_t>(std::popcount(size)),
        "a compact range has one hash for each bit of its size");
}

void CompactRange::append(const Hash& leaf, const std::function<void(NodeId, const Hash&)>& visit) {
  Hash hash = leaf;
  NodeId id{0, size_};
  if (visit) visit(id, hash);
  // Each trailing one bit of the size is a perfect subtree that waits for its right sibling.
  for (; (id.index & 1) != 0; id = {static_cast<std::uint8_t>(id.level + 1), id.index >> 1}) {
    hash = node_hash(hashes_.back(), hash);
    hashes_.pop_back();
    if (visit) visit({static_cast<std::uint8_t>(id.level + 1), id.index >> 1}, hash);
  }
  hashes_.push_back(hash);
  ++size_;
}

Hash CompactRange::root() const {
  if (hashes_.empty()) return empty_root();
  Hash hash = hashes_.back();
  for (std::size_t i = hashes_.size() - 1; i-- > 0;) hash = node_hash(hashes_[i], hash);
  return hash;
}

Result<Hash> root(std::uint64_t size, const NodeReader& read) {
  if (size == 0) return empty_root();
  return range_root(0, size, read);
}

Result<std::vector<Hash>> inclusion_proof(std::uint64_t index, std::uint64_t size,
                                          const NodeReader& read) {
  if (index >= size) return bad_range("the leaf is not in the tree");
  std::vector<Hash> proof;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  // From the root down: keep the half that holds the leaf, note the root of the other.
  while (end - begin > 1) {
    const std::uint64_t middle = begin + std::bit_floor(end - begin - 1);
    const bool left = index < middle;
    RELAIS_ASSIGN(const Hash sibling,
                  left ? range_root(middle, end, read) : range_root(begin, middle, read));
    proof.push_back(sibling);
    (left ? end : begin) = middle;
  }
  std::ranges::reverse(proof);
  return proof;
}

Result<std::vector<Hash>> consistency_proof(std::uint64_t old_size, std::uint64_t size,
                                            const NodeReader& read) {
  if (old_size == 0 || old_size > size) return bad_range("the old size is not within the new one");
  std::vector<Hash> proof;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end != old_size) {
    const std::uint64_t middle = begin + std::bit_floor(end - begin - 1);
    const bool left = old_size <= middle;
    RELAIS_ASSIGN(const Hash sibling,
                  left ? range_root(middle, end, read) : range_root(begin, middle, read));
    proof.push_back(sibling);
    (left ? end : begin) = middle;
  }
  // When what is left is the old tree itself, the verifier knows its root already.
  if (begin != 0) {
    RELAIS_ASSIGN(const Hash common, range_root(begin, end, read));
    proof.push_back(common);
  }
  std::ranges::reverse(proof);
  return proof;
}

Status verify_inclusion(std::uint64_t index, std::uint64_t size, const Hash& leaf,
                        const std::vector<Hash>& proof, const Hash& root) {
  if (index >= size) return not_included();
  std::uint64_t node = index;
  std::uint64_t last = size - 1;
  Hash hash = leaf;
  for (const Hash& sibling : proof) {
    if (last == 0) return not_included();
    if ((node & 1) != 0 || node == last) {
      hash = node_hash(sibling, hash);
      // A ragged right edge has no sibling at these levels.
      for (; (node & 1) == 0 && node != 0; node >>= 1) last >>= 1;
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0 || hash != root) return not_included();
  return {};
}

Status verify_consistency(std::uint64_t old_size, std::uint64_t size, const Hash& old_root,
                          const Hash& root, const std::vector<Hash>& proof) {
  if (old_size == 0 || old_size > size) return not_consistent();
  if (old_size == size) {
    if (!proof.empty() || old_root != root) return not_consistent();
    return {};
  }
  const bool whole = std::has_single_bit(old_size);  // the old tree is one perfect subtree
  if (!whole && proof.empty()) return not_consistent();
  std::uint64_t node = old_size - 1;
  std::uint64_t last = size - 1;
  for (; (node & 1) != 0; node >>= 1) last >>= 1;
  Hash old_hash = whole ? old_root : proof.front();
  Hash new_hash = old_hash;
  for (std::size_t i = whole ? 0 : 1; i < proof.size(); ++i) {
    if (last == 0) return not_consistent();
    if ((node & 1) != 0 || node == last) {
      old_hash = node_hash(proof[i], old_hash);
      new_hash = node_hash(proof[i], new_hash);
      for (; (node & 1) == 0 && node != 0; node >>= 1) last >>= 1;
    } else {
      new_hash = node_hash(new_hash, proof[i]);
    }
    node >>= 1;
    last >>= 1;
  }
  if (last != 0 || old_hash != old_root || new_hash != root) return not_consistent();
  return {};
}

}  // namespace relais::merkle
