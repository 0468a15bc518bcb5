// The RFC 6962 / RFC 9162 Merkle tree as pure functions of hashes; where the hashes live is the
// caller's business.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "ledger/base/bytes.h"
#include "ledger/base/error.h"
#include "ledger/base/id.h"

namespace relais::merkle {

/// H(0x00 ‖ entry), RFC 9162 section 2.1.1.
Hash leaf_hash(std::string_view entry);
/// H(0x01 ‖ left ‖ right).
Hash node_hash(const Hash& left, const Hash& right);
/// Root of the tree of no entries: SHA-256 of nothing.
Hash empty_root();

/// A perfect subtree: 2^level leaves, the first of which is number index·2^level.
struct NodeId {
  std::uint8_t level = 0;
  std::uint64_t index = 0;
  auto operator<=>(const NodeId&) const = default;
};

/// Gives the hash of a perfect subtree that the tree at hand covers whole.
using NodeReader = std::function<Result<Hash>(NodeId)>;

/// The perfect subtrees that make up the first `size` leaves, from left to right (largest first).
/// At most 64.
std::vector<NodeId> compact_range(std::uint64_t size);

/// The incremental right edge of a growing tree: the hashes of compact_range(size). Value type.
class CompactRange {
 public:
  CompactRange() = default;
  /// From the stored hashes of compact_range(size), in that order.
  CompactRange(std::uint64_t size, std::vector<Hash> hashes);

  std::uint64_t size() const { return size_; }
  const std::vector<Hash>& hashes() const { return hashes_; }
  /// Adds one leaf; `visit` is called for each perfect subtree that this completes, the leaf (level
  /// 0) first.
  void append(const Hash& leaf, const std::function<void(NodeId, const Hash&)>& visit);
  Hash root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> hashes_;
};

/// Root of the tree of `size` leaves.
Result<Hash> root(std::uint64_t size, const NodeReader& read);
/// Audit path of leaf `index` in the tree of `size` leaves (RFC 9162, 2.1.3.1), lowest first. index
/// < size.
Result<std::vector<Hash>> inclusion_proof(std::uint64_t index, std::uint64_t size,
                                          const NodeReader& read);
/// Consistency proof from `old_size` to `size` (RFC 9162, 2.1.4.1). 0 < old_size <= size.
Result<std::vector<Hash>> consistency_proof(std::uint64_t old_size, std::uint64_t size,
                                            const NodeReader& read);

/// Whether `proof` proves leaf `index` of the tree (`size`, `root`); rule "inclusion-proof" when it
/// does not.
Status verify_inclusion(std::uint64_t index, std::uint64_t size, const Hash& leaf,
                        const std::vector<Hash>& proof, const Hash& root);
/// Whether the tree (old_size, old_root) is a prefix of (size, root); rule "consistency-proof" when
/// it is not.
Status verify_consistency(std::uint64_t old_size, std::uint64_t size, const Hash& old_root,
                          const Hash& root, const std::vector<Hash>& proof);

}  // namespace relais::merkle
