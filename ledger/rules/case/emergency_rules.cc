// case.emergency_access_*: a look at a case beyond one's rights in immediate danger, and the
// holder's review of it. It is recorded before anything is read, and stays.
#include <algorithm>

#include "ledger/base/check.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
/// Of one account and one case: a holder that is absent for three days bars nobody in danger, and
/// one access after the other does not go on unseen. The number is ours.
constexpr std::ptrdiff_t kMaxAwaitingReview = 3;

Timestamp accepted_time(capnp::Text::Reader t) {
  const auto at = parse_rfc3339(text(t));
  check(at.has_value(), "a typed event holds a time that is not one");
  return *at;
}

Status check_until(const Judgement& j, Timestamp until) {
  const Timestamp now = j.act.received_at();
  const auto hours = j.registry().parameters[Parameter::emergency_access_hours];
  const Timestamp last{now.value + static_cast<std::int64_t>(hours) * kHourMs};
  if (until > now && until <= last) return {};
  return fail(refusal(j.act, Errc::invalid, "emergency-term",
                      until <= now ? "the access would have ended already"
                                   : "the access lasts longer than emergency-access-hours")
                  .at("data.until")
                  .accepts("after " + to_rfc3339(now) + ", at most " + to_rfc3339(last)));
}

/// An erased case has nothing to read any more: to who takes no part in it, it is not there.
Status check_there(const Judgement& j) {
  const CaseState* c = j.subject;
  if (c == nullptr || (c->phase == CasePhase::erased && !c->participants.contains(j.emitter->id)))
    return fail(stream_unknown(j));
  return check_transition(*c, j.act);
}

Status check_new_access(const Judgement& j, const Uuid& id) {
  const auto& accesses = j.subject->accesses;
  if (std::ranges::find(accesses, id, &EmergencyAccess::id) != accesses.end())
    return fail(conflict(j, "access-id-taken", "the case has an emergency access of this id")
                    .at("data.access_id")
                    .accepts("a new UUID"));
  if (!has_room(j, accesses, kMaxAccesses))
    return fail(conflict(j, "limit-accesses",
                         "a signatory has at most " + std::to_string(kMaxAccesses / 10) +
                             " emergency accesses to a case"));
  return {};
}

/// What stands against one more access of a signatory that knows the case from earlier ones.
Status check_earlier(const Judgement& j) {
  for (const EmergencyAccess& a : j.subject->accesses) {
    if (!same_account(j, a.by)) continue;
    if (a.review == schema::AccessReview::NOT_JUSTIFIED)
      return fail(refusal(j.act, Errc::forbidden, "emergency-barred",
                          "an earlier access to this case that " + j.emitter->slug +
                              ", or its union for it, answers for was found not justified")
                      .accepts("a signatory whose accesses were justified"));
    if (a.by == j.emitter->id && a.open(j.act.received_at()))
      return fail(conflict(j, "emergency-open", "the emitter reads the case already")
                      .accepts("after " + to_rfc3339(a.until)));
  }
  const auto waiting = std::ranges::count_if(j.subject->accesses, [&j](const EmergencyAccess& a) {
    return same_account(j, a.by) && !a.reviewed();
  });
  if (waiting < kMaxAwaitingReview) return {};
  return fail(conflict(j, "emergency-unreviewed",
                       "earlier accesses to this case wait for the holder's review")
                  .accepts("fewer than " + std::to_string(kMaxAwaitingReview) +
                           " accesses that wait: once the holder has reviewed one"));
}

/// Those of an attached mission locale's union and of its other missions locales count against it.
/// It has not seen these: where it knows nothing of the case, the refusal must not tell of it.
bool knows_of_it(const Judgement& j) {
  const CaseState& c = *j.subject;
  return c.participants.contains(j.emitter->id) ||
         std::ranges::find(c.accesses, j.emitter->id, &EmergencyAccess::by) != c.accesses.end();
}

