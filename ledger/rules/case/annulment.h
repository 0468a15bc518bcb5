// Inside the room: what the annulments of several families have in common.
#pragma once

#include <vector>

#include "ledger/base/check.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {

using Kind = schema::Event::Data::Which;  // its numbers are those of ActMark::type

inline Kind kind_of(const ActMark& mark) {
  return static_cast<Kind>(mark.type);
}

/// A parcours that runs, or that may still be decided on or authorised by an appeal. A refused
/// entry is not: a minor's application may have been refused for that very reason, and her
/// protection must not wait.
bool psp_under_way(const Psp& p);

/// Takes one element out of a list that acts point into.
template <class T>
void take_out(CaseState& c, std::vector<T>& list, std::uint32_t position, RefTo pointed_at_by) {
  check(position < list.size(), "an annulment is of no element of its list");
  list.erase(list.begin() + position);
  for (ActMark& a : c.acts)
    if (rule_of(a.type).of_case.ref_to == pointed_at_by && a.ref > position) --a.ref;
}

}  // namespace relais::rules
