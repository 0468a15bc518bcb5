// Inside the module: what the proposals (governance_rules.cc) and the acts by which they take
// effect (governance_effects.cc) share.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/rules/rule_set.h"

namespace relais::rules {

// Bounds are ours.
inline constexpr std::size_t kMaxSignatories = 10'000;  ///< those that have left included
/// No quorum is less than this, whatever the convention's numbers: nobody acts alone.
inline constexpr std::uint32_t kMinApprovals = 2;

/// A proposal that has not taken effect by then does so no more: those who approved it decided on
/// the convention as it was. Ours.
inline constexpr std::int64_t kProposalDays = 90;
bool lapsed(const Proposal& p, Timestamp at);
Error proposal_lapsed(const Judgement& j);

/// How quorums name an act: "admit-signatory".
std::string_view act_name(schema::GovernedAct act);

/// The numbers that a payload gives: "term-unknown", "term-repeated", "term-out-of-range".
Status check_terms(const Judgement& j, capnp::List<schema::Term>::Reader terms);
/// The numbers of a convention, all of them, make sense together: "term-order".
Status check_term_order(const Judgement& j, const Parameters& terms);
/// The quorums that a payload gives, of `least` approvals: "quorum-act-unknown", "quorum-repeated",
/// "quorum-out-of-range".
Status check_quorums(const Judgement& j, capnp::List<schema::Quorum>::Reader quorums,
                     std::uint32_t least);

/// Those who vote: how many they are, and which roles they have among them.
struct Electorate {
  std::uint32_t voters = 0;
  std::uint16_t roles = 0;

  void add(std::uint16_t its_roles) {
    ++voters;
    roles |= its_roles;
  }
};
/// What this electorate has to bring together for an act. A role that none of it has, as where the
/// only one that has it is whom the act concerns, or has left, is not asked for: more than half of
/// the electorate stand in its place. Else one stolen key would stand between the others and their
/// convention (docs/decisions/0031-keys-and-departures.md).
Quorum asked_of(const Electorate& e, const Quorum& q);
/// What it would take for this electorate to fill the quorum of the act: "at most 5 approvals, of
/// roles that voting signatories have". Nothing where it can.
std::optional<std::string> out_of_reach(const Electorate& e, std::string_view act, const Quorum& q);

/// Bound on what one union can fill the register with, those that have left included.
inline constexpr std::size_t kMaxAttachedOfUnion = 100;

/// Members of the commission and analysts take no part in governance, nor does the ledger itself;
/// nor a mission locale that its union alone answers for: the union would have its votes.
bool votes(const Signatory& s);
bool has_voting_role(statement::RoleSet roles);
/// The stream is that of the convention that the ledger serves ("stream-unknown").
Status check_convention_stream(const Judgement& j);
/// What the act asks of the state, when it is proposed and again when it takes effect.
Status check_content(const Judgement& j, const Proposal& p);

/// The proposal that takes effect: of this act, with its quorum, and still possible.
Result<const Proposal*> effective(const Judgement& j, capnp::Text::Reader id,
                                  schema::GovernedAct act);
/// The accepted proposal, which has taken effect from here on. Those of the same act on the same
/// subject that were proposed before it do not any more.
Proposal take_effect(Registry& registry, capnp::Text::Reader id);

/// What is over is kept by its id, its act and whom it was about: each change writes the register.
void forget_content(Proposal& p);
/// Closes the open proposals that have reached their quorum, or cannot reach it any more. To be
/// called after every change of votes, of quorums, and of who the signatories are.
void settle_proposals(Registry& registry);

/// The key is new to the ledger ("key-known").
Status check_incoming_key(const Judgement& j, const std::string& public_key);
/// The signatory may get another key that the others do not give it: "limit-new-keys",
/// "limit-keys". What they give it begins the count anew.
Status check_room_for_key(const Judgement& j, const Signatory& owner);
/// Whether a statement of this key would be accepted now.
bool valid_at(const Key& key, Timestamp at);

/// What a mission locale signs to leave: the audience of its proof. Another than that of enrolment,
/// or the union could present the proof by which it joined.
std::string leaving_audience(std::string_view origin);

/// What a mission locale that comes back signs, by a key that it had when it left: the new key is
/// its own. It names that key, so that the proof serves once.
std::string returning_audience(std::string_view origin, const KeyId& key);
/// What an attached mission locale signs to become a signatory in its own right by this proposal:
/// all signatories read the proof by which it was attached.
std::string admission_audience(std::string_view origin, std::string_view proposal);

/// What a proposal to rotate_log_key asks.
Status check_log_key(const Judgement& j, const Proposal& p);
std::span<const Rule> log_key_rules();

// Who gets and loses a key.

std::string source_of(const Registry& registry, const std::string& slug);
crypto::PublicKey accepted_key(const std::string& x);
/// Who gives a signatory a key: the others by their quorum, or its union and itself.
enum class By : std::uint8_t { quorum, itself };
void enrol(Registry& registry, const Act& act, SignatoryId owner, const std::string& x, By by);
void end_key(Key& key, const Act& act);
std::vector<KeyId> keys_of(const Registry& registry, SignatoryId owner);
/// What proposals to enrol_first_key and to revoke_key ask.
Status check_first_key(const Judgement& j, const Proposal& p);
Status check_revocation(const Judgement& j, const Proposal& p);
/// The proof of possession of `key`, by the signatory of this short name, for this audience.
Status check_proof(const Judgement& j, capnp::Text::Reader proof, const std::string& key,
                   const std::string& slug, const std::string& audience);

// Who comes and who leaves.

/// Of whom an accepted event speaks.
SignatoryId id_of(const Registry& registry, const std::string& slug);
SignatoryId add_signatory(Registry& registry, const Act& act, std::string slug, std::string name,
                          std::uint16_t roles, const std::string& key, By by);
Status check_room_for_signatory(const Judgement& j);
/// "open-cases-first"
Status check_no_open_case(const Judgement& j, const Signatory& s, std::string field);
/// `successor` goes on with its cases, where one was named.
void leave(const Change& change, SignatoryId id, std::optional<SignatoryId> successor);

/// The events by which proposals take effect, and those of the union.
std::span<const Rule> governance_effect_rules();
std::span<const Rule> governance_key_rules();
std::span<const Rule> union_rules();

}  // namespace relais::rules