/// What the statement says of itself comes before whether there is such a case: no refusal of one
/// that takes no part in it tells that there is.
Status decide_opened(const Judgement& j) {
  const auto opened = j.data().getCaseEmergencyAccessOpened();
  RELAIS_TRY(check_until(j, accepted_time(opened.getUntil())));
  RELAIS_TRY(check_there(j));
  if (j.subject->holder == j.emitter->id)
    return fail(refusal(j.act, Errc::forbidden, "emergency-by-holder",
                        "the holder of the case reads it without an emergency")
                    .accepts("a signatory that does not hold the case"));
  Status taken = check_earlier(j);
  if (taken) taken = check_new_access(j, accepted_uuid(opened.getAccessId()));
  if (!taken && !knows_of_it(j)) return fail(stream_unknown(j));
  return taken;
}

/// It makes nobody a participant: what it gives ends with it.
void evolve_opened(const Change& change) {
  const auto opened = change.data().getCaseEmergencyAccessOpened();
  const Timestamp until = accepted_time(opened.getUntil());
  change.subject->accesses.push_back({accepted_uuid(opened.getAccessId()),
                                      change.act.signatory(),
                                      opened.getReason(),
                                      change.act.received_at(),
                                      until,
                                      {},
                                      {}});
  advance(*change.subject, change.act);
}

Status decide_reviewed(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const Uuid id = accepted_uuid(j.data().getCaseEmergencyAccessReviewed().getAccessId());
  const auto& accesses = j.subject->accesses;
  const auto access = std::ranges::find(accesses, id, &EmergencyAccess::id);
  if (access == accesses.end())
    return fail(refusal(j.act, Errc::not_found, "access-unknown",
                        "the case has no emergency access of this id")
                    .at("data.access_id"));
  if (access->by == j.emitter->id)
    return fail(
        refusal(j.act, Errc::forbidden, "access-own", "nobody judges its own emergency access")
            .at("data.access_id")
            .accepts("another signatory's access, or another holder of the case"));
  if (!access->reviewed()) return {};
  return fail(conflict(j, "access-reviewed", "the access was reviewed already")
                  .at("data.access_id")
                  .accepts("an access that waits for its review"));
}

void evolve_reviewed(const Change& change) {
  const auto reviewed = change.data().getCaseEmergencyAccessReviewed();
  auto& accesses = change.subject->accesses;
  const auto access =
      std::ranges::find(accesses, accepted_uuid(reviewed.getAccessId()), &EmergencyAccess::id);
  check(access != accesses.end(), "an accepted event is about an unknown access");
  change.ref = static_cast<std::uint32_t>(access - accesses.begin());
  access->review = reviewed.getOutcome();
  access->reviewed_at = change.act.received_at();
  advance(*change.subject, change.act);
}

// --- case.annulled

/// A review that was wrong is made anew, by whoever holds the case now: never by who had the
/// access.
bool for_another_to_judge(const CaseState& c, const ActMark& target) {
  return c.accesses.at(target.ref).by != c.holder;
}

void take_back_review(const Change& change, const ActMark& target) {
  EmergencyAccess& access = change.subject->accesses.at(target.ref);
  access.review = {};
  access.reviewed_at = {};
}

constexpr Annulment kReviewAnnulled{for_another_to_judge, take_back_review,
                                    "an access of a signatory that does not hold the case"};

}  // namespace

std::span<const Rule> emergency_rules() {
  // A full case takes them, in danger: each signatory has a tenth of kMaxAccesses.
  static constexpr Rule kRules[] = {
      {"case.emergency_access_opened",
       decide_opened,
       evolve_opened,
       {only_by("case.emergency_access_reviewed by the holder"), kTakenWhenFull, RefTo::nothing,
        Touches::file}},
      {"case.emergency_access_reviewed",
       decide_reviewed,
       evolve_reviewed,
       {kReviewAnnulled, kTakenWhenFull, RefTo::access, Touches::file}},
  };
  return kRules;
}

}  // namespace relais::rules
