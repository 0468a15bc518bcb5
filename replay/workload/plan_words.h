// Internal to replay/generate: a day in office hours, and values that plans draw from, all of them
// examples.
#pragma once

#include <string_view>

#include "replay/workload/dice.h"

namespace relais::replay {

inline constexpr double kDay = kOfficeHoursADay;

inline constexpr std::string_view kTerritories[] = {
    "69123", "69381", "69387", "69388", "69266", "69256",     "69259", "69029",
    "69199", "69282", "69264", "69091", "69243", "metropole", "rhone"};
inline constexpr std::string_view kNeeds[] = {
    "shelter",
    "psychotrauma",
    "sexual_health",
    "complaint",
    "residence_permit",
    "sante--acces-aux-soins",
    "sante--addictions",
    "sante--sante-mentale",
    "se-former--trouver-sa-formation",
    "trouver-un-emploi--repondre-a-des-offres-demploi",
    "remobilisation--bien-etre-confiance-en-soi",
    "remobilisation--lien-social",
    "difficultes-financieres--acquerir-une-autonomie-budgetaire",
    "logement-hebergement--louer-un-logement"};
/// A SHA-256 of an example, base64url.
inline constexpr std::string_view kHash = "KPXAYIPJg2HiTAaxqg7XwFbYCkIwTYvgR3WzvzNjRAU";

template <std::size_t N>
std::string_view one_of(Dice& dice, const std::string_view (&values)[N]) {
  return values[dice.below(N)];
}

}  // namespace relais::replay
