// The dispatch, and what holds for every event type. What a type asks beyond that stands in the
// file of its family.
#include "ledger/rules/rules.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "ledger/base/check.h"
#include "ledger/base/clock.h"
#include "ledger/rules/relation.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

std::vector<Rule> build_rules() {
  const auto types = statement::catalogue().all();
  std::vector<Rule> by_ordinal(types.size(), Rule{});
  for (const auto family :
       {convention_rules(), key_rules(), case_rules(), referral_rules(), support_rules(),
        protection_rules(), transfer_rules(), correction_rules(), coordination_rules(),
        hold_rules(), emergency_rules(), knowledge_rules(), competence_rules(), governance_rules(),
        accreditation_rules(), commission_rules(), psp_rules()}) {
    for (const Rule& rule : family) {
      const auto* type = statement::catalogue().find("relais." + std::string(rule.event) + ".v1");
      check(type != nullptr, "a rule names no event type of the schema");
      check(by_ordinal.at(type->ordinal).decide == nullptr, "an event type has two rules");
      by_ordinal[type->ordinal] = rule;
    }
  }
  for (std::size_t i = 0; i < by_ordinal.size(); ++i) {
    const Rule& rule = by_ordinal[i];
    check(rule.decide != nullptr && rule.evolve != nullptr, "an event type has no rule");
    const bool of_case = types[i]->stream == schema::StreamKind::CASE;
    check(of_case == (rule.of_case.when_full != nullptr) &&
              of_case == !rule.of_case.annulment.instead.empty(),
          "a row says of events of a case what becomes of them, and of no others");
  }
  check_transitions_name_types();
  return by_ordinal;
}

const std::vector<Rule>& rules_by_ordinal() {
  static const std::vector<Rule> kRules = build_rules();
  return kRules;
}

bool opens_the_ledger(const Judgement& j) {
  return j.act.type->opens && j.act.stream.kind == schema::StreamKind::CONVENTION;
}

Status check_emitter(const Judgement& j) {
  const statement::EventType& type = *j.act.type;
  if (j.emitter == nullptr) {
    // The system key becomes known by the event that opens the convention; its rule compares the
    // key.
    if (opens_the_ledger(j) && j.registry().convention.empty() &&
        j.act.signatory() == SignatoryId{0})
      return {};
    return fail(refusal(j.act, Errc::forbidden, "emitter-unknown",
                        "the emitter is not a signatory of the convention"));
  }
  if (!j.emitter->active)
    return fail(refusal(j.act, Errc::forbidden, "emitter-inactive",
                        j.emitter->slug + " is no longer a signatory of the convention"));
  if (!j.emitter->role_set().intersects(type.emitters))
    return fail(refusal(j.act, Errc::forbidden, "emitter-forbidden",
                        type.name + " is not for " + j.emitter->slug + ", which is " +
                            statement::to_string(j.emitter->role_set()))
                    .accepts("roles " + statement::to_string(type.emitters)));
  return {};
}

/// Until every founding signatory has signed, the ledger takes signatures, and the care of one's
/// own keys.
Status check_in_force(const Judgement& j) {
  const statement::EventType& type = *j.act.type;
  if (j.registry().in_force || opens_the_ledger(j)) return {};
  if (type.axis == schema::Axis::CONVENTION &&
      (type.relation == schema::Relation::FOUNDER || type.relation == schema::Relation::SELF))
    return {};
  return fail(refusal(j.act, Errc::conflict, "convention-not-in-force",
                      "not every founding signatory has signed the convention yet")
                  .accepts("convention.signed, and key events on one's own stream")
                  .in_state("OPENED"));
}

Status check_time(const Judgement& j) {
  if (j.act.event.getTime() <= j.act.received_at().value + kMaxClockAheadMs) return {};
  return fail(refusal(j.act, Errc::invalid, "time-in-future",
                      "the time is more than 5 minutes ahead of the ledger's clock")
                  .at("time")
                  .accepts("at most " +
                           to_rfc3339(Timestamp{j.act.received_at().value + kMaxClockAheadMs})));
}

