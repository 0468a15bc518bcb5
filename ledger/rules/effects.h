// What an event did beside the state of its own stream, as the rules tell it: read models and the
// log follow this, never the event's type.
#pragma once

#include <cstdint>
#include <vector>

#include "ledger/base/id.h"

namespace relais::rules {

/// Of one event. Reused from event to event, so that most take no allocation.
struct Effects {
  std::vector<Uuid> requested;        ///< referrals of the case that are new
  std::vector<Uuid> moved;            ///< referrals of the case that changed
  std::vector<SignatoryId> joined;    ///< who takes part in the case from here on
  std::vector<std::uint32_t> erased;  ///< versions of the case whose disclosures are destroyed

  void clear() {
    requested.clear();
    moved.clear();
    joined.clear();
    erased.clear();
  }
};

}  // namespace relais::rules
