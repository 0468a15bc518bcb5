// A host that changes what it stores: everything is found, by the self-check or by verification.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "ledger/base/bytes.h"
#include "ledger/store/store.h"
#include "replay/verify/verify.h"
#include "tests/unit/log/fixture.h"

namespace relais::tests {
namespace {

class Tamper : public LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    fill(90);  // more entries than the tail that the self-check reads
    size = ledger->head()->size().value;
    ledger.reset();
  }

  /// Changes one record (or removes it), runs `look`, and puts it back.
  void with(store::Family family, const std::string& key, const std::optional<std::string>& value,
            const std::function<void()>& look) {
    std::string before = put(family, key, value);
    look();
    put(family, key, before);
  }

  std::string put(store::Family family, const std::string& key,
                  const std::optional<std::string>& value) {
    store::Options options;
    options.path = data() / "store";
    auto store = store::Store::open(options);
    std::string before = (*store)->get(family, key)->value_or("");
    store::Batch batch;
    if (value)
      batch.put(family, key, *value);
    else
      batch.erase(family, key);
    EXPECT_TRUE((*store)->write(batch, true));
    return before;
  }

  std::string get(store::Family family, const std::string& key) {
    store::Options options;
    options.path = data() / "store";
    options.read_only = true;
    return (*store::Store::open(options))->get(family, key)->value_or("");
  }

  /// Rule and field of the first thing that does not hold; "clean" when all does.
  std::string found() {
    log::Options options;
    options.data = data();
    options.read_only = true;
    options.ignore_projections = true;
    options.strict = true;
    const auto opened = log::Ledger::open(options, clock, model_factory());
    if (!opened) return opened.error().rule;
    const auto report = replay::verify(**opened, {}, [](auto, auto) {});
    return report ? "clean" : report.error().rule + " at " + report.error().field;
  }

  std::uint64_t size = 0;
};

TEST_F(Tamper, NothingIsFoundWhereNothingWasChanged) {
  EXPECT_EQ(found(), "clean");
}

TEST_F(Tamper, AnyByteOfAnyEntry) {
  crypto::SeededRandom seeded(7);
  for (std::uint64_t index = 0; index < size; index += 7) {
    std::string entry = get(store::Family::entries, store::index_key(index));
    const std::size_t at = seeded.next() % entry.size();
    entry[at] = static_cast<char>(entry[at] ^ (1 << (seeded.next() % 8)));
    with(store::Family::entries, store::index_key(index), entry,
         [&] { EXPECT_NE(found(), "clean") << "byte " << at << " of entry " << index; });
  }
}

TEST_F(Tamper, EveryByteOfTheTimeAndOfTheSignatureOfAnEntry) {
  const std::uint64_t index = 20;
  const std::string original = get(store::Family::entries, store::index_key(index));
  std::vector<std::size_t> places = {0, 1, 2, 3, 4, 5, 6, 7};
  for (std::size_t i = original.rfind('.'); i < original.size(); i += 5) places.push_back(i);
  for (const std::size_t at : places) {
    std::string entry = original;
    entry[at] = static_cast<char>(entry[at] ^ 1);
    with(store::Family::entries, store::index_key(index), entry,
         [&] { EXPECT_NE(found(), "clean") << "byte " << at; });
  }
}

TEST_F(Tamper, ATypedEventThatSaysSomethingElse) {
  std::string event = get(store::Family::events, store::index_key(20));
  event.back() = static_cast<char>(event.back() ^ 1);
  with(store::Family::events, store::index_key(20), event,
       [&] { EXPECT_EQ(found(), "verify-event at event 20"); });
}

TEST_F(Tamper, AMissingEntry) {
  with(store::Family::entries, store::index_key(20), std::nullopt,
       [&] { EXPECT_NE(found(), "clean"); });
  with(store::Family::entries, store::index_key(size - 1), std::nullopt,
       [&] { EXPECT_EQ(found(), "self-check-size"); });
}

TEST_F(Tamper, ATreeNode) {
  std::string key(1, '\0');
  append_be(key, std::uint64_t{0});
  std::string tile = get(store::Family::nodes, key);
  tile[20 * 32] = static_cast<char>(tile[20 * 32] ^ 1);
  with(store::Family::nodes, key, tile, [&] { EXPECT_EQ(found(), "self-check-root"); });
}

