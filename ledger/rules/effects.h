// What an event did beside the state of its own stream, as the rules tell it: read models and the
// log follow this, never the event's type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ledger/base/id.h"
#include "schemas/vocabulary.capnp.h"

namespace relais::rules {

/// That an earlier act of the case is corrected or annulled.
struct Amends {
  std::uint32_t target = 0;  ///< its version
  schema::CorrectionReason reason{};
};

/// Of one event. Reused from event to event, so that most take no allocation.
struct Effects {
  std::vector<Uuid> requested;        ///< referrals of the case that are new
  std::vector<Uuid> moved;            ///< referrals of the case that changed
  std::vector<SignatoryId> joined;    ///< who takes part in the case from here on
  std::vector<std::uint32_t> erased;  ///< versions of the case whose disclosures are destroyed

  std::optional<Amends> amends;
  std::vector<SignatoryId> left;  ///< signatories that are of the convention no more
  std::string offer;              ///< id of the capability of who signed that is another now
  /// Deadlines of other streams may be others too: the convention's numbers were amended, or cases
  /// wait to be passed on.
  bool deadlines_moved = false;

  void clear() {
    requested.clear();
    moved.clear();
    joined.clear();
    erased.clear();
    amends.reset();
    left.clear();
    offer.clear();
    deadlines_moved = false;
  }
};

}  // namespace relais::rules
