// What rights cost: point reads of the records, counted.
#include "api/reading/visibility.h"

#include "projections/read.h"
#include "tests/unit/api/fixture.h"

namespace relais::tests {
namespace {

class CountingRecords final : public RecordSource {
 public:
  using Visit = std::function<bool(std::string_view, std::string_view)>;
  explicit CountingRecords(const RecordSource& base) : base_(base) {}
  std::optional<std::string> get(std::string_view key) const override {
    ++reads;
    return base_.get(key);
  }
  void scan(std::string_view prefix, std::string_view from, const Visit& visit) const override {
    ++scans;
    base_.scan(prefix, from, visit);
  }
  void scan_back(std::string_view prefix, std::string_view from,
                 const Visit& visit) const override {
    ++scans;
    base_.scan_back(prefix, from, visit);
  }
  mutable std::size_t reads = 0, scans = 0;

 private:
  const RecordSource& base_;
};

class VisibilityCost : public ApiTest {
 protected:
  api::Reader reader(const std::string& slug) {
    const rules::Signatory* s = ledger->head()->registry->find_slug(slug);
    return {s->id, s->id, s->role_set(), nullptr};
  }
  /// Point reads for one answer with every event of the log.
  std::size_t reads_for(const std::string& slug, std::size_t& seen) {
    const auto head = ledger->head();
    const CountingRecords records(*head->records);
    const api::Reader who = reader(slug);
    api::Visibility visibility(who, records, wall.now());
    seen = 0;
    statement::EventView view;
    EXPECT_TRUE(ledger->scan_events(LogIndex{0}, [&](LogIndex, std::string_view bytes) {
      EXPECT_TRUE(view.load(bytes));
      if (visibility.sees_event(view.get())) seen += visibility.version_of(view.get()) > 0 ? 1 : 0;
      visibility.sees_receipt(view.get());
      visibility.may_open(view.get());
      return true;
    }));
    EXPECT_EQ(records.scans, 0U);
    return records.reads;
  }
};

TEST_F(VisibilityCost, AtMostOnePointReadMoreOfEachCaseOfAnAnswer) {
  const std::uint64_t size = play();  // two cases
  std::size_t seen = 0;
  // Who takes part, and the case where the reader does, however many events it has; once an answer,
  // when the last emergency access of the reader ends.
  EXPECT_EQ(reads_for("ml1", seen), 4U);
  EXPECT_EQ(seen, size - 1);
  EXPECT_EQ(reads_for("udml", seen), 3U) << "a stranger's cost no more than that";
  EXPECT_EQ(seen, size - 5);
  // Who sits on the commission is looked up among the files too, and whether the case is one.
  EXPECT_EQ(reads_for("pref", seen), 7U);
  EXPECT_EQ(reads_for("analyst", seen), 0U);
  EXPECT_EQ(seen, size);
}

TEST_F(VisibilityCost, NothingBesideTheCaseThatIsAnswered) {
  play();
  const auto head = ledger->head();
  const CountingRecords records(*head->records);
  const auto state = projections::find_case(*head->records, *parse_uuid(test_uuid(1)));
  ASSERT_TRUE(state);
  for (const char* slug : {"ml1", "aa1", "ml2", "pref", "member", "analyst"}) {
    const api::Reader who = reader(slug);
    api::Visibility visibility(who, records, wall.now());
    visibility.sees(api::Kind::state, *state);
    for (std::uint32_t v = 1; v <= state->version; ++v) visibility.sees_act(*state, v);
    visibility.as_seen(*state);
    EXPECT_EQ(records.reads, 0U) << slug;
  }
}

}  // namespace
}  // namespace relais::tests
