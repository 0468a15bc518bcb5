#include "ledger/rules/world_state.h"

#include "ledger/base/archive.h"
#include "ledger/base/check.h"
#include "ledger/base/stored.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

constexpr std::size_t kMaxOthers = 10'000;  // decoded signatories, sessions, library streams each

}  // namespace

std::string registry_key() {
  return "G";
}

std::string case_key(const Uuid& id) {
  std::string key = "C";
  append_uuid(key, id);
  return key;
}

std::string head_key(const statement::StreamId& id) {
  return "H" + statement::stream_key(id);
}

std::string signatory_key(const SignatoryId& id) {
  std::string key = "A";
  append_be(key, id.value);
  return key;
}

std::string session_key(const std::string& name) {
  return "N" + name;
}

std::string library_key(const std::string& name) {
  return "L" + name;
}

WorldState::WorldState(const RecordSource& base, std::size_t max_cases)
    : base_(base),
      registry_(std::make_shared<Registry>()),
      cases_(base, case_key, max_cases),
      signatories_(base, signatory_key, kMaxOthers),
      sessions_(base, session_key, kMaxOthers),
      libraries_(base, library_key, kMaxOthers) {
  check_rules_are_complete();
  if (const auto bytes = base_.get(registry_key()))
    registry_ = std::make_shared<Registry>(
        decode_stored<Registry>(*bytes, "the stored registry cannot be read"));
}

// A copy at each change: readers of share_registry() keep what they have, and see by the pointer
// that it has changed.
Registry& WorldState::mutable_registry() {
  registry_ = std::make_shared<Registry>(*registry_);
  registry_dirty_ = true;
  return *registry_;
}

CaseState& WorldState::open_case(const Uuid& id) {
  CaseState& state = cases_.open(id);
  state.id = id;
  return state;
}

StreamVersion WorldState::version(const statement::StreamId& id) {
  if (id.kind == schema::StreamKind::CASE) {
    const CaseState* state = find_case(id.uuid);
    return StreamVersion{state == nullptr ? 0 : state->version};
  }
  if (const auto it = dirty_heads_.find(id); it != dirty_heads_.end())
    return StreamVersion{it->second};
  const auto bytes = base_.get(head_key(id));
  if (!bytes) return StreamVersion{0};
  return StreamVersion{
      decode_stored<std::uint32_t>(*bytes, "a stored stream version cannot be read")};
}

void WorldState::set_version(const statement::StreamId& id, StreamVersion v) {
  if (id.kind == schema::StreamKind::CASE) {
    CaseState* state = mutable_case(id.uuid);
    check(state != nullptr, "a version for a case that does not exist");
    state->version = v.value;
    return;
  }
  dirty_heads_[id] = v.value;
}

void WorldState::begin_trial() {
  check(!trial_, "a trial inside a trial");
  trial_ = true;
  trial_registry_ = registry_;
  trial_registry_dirty_ = registry_dirty_;
  trial_heads_ = dirty_heads_;
  cases_.begin_trial();
  signatories_.begin_trial();
  sessions_.begin_trial();
  libraries_.begin_trial();
}

void WorldState::rollback() {
  check(trial_, "no trial to roll back");
  registry_ = trial_registry_;
  registry_dirty_ = trial_registry_dirty_;
  dirty_heads_ = std::move(trial_heads_);
  cases_.rollback();
  signatories_.rollback();
  sessions_.rollback();
  libraries_.rollback();
  end_trial();
}

void WorldState::end_trial() {
  check(trial_, "no trial to end");
  trial_ = false;
  trial_registry_.reset();
  trial_heads_.clear();
  cases_.end_trial();
  signatories_.end_trial();
  sessions_.end_trial();
  libraries_.end_trial();
}

void WorldState::flush(RecordSink& out) {
  check(!trial_, "a flush inside a trial");
  if (registry_dirty_) out.put(registry_key(), encode(*registry_));
  registry_dirty_ = false;
  for (const auto& [id, version] : dirty_heads_) out.put(head_key(id), encode(version));
  dirty_heads_.clear();
  cases_.flush(out);
  signatories_.flush(out);
  sessions_.flush(out);
  libraries_.flush(out);
}

}  // namespace relais::rules
