#include "ledger/statement/sd_jwt.h"

#include "tests/unit/statement/support.h"

namespace relais::statement {
namespace {

using namespace tests;

TEST(SdJwtForm, IsTakenApart) {
  const auto alone = split_sd_jwt("a.b.c");
  ASSERT_TRUE(alone.has_value());
  EXPECT_EQ(alone->jwt, "a.b.c");
  EXPECT_TRUE(alone->disclosures.empty());
  const auto bare = split_sd_jwt("a.b.c~");
  ASSERT_TRUE(bare.has_value());
  EXPECT_TRUE(bare->disclosures.empty());
  const auto two = split_sd_jwt("a.b.c~d~e~");
  ASSERT_TRUE(two.has_value());
  EXPECT_EQ(two->jwt, "a.b.c");
  EXPECT_EQ(two->disclosures, (std::vector<std::string_view>{"d", "e"}));
  EXPECT_EQ(join_sd_jwt("a.b.c", {"d", "e"}), "a.b.c~d~e~");
  EXPECT_EQ(join_sd_jwt("a.b.c", {}), "a.b.c~");
}

TEST(SdJwtForm, OtherTextsAreRefused) {
  std::string many = "a.b.c~";
  for (std::size_t i = 0; i <= kMaxDisclosures; ++i) many += "d~";
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"", "sd-jwt-form"},
      {"~", "sd-jwt-form"},
      {"~d~", "sd-jwt-form"},
      {"a~~", "sd-jwt-form"},
      {"a~d~~e~", "sd-jwt-form"},
      {"a~d", "key-binding-unsupported"},
      {"a~d~e.f.g", "key-binding-unsupported"},
      {"a.b.\xff~", "sd-jwt-form"},
      {"a.b.c~\x80~", "sd-jwt-form"},
      {many, "sd-jwt-form"},
  };
  for (const auto& [text, rule] : rows) {
    const auto parts = split_sd_jwt(text);
    ASSERT_FALSE(parts.has_value()) << text;
    EXPECT_EQ(parts.error().rule, rule) << text;
  }
}

// RFC 9901, section 4.2.1 and 4.2.3: the example's disclosure and its digest.
TEST(SdJwtDisclosure, KnownDigest) {
  EXPECT_EQ(
      disclosure_digest("WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0"),
      "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0");
}

TEST(SdJwtDisclosure, IsMadeWithAFreshSalt) {
  crypto::SeededRandom random(7);
  const std::string a = make_disclosure("note", json::value("x"), random);
  const std::string b = make_disclosure("note", json::value("x"), random);
  EXPECT_NE(a, b);
  const json::value parts = value(*crypto::base64url_decode(a));
  ASSERT_EQ(parts.as_array().size(), 3U);
  EXPECT_EQ(crypto::base64url_decode(std::string(parts.at(0).as_string()))->size(), 16U);
  EXPECT_EQ(parts.at(1), json::value("note"));
  EXPECT_EQ(parts.at(2), json::value("x"));
  const std::string c = make_disclosure("", value("[1]"), random);
  EXPECT_EQ(value(*crypto::base64url_decode(c)).as_array().size(), 2U);
}

Result<Processed> process(const std::string& payload, const std::vector<std::string>& disclosures) {
  return process_sd_jwt(object(payload), views(disclosures));
}

std::string digests(const std::vector<std::string>& disclosures) {
  json::array list;
  for (const std::string& d : disclosures) list.emplace_back(disclosure_digest(d));
  return json::serialize(json::value(std::move(list)));
}

