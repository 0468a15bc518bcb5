// Both wrapping keys keep one contract: a file, and a token behind PKCS#11 (Debian's softhsm2).
#include "ledger/vault/wrapping_key.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include "ledger/base/path_lock.h"
#include "ledger/crypto/private_file.h"
#include "tests/support/temp_folder.h"

namespace relais::vault {
namespace {

namespace fs = std::filesystem;

constexpr const char* kModule = "/usr/lib/softhsm/libsofthsm2.so";

class WrappingKeyTest : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (GetParam() == "file") {
      place = (folder.path / "key").string();
      return;
    }
    fs::create_directories(folder.path / "tokens");
    const fs::path conf = folder.path / "softhsm2.conf";
    std::ofstream(conf) << "directories.tokendir = " << (folder.path / "tokens").string() << "\n"
                        << "log.level = ERROR\n";
    ::setenv("SOFTHSM2_CONF", conf.c_str(), 1);
    ASSERT_EQ(std::system("softhsm2-util --init-token --free --label relais --pin 12345678 "
                          "--so-pin 87654321 >/dev/null"),
              0)
        << "softhsm2 is one of the packages of scripts/lib/packages.sh";
    ASSERT_TRUE(crypto::create_private_file(folder.path / "pin", "12345678\n"));
    place = uri("relais", "ledger");
  }
  std::string uri(const std::string& token, const std::string& object) const {
    return "pkcs11:token=" + token + ";object=" + object + "?module-path=" + kModule +
           "&pin-source=" + (folder.path / "pin").string();
  }

  tests::TempFolder folder;
  std::string place;
};

TEST_P(WrappingKeyTest, UnwrapsWhatItWrappedAndNothingElse) {
  const auto made = make_wrapping_key(place);
  ASSERT_TRUE(made) << to_string(made.error());
  WrappingKey& key = **made;
  const std::string secret(72, '\x05');
  const std::string wrapped = *key.wrap(secret, "roots");
  EXPECT_EQ(wrapped.find(secret.substr(0, 8)), std::string::npos);
  EXPECT_EQ(key.unwrap(wrapped, "roots"), secret);
  EXPECT_EQ(key.unwrap(wrapped, "other").error().rule, "wrapping-key-broken");
  for (std::size_t i = 0; i < wrapped.size(); i += 5) {
    std::string changed = wrapped;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_EQ(key.unwrap(changed, "roots").error().rule,
              i < 8 ? "wrapping-key-other" : "wrapping-key-broken")
        << i;
  }
  EXPECT_FALSE(key.unwrap("", "roots"));
}

TEST_P(WrappingKeyTest, OldOnesUnwrapUntilTheyAreDestroyed) {
  auto made = make_wrapping_key(place);
  ASSERT_TRUE(made) << to_string(made.error());
  const std::string first = *(*made)->wrap("one", "");
  ASSERT_TRUE((*made)->renew());
  const std::string second = *(*made)->wrap("two", "");
  EXPECT_EQ((*made)->unwrap(first, ""), "one");
  made->reset();
  auto again = open_wrapping_key(place, Use::unwrap);
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ((*again)->unwrap(first, ""), "one");
  EXPECT_EQ((*again)->unwrap(second, ""), "two");
  ASSERT_TRUE((*again)->destroy_others(second));
  EXPECT_EQ((*again)->unwrap(first, "").error().rule, "wrapping-key-other");
  EXPECT_EQ((*again)->unwrap(second, ""), "two");
  again->reset();
  const auto last = open_wrapping_key(place, Use::unwrap);
  ASSERT_TRUE(last);
  EXPECT_EQ((*last)->unwrap(first, "").error().rule, "wrapping-key-other");
  EXPECT_EQ((*last)->unwrap(second, ""), "two");
}

TEST_P(WrappingKeyTest, IsNeverMadeOverAnother) {
  const std::string wrapped = *(*make_wrapping_key(place))->wrap("one", "");
  EXPECT_EQ(make_wrapping_key(place).error().rule, "wrapping-key-exists");
  EXPECT_EQ((*open_wrapping_key(place, Use::unwrap))->unwrap(wrapped, ""), "one");
}

