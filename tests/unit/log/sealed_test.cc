// Sealed disclosures through a real ledger: what is kept, from whom, and what is refused.
#include <functional>

#include "ledger/crypto/x25519.h"
#include "ledger/log/sealing.h"
#include "ledger/statement/sealed.h"
#include "replay/verify/verify.h"
#include "tests/unit/log/fixture.h"

namespace relais::tests {
namespace {

using statement::SealedStatement;

crypto::SealingKey seal_key(std::string_view name) {
  return crypto::OpeningKey::from_scalar(crypto::sha256("seal " + std::string(name))).public_key();
}

class SealedLedger : public LedgerTest {
 protected:
  void SetUp() override {
    LedgerTest::SetUp();
    for (const char* who : {"ml1", "ml2", "aa1"}) enrol(who);
  }

  void enrol(const std::string& who) {
    const std::string key = who + "-second";
    json::object o;
    o["public_key"] = crypto::to_text(test_key(key).public_key());
    o["proof"] = statement::make_key_proof(
        test_key(key), "urn:relais:" + std::string(kConvention) + ":" + who, kOrigin);
    o["sealing_key"] = crypto::to_text(seal_key(who));
    accept(who, "key.enrolled", "signatory/" + who, o);
  }

  /// A case.detected of ml1 whose note is sealed.
  SealedStatement sealed(std::uint64_t n, const std::vector<std::string>& to) {
    json::object payload = detected();
    payload["note"] = "never in clear";
    return seal(sign("ml1", "case.detected", case_subject(n), payload), to);
  }
  SealedStatement seal(const std::string& text, const std::vector<std::string>& to) {
    std::vector<crypto::SealingKey> keys;
    for (const std::string& who : to) keys.push_back(seal_key(who));
    auto out = statement::seal_disclosures(text, {}, keys, random);
    EXPECT_TRUE(out) << to_string(out.error());
    return out.value_or(SealedStatement{});
  }

