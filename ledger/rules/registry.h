// Who the signatories are and which keys they hold: the state folded from convention.*, key.* and
// (later) signatory.* events.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/crypto/x25519.h"
#include "ledger/rules/parameters.h"
#include "ledger/statement/catalogue.h"
#include "schemas/vocabulary.capnp.h"

namespace relais::rules {

using statement::RoleSet;

/// Who goes on with the cases of one that has left, as the quorum decided and it has accepted.
struct Succession {
  SignatoryId to;
  Timestamp at;  ///< when that took effect
};

struct Signatory {
  SignatoryId id;
  std::string slug;  ///< how events refer to it: "mission-locale-lyon-1"
  std::string name;
  std::string source;       ///< its CloudEvents source: "urn:relais:<convention>:<slug>"
  std::uint16_t roles = 0;  ///< RoleSet bits
  bool founding = false;    ///< must sign the convention
  bool signed_convention = false;
  bool active = true;
  LogIndex admitted_at;
  /// The union that attached it, and alone answers for it, until a quorum admits it: it has no
  /// vote, and its union's share of what is limited (docs/decisions/0026-attached.md).
  std::optional<SignatoryId> under;
  std::optional<Succession> succession;  ///< of one that has left

  RoleSet role_set() const { return RoleSet{roles}; }
};

struct Key {
  KeyId kid;
  crypto::PublicKey key{};
  SignatoryId owner;
  std::optional<crypto::SealingKey> sealing;  ///< what is sealed to its owner while it may sign
  std::string label;
  LogIndex enrolled_at;
  Timestamp enrolled_on;
  bool given = false;                      ///< by the founders or a quorum: not by its owner
  Timestamp valid_from;                    ///< inclusive
  std::optional<Timestamp> valid_until;    ///< exclusive; set by rotation and revocation
  std::optional<LogIndex> ended_at;        ///< event that revoked or rotated it
  std::optional<Timestamp> doubtful_from;  ///< revocation with an effective time in the past:
                                           ///< signed since then is in doubt
};

/// A key that signs the log's checkpoints in the place of the one before.
struct LogKeyRotation {
  LogIndex index;                ///< of the entry: it signs checkpoints of more entries than this
  crypto::PublicKey key{};       ///< the new one
  std::uint64_t reads_size = 0;  ///< and, of the log of reads, checkpoints of more than this
};
/// What the new key signs to take the old one's place: the audience of its proof.
std::string log_key_audience(std::string_view origin);
/// Bound is ours: a key a year for a century.
inline constexpr std::size_t kMaxLogKeyRotations = 100;

/// What it takes for an act of governance to have effect.
struct Quorum {
  std::uint32_t approvals = 0;  ///< the proposer's included
  std::uint16_t roles = 0;      ///< RoleSet bits: at least one approval of each
};

/// An act that takes several signatories, from its proposal to its effect.
struct Proposal {
  enum class Phase : std::uint8_t { open = 1, approved, rejected, withdrawn, effected, overtaken };
  std::string id;
  schema::GovernedAct act{};
  SignatoryId author;
  LogIndex proposed_at;
  Timestamp proposed_on;
  std::set<SignatoryId> approvals;  ///< the author's among them
  std::set<SignatoryId> rejections;
  Phase phase = Phase::open;
  std::string signatory;  ///< slug of whom it is about
  std::string name;
  std::uint16_t roles = 0;  ///< RoleSet bits
  std::string public_key;   ///< base64url, or empty
  std::string kid;          ///< base64url, or empty
  std::string document_hash;
  std::string successor;  ///< slug of who goes on with the cases of one that is withdrawn, or empty
  std::map<std::string, Quorum> quorums;
  std::map<std::string, std::uint32_t> terms;
};
std::string_view to_string(Proposal::Phase p);

/// Value type; copies are cheap enough for the few events that change it. Published to readers as a
/// shared constant.
class Registry {
 public:
  // The convention.
  std::string convention;  ///< its slug, from the stream convention/<slug>
  std::string title;
  std::string document_hash;                      ///< base64url
  std::string origin;                             ///< of the log
  crypto::PublicKey log_key{};                    ///< as entry 0 names it
  std::vector<LogKeyRotation> log_key_rotations;  ///< in order of the log
  std::vector<std::string> territories;
  Parameters parameters;                  ///< deadlines and limits
  std::map<std::string, Quorum> quorums;  ///< by kind of act: "admit-signatory"
  std::map<std::string, Proposal>
      proposals;          ///< by id; those that are over are kept, so that no id comes back
  bool in_force = false;  ///< every founding signatory has signed