/// How many events the emitter finds no room beyond; nothing where there is room.
std::optional<std::string> no_room(const Judgement& j) {
  using Room = RoomOfACase;
  const auto& acts = j.subject->acts;
  const auto most = [](std::size_t n) { return "at most " + std::to_string(n) + " events"; };
  if (acts.size() >= Room::kMost) return "a case has " + most(Room::kMost);
  if (j.subject->holder == j.emitter->id || by_system(j)) return std::nullopt;
  if (acts.size() >= Room::kForOthers)
    return "what is left of a case's room behind " + std::to_string(Room::kForOthers) +
           " events is for its holder";
  if (acts.size() < Room::kOfAnother) return std::nullopt;
  const auto own = std::ranges::count_if(
      acts, [&j](const ActMark& m) { return m.by != j.subject->holder && same_account(j, m.by); });
  if (static_cast<std::size_t>(own) < Room::kOfAnother) return std::nullopt;
  return "of a signatory that does not hold it, a case has " + most(Room::kOfAnother);
}

Status check_room(const Judgement& j) {
  const auto full = no_room(j);
  if (!full || rule_of(j.act.type->ordinal).of_case.when_full(j)) return {};
  return fail(conflict(j, "limit-acts", *full)
                  .accepts("what ends the case or one's part in it, and answers: to referrals, "
                           "transfers, applications; contribution.delivered, psp.ended, "
                           "case.closed, case.dismissed, case.data_erased"));
}

Status check_stream(Judgement& j) {
  const statement::EventType& type = *j.act.type;
  if (type.opens) {
    if (j.world.version(j.act.stream) == StreamVersion{0}) return {};
    // The state says no more than that: the emitter may be a stranger to the case.
    return fail(refusal(j.act, Errc::conflict, "stream-exists",
                        type.name + " must be the first event of its stream")
                    .at("subject")
                    .accepts("a stream without events")
                    .in_state("EXISTS"));
  }
  if (j.act.stream.kind != schema::StreamKind::CASE) return {};
  j.subject = j.world.find_case(j.act.stream.uuid);
  // Its own rule judges what the statement says before whether there is such a case: who has no
  // part in one learns that it exists by an act that stays in it, and by no refusal.
  if (type.relation == schema::Relation::NOT_HOLDER) return {};
  if (j.subject != nullptr && (by_system(j) || j.subject->participants.contains(j.emitter->id)))
    return check_room(j);
  j.subject = nullptr;
  return fail(stream_unknown(j));
}

Error wrong_relation(const Judgement& j, std::string rule, std::string who) {
  return refusal(j.act, Errc::forbidden, std::move(rule),
                 j.act.type->name + " is for " + who + ", which " + j.emitter->slug + " is not")
      .accepts(std::move(who));
}

/// What the schema asks the emitter to be to the thing acted on. A relation to a referral is
/// checked with the referral.
Status check_relation(const Judgement& j) {
  switch (j.act.type->relation) {
    case schema::Relation::HOLDER:
      if (j.subject->holder == j.emitter->id || by_system(j)) return {};
      return fail(wrong_relation(j, "not-holder", "the holder of the case"));
    case schema::Relation::HOLDER_OR_ACCEPTED:
      if (holder_or_accepted(*j.subject, j.emitter->id)) return {};
      return fail(
          wrong_relation(j, "not-holder-or-accepted",
                         "the holder of the case or an organisation that accepted a referral"));
    case schema::Relation::HOLDER_OR_APPLICANT:
      if (holder_or_applicant(*j.subject, j.emitter->id)) return {};
      return fail(wrong_relation(j, "not-holder-or-applicant",
                                 "the holder of the case or the association that applied for its "
                                 "parcours"));
    case schema::Relation::SELF:
      if (j.act.stream.name == j.emitter->slug) return {};
      return fail(wrong_relation(j, "stream-not-own", "the signatory whose stream it is")
                      .at("subject")
                      .accepts("signatory/" + j.emitter->slug));
    case schema::Relation::FOUNDER:
      if (j.emitter->founding) return {};
      return fail(wrong_relation(j, "not-founder", "a founding signatory"));
    case schema::Relation::AUTHOR:  // of the event acted on: its own rule knows which
    case schema::Relation::ADDRESSEE:
    case schema::Relation::REQUESTER_OR_ADDRESSEE:
    case schema::Relation::NOT_HOLDER:  // its own rule judges the statement first
    case schema::Relation::NONE:
      return {};
  }
  check(false, "the schema names a relation that no rule checks");
  return {};
}

