#include "api/reading/looks.h"

#include "projections/read.h"

namespace relais::api {

bool LooksView::sees(const Uuid& case_id) {
  const auto [it, fresh] = known_.try_emplace(case_id, false);
  if (fresh) it->second = look_up(case_id);
  return it->second;
}

bool LooksView::look_up(const Uuid& case_id) const {
  if (reader_.analyst()) return false;
  const auto state = projections::find_case(records_, case_id);
  if (!state) return false;
  if (state->holder == reader_.id) return true;
  if (state->stepped_back.contains(reader_.id)) return false;
  const bool of_commission = reader_.roles.has(schema::Role::PREF) ||
                             reader_.roles.has(schema::Role::SEC) ||
                             reader_.roles.has(schema::Role::MEMBER);
  return of_commission && (projections::takes_part(records_, reader_.id, case_id) ||
                           projections::has_file(records_, reader_.id, case_id));
}

}  // namespace relais::api
