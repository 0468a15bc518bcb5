// The log's own key: in whose place the signatories put another, by their quorum. The event is the
// ledger's (system), since whoever runs it has the new key; it does what was decided, or nothing.
#include <algorithm>

#include "ledger/base/check.h"
#include "ledger/crypto/jwk.h"
#include "ledger/rules/convention/governance.h"
#include "ledger/statement/statement.h"

namespace relais::rules {
namespace {

using schema::GovernedAct;

crypto::PublicKey public_key_of(const std::string& x) {
  const auto key = crypto::parse_public_key(x);
  check(key.has_value(), "a typed event holds a key that cannot be read");
  return *key;
}

bool is_log_key(const Registry& registry, const crypto::PublicKey& key) {
  return key == registry.log_key ||
         std::ranges::any_of(registry.log_key_rotations,
                             [&key](const LogKeyRotation& r) { return r.key == key; });
}

/// The size of the log of reads is the host's word, and bounds what the old key may have signed of
/// it: it only grows.
Status check_reads_size(const Judgement& j, std::uint64_t size) {
  const auto& before = j.registry().log_key_rotations;
  if (before.empty() || before.back().reads_size <= size) return {};
  return fail(refusal(j.act, Errc::conflict, "reads-size-back",
                      "the log of reads had " + std::to_string(before.back().reads_size) +
                          " entries when the key was replaced before")
                  .at("data.reads_size")
                  .accepts(std::to_string(before.back().reads_size) + " or more")
                  .in_state("GROWN"));
}

Status decide_log_key(const Judgement& j) {
  const auto rotated = j.data().getLogKeyRotated();
  RELAIS_ASSIGN(const Proposal* p,
                effective(j, rotated.getProposalId(), GovernedAct::ROTATE_LOG_KEY));
  const auto differs = [&](const char* field, std::string message, std::string accepted) {
    return fail(refusal(j.act, Errc::conflict, "log-key-differs", std::move(message))
                    .at(field)
                    .accepts(std::move(accepted))
                    .in_state("APPROVED"));
  };
  if (text(rotated.getNewKey()) != p->public_key)
    return differs("data.new_key", "the proposal is about another key", p->public_key);
  const std::string current = crypto::to_text(j.registry().current_log_key());
  if (text(rotated.getOldKey()) != current)
    return differs("data.old_key", "the log is signed by another key now", current);
  RELAIS_TRY(check_reads_size(j, rotated.getReadsSize()));
  auto proven =
      statement::check_key_proof(text(rotated.getProof()), public_key_of(p->public_key),
                                 j.emitter->source, log_key_audience(j.registry().origin));
  if (!proven) return fail(std::move(proven.error()).at("data.proof"));
  return {};
}

void evolve_log_key(const Change& change) {
  const auto rotated = change.data().getLogKeyRotated();
  Registry& registry = change.world.mutable_registry();
  const Proposal p = take_effect(registry, rotated.getProposalId());
  registry.log_key_rotations.push_back(
      {change.act.index, public_key_of(p.public_key), rotated.getReadsSize()});
}

}  // namespace

/// Each key signs one stretch of the log, and nothing else.
Status check_log_key(const Judgement& j, const Proposal& p) {
  if (is_log_key(j.registry(), public_key_of(p.public_key)))
    return fail(refusal(j.act, Errc::conflict, "key-known", "the key is, or has been, the log's")
                    .at("data.public_key")
                    .accepts("a new key: relais rotate --key log --prepare")
                    .in_state("ENROLLED"));
  if (j.registry().log_key_rotations.size() >= kMaxLogKeyRotations)
    return fail(refusal(j.act, Errc::conflict, "limit-log-keys",
                        "the key of a log is replaced at most " +
                            std::to_string(kMaxLogKeyRotations) + " times")
                    .in_state("FULL"));
  return check_incoming_key(j, p.public_key);
}

std::span<const Rule> log_key_rules() {
  static constexpr Rule kRules[] = {{"log.key_rotated", decide_log_key, evolve_log_key}};
  return kRules;
}

}  // namespace relais::rules
