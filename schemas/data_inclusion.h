// The JSON Schemas that data·inclusion publishes, shipped with the program. Source and licence:
// schemas/data-inclusion/README.md.
#pragma once

#include <string_view>

namespace relais::schema {

std::string_view data_inclusion_structure();
std::string_view data_inclusion_service();

}  // namespace relais::schema
