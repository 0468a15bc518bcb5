// data·inclusion: the published schemas, what is exported, what is taken in.
#include <gmock/gmock.h>

#include "replay/exchange/data_inclusion.h"
#include "schemas/data_inclusion.h"
#include "tests/unit/projections/ledger_support.h"

namespace relais::tests {
namespace {

using replay::check_service;
using replay::check_structure;
using replay::Import;
using replay::import_structures;

json::object structure(std::string_view more = "{}") {
  json::object o = data(R"({"source":"dora","id":"dora--42","nom":"Centre social",
      "date_maj":"2026-02-14"})");
  for (const auto& member : data(more)) o[member.key()] = member.value();
  return o;
}

json::object service(std::string_view more = "{}") {
  json::object o = data(R"({"source":"dora","structure_id":"dora--42","id":"dora--s1",
      "nom":"Atelier","description":"Un atelier.","date_maj":"2026-02-14"})");
  for (const auto& member : data(more)) o[member.key()] = member.value();
  return o;
}

TEST(Schemas, TakeWhatIsPublished) {
  EXPECT_TRUE(check_structure(structure()));
  EXPECT_TRUE(check_structure(structure(R"({"telephone":null,"courriel":"accueil@example.org",
      "siret":"13003013300016","code_insee":"2A004","code_postal":"20000","latitude":45.7,
      "longitude":4,"site_web":"https://example.org/","reseaux_porteurs":["ccas-cias","siao"],
      "description":"Un lieu.","of_their_own":{"score":1}})")));
  EXPECT_TRUE(check_service(service(R"({"type":"accompagnement","thematiques":[],
      "publics":["femmes","jeunes"],"frais":"gratuit","mobilisable_par":["usagers"],
      "zone_eligibilite":["69123","69D","200046977","99100","france"],"nombre_semaines":1,
      "volume_horaire_hebdomadaire":0})")));
}

TEST(Schemas, RefuseAndNameTheMember) {
  struct Row {
    std::string field;
    json::object document;
    bool of_service = false;
  };
  const auto without = [](json::object o, std::string_view member) {
    o.erase(member);
    return o;
  };
  const std::string long_name = R"({"nom":")" + std::string(151, 'x') + R"("})";
  const std::vector<Row> rows = {
      {"id", without(structure(), "id")},
      {"date_maj", without(structure(), "date_maj")},
      {"id", structure(R"({"id":42})")},
      {"nom", structure(R"({"nom":"éé"})")},
      {"nom", structure(long_name)},
      {"date_maj", structure(R"({"date_maj":"2026-02-30"})")},
      {"siret", structure(R"({"siret":"1300301330001x"})")},
      {"siret", structure(R"({"siret":13003013300016})")},
      {"code_postal", structure(R"({"code_postal":"6900"})")},
      {"courriel", structure(R"({"courriel":"accueil"})")},
      {"courriel", structure(R"({"courriel":"a b@example.org"})")},
      {"site_web", structure(R"({"site_web":"example.org"})")},
      {"site_web", structure(R"({"site_web":""})")},
      {"reseaux_porteurs[1]", structure(R"({"reseaux_porteurs":["siao","nid"]})")},
      {"reseaux_porteurs[1]", structure(R"({"reseaux_porteurs":["siao","siao"]})")},
      {"latitude", structure(R"({"latitude":"45.7"})")},
      {"structure_id", without(service(), "structure_id"), true},
      {"description", service(R"({"description":"bref"})"), true},
      {"type", service(R"({"type":"abri"})"), true},
      {"publics", service(R"({"publics":[]})"), true},
      {"publics", service(R"({"publics":"femmes"})"), true},
      {"nombre_semaines", service(R"({"nombre_semaines":0})"), true},
      {"nombre_semaines", service(R"({"nombre_semaines":1.5})"), true},
      {"volume_horaire_hebdomadaire", service(R"({"volume_horaire_hebdomadaire":-1})"), true},
      {"zone_eligibilite", service(R"({"zone_eligibilite":[]})"), true},
      {"zone_eligibilite[0]", service(R"({"zone_eligibilite":["6"]})"), true},
  };
  for (const Row& row : rows) {
    const Status s = row.of_service ? check_service(row.document) : check_structure(row.document);
    ASSERT_FALSE(s.has_value()) << row.field << " " << json::serialize(row.document);
    EXPECT_EQ(s.error().rule, "json-schema");
    EXPECT_EQ(s.error().field, row.field);
    EXPECT_FALSE(s.error().accepted.empty()) << row.field;
  }
  EXPECT_EQ(check_structure(json::array{}).error().field, "");
}

TEST(Schemas, LengthsAreInCodePoints) {
  std::string name;
  for (int i = 0; i < 150; ++i) name += "é";
  EXPECT_TRUE(check_structure(structure(R"({"nom":")" + name + R"("})")));
  EXPECT_FALSE(check_structure(structure(R"({"nom":")" + name + R"(é"})")));
}

class Imports : public testing::Test {
 protected:
  static Import of(json::array structures) {
    auto out =
        import_structures(json::serialize(json::value(std::move(structures))), "partenaires");
    check(out.has_value(), out ? std::string() : to_string(out.error()));
    return std::move(*out);
  }
  static Error error_of(json::object one) {
    Import out = of({structure(R"({"id":"dora--first"})"), std::move(one)});
    EXPECT_EQ(out.events.size(), 1U);
    if (out.errors.size() == 1) return out.errors[0];
    ADD_FAILURE() << out.errors.size() << " errors";
    return {};
  }
};

TEST_F(Imports, BecomeEventsThatTheLedgerTakes) {
  const json::object full = structure(R"({"siret":"13003013300016","code_insee":"69123",
      "commune":"Lyon","code_postal":"69003","adresse":"1 rue de la Paix",
      "complement_adresse":"Bâtiment B","telephone":"+33400000000",
      "courriel":"accueil@example.org","site_web":"https://example.org/","description":"Un lieu.",
      "horaires_accueil":"Mo-Fr 08:30-12:30","accessibilite_lieu":"https://example.org/acces",
      "reseaux_porteurs":["siao"],"lien_source":"https://example.org/source","latitude":45.7,
      "longitude":null})");
  const Import out = of({full, structure(R"({"id":"17","source":"emplois"})")});
  EXPECT_TRUE(out.errors.empty());
  ASSERT_EQ(out.events.size(), 2U);
  Scene scene;
  for (const json::object& event : out.events) {
    EXPECT_EQ(event.at("type"), "relais.partner.introduced.v1");
    EXPECT_EQ(event.at("subject"), "network/partenaires");
    scene.expect("ml1", "partner.introduced", "network/partenaires", event.at("data").as_object());
  }
  const json::object& first = out.events[0].at("data").as_object();
  EXPECT_EQ(first.at("partner_id"), "dora--42");
  EXPECT_EQ(first.at("adresse"), "1 rue de la Paix, Bâtiment B");
  EXPECT_EQ(first.at("accessibilite_lieu"), "https://example.org/acces");
  EXPECT_EQ(first.at("reseaux_porteurs"), json::value(json::array{"siao"}));
  EXPECT_FALSE(first.contains("latitude"));
  EXPECT_EQ(out.events[1].at("data").at("partner_id"), "emplois--17");
}

TEST_F(Imports, NameRecordAndField) {
  struct Row {
    std::string rule;
    std::string field;
    std::string more;
  };
  const std::vector<Row> rows = {
      {"json-schema", "[1].siret", R"({"siret":"1"})"},
      {"json-schema", "[1].nom", R"({"nom":null})"},
      {"json-schema", "[1].reseaux_porteurs[0]", R"({"reseaux_porteurs":["nid"]})"},
      {"structure-repeated", "[1].id", R"({"id":"dora--first"})"},
      {"format-territory", "[1].code_insee", R"({"code_insee":"6912A"})"},
      {"format-email", "[1].courriel", R"({"courriel":"accueil@localhost"})"},
      {"format-telephone", "[1].telephone", R"({"telephone":"demander l'accueil"})"},
      {"too-long", "[1].id", R"({"id":"dora--)" + std::string(100, 'x') + R"("})"},
      {"too-long", "[1].telephone", R"({"telephone":")" + std::string(41, '0') + R"("})"},
  };
  for (const Row& row : rows) {
    const Error e = error_of(structure(row.more));
    EXPECT_EQ(e.rule, row.rule) << to_string(e);
    EXPECT_EQ(e.field, row.field);
    EXPECT_THAT(e.message, testing::StartsWith("dora--")) << "the record's own id";
  }
  const Import out = of({"no object"});
  ASSERT_EQ(out.errors.size(), 1U);
  EXPECT_EQ(out.errors[0].field, "[0]");
}

TEST_F(Imports, ReportAHundredErrorsAtMost) {
  json::array many;
  for (int i = 0; i < 150; ++i) many.push_back(structure(R"({"siret":"1"})"));
  EXPECT_EQ(of(std::move(many)).errors.size(), replay::kMaxImportErrors);
}

TEST_F(Imports, RefuseWhatIsNoList) {
  EXPECT_EQ(import_structures("{}", "partenaires").error().rule, "structures-form");
  EXPECT_EQ(import_structures("[", "partenaires").error().code, Errc::malformed);
  EXPECT_EQ(import_structures("[]", "Partenaires !").error().rule, "network-form");
  std::string many = "[0";
  for (std::size_t i = 0; i < replay::kMaxStructures; ++i) many += ",0";
  EXPECT_EQ(import_structures(many + "]", "partenaires").error().rule, "structures-many");
}

class Export : public testing::Test {
 protected:
  void act(const std::string& slug, std::string_view event, std::string_view subject,
           json::object payload) {
    ASSERT_TRUE(twin.act(slug, event, subject, payload)) << event;
  }
  void declare(const std::string& slug, std::string_view id, std::string_view more = "{}") {
    json::object d = data(R"({"service_type":"accompagnement","publics":["femmes"],
        "needs":["shelter"],"territories":["69123"]})");
    d["capability_id"] = id;
    for (const auto& member : data(more)) d[member.key()] = member.value();
    act(slug, "capability.declared", "signatory/" + slug, std::move(d));
  }
  replay::DataInclusion exported() {
    auto out = replay::export_data_inclusion(*twin.ledger);
    check(out.has_value(), out ? std::string() : to_string(out.error()));
    for (const json::value& s : out->structures) EXPECT_TRUE(check_structure(s));
    for (const json::value& s : out->services) EXPECT_TRUE(check_service(s));
    return std::move(*out);
  }
  TwinLedger twin;
};

TEST_F(Export, IsEmptyWhereNothingWasSaid) {
  const auto out = exported();
  EXPECT_TRUE(out.structures.empty());
  EXPECT_TRUE(out.services.empty());
  EXPECT_EQ(out.left_out, 0U);
}

/// What is taken in comes out again as it was.
TEST_F(Export, GivesBackWhatWasImported) {
  const json::object full = structure(R"({"siret":"13003013300016","code_insee":"69123",
      "commune":"Lyon","code_postal":"69003","adresse":"1 rue de la Paix",
      "telephone":"+33400000000","courriel":"accueil@example.org",
      "site_web":"https://example.org/","description":"Un lieu.",
      "horaires_accueil":"Mo-Fr 08:30-12:30","accessibilite_lieu":"https://example.org/acces",
      "reseaux_porteurs":["siao"],"lien_source":"https://example.org/source"})");
  const auto imported = import_structures(
      json::serialize(json::value(json::array{full, structure(R"({"id":"dora--7"})")})),
      "partenaires");
  ASSERT_TRUE(imported.has_value() && imported->errors.empty());
  for (const json::object& event : imported->events)
    act("ml1", "partner.introduced", "network/partenaires", event.at("data").as_object());
  EXPECT_EQ(exported().structures, (json::array{full, structure(R"({"id":"dora--7"})")}));
}

