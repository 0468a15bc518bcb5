#include "ledger/vault/vault.h"

#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

namespace relais::vault {
namespace {

namespace fs = std::filesystem;

class VaultTest : public ::testing::Test {
 protected:
  void SetUp() override {
    store::Options options;
    options.path = folder.path / "store";
    options.create = true;
    auto made = store::Store::open(options);
    ASSERT_TRUE(made) << to_string(made.error());
    store = std::move(*made);
    const auto key = make_wrapping_key(place());
    ASSERT_TRUE(key);
    ASSERT_TRUE(Vault::create(*store, **key));
    open();
  }
  void open() {
    vault.reset();
    auto opened = Vault::open(*store, *open_wrapping_key(place(), Use::renew));
    ASSERT_TRUE(opened) << to_string(opened.error());
    vault = std::move(*opened);
  }
  std::string place() const { return (folder.path / "key").string(); }

  std::string kept(const std::string& stream, const std::string& text) {
    store::Batch batch;
    const auto key = vault->make(batch, stream);
    EXPECT_TRUE(store->write(batch, true));
    return Vault::seal(key, stream, "entry 7", text);
  }
  void rotate() {
    ASSERT_TRUE(vault->begin_rotation(*store));
    Result<bool> all = false;
    while (all && !*all) all = vault->rewrap(*store);
    ASSERT_TRUE(all) << to_string(all.error());
    ASSERT_TRUE(vault->end_rotation(*store));
  }
  std::optional<std::string> opened(const std::string& sealed, const std::string& at = "entry 7") {
    auto text = vault->open(sealed, at);
    EXPECT_TRUE(text) << to_string(text.error());
    return text ? *text : std::nullopt;
  }