Status check_version(const Judgement& j) {
  if (j.act.event.getVersion() == j.world.version(j.act.stream).value + 1) return {};
  return fail(refusal(j.act, Errc::corrupt, "stream-version",
                      "the event does not follow the last one of its stream"));
}

/// Who took part and does no more is told that the act is refused, and not where the case stands:
/// that would be reading on (decision 0022).
void blur(const Judgement& j, Error& e) {
  if (j.subject == nullptr || by_system(j)) return;
  if (takes_part_now(
          relations_of(*j.subject, j.emitter->id, j.emitter->role_set(), j.act.received_at())))
    return;
  if (e.rule == "case-transition" || e.rule == "psp-transition") {
    e.message = j.act.type->name + " does not go with the state of the case";
    e.accepted.clear();
    e.state.clear();
  }
  if (e.state == to_string(j.subject->phase) || e.state == to_string(j.subject->psp.phase))
    e.state.clear();
}

/// Who holds the case while it is open.
std::optional<SignatoryId> open_holder(const CaseState& c) {
  if (!is_open(c.phase)) return std::nullopt;
  return c.holder;
}

/// A signatory leaves only once it holds no open case: each is counted with its holder.
void count_open_cases(WorldState& world, std::optional<SignatoryId> before,
                      std::optional<SignatoryId> after) {
  if (before == after) return;
  if (before) {
    std::uint32_t& held = world.mutable_signatory(*before).open_cases;
    check(held > 0, "a signatory holds fewer open cases than none");
    --held;
  }
  if (after) ++world.mutable_signatory(*after).open_cases;
}

bool waits_to_begin(const Psp& p) {
  return p.phase == PspPhase::applied || p.phase == PspPhase::opined ||
         p.phase == PspPhase::adjourned || p.phase == PspPhase::authorised;
}

/// Whatever ends a case leaves nothing pending in it, and reopening revives none of it: no transfer
/// that waits for an answer, no referral, no contribution that somebody has to deliver, no
/// application.
void end_case(const Change& change) {
  CaseState& c = *change.subject;
  c.transfer.reset();
  for (Referral& r : c.referrals) {
    if (!r.open()) continue;
    r.phase = ReferralPhase::cancelled;
    r.changed_at = change.act.received_at();
    change.effects.moved.push_back(r.id);
  }
  for (Contribution& k : c.contributions)
    if (!k.delivered) k.lapsed = true;
  // A parcours that was applied for and never began: nobody could answer it any more.
  if (Psp& p = c.psp; waits_to_begin(p)) {
    p.phase = PspPhase::ended;
    p.ended_on = legal_day(change.act.received_at()).value;
    p.ended = change.act.event.getVersion();
    p.outcome = schema::PspEnd::WITHDRAWN;
  }
}

}  // namespace

const Rule& rule_of(std::uint16_t type) {
  return rules_by_ordinal().at(type);
}

Uuid accepted_uuid(capnp::Text::Reader t) {
  const auto id = parse_uuid(text(t));
  check(id.has_value(), "a typed event holds an id that is not a UUID");
  return *id;
}

Day today(const Judgement& j) {
  return legal_day(j.act.received_at());
}
Day today(const Change& c) {
  return legal_day(c.act.received_at());
}

bool by_system(const Judgement& j) {
  return j.emitter != nullptr && j.emitter->role_set().has(schema::Role::SYSTEM);
}

Day accepted_date(capnp::Text::Reader t) {
  const auto day = parse_date(text(t));
  check(day.has_value(), "a typed event holds a date that is not one");
  return *day;
}

Status not_in_future(const Judgement& j, Day d, std::string_view field) {
  if (d <= today(j)) return {};
  return fail(refusal(j.act, Errc::invalid, "date-in-future", "the day has not come yet")
                  .at(std::string(field))
                  .accepts(to_date(today(j)) + " or earlier"));
}

bool same_account(const Judgement& j, SignatoryId other) {
  return other == j.emitter->id ||
         j.registry().account_of(other) == j.registry().account_of(j.emitter->id);
}

Error refusal(const Act& act, Errc code, std::string rule, std::string message) {
  return error(code, std::move(rule), std::move(message)).from(act.type->source);
}

