// The seam between the log and the read models: what the sequencer needs from a generation of
// projections. Implemented in projections/, handed in by the program's main.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "ledger/base/bytes.h"
#include "ledger/base/records.h"
#include "ledger/rules/rules.h"
#include "ledger/rules/world_state.h"

namespace relais {
class WriteLog;
}

namespace relais::log {

/// One generation of read models. One thread at a time.
class Model {
 public:
  virtual ~Model() = default;
  /// The state the rules judge on; part of the generation.
  virtual rules::WorldState& world() = 0;
  /// Takes one accepted event into the world and into every projection. Events come in log order
  /// without a gap. What it did beside is valid until the next one.
  virtual const rules::Effects& fold(const rules::Act& act) = 0;
  /// One of the events that fill no row yet (kRowEvents), of those that the records stand for: a
  /// model that goes on from records is told them first, in log order.
  virtual void recall(const rules::Act& act) = 0;
  /// What has changed since the last time, not sorted yet: with it the records stand for the first
  /// `size` events, and say so under the key "P" (position_value()). It must be readable in the
  /// records before the model is used again.
  virtual WriteLog drain(TreeSize size) = 0;
  /// The same, written in key order.
  void flush(RecordSink& out, TreeSize size);
};

/// Events that a model may write one row for, where each has one byte: those from a multiple on. A
/// row is written once it is full, so that it is a function of the events alone.
inline constexpr std::uint64_t kRowEvents = 256;

/// Makes a model over the records of one generation, which outlive it.
using ModelFactory = std::function<std::unique_ptr<Model>(const RecordSource& base)>;

/// Key of a generation's position.
inline constexpr std::string_view kPositionKey = "P";
/// Of the records' bytes, whatever model made them: raised with every change of what a model
/// writes, so that records of another version are made anew and never misread.
inline constexpr std::uint32_t kRecordsVersion = 12;

/// Eight bytes of size, four of version, big-endian.
inline std::string position_value(TreeSize size) {
  std::string value;
  append_be(value, size.value);
  append_be(value, kRecordsVersion);
  return value;
}

}  // namespace relais::log