  log::Outcome submit_sealed(const SealedStatement& s, std::string_view by = {}) {
    auto parsed = statement::parse_submission(
        json::parse(statement::submission_json(s.sd_jwt, s.sealed)).value());
    EXPECT_TRUE(parsed) << to_string(parsed.error());
    std::vector<log::Submission> group(1);
    group[0].statement = std::move(*parsed);
    if (!by.empty()) group[0].by = ledger->head()->registry->find_slug(by)->id;
    return std::move(ledger->submit_and_wait(std::move(group), false)[0]);
  }
  /// How many sealed disclosures `relais verify` finds in order.
  std::uint64_t verified() {
    ledger.reset();
    log::Options options;
    options.data = data();
    options.read_only = options.ignore_projections = true;
    const auto opened = log::Ledger::open(options, clock, model_factory());
    EXPECT_TRUE(opened) << to_string(opened.error());
    const auto report = replay::verify(**opened, {}, [](auto, auto) {});
    EXPECT_TRUE(report) << to_string(report.error());
    return report ? report->for_readers : 0;
  }
  static std::string rule_of(const log::Outcome& o) { return o ? "accepted" : o.error().rule; }
};

TEST_F(SealedLedger, IsKeptBesideTheStatementAndErasedWithIt) {
  const SealedStatement s = sealed(1, {"ml1", "aa1"});
  const auto accepted = submit_sealed(s);
  ASSERT_TRUE(accepted) << to_string(accepted.error());
  EXPECT_TRUE(ledger->disclosures(accepted->index).value().empty());
  EXPECT_EQ(ledger->sealed(accepted->index).value(), s.sealed);
  EXPECT_EQ(verified(), 1U);
  open();
  EXPECT_EQ(ledger->sealed(accepted->index).value(), s.sealed);
  accept("ml1", "case.data_erased", case_subject(1),
         tests::data(R"({"basis":"art17","targets":[1]})"));
  EXPECT_TRUE(ledger->sealed(accepted->index).value().empty());
  EXPECT_EQ(rule_of(submit_sealed(s, "ml1")), "disclosures-erased");
}

TEST_F(SealedLedger, IsSealedToKeysThatAreInUse) {
  EXPECT_EQ(rule_of(submit_sealed(sealed(1, {"ml1", "stranger"}))), "sealing-key-unknown");
  json::object revocation;
  revocation["kid"] = crypto::to_text(crypto::thumbprint(test_key("aa1-second").public_key()));
  revocation["reason"] = "compromised";
  const SealedStatement before = sealed(1, {"ml1", "aa1"});
  ASSERT_TRUE(submit_sealed(before));
  accept("aa1", "key.revoked", "signatory/aa1", revocation);
  const auto refused = submit_sealed(sealed(2, {"ml1", "aa1"}));
  EXPECT_EQ(rule_of(refused), "sealing-key-ended");
  EXPECT_EQ(refused.error().field, "sealed[0].recipients[1].header.kid");
  // What is known is not judged again.
  const auto again = submit_sealed(before);
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_TRUE(again->duplicate && again->whole);
  EXPECT_EQ(again->disclosures_added, 0U);
}

TEST_F(SealedLedger, StrangersSealNothingToAStatementOfBefore) {
  const SealedStatement first = sealed(1, {"ml1", "ml2"});
  const auto bare = submit_sealed({first.sd_jwt, {}});
  ASSERT_TRUE(bare);
  EXPECT_EQ(rule_of(submit_sealed(first)), "sealed-stranger");
  EXPECT_EQ(rule_of(submit_sealed(first, "ml2")), "sealed-stranger");
  const auto own = submit_sealed(first, "ml1");
  ASSERT_TRUE(own) << to_string(own.error());
  EXPECT_EQ(own->disclosures_added, 1U);
  // Who could open it may seal it again for another; who could not, may not.
  const auto parsed = statement::parse_sealed(first.sealed[0]).value();
  const auto opened =
      statement::open_sealed(parsed, crypto::OpeningKey::from_scalar(crypto::sha256("seal ml2")));
  ASSERT_TRUE(opened) << to_string(opened.error());
  const auto again = [&](const std::string& to) {
    const crypto::SealingKey keys[] = {seal_key(to)};
    return SealedStatement{first.sd_jwt,
                           {statement::seal_again(parsed, *opened, keys, random).value()}};
  };
  EXPECT_EQ(rule_of(submit_sealed(again("aa1"), "aa1")), "sealed-stranger");
  EXPECT_EQ(rule_of(submit_sealed(again("aa1"), "ml2")), "accepted");
  EXPECT_EQ(ledger->sealed(bare->index).value().size(), 2U);
}

/// Nobody but its readers can tell a copy from rubbish, and one of them may bring rubbish.
TEST_F(SealedLedger, WhatReadersBringLeavesRoomForWhoSignedAndWhoHolds) {
  const SealedStatement first = sealed(1, {"ml1", "aa1"});
  ASSERT_TRUE(submit_sealed(first));
  const auto parsed = statement::parse_sealed(first.sealed[0]).value();
  const std::string opened =
      statement::open_sealed(parsed, crypto::OpeningKey::from_scalar(crypto::sha256("seal aa1")))
          .value();
  const auto copy = [&](const std::string& by) {
    const crypto::SealingKey keys[] = {seal_key("aa1")};
    return rule_of(submit_sealed(
        {first.sd_jwt, {statement::seal_again(parsed, opened, keys, random).value()}}, by));
  };
  accept("ml1", "case.transfer_requested", case_subject(1),
         json::parse(R"({"to":"ml2","reason":"moved","kind":"permanent"})")->as_object());
  accept("ml2", "case.transfer_accepted", case_subject(1), {});
  for (std::size_t n = 1; n < log::kShareOfReader.copies; ++n)
    EXPECT_EQ(copy("aa1"), "accepted") << n;
  const auto full = [&](const std::string& by) { return copy(by) == "limit-sealed"; };
  EXPECT_TRUE(full("aa1"));
  for (std::size_t n = log::kShareOfReader.copies; n < log::kShareOfSigner.copies; ++n)
    EXPECT_EQ(copy("ml1"), "accepted") << n;
  EXPECT_TRUE(full("aa1") && full("ml1"));
  for (std::size_t n = log::kShareOfSigner.copies; n < log::kShareOfHolder.copies; ++n)
    EXPECT_EQ(copy("ml2"), "accepted") << n;
  EXPECT_TRUE(full("ml2"));
}

TEST_F(SealedLedger, WhatIsSealedIsNotTakenInClearNorTheOtherWayRound) {
  json::object payload = detected();
  payload["note"] = "never in clear";
  const std::string clear = sign("ml1", "case.detected", case_subject(1), payload);
  const SealedStatement hidden = seal(clear, {"ml1"});
  ASSERT_TRUE(submit_sealed(hidden));
  EXPECT_EQ(rule_of(submit(clear)), "disclosure-sealed");

  const std::string other = sign("ml1", "case.detected", case_subject(2), payload);
  ASSERT_TRUE(submit(other));
  EXPECT_EQ(rule_of(submit_sealed(seal(other, {"ml1"}), "ml1")), "sealed-and-clear");
}

}  // namespace
}  // namespace relais::tests