TEST_P(WrappingKeyTest, OneThatIsNotThereIsNamed) {
  EXPECT_EQ(open_wrapping_key(place, Use::unwrap).error().code, Errc::not_found);
}

INSTANTIATE_TEST_SUITE_P(Kinds, WrappingKeyTest, ::testing::Values("file", "token"),
                         [](const auto& info) { return info.param; });

/// The module as it is behind p11-kit: what it closes is closed for everybody in the process.
class Module {
 public:
  Module() : handle_(::dlopen(kModule, RTLD_NOW)) {}
  ~Module() { ::dlclose(handle_); }
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  /// As a token that is pulled out, or restarts.
  void drop_all_sessions() const {
    unsigned long count = 16;
    unsigned long slots[16] = {};
    const auto list =
        reinterpret_cast<unsigned long (*)(unsigned char, unsigned long*, unsigned long*)>(
            ::dlsym(handle_, "C_GetSlotList"));
    const auto close =
        reinterpret_cast<unsigned long (*)(unsigned long)>(::dlsym(handle_, "C_CloseAllSessions"));
    ASSERT_EQ(list(1, slots, &count), 0U);
    ASSERT_GT(count, 0U);
    for (unsigned long i = 0; i < count; ++i) EXPECT_EQ(close(slots[i]), 0U);
  }

 private:
  void* handle_;
};

class TokenKeyTest : public WrappingKeyTest {};
INSTANTIATE_TEST_SUITE_P(Kinds, TokenKeyTest, ::testing::Values("token"));

TEST_P(TokenKeyTest, ASessionThatTheTokenDropsIsOpenedAgain) {
  auto made = make_wrapping_key(place);
  ASSERT_TRUE(made) << to_string(made.error());
  WrappingKey& key = **made;
  const Module module;
  const std::string first = *key.wrap("one", "");
  module.drop_all_sessions();
  const auto opened = key.unwrap(first, "");
  ASSERT_TRUE(opened) << to_string(opened.error());
  EXPECT_EQ(*opened, "one");
  module.drop_all_sessions();
  const auto second = key.wrap("two", "");
  ASSERT_TRUE(second) << to_string(second.error());
  module.drop_all_sessions();
  ASSERT_TRUE(key.renew());
  const std::string third = *key.wrap("three", "");
  EXPECT_NE(third.substr(0, 8), first.substr(0, 8));
  module.drop_all_sessions();
  ASSERT_TRUE(key.destroy_others(third));
  EXPECT_EQ(key.unwrap(third, ""), "three");
  EXPECT_EQ(key.unwrap(*second, "").error().rule, "wrapping-key-other");
}

/// Once, and not for ever: who reads gets the error.
TEST_P(TokenKeyTest, ATokenThatDoesNotComeBackIsAnError) {
  auto made = make_wrapping_key(place);
  ASSERT_TRUE(made) << to_string(made.error());
  const std::string wrapped = *(*made)->wrap("one", "");
  const Module module;
  module.drop_all_sessions();
  std::ofstream(folder.path / "pin") << "00000000\n";
  const auto refused = (*made)->unwrap(wrapped, "");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().rule, "pkcs11-failed");
  EXPECT_EQ(refused.error().code, Errc::unavailable);
  std::ofstream(folder.path / "pin") << "12345678\n";
  EXPECT_EQ((*made)->unwrap(wrapped, ""), "one");
}

