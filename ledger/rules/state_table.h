// Records of one kind, held decoded in front of the stored ones. One writer; not thread-safe.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ledger/base/archive.h"
#include "ledger/base/check.h"
#include "ledger/base/records.h"
#include "ledger/base/stored.h"

namespace relais::rules {

/// `key_of` gives the record's key. At most `max_clean` records are kept decoded between flushes.
template <class Key, class State, class Hasher = std::hash<Key>>
class StateTable {
 public:
  using KeyOf = std::string (*)(const Key&);
  StateTable(const RecordSource& base, KeyOf key_of, std::size_t max_clean)
      : base_(base), key_of_(key_of), max_clean_(max_clean) {}

  /// nullptr where there is no such record. Valid until the next flush. This and all that follow
  /// throw DamagedRecords where it cannot be read, and change nothing then.
  const State* find(const Key& key) {
    const Slot* slot = load(key);
    return slot == nullptr ? nullptr : &slot->state;
  }
  /// As find(), to be changed.
  State* edit(const Key& key) {
    Slot* slot = load(key);
    return slot == nullptr ? nullptr : &touch(key, *slot);
  }
  /// A record that is not there yet.
  State& open(const Key& key) {
    check(load(key) == nullptr, "a record is opened twice");
    remember(key);
    Slot& slot = slots_.emplace(key, Slot{}).first->second;
    slot.dirty = true;
    dirty_.push_back(key);
    return slot.state;
  }
  State& edit_or_open(const Key& key) {
    State* state = edit(key);
    return state != nullptr ? *state : open(key);
  }

  void begin_trial() { trial_ = true; }
  void rollback() {
    for (auto& [key, image] : images_) {
      if (image) {
        slots_.find(key)->second = std::move(*image);  // in place: pointers stay valid
      } else {
        slots_.erase(key);
      }
    }
    std::erase_if(dirty_, [this](const Key& key) {
      const auto it = slots_.find(key);
      return it == slots_.end() || !it->second.dirty;
    });
    end_trial();
  }
  void end_trial() {
    trial_ = false;
    images_.clear();
  }

  void flush(RecordSink& out) {
    for (const Key& key : dirty_) {
      Slot& slot = slots_.find(key)->second;
      out.put(key_of_(key), encode(slot.state));
      slot.dirty = false;
    }
    dirty_.clear();
    if (slots_.size() > max_clean_) evict();
  }

 private:
  struct Slot {
    State state;
    bool dirty = false;
    bool recent = true;  // used since the last sweep
  };

  Slot* load(const Key& key) {
    if (const auto it = slots_.find(key); it != slots_.end()) {
      it->second.recent = true;
      return &it->second;
    }
    const auto bytes = base_.get(key_of_(key));
    if (!bytes) return nullptr;
    auto stored = decode_stored<State>(*bytes, "a stored state cannot be read");
    return &slots_.emplace(key, Slot{std::move(stored)}).first->second;
  }
  State& touch(const Key& key, Slot& slot) {
    remember(key);
    if (!slot.dirty) {
      slot.dirty = true;
      dirty_.push_back(key);
    }
    return slot.state;
  }
  void remember(const Key& key) {
    if (!trial_) return;
    const auto [image, first] = images_.try_emplace(key);
    if (!first) return;
    if (const auto it = slots_.find(key); it != slots_.end()) image->second = it->second;
  }
  // Second chance: what was not used since the last sweep goes first. A sweep makes room for a
  // quarter of the limit, so that its cost is shared by as many loads.
  void evict() {
    std::erase_if(slots_, [](const auto& item) { return !item.second.recent; });
    for (auto& [key, slot] : slots_) slot.recent = false;
    const std::size_t keep = max_clean_ - max_clean_ / 4;
    for (auto it = slots_.begin(); it != slots_.end() && slots_.size() > keep;)
      it = slots_.erase(it);
  }

  const RecordSource& base_;
  KeyOf key_of_;
  std::size_t max_clean_;
  std::unordered_map<Key, Slot, Hasher> slots_;
  std::vector<Key> dirty_;
  bool trial_ = false;
  std::unordered_map<Key, std::optional<Slot>, Hasher> images_;
};

}  // namespace relais::rules
