// The periods and ages that the law fixes, each with its article: one page for a lawyer. They are
// no numbers of the convention (parameters.h) and cannot be amended by a quorum.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace relais::rules {

struct LegalPeriod {
  enum class Unit : std::uint8_t { months, years };

  std::string_view article;
  int number = 0;
  Unit unit{};
  std::string_view meaning;

  constexpr int months() const { return unit == Unit::years ? number * 12 : number; }
  /// "6 months": what a refusal says.
  std::string words() const {
    return std::to_string(number) + (unit == Unit::years ? " years" : " months");
  }
  std::string law() const { return std::string(article); }
};

namespace law {

using Unit = LegalPeriod::Unit;

inline constexpr LegalPeriod kMajority{"Code civil 388", 18, Unit::years,
                                       "age at which a person is a minor no more"};
inline constexpr LegalPeriod kPspTerm{"CASF L121-9", 6, Unit::months, "a term of the parcours"};
inline constexpr LegalPeriod kPspTotal{"CASF L121-9", 24, Unit::months,
                                       "all terms of a parcours together"};
inline constexpr LegalPeriod kAccreditation{"CASF R121-12-3", 3, Unit::years,
                                            "how long an agrément lasts"};
inline constexpr LegalPeriod kCompleteness{"CASF R121-12-3", 2, Unit::months,
                                           "silence after which a file is deemed complete"};
inline constexpr LegalPeriod kSilence{"CASF R121-12-3", 4, Unit::months,
                                      "silence on a complete file that grants the agrément"};
inline constexpr LegalPeriod kAppeal{
    "CJA R421-1", 2, Unit::months,
    "délai franc in which a refusal can be appealed against, from its notification"};
inline constexpr LegalPeriod kResidencePermit{"CESEDA L425-4", 6, Unit::months,
                                              "least duration of the temporary residence permit"};

inline constexpr LegalPeriod kAll[] = {kMajority,     kPspTerm, kPspTotal, kAccreditation,
                                       kCompleteness, kSilence, kAppeal,   kResidencePermit};

/// Months until who is of this age in years, the youngest of an age band, comes of age.
constexpr int months_to_majority(int age) {
  return kMajority.months() - age * 12;
}

}  // namespace law
}  // namespace relais::rules
