#include "ledger/rules/world.h"

#include "ledger/base/archive.h"
#include "ledger/base/check.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {

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

World::World(const RecordSource& base, std::size_t max_cases)
    : base_(base), max_cases_(max_cases), registry_(std::make_shared<Registry>()) {
  check_rules_are_complete();
  if (const auto bytes = base_.get(registry_key())) {
    auto stored = decode<Registry>(*bytes);
    check(stored.has_value(), "the stored registry cannot be read");
    registry_ = std::make_shared<Registry>(std::move(*stored));
  }
}

// A copy at each change: readers of share_registry() keep what they have, and see by the pointer
// that it has changed.
Registry& World::mutable_registry() {
  registry_ = std::make_shared<Registry>(*registry_);
  registry_dirty_ = true;
  return *registry_;
}

World::Slot* World::load(const Uuid& id) {
  if (const auto it = cases_.find(id); it != cases_.end()) {
    it->second.recent = true;
    return &it->second;
  }
  const auto bytes = base_.get(case_key(id));
  if (!bytes) return nullptr;
  auto stored = decode<CaseState>(*bytes);
  check(stored.has_value(), "a stored case cannot be read");
  return &cases_.emplace(id, Slot{std::move(*stored)}).first->second;
}

void World::remember(const Uuid& id) {
  if (!trial_) return;
  const auto [image, first] = trial_cases_.try_emplace(id);
  if (!first) return;
  if (const auto it = cases_.find(id); it != cases_.end()) image->second = it->second;
}

const CaseState* World::find_case(const Uuid& id) {
  const Slot* slot = load(id);
  return slot == nullptr ? nullptr : &slot->state;
}

CaseState* World::mutable_case(const Uuid& id) {
  Slot* slot = load(id);
  if (slot == nullptr) return nullptr;
  remember(id);
  if (!slot->dirty) {
    slot->dirty = true;
    dirty_cases_.push_back(id);
  }
  return &slot->state;
}

CaseState& World::open_case(const Uuid& id) {
  check(load(id) == nullptr, "a case is opened twice");
  remember(id);
  Slot& slot = cases_.emplace(id, Slot{}).first->second;
  slot.state.id = id;
  slot.dirty = true;
  dirty_cases_.push_back(id);
  return slot.state;
}

StreamVersion World::version(const statement::StreamId& id) {
  if (id.kind == schema::StreamKind::CASE) {
    const CaseState* state = find_case(id.uuid);
    return StreamVersion{state == nullptr ? 0 : state->version};
  }
  if (const auto it = dirty_heads_.find(id); it != dirty_heads_.end())
    return StreamVersion{it->second};
  const auto bytes = base_.get(head_key(id));
  if (!bytes) return StreamVersion{0};
  const auto stored = decode<std::uint32_t>(*bytes);
  check(stored.has_value(), "a stored stream version cannot be read");
  return StreamVersion{*stored};
}

void World::set_version(const statement::StreamId& id, StreamVersion v) {
  if (id.kind == schema::StreamKind::CASE) {
    CaseState* state = mutable_case(id.uuid);
    check(state != nullptr, "a version for a case that does not exist");
    state->version = v.value;
    return;
  }
  dirty_heads_[id] = v.value;
}

void World::begin_trial() {
  check(!trial_, "a trial inside a trial");
  trial_ = true;
  trial_registry_ = registry_;
  trial_registry_dirty_ = registry_dirty_;
  trial_heads_ = dirty_heads_;
}

void World::rollback() {
  check(trial_, "no trial to roll back");
  registry_ = trial_registry_;
  registry_dirty_ = trial_registry_dirty_;
  dirty_heads_ = std::move(trial_heads_);
  for (auto& [id, image] : trial_cases_) {
    if (image) {
      cases_.find(id)->second = std::move(*image);  // in place: pointers stay valid
    } else {
      cases_.erase(id);
    }
  }
  std::erase_if(dirty_cases_, [this](const Uuid& id) {
    const auto it = cases_.find(id);
    return it == cases_.end() || !it->second.dirty;
  });
  end_trial();
}

void World::end_trial() {
  check(trial_, "no trial to end");
  trial_ = false;
  trial_registry_.reset();
  trial_cases_.clear();
  trial_heads_.clear();
}

void World::flush(RecordSink& out) {
  check(!trial_, "a flush inside a trial");
  if (registry_dirty_) out.put(registry_key(), encode(*registry_));
  registry_dirty_ = false;
  for (const auto& [id, version] : dirty_heads_) out.put(head_key(id), encode(version));
  dirty_heads_.clear();
  for (const Uuid& id : dirty_cases_) {
    Slot& slot = cases_.find(id)->second;
    out.put(case_key(id), encode(slot.state));
    slot.dirty = false;
  }
  dirty_cases_.clear();
  if (cases_.size() > max_cases_) evict();
}

// Second chance: cases that were not used since the last sweep go first. A sweep makes room for a
// quarter of the limit, so that its cost is shared by as many loads.
void World::evict() {
  std::erase_if(cases_, [](const auto& item) { return !item.second.recent; });
  for (auto& [id, slot] : cases_) slot.recent = false;
  const std::size_t keep = max_cases_ - max_cases_ / 4;
  for (auto it = cases_.begin(); it != cases_.end() && cases_.size() > keep;) it = cases_.erase(it);
}

}  // namespace relais::rules
