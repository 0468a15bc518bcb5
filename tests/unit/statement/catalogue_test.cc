#include "ledger/statement/catalogue.h"

#include <gtest/gtest.h>

#include <set>

#include "ledger/base/records.h"
#include "ledger/statement/formats.h"
#include "ledger/statement/names.h"
#include "schemas/vocabularies.h"

namespace relais::statement {
namespace {

TEST(Catalogue, HoldsEveryMemberOfTheUnion) {
  const auto types = catalogue().all();
  const auto members = capnp::Schema::from<schema::Event>()
                           .getFieldByName("data")
                           .getType()
                           .asStruct()
                           .getUnionFields();
  ASSERT_EQ(types.size(), members.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    EXPECT_EQ(types[i]->ordinal, i);
    EXPECT_EQ(&catalogue().at(static_cast<EventOrdinal>(i)), types[i].get());
    EXPECT_EQ(catalogue().find(types[i]->wire_type), types[i].get());
    EXPECT_EQ(types[i]->wire_type, "relais." + types[i]->name + ".v1");
    EXPECT_FALSE(types[i]->emitters.empty()) << types[i]->name;
  }
  EXPECT_EQ(catalogue().find("relais.case.detected.v2"), nullptr);
  EXPECT_EQ(catalogue().find("case.detected"), nullptr);
  EXPECT_EQ(catalogue().find(""), nullptr);
}

TEST(Catalogue, PolicyOfAnEvent) {
  const EventType* type = catalogue().find("relais.case.detected.v1");
  ASSERT_NE(type, nullptr);
  EXPECT_EQ(type->name, "case.detected");
  EXPECT_EQ(type->axis, schema::Axis::DETECTION);
  EXPECT_EQ(type->stream, schema::StreamKind::CASE);
  EXPECT_EQ(type->relation, schema::Relation::NONE);
  EXPECT_TRUE(type->opens);
  EXPECT_EQ(to_string(type->emitters), "ml, aa");
  EXPECT_EQ(type->source, "Convention, axis 1");
  EXPECT_EQ(type->precondition,
            "the case does not exist yet; the territory is one of the convention's");
  EXPECT_TRUE(type->summary.starts_with("A signatory has detected"));
}

TEST(Catalogue, AnyEmitterIsSpelledOut) {
  const EventType* type = catalogue().find("relais.key.enrolled.v1");
  ASSERT_NE(type, nullptr);
  EXPECT_EQ(to_string(type->emitters), "pref, ml, udml, aa, sec, member");
}

TEST(Catalogue, MembersOfAPayload) {
  const EventType* type = catalogue().find("relais.case.detected.v1");
  ASSERT_NE(type, nullptr);
  ASSERT_EQ(type->payload.fields.size(), 7U);
  const Field* age = type->payload.find("age_band");
  ASSERT_NE(age, nullptr);
  EXPECT_EQ(age->kind, Field::Kind::enumeration);
  EXPECT_FALSE(age->optional);
  const Field* note = type->payload.find("note");
  ASSERT_NE(note, nullptr);
  EXPECT_TRUE(note->sensitive && note->optional && !note->list);
  EXPECT_EQ(note->max_length, 10'000U);
  const Field* indicators = type->payload.find("indicators");
  ASSERT_NE(indicators, nullptr);
  EXPECT_TRUE(indicators->list);
  EXPECT_EQ(indicators->max_length, 50U);
  EXPECT_EQ(type->payload.find("territory")->format, "territory");
  EXPECT_EQ(type->payload.find("territory")->max_length, kDefaultMaxText);
  EXPECT_EQ(type->payload.find("ageBand"), nullptr);
}

TEST(Catalogue, MembersOfAStructureInAPayload) {
  const EventType* type = catalogue().find("relais.convention.opened.v1");
  ASSERT_NE(type, nullptr);
  const Field* quorums = type->payload.find("quorums");
  ASSERT_NE(quorums, nullptr);
  EXPECT_TRUE(quorums->list);
  EXPECT_EQ(quorums->max_length, kDefaultMaxElements);
  ASSERT_EQ(quorums->kind, Field::Kind::structure);
  const Field* approvals = quorums->structure->find("approvals");
  ASSERT_NE(approvals, nullptr);
  EXPECT_EQ(approvals->kind, Field::Kind::integer);
  EXPECT_EQ(approvals->max_value, UINT32_MAX);
  EXPECT_EQ(type->payload.find("signatories")->max_length, 1000U);
}

/// What must be disclosed is a text that says something; all else that is sensitive may be absent.
TEST(Catalogue, WhatMustBeDisclosedIsSaidInWords) {
  std::size_t sensitive = 0;
  std::size_t due = 0;
  for (const auto& type : catalogue().all())
    for (const Field& f : type->payload.fields) {
      SCOPED_TRACE(type->name + "." + f.name);
      if (f.sensitive) ++sensitive;
      EXPECT_TRUE(f.sensitive || !f.required_when);
      if (!f.sensitive || (f.optional && !f.required_when)) continue;
      ++due;
      EXPECT_EQ(f.kind, Field::Kind::text);
      EXPECT_GT(f.min_letters, 0U);
    }
  EXPECT_GE(sensitive, 10U);
  EXPECT_GE(due, 1U);
}

TEST(WireNames, OverriddenOrInSnakeCase) {
  EXPECT_EQ(wire_name(schema::AgeBand::FROM13_TO15), "13_15");
  EXPECT_EQ(wire_name(schema::Channel::THIRD_PARTY), "third_party");
  EXPECT_EQ(wire_name(schema::LegalBasis::MINOR_PROTECTION), "l226_2_2");
  EXPECT_EQ(wire_name(schema::StreamKind::CONVENTION), "convention");
  EXPECT_EQ(wire_name(schema::Relation::REQUESTER_OR_ADDRESSEE), "requester_or_addressee");
  EXPECT_EQ(snake_case("firstAppointmentOn"), "first_appointment_on");
  EXPECT_EQ(snake_case("to"), "to");
}

TEST(WireNames, AreParsedButForUnspecified) {
  const capnp::EnumSchema ages = capnp::Schema::from<schema::AgeBand>();
  EXPECT_EQ(parse_wire(ages, "13_15"), static_cast<int>(schema::AgeBand::FROM13_TO15));
  EXPECT_EQ(parse_wire(ages, "unspecified"), -1);
  EXPECT_EQ(parse_wire(ages, "from13_to15"), -1);
  EXPECT_EQ(parse_wire(ages, ""), -1);
  // Roles have no "unspecified": the first is a role like the others.
  EXPECT_EQ(parse_wire(capnp::Schema::from<schema::Role>(), "pref"), 0);
}

TEST(Vocabularies, AreRead) {
  EXPECT_EQ(vocabulary("frais_v1"), (std::set<std::string, std::less<>>{"gratuit", "payant"}));
  // Labels with commas and quotes stand behind the values and do not become any.
  EXPECT_TRUE(vocabulary("modes_accueil_v1").contains("a-distance"));
  EXPECT_EQ(vocabulary("modes_accueil_v1").size(), 2U);
  EXPECT_TRUE(vocabulary("no_such_vocabulary").empty());
  for (const auto& [name, csv] : schema::embedded_vocabularies())
    EXPECT_FALSE(vocabulary(name).empty()) << name;
}

TEST(Vocabularies, NeedsAreThematiquesAndOurOwn) {
  const auto& need = vocabulary("need");
  EXPECT_EQ(need.size(), vocabulary("thematiques_v1").size() + vocabulary("need_relais").size());
  for (const char* own : {"shelter", "complaint", "residence_permit", "sexual_health",
                          "psychotrauma", "choisir-un-metier--confirmer-son-choix-de-metier"})
    EXPECT_TRUE(need.contains(own)) << own;
  EXPECT_FALSE(need.contains("value"));
}

struct FormatRow {
  const char* format;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

TEST(Formats, AcceptAndRefuse) {
  const std::string hash(43, 'A');
  const std::vector<FormatRow> rows = {
      {"uuid",
       {"01890a5d-ac96-774b-bcce-b302099a8057", "01890A5D-AC96-774B-BCCE-B302099A8057"},
       {"", "01890a5d-ac96-774b-bcce-b302099a805", "01890a5d-ac96-774b-bcce-b302099a805g"}},
      {"date", {"2026-11-24", "2024-02-29"}, {"2026-02-29", "2026-11-24T00:00:00Z", "24/11/2026"}},
      {"timestamp", {"2026-11-24T16:00:00Z", "2026-11-24T16:00:00.5+01:00"}, {"2026-11-24", "now"}},
      {"sha256", {hash}, {hash + "A", hash.substr(1), std::string(42, 'A') + "B", hash + "="}},
      {"uri",
       {"https://example.org/a?b#c", "urn:relais:rhone:ml1", "mailto:a@example.org",
        "http://[2001:db8::1]:80/", "http://u:p@h/%C3%A9"},
       {"", "//host/a", "a b:c", "https://exa mple.org", "x:%zz", "x:\xc3\xa9", "1x:y", "x:^",
        "http://[::1/", "http://h:p/", "http://[::1]x/"}},
      {"link",
       {"https://example.org", "http://example.org:8080/a?b#c", "HTTPS://[2001:db8::1]/x",
        "https://192.0.2.1/", "https://xn--prfecture-b4a.example/",
        "https://XN--Prfecture-B4A.example/", "https://a.xn--uvre-f4a.example./"},
       {"", "https://", "http:///a", "https:a", "javascript:alert(1)", "mailto:a@example.org",
        "ftp://example.org", "https://u:p@example.org", "https://:80/", "//example.org",
        "https://exa mple.org", "https://example.org:99999/", "https://%20/", "https://a%00b/",
        "http://[zz]/", "http://[1.2]/", "https://1.2.3.999/", "https://1.2.3.999./",
        "https://0x7f000001/", "https://1.2.3.0x4/", "https://a.0X/", "https://a..b/",
        // No Punycode; of nothing; of ASCII alone; of what encoders do not write or others map.
        "https://xn--/", "https://xn--a/", "https://xn--a--/", "https://xn--a-/",
        "https://xn---b4a/", "https://XN--/", "https://a.xn--0.example/", "https://xn--a-ecp.ru/",
        "https://xn--99999999999/", "https://xn--strae-oqa.example/", "https://xn--a--9ca/",
        "http://[::1]x/"}},
      // Luhn's formula over the first nine digits and over all; La Poste's own rule.
      {"siret",
       {"13003013300016", "35600000000048", "35600000000010"},
       {"", "00000000000000", "13003013300017", "13003013400016", "1300301330001", "35600000000049",
        "1300301330001x"}},
      {"signatory", {"ml1", "nid-69"}, {"", "ML1", "ml_1", std::string(65, 'a')}},
      {"kid", {hash}, {hash + "A", "kid"}},
      {"ed25519", {hash}, {hash.substr(1), std::string(42, 'A') + "="}},
      {"x25519",
       {"CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},  // the base point; zeros are of low order
       {hash.substr(1), std::string(43, 'A'), std::string(42, 'A') + "="}},
      {"jwt",
       {"e30.e30.AA"},
       {"", "e30", "e30.e30", "e30.e30.", ".e30.AA", "e30.e30.AA.AA", "e30.e=.AA"}},
      {"territory",
       {"69123", "97411", "2A004", "2B033", "metropole", "rhone"},
       {"", "6912", "691234", "2C004", "A9123", "2a004", "Rhone", "69_23", "2A0A4"}},
      {"slug", {"69", "2a", "referral-answer-days"}, {"", "a b", "\xc3\xa9", "A"}},
      {"email",
       {"accueil@ml1.example.org", "a.b+c@example.org"},
       {"", "a", "@example.org", "a@", "a@b", ".a@example.org", "a..b@example.org", "a@-b.org",
        "a b@example.org", "a@b..org", "a@example.org."}},
      {"telephone",
       {"+33472000000", "+33 4 72 00 00 00", "+33 (0)4 72 00 00 00", "04.72.00.00.00",
        "(04) 72-00-00-00", "123456", "+123456789012345", "15", "115", "119", "1 12", "3919",
        "39 19", "1014", "116006"},
       {"",
        "+",
        "1",
        "16",
        "012",
        "200",
        "2000",
        "+115",
        "12345",
        "+1234567890123456",
        "demander l'accueil",
        "04 72 00 00 00 poste 2",
        "04/72/00/00/00",
        "++33472000000",
        "+033472000000",
        "33+472000000",
        " 0472000000",
        "0472000000 ",
        "(0472000000",
        "0472000000)",
        "()0472000000",
        "((04)72)000000",
        "04\t72000000",
        "tel:+33472000000"}},
  };
  for (const FormatRow& row : rows) {
    const Format* format = find_format(row.format);
    ASSERT_NE(format, nullptr) << row.format;
    EXPECT_FALSE(format->accepts.empty());
    // A good text with one byte that base64 decoders have been seen to take for another.
    std::string foreign = row.good.front();
    foreign.front() = '\xff';
    EXPECT_FALSE(has_format(*format, foreign)) << row.format;
    for (const std::string& text : row.good)
      EXPECT_TRUE(has_format(*format, text)) << row.format << ": " << text;
    for (const std::string& text : row.bad)
      EXPECT_FALSE(has_format(*format, text)) << row.format << ": " << text;
  }
  EXPECT_EQ(find_format("colour"), nullptr);
}

/// It stands in a record that was damaged.
TEST(Catalogue, AnUnknownOrdinalIsRefused) {
  const auto past = static_cast<EventOrdinal>(catalogue().all().size());
  EXPECT_THROW(catalogue().at(past), relais::DamagedRecords);
}

}  // namespace
}  // namespace relais::statement