  tests::TempFolder folder;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<Vault> vault;
};

TEST_F(VaultTest, OpensARecordAtItsPlaceOnly) {
  const std::string sealed = kept("case one", "what was said");
  EXPECT_EQ(opened(sealed), "what was said");
  EXPECT_EQ(vault->open(sealed, "entry 8").error().rule, "vault-record-broken");
  std::string of_another = kept("case two", "what was said");
  of_another.replace(0, 9, sealed.substr(0, 9));
  EXPECT_EQ(vault->open(of_another, "entry 7").error().rule, "vault-record-broken");
  for (std::size_t i = 9; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(vault->open(changed, "entry 7")) << i;
  }
  for (std::size_t n = 0; n < sealed.size(); ++n)
    if (const auto cut = vault->open(sealed.substr(0, n), "entry 7")) EXPECT_FALSE(*cut) << n;
}

TEST_F(VaultTest, LengthsShowInSteps) {
  std::size_t sizes = 0;
  std::size_t last = 0;
  for (std::size_t n = 0; n < 3 * Vault::kStep; ++n) {
    const std::string sealed = kept("case one", std::string(n, 'x'));
    EXPECT_EQ(opened(sealed), std::string(n, 'x'));
    if (sealed.size() != std::exchange(last, sealed.size())) ++sizes;
  }
  EXPECT_EQ(sizes, 3U);
}

TEST_F(VaultTest, WhatWasDestroyedIsGone) {
  const std::string sealed = kept("case one", "what was said");
  store::Batch batch;
  Vault::destroy(batch, "case one");
  ASSERT_TRUE(store->write(batch, true));
  EXPECT_EQ(opened(sealed), std::nullopt);
  EXPECT_FALSE(*vault->find("case one"));
}

TEST_F(VaultTest, ARotationKeepsWhatWasNotDestroyed) {
  std::vector<std::string> sealed;
  for (int i = 0; i < 5'000; ++i)
    sealed.push_back(kept("case " + std::to_string(i), std::to_string(i)));
  rotate();
  open();
  rotate();
  open();
  for (int i = 0; i < 5'000; i += 7) EXPECT_EQ(opened(sealed[i]), std::to_string(i));
}

// The point of it all: a copy of the store that was made before the erasure, and every key that is
// left.
TEST_F(VaultTest, AnOldCopyOpensNothingAfterARotation) {
  const std::string sealed = kept("case one", "what was said");
  kept("case two", "something else");
  ASSERT_TRUE(store->flush());
  const fs::path copy = folder.path / "copy";
  fs::copy(folder.path / "store", copy, fs::copy_options::recursive);
  store::Options options;
  options.path = copy;
  options.read_only = true;
  const auto old = store::Store::open(options);
  ASSERT_TRUE(old) << to_string(old.error());
  {
    const auto before = Vault::open(**old, *open_wrapping_key(place(), Use::unwrap));
    ASSERT_TRUE(before);
    EXPECT_EQ((*before)->open(sealed, "entry 7")->value(), "what was said");
  }
  store::Batch batch;
  Vault::destroy(batch, "case one");
  ASSERT_TRUE(store->write(batch, true));
  rotate();
  EXPECT_EQ(Vault::open(**old, *open_wrapping_key(place(), Use::unwrap)).error().rule,
            "wrapping-key-other");
  // The records of the copy in the store of today: its roots do not unwrap them either.
  const std::string record = "Dcase one";
  const auto wrapped = (*old)->get(store::Family::keystore, record);
  store::Batch back;
  back.put(store::Family::keystore, record, **wrapped);
  ASSERT_TRUE(store->write(back, true));
  EXPECT_EQ(vault->open(sealed, "entry 7").error().rule, "vault-record-broken");
}

TEST_F(VaultTest, AnInterruptedRotationLosesNothing) {
  std::vector<std::string> sealed;
  for (int round = 0; round < 40; ++round) {
    sealed.push_back(kept("case " + std::to_string(round), std::to_string(round)));
    ASSERT_TRUE(vault->begin_rotation(*store));
    if (round % 3 > 0) ASSERT_TRUE(vault->rewrap(*store));
    if (round % 3 > 1) ASSERT_TRUE(vault->end_rotation(*store));
    open();  // as after a crash
  }
  for (std::size_t i = 0; i < sealed.size(); ++i) EXPECT_EQ(opened(sealed[i]), std::to_string(i));
  rotate();
  open();
  for (std::size_t i = 0; i < sealed.size(); ++i) EXPECT_EQ(opened(sealed[i]), std::to_string(i));
}

// One damaged record hinders no erasure: it opens nothing, is left as it is, and is counted.
TEST_F(VaultTest, ADataKeyThatCannotBeUnwrappedStopsNoErasure) {
  const std::string lost = kept("case one", "what is lost");
  const std::string erased = kept("case three", "what is erased");
  const std::string stays = kept("case two", "what stays");
  const std::string record = "Dcase one";
  std::string damaged = **store->get(store::Family::keystore, record);
  damaged.back() = static_cast<char>(damaged.back() ^ 1);
  for (const std::string& value : {damaged, std::string("x"), std::string()}) {
    store::Batch batch;
    batch.put(store::Family::keystore, record, value);
    ASSERT_TRUE(store->write(batch, true));
    rotate();
    EXPECT_EQ(vault->broken(), 1U);
    EXPECT_EQ(**store->get(store::Family::keystore, record), value);
    EXPECT_EQ(vault->open(lost, "entry 7").error().rule, "vault-record-broken");
  }
  const std::string before = **store->get(store::Family::keystore, "Dcase three");
  store::Batch batch;
  Vault::destroy(batch, "case three");
  ASSERT_TRUE(store->write(batch, true));
  rotate();
  EXPECT_EQ(vault->broken(), 1U);  // of this rotation alone
  open();
  EXPECT_EQ(opened(stays), "what stays");
  // What a copy from before the erasure has is wrapped by a root key that is gone.
  store::Batch back;
  back.put(store::Family::keystore, "Dcase three", before);
  ASSERT_TRUE(store->write(back, true));
  EXPECT_EQ(vault->open(erased, "entry 7").error().rule, "vault-record-broken");
}

TEST_F(VaultTest, AnotherKeyOpensNothing) {
  const std::string other = (folder.path / "other").string();
  ASSERT_TRUE(make_wrapping_key(other));
  EXPECT_EQ(Vault::open(*store, *open_wrapping_key(other, Use::unwrap)).error().rule,
            "wrapping-key-other");
}

}  // namespace
}  // namespace relais::vault
