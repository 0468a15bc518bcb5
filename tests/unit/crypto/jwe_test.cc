#include "ledger/crypto/jwe.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <functional>

#include "ledger/crypto/base64.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/crypto/jwk.h"
#include "tests/unit/crypto/support.h"

namespace relais::crypto {
namespace {

using test::alice;
using test::bob;

constexpr std::string_view kText =
    "WyJfMjZiYzRMVC1hYzZxMktJNmNCVzVlcyIsICJmYW1pbHlfbmFtZSIsICJNw7ZiaXVzIl0";
constexpr std::string_view kDigest = "X9yH0Ajrdm1Oij4tWso9UzzKJvPoDxwmuEcO3XAdRC0";
constexpr std::string_view kOwn[] = {"relais_digest", "relais_member"};
constexpr JweMember kMembers[] = {{"relais_digest", kDigest}, {"relais_member", "identity"}};

Jwe sealed(std::uint64_t seed = 1) {
  SeededRandom random(seed);
  const SealingKey to[] = {alice().public_key(), bob().public_key()};
  return seal_jwe(kText, kMembers, to, random);
}

json::value as_json(const Jwe& jwe) {
  return json::parse(to_text(jwe)).value();
}

std::string refusal(const json::value& value) {
  const auto parsed = parse_jwe(value, kOwn);
  return parsed ? "parsed" : parsed.error().rule;
}

/// The rule that refuses a JWE which `change` was done to.
std::string refused(const std::function<void(json::object&)>& change) {
  json::value value = as_json(sealed());
  change(value.get_object());
  return refusal(value);
}

/// The same for a protected header of this text.
std::string with_header(std::string_view text) {
  return refused([&](json::object& o) { o["protected"] = base64url_encode(text); });
}

json::object& recipient(json::object& o, std::size_t i) {
  return o.at("recipients").as_array().at(i).as_object();
}
json::object& header(json::object& o, std::size_t i) {
  return recipient(o, i).at("header").as_object();
}

TEST(Jwe, RoundTripsForEachRecipientAndNobodyElse) {
  const auto parsed = parse_jwe(as_json(sealed()), kOwn);
  ASSERT_TRUE(parsed.has_value()) << to_string(parsed.error());
  EXPECT_EQ(to_text(*parsed), to_text(sealed()));
  EXPECT_EQ(parsed->own, (std::vector<std::string>{std::string(kDigest), "identity"}));
  EXPECT_EQ(open_jwe(*parsed, alice()).value(), kText);
  EXPECT_EQ(open_jwe(*parsed, bob()).value(), kText);
  SeededRandom random(3);
  EXPECT_EQ(open_jwe(*parsed, OpeningKey::generate(random)).error().rule, "jwe-recipient");
}

/// tests/interop/test_jwe.py opens the same file with other programs.
TEST(Jwe, SealsTheSameBytesOfTheSameRandomness) {
  EXPECT_EQ(to_text(sealed()) + "\n",
            test::read_file(RELAIS_SOURCE_DIR "/tests/data/jwe/relais-2.json"));
}

TEST(Jwe, OpensWhatOtherProgramsMake) {
  for (const std::string name : {"jwcrypto-2", "jwcrypto-1", "jose-2", "jose-1"}) {
    const auto value =
        json::parse(test::read_file(RELAIS_SOURCE_DIR "/tests/data/jwe/" + name + ".json"));
    ASSERT_TRUE(value.has_value()) << name;
    const auto parsed = parse_jwe(*value, kOwn);
    ASSERT_TRUE(parsed.has_value()) << name << to_string(parsed.error());
    const bool both = name.ends_with('2');
    ASSERT_EQ(parsed->recipients.size(), both ? 2u : 1u) << name;
    EXPECT_EQ(parsed->epk_in_header, name == "jose-1");
    EXPECT_EQ(open_jwe(*parsed, bob()).value(), kText) << name;
    if (both) EXPECT_EQ(open_jwe(*parsed, alice()).value(), kText) << name;
    // Our own text of it says the same.
    const auto again = parse_jwe(json::parse(to_text(*parsed)).value(), kOwn);
    ASSERT_TRUE(again.has_value()) << name << to_string(again.error());
    EXPECT_EQ(open_jwe(*again, bob()).value(), kText) << name;
  }
}

RC_GTEST_PROP(Jwe, OpensWhatWasSealed, (std::uint64_t seed, const std::string& text)) {
  SeededRandom random(seed);
  std::vector<OpeningKey> keys;
  std::vector<SealingKey> to;
  const auto count = *rc::gen::inRange<std::size_t>(1, 4);
  for (std::size_t i = 0; i < count; ++i) {
    keys.push_back(OpeningKey::generate(random));
    to.push_back(keys.back().public_key());
  }
  const Jwe jwe = seal_jwe(text, kMembers, to, random);
  const auto parsed = parse_jwe(as_json(jwe), kOwn);
  RC_ASSERT(parsed.has_value());
  for (const OpeningKey& key : keys) RC_ASSERT(open_jwe(*parsed, key).value() == text);
  RC_ASSERT(to_text(seal_jwe(text, kMembers, to, random)) != to_text(jwe));
}

TEST(Jwe, NoticesEveryChange) {
  const auto opens = [](const std::function<void(Jwe&)>& change) {
    Jwe jwe = sealed();
    change(jwe);
    const auto got = open_jwe(jwe, bob());
    if (!got) EXPECT_EQ(got.error().rule, "jwe-opening");
    return got.has_value();
  };
  const Jwe other = sealed(2);
  EXPECT_TRUE(opens([](Jwe&) {}));
  EXPECT_FALSE(opens([](Jwe& j) { j.iv[0] ^= 1; }));
  EXPECT_FALSE(opens([](Jwe& j) { j.tag[15] ^= 1; }));
  EXPECT_FALSE(opens([](Jwe& j) { j.ciphertext[0] ^= 1; }));
  EXPECT_FALSE(opens([](Jwe& j) { j.ciphertext.pop_back(); }));
  EXPECT_FALSE(opens([](Jwe& j) { j.recipients[1].encrypted_key[3] ^= 1; }));
  EXPECT_FALSE(opens([](Jwe& j) { j.recipients[1].epk = j.recipients[0].epk; }));
  EXPECT_FALSE(opens([](Jwe& j) { j.recipients[1].epk = SealingKey{}; }));
  EXPECT_FALSE(opens([](Jwe& j) { std::swap(j.recipients[0].kid, j.recipients[1].kid); }));
  EXPECT_FALSE(opens([&](Jwe& j) { j.recipients = other.recipients; }));
  EXPECT_FALSE(opens([&](Jwe& j) { j.ciphertext = other.ciphertext; }));
  EXPECT_FALSE(opens([](Jwe& j) {
    j.header = base64url_encode(R"({"enc":"A256GCM","relais_digest":")" + std::string(kDigest) +
                                R"(","relais_member":"note"})");
  }));
}

