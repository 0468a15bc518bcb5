// Inside the module: one maker a read model. To add one: its file, its maker here, and its line in
// all_projections().
#pragma once

#include <memory>

#include "projections/model.h"

namespace relais::projections {

std::unique_ptr<Projection> make_participation();  ///< cases.cc
std::unique_ptr<Projection> make_timeline();       ///< timeline.cc
std::unique_ptr<Projection> make_referrals();      ///< referrals.cc
std::unique_ptr<Projection> make_deadlines();      ///< deadlines.cc
std::unique_ptr<Projection> make_capabilities();   ///< capabilities.cc
std::unique_ptr<Projection> make_audit();          ///< audit.cc

}  // namespace relais::projections
