// The questions that go to a whole ledger: the state as of a size, and the audit.
#include <gmock/gmock.h>

#include <algorithm>

#include "ledger/base/archive.h"
#include "tests/unit/projections/ledger_support.h"

namespace relais::tests {
namespace {

using projections::audit;
using projections::AuditFilter;
using testing::ElementsAre;
using testing::IsEmpty;

bool everyone(LogIndex, schema::Event::Reader) {
  return true;
}

TEST(AsOf, IsTheStateRecordedAtThatTime) {
  TwinLedger twin;
  // By size of the log: the bytes of each case then; empty where it did not exist.
  std::vector<std::vector<std::string>> recorded;
  const auto record = [&] {
    std::vector<std::string> cases;
    for (std::uint64_t n = 1; n <= 3; ++n) {
      const rules::CaseState* c = twin.scene.find(n);
      cases.push_back(c == nullptr ? std::string() : encode(*c));
    }
    recorded.resize(twin.scene.log.size());
    recorded.push_back(std::move(cases));
  };
  record();
  const std::uint64_t first = twin.scene.log.size();
  for (std::uint64_t seed = 0; twin.scene.log.size() < 70; ++seed) {
    const std::size_t before = twin.scene.log.size();
    walk(twin, 1000 + seed, 1, 3);
    if (twin.scene.log.size() > before) record();
  }
  for (std::uint64_t size = first; size < recorded.size(); ++size) {
    for (std::uint64_t n = 1; n <= 3; ++n) {
      const auto state = projections::case_as_of(*twin.ledger, id_of(n), TreeSize{size});
      ASSERT_TRUE(state.has_value()) << to_string(state.error());
      EXPECT_EQ(*state ? encode(**state) : std::string(), recorded[size][n - 1])
          << "case " << n << " as of " << size;
    }
  }
  const auto beyond = projections::case_as_of(*twin.ledger, id_of(1), TreeSize{1'000'000});
  ASSERT_TRUE(beyond.has_value());
  EXPECT_EQ(*beyond ? encode(**beyond) : std::string(), recorded.back()[0]);
  EXPECT_FALSE(recorded.back()[0].empty()) << "the walk opens case 1";
}

TEST(Records, OfALedgerAreThoseOfAFoldInMemory) {
  TwinLedger twin;
  walk(twin, 11, 600, 8);
  ASSERT_GT(twin.scene.log.size(), 100U) << "the walk does something";
  std::vector<std::string> events;
  ASSERT_TRUE(twin.ledger->scan_events(LogIndex{0}, [&](LogIndex, std::string_view bytes) {
    events.emplace_back(bytes);
    return true;
  }));
  MemoryRecords memory;
  fold(events, memory);
  AllRecords live;
  twin.ledger->head()->records->scan({}, {}, [&](std::string_view key, std::string_view value) {
    live.emplace(key, value);
    return true;
  });
  EXPECT_EQ(live, memory.all());
}

class Audit : public testing::Test {
 protected:
  Audit() { walk(twin, 5, 400, 4); }

  /// What the audit must answer, from the events one by one.
  std::vector<std::uint64_t> expected(const AuditFilter& f) const {
    std::vector<std::uint64_t> out;
    EXPECT_TRUE(twin.ledger->scan_events(LogIndex{0}, [&](LogIndex i, std::string_view bytes) {
      statement::EventView view;
      EXPECT_TRUE(view.load(bytes));
      const auto event = view.get();
      const auto ordinal = statement::type_of(event).ordinal;
      if (i.value >= f.from && i.value < f.until &&
          (!f.signatory || f.signatory->value == event.getSignatory()) &&
          (!f.stream || *f.stream == statement::stream_of(event)) &&
          (f.types.empty() || std::ranges::find(f.types, ordinal) != f.types.end()))
        out.push_back(i.value);
      return true;
    }));
    if (f.newest_first) std::ranges::reverse(out);
    return out;
  }
  /// What it answers, page by page.
  std::vector<std::uint64_t> answered(AuditFilter f, std::size_t limit) const {
    std::vector<std::uint64_t> out;
    const auto head = twin.ledger->head();
    const auto all = all_pages<projections::AuditItem>([&](const std::string& cursor) {
      if (!cursor.empty()) (f.newest_first ? f.until : f.from) = std::stoull(cursor);
      auto page = audit(*twin.ledger, *head, f, limit, everyone);
      EXPECT_TRUE(page.has_value());
      if (!page) return projections::Page<projections::AuditItem>{};
      EXPECT_LE(page->items.size(), limit);
      return projections::Page<projections::AuditItem>(std::move(*page));
    });
    for (const projections::AuditItem& item : all) out.push_back(item.index.value);
    return out;
  }
  std::uint64_t size() const { return twin.ledger->head()->size().value; }

