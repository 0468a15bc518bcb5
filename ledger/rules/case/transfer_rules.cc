// case.transfer_*: a case changes its holder by two signatures. case.passed_on: of one that the
// signatories have withdrawn, by their quorum and the signature of who goes on with its cases.
#include <algorithm>

#include "ledger/base/check.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

/// Nobody becomes the judge of its own emergency access.
Status check_reviewed(const Judgement& j, SignatoryId to) {
  if (!access_unreviewed(*j.subject, to)) return {};
  return fail(conflict(j, "emergency-review-first",
                       "an emergency access of the addressee waits for the holder's review")
                  .accepts("case.emergency_access_reviewed by the holder first"));
}

Status check_new_holder(const Judgement& j, const Signatory& to) {
  if (to.id == j.emitter->id)
    return fail(refusal(j.act, Errc::invalid, "transfer-to-self",
                        "a transfer is to another signatory than the holder")
                    .at("data.to")
                    .accepts("another mission locale or accredited association"));
  if (!to.role_set().has(schema::Role::ML) && !to.role_set().has(schema::Role::AA))
    return fail(refusal(j.act, Errc::invalid, "addressee-cannot-receive",
                        to.slug + " does not support people itself")
                    .at("data.to")
                    .accepts("a mission locale or an accredited association"));
  return check_reviewed(j, to.id);
}

Status decide_requested(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  if (j.subject->transfer) {
    const Signatory* to = j.registry().find(j.subject->transfer->to);
    return fail(conflict(j, "transfer-pending",
                         "a transfer to " + (to != nullptr ? to->slug : "a former signatory") +
                             " is not answered yet")
                    .accepts("case.transfer_accepted or case.transfer_declined by the addressee, "
                             "or case.annulled of the request, first"));
  }
  RELAIS_ASSIGN(const Signatory* to,
                known_signatory(j, text(j.data().getCaseTransferRequested().getTo()), "data.to"));
  return check_new_holder(j, *to);
}

void evolve_requested(const Change& change) {
  const auto requested = change.data().getCaseTransferRequested();
  const Signatory* to = change.world.registry().find_slug(text(requested.getTo()));
  check(to != nullptr, "an accepted transfer is to an unknown signatory");
  change.subject->transfer = Transfer{to->id, requested.getKind(), change.act.received_at()};
  // The addressee must see the case to answer.
  join(change, to->id);
  advance(*change.subject, change.act);
}

Status decide_answer(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  if (!j.subject->transfer)
    return fail(conflict(j, "transfer-not-pending", "no transfer of the case is pending")
                    .accepts("a transfer that was requested and not answered"));
  if (j.subject->transfer->to != j.emitter->id)
    return fail(refusal(j.act, Errc::forbidden, "not-addressee",
                        j.act.type->name + " is for the addressee of the transfer")
                    .accepts("the addressee of the transfer"));
  return {};
}

Status decide_accepted(const Judgement& j) {
  RELAIS_TRY(decide_answer(j));
  return check_reviewed(j, j.emitter->id);
}

/// The old holder stays a participant, whatever the kind of transfer: its referrals that are still
/// open stay its own, and it answers for what it did.
void evolve_accepted(const Change& change) {
  CaseState& c = *change.subject;
  c.holder = change.act.signatory();
  c.transfer.reset();
  advance(c, change.act);
}

void evolve_declined(const Change& change) {
  change.subject->transfer.reset();
  advance(*change.subject, change.act);
}

Status decide_passed_on(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const auto heir = j.registry().succession_of(j.subject->holder);
  if (!heir)
    return fail(conflict(j, "holder-not-withdrawn",
                         "the holder is a signatory, or nobody was named to go on with its cases")
                    .accepts("a case whose holder was withdrawn, with a successor"));
  const std::string& slug = j.registry().find(heir->to)->slug;
  if (text(j.data().getCasePassedOn().getTo()) == slug) return {};
  return fail(refusal(j.act, Errc::invalid, "successor-differs",
                      "the signatories named another to go on with the holder's cases")
                  .at("data.to")
                  .accepts(slug));
}

/// The new holder has seen none of it: what was asked of it before is as it was, and a transfer
/// that the old one asked for is over.
void evolve_passed_on(const Change& change) {
  CaseState& c = *change.subject;
  const Signatory* to =
      change.world.registry().find_slug(text(change.data().getCasePassedOn().getTo()));
  check(to != nullptr, "an accepted case passes on to an unknown signatory");
  c.holder = to->id;
  change.ref = to->id.value;
  c.transfer.reset();
  join(change, to->id);
  advance(c, change.act);
}

/// A request that is not answered: nothing has come of it yet. The catalogue has no other act by
/// which the holder could turn to somebody else.
bool not_answered(const CaseState& c, const ActMark& target) {
  const auto last = std::ranges::find(c.acts.rbegin(), c.acts.rend(), target.type, &ActMark::type);
  return c.transfer.has_value() && last != c.acts.rend() && &*last == &target;
}

constexpr Annulment kRequestAnnulled{
    not_answered, [](const Change& change, const ActMark&) { change.subject->transfer.reset(); },
    "case.transfer_requested anew"};

}  // namespace

std::span<const Rule> transfer_rules() {
  static constexpr Rule kRules[] = {
      {"case.transfer_requested",
       decide_requested,
       evolve_requested,
       {kRequestAnnulled, kRefusedWhenFull}},
      {"case.transfer_accepted",
       decide_accepted,
       evolve_accepted,
       {only_by("case.transfer_requested anew"), kTakenWhenFull}},
      {"case.transfer_declined",
       decide_answer,
       evolve_declined,
       {only_by("case.transfer_requested anew"), kTakenWhenFull}},
      {"case.passed_on",
       decide_passed_on,
       evolve_passed_on,
       {only_by("case.transfer_requested by the new holder"), kTakenWhenFull, RefTo::nothing,
        Touches::file}},
  };
  return kRules;
}

}  // namespace relais::rules
