#include "ledger/crypto/sha256.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <thread>
#include <vector>

namespace relais::crypto {
namespace {

std::string hex(const Hash& h) {
  return to_hex(view(h));
}

TEST(Sha256, KnownAnswers) {
  // FIPS 180-4 examples, and the digest of nothing.
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

RC_GTEST_PROP(Sha256, PartsAreOneText, (const std::string& a, const std::string& b)) {
  RC_ASSERT(sha256({a, b}) == sha256(a + b));
  RC_ASSERT(sha256({a, "", b, ""}) == sha256(a + b));
}

TEST(Sha256, ThreadsDoNotDisturbEachOther) {
  const Hash expected = sha256("abc");
  std::vector<int> wrong(4, 0);
  std::vector<std::jthread> threads;
  for (int& count : wrong)
    threads.emplace_back([&count, &expected] {
      for (int i = 0; i < 2000; ++i) count += sha256({"a", "bc"}) == expected ? 0 : 1;
    });
  threads.clear();
  EXPECT_EQ(wrong, std::vector<int>(4, 0));
}

}  // namespace
}  // namespace relais::crypto
