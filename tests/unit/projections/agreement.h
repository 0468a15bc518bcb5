// What the read models say after each event, against what the rules say. The rules are right: a
// read model that knows event types may have forgotten one, and a rebuild forgets the same.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "ledger/base/archive.h"
#include "ledger/rules/time/deadlines.h"
#include "projections/model.h"
#include "projections/read.h"

namespace relais::tests {

/// Follows a log event by event.
class Agreement {
 public:
  /// Looks at the case of each event behind it.
  void follow(const std::vector<std::string>& log) {
    statement::EventView view;
    for (std::size_t i = 0; i < log.size(); ++i) {
      ASSERT_TRUE(view.load(log[i]));
      const rules::Act act = rules::act_of(LogIndex{i}, view.get());
      model_->fold(act);
      model_->flush(records_, TreeSize{i + 1});
      if (act.stream.kind != schema::StreamKind::CASE) continue;
      const rules::CaseState* c = model_->world().find_case(act.stream.uuid);
      ASSERT_NE(c, nullptr);
      SCOPED_TRACE("entry " + std::to_string(i) + ", " + act.type->name);
      look_at(*c, act.stream);
      if (::testing::Test::HasFailure()) return;
      ++looked_;
    }
  }
  std::size_t looked() const { return looked_; }
  std::size_t ended() const { return ended_; }

 private:
  using Due = std::tuple<rules::DeadlineKind, std::int64_t, std::string>;

  void look_at(const rules::CaseState& c, const statement::StreamId& stream) {
    const rules::Registry& registry = model_->world().registry();
    EXPECT_EQ(encode(*projections::find_case(records_, c.id)), encode(c));
    for (const rules::Signatory& s : registry.signatories())
      EXPECT_EQ(projections::takes_part(records_, s.id, c.id), c.participants.contains(s.id))
          << s.slug;
    for (const rules::Referral& r : c.referrals) look_at(c, r);
    std::set<Due> due;
    for (const auto& d : rules::deadlines_of(c, registry))
      due.emplace(d.kind, d.due_at.value, d.ref);
    EXPECT_EQ(listed_deadlines(stream, registry), due);
    const bool ended = c.phase == rules::CasePhase::dismissed ||
                       c.phase == rules::CasePhase::closed || c.phase == rules::CasePhase::erased;
    if (ended) look_at_the_end(c, due);
  }

  void look_at(const rules::CaseState& c, const rules::Referral& r) {
    const auto item = projections::find_referral(records_, c.id, r.id);
    ASSERT_TRUE(item.has_value());
    EXPECT_EQ(encode(item->referral), encode(r));
    for (const auto& [who, box] :
         {std::pair{r.to, projections::Box::inbox}, std::pair{r.from, projections::Box::outbox}}) {
      EXPECT_EQ(listed(c.id, r.id, who, box, true), r.open() ? 1 : 0) << to_string(r.phase);
      EXPECT_EQ(listed(c.id, r.id, who, box, false), 1) << to_string(r.phase);
    }
  }

  /// Whatever ended it, nobody waits for anything in it.
  void look_at_the_end(const rules::CaseState& c, const std::set<Due>& due) {
    ++ended_;
    EXPECT_FALSE(c.transfer.has_value());
    EXPECT_TRUE(std::ranges::none_of(c.referrals, &rules::Referral::open));
    using rules::PspPhase;
    for (const PspPhase waits : {PspPhase::applied, PspPhase::opined, PspPhase::adjourned,
                                 PspPhase::authorised, PspPhase::renewal_due})
      EXPECT_NE(c.psp.phase, waits);
    EXPECT_TRUE(std::ranges::all_of(c.contributions, [](const rules::Contribution& contribution) {
      return contribution.delivered || contribution.lapsed;
    }));
    for (const auto& [kind, at, ref] : due)
      EXPECT_TRUE(kind == rules::DeadlineKind::retention ||
                  kind == rules::DeadlineKind::retention_warning ||
                  kind == rules::DeadlineKind::emergency_review ||
                  kind == rules::DeadlineKind::protection_follow_up)
          << rules::to_string(kind);
  }

  std::ptrdiff_t listed(const Uuid& case_id, const Uuid& id, SignatoryId who, projections::Box box,
                        bool open_only) const {
    std::ptrdiff_t found = 0;
    std::string cursor;
    do {
      const auto page =
          projections::referrals(records_, who, box, open_only, cursor, projections::kMaxPage);
      found += std::ranges::count_if(page.items, [&](const projections::ReferralItem& item) {
        return item.case_id == case_id && item.referral.id == id;
      });
      cursor = page.next;
    } while (!cursor.empty());
    return found;
  }

  std::set<Due> listed_deadlines(const statement::StreamId& stream,
                                 const rules::Registry& registry) const {
    std::set<Due> due;
    const auto collect = [&](const auto& ask) {
      std::string cursor;
      do {
        const auto page = ask(cursor);
        for (const auto& item : page.items)
          if (item.stream == stream)
            due.emplace(item.deadline.kind, item.deadline.due_at.value, item.deadline.ref);
        cursor = page.next;
      } while (!cursor.empty());
    };
    for (const rules::Signatory& s : registry.signatories())
      collect([&](const std::string& cursor) {
        return projections::deadlines(records_, s.id, {}, cursor, projections::kMaxPage);
      });
    // What the clock alone waits for is in nobody's list.
    collect([&](const std::string& cursor) {
      return projections::clock_deadlines(records_, {}, cursor, projections::kMaxPage);
    });
    return due;
  }

  MemoryRecords records_;
  std::unique_ptr<log::Model> model_ = projections::make_model(records_);
  std::size_t looked_ = 0;
  std::size_t ended_ = 0;
};

}  // namespace relais::tests
