// Statements for the tests of this module: made byte by byte, so that wrong ones can be made too.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/base/json.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/crypto/jws.h"
#include "ledger/crypto/sha256.h"
#include "ledger/statement/sd_jwt.h"
#include "ledger/statement/statement.h"

namespace relais::statement::tests {

inline crypto::SigningKey test_key(std::string_view name = "signer") {
  return crypto::SigningKey::from_seed(crypto::sha256(name));
}

inline json::value value(std::string_view text) {
  auto parsed = json::parse(text);
  EXPECT_TRUE(parsed.has_value()) << text << ": " << to_string(parsed.error());
  return parsed ? std::move(*parsed) : json::value();
}

inline json::object object(std::string_view text) {
  json::value v = value(text);
  EXPECT_TRUE(v.is_object()) << text;
  return v.is_object() ? std::move(v.get_object()) : json::object();
}

inline json::value read_json(const std::string& path) {
  std::ifstream in(std::string(RELAIS_SOURCE_DIR) + "/tests/data/" + path);
  std::stringstream text;
  text << in.rdbuf();
  return value(text.str());
}

/// Signs a payload as it is: the text need not be a statement, or even JSON.
inline std::string sign_text(std::string_view payload,
                             const std::vector<std::string>& disclosures = {}) {
  return join_sd_jwt(crypto::sign_jws(test_key(), kTyp, payload), disclosures);
}

inline std::string sign(const json::object& payload,
                        const std::vector<std::string>& disclosures = {}) {
  return sign_text(json::serialize(json::value(payload)), disclosures);
}

/// A disclosure of any parts, with nothing checked.
inline std::string raw_disclosure(std::string_view json_text) {
  return crypto::base64url_encode(json_text);
}

/// [salt, name, value] with a salt that is a function of the name.
inline std::string disclosure(std::string_view name, std::string_view value_json) {
  const std::string salt = crypto::base64url_encode(view(crypto::sha256(name)).substr(0, 16));
  return raw_disclosure("[\"" + salt + "\",\"" + std::string(name) + "\"," +
                        std::string(value_json) + "]");
}

/// [salt, value]
inline std::string element(std::string_view value_json) {
  const std::string salt = crypto::base64url_encode(view(crypto::sha256(value_json)).substr(0, 16));
  return raw_disclosure("[\"" + salt + "\"," + std::string(value_json) + "]");
}

/// A case.detected with no sensitive member.
inline json::object detected() {
  return object(R"({"specversion":"1.0","id":"0190f5e4-0000-7000-8000-000000000001",
      "source":"urn:relais:rhone:ml1","type":"relais.case.detected.v1",
      "subject":"case/01890a5d-ac96-774b-bcce-b302099a8057","time":"2026-11-24T16:00:00Z",
      "data":{"channel":"interview","age_band":"16_17","territory":"69123","risk":"high"}})");
}

/// The same with these digests in data._sd.
inline json::object detected_with(const std::vector<std::string>& disclosures) {
  json::object event = detected();
  json::array digests;
  for (const std::string& d : disclosures) digests.emplace_back(disclosure_digest(d));
  event["data"].as_object()["_sd"] = std::move(digests);
  event["_sd_alg"] = "sha-256";
  return event;
}

inline std::vector<std::string_view> views(const std::vector<std::string>& texts) {
  return {texts.begin(), texts.end()};
}

}  // namespace relais::statement::tests
