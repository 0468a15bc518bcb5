#include "replay/verify/settled.h"

#include <gtest/gtest.h>

#include <fstream>
#include <vector>

#include "tests/support/temp_folder.h"

namespace relais::replay {
namespace {

/// Fails with these, one after the other, and then holds; the folder is written meanwhile each
/// time, unless it rests.
struct Beside {
  std::vector<Error> failures;
  bool rests = false;
  int runs = 0;
  int writes = 0;
  int told = 0;

  Result<int> run() {
    return verify_settled<int>([this] { return std::to_string(writes); },
                               [this]() -> Result<int> {
                                 if (!rests) ++writes;
                                 const auto n = static_cast<std::size_t>(runs++);
                                 if (n < failures.size()) return fail(Error(failures[n]));
                                 return runs;
                               },
                               [this](const Error&) { ++told; });
  }
};

Error broken(std::string field) {
  return error(Errc::corrupt, "verify-statement", "x").at(std::move(field));
}

TEST(Settled, WhatHoldsTheSecondTimeHolds) {
  Beside b{{broken("entry 7"), broken("entry 9")}};
  EXPECT_EQ(b.run(), 3);
  EXPECT_EQ(b.told, 2);
}

TEST(Settled, WhatIsWrongTwiceIsWrong) {
  Beside b{{broken("entry 7"), broken("entry 7")}};
  EXPECT_EQ(b.run().error().field, "entry 7");
  EXPECT_EQ(b.runs, 2);
}

TEST(Settled, WhereNobodyWroteOnceIsEnough) {
  Beside b{{broken("entry 7")}, true};
  EXPECT_EQ(b.run().error().field, "entry 7");
  EXPECT_EQ(b.runs, 1);
  EXPECT_EQ(b.told, 0);
}

TEST(Settled, ThereIsAnEnd) {
  Beside b{{broken("1"), broken("2"), broken("3"), broken("4"), broken("5")}};
  EXPECT_EQ(b.run().error().field, "4");
  EXPECT_EQ(b.runs, kMostVerifications);
}

TEST(Settled, EveryWriteIsSeen) {
  const tests::TempFolder folder;
  const auto key = folder.path / "key";
  const auto data = folder.path / "data";
  std::filesystem::create_directories(data / "store");
  std::string before = written_state(data, key);
  const auto is_another = [&] {
    const std::string now = written_state(data, key);
    return std::exchange(before, now) != now;
  };
  EXPECT_FALSE(is_another());
  std::ofstream(data / "store" / "000001.sst") << "x";
  EXPECT_TRUE(is_another());
  std::ofstream(key) << "x";
  EXPECT_TRUE(is_another());
  std::filesystem::remove(data / "store" / "000001.sst");
  EXPECT_TRUE(is_another());
  EXPECT_FALSE(is_another());
}

}  // namespace
}  // namespace relais::replay