TEST(Jwe, RefusesOtherHeaders) {
  const std::string own =
      R"("relais_digest":")" + std::string(kDigest) + R"(","relais_member":"identity")";
  EXPECT_EQ(with_header(R"({"enc":"A256GCM",)" + own + "}"), "parsed");
  EXPECT_EQ(with_header(R"({"enc":"A128GCM",)" + own + "}"), "jwe-algorithm");
  EXPECT_EQ(with_header(R"({"enc":"A256CBC-HS512",)" + own + "}"), "jwe-algorithm");
  EXPECT_EQ(with_header(R"({"enc":"none",)" + own + "}"), "jwe-algorithm");
  EXPECT_EQ(with_header(R"({"enc":1,)" + own + "}"), "jwe-algorithm");
  EXPECT_EQ(with_header("{" + own + "}"), "jwe-member");
  EXPECT_EQ(with_header(R"({"enc":"A256GCM","relais_member":"identity"})"), "jwe-member");
  EXPECT_EQ(with_header(R"({"enc":"A256GCM","relais_digest":7,"relais_member":"identity"})"),
            "jwe-member");
  EXPECT_EQ(with_header(R"({"enc":"A256GCM","zip":"DEF",)" + own + "}"), "jwe-compressed");
  EXPECT_EQ(with_header(R"({"enc":"A256GCM","crit":["x"],"x":1,)" + own + "}"), "jwe-critical");
  EXPECT_EQ(with_header(R"({"enc":"A256GCM","alg":"ECDH-ES+A256KW",)" + own + "}"), "jwe-member");
  EXPECT_EQ(with_header(R"({"enc":"A256GCM","p2c":1,)" + own + "}"), "jwe-member");
  EXPECT_EQ(with_header(R"({"enc":"A256GCM","enc":"A256GCM",)" + own + "}"),
            "json-duplicate-member");
  EXPECT_EQ(with_header("[]"), "jwe-header");
  EXPECT_EQ(with_header(""), "json-syntax");
  EXPECT_EQ(refused([](json::object& o) { o["protected"] = "e30="; }), "jwe-header");
  EXPECT_EQ(refused([](json::object& o) { o["protected"] = nullptr; }), "jwe-header");
}