  TwinLedger twin;
};

std::uint16_t ordinal(std::string_view name) {
  return statement::catalogue().find("relais." + std::string(name) + ".v1")->ordinal;
}

std::vector<LogIndex> indices(const projections::Page<projections::AuditItem>& page) {
  std::vector<LogIndex> out;
  for (const projections::AuditItem& item : page.items) out.push_back(item.index);
  return out;
}

TEST_F(Audit, AnswersEveryCombinationOfFilters) {
  std::size_t found = 0;
  const std::vector<std::vector<std::uint16_t>> type_sets = {
      {},
      {ordinal("case.risk_assessed")},
      {ordinal("referral.requested"), ordinal("case.detected"), ordinal("convention.signed"),
       ordinal("case.detected")}};
  const std::vector<std::optional<statement::StreamId>> streams = {
      {},
      *statement::parse_subject(case_subject(1)),
      *statement::parse_subject(Scene::convention_subject()),
      *statement::parse_subject(case_subject(9))};
  const std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges = {
      {0, ~std::uint64_t{0}}, {4, size() - 5}, {9, 9}, {size(), size() + 9}, {12, 3}};
  for (const std::optional<SignatoryId> signatory :
       {std::optional<SignatoryId>(), std::optional(kMl1), std::optional(SignatoryId{99})}) {
    for (const auto& types : type_sets) {
      for (const auto& stream : streams) {
        for (const auto& [from, until] : ranges) {
          for (const bool newest_first : {false, true}) {
            const AuditFilter f{signatory, types, stream, from, until, newest_first};
            const auto wanted = expected(f);
            found += wanted.size();
            ASSERT_EQ(answered(f, 7), wanted)
                << "signatory " << signatory.has_value() << ", types " << types.size()
                << ", stream " << stream.has_value() << ", from " << from << " until " << until
                << (newest_first ? ", newest first" : "");
          }
        }
      }
    }
  }
  EXPECT_GT(found, 500U);
}

TEST_F(Audit, ShowsOnlyWhatIsVisible) {
  const auto head = twin.ledger->head();
  const auto even = [](LogIndex i, schema::Event::Reader) { return i.value % 2 == 0; };
  const auto page = audit(*twin.ledger, *head, {.until = 9}, 50, even);
  ASSERT_TRUE(page.has_value());
  EXPECT_THAT(indices(*page),
              ElementsAre(LogIndex{0}, LogIndex{2}, LogIndex{4}, LogIndex{6}, LogIndex{8}));
  EXPECT_TRUE(page->next.empty());
}

TEST_F(Audit, SaysWhereToGoOn) {
  const auto head = twin.ledger->head();
  const auto up = audit(*twin.ledger, *head, {.from = 3}, 2, everyone);
  ASSERT_TRUE(up.has_value());
  EXPECT_THAT(indices(*up), ElementsAre(LogIndex{3}, LogIndex{4}));
  EXPECT_EQ(up->next, "5");
  const auto down = audit(*twin.ledger, *head, {.until = 8, .newest_first = true}, 2, everyone);
  ASSERT_TRUE(down.has_value());
  EXPECT_THAT(indices(*down), ElementsAre(LogIndex{7}, LogIndex{6}));
  EXPECT_EQ(down->next, "6");
}

TEST_F(Audit, TellsNothingOfWhatStandsBehindTheLastItem) {
  const auto head = twin.ledger->head();
  const auto seen = [](LogIndex i, schema::Event::Reader) { return i.value == 3 || i.value == 9; };
  const auto more = audit(*twin.ledger, *head, {.from = 3}, 1, seen);
  ASSERT_TRUE(more.has_value());
  EXPECT_THAT(indices(*more), ElementsAre(LogIndex{3}));
  EXPECT_EQ(more->next, "4") << "neither 9, the next that is seen, nor one that is hidden";
  const auto end = audit(*twin.ledger, *head, {.from = 9}, 1, seen);
  ASSERT_TRUE(end.has_value());
  EXPECT_THAT(indices(*end), ElementsAre(LogIndex{9}));
  EXPECT_EQ(end->next, "") << "what is hidden is no reason to go on";
}

TEST_F(Audit, LooksAtABoundedNumberOfCandidates) {
  const auto head = twin.ledger->head();
  int asked = 0;
  const auto nobody = [&](LogIndex, schema::Event::Reader) {
    ++asked;
    return false;
  };
  const auto page = audit(*twin.ledger, *head, {.from = 4}, 50, nobody, 3);
  ASSERT_TRUE(page.has_value());
  EXPECT_THAT(indices(*page), IsEmpty());
  EXPECT_EQ(page->next, "7");
  EXPECT_EQ(asked, 3);
}

TEST_F(Audit, ReadsRowsAndWhatIsBehindThem) {
  twin.act("ml2", "case.detected", case_subject(20),
           data(R"({"channel":"interview","territory":"69123","risk":"low","age_band":"18_21"})"));
  for (int i = 0; i < 600; ++i)
    ASSERT_TRUE(twin.act("ml2", "case.risk_assessed", case_subject(20),
                         data(R"({"risk":"high","grid_version":"1"})")));
  for (const bool newest_first : {false, true}) {
    const AuditFilter by_signatory{.signatory = kMl2, .newest_first = newest_first};
    EXPECT_GT(expected(by_signatory).size(), 600U);
    const AuditFilter by_type{.types = {ordinal("case.risk_assessed"), ordinal("case.detected")},
                              .newest_first = newest_first};
    for (const std::size_t limit : {31U, 500U}) {
      EXPECT_EQ(answered(by_signatory, limit), expected(by_signatory));
      EXPECT_EQ(answered(by_type, limit), expected(by_type));
    }
    for (const auto& [from, until] : {std::pair(250U, 263U), {255U, 257U}, {300U, 520U}}) {
      AuditFilter within = by_signatory;
      within.from = from;
      within.until = until;
      EXPECT_EQ(answered(within, 5), expected(within)) << from << " to " << until;
    }
  }
}

TEST_F(Audit, NeverGoesPastTheHeadItIsGiven) {
  const auto head = twin.ledger->head();
  const std::uint64_t before = head->size().value;
  ASSERT_TRUE(twin.act("ml1", "case.detected", case_subject(77),
                       data(R"({"channel":"interview","territory":"69123","risk":"low",
                                "age_band":"18_21"})")));
  for (const AuditFilter& f :
       {AuditFilter{.from = before}, AuditFilter{.signatory = kMl1, .from = before},
        AuditFilter{.types = {ordinal("case.detected")}, .from = before},
        AuditFilter{.stream = *statement::parse_subject(case_subject(77))}}) {
    const auto page = audit(*twin.ledger, *head, f, 50, everyone);
    ASSERT_TRUE(page.has_value());
    EXPECT_THAT(indices(*page), IsEmpty());
    const auto now = audit(*twin.ledger, *twin.ledger->head(), f, 50, everyone);
    ASSERT_TRUE(now.has_value());
    EXPECT_THAT(indices(*now), ElementsAre(LogIndex{before}));
  }
}

}  // namespace
}  // namespace relais::tests
