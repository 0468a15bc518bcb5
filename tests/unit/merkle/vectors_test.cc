// The published proofs of transparency-dev/merkle; see tests/data/merkle/README.md.
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "ledger/crypto/base64.h"
#include "ledger/merkle/tree.h"

namespace relais::merkle {
namespace {

namespace fs = std::filesystem;

/// One vector. Boost's own reader is used because some numbers are near 2^64, which our strict JSON
/// refuses.
class Vector {
 public:
  explicit Vector(const fs::path& file) {
    const std::ifstream in(file);
    std::ostringstream text;
    text << in.rdbuf();
    value_ = boost::json::parse(text.str());
  }
  std::uint64_t number(const char* name) const {
    return value_.at(name).to_number<std::uint64_t>();
  }
  /// Some bad vectors have hashes of another length, which cannot even be said with our types: they
  /// are filled up or cut, so that the numbers are judged too.
  Hash hash(const char* name) { return to_fixed(value_.at(name)); }
  std::vector<Hash> proof() {
    std::vector<Hash> out;
    if (!value_.at("proof").is_null())
      for (const auto& item : value_.at("proof").as_array()) out.push_back(to_fixed(item));
    return out;
  }
  bool valid() const { return !value_.at("wantErr").as_bool(); }
  bool lacks_hash() const { return lacks_hash_; }

 private:
  Hash to_fixed(const boost::json::value& v) {
    std::string bytes = crypto::base64_decode({v.as_string().data(), v.as_string().size()}).value();
    lacks_hash_ = lacks_hash_ || bytes.empty();
    bytes.resize(32);
    return to_hash(bytes);
  }

  boost::json::value value_;
  bool lacks_hash_ = false;
};

struct Count {
  int valid = 0;
  int invalid = 0;
  int skipped = 0;
  bool operator==(const Count&) const = default;
};

/// Runs `verify` on every vector below `folder`; it gives nothing where the vector is not for
/// Relais.
Count run(const char* folder, const std::function<std::optional<bool>(Vector&)>& verify) {
  Count count;
  for (const auto& file : fs::recursive_directory_iterator(
           fs::path(RELAIS_SOURCE_DIR "/tests/data/merkle") / folder)) {
    if (file.path().extension() != ".json") continue;
    Vector vector(file.path());
    const std::optional<bool> got = verify(vector);
    if (!got) {
      ++count.skipped;
      continue;
    }
    EXPECT_EQ(*got && !vector.lacks_hash(), vector.valid()) << file.path();
    ++(vector.valid() ? count.valid : count.invalid);
  }
  return count;
}

TEST(MerkleVectors, Inclusion) {
  const Count count = run("inclusion", [](Vector& v) -> std::optional<bool> {
    return verify_inclusion(v.number("leafIdx"), v.number("treeSize"), v.hash("leafHash"),
                            v.proof(), v.hash("root"))
        .has_value();
  });
  EXPECT_EQ(count, (Count{6, 92, 0}));
}

TEST(MerkleVectors, Consistency) {
  const Count count = run("consistency", [](Vector& v) -> std::optional<bool> {
    return verify_consistency(v.number("size1"), v.number("size2"), v.hash("root1"),
                              v.hash("root2"), v.proof())
        .has_value();
  });
  EXPECT_EQ(count, (Count{6, 92, 0}));
}

TEST(MerkleVectors, SubtreeInclusion) {
  // A subtree [start, end) is one whose start is a multiple of the power of two at or above its
  // width; a leaf's proof in it is the proof in a tree of that width.
  const Count count = run("subtreeinclusion", [](Vector& v) -> std::optional<bool> {
    const std::uint64_t start = v.number("start");
    const std::uint64_t end = v.number("end");
    if (start >= end || v.number("leafIdx") < start) return false;
    const std::uint64_t width = end - start;
    const bool aligned =
        width <= std::uint64_t{1} << 63 ? start % std::bit_ceil(width) == 0 : start == 0;
    return aligned && verify_inclusion(v.number("leafIdx") - start, width, v.hash("leafHash"),
                                       v.proof(), v.hash("root"))
                          .has_value();
  });
  EXPECT_EQ(count, (Count{12, 192, 0}));
}

TEST(MerkleVectors, SubtreeConsistencyFromTheFirstLeaf) {
  const Count count = run("subtreeconsistency", [](Vector& v) -> std::optional<bool> {
    if (v.number("start") != 0 || v.number("end") == 0) return std::nullopt;
    return verify_consistency(v.number("end"), v.number("size"), v.hash("root1"), v.hash("root2"),
                              v.proof())
        .has_value();
  });
  EXPECT_EQ(count, (Count{6, 85, 27}));
}

}  // namespace
}  // namespace relais::merkle
