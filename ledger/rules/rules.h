// Who may sign what in which state. Two pure functions: decide() judges a statement on the world
// before it; evolve() changes the world by an event that was accepted. Replay calls evolve() alone;
// verification calls both.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/rules/effects.h"
#include "ledger/rules/world_state.h"
#include "schemas/event.capnp.h"

namespace relais::rules {

/// What is known of an event beside its payload. All but `index` stand in the typed event too.
struct Act {
  LogIndex index;
  schema::Event::Reader event;  ///< receivedAt, signatory, version, kid set
  statement::StreamId stream;
  const statement::EventType* type = nullptr;
  Timestamp received_at() const { return Timestamp{event.getReceivedAt()}; }
  SignatoryId signatory() const { return SignatoryId{event.getSignatory()}; }
};
Act act_of(LogIndex index, schema::Event::Reader event);

/// Whether the act is allowed on the world as it stands. Checks, in this order: emitter's role
/// (rule "emitter-forbidden"), the convention in force ("convention-not-in-force"), the stream
/// ("stream-exists", "stream-unknown"), then the rule of the type. Errors: forbidden (who),
/// conflict (state: `state` is set), invalid (content). `source` names law or convention, `rule`
/// the rule.
Status decide(WorldState& world, const Act& act);

/// Changes the world by an accepted event. Never fails: what it needs was checked by decide().
/// `effects` is cleared, and filled with what read models and the log have to follow.
void evolve(WorldState& world, const Act& act, Effects& effects);
/// For who follows no effects.
void evolve(WorldState& world, const Act& act);

/// Whether what a referral rests on holds on that day: the consent, or the person's minority (a
/// consent that came since serves as well).
bool basis_holds(const CaseState& c, const Referral& r, Day day);

/// A transition of a state machine, for the docs and for tests that walk it.
template <class Phase>
struct Transition {
  Phase from;
  std::string_view event;  ///< "case.closed"
  Phase to;
};
using CaseTransition = Transition<CasePhase>;
using ReferralTransition = Transition<ReferralPhase>;
using PspTransition = Transition<PspPhase>;
using AccreditationTransition = Transition<AccreditationPhase>;
std::span<const CaseTransition> case_transitions();
std::span<const ReferralTransition> referral_transitions();
std::span<const PspTransition> psp_transitions();
std::span<const AccreditationTransition> accreditation_transitions();

/// A commune (INSEE code) of one of the convention's departments, or one of its named territories.
/// A department is the first two characters of the code (2A and 2B in Corsica), the first three
/// overseas (97x).
bool territory_of_convention(const Registry& registry, const std::string& territory);
/// Which those are, in words.
std::string accepted_territories(const Registry& registry);

/// Whether a revocation received at `at` stops a key that could sign on: its first one, or one that
/// ends at once what was to end later.
bool stops_a_key(const Registry& registry, schema::KeyRevoked::Reader revoked, Timestamp at);

/// A signatory that alone has a role which the quorum of an act asks for, and would concern.
struct LoneRole {
  std::string act;  ///< "revoke-key"
  std::string signatory;
  std::uint32_t approvals = 0;  ///< that decide on it in the place of that role
  std::uint32_t others = 0;     ///< who have a vote on it
};
std::vector<LoneRole> lone_roles(const Registry& registry);

}  // namespace relais::rules
