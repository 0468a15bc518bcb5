#include "ledger/statement/sealed.h"

#include <gtest/gtest.h>

#include <functional>

#include "ledger/crypto/jwe.h"
#include "tests/unit/statement/support.h"

namespace relais::statement {
namespace {

using tests::detected_with;
using tests::disclosure;
using tests::sign;

crypto::OpeningKey opening_key(std::string_view name) {
  return crypto::OpeningKey::from_scalar(crypto::sha256(name));
}

/// A case.detected with a note and a gender, some of which are sealed to "a" and "b".
SealedStatement sealed_statement(const std::vector<std::string>& members = {}) {
  crypto::SeededRandom random(5);
  const std::vector<std::string> clear = {disclosure("note", "\"never in clear\""),
                                          disclosure("gender", "\"woman\"")};
  const crypto::SealingKey to[] = {opening_key("a").public_key(), opening_key("b").public_key()};
  auto out = seal_disclosures(sign(detected_with(clear), clear), members, to, random);
  EXPECT_TRUE(out) << to_string(out.error());
  return out.value_or(SealedStatement{});
}

json::object submission(const SealedStatement& s) {
  return json::parse(submission_json(s.sd_jwt, s.sealed)).value().as_object();
}

std::string refused(const json::value& v) {
  const auto parsed = parse_submission(v);
  return parsed ? "parsed" : parsed.error().rule;
}

/// The rule that refuses a submission with both members sealed which `change` was done to.
std::string refused_after(const std::function<void(json::array& sealed)>& change) {
  json::object o = submission(sealed_statement());
  change(o["sealed"].as_array());
  return refused(o);
}

TEST(Sealed, TheStatementIsTheSameAndItsReadersOpenWhatItHides) {
  const SealedStatement all = sealed_statement();
  ASSERT_EQ(all.sealed.size(), 2U);
  EXPECT_TRUE(all.sd_jwt.ends_with("~"));
  const auto parsed = parse_submission(json::value(submission(all)));
  ASSERT_TRUE(parsed) << to_string(parsed.error());
  EXPECT_TRUE(parsed->disclosures.empty());
  ASSERT_EQ(parsed->sealed.size(), 2U);
  EXPECT_EQ(parsed->sealed[0].text, all.sealed[0]);
  EXPECT_EQ(parsed->sealed[0].recipients.size(), 2U);
  const auto alone = parse_submission(all.sd_jwt);
  ASSERT_TRUE(alone);
  EXPECT_EQ(encode_event(*alone), encode_event(*parsed));
  for (const char* reader : {"a", "b"}) {
    std::vector<std::string> opened;
    for (const Sealed& sealed : parsed->sealed)
      opened.push_back(open_sealed(sealed, opening_key(reader)).value());
    const auto event = to_cloud_event(parsed->jwt, opened);
    ASSERT_TRUE(event) << to_string(event.error());
    EXPECT_EQ(event->at("data").at("note"), "never in clear");
    EXPECT_EQ(event->at("data").at("gender"), "woman");
  }
  EXPECT_EQ(open_sealed(parsed->sealed[0], opening_key("c")).error().rule, "jwe-recipient");
}

TEST(Sealed, SomeMembersMayStayInClear) {
  const SealedStatement some = sealed_statement({"note"});
  ASSERT_EQ(some.sealed.size(), 1U);
  const auto parsed = parse_submission(json::value(submission(some)));
  ASSERT_TRUE(parsed) << to_string(parsed.error());
  ASSERT_EQ(parsed->disclosures.size(), 1U);
  ASSERT_EQ(parsed->disclosed.size(), 1U);
  EXPECT_EQ(parsed->disclosed[0]->name, "gender");
  EXPECT_EQ(parsed->sealed[0].member, "note");
}

TEST(Sealed, WhatIsSealedAgainOpensForTheNewReader) {
  const auto parsed = parse_submission(json::value(submission(sealed_statement())));
  ASSERT_TRUE(parsed);
  crypto::SeededRandom random(6);
  const Sealed& first = parsed->sealed[0];
  const std::string text = open_sealed(first, opening_key("a")).value();
  const crypto::SealingKey to[] = {opening_key("new").public_key()};
  const auto again = parse_sealed(seal_again(first, text, to, random).value());
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ(again->digest, first.digest);
  EXPECT_EQ(open_sealed(*again, opening_key("new")).value(), text);
  EXPECT_EQ(open_sealed(*again, opening_key("a")).error().rule, "jwe-recipient");
  EXPECT_TRUE(check_sealed(*parsed, *again).has_value());
}

TEST(Sealed, ItsPlaceIsOneStatementAndOneMember) {
  crypto::SeededRandom random(7);
  const crypto::SealingKey to[] = {opening_key("a").public_key()};
  const std::string note = disclosure("note", "\"of another statement\"");
  const auto sealed_as = [&](std::string_view digest, std::string_view member) {
    const crypto::JweMember own[] = {{"relais_digest", digest}, {"relais_member", member}};
    return json::parse(crypto::to_text(crypto::seal_jwe(note, own, to, random))).value();
  };
  const json::value other = sealed_as(disclosure_digest(note), "note");
  EXPECT_EQ(refused_after([&](json::array& a) { a[0] = other; }), "sealed-unreferenced");
  const std::string digest = parse_sealed(sealed_statement().sealed[0]).value().digest;
  EXPECT_EQ(refused_after([&](json::array& a) { a = {sealed_as(digest, "risk")}; }),
            "sealed-member");
  EXPECT_EQ(refused_after([&](json::array& a) { a = {sealed_as(digest, "identity")}; }),
            "sealed-member");
  EXPECT_EQ(refused_after([&](json::array& a) { a = {sealed_as(digest, "")}; }), "sealed-member");
  EXPECT_EQ(refused_after([&](json::array& a) { a = {sealed_as("x", "note")}; }), "sealed-digest");
  EXPECT_EQ(refused_after([&](json::array& a) { a.push_back(sealed_as(digest, "gender")); }),
            "sealed-member");
  // Its host cannot tell that something else was sealed; its reader can.
  const auto lie = parse_sealed(sealed_as(digest, "note"));
  ASSERT_TRUE(lie);
  EXPECT_EQ(open_sealed(*lie, opening_key("a")).error().rule, "sealed-differs");
  const auto moved = parse_sealed(sealed_as(disclosure_digest(note), "gender"));
  ASSERT_TRUE(moved);
  EXPECT_EQ(open_sealed(*moved, opening_key("a")).error().rule, "sealed-differs");
}

TEST(Sealed, RefusesOtherForms) {
  const SealedStatement all = sealed_statement();
  EXPECT_EQ(refused(json::value(submission(all))), "parsed");
  EXPECT_EQ(refused(json::value(json::object({{"statement", all.sd_jwt}}))), "parsed");
  EXPECT_EQ(refused(json::value(1)), "submission-form");
  EXPECT_EQ(refused(json::value(json::object())), "submission-form");
  EXPECT_EQ(refused(json::value(json::object({{"sealed", json::array()}}))), "submission-form");
  json::object o = submission(all);
  o["more"] = 1;
  EXPECT_EQ(refused(o), "submission-form");
  o = submission(all);
  o["sealed"] = "text";
  EXPECT_EQ(refused(o), "submission-form");
  EXPECT_EQ(refused_after([](json::array& a) { a.push_back(a[0]); }), "sealed-repeated");
  EXPECT_EQ(refused_after([](json::array& a) { a[0] = json::serialize(a[0]); }), "jwe-form");
  EXPECT_EQ(refused_after([](json::array& a) {
              while (a.size() <= kMaxSealed) a.push_back(a[0]);
            }),
            "submission-form");
  const SealedStatement some = sealed_statement({"note"});
  o = submission(all);
  o["statement"] = some.sd_jwt;  // which discloses the gender
  EXPECT_EQ(refused(o), "sealed-and-clear");
}

TEST(Sealed, SealsOnlyWhatIsThere) {
  crypto::SeededRandom random(8);
  const std::vector<std::string> clear = {disclosure("note", "\"x\"")};
  const std::string text = sign(detected_with(clear), clear);
  const crypto::SealingKey a = opening_key("a").public_key();
  const std::vector<std::string> note = {"note"}, gender = {"gender"};
  const crypto::SealingKey one[] = {a}, twice[] = {a, a};
  EXPECT_TRUE(seal_disclosures(text, note, one, random));
  EXPECT_EQ(seal_disclosures(text, gender, one, random).error().rule, "seal-member");
  EXPECT_EQ(seal_disclosures(sign(tests::detected()), {}, one, random).error().rule, "seal-member");
  EXPECT_EQ(seal_disclosures(text, note, twice, random).error().rule, "seal-recipients");
  EXPECT_EQ(seal_disclosures(text, note, {}, random).error().rule, "seal-recipients");
}

TEST(Sealed, WhatMustBeSealedIsOfAFewLengths) {
  const Field* identity = catalogue().find("relais.psp.applied.v1")->payload.find("identity");
  ASSERT_NE(identity, nullptr);
  EXPECT_TRUE(identity->seal_to.has(schema::Role::PREF));
  crypto::SeededRandom random(9);
  std::set<std::size_t> lengths;
  for (std::size_t n = 0; n < 180; ++n)
    lengths.insert(
        make_padded_disclosure("identity", json::value(std::string(n, 'x')), random).size());
  EXPECT_EQ(lengths.size(), 1U);
  EXPECT_GT(make_padded_disclosure("identity", json::value(std::string(300, 'x')), random).size(),
            *lengths.begin());
}

}  // namespace
}  // namespace relais::statement
