// The state that the rules judge on, held decoded in front of the stored records. One writer; not thread-safe.
//
// The same object serves admission, replay, rebuild, as-of and verification; only the records behind it differ. Its own
// records (in the projections' families) are:
//   'G'                     Registry
//   'H' ‖ stream key        version of a stream other than a case (varint)
//   'C' ‖ 16 bytes          CaseState
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ledger/base/records.h"
#include "ledger/rules/case_state.h"
#include "ledger/rules/registry.h"
#include "ledger/statement/stream_id.h"

namespace relais::rules {

std::string registry_key();
std::string case_key(const Uuid& id);
std::string head_key(const statement::StreamId& id);

class World {
 public:
  /// `base` must outlive the world. At most `max_cases` clean cases are kept decoded between flushes.
  explicit World(const RecordSource& base, std::size_t max_cases = 100'000);

  const Registry& registry() const { return *registry_; }
  Registry& mutable_registry();
  /// The registry as a constant to be shared with readers; the same pointer until it changes.
  std::shared_ptr<const Registry> share_registry() const { return registry_; }

  const CaseState* find_case(const Uuid& id);
  CaseState* mutable_case(const Uuid& id);
  CaseState& open_case(const Uuid& id);

  /// Version of a stream: 0 when it has no event.
  StreamVersion version(const statement::StreamId& id);
  void set_version(const statement::StreamId& id, StreamVersion v);

  /// From here on, before-images are kept of all that changes, so that rollback() can undo it.
  void begin_trial();
  void rollback();
  void end_trial();  ///< keeps the changes

  /// Writes what has changed since the last flush, and lets go of clean cases over the limit. What was written must be
  /// readable in `base` before the world is used again.
  void flush(RecordSink& out);

 private:
  struct Slot {
    CaseState state;
    bool dirty = false;
    bool recent = true;  // used since the last sweep
  };
  Slot* load(const Uuid& id);
  void remember(const Uuid& id);
  void evict();

  const RecordSource& base_;
  std::size_t max_cases_;
  std::shared_ptr<Registry> registry_;
  bool registry_dirty_ = false;
  std::unordered_map<Uuid, Slot, UuidHash> cases_;
  std::vector<Uuid> dirty_cases_;
  std::map<statement::StreamId, std::uint32_t> dirty_heads_;

  bool trial_ = false;
  std::shared_ptr<Registry> trial_registry_;
  bool trial_registry_dirty_ = false;
  std::unordered_map<Uuid, std::optional<Slot>, UuidHash> trial_cases_;
  std::map<statement::StreamId, std::uint32_t> trial_heads_;
};

}  // namespace relais::rules
