// Inside the module: how one event type's rule looks, and what the rules share.
//
// To add an event type: its struct and a line in the union (schemas/event.capnp), a `decide` and an
// `evolve` function here, and one row in the table at the end of their file. Whether a type has a
// row, and the row every column, is checked at start-up.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ledger/base/clock.h"
#include "ledger/rules/calendar.h"
#include "ledger/rules/rules.h"
#include "schemas/text.h"

namespace relais::rules {

/// What a rule judges on. The common checks (rules.cc) have passed.
struct Judgement {
  WorldState& world;
  const Act& act;
  const Signatory* emitter = nullptr;  ///< null only for the event that opens the convention
  const CaseState* subject = nullptr;  ///< the case, where the stream is one that exists
  const Registry& registry() const { return world.registry(); }
  schema::Event::Data::Reader data() const { return act.event.getData(); }
};

/// What an accepted event changes. Version and time of the case are set by the caller.
struct Change {
  WorldState& world;
  const Act& act;
  std::uint32_t& ref;  ///< becomes ActMark::ref; 0 unless the rule sets it
  Effects& effects;
  CaseState* subject = nullptr;  ///< the case, where the stream is one
  schema::Event::Data::Reader data() const { return act.event.getData(); }
};

/// What may be done about an act of a case later, by case.annulled (RGPD art. 16).
struct Annulment {
  /// Whether its effect can be taken back without rewriting what came after; null: never.
  bool (*possible)(const CaseState&, const ActMark&) = nullptr;
  /// Takes the effect back; null: the act stands for itself, and the mark on it is all.
  void (*take_back)(const Change&, const ActMark&) = nullptr;
  std::string_view instead;  ///< what does its work where it is not possible
};
constexpr Annulment only_by(std::string_view instead) {
  return {nullptr, nullptr, instead};
}
/// Facts that nothing in the state comes of.
inline constexpr Annulment kAnyTime{[](const CaseState&, const ActMark&) { return true; }, nullptr,
                                    "case.annulled"};
inline constexpr Annulment kByALaterAct = only_by("a later act that says what holds now");

/// Whether it is taken where its emitter has no room left (see RoomOfACase): what ends the case or
/// the emitter's own part in it, what answers it, and what no number may stand in the way of. Each
/// is bounded by something else: the referrals that are open, the reports, the consents in force,
/// what was asked.
using WhenFull = bool (*)(const Judgement&);
inline constexpr WhenFull kRefusedWhenFull = [](const Judgement&) { return false; };
inline constexpr WhenFull kTakenWhenFull = [](const Judgement&) { return true; };

/// Which list of the case ActMark::ref points into; acts about other acts have no content that
/// could be wrong, and nothing rests on them.
enum class RefTo : std::uint8_t {
  nothing,
  step,
  report,
  contribution,
  consent,
  access,
  other_acts,
};

/// Whether the event is of the file and not of the person: inactivity, dormancy and retention run
/// on as if it had not come.
enum class Touches : std::uint8_t { person, file };

/// What is asked of events of a case beyond their rule. Every one says it; checked at start-up.
struct OfCase {
  Annulment annulment;
  WhenFull when_full = nullptr;
  RefTo ref_to = RefTo::nothing;
  Touches touches = Touches::person;
};

/// The whole of an event type.
struct Rule {
  std::string_view event;  ///< "case.closed"
  Status (*decide)(const Judgement&) = nullptr;
  void (*evolve)(const Change&) = nullptr;
  OfCase of_case{};  ///< of events of other streams: empty
};
/// By EventOrdinal.
const Rule& rule_of(std::uint16_t type);

std::span<const Rule> convention_rules();
std::span<const Rule> key_rules();
std::span<const Rule> case_rules();
std::span<const Rule> referral_rules();
std::span<const Rule> support_rules();
std::span<const Rule> protection_rules();    ///< protection.*, external_referral.recorded
std::span<const Rule> transfer_rules();      ///< case.transfer_*, referral.expired
std::span<const Rule> correction_rules();    ///< case.corrected, case.annulled, case.data_erased
std::span<const Rule> hold_rules();          ///< case.legal_hold_*
std::span<const Rule> emergency_rules();     ///< case.emergency_access_*
std::span<const Rule> coordination_rules();  ///< coordination.*, plan.*, contribution.*
std::span<const Rule> knowledge_rules();     ///< library/*, network/*
std::span<const Rule> competence_rules();    ///< capability.*, capacity.*, focal_point.*
std::span<const Rule> governance_rules();    ///< governance.*, and what takes effect by it
std::span<const Rule> accreditation_rules();
std::span<const Rule> commission_rules();  ///< session.*, member.*
std::span<const Rule> psp_rules();         ///< psp.*, afis.*, residence_permit.*

/// Ends the process unless every event type of the schema has exactly one rule and every transition
/// names a type.
void check_rules_are_complete();

// What every rule may hold at most. A case is folded as one record, so its lists are bounded.
inline constexpr std::size_t kMaxOpenReferrals = 100;
inline constexpr std::size_t kMaxReferrals = 1'000;
inline constexpr std::size_t kMaxContributions = 1'000;
inline constexpr std::size_t kMaxHolds = 1'000;     ///< of one case, those that have ended too
inline constexpr std::size_t kMaxAccesses = 1'000;  ///< emergency accesses of one case
/// The events of one case. A signatory that does not hold it adds at most a fifth, and nothing more
/// once three quarters are taken: the holder and the clock find room whatever others do.
struct RoomOfACase {
  static constexpr std::size_t kMost = 10'000;
  static constexpr std::size_t kOfAnother = 2'000;
  static constexpr std::size_t kForOthers = 7'500;
};
inline constexpr std::size_t kMaxCapabilities = 500;  ///< of one signatory
/// Of their texts in all: each capacity that is said writes the signatory's record anew.
inline constexpr std::size_t kMaxCapabilityBytes = 256 * 1024;
inline constexpr std::size_t kMaxOpenProposals = 100;
/// Of one signatory, since the others last gave it one: so that whoever has a key of it once cannot
/// end it for good. Those that have ended count.
inline constexpr std::size_t kMaxKeysOfSignatory = 100;
inline constexpr std::size_t kMaxNewKeys = 20;  ///< of these, in kNewKeysDays
inline constexpr std::int64_t kNewKeysDays = 7;
inline constexpr std::int64_t kMsOfADay = 86'400'000;
/// How far a signatory's clock may run ahead of the ledger's.
inline constexpr std::int64_t kMaxClockAheadMs = 5 * 60 * 1000;

using schema::text;
/// Id in a typed event, whose form was checked when it was parsed.
Uuid accepted_uuid(capnp::Text::Reader t);

/// An error of this act's rule: the source is that of the event type.
Error refusal(const Act& act, Errc code, std::string rule, std::string message);
/// The same for a conflict with the state of the case.
Error conflict(const Judgement& j, std::string rule, std::string message);

/// What a case that does not exist answers, and one of which the emitter may not know (RGPD art.
/// 5(1)(f)): one answer for both.
Error stream_unknown(const Judgement& j);

/// The active signatory of this slug, or "signatory-unknown" at `field`.
Result<const Signatory*> known_signatory(const Judgement& j, std::string_view slug,
                                         std::string_view field);
/// Day of Europe/Paris on which the act was received.
Day today(const Judgement& j);
Day today(const Change& c);
/// Whether the emitter is the ledger's own key.
bool by_system(const Judgement& j);
/// Whether the territory is one of the convention's ("territory-not-of-convention").
Status check_territory(const Judgement& j, const std::string& territory);
/// A date of the payload, whose form was checked when it was parsed.
Day accepted_date(capnp::Text::Reader t);
/// "date-in-future" where the day is after today.
Status not_in_future(const Judgement& j, Day d, std::string_view field);
/// The signatory takes part in the case from here on.
void join(const Change& change, SignatoryId who);
/// Moves a referral along the one transition that is drawn for this event, or to `to`.
void move_referral(const Change& change, Referral& r);
void move_referral(const Change& change, Referral& r, ReferralPhase to);
/// After the ground of referrals may have gone: the pending ones that rest on a consent which no
/// longer covers their addressee are cancelled, the accepted ones get nothing new (RGPD art. 7(3)).
void review_consents_of_referrals(const Change& change);
/// Whether the signatory holds the case, or has a referral in it that it accepted.
bool holder_or_accepted(const CaseState& c, SignatoryId who);
/// Whether the signatory holds the case, or has applied for the parcours of it.
bool holder_or_applicant(const CaseState& c, SignatoryId who);
/// Whether the signatory has a part in the case now: it holds it, has accepted a referral that is
/// open, or is a party to the parcours. Who is only asked has none yet; who declined, was never
/// answered or has completed takes part for what it did, and no more.
bool has_a_part(const CaseState& c, const Signatory& who);

/// Whether another signatory's share is the emitter's too: a union has one with the missions
/// locales that it alone answers for.
bool same_account(const Judgement& j, SignatoryId other);

/// Whether a list of the case, whose elements say by whom they are, has room for one more of the
/// emitter's: of one signatory a tenth, and of all who do not hold the case `most`. So the holder
/// always finds room.
template <class T>
bool has_room(const Judgement& j, const std::vector<T>& list, std::size_t most) {
  const SignatoryId holder = j.subject->holder;
  std::size_t own = 0;
  std::size_t of_others = 0;
  for (const T& element : list) {
    const bool counts = element.by == holder || j.emitter->id == holder
                            ? element.by == j.emitter->id
                            : same_account(j, element.by);
    if (counts) ++own;
    if (element.by != holder) ++of_others;
  }
  return own < most / 10 && (j.emitter->id == holder || of_others < most);
}

// The state machines. check_transition() consults the tables: "case-transition" and
// "referral-transition".
Status check_transition(const CaseState& c, const Act& act);
Status check_transition(const Referral& r, const Act& act);
Status check_transition(const Psp& p, const Act& act);
Status check_transition(const Accreditation& a, const Act& act);
/// Moves along the one transition that the tables draw for this event.
void advance(CaseState& c, const Act& act);
void advance(Referral& r, const Act& act);
/// Moves along one of several; ends the process when it is not drawn.
void advance(CaseState& c, const Act& act, CasePhase to);
void advance(Referral& r, const Act& act, ReferralPhase to);
void advance(Psp& p, const Act& act);
void advance(Psp& p, const Act& act, PspPhase to);
void advance(Accreditation& a, const Act& act);
void check_transitions_name_types();

/// Not dismissed, closed or erased.
bool is_open(CasePhase p);
/// Where a case stands once its referrals have changed: REFERRED while one is pending, else back
/// where it came from.
CasePhase resting_phase(const CaseState& c);

}  // namespace relais::rules
