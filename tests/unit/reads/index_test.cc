// The indices of the log of reads against a list of all looks: in memory, in rows, across starts,
// and while they are written.
#include "ledger/reads/index.h"

#include <atomic>
#include <thread>

#include "ledger/base/archive.h"
#include "tests/unit/reads/fixture.h"

namespace relais::tests {
namespace {

constexpr std::uint64_t kCases = 7;
const std::vector<std::string> kReaders = {"ml1", "aa1", "pref"};

class ReadIndex : public ReadsTest {
 protected:
  struct Look {
    std::string slug;
    std::string purpose;
    Timestamp at;
    std::vector<std::uint64_t> cases;
  };
  /// `count` reads, as they are drawn; `waits`: how often the next one waits for all before it, so
  /// that groups differ.
  void fill(std::uint64_t count, std::uint64_t seed, std::uint64_t waits) {
    crypto::SeededRandom draw(seed);
    for (std::uint64_t i = 0; i < count; ++i) {
      Look look{kReaders[draw.next() % kReaders.size()],
                draw.next() % 4 == 0 ? "audit" : "support",
                kReadsStart,
                {}};
      for (std::uint64_t n = 0; n < kCases; ++n)
        if (draw.next() % 5 == 0) look.cases.push_back(n);
      std::vector<reads::CaseLook> cases;
      for (const std::uint64_t n : look.cases) cases.push_back(look_at(n));
      if (i % waits == 0)
        keep(look.slug, std::move(cases), look.purpose);
      else
        log->keep(record(look.slug, std::move(cases), look.purpose), [](auto) {});
      all.push_back(std::move(look));
    }
    keep("ml1", {});
    all.push_back({"ml1", "support", kReadsStart, {}});
  }
  std::vector<std::uint64_t> scan(const std::function<void(const reads::Index::Visit&)>& how,
                                  std::size_t most = 1'000'000) const {
    std::vector<std::uint64_t> found;
    how([&](LogIndex index) {
      found.push_back(index.value);
      return found.size() < most;
    });
    return found;
  }
  std::vector<std::uint64_t> expected(const std::function<bool(const Look&)>& is,
                                      std::uint64_t until) const {
    std::vector<std::uint64_t> found;
    for (std::uint64_t i = std::min<std::uint64_t>(until, all.size()); i-- > 0;)
      if (is(all[i])) found.push_back(i);
    return found;
  }
  void compare() const {
    for (const std::uint64_t until : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{255},
                                      std::uint64_t{256}, std::uint64_t{257}, std::uint64_t{511},
                                      std::uint64_t{600}, all.size() - 1, all.size() + 1}) {
      for (std::uint64_t n = 0; n < kCases; ++n) {
        const auto of = [n](const Look& l) { return std::ranges::count(l.cases, n) > 0; };
        EXPECT_EQ(scan([&](const auto& visit) {
                    log->scan_case(case_number(n), LogIndex{until}, visit);
                  }),
                  expected(of, until))
            << "case " << n << " before " << until;
      }
      for (const std::string& slug : kReaders)
        EXPECT_EQ(
            scan([&](const auto& visit) { log->scan_signatory(slug, LogIndex{until}, visit); }),
            expected([&](const Look& l) { return l.slug == slug; }, until))
            << slug << " before " << until;
    }
    for (std::uint64_t n = 0; n < kCases; ++n) {
      reads::Summary summary;
      for (const Look& l : all)
        if (std::ranges::count(l.cases, n) > 0) summary.add(l.slug, l.purpose, l.at);
      reads::Summary found = log->summary(case_number(n));
      EXPECT_EQ(encode(found), encode(summary)) << n;
    }
  }
  std::vector<Look> all;
};

TEST_F(ReadIndex, FindsWhatAListOfAllFinds) {
  for (const std::uint64_t count : {40U, 214U, 1U, 300U, 1'100U}) {
    fill(count, count, 9);
    compare();
    ASSERT_EQ(start(), "");
    compare();
    reads::Options o = options();
    o.key.reset();
    log.reset();
    ASSERT_EQ(start(o), "");  // for reading only
    compare();
    ASSERT_EQ(start(), "");
  }
}

TEST_F(ReadIndex, AScanEndsWhereItIsEnded) {
  fill(700, 3, 50);
  for (const std::size_t most : {1U, 2U, 90U, 300U})
    EXPECT_EQ(
        scan([&](const auto& visit) { log->scan_signatory("ml1", LogIndex{650}, visit); }, most)
            .size(),
        std::min(most, expected([](const Look& l) { return l.slug == "ml1"; }, 650).size()));
}

TEST_F(ReadIndex, RowsDoNotTellTheGroups) {
  std::vector<std::string> rows;
  for (const std::uint64_t waits : {7U, 100U, 10'000U}) {
    log.reset();
    std::filesystem::remove_all(path());
    ASSERT_TRUE(reads::create_log(path(), ledger_vkey(), key));
    ASSERT_EQ(start(), "");
    all.clear();
    fill(600, 5, waits);
    std::string stored;
    log->store().records(reads::kIndices)->scan({}, {}, [&](auto name, auto value) {
      stored.append(name).append(value);
      return true;
    });
    EXPECT_FALSE(stored.empty());
    rows.push_back(std::move(stored));
  }
  EXPECT_EQ(rows[0], rows[1]);
  EXPECT_EQ(rows[0], rows[2]);
}

/// Whoever reads meanwhile sees a beginning of the log, and nothing twice.
TEST_F(ReadIndex, HoldsWhileItIsWritten) {
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int t = 0; t < 2; ++t)
    readers.emplace_back([&] {
      while (!done) {
        const std::uint64_t least = log->head()->size().value;
        const auto found = scan(
            [&](const auto& visit) { log->scan_signatory("only", LogIndex{1'000'000}, visit); });
        ASSERT_GE(found.size(), least);
        for (std::size_t i = 0; i < found.size(); ++i) ASSERT_EQ(found[i], found.size() - 1 - i);
        const std::uint64_t before = log->head()->size().value;
        const reads::Summary summary = log->summary(case_number(1));
        ASSERT_GE(summary.rows.empty() ? 0 : summary.rows[0].times, before);
      }
    });
  for (int i = 0; i < 3'000; ++i) {
    if (i % 37 == 0)
      keep("only", {look_at(1)});
    else
      log->keep(record("only", {look_at(1)}), [](auto) {});
  }
  log->stop();
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(log->summary(case_number(1)).rows.at(0).times, 3'000);
}

}  // namespace
}  // namespace relais::tests
