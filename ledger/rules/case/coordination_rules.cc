// coordination.meeting_held, plan.agreed, contribution.*: what signatories do together on a case.
#include <algorithm>

#include "ledger/base/check.h"
#include "ledger/rules/case/annulment.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

/// Whether all that are named are active signatories which take part in the case: what is said of a
/// case stays among them (RGPD art. 5(1)(f)).
Status check_participants(const Judgement& j, capnp::List<capnp::Text>::Reader slugs,
                          std::string_view rule, const std::string& field) {
  for (const capnp::Text::Reader slug : slugs) {
    RELAIS_ASSIGN(const Signatory* s, known_signatory(j, text(slug), field));
    if (j.subject->participants.contains(s->id)) continue;
    return fail(refusal(j.act, Errc::invalid, std::string(rule),
                        s->slug + " does not take part in the case")
                    .at(field)
                    .accepts("signatories that have acted in the case or were addressed in it")
                    .from("RGPD art. 5(1)(f)"));
  }
  return {};
}

Status decide_meeting_held(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const auto held = j.data().getCoordinationMeetingHeld();
  RELAIS_TRY(not_in_future(j, accepted_date(held.getHeldOn()), "data.held_on"));
  RELAIS_TRY(
      check_participants(j, held.getAttending(), "attendee-not-participant", "data.attending"));
  // The emitter counts as there whether or not it names itself.
  for (const capnp::Text::Reader slug : held.getAttending())
    if (text(slug) != j.emitter->slug) return {};
  return fail(refusal(j.act, Errc::invalid, "meeting-alone",
                      "signatories meet each other: nobody else attended")
                  .at("data.attending")
                  .accepts("at least one signatory beside " + j.emitter->slug));
}

Status decide_plan_agreed(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const auto agreed = j.data().getPlanAgreed();
  if (agreed.getNeeds().size() == 0 || agreed.getSignatories().size() == 0)
    return fail(refusal(j.act, Errc::invalid, "plan-empty",
                        "a plan says for which needs of the person who does something")
                    .at(agreed.getNeeds().size() == 0 ? "data.needs" : "data.signatories")
                    .accepts("one or more"));
  return check_participants(j, agreed.getSignatories(), "plan-signatory-not-participant",
                            "data.signatories");
}

void evolve_by_transition(const Change& change) {
  advance(*change.subject, change.act);
}

template <class Contributions>
auto find_contribution(Contributions& contributions, const Uuid& id) {
  return std::ranges::find(contributions, id, &Contribution::id);
}

/// Who has nothing to do with the case any more adds nothing to it, nor does who is only asked: it
/// answers first.
Status check_part(const Judgement& j) {
  if (has_a_part(*j.subject, *j.emitter)) return {};
  return fail(refusal(j.act, Errc::forbidden, "part-ended",
                      "what " + j.emitter->slug +
                          " had to do with the case has come to its end, or has not begun")
                  .accepts("the holder, who has accepted a referral that is open, and the parties "
                           "to the parcours")
                  .in_state(std::string(to_string(j.subject->phase))));
}

Status decide_committed(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  RELAIS_TRY(check_part(j));
  const auto& contributions = j.subject->contributions;
  const auto committed = j.data().getContributionCommitted();
  if (find_contribution(contributions, accepted_uuid(committed.getContributionId())) !=
      contributions.end())
    return fail(conflict(j, "contribution-id-taken", "the case has a contribution of this id")
                    .at("data.contribution_id")
                    .accepts("a new UUID"));
  if (has_room(j, contributions, kMaxContributions)) return {};
  return fail(conflict(j, "limit-contributions",
                       "a case has at most " + std::to_string(kMaxContributions) +
                           " contributions, of one signatory a tenth"));
}

void evolve_committed(const Change& change) {
  const auto committed = change.data().getContributionCommitted();
  auto& contributions = change.subject->contributions;
  change.ref = static_cast<std::uint32_t>(contributions.size());
  Contribution c{accepted_uuid(committed.getContributionId()), change.act.signatory(),
                 committed.getKind()};
  if (committed.hasDueOn()) c.due_on = accepted_date(committed.getDueOn()).value;
  contributions.push_back(c);
  advance(*change.subject, change.act);
}

Status decide_delivered(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const auto& contributions = j.subject->contributions;
  const auto c = find_contribution(
      contributions, accepted_uuid(j.data().getContributionDelivered().getContributionId()));
  if (c == contributions.end())
    return fail(refusal(j.act, Errc::not_found, "contribution-unknown",
                        "the case has no contribution of this id")
                    .at("data.contribution_id")
                    .accepts("the id of a contribution that was committed in this case"));
  if (c->by != j.emitter->id)
    return fail(refusal(j.act, Errc::forbidden, "contribution-not-own",
                        "the contribution was committed by another signatory")
                    .at("data.contribution_id")
                    .accepts("the signatory that committed to it"));
  if (c->delivered)
    return fail(conflict(j, "contribution-delivered", "the contribution was delivered already")
                    .at("data.contribution_id")
                    .accepts("a contribution that is not delivered yet")
                    .in_state("DELIVERED"));
  return {};
}

void evolve_delivered(const Change& change) {
  auto& contributions = change.subject->contributions;
  const auto c = find_contribution(
      contributions, accepted_uuid(change.data().getContributionDelivered().getContributionId()));
  check(c != contributions.end(), "an accepted event is about an unknown contribution");
  c->delivered = true;
  change.ref = static_cast<std::uint32_t>(c - contributions.begin());
  advance(*change.subject, change.act);
}

bool not_delivered(const CaseState& c, const ActMark& target) {
  check(target.ref < c.contributions.size(), "a commitment is of no contribution");
  return !c.contributions[target.ref].delivered;
}

constexpr Annulment kCommitmentAnnulled{not_delivered,
                                        [](const Change& change, const ActMark& target) {
                                          take_out(*change.subject, change.subject->contributions,
                                                   target.ref, RefTo::contribution);
                                        },
                                        "case.annulled of the contribution.delivered first"};
constexpr Annulment kDeliveryAnnulled{kAnyTime.possible,
                                      [](const Change& change, const ActMark& target) {
                                        change.subject->contributions.at(target.ref).delivered =
                                            false;
                                      },
                                      "case.annulled"};

}  // namespace

std::span<const Rule> coordination_rules() {
  static constexpr Rule kRules[] = {
      {"coordination.meeting_held",
       decide_meeting_held,
       evolve_by_transition,
       {kAnyTime, kRefusedWhenFull}},
      {"plan.agreed", decide_plan_agreed, evolve_by_transition, {kAnyTime, kRefusedWhenFull}},
      {"contribution.committed",
       decide_committed,
       evolve_committed,
       {kCommitmentAnnulled, kRefusedWhenFull, RefTo::contribution}},
      {"contribution.delivered",
       decide_delivered,
       evolve_delivered,
       {kDeliveryAnnulled, kTakenWhenFull, RefTo::contribution}},
  };
  return kRules;
}

}  // namespace relais::rules
