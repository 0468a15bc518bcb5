// Inside the module: one maker a read model. To add one: its file, its maker here, and its line in
// all_projections().
#pragma once

#include <memory>

#include "projections/model.h"

namespace relais::projections {

std::unique_ptr<Projection> make_participation();  ///< cases.cc
std::unique_ptr<Projection> make_timeline();       ///< timeline.cc
std::unique_ptr<Projection> make_referrals();      ///< referrals.cc
/// New numbers change the deadlines of every stream. So that one event never takes long, the event
/// that brings them derives so many streams anew, and each event after it some more.
struct DerivingPace {
  std::size_t at_once = 20'000;
  std::size_t with_each_event = 1'000;
};
std::unique_ptr<Projection> make_deadlines(DerivingPace pace = {});  ///< deadlines.cc
std::unique_ptr<Projection> make_capabilities();                     ///< capabilities.cc
std::unique_ptr<Projection> make_audit();                            ///< audit.cc
std::unique_ptr<Projection> make_indicators();                       ///< indicators.cc
std::unique_ptr<Projection> make_sessions();                         ///< sessions.cc
std::unique_ptr<Projection> make_shared_items();                     ///< shared.cc

}  // namespace relais::projections
