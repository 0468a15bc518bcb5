// A convention with the short names of examples/conventions/rhone-2023.toml, and a folder that goes
// away with the test.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "ledger/base/check.h"
#include "ledger/base/json.h"
#include "ledger/crypto/jwk.h"
#include "ledger/log/genesis.h"
#include "projections/model.h"
#include "replay/story/actors.h"
#include "tests/support/temp_folder.h"

namespace relais::tests {

/// 2026-01-05T08:30:00Z, a Monday.
inline constexpr Timestamp kStart{1'767'601'800'000};

inline json::object signatory(const std::string& slug, json::array roles,
                              const replay::KeyOf& key_of) {
  return {{"id", slug},
          {"name", "Signatory " + slug},
          {"roles", std::move(roles)},
          {"public_key", crypto::to_text(key_of(slug)->public_key())}};
}

/// The convention of the Rhône with keys from the seed.
inline log::Genesis rhone_genesis(std::uint64_t seed) {
  const replay::KeyOf key_of = replay::seeded_keys(seed);
  json::array signatories;
  signatories.push_back(signatory("prefecture", {"pref", "sec"}, key_of));
  signatories.push_back(signatory("udml", {"udml"}, key_of));
  for (int i = 1; i <= 12; ++i)
    signatories.push_back(signatory("mission-locale-" + std::to_string(i), {"ml"}, key_of));
  signatories.push_back(signatory("amicale-du-nid-69", {"aa"}, key_of));
  signatories.push_back(signatory("mouvement-du-nid-69", {"aa"}, key_of));
  for (const char* member : {"magistrat", "police", "gendarmerie", "service-des-etrangers"})
    signatories.push_back(signatory(member, {"member"}, key_of));
  signatories.push_back(signatory("observatoire", {"analyst"}, key_of));
  const auto quorum = [](const char* act, int approvals, json::array roles) {
    return json::object{{"act", act}, {"approvals", approvals}, {"roles", std::move(roles)}};
  };
  const json::object data{
      {"title", "Convention of a test"},
      {"signed_on", "2023-06-09"},
      {"territories", {"69", "metropole", "rhone"}},
      {"signatories", std::move(signatories)},
      {"quorums",
       {quorum("admit-signatory", 3, {"pref", "aa"}), quorum("withdraw-signatory", 3, {"pref"}),
        quorum("amend-convention", 4, {"pref", "udml", "aa"}),
        quorum("enrol-first-key", 3, {"pref"}), quorum("revoke-key", 3, {"pref"}),
        quorum("rotate-log-key", 3, {"pref"})}},
      {"terms", json::array{}}};
  log::Genesis genesis;
  genesis.convention_file = "the text of a test's convention";
  genesis.slug = "rhone-2023";
  genesis.origin = "relais.example/rhone-2023";
  genesis.data_json = json::serialize(data);
  return genesis;
}

inline replay::Cast cast_of(const log::Genesis& genesis, std::uint64_t seed) {
  auto cast = replay::Cast::of(genesis, replay::seeded_keys(seed));
  check(cast.has_value(), "the cast of a test is complete");
  return std::move(*cast);
}

inline std::unique_ptr<log::Model> model(const RecordSource& base) {
  return projections::make_model(base);
}

inline std::unique_ptr<log::Ledger> open_ledger(const std::filesystem::path& data,
                                                const Clock& clock, bool read_only) {
  log::Options options;
  options.data = data;
  options.read_only = read_only;
  options.ignore_projections = read_only;
  auto ledger = log::Ledger::open(options, clock, model);
  if (!ledger) ADD_FAILURE() << to_string(ledger.error());
  check(ledger.has_value(), "the ledger of a test opens");
  return std::move(*ledger);
}

}  // namespace relais::tests