TEST(Jwe, RefusesOtherMembers) {
  EXPECT_EQ(refusal(json::value("text")), "jwe-form");
  for (const char* name : {"unprotected", "aad", "header", "encrypted_key", "x", "kid"})
    EXPECT_EQ(refused([&](json::object& o) { o[name] = "AA"; }), "jwe-member") << name;
  EXPECT_EQ(refused([](json::object& o) { o["zip"] = "DEF"; }), "jwe-compressed");
  for (const char* name : {"protected", "recipients", "iv", "ciphertext", "tag"})
    EXPECT_EQ(refused([&](json::object& o) { o.erase(name); }), "jwe-member") << name;
  const std::string short_tag = base64url_encode(std::string(12, 't'));
  const std::string long_iv = base64url_encode(std::string(16, 'i'));
  EXPECT_EQ(refused([&](json::object& o) { o["tag"] = short_tag; }), "jwe-size");
  EXPECT_EQ(refused([&](json::object& o) { o["iv"] = long_iv; }), "jwe-size");
  EXPECT_EQ(refused([](json::object& o) { o["iv"] = "AAAAAAAAAAAAAAAA="; }), "jwe-size");
  EXPECT_EQ(refused([](json::object& o) { o["ciphertext"] = "QR"; }), "jwe-size");
  EXPECT_EQ(refused([](json::object& o) { o["ciphertext"] = 1; }), "jwe-size");
  const std::string large = base64url_encode(std::string(kMaxJwePlaintext + 1, 'c'));
  EXPECT_EQ(refused([&](json::object& o) { o["ciphertext"] = large; }), "jwe-too-large");
}

TEST(Jwe, RefusesOtherRecipients) {
  EXPECT_EQ(refused([](json::object& o) { o["recipients"] = json::array(); }), "jwe-recipients");
  EXPECT_EQ(refused([](json::object& o) { o["recipients"] = json::object(); }), "jwe-recipients");
  EXPECT_EQ(refused([](json::object& o) { o["recipients"] = json::array{1}; }), "jwe-form");
  EXPECT_EQ(refused([](json::object& o) {
              auto& list = o["recipients"].as_array();
              while (list.size() <= kMaxJweRecipients) list.push_back(list[0]);
            }),
            "jwe-recipients");
  EXPECT_EQ(refused([](json::object& o) { recipient(o, 1) = recipient(o, 0); }),
            "jwe-recipient-repeated");
  EXPECT_EQ(refused([](json::object& o) { header(o, 1)["epk"] = header(o, 0)["epk"]; }), "jwe-epk");
  // One recipient fewer is a JWE too: what was left out, who holds the statement counts.
  EXPECT_EQ(refused([](json::object& o) { o["recipients"].as_array().pop_back(); }), "parsed");
  for (const char* name : {"header", "encrypted_key"})
    EXPECT_EQ(refused([&](json::object& o) { recipient(o, 0).erase(name); }), "jwe-member");
  EXPECT_EQ(refused([](json::object& o) { recipient(o, 0)["aad"] = ""; }), "jwe-member");
  EXPECT_EQ(refused([](json::object& o) { recipient(o, 0)["header"] = "e30"; }), "jwe-header");
  const std::string longer = base64url_encode(std::string(48, 'k'));
  EXPECT_EQ(refused([&](json::object& o) { recipient(o, 0)["encrypted_key"] = longer; }),
            "jwe-size");
  EXPECT_EQ(refused([&](json::object& o) { recipient(o, 0)["encrypted_key"] = ""; }), "jwe-size");
  for (const char* alg : {"ECDH-ES", "dir", "A256KW", "ECDH-ES+A128KW", "RSA-OAEP", "none",
                          "PBES2-HS512+A256KW", "ecdh-es+a256kw", ""})
    EXPECT_EQ(refused([&](json::object& o) { header(o, 0)["alg"] = alg; }), "jwe-algorithm") << alg;
  EXPECT_EQ(refused([](json::object& o) { header(o, 0)["kid"] = "prefecture"; }), "jwe-key-id");
  EXPECT_EQ(refused([](json::object& o) { header(o, 0)["kid"] = 1; }), "jwe-key-id");
  for (const char* name : {"apu", "apv", "enc", "p2c", "jku", "jwk", "x5u", "typ"})
    EXPECT_EQ(refused([&](json::object& o) { header(o, 0)[name] = "AA"; }), "jwe-member") << name;
  EXPECT_EQ(refused([](json::object& o) { header(o, 0)["zip"] = "DEF"; }), "jwe-compressed");
  EXPECT_EQ(refused([](json::object& o) { header(o, 0)["crit"] = json::array(); }), "jwe-critical");
}