class FileKeyTest : public ::testing::Test {
 protected:
  std::string bytes() const {
    std::ifstream in(place, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  tests::TempFolder folder;
  const std::string place = (folder.path / "key").string();
};

TEST_F(FileKeyTest, IsForItsOwnerAlone) {
  ASSERT_TRUE(make_wrapping_key(place));
  struct stat info{};
  ASSERT_EQ(::stat(place.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  ASSERT_EQ(::chmod(place.c_str(), 0640), 0);
  EXPECT_EQ(open_wrapping_key(place, Use::unwrap).error().rule, "key-file-mode");
}

TEST_F(FileKeyTest, WhatItHeldIsWrittenOver) {
  auto key = make_wrapping_key(place);
  ASSERT_TRUE(key);
  const std::string before = bytes();
  const fs::path other_name = folder.path / "kept";
  fs::create_hard_link(place, other_name);  // keeps the blocks of the old file
  ASSERT_TRUE((*key)->renew());
  ASSERT_TRUE((*key)->destroy_others(*(*key)->wrap("one", "")));
  std::ifstream in(other_name, std::ios::binary);
  const std::string left{std::istreambuf_iterator<char>(in), {}};
  EXPECT_EQ(left, std::string(before.size(), '\0'));
  EXPECT_EQ(bytes().size(), before.size());
}

/// Each start tries whether the file can be replaced: that leaves no copy in free blocks.
TEST_F(FileKeyTest, OpeningLeavesNoCopyBehind) {
  ASSERT_TRUE(make_wrapping_key(place));
  const std::string key = bytes();
  std::ifstream old(place, std::ios::binary);
  ASSERT_TRUE(open_wrapping_key(place, Use::renew));
  const std::string left{std::istreambuf_iterator<char>(old), {}};
  EXPECT_EQ(left, std::string(key.size(), '\0'));
  EXPECT_EQ(bytes(), key);
  // One that somebody keeps under another name stays.
  const fs::path kept = folder.path / "kept";
  fs::create_hard_link(place, kept);
  ASSERT_TRUE(open_wrapping_key(place, Use::renew));
  std::ifstream in(kept, std::ios::binary);
  EXPECT_EQ((std::string{std::istreambuf_iterator<char>(in), {}}), key);
}

/// The file is another one after each replacement, and locked all the same.
TEST_F(FileKeyTest, IsLockedThroughEachReplacement) {
  const std::string wrapped = *(*make_wrapping_key(place))->wrap("one", "");
  auto key = open_wrapping_key(place, Use::renew);
  ASSERT_TRUE(key) << to_string(key.error());
  const auto in_use = [&] {
    const auto second = open_wrapping_key(place, Use::renew);
    return !second && second.error().rule == "wrapping-key-in-use" && !PathLock::take(place);
  };
  EXPECT_TRUE(in_use());
  ASSERT_TRUE((*key)->renew());
  EXPECT_TRUE(in_use());
  ASSERT_TRUE((*key)->destroy_others(wrapped));
  EXPECT_TRUE(in_use());
  EXPECT_EQ((*open_wrapping_key(place, Use::unwrap))->unwrap(wrapped, ""), "one");
  key->reset();
  EXPECT_FALSE(in_use());
}

/// As an operator does who has removed it by mistake: the same bytes, and another file.
TEST_F(FileKeyTest, OneThatWasPutBackIsLockedAgain) {
  ASSERT_TRUE(make_wrapping_key(place));
  auto key = open_wrapping_key(place, Use::renew);
  ASSERT_TRUE(key) << to_string(key.error());
  const auto put_back = [&] {
    std::string bytes;
    ASSERT_TRUE(crypto::read_private_file(place, bytes));
    fs::remove(place);
    ASSERT_TRUE(crypto::create_private_file(place, bytes));
  };
  put_back();
  EXPECT_TRUE((*key)->check_unchanged());
  EXPECT_EQ(open_wrapping_key(place, Use::renew).error().rule, "wrapping-key-in-use");

  put_back();
  const auto second = PathLock::take(place);  // of another program, which was faster
  ASSERT_TRUE(second);
  EXPECT_EQ((*key)->check_unchanged().error().rule, "wrapping-key-in-use");
}

/// Two servers at boot: whenever one has the key, the other has not.
TEST_F(FileKeyTest, OfManyThatOpenItAtOnceOneHasIt) {
  ASSERT_TRUE(make_wrapping_key(place));
  std::atomic<int> holding{0};
  std::atomic<int> opened{0};
  std::atomic<bool> shared{false};
  const auto start = [&] {
    for (int i = 0; i < 100; ++i) {
      const auto key = open_wrapping_key(place, Use::renew);
      if (!key) {
        EXPECT_EQ(key.error().rule, "wrapping-key-in-use");
        continue;
      }
      ++opened;
      if (++holding > 1) shared = true;
      const auto wrapped = (*key)->wrap("one", "");
      EXPECT_TRUE((*key)->renew());
      EXPECT_TRUE((*key)->destroy_others(*wrapped));
      --holding;
    }
  };
  std::vector<std::thread> servers;
  for (int i = 0; i < 4; ++i) servers.emplace_back(start);
  for (std::thread& server : servers) server.join();
  EXPECT_FALSE(shared);
  EXPECT_GT(opened, 0);
}

/// What was locked when it had the name, and has it no more, is nobody's.
TEST(PathLockTest, IsOfWhatHasTheNameStill) {
  const tests::TempFolder folder;
  const fs::path file = folder.path / "file";
  std::ofstream(file) << "one";
  const auto first = PathLock::take(file);
  ASSERT_TRUE(first);
  EXPECT_EQ(PathLock::take(file).error().rule, "folder-locked");
  std::ofstream(folder.path / "next") << "two";
  fs::rename(folder.path / "next", file);
  const auto second = PathLock::take(file);
  EXPECT_TRUE(second);
  EXPECT_EQ(PathLock::take(file).error().code, Errc::conflict);
}

TEST_F(FileKeyTest, WhatIsNoKeyIsRefused) {
  for (const char* text :
       {"", "{}", R"({"keys":[]})", R"({"keys":[{"kid":"AAAAAAAAAAA","k":"AAAA"}]})",
        R"({"keys":[7]})", R"({"keys":[{"kty":"oct"}]})", "not JSON"}) {
    fs::remove(place);
    ASSERT_TRUE(crypto::create_private_file(place, text));
    const auto opened = open_wrapping_key(place, Use::unwrap);
    ASSERT_FALSE(opened) << text;
    EXPECT_EQ(opened.error().rule, "key-file") << text;
  }
}

TEST(DefaultWrappingKey, IsBesideTheFolder) {
  EXPECT_EQ(default_wrapping_key("/srv/relais"), "/srv/relais.wrapping-key");
  EXPECT_EQ(default_wrapping_key("/srv/relais/"), "/srv/relais.wrapping-key");
  EXPECT_EQ(default_wrapping_key("/srv/a/../relais"), "/srv/relais.wrapping-key");
  EXPECT_EQ(default_wrapping_key("data"), fs::current_path() / "data.wrapping-key");
}

TEST(Pkcs11Uri, MustNameAllThatIsNeeded) {
  const tests::TempFolder folder;
  const std::string pin = (folder.path / "pin").string();
  ASSERT_TRUE(crypto::create_private_file(pin, "12345678"));
  const std::string module = std::string("module-path=") + kModule;
  for (const std::string& uri :
       {std::string("pkcs11:"), "pkcs11:token=relais?" + module + "&pin-source=" + pin,
        "pkcs11:token=relais;object=x?pin-source=" + pin, "pkcs11:token=relais;object=x?" + module,
        "pkcs11:token=relais;object=x?" + module + "&pin-value=12345678",
        std::string("pkcs11:token=%zz")}) {
    const auto opened = open_wrapping_key(uri, Use::unwrap);
    ASSERT_FALSE(opened) << uri;
    EXPECT_EQ(opened.error().rule, "pkcs11-uri") << uri;
  }
  EXPECT_EQ(open_wrapping_key("pkcs11:token=r;object=x?module-path=/no/such.so&pin-source=" + pin,
                              Use::unwrap)
                .error()
                .rule,
            "pkcs11-module");
}

}  // namespace
}  // namespace relais::vault
