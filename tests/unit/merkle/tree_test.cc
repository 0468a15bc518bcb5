#include "ledger/merkle/tree.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/unit/merkle/support.h"

namespace relais::merkle {
namespace {

using test::leaves;
using test::mth;
using test::reader;
using test::rule;

constexpr std::uint64_t kSmall = 70;

void flip(Hash& hash, std::size_t bit) {
  hash[bit / 8] = static_cast<std::uint8_t>(hash[bit / 8] ^ (1u << (bit % 8)));
}

TEST(Tree, KnownAnswers) {
  // The eight inputs of the reference tests of Certificate Transparency.
  const std::string inputs[] = {"",
                                std::string(1, '\0'),
                                "\x10",
                                "\x20\x21",
                                "\x30\x31",
                                "\x40\x41\x42\x43",
                                "\x50\x51\x52\x53\x54\x55\x56\x57",
                                "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f"};
  const std::string roots[] = {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                               "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                               "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                               "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                               "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                               "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                               "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                               "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                               "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  CompactRange range;
  EXPECT_EQ(to_hex(view(range.root())), roots[0]);
  for (std::size_t i = 0; i < 8; ++i) {
    range.append(leaf_hash(inputs[i]), nullptr);
    EXPECT_EQ(to_hex(view(range.root())), roots[i + 1]) << i + 1;
  }
}

TEST(Tree, LeavesAndNodesCannotBeTakenForEachOther) {
  const Hash a = leaf_hash("a");
  const Hash b = leaf_hash("b");
  EXPECT_NE(node_hash(a, b), leaf_hash(std::string(view(a)) + std::string(view(b))));
  EXPECT_NE(node_hash(a, b), node_hash(b, a));
}

TEST(Tree, CompactRangeNamesThePerfectSubtrees) {
  EXPECT_TRUE(compact_range(0).empty());
  EXPECT_EQ(compact_range(1), (std::vector<NodeId>{{0, 0}}));
  EXPECT_EQ(compact_range(7), (std::vector<NodeId>{{2, 0}, {1, 2}, {0, 6}}));
  EXPECT_EQ(compact_range(8), (std::vector<NodeId>{{3, 0}}));
  EXPECT_EQ(compact_range(std::uint64_t{1} << 63), (std::vector<NodeId>{{63, 0}}));
  const auto most = compact_range(~std::uint64_t{0});
  ASSERT_EQ(most.size(), 64u);
  EXPECT_EQ(most.back(), (NodeId{0, ~std::uint64_t{0} - 1}));
}

TEST(Tree, AppendGivesRootAndNodesByTheirDefinition) {
  const std::vector<Hash> all = leaves(300);
  const NodeReader read = reader(all);
  CompactRange range;
  std::vector<std::pair<NodeId, Hash>> visited;
  for (std::uint64_t size = 0; size <= all.size(); ++size) {
    const auto first = std::span(all).first(size);
    ASSERT_EQ(range.size(), size);
    ASSERT_EQ(range.root(), mth(first));
    const auto parts = compact_range(size);
    ASSERT_EQ(range.hashes().size(), parts.size());
    for (std::size_t i = 0; i < parts.size(); ++i)
      ASSERT_EQ(range.hashes()[i], read(parts[i]).value());
    ASSERT_EQ(CompactRange(size, range.hashes()).root(), mth(first));
    if (size < all.size())
      range.append(all[size], [&](NodeId id, const Hash& h) { visited.emplace_back(id, h); });
  }
  // Each perfect subtree once: the leaves, half as many pairs, and so on.
  std::map<NodeId, Hash> nodes;
  for (const auto& [id, hash] : visited) {
    EXPECT_TRUE(nodes.emplace(id, hash).second);
    EXPECT_EQ(hash, read(id).value());
  }
  std::size_t expected = 0;
  for (std::size_t n = all.size(); n > 0; n /= 2) expected += n;
  EXPECT_EQ(nodes.size(), expected);
}

TEST(Tree, AppendVisitsTheLeafFirstThenUpwards) {
  CompactRange range;
  for (int i = 0; i < 7; ++i) range.append(leaf_hash(""), nullptr);
  std::vector<NodeId> seen;
  range.append(leaf_hash(""), [&](NodeId id, const Hash&) { seen.push_back(id); });
  EXPECT_EQ(seen, (std::vector<NodeId>{{0, 7}, {1, 3}, {2, 1}, {3, 0}}));
}

TEST(Tree, AppendGoesOnFromStoredHashesOfAHugeTree) {
  const std::uint64_t size = (std::uint64_t{1} << 62) - 1;
  CompactRange range(size, std::vector<Hash>(62, leaf_hash("stored")));
  NodeId last;
  range.append(leaf_hash("next"), [&](NodeId id, const Hash&) { last = id; });
  EXPECT_EQ(last, (NodeId{62, 0}));
  EXPECT_EQ(range.hashes().size(), 1u);
}

TEST(Tree, EveryProofOfEverySmallTreeVerifies) {
  const std::vector<Hash> all = leaves(kSmall);
  const NodeReader read = reader(all);
  for (std::uint64_t size = 1; size <= kSmall; ++size) {
    const Hash top = mth(std::span(all).first(size));
    ASSERT_EQ(root(size, read).value(), top);
    for (std::uint64_t i = 0; i < size; ++i) {
      const auto proof = inclusion_proof(i, size, read);
      ASSERT_EQ(rule(proof), "ok");
      ASSERT_EQ(rule(verify_inclusion(i, size, all[i], *proof, top)), "ok") << i << " " << size;
    }
    for (std::uint64_t old = 1; old <= size; ++old) {
      const auto proof = consistency_proof(old, size, read);
      ASSERT_EQ(rule(proof), "ok");
      ASSERT_EQ(rule(verify_consistency(old, size, mth(std::span(all).first(old)), top, *proof)),
                "ok")
          << old << " " << size;
    }
  }
}

TEST(Tree, ProofsOfTheExampleInTheStandard) {
  // RFC 9162, section 2.1.5: seven leaves a b c d e f j.
  const std::vector<Hash> d = leaves(7);
  const NodeReader read = reader(d);
  const Hash g = node_hash(d[0], d[1]), h = node_hash(d[2], d[3]), i = node_hash(d[4], d[5]);
  const Hash k = node_hash(g, h), l = node_hash(i, d[6]);
  using Hashes = std::vector<Hash>;
  EXPECT_EQ(inclusion_proof(0, 7, read).value(), (Hashes{d[1], h, l}));
  EXPECT_EQ(inclusion_proof(3, 7, read).value(), (Hashes{d[2], g, l}));
  EXPECT_EQ(inclusion_proof(4, 7, read).value(), (Hashes{d[5], d[6], k}));
  EXPECT_EQ(inclusion_proof(6, 7, read).value(), (Hashes{i, k}));
  EXPECT_EQ(consistency_proof(3, 7, read).value(), (Hashes{d[2], d[3], g, l}));
  EXPECT_EQ(consistency_proof(4, 7, read).value(), (Hashes{l}));
  EXPECT_EQ(consistency_proof(6, 7, read).value(), (Hashes{i, d[6], k}));
  EXPECT_EQ(consistency_proof(7, 7, read).value(), Hashes{});
}

RC_GTEST_PROP(Tree, AFlippedBitFailsAnInclusionProof, ()) {
  const auto size = *rc::gen::inRange<std::uint64_t>(1, 200);
  const auto index = *rc::gen::inRange<std::uint64_t>(0, size);
  const std::vector<Hash> all = leaves(size);
  std::vector<Hash> proof = inclusion_proof(index, size, reader(all)).value();
  Hash leaf = all[index];
  Hash top = mth(all);
  RC_ASSERT(verify_inclusion(index, size, leaf, proof, top).has_value());

  const auto which = *rc::gen::inRange<std::size_t>(0, proof.size() + 2);
  Hash& target = which == 0 ? leaf : which == 1 ? top : proof[which - 2];
  flip(target, *rc::gen::inRange<std::size_t>(0, 256));
  RC_ASSERT(rule(verify_inclusion(index, size, leaf, proof, top)) == "inclusion-proof");
}

RC_GTEST_PROP(Tree, AFlippedBitFailsAConsistencyProof, ()) {
  const auto size = *rc::gen::inRange<std::uint64_t>(1, 200);
  const auto old = *rc::gen::inRange<std::uint64_t>(1, size + 1);
  const std::vector<Hash> all = leaves(size);
  std::vector<Hash> proof = consistency_proof(old, size, reader(all)).value();
  Hash old_root = mth(std::span(all).first(old));
  Hash top = mth(all);
  RC_ASSERT(verify_consistency(old, size, old_root, top, proof).has_value());

  const auto which = *rc::gen::inRange<std::size_t>(0, proof.size() + 2);
  Hash& target = which == 0 ? old_root : which == 1 ? top : proof[which - 2];
  flip(target, *rc::gen::inRange<std::size_t>(0, 256));
  RC_ASSERT(rule(verify_consistency(old, size, old_root, top, proof)) == "consistency-proof");
}

RC_GTEST_PROP(Tree, AProofHoldsForNoOtherLeafAndWithNoOtherLength, ()) {
  const auto size = *rc::gen::inRange<std::uint64_t>(2, 200);
  const auto index = *rc::gen::inRange<std::uint64_t>(0, size);
  const auto other = *rc::gen::distinctFrom(rc::gen::inRange<std::uint64_t>(0, size), index);
  const std::vector<Hash> all = leaves(size);
  const Hash top = mth(all);
  std::vector<Hash> proof = inclusion_proof(index, size, reader(all)).value();
  RC_ASSERT(!verify_inclusion(other, size, all[index], proof, top));
  RC_ASSERT(!verify_inclusion(index, size, all[other], proof, top));
  proof.push_back(top);
  RC_ASSERT(!verify_inclusion(index, size, all[index], proof, top));
  proof.resize(proof.size() - 2);
  RC_ASSERT(!verify_inclusion(index, size, all[index], proof, top));
}

TEST(Tree, NumbersAtTheEdgeAreRefusedNotWrapped) {
  const std::uint64_t most = ~std::uint64_t{0};
  const Hash h = leaf_hash("x");
  const std::vector<Hash> long_proof(64, h);
  EXPECT_EQ(rule(verify_inclusion(0, 0, h, {}, h)), "inclusion-proof");
  EXPECT_EQ(rule(verify_inclusion(most, most, h, {}, h)), "inclusion-proof");
  EXPECT_EQ(rule(verify_inclusion(most - 1, most, h, long_proof, h)), "inclusion-proof");
  EXPECT_EQ(rule(verify_consistency(0, most, h, h, {})), "consistency-proof");
  EXPECT_EQ(rule(verify_consistency(most, most - 1, h, h, {})), "consistency-proof");
  EXPECT_EQ(rule(verify_consistency(most - 1, most, h, h, long_proof)), "consistency-proof");
  EXPECT_EQ(rule(verify_consistency(most, most, h, h, {})), "ok");

  const NodeReader same = [&](NodeId) -> Result<Hash> { return h; };
  EXPECT_EQ(rule(inclusion_proof(5, 5, same)), "proof-range");
  EXPECT_EQ(rule(inclusion_proof(0, 0, same)), "proof-range");
  EXPECT_EQ(rule(consistency_proof(0, 5, same)), "proof-range");
  EXPECT_EQ(rule(consistency_proof(6, 5, same)), "proof-range");
  // The largest tree there can be, all of whose nodes are taken to be h.
  const Hash top = root(most, same).value();
  const auto proof = inclusion_proof(most - 1, most, same);
  ASSERT_EQ(rule(proof), "ok");
  EXPECT_EQ(rule(verify_inclusion(most - 1, most, h, *proof, top)), "ok");
}

TEST(Tree, AFailingReaderFailsTheProof) {
  const NodeReader broken = [](NodeId) -> Result<Hash> { return fail(Errc::io, "disk", "gone"); };
  EXPECT_EQ(rule(root(5, broken)), "disk");
  EXPECT_EQ(rule(inclusion_proof(2, 5, broken)), "disk");
  EXPECT_EQ(rule(consistency_proof(2, 5, broken)), "disk");
  EXPECT_EQ(root(0, broken).value(), empty_root());
}

}  // namespace
}  // namespace relais::merkle