TEST(Jwe, RefusesOtherEphemeralKeys) {
  const auto with_epk = [](const std::function<void(json::object&)>& change) {
    return refused([&](json::object& o) { change(header(o, 0)["epk"].as_object()); });
  };
  EXPECT_EQ(with_epk([](json::object& k) { k["crv"] = "X448"; }), "jwe-epk");
  EXPECT_EQ(with_epk([](json::object& k) { k["crv"] = "Ed25519"; }), "jwe-epk");
  EXPECT_EQ(with_epk([](json::object& k) { k["kty"] = "EC"; }), "jwe-epk");
  EXPECT_EQ(with_epk([](json::object& k) {
              k["kty"] = "EC";
              k["crv"] = "P-256";
              k["y"] = k["x"];
            }),
            "jwe-member");
  EXPECT_EQ(with_epk([](json::object& k) { k["d"] = k["x"]; }), "jwe-member");
  EXPECT_EQ(with_epk([](json::object& k) { k["use"] = "enc"; }), "jwe-member");
  EXPECT_EQ(with_epk([](json::object& k) { k["x"] = std::string(43, 'A'); }), "jwe-epk");
  EXPECT_EQ(with_epk([](json::object& k) { k["x"] = "AQ" + std::string(41, 'A'); }), "jwe-epk");
  EXPECT_EQ(
      with_epk([](json::object& k) { k["x"] = "4Ot6fDtBuK4WVuP68Z_EatoJjeucMrH9hmIFFl9JuAA"; }),
      "jwe-epk");
  EXPECT_EQ(with_epk([](json::object& k) { k["x"] = "AA"; }), "jwe-epk");
  EXPECT_EQ(with_epk([](json::object& k) { k.erase("x"); }), "jwe-member");
  EXPECT_EQ(refused([](json::object& o) { header(o, 0)["epk"] = "x"; }), "jwe-epk");
  EXPECT_EQ(refused([](json::object& o) { header(o, 0).erase("epk"); }), "jwe-member");
  // In the protected header it stands for one recipient, and nowhere else then.
  const std::string shared = R"({"enc":"A256GCM","relais_digest":")" + std::string(kDigest) +
                             R"(","relais_member":"identity","epk":{"kty":"OKP","crv":"X25519",)"
                             R"("x":"hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo"}})";
  EXPECT_EQ(with_header(shared), "jwe-epk");
  EXPECT_EQ(refused([&](json::object& o) {
              o["protected"] = base64url_encode(shared);
              o["recipients"].as_array().pop_back();
            }),
            "jwe-member");
}

}  // namespace
}  // namespace relais::crypto