TEST_F(Export, TheLastIntroductionCounts) {
  for (const char* name : {"Ancien nom", "Nouveau nom"}) {
    json::object d = data(R"({"partner_id":"42","date_maj":"2026-02-14","code_insee":"rhone"})");
    d["nom"] = name;
    act("ml1", "partner.introduced", "network/partenaires", std::move(d));
  }
  const auto out = exported();
  ASSERT_EQ(out.structures.size(), 1U);
  EXPECT_EQ(out.structures[0].at("nom"), "Nouveau nom");
  EXPECT_EQ(out.structures[0].at("id"), "relais-rhone--42");
  EXPECT_EQ(out.structures[0].at("source"), "relais-rhone");
  EXPECT_FALSE(out.structures[0].as_object().contains("code_insee")) << "rhone is no code";
}

TEST_F(Export, CountsWhatTheSchemaDoesNotTake) {
  act("ml1", "partner.introduced", "network/partenaires",
      data(R"({"partner_id":"42","nom":"AB","date_maj":"2026-02-14"})"));
  const auto out = exported();
  EXPECT_TRUE(out.structures.empty());
  EXPECT_EQ(out.left_out, 1U);
}

TEST_F(Export, ACapabilityIsAServiceOfItsSignatory) {
  declare("aa1", "abri", R"({"label":"Mise à l'abri","publics":["femmes","tous-publics"],
      "needs":["shelter","psychotrauma","sante--sante-mentale"],
      "territories":["69123","metropole","rhone"]})");
  twin.scene.clock.advance_ms(86'400'000);
  declare("aa1", "ecoute");
  act("aa1", "focal_point.designated", "signatory/aa1",
      data(R"({"mailbox":"accueil@example.org"})"));
  declare("aa2", "retire");
  act("aa2", "capability.withdrawn", "signatory/aa2", data(R"({"capability_id":"retire"})"));

  const auto out = exported();
  EXPECT_EQ(out.structures, (json::array{data(R"({"source":"relais-rhone","id":"relais-rhone--aa1",
                "nom":"Signatory aa1","date_maj":"2026-03-03",
                "courriel":"accueil@example.org"})")}));
  ASSERT_EQ(out.services.size(), 2U);
  const json::object& abri = out.services[0].as_object();
  EXPECT_EQ(abri.at("id"), "relais-rhone--aa1--abri");
  EXPECT_EQ(abri.at("structure_id"), "relais-rhone--aa1");
  EXPECT_EQ(abri.at("nom"), "Mise à l'abri");
  EXPECT_EQ(abri.at("type"), "accompagnement");
  EXPECT_EQ(abri.at("date_maj"), "2026-03-02");
  EXPECT_EQ(abri.at("publics"), json::value(json::array{"tous-publics"}));
  EXPECT_EQ(abri.at("thematiques"),
            json::value(
                json::array{"logement-hebergement--rechercher-une-solution-dhebergement-temporaire",
                            "sante--sante-mentale"}));
  EXPECT_EQ(abri.at("zone_eligibilite"), json::value(json::array{"69123", "200046977", "69D"}));
  EXPECT_EQ(abri.at("modes_mobilisation"), json::value(json::array{"envoyer-un-courriel"}));
  const json::object& listening = out.services[1].as_object();
  EXPECT_EQ(listening.at("nom"), "accompagnement – Signatory aa1");
  EXPECT_EQ(listening.at("date_maj"), "2026-03-03");
}

}  // namespace
}  // namespace relais::tests
