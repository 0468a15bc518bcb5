// The parcours de sortie of a made-up adult: application, session, opinion, decision, terms, end.
// Rates are ours: none is published.
#include <algorithm>

#include "ledger/base/json.h"
#include "ledger/rules/calendar.h"
#include "ledger/rules/law.h"
#include "replay/workload/case_life.h"
#include "replay/workload/plan_words.h"

namespace relais::replay {
namespace {

constexpr int kTermMonths = rules::law::kPspTerm.months();
constexpr int kMaxTerms = rules::law::kPspTotal.months() / kTermMonths;

constexpr double kRecused = 0.1;
constexpr double kAdjourned = 0.05;
constexpr double kFavourable = 0.85;
constexpr double kFollowed = 0.95;  // the préfet follows the opinion
constexpr double kAppeals = 0.25;
constexpr double kReplaced = 0.2;
constexpr double kAllowance = 0.75;
constexpr double kPermit = 0.5;
constexpr double kPermitIssued = 0.8;
constexpr double kSuspended = 0.08;
constexpr double kEarlyEnd = 0.07;  // in each term
constexpr double kAsksAnew = 0.85;
constexpr double kRenewed = 0.93;
/// Less than what makes a case dormant, in office hours.
constexpr double kLongestRest = 100 * kDay;

bool contains(const std::vector<std::size_t>& all, std::size_t one) {
  return std::ranges::find(all, one) != all.end();
}

json::object refusal(std::string_view kind, const std::string& day) {
  return {{"decision", kind},
          {"reasons", "motifs de fait et de droit (exemple)"},
          {"appeal_route", "contentious"},
          {"notified_on", day}};
}

}  // namespace

bool CaseLife::may_apply() const {
  return setting_.clock && !minor_ && !unanswered_ && !setting_.prefecture.empty() &&
         contains(setting_.associations, holder_);
}

void CaseLife::parcours() {
  give_consent("psp");
  // Three days of room before the agrément ends: the application follows within them.
  if (!accredited_on(setting_, today()) || !accredited_on(setting_, rules::add_days(today(), 14)))
    return;
  act(holder_, "psp.applied", 12, {{"dossier_hash", kHash}, {"identity", "identité (exemple)"}});
  if (over_) return;
  if (!opined(session_after(setting_, hours_))) return;
  if (over_) return;
  run_terms();
}

/// Whether the parcours is authorised in the end.
bool CaseLife::opined(std::uint64_t session) {
  const std::size_t prefecture = setting_.prefecture.front();
  std::uint64_t voters = setting_.commission.size() - 1;  // the presenter has no vote
  const double held = session_hours(setting_, session);
  if (dice_.chance(kRecused) && voters > 1) {
    std::size_t member = holder_;
    while (member == holder_) member = pick(setting_.commission);
    wait_until(held - 2);
    act(member, "member.recused", 0,
        {{"case_id", plan_.subject.substr(5)}, {"ground", "knows_person"}},
        "session/" + session_name(session));
    --voters;
  }
  wait_until(held + 0.1);
  const auto few = static_cast<std::uint64_t>(dice_.below((voters + 1) / 2));
  json::object data{{"session", session_name(session)}};
  const auto tally = [&](std::string_view opinion, std::uint64_t for_it, std::uint64_t against) {
    data["opinion"] = opinion;
    data["in_favour"] = for_it;
    data["against"] = against;
    data["abstained"] = voters - for_it - against;
  };
  const bool adjourned = dice_.chance(kAdjourned);
  const bool favourable = dice_.chance(kFavourable);
  if (adjourned)
    tally("adjourned", 0, 0);
  else if (favourable)
    tally(dice_.chance(0.8) ? "favourable" : "reserved", voters - few, few);
  else
    tally("unfavourable", few, voters - few);
  act(prefecture, "psp.opinion_given", 3, data);
  if (over_) return false;
  return adjourned ? opined(session + 1) : decided(favourable);
}

bool CaseLife::decided(bool favourable) {
  const std::size_t prefecture = setting_.prefecture.front();
  const bool authorised = favourable == dice_.chance(kFollowed);
  hours_ += dice_.pause(6 * kDay);
  if (authorised) {
    act(prefecture, "psp.decided", 0, {{"decision", "authorised"}, {"notified_on", day()}});
    return !over_;
  }
  act(prefecture, "psp.decided", 0, refusal("refused", day()));
  if (over_ || !dice_.chance(kAppeals)) return false;
  hours_ += dice_.pause(7 * kDay);  // within two months of the notification
  act(holder_, "psp.appeal_filed", 0, {{"route", "contentious"}, {"filed_on", day()}});
  hours_ += std::min(dice_.pause(40 * kDay), kLongestRest);
  const bool replaced = dice_.chance(kReplaced);
  act(holder_, "psp.appeal_judged", 0,
      {{"outcome", replaced ? "decision_replaced" : "rejected"}, {"judged_on", day()}});
  return replaced && !over_;
}

void CaseLife::run_terms() {
  hours_ += dice_.pause(3 * kDay);
  const Day started = today();
  act(holder_, "psp.started", 0, {{"starts_on", to_date(started)}});
  if (over_) return;
  rights();
  if (dice_.chance(kSuspended)) {
    act(holder_, "psp.suspended", 10 * kDay, {{"reason", "health"}});
    act(holder_, "psp.resumed", 8 * kDay, {{"note", "reprise (exemple)"}});
  }
  for (int number = 1; !over_ && term(number, started);) ++number;
}

void CaseLife::rights() {
  if (dice_.chance(kAllowance)) {
    hours_ += dice_.pause(4 * kDay);
    act(holder_, "afis.opened", 0, {{"opened_on", day()}});
    afis_ = true;
  }
  if (!dice_.chance(kPermit)) return;
  hours_ += dice_.pause(4 * kDay);
  act(holder_, "residence_permit.requested", 0,
      {{"requested_on", day()},
       {"cessation_attested", true},
       {"cessation", "attestation (exemple)"}});
  hours_ += dice_.pause(8 * kDay);
  const std::size_t prefecture = setting_.prefecture.front();
  if (dice_.chance(kPermitIssued))
    act(prefecture, "residence_permit.issued", 0,
        {{"issued_on", day()}, {"valid_until", day(200)}});
  else
    act(prefecture, "residence_permit.refused", 0,
        {{"reason", "conditions_not_met"},
         {"reasons", "motifs de fait et de droit (exemple)"},
         {"appeal_route", "contentious"},
         {"notified_on", day()}});
}

/// One term of six months. Whether another follows.
bool CaseLife::term(int number, Day started) {
  static constexpr std::string_view kEnds[] = {"employment", "training", "housing", "abandoned"};
  const Day last = rules::add_days(rules::add_months(started, kTermMonths * number), -1);
  steps(holder_, 1 + dice_.below(4));
  if (dice_.chance(kEarlyEnd)) {
    hours_ += dice_.pause(2 * kDay);
    if (today() > last) return term_over();
    return end_parcours(one_of(dice_, kEnds));
  }
  wait_for(rules::add_days(last, -50 + static_cast<int>(dice_.below(20))));
  hours_ += dice_.pause(5);
  if (today() > last) return term_over();
  act(holder_, "psp.review_filed", 0, {{"progress", "bilan (exemple)"}});
  hours_ += dice_.pause(8);
  if (number == kMaxTerms || !dice_.chance(kAsksAnew) || today() > last) {
    wait_for(rules::add_days(last, 1 + static_cast<int>(dice_.below(10))));
    return term_over();
  }
  act(holder_, "psp.renewal_requested", 0, {{"progress", "bilan et projet (exemple)"}});
  hours_ += dice_.pause(6 * kDay);
  const std::size_t prefecture = setting_.prefecture.front();
  if (dice_.chance(kRenewed)) {
    act(prefecture, "psp.renewal_decided", 0, {{"decision", "renewed"}, {"notified_on", day()}});
    return true;
  }
  act(prefecture, "psp.renewal_decided", 0, refusal("refused", day()));
  wait_for(rules::add_days(last, 1 + static_cast<int>(dice_.below(5))));
  return end_parcours("not_renewed");
}

bool CaseLife::end_parcours(std::string_view outcome) {
  act(holder_, "psp.ended", 0, {{"outcome", outcome}, {"ended_on", day()}});
  return ended();
}

/// The clock has written on the stream that the term is over.
bool CaseLife::term_over() {
  expired_ = true;
  return ended();
}

/// No other term follows.
bool CaseLife::ended() {
  if (afis_ && !over_) act(holder_, "afis.closed", 0, {{"closed_on", day()}});
  afis_ = false;
  psp_ended_ = true;
  return false;
}

}  // namespace relais::replay