TEST_F(Tamper, ACheckpointOfThePast) {
  const std::string last = get(store::Family::checkpoints, store::index_key(size));
  with(store::Family::checkpoints, store::index_key(20), last,
       [&] { EXPECT_EQ(found(), "verify-checkpoint at checkpoint 20"); });
}

TEST_F(Tamper, ADisclosureThatNobodySigned) {
  with(store::Family::disclosures, store::index_key(20), std::string("\x01\x04WyJd"),
       [&] { EXPECT_EQ(found(), "verify-statement at entry 20"); });
}

TEST_F(Tamper, AnIndexThatLeadsElsewhere) {
  std::string stray = "no-such-id";
  stray.push_back('\0');
  append_be(stray, std::uint16_t{3});
  with(store::Family::ids, stray, store::index_key(3),
       [&] { EXPECT_EQ(found(), "verify-stray at ids"); });
}

TEST_F(Tamper, AProjectionThatWasEdited) {
  store::Options options;
  options.path = data() / "store";
  {
    auto store = store::Store::open(options);
    store::Batch batch;
    batch.records(**store, 1).put("p-no-such-record", "x");
    ASSERT_TRUE((*store)->write(batch, true));
  }
  EXPECT_TRUE(found().starts_with("verify-projection")) << found();
  open();  // the server still starts: projections can be rebuilt
  ASSERT_TRUE(ledger->rebuild([](auto, auto) {}));
  ledger.reset();
  EXPECT_EQ(found(), "clean");
}

/// A store that ends earlier than what was handed out: the log must not go on from there.
TEST_F(Tamper, AnOldBackupIsRefused) {
  const auto backup = folder.path / "backup";
  std::filesystem::copy(data() / "store", backup, std::filesystem::copy_options::recursive);
  open();
  fill(2, 5000);
  ledger.reset();
  std::filesystem::remove_all(data() / "store");
  std::filesystem::rename(backup, data() / "store");
  EXPECT_EQ(found(), "self-check-head");
  log::Options options;
  options.data = data();
  const auto opened = log::Ledger::open(options, clock, model_factory());
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().rule, "self-check-head");
}

/// The write-ahead log is where young entries are: damage in it cuts the store short without an
/// error of its own.
TEST_F(Tamper, AnyByteOfTheWriteAheadLog) {
  open();
  fill(20, 5000);
  // As a crash leaves it: a stop in order leaves nothing in the write-ahead log.
  const auto crashed = folder.path / "crashed";
  std::filesystem::copy(data() / "store", crashed, std::filesystem::copy_options::recursive);
  ledger.reset();
  std::filesystem::remove_all(data() / "store");
  std::filesystem::rename(crashed, data() / "store");
  std::filesystem::path wal;
  for (const auto& file : std::filesystem::directory_iterator(data() / "store"))
    if (file.path().extension() == ".log" && file.file_size() > 0) wal = file.path();
  ASSERT_FALSE(wal.empty());
  std::string original;
  {
    std::ifstream in(wal, std::ios::binary);
    original.assign(std::istreambuf_iterator<char>(in), {});
  }
  const std::size_t written = original.find_last_not_of('\0') + 1;  // zeros are behind it
  crypto::SeededRandom seeded(11);
  for (int i = 0; i < 25; ++i) {
    std::string bytes = original;
    const std::size_t at = seeded.next() % (i < 20 ? written : bytes.size());
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (seeded.next() % 8)));
    std::ofstream(wal, std::ios::binary) << bytes;
    EXPECT_NE(found(), "clean") << "byte " << at << " of " << written;
  }
  std::ofstream(wal, std::ios::binary) << original;
  EXPECT_EQ(found(), "clean");
}

TEST_F(Tamper, AnotherLogKeyIsRefused) {
  const merkle::NoteKey other{std::string(kOrigin), test_key("someone").public_key()};
  std::ofstream(data() / "log.vkey") << merkle::to_vkey(other) << "\n";
  EXPECT_EQ(found(), "self-check-log-key");
}

}  // namespace
}  // namespace relais::tests