  /// The key that signs checkpoints now.
  const crypto::PublicKey& current_log_key() const {
    return log_key_rotations.empty() ? log_key : log_key_rotations.back().key;
  }

  const Signatory* find(SignatoryId id) const;
  const Signatory* find_slug(std::string_view slug) const;
  const Signatory* find_source(std::string_view source) const;
  /// Whose share of what is limited a signatory has: its union's, where that alone answers for it,
  /// else its own.
  SignatoryId account_of(SignatoryId id) const;
  /// Who is to go on with the cases of one that has left: whom the signatories named for it, or for
  /// that one in its turn. Nothing where nobody was named, or where it is active.
  std::optional<Succession> succession_of(SignatoryId holder) const;
  const Key* find_key(const KeyId& kid) const;
  const std::vector<Signatory>& signatories() const { return signatories_; }
  const std::map<KeyId, Key>& keys() const { return keys_; }

  Signatory& add(Signatory s);  ///< gives it the next ordinal
  Signatory& mutable_signatory(SignatoryId id);
  Key& add_key(Key k);
  Key* mutable_key(const KeyId& kid);

  /// Key of a statement received at `at`: rules "key-unknown", "key-not-yet-valid", "key-revoked"
  /// (Errc::unauthenticated).
  Result<const Key*> check_key(const KeyId& kid, Timestamp at) const;

  /// The key whose enrolment named this sealing key; the last one, where its owner named it again.
  const Key* find_sealing_key(const KeyId& kid) const;
  /// Whether its owner may have something sealed to it at `at`: it is active, and the key that the
  /// sealing key came with may sign. Errors: "sealing-key-unknown", "sealing-key-ended"
  /// (Errc::invalid).
  Result<const Key*> check_sealing_key(const KeyId& kid, Timestamp at) const;
  /// Whether anything can be sealed to a signatory of this role at `at`.
  bool can_seal_to(schema::Role role, Timestamp at) const;

  template <class Ar>
  friend void archive(Ar& ar, Registry& r);

 private:
  std::vector<Signatory> signatories_;  // by ordinal
  std::map<std::string, SignatoryId, std::less<>> by_slug_;
  std::map<std::string, SignatoryId, std::less<>> by_source_;
  std::map<KeyId, Key> keys_;
  std::map<KeyId, KeyId> by_sealing_key_;
  void index();
  void index_sealing_key(const Key& k);
  bool seals(const Key& k, Timestamp at) const;
};

template <class Ar>
void archive(Ar& ar, Succession& s) {
  ar(s.to, s.at);
}
template <class Ar>
void archive(Ar& ar, Signatory& s) {
  ar(s.id, s.slug, s.name, s.source, s.roles, s.founding, s.signed_convention, s.active,
     s.admitted_at, s.under, s.succession);
}
template <class Ar>
void archive(Ar& ar, Key& k) {
  ar(k.kid, k.key, k.owner, k.sealing, k.label, k.enrolled_at, k.enrolled_on, k.given, k.valid_from,
     k.valid_until, k.ended_at, k.doubtful_from);
}
template <class Ar>
void archive(Ar& ar, LogKeyRotation& r) {
  ar(r.index, r.key, r.reads_size);
}
template <class Ar>
void archive(Ar& ar, Quorum& q) {
  ar(q.approvals, q.roles);
}
template <class Ar>
void archive(Ar& ar, Proposal& p) {
  ar(p.id, p.act, p.author, p.proposed_at, p.proposed_on, p.approvals, p.rejections, p.phase,
     p.signatory, p.name, p.roles, p.public_key, p.kid, p.document_hash, p.successor, p.quorums,
     p.terms);
}
template <class Ar>
void archive(Ar& ar, Registry& r) {
  ar(r.convention, r.title, r.document_hash, r.origin, r.log_key, r.log_key_rotations,
     r.territories, r.parameters, r.quorums, r.proposals, r.in_force, r.signatories_, r.keys_);
  if constexpr (Ar::kReading) r.index();
}

}  // namespace relais::rules
