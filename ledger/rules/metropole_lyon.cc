#include "ledger/rules/metropole_lyon.h"

#include <algorithm>
#include <iterator>

namespace relais::rules {
namespace {

// Source: INSEE, code officiel géographique, since 1 January 2024: the 58 communes of the Métropole
// de Lyon, and the nine arrondissements of Lyon. Sorted.
constexpr std::string_view kCommunes[] = {
    "69003",  // Albigny-sur-Saône
    "69029",  // Bron
    "69033",  // Cailloux-sur-Fontaines
    "69034",  // Caluire-et-Cuire
    "69040",  // Champagne-au-Mont-d'Or
    "69044",  // Charbonnières-les-Bains
    "69046",  // Charly
    "69063",  // Collonges-au-Mont-d'Or
    "69068",  // Couzon-au-Mont-d'Or
    "69069",  // Craponne
    "69071",  // Curis-au-Mont-d'Or
    "69072",  // Dardilly
    "69081",  // Écully
    "69085",  // Fleurieu-sur-Saône
    "69087",  // Fontaines-Saint-Martin
    "69088",  // Fontaines-sur-Saône
    "69089",  // Francheville
    "69091",  // Givors
    "69096",  // Grigny-sur-Rhône
    "69100",  // Irigny
    "69116",  // Limonest
    "69117",  // Lissieu
    "69123",  // Lyon
    "69127",  // Marcy-l'Étoile
    "69142",  // La Mulatière
    "69143",  // Neuville-sur-Saône
    "69149",  // Oullins-Pierre-Bénite
    "69152",  // Pierre-Bénite, a commune of its own until 31 December 2023: the 59th
    "69153",  // Poleymieux-au-Mont-d'Or
    "69163",  // Quincieux
    "69168",  // Rochetaillée-sur-Saône
    "69191",  // Saint-Cyr-au-Mont-d'Or
    "69194",  // Saint-Didier-au-Mont-d'Or
    "69199",  // Saint-Fons
    "69202",  // Sainte-Foy-lès-Lyon
    "69204",  // Saint-Genis-Laval
    "69205",  // Saint-Genis-les-Ollières
    "69207",  // Saint-Germain-au-Mont-d'Or
    "69233",  // Saint-Romain-au-Mont-d'Or
    "69244",  // Tassin-la-Demi-Lune
    "69250",  // La Tour-de-Salvagny
    "69256",  // Vaulx-en-Velin
    "69259",  // Vénissieux
    "69260",  // Vernaison
    "69266",  // Villeurbanne
    "69271",  // Chassieu
    "69273",  // Corbas
    "69275",  // Décines-Charpieu
    "69276",  // Feyzin
    "69278",  // Genay
    "69279",  // Jonage
    "69282",  // Meyzieu
    "69283",  // Mions
    "69284",  // Montanay
    "69286",  // Rillieux-la-Pape
    "69290",  // Saint-Priest
    "69292",  // Sathonay-Camp
    "69293",  // Sathonay-Village
    "69296",  // Solaize
    "69381",  // Lyon, 1st arrondissement
    "69382", "69383", "69384", "69385", "69386", "69387", "69388",
    "69389",  // Lyon, 9th arrondissement
};
static_assert(std::size(kCommunes) == 58 + 1 + 9);
static_assert(std::ranges::is_sorted(kCommunes));

}  // namespace

bool is_commune_of_metropole(std::string_view insee_code) {
  return std::ranges::binary_search(kCommunes, insee_code);
}

}  // namespace relais::rules
