// The state that the rules judge on, held decoded in front of the stored records. One writer; not
// thread-safe.
//
// The same object serves admission, replay, rebuild, as-of and verification; only the records
// behind it differ. Its own records (in the projections' families) are:
//   'G'                     Registry
//   'H' ‖ stream key        version of a stream other than a case (varint)
//   'C' ‖ 16 bytes          CaseState
//   'A' ‖ 2 bytes           SignatoryState
//   'N' ‖ name              SessionState
//   'L' ‖ name              LibraryState
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "ledger/base/records.h"
#include "ledger/rules/case_state.h"
#include "ledger/rules/registry.h"
#include "ledger/rules/state_table.h"
#include "ledger/rules/stream_states.h"
#include "ledger/statement/stream_id.h"

namespace relais::rules {

std::string registry_key();
std::string case_key(const Uuid& id);
std::string head_key(const statement::StreamId& id);
std::string signatory_key(const SignatoryId& id);
std::string session_key(const std::string& name);
std::string library_key(const std::string& name);

class WorldState {
 public:
  /// `base` must outlive the world. At most `max_cases` clean cases are kept decoded between
  /// flushes.
  explicit WorldState(const RecordSource& base, std::size_t max_cases = 100'000);

  const Registry& registry() const { return *registry_; }
  Registry& mutable_registry();
  /// The registry as a constant to be shared with readers; the same pointer until it changes.
  std::shared_ptr<const Registry> share_registry() const { return registry_; }

  const CaseState* find_case(const Uuid& id) { return cases_.find(id); }
  CaseState* mutable_case(const Uuid& id) { return cases_.edit(id); }
  CaseState& open_case(const Uuid& id);

  /// What is known of a signatory beyond the registry; nullptr until it has declared anything.
  const SignatoryState* find_signatory(SignatoryId id) { return signatories_.find(id); }
  SignatoryState& mutable_signatory(SignatoryId id) { return signatories_.edit_or_open(id); }
  const SessionState* find_session(const std::string& name) { return sessions_.find(name); }
  SessionState& mutable_session(const std::string& name) { return sessions_.edit_or_open(name); }
  const LibraryState* find_library(const std::string& name) { return libraries_.find(name); }
  LibraryState& mutable_library(const std::string& name) { return libraries_.edit_or_open(name); }

  /// Version of a stream: 0 when it has no event.
  StreamVersion version(const statement::StreamId& id);
  void set_version(const statement::StreamId& id, StreamVersion v);

  /// From here on, before-images are kept of all that changes, so that rollback() can undo it.
  void begin_trial();
  void rollback();
  void end_trial();  ///< keeps the changes

  /// Writes what has changed since the last flush, and lets go of clean records over the limit.
  /// What was written must be readable in `base` before the world is used again.
  void flush(RecordSink& out);

 private:
  struct SignatoryHash {
    std::size_t operator()(SignatoryId id) const { return id.value; }
  };

  const RecordSource& base_;
  std::shared_ptr<Registry> registry_;
  bool registry_dirty_ = false;
  StateTable<Uuid, CaseState, UuidHash> cases_;
  StateTable<SignatoryId, SignatoryState, SignatoryHash> signatories_;
  StateTable<std::string, SessionState> sessions_;
  StateTable<std::string, LibraryState> libraries_;
  std::map<statement::StreamId, std::uint32_t> dirty_heads_;

  bool trial_ = false;
  std::shared_ptr<Registry> trial_registry_;
  bool trial_registry_dirty_ = false;
  std::map<statement::StreamId, std::uint32_t> trial_heads_;
};

}  // namespace relais::rules