TEST(SdJwtProcessing, PutsValuesInTheirPlaces) {
  const std::string inner = disclosure("deep", "true");
  const std::string outer = disclosure("box", R"({"_sd":)" + digests({inner}) + R"(,"k":1})");
  const std::string item = element(R"({"n":2})");
  const std::string hidden = element("\"hidden\"");
  const std::string payload = R"({"a":1,"data":{"_sd":)" + digests({outer, "decoy"}) +
                              R"(,"list":["x",{"...":)" + std::string("\"") +
                              disclosure_digest(hidden) + R"("},{"...":")" +
                              disclosure_digest(item) + R"("}]},"_sd_alg":"sha-256"})";
  const auto all = process(payload, {item, outer, inner});
  ASSERT_TRUE(all.has_value()) << to_string(all.error());
  EXPECT_EQ(json::value(all->payload),
            value(R"({"a":1,"data":{"list":["x",{"n":2}],"box":{"k":1,"deep":true}}})"));
  ASSERT_EQ(all->disclosed.size(), 3U);
  EXPECT_EQ(all->disclosed[0].path, "data.list[1]");
  EXPECT_EQ(all->disclosed[0].text, item);
  EXPECT_EQ(all->disclosed[1].path, "data.box");
  EXPECT_EQ(all->disclosed[2].path, "data.box.deep");
  EXPECT_EQ(all->digests, 5U);
  EXPECT_EQ(all->withheld, 2U);
  EXPECT_EQ(all->digest_paths,
            (std::vector<std::string>{"data.list", "data.list", "data", "data"}));

  const auto none = process(payload, {});
  ASSERT_TRUE(none.has_value());
  EXPECT_EQ(json::value(none->payload), value(R"({"a":1,"data":{"list":["x"]}})"));
  EXPECT_EQ(none->withheld, 4U);
  EXPECT_EQ(none->digest_paths, all->digest_paths);
}

TEST(SdJwtProcessing, AnEmptyNameIsNotTheTop) {
  const std::string d = disclosure("x", "1");
  const auto processed = process(R"({"":{"data":{"_sd":)" + digests({d}) + "}}}", {});
  ASSERT_TRUE(processed.has_value());
  EXPECT_EQ(processed->digest_paths, std::vector<std::string>{".data"});
}

struct Refusal {
  std::string what;
  std::string payload;
  std::vector<std::string> disclosures;
  std::string rule;
};

std::string with(const std::vector<std::string>& disclosures, const std::string& more = "") {
  return R"({"_sd":)" + digests(disclosures) + more + "}";
}

