// The controlled vocabularies shipped with the program, as the text of their CSV files (header line
// `value,label,description`). Sources and licences: schemas/vocabularies/README.md.
#pragma once

#include <span>
#include <string_view>

namespace relais::schema {

struct EmbeddedVocabulary {
  std::string_view name;  ///< file name without its ending, e.g. "thematiques_v1"
  std::string_view csv;   ///< the file, UTF-8
};

/// All embedded vocabularies, in the order of their file names.
std::span<const EmbeddedVocabulary> embedded_vocabularies();

}  // namespace relais::schema
