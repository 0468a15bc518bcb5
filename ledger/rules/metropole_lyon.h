// Which communes of the departmental constituency 69 are the Métropole de Lyon's. Since 1 January
// 2015 it has a department's powers on its territory, child protection among them; elsewhere in 69
// the Département du Rhône keeps them (loi no. 2014-58 of 27 January 2014, "MAPTAM", art. 26; CGCT
// L3611-1 and L3641-2).
#pragma once

#include <string_view>

namespace relais::rules {

/// Whether an INSEE commune code is of the Métropole de Lyon; the arrondissements of Lyon count.
bool is_commune_of_metropole(std::string_view insee_code);

}  // namespace relais::rules