std::vector<Refusal> refusals() {
  const std::string a = disclosure("a", "1");
  const std::string salt = R"("c2FsdHNhbHRzYWx0c2FsdA")";
  const std::string e = element("1");
  const std::string d = disclosure_digest(a);
  const auto raw = [&](const std::string& parts) { return raw_disclosure(parts); };
  const auto alone = [&](const std::string& what, const std::string& text,
                         const std::string& rule) {
    return Refusal{what, with({text}), {text}, rule};
  };
  return {
      {"sd_alg of another hash", R"({"_sd_alg":"sha-512"})", {}, "sd-algorithm"},
      {"sd_alg in other case", R"({"_sd_alg":"SHA-256"})", {}, "sd-algorithm"},
      {"sd_alg no text", R"({"_sd_alg":null})", {}, "sd-algorithm"},
      {"_sd an object", R"({"_sd":{}})", {}, "sd-form"},
      {"_sd a text", R"({"_sd":")" + d + R"("})", {}, "sd-form"},
      {"_sd null", R"({"_sd":null})", {}, "sd-form"},
      {"a digest that is no text", R"({"x":{"_sd":[1]}})", {}, "sd-form"},
      {"a digest that is none", R"({"_sd":["in clear"]})", {}, "sd-digest-form"},
      {"a digest with a foreign character",
       "{\"_sd\":[\"\xc3\xa9" + std::string(41, 'A') + R"("]})",
       {},
       "sd-digest-form"},
      {"a digest with trailing bits",
       R"({"_sd":[")" + std::string(42, 'A') + R"(B"]})",
       {},
       "sd-digest-form"},
      {"a digest twice in one list",
       R"({"_sd":[")" + d + R"(",")" + d + R"("]})",
       {},
       "sd-digest-repeated"},
      {"a digest twice in two places",
       R"({"_sd":[")" + d + R"("],"x":{"_sd":[")" + d + R"("]}})",
       {},
       "sd-digest-repeated"},
      {"a disclosed digest twice",
       R"({"_sd":[")" + d + R"("],"x":{"_sd":[")" + d + R"("]}})",
       {a},
       "sd-digest-repeated"},
      {"a member named ...", R"({"...":")" + d + R"("})", {}, "sd-form"},
      {"a digest of an element with company",
       R"({"x":[{"...":")" + d + R"(","y":1}]})",
       {},
       "sd-form"},
      {"a digest of an element that is no text", R"({"x":[{"...":[]}]})", {}, "sd-form"},
      {"a disclosure without a digest", R"({"x":1})", {a}, "sd-disclosure-unreferenced"},
      {"a disclosure twice", with({a}), {a, a}, "sd-disclosure-repeated"},
      {"an element's disclosure for a member", with({e}), {e}, "sd-disclosure-form"},
      {"a member's disclosure for an element",
       R"({"x":[{"...":")" + d + R"("}]})",
       {a},
       "sd-disclosure-form"},
      {"a name that stands there", with({a}, R"(,"a":2)"), {a}, "sd-name-collision"},
      {"a name twice",
       with({a, raw("[" + salt + R"(,"a",2])")}),
       {a, raw("[" + salt + R"(,"a",2])")},
       "sd-name-collision"},
      alone("arity 1", raw("[" + salt + "]"), "sd-disclosure-form"),
      alone("arity 4", raw("[" + salt + R"(,"a",1,2])"), "sd-disclosure-form"),
      alone("an object", raw(R"({"a":1})"), "sd-disclosure-form"),
      alone("a name that is no text", raw("[" + salt + ",1,2]"), "sd-disclosure-form"),
      alone("the name _sd", raw("[" + salt + R"(,"_sd",[]])"), "sd-name"),
      alone("the name ...", raw("[" + salt + R"(,"...","x"])"), "sd-name"),
      alone("the name _sd_alg", raw("[" + salt + R"(,"_sd_alg","sha-256"])"), "sd-name"),
      alone("a short salt", raw(R"(["c2FsdHNhbHRzYWx0c2Fsd","a",1])"), "sd-salt"),
      alone("a salt that is no text", raw(R"([1234567890123456,"a",1])"), "sd-salt"),
      alone("not base64url", a + "=", "sd-disclosure-form"),
      alone("not the one base64url", raw("[" + salt + R"(,"a",12])").substr(0, 3) + "+",
            "sd-disclosure-form"),
      alone("not JSON", raw("[" + salt + R"(,"a",1)"), "json-syntax"),
      alone("a duplicate member", raw("[" + salt + R"(,"a",{"x":1,"x":2}])"),
            "json-duplicate-member"),
      alone("a value that holds _sd in a wrong form", raw("[" + salt + R"(,"a",{"_sd":1}])"),
            "sd-form"),
      {"more than a disclosure may hold",
       R"({})",
       {raw("[" + salt + ",\"" + std::string(kMaxDisclosureBytes, 'x') + "\"]")},
       "sd-disclosure-size"},
      {"more than there may be", R"({})", std::vector<std::string>(kMaxDisclosures + 1, a),
       "sd-disclosure-count"},
  };
}

TEST(SdJwtProcessing, Refuses) {
  for (const Refusal& row : refusals()) {
    const auto processed = process(row.payload, row.disclosures);
    ASSERT_FALSE(processed.has_value()) << row.what;
    EXPECT_EQ(processed.error().rule, row.rule) << row.what;
  }
}

TEST(SdJwtProcessing, NestedDisclosuresDoNotGoPastTheDepthOfJson) {
  std::vector<std::string> chain = {disclosure("a", "1")};
  for (int i = 0; i < 40; ++i)
    chain.push_back(disclosure(
        "a", R"({"i":)" + std::to_string(i) + R"(,"_sd":)" + digests({chain.back()}) + "}"));
  const std::string payload = with({chain.back()});
  const auto deep = process(payload, chain);
  ASSERT_FALSE(deep.has_value());
  EXPECT_EQ(deep.error().rule, "json-depth");
}

}  // namespace
}  // namespace relais::statement
