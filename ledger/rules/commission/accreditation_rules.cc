// accreditation.*: the agrément of an association that supports parcours de sortie (CASF R121-12-1
// to R121-12-5), on the association's own stream. An association that founds the convention asks
// for it like any other.
#include <utility>

#include "ledger/base/check.h"
#include "ledger/rules/commission/decisions.h"
#include "ledger/rules/law.h"
#include "ledger/rules/rule_set.h"
#include "ledger/rules/time/deadlines.h"

namespace relais::rules {
namespace {

constexpr std::string_view kLaw = law::kAccreditation.article;

/// Last day of validity: the day before the same date three years later.
Day valid_until(Day granted_on) {
  return add_days(add_months(granted_on, law::kAccreditation.months()), -1);
}

/// Whose stream it is: an association. What time ends, it ends for one that has left, too, or that
/// has come back as something else.
Result<const Signatory*> association(const Judgement& j, bool active_only = true) {
  const Signatory* s = j.registry().find_slug(j.act.stream.name);
  if (s != nullptr && (!active_only || (s->active && s->role_set().has(schema::Role::AA))))
    return s;
  return fail(refusal(j.act, Errc::invalid, "accreditation-not-association",
                      "only an association that is a signatory can be accredited")
                  .at("subject")
                  .accepts("signatory/ and the slug of an association")
                  .from("CASF R121-12-1"));
}

const SignatoryState& state_of(const Judgement& j, const Signatory& s) {
  static const SignatoryState kNew;
  const SignatoryState* state = j.world.find_signatory(s.id);
  return state == nullptr ? kNew : *state;
}

Error accreditation_conflict(const Judgement& j, const Accreditation& a, std::string rule,
                             std::string message) {
  return refusal(j.act, Errc::conflict, std::move(rule), std::move(message))
      .in_state(std::string(to_string(a.phase)));
}

/// The request that is under way: a renewal beside the accreditation that runs, or the first.
Accreditation pending_of(const SignatoryState& s) {
  return s.renewal ? *s.renewal : s.accreditation;
}
Accreditation& pending_of(SignatoryState& s) {
  return s.renewal ? *s.renewal : s.accreditation;
}

/// The request of the stream that is under way, where the tables draw this event for it.
Result<Accreditation> check_pending(const Judgement& j) {
  RELAIS_ASSIGN(const Signatory* s, association(j));
  const Accreditation a = pending_of(state_of(j, *s));
  RELAIS_TRY(check_transition(a, j.act));
  return a;
}

/// What the clock signs: that `last` has passed, on the day that it says.
Status check_clock(const Judgement& j, const Accreditation& a, Day last, Day said,
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

SignatoryState& changed(const Change& change) {
  const Signatory* s = change.world.registry().find_slug(change.act.stream.name);
  check(s != nullptr, "an accepted event is on the stream of an unknown signatory");
  return change.world.mutable_signatory(s->id);
}

/// A renewal runs on from where the accreditation ends that it renews.
void grant(const Change& change, Day granted_on) {
  SignatoryState& s = changed(change);
  Accreditation a = pending_of(s);
  advance(a, change.act);
  const Accreditation& running = s.accreditation;
  const bool follows = s.renewal && running.granted() && running.expires_on >= granted_on.value;
  a.granted_on = granted_on.value;
  a.expires_on = valid_until(follows ? add_days(Day{running.expires_on}, 1) : granted_on).value;
  s.accreditation = a;
  s.renewal.reset();
}

/// While an accreditation runs, a request is for the one that follows it.
Status decide_requested(const Judgement& j) {
  RELAIS_ASSIGN(const Signatory* s, association(j));
  const SignatoryState& state = state_of(j, *s);
  if (!state.accreditation.granted()) return check_transition(state.accreditation, j.act);
  RELAIS_TRY(check_transition(state.renewal.value_or(Accreditation{}), j.act));
  const auto days =
      static_cast<int>(j.registry().parameters[Parameter::accreditation_renewal_days]);
  const Day from = add_days(Day{state.accreditation.expires_on}, -days);
  if (today(j) >= from) return {};
  return fail(accreditation_conflict(j, state.accreditation, "renewal-too-early",
                                     "the agrément runs until the end of " +
                                         to_date(Day{state.accreditation.expires_on}))
                  .accepts(to_date(from) + " or later")
                  .from("Ours: accreditation-renewal-days of the convention"));
}

void evolve_requested(const Change& change) {
  SignatoryState& s = changed(change);
  if (s.accreditation.granted()) s.renewal.emplace();
  Accreditation& a = pending_of(s);
  advance(a, change.act);
  a = Accreditation{a.phase, today(change).value, 0, 0, 0};
}

/// What the préfecture says of a file that silence has made complete comes too late, whether or not
/// the clock has signed it yet.
Status check_before_deemed(const Judgement& j, const Accreditation& a, Day said,
                           std::string_view field) {
  const Day last = completeness_ends(a);
  if (a.phase != AccreditationPhase::requested || said <= last) return {};
  return fail(accreditation_conflict(j, a, "accreditation-deemed-complete",
                                     "no document was asked for until the end of " + to_date(last))
                  .at(std::string(field))
                  .accepts(to_date(last) + " or earlier")
                  .from(std::string(kLaw)));
}

Status decide_documents_requested(const Judgement& j) {
  RELAIS_ASSIGN(const Accreditation a, check_pending(j));
  const auto requested = j.data().getAccreditationDocumentsRequested();
  if (requested.getDocuments().size() == 0)
    return fail(refusal(j.act, Errc::invalid, "documents-missing", "no document is asked for")
                    .at("data.documents")
                    .accepts("one document or more"));
  const Day notified_on = accepted_date(requested.getNotifiedOn());
  RELAIS_TRY(not_in_future(j, notified_on, "data.notified_on"));
  RELAIS_TRY(not_before(j, notified_on, Day{a.filed_on}, "data.notified_on", "the file came"));
  return check_before_deemed(j, a, notified_on, "data.notified_on");
}

Status decide_pending(const Judgement& j) {
  RELAIS_TRY(check_pending(j));
  return {};
}

void evolve_pending(const Change& change) {
  advance(pending_of(changed(change)), change.act);
}

void evolve_documents_supplied(const Change& change) {
  Accreditation& a = pending_of(changed(change));
  advance(a, change.act);
  a.filed_on = today(change).value;
}

Status decide_deemed_complete(const Judgement& j) {
  RELAIS_ASSIGN(const Accreditation a, check_pending(j));
  return check_clock(j, a, completeness_ends(a),
                     accepted_date(j.data().getAccreditationDeemedComplete().getCompleteOn()),
                     "data.complete_on");
}

Status decide_completed(const Judgement& j) {
  RELAIS_ASSIGN(const Accreditation a, check_pending(j));
  const Day complete_on = accepted_date(j.data().getAccreditationCompleted().getCompleteOn());
  RELAIS_TRY(not_in_future(j, complete_on, "data.complete_on"));
  return check_before_deemed(j, a, complete_on, "data.complete_on");
}

void complete(const Change& change, capnp::Text::Reader complete_on) {
  Accreditation& a = pending_of(changed(change));
  advance(a, change.act);
  a.complete_on = accepted_date(complete_on).value;
}

void evolve_deemed_complete(const Change& change) {
  complete(change, change.data().getAccreditationDeemedComplete().getCompleteOn());
}

void evolve_completed(const Change& change) {
  complete(change, change.data().getAccreditationCompleted().getCompleteOn());
}

Status decide_granted(const Judgement& j) {
  RELAIS_ASSIGN(const Accreditation a, check_pending(j));
  const Day granted_on = accepted_date(j.data().getAccreditationGranted().getGrantedOn());
  RELAIS_TRY(not_in_future(j, granted_on, "data.granted_on"));
  RELAIS_TRY(
      not_before(j, granted_on, Day{a.complete_on}, "data.granted_on", "the file was complete"));
  if (valid_until(granted_on) >= today(j)) return {};
  return fail(
      accreditation_conflict(j, a, "accreditation-over", "what was granted then has ended since")
          .at("data.granted_on")
          .accepts("a day less than " + law::kAccreditation.words() + " ago")
          .from(std::string(kLaw)));
}

void evolve_granted(const Change& change) {
  grant(change, accepted_date(change.data().getAccreditationGranted().getGrantedOn()));
}

Status decide_tacitly_granted(const Judgement& j) {
  RELAIS_ASSIGN(const Accreditation a, check_pending(j));
  return check_clock(j, a, silence_ends(a),
                     accepted_date(j.data().getAccreditationTacitlyGranted().getGrantedOn()),
                     "data.granted_on");
}

void evolve_tacitly_granted(const Change& change) {
  grant(change, accepted_date(change.data().getAccreditationTacitlyGranted().getGrantedOn()));
}

Status decide_refused(const Judgement& j) {
  RELAIS_ASSIGN(const Accreditation a, check_pending(j));
  const auto refused = j.data().getAccreditationRefused();
  RELAIS_TRY(check_reasons(j, refused.getReasons()));
  RELAIS_TRY(check_appeal_route(j, refused.getAppealRoute()));
  const Day notified_on = accepted_date(refused.getNotifiedOn());
  RELAIS_TRY(not_in_future(j, notified_on, "data.notified_on"));
  RELAIS_TRY(not_before(j, notified_on, Day{a.filed_on}, "data.notified_on", "the file came"));
  // What silence has granted, a late refusal does not take back, whether or not the clock has
  // signed it yet.
  if (a.phase != AccreditationPhase::incomplete && notified_on > silence_ends(a))
    return fail(accreditation_conflict(j, a, "accreditation-granted-by-silence",
                                       "the silence kept until the end of " +
                                           to_date(silence_ends(a)) + " has granted it")
                    .at("data.notified_on")
                    .accepts(to_date(silence_ends(a)) + " or earlier")
                    .from(std::string(kLaw)));
  return {};
}

/// A renewal that is refused leaves the accreditation that runs to its end.
void evolve_refused(const Change& change) {
  SignatoryState& s = changed(change);
  advance(pending_of(s), change.act);
  s.renewal.reset();
}

Status decide_expired(const Judgement& j) {
  RELAIS_ASSIGN(const Signatory* s, association(j, false));
  const Accreditation a = state_of(j, *s).accreditation;
  RELAIS_TRY(check_transition(a, j.act));
  return check_clock(j, a, Day{a.expires_on},
                     accepted_date(j.data().getAccreditationExpired().getExpiredOn()),
                     "data.expired_on");
}

/// A renewal that is still pending is then a request like the first.
void evolve_expired(const Change& change) {
  SignatoryState& s = changed(change);
  advance(s.accreditation, change.act);
  if (s.renewal) s.accreditation = *std::exchange(s.renewal, std::nullopt);
}

}  // namespace

std::span<const Rule> accreditation_rules() {
  static constexpr Rule kRules[] = {
      {"accreditation.requested", decide_requested, evolve_requested},
      {"accreditation.documents_requested", decide_documents_requested, evolve_pending},
      {"accreditation.documents_supplied", decide_pending, evolve_documents_supplied},
      {"accreditation.deemed_complete", decide_deemed_complete, evolve_deemed_complete},
      {"accreditation.completed", decide_completed, evolve_completed},
      {"accreditation.granted", decide_granted, evolve_granted},
      {"accreditation.tacitly_granted", decide_tacitly_granted, evolve_tacitly_granted},
      {"accreditation.refused", decide_refused, evolve_refused},
      {"accreditation.expired", decide_expired, evolve_expired},
  };
  return kRules;
}

}  // namespace relais::rules