Error conflict(const Judgement& j, std::string rule, std::string message) {
  return refusal(j.act, Errc::conflict, std::move(rule), std::move(message))
      .in_state(std::string(to_string(j.subject->phase)));
}

Error stream_unknown(const Judgement& j) {
  return refusal(j.act, Errc::not_found, "stream-unknown", "no such stream for " + j.emitter->slug)
      .at("subject");
}

Result<const Signatory*> known_signatory(const Judgement& j, std::string_view slug,
                                         std::string_view field) {
  const Signatory* s = j.registry().find_slug(slug);
  if (s != nullptr && s->active) return s;
  return fail(refusal(j.act, Errc::invalid, "signatory-unknown",
                      "no active signatory is called " + std::string(slug))
                  .at(std::string(field))
                  .accepts("the slug of a signatory of the convention"));
}

bool holder_or_accepted(const CaseState& c, SignatoryId who) {
  return c.holder == who || std::ranges::any_of(c.referrals, [who](const Referral& r) {
           return r.to == who && r.phase == ReferralPhase::accepted;
         });
}

bool holder_or_applicant(const CaseState& c, SignatoryId who) {
  return c.holder == who || (c.psp.phase != PspPhase::none && c.psp.applicant == who);
}

void check_rules_are_complete() {
  static_cast<void>(rules_by_ordinal());
}

Act act_of(LogIndex index, schema::Event::Reader event) {
  return Act{index, event, statement::stream_of(event), &statement::type_of(event)};
}

Status decide(WorldState& world, const Act& act) {
  check(act.type != nullptr, "an act without its type");
  if (act.stream.kind != act.type->stream)
    return fail(refusal(act, Errc::invalid, "stream-kind",
                        act.type->name + " belongs to another kind of stream")
                    .at("subject"));
  Judgement j{world, act, world.registry().find(act.signatory()), nullptr};
  RELAIS_TRY(check_emitter(j));
  RELAIS_TRY(check_in_force(j));
  RELAIS_TRY(check_time(j));
  RELAIS_TRY(check_stream(j));
  RELAIS_TRY(check_relation(j));
  if (Status ruled = rule_of(act.type->ordinal).decide(j); !ruled) {
    if (ruled.error().source.empty()) ruled.error().source = act.type->source;
    blur(j, ruled.error());
    return ruled;
  }
  return check_version(j);
}

void join(const Change& change, SignatoryId who) {
  if (change.subject->participants.insert(who).second) change.effects.joined.push_back(who);
}

void evolve(WorldState& world, const Act& act) {
  Effects effects;
  evolve(world, act, effects);
}

void evolve(WorldState& world, const Act& act, Effects& effects) {
  effects.clear();
  std::uint32_t ref = 0;
  Change change{world, act, ref, effects, nullptr};
  if (act.stream.kind == schema::StreamKind::CASE) {
    change.subject =
        act.type->opens ? &world.open_case(act.stream.uuid) : world.mutable_case(act.stream.uuid);
    check(change.subject != nullptr, "an accepted event on a case that does not exist");
  }
  const auto held_before =
      change.subject == nullptr || act.type->opens ? std::nullopt : open_holder(*change.subject);
  rule_of(act.type->ordinal).evolve(change);
  if (change.subject != nullptr) {
    // Retention runs from here, whichever act has ended the case and whatever is put right later.
    if (held_before && !is_open(change.subject->phase))
      change.subject->closed_at = act.received_at();
    if (!is_open(change.subject->phase)) end_case(change);
    count_open_cases(world, held_before, open_holder(*change.subject));
    ActMark mark{act.type->ordinal, act.signatory()};
    mark.ref = ref;
    change.subject->acts.push_back(mark);
    change.subject->version = act.event.getVersion();
    change.subject->changed_at = act.received_at();
    // A debate is no contact with the person, and moves no deadline of who supports her.
    const bool of_person = rule_of(act.type->ordinal).of_case.touches == Touches::person &&
                           !of_debates(act.type->ordinal);
    if (act.signatory() != SignatoryId{0} && of_person)
      change.subject->last_act_at = act.received_at();
  } else {
    world.set_version(act.stream, StreamVersion{act.event.getVersion()});
  }
}

}  // namespace relais::rules
