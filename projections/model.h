// The read models of one generation: the world of the rules, and the folds that serve the questions
// people ask.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/records.h"
#include "ledger/log/model.h"

namespace relais::projections {

/// Writes of the fold at hand, in front of the records: what a fold puts it can read back at once.
/// Bounded by the model's flushes. Writing is cheap; the first read behind a write makes an index
/// of what was written, so that folds which never read never pay for one.
class Tables {
 public:
  virtual ~Tables() = default;
  virtual std::optional<std::string> get(std::string_view key) const = 0;
  /// At most `limit` keys that begin with `prefix` and come after `after`, in order. For rare
  /// events: it sorts what was written since the last flush.
  virtual std::vector<std::string> keys(std::string_view prefix, std::string_view after,
                                        std::size_t limit) const = 0;
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void erase(std::string_view key) = 0;
};

/// A read model: a pure fold of events into records whose keys begin with bytes of its own.
class Projection {
 public:
  virtual ~Projection() = default;
  virtual std::string_view name() const = 0;
  /// First bytes of its keys.
  virtual std::span<const std::string_view> prefixes() const = 0;
  /// `world` already includes the event, and `effects` says what it did there. Must be a function
  /// of its arguments alone.
  virtual void fold(const rules::Act& act, const rules::Effects& effects, rules::WorldState& world,
                    Tables& tables) = 0;
  /// Before each flush: what depends on the last state of a stream alone, and not on each event of
  /// it, is written here. The records must be the same wherever flushes come.
  virtual void settle(rules::WorldState& /*world*/, Tables& /*tables*/) {}
  /// As log::Model::recall.
  virtual void recall(const rules::Act& /*act*/) {}
};

/// Every projection, in the order they fold. The world itself counts as "cases" and "keys".
std::vector<std::unique_ptr<Projection>> all_projections();

/// A model with every projection. `max_cases`: decoded cases the world keeps between flushes.
std::unique_ptr<log::Model> make_model(const RecordSource& base, std::size_t max_cases = 100'000);

}  // namespace relais::projections
