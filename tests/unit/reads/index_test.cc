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
    for (const std::uint64_t until : {std::uint64_t{200}, std::uint64_t{600}, all.size() + 1})
      for (std::uint64_t n = 0; n < kCases; ++n) compare_both(n, until);
    for (std::uint64_t n = 0; n < kCases; ++n) {
      reads::Summary summary;
      for (const Look& l : all)
        if (std::ranges::count(l.cases, n) > 0) summary.of(l.slug).add(l.purpose, l.at);
      reads::Summary found = log->summary(case_number(n));
      EXPECT_EQ(encode(found), encode(summary)) << n;
    }
  }
  /// Whichever rows are walked; what is passed without a look goes down too, a row at a time.
  void compare_both(std::uint64_t n, std::uint64_t until) const {
    for (const std::string& slug : kReaders)
      for (const auto along : {reads::Along::signatory, reads::Along::looks_at_case}) {
        std::vector<std::uint64_t> found;
        std::uint64_t last = ~std::uint64_t{0};
        log->scan_both(case_number(n), slug, along, LogIndex{until}, [&](LogIndex at, bool is) {
          EXPECT_LT(at.value, std::min(last, until));
          last = at.value;
          if (is) found.push_back(at.value);
          return true;
        });
        const auto both = [&](const Look& l) {
          return l.slug == slug && std::ranges::count(l.cases, n) > 0;
        };
        EXPECT_EQ(found, expected(both, until)) << slug << " case " << n << " before " << until;
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

/// A row without a look of both is told of, so that who asks can stop there.
TEST_F(ReadIndex, ARowWithoutALookIsPassed) {
  for (int i = 0; i < 600; ++i) log->keep(record("ml1", {look_at(i == 3 ? 1 : 2)}), [](auto) {});
  keep("ml1", {});
  std::vector<std::pair<std::uint64_t, bool>> passed;
  log->scan_both(case_number(1), "ml1", reads::Along::signatory, LogIndex{10'000},
                 [&](LogIndex at, bool is) {
                   passed.emplace_back(at.value, is);
                   return true;
                 });
  EXPECT_EQ(passed, (std::vector<std::pair<std::uint64_t, bool>>{{511, false}, {3, true}}));
  passed.clear();
  log->scan_both(case_number(1), "ml1", reads::Along::looks_at_case, LogIndex{10'000},
                 [&](LogIndex at, bool is) {
                   passed.emplace_back(at.value, is);
                   return true;
                 });
  EXPECT_EQ(passed, (std::vector<std::pair<std::uint64_t, bool>>{{3, true}}));
}

/// What a bundle writes beside its entries is in proportion to them, whatever purposes they name,
/// and however many others have looked at the cases.
TEST_F(ReadIndex, SummariesTakeNoMoreThanTheirLooks) {
  constexpr std::uint64_t kMany = 200;
  std::vector<reads::CaseLook> cases;
  for (std::uint64_t n = 0; n < kMany; ++n) cases.push_back(look_at(n));
  const auto written = [&] {
    std::size_t bytes = 0;
    log->store().records(reads::kIndices)->scan("A", {}, [&](auto name, auto value) {
      bytes += name.size() + value.size();
      return true;
    });
    return bytes;
  };
  for (std::uint64_t i = 0; i < reads::kBundle; ++i)
    log->keep(record(kReaders[i % 3], cases, std::to_string(i) + std::string(190, 'x')),
              [](auto) {});
  keep("ml1", {});
  const std::size_t most =
      96 + reads::kMaxPurposes * (reads::kMaxSummaryPurpose + 32);  // of one signatory
  EXPECT_GT(written(), kMany * kReaders.size() * 96);
  EXPECT_LE(written(), kMany * kReaders.size() * most);
  const reads::Summary summary = log->summary(case_number(7));
  ASSERT_EQ(summary.rows.size(), kReaders.size());
  for (const auto& row : summary.rows) {
    EXPECT_EQ(row.looks.purposes.size(), reads::kMaxPurposes);
    EXPECT_GE(row.looks.others.times, reads::kBundle / 3 - reads::kMaxPurposes);
  }
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
        ASSERT_GE(summary.rows.empty() ? 0 : summary.rows[0].looks.purposes[0].looks.times, before);
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
  EXPECT_EQ(log->summary(case_number(1)).rows.at(0).looks.purposes.at(0).looks.times, 3'000);
}

}  // namespace
}  // namespace relais::tests
