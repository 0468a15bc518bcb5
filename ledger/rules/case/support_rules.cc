// support.*: the steps of support, planned, done or missed.
#include <algorithm>
#include <ranges>

#include "ledger/base/check.h"
#include "ledger/rules/case/annulment.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

/// A step that is there already: ended by who planned it, once.
Status check_planned_step(const Judgement& j, const SupportStep& step) {
  if (step.by != j.emitter->id)
    return fail(
        refusal(j.act, Errc::forbidden, "step-not-own", "the step was planned by another signatory")
            .at("data.step_id")
            .accepts("the signatory that planned the step"));
  if (step.phase != StepPhase::planned)
    return fail(refusal(j.act, Errc::conflict, "step-transition",
                        j.act.type->name + " is not drawn for a step that is " +
                            std::string(to_string(step.phase)))
                    .at("data.step_id")
                    .accepts("PLANNED")
                    .in_state(std::string(to_string(step.phase))));
  return {};
}

Status decide_planned(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const auto planned = j.data().getSupportStepPlanned();
  if (const SupportStep* same = j.subject->find_step(accepted_uuid(planned.getStepId())))
    return fail(
        refusal(j.act, Errc::conflict, "step-id-taken", "the case has a step of this id already")
            .at("data.step_id")
            .accepts("a new UUID")
            .in_state(std::string(to_string(same->phase))));
  return {};
}

void evolve_planned(const Change& change) {
  const auto planned = change.data().getSupportStepPlanned();
  CaseState& c = *change.subject;
  change.ref = static_cast<std::uint32_t>(c.steps.size());
  c.steps.push_back(SupportStep{accepted_uuid(planned.getStepId()), change.act.signatory(),
                                text(planned.getNeed()), StepPhase::planned,
                                change.act.received_at()});
  c.supported = true;
  advance(c, change.act);
}

Status decide_done(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const auto done = j.data().getSupportStepDone();
  const SupportStep* step = j.subject->find_step(accepted_uuid(done.getStepId()));
  if (step == nullptr) return {};
  RELAIS_TRY(check_planned_step(j, *step));
  if (step->need != text(done.getNeed()))
    return fail(
        refusal(j.act, Errc::invalid, "step-need-differs", "the step was planned for another need")
            .at("data.need")
            .accepts(step->need));
  return {};
}

void evolve_done(const Change& change) {
  const auto done = change.data().getSupportStepDone();
  CaseState& c = *change.subject;
  const Uuid id = accepted_uuid(done.getStepId());
  SupportStep* step = c.find_step(id);
  if (step == nullptr)
    step = &c.steps.emplace_back(
        SupportStep{id, change.act.signatory(), text(done.getNeed()), {}, {}});
  change.ref = static_cast<std::uint32_t>(step - c.steps.data());
  step->phase = StepPhase::done;
  step->changed_at = change.act.received_at();
  c.supported = true;
  advance(c, change.act);
}

Status decide_missed(const Judgement& j) {
  RELAIS_TRY(check_transition(*j.subject, j.act));
  const SupportStep* step =
      j.subject->find_step(accepted_uuid(j.data().getSupportStepMissed().getStepId()));
  if (step == nullptr)
    return fail(refusal(j.act, Errc::not_found, "step-unknown", "the case has no step of this id")
                    .at("data.step_id"));
  return check_planned_step(j, *step);
}

void evolve_missed(const Change& change) {
  SupportStep* step =
      change.subject->find_step(accepted_uuid(change.data().getSupportStepMissed().getStepId()));
  check(step != nullptr, "an accepted event is about an unknown step");
  change.ref = static_cast<std::uint32_t>(step - change.subject->steps.data());
  step->phase = StepPhase::missed;
  step->changed_at = change.act.received_at();
  advance(*change.subject, change.act);
}

// --- case.annulled

/// A step that was done or missed is planned again, where it was planned; else there is none.
void put_back_step(CaseState& c, const ActMark& target, Timestamp at) {
  const std::uint32_t position = target.ref;
  const bool planned = std::ranges::any_of(c.acts, [&](const ActMark& a) {
    return kind_of(a) == Kind::SUPPORT_STEP_PLANNED && !a.annulled && a.ref == position;
  });
  if (!planned) {
    take_out(c, c.steps, position, RefTo::step);
    return;
  }
  c.steps.at(position).phase = StepPhase::planned;
  c.steps[position].changed_at = at;
}

/// Whether support has begun since the case was last opened, by what still holds.
bool support_holds(const CaseState& c) {
  for (const ActMark& a : c.acts | std::views::reverse) {
    const Kind k = kind_of(a);
    if (k == Kind::CASE_REOPENED) return false;
    if (a.annulled) continue;
    if (k == Kind::SUPPORT_STEP_PLANNED || k == Kind::SUPPORT_STEP_DONE ||
        k == Kind::REFERRAL_ACCEPTED)
      return true;
  }
  return false;
}

void take_back_step(const Change& change, const ActMark& target) {
  CaseState& c = *change.subject;
  put_back_step(c, target, change.act.received_at());
  c.supported = support_holds(c) || (c.supported && psp_under_way(c.psp));
}

bool still_planned(const CaseState& c, const ActMark& target) {
  check(target.ref < c.steps.size(), "an act of support is of no step");
  return c.steps[target.ref].phase == StepPhase::planned;
}

constexpr Annulment kPlanAnnulled{
    still_planned, take_back_step,
    "case.annulled of the support.step_done or support.step_missed first"};
constexpr Annulment kStepAnnulled{kAnyTime.possible, take_back_step, "case.annulled"};

}  // namespace

std::span<const Rule> support_rules() {
  static constexpr Rule kRules[] = {
      {"support.step_planned",
       decide_planned,
       evolve_planned,
       {kPlanAnnulled, kRefusedWhenFull, RefTo::step}},
      {"support.step_done",
       decide_done,
       evolve_done,
       {kStepAnnulled, kRefusedWhenFull, RefTo::step}},
      {"support.step_missed",
       decide_missed,
       evolve_missed,
       {kStepAnnulled, kRefusedWhenFull, RefTo::step}},
  };
  return kRules;
}

}  // namespace relais::rules
