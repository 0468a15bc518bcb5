// accreditation.*: the agrément of an association that supports parcours de sortie (CASF R121-12-1
// to R121-12-5), on the association's own stream. An association that founds the convention asks
// for it like any other.
#include "ledger/base/check.h"
#include "ledger/rules/decisions.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

// CASF R121-12-3.
constexpr int kSilenceMonths = 4;
constexpr int kValidityMonths = 36;
constexpr std::string_view kLaw = "CASF R121-12-3";

/// Last day on which the préfecture can be silent: its end grants.
Day silence_ends(const Accreditation& a) {
  return add_months(Day{a.complete_on}, kSilenceMonths);
}

/// Last day of validity: the day before the same date three years later.
Day valid_until(Day granted_on) {
  return add_days(add_months(granted_on, kValidityMonths), -1);
}

/// Whose stream it is: an association. What time ends, it ends for one that has left, too.
Result<const Signatory*> association(const Judgement& j, bool active_only = true) {
  const Signatory* s = j.registry().find_slug(j.act.stream.name);
  if (s != nullptr && (s->active || !active_only) && s->role_set().has(schema::Role::AA)) return s;
  return fail(refusal(j.act, Errc::invalid, "accreditation-not-association",
                      "only an association that is a signatory can be accredited")
                  .at("subject")
                  .accepts("signatory/ and the slug of an association")
                  .from("CASF R121-12-1"));
}

Accreditation accreditation_of(const Judgement& j, const Signatory& s) {
  const SignatoryState* state = j.world.find_signatory(s.id);
  return state == nullptr ? Accreditation{} : state->accreditation;
}

Error accreditation_conflict(const Judgement& j, const Accreditation& a, std::string rule,
                             std::string message) {
  return refusal(j.act, Errc::conflict, std::move(rule), std::move(message))
      .in_state(std::string(to_string(a.phase)));
}

/// The accreditation of the stream, where the tables draw this event for it.
Result<Accreditation> judge_move(const Judgement& j, bool active_only = true) {
  RELAIS_ASSIGN(const Signatory* s, association(j, active_only));
  const Accreditation a = accreditation_of(j, *s);
  RELAIS_TRY(drawn(a, j.act));
  return a;
}

/// What the clock signs: that `last` has passed, on the day that it says.
Status judge_clock(const Judgement& j, const Accreditation& a, Day last, Day said,
                   std::string_view field) {
  if (j.act.received_at() < end_of(last))
    return fail(accreditation_conflict(j, a, "accreditation-not-due",
                                       "the period runs until the end of " + to_date(last))
                    .accepts(to_rfc3339(end_of(last)) + " or later")
                    .from(std::string(kLaw)));
  if (said == last) return {};
  return fail(
      refusal(j.act, Errc::invalid, "accreditation-day-differs", "the period ended on another day")
          .at(std::string(field))
          .accepts(to_date(last))
          .from(std::string(kLaw)));
}

Accreditation& changed(const Change& change) {
  const Signatory* s = change.world.registry().find_slug(change.act.stream.name);
  check(s != nullptr, "an accepted event is on the stream of an unknown signatory");
  return change.world.mutable_signatory(s->id).accreditation;
}

void grant(Accreditation& a, Day granted_on) {
  a.granted_on = granted_on.value;
  a.expires_on = valid_until(granted_on).value;
}

Status decide_requested(const Judgement& j) {
  RELAIS_TRY(judge_move(j));
  return {};
}

void evolve_requested(const Change& change) {
  Accreditation& a = changed(change);
  advance(a, change.act);
  a = Accreditation{a.phase, today(change).value, 0, 0, 0};
}

Status decide_completed(const Judgement& j) {
  RELAIS_TRY(judge_move(j));
  return not_in_future(j, accepted_date(j.data().getAccreditationCompleted().getCompleteOn()),
                       "data.complete_on");
}

void evolve_completed(const Change& change) {
  Accreditation& a = changed(change);
  advance(a, change.act);
  a.complete_on = accepted_date(change.data().getAccreditationCompleted().getCompleteOn()).value;
}

Status decide_granted(const Judgement& j) {
  RELAIS_ASSIGN(const Accreditation a, judge_move(j));
  const Day granted_on = accepted_date(j.data().getAccreditationGranted().getGrantedOn());
  RELAIS_TRY(not_in_future(j, granted_on, "data.granted_on"));
  return not_before(j, granted_on, Day{a.complete_on}, "data.granted_on", "the file was complete");
}

void evolve_granted(const Change& change) {
  Accreditation& a = changed(change);
  advance(a, change.act);
  grant(a, accepted_date(change.data().getAccreditationGranted().getGrantedOn()));
}

Status decide_tacitly_granted(const Judgement& j) {
  RELAIS_ASSIGN(const Accreditation a, judge_move(j));
  return judge_clock(j, a, silence_ends(a),
                     accepted_date(j.data().getAccreditationTacitlyGranted().getGrantedOn()),
                     "data.granted_on");
}

void evolve_tacitly_granted(const Change& change) {
  Accreditation& a = changed(change);
  advance(a, change.act);
  grant(a, accepted_date(change.data().getAccreditationTacitlyGranted().getGrantedOn()));
}

Status decide_refused(const Judgement& j) {
  RELAIS_ASSIGN(const Accreditation a, judge_move(j));
  const auto refused = j.data().getAccreditationRefused();
  RELAIS_TRY(judge_refusal(j, refused.getReasons(), refused.getAppealRoute()));
  const Day notified_on = accepted_date(refused.getNotifiedOn());
  RELAIS_TRY(not_in_future(j, notified_on, "data.notified_on"));
  // What silence has granted, a late refusal does not take back, whether or not the clock has
  // signed it yet.
  if (a.phase == AccreditationPhase::complete && notified_on > silence_ends(a))
    return fail(accreditation_conflict(j, a, "accreditation-granted-by-silence",
                                       "the silence kept until the end of " +
                                           to_date(silence_ends(a)) + " has granted it")
                    .at("data.notified_on")
                    .accepts(to_date(silence_ends(a)) + " or earlier")
                    .from(std::string(kLaw)));
  return {};
}

void evolve_refused(const Change& change) {
  advance(changed(change), change.act);
}

Status decide_expired(const Judgement& j) {
  RELAIS_ASSIGN(const Accreditation a, judge_move(j, false));
  return judge_clock(j, a, Day{a.expires_on},
                     accepted_date(j.data().getAccreditationExpired().getExpiredOn()),
                     "data.expired_on");
}

void evolve_expired(const Change& change) {
  advance(changed(change), change.act);
}

}  // namespace

std::span<const Rule> accreditation_rules() {
  static constexpr Rule kRules[] = {
      {"accreditation.requested", decide_requested, evolve_requested},
      {"accreditation.completed", decide_completed, evolve_completed},
      {"accreditation.granted", decide_granted, evolve_granted},
      {"accreditation.tacitly_granted", decide_tacitly_granted, evolve_tacitly_granted},
      {"accreditation.refused", decide_refused, evolve_refused},
      {"accreditation.expired", decide_expired, evolve_expired},
  };
  return kRules;
}

}  // namespace relais::rules
