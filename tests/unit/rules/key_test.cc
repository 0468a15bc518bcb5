// key.*, and the judgement of a statement's key by time.
#include "ledger/base/archive.h"
#include "ledger/crypto/x25519.h"
#include "tests/support/acts.h"

namespace relais::tests {
namespace {

json::object proven_key(std::string_view name, std::string_view owner = "ml1") {
  json::object o;
  o["public_key"] = crypto::to_text(test_key(name).public_key());
  o["proof"] =
      statement::make_key_proof(test_key(name), Scene::source_of(std::string(owner)), kOrigin);
  return o;
}

json::object revocation(std::string_view name, std::optional<Timestamp> from = {}) {
  json::object o;
  o["kid"] = crypto::to_text(kid_of(name));
  o["reason"] = "compromised";
  if (from) o["effective_from"] = to_rfc3339(*from);
  return o;
}

Timestamp after(std::int64_t ms) {
  return Timestamp{kSceneStart.value + ms};
}

std::string judged(const Scene& scene, std::string_view name, Timestamp at) {
  const auto key = scene.registry().check_key(kid_of(name), at);
  if (key) return "ok";
  EXPECT_EQ(key.error().code, Errc::unauthenticated);
  return key.error().rule;
}

TEST(Keys, EnrolledAtOnceOrFromALaterTime) {
  Scene scene;
  EXPECT_EQ(judged(scene, "second", kSceneStart), "key-unknown");
  json::object now = proven_key("second");
  now["label"] = "desk";
  now["valid_from"] = to_rfc3339(after(-5000));
  scene.expect("ml1", "key.enrolled", "signatory/ml1", now);
  EXPECT_EQ(judged(scene, "second", after(-1)), "key-not-yet-valid");
  EXPECT_EQ(judged(scene, "second", kSceneStart), "ok");
  EXPECT_EQ(scene.registry().find_key(kid_of("second"))->label, "desk");
  EXPECT_EQ(scene.registry().find_key(kid_of("second"))->owner, scene.ordinal_of("ml1"));

  json::object later = proven_key("third");
  later["valid_from"] = to_rfc3339(after(1000));
  scene.expect("ml1", "key.enrolled", "signatory/ml1", later);
  EXPECT_EQ(judged(scene, "third", after(999)), "key-not-yet-valid");
  EXPECT_EQ(judged(scene, "third", after(1000)), "ok");
  EXPECT_EQ(scene.world().version(*statement::parse_subject("signatory/ml1")), StreamVersion{2});
}

crypto::SealingKey seal_key(std::string_view name) {
  return crypto::OpeningKey::from_scalar(crypto::sha256(name)).public_key();
}

json::object with_seal(std::string_view name, std::string_view seal,
                       std::string_view owner = "ml1") {
  json::object o = proven_key(name, owner);
  o["sealing_key"] = crypto::to_text(seal_key(seal));
  return o;
}

/// "ok", or the rule that keeps things from being sealed to this key.
std::string sealable(const Scene& scene, std::string_view seal, Timestamp at) {
  const auto key = scene.registry().check_sealing_key(crypto::thumbprint(seal_key(seal)), at);
  return key ? "ok" : key.error().rule;
}

TEST(Keys, ASealingKeyIsUsedWhileTheKeyItCameWithMaySign) {
  Scene scene;
  EXPECT_EQ(sealable(scene, "s1", kSceneStart), "sealing-key-unknown");
  EXPECT_FALSE(scene.registry().can_seal_to(schema::Role::ML, kSceneStart));
  scene.expect("ml1", "key.enrolled", "signatory/ml1", with_seal("second", "s1"));
  EXPECT_EQ(sealable(scene, "s1", kSceneStart), "ok");
  EXPECT_TRUE(scene.registry().can_seal_to(schema::Role::ML, kSceneStart));
  EXPECT_FALSE(scene.registry().can_seal_to(schema::Role::PREF, kSceneStart));
  EXPECT_EQ(scene.refused("ml2", "key.enrolled", "signatory/ml2", with_seal("x", "s1", "ml2")).rule,
            "sealing-key-known");
  scene.expect("ml1", "key.revoked", "signatory/ml1", revocation("second"));
  EXPECT_EQ(sealable(scene, "s1", scene.clock.now()), "sealing-key-ended");
  EXPECT_FALSE(scene.registry().can_seal_to(schema::Role::ML, scene.clock.now()));
  // Its owner may enrol it again, with another key.
  scene.expect("ml1", "key.enrolled", "signatory/ml1", with_seal("third", "s1"));
  EXPECT_EQ(sealable(scene, "s1", scene.clock.now()), "ok");
  const auto read = decode<rules::Registry>(encode(scene.registry()));
  ASSERT_TRUE(read.has_value());
  const KeyId sealing = crypto::thumbprint(seal_key("s1"));
  EXPECT_EQ(read->find_sealing_key(sealing)->kid, kid_of("third"));
}

TEST(Keys, ARotationNamesTheSealingKeyAgainOrEndsIt) {
  Scene scene;
  scene.expect("ml1", "key.rotated", "signatory/ml1", with_seal("second", "s1"));
  scene.keys.insert_or_assign("ml1", test_key("second"));
  scene.expect("ml1", "key.rotated", "signatory/ml1", with_seal("third", "s1"));
  scene.keys.insert_or_assign("ml1", test_key("third"));
  EXPECT_EQ(sealable(scene, "s1", scene.clock.now()), "ok");
  scene.expect("ml1", "key.rotated", "signatory/ml1", proven_key("fourth"));
  EXPECT_EQ(sealable(scene, "s1", scene.clock.now()), "sealing-key-ended");
}

TEST(Keys, NewKeyIsRefused) {
  Scene scene;
  for (const char* event : {"key.enrolled", "key.rotated"}) {
    EXPECT_EQ(scene.refused("ml1", event, "signatory/ml2", proven_key("second")).rule,
              "stream-not-own");
    const Error known = scene.refused("ml1", event, "signatory/ml1", proven_key("aa1"));
    EXPECT_EQ(known.rule, "key-known");
    EXPECT_EQ(known.state, "ENROLLED");
    json::object stolen = proven_key("second", "ml2");
    const Error proof = scene.refused("ml1", event, "signatory/ml1", stolen);
    EXPECT_EQ(proof.field, "data.proof");
    json::object unproven = proven_key("second");
    unproven["proof"] = proven_key("third")["proof"];
    EXPECT_EQ(scene.refused("ml1", event, "signatory/ml1", unproven).field, "data.proof");
    EXPECT_EQ(
        scene.refused("analyst", event, "signatory/analyst", proven_key("second", "analyst")).rule,
        "emitter-forbidden");
  }
}

TEST(Keys, AtMostAHundredOfASignatory) {
  Scene scene;
  for (int i = 1; i < 100; ++i) {
    if (i % 20 == 0) scene.clock.advance_ms(7LL * 86'400'000);
    scene.expect("ml1", "key.enrolled", "signatory/ml1", proven_key("n" + std::to_string(i)));
  }
  const Error e = scene.refused("ml1", "key.enrolled", "signatory/ml1", proven_key("n100"));
  EXPECT_EQ(e.rule, "limit-keys");
  EXPECT_EQ(e.code, Errc::conflict);
  scene.expect("ml2", "key.enrolled", "signatory/ml2", proven_key("other", "ml2"));
}

/// Who has a key of it once cannot use up its room before anybody looks.
TEST(Keys, AtMostTwentyInAWeek) {
  constexpr std::int64_t kWeekMs = 7LL * 86'400'000;
  Scene scene;
  for (int i = 0; i < 10; ++i)
    scene.expect("ml1", "key.enrolled", "signatory/ml1", proven_key("n" + std::to_string(i)));
  scene.clock.advance_ms(kWeekMs / 2);
  json::object later = proven_key("later");
  later["valid_from"] = to_rfc3339(after(100 * kWeekMs));
  scene.expect("ml1", "key.enrolled", "signatory/ml1", later);
  for (int i = 10; i < 19; ++i) {
    scene.expect("ml1", "key.rotated", "signatory/ml1", proven_key("n" + std::to_string(i)));
    scene.keys.insert_or_assign("ml1", test_key("n" + std::to_string(i)));
  }
  for (const char* event : {"key.enrolled", "key.rotated"}) {
    const Error e = scene.refused("ml1", event, "signatory/ml1", proven_key("n20"));
    EXPECT_EQ(e.rule, "limit-new-keys");
    EXPECT_EQ(e.code, Errc::conflict);
    EXPECT_NE(e.accepted.find(to_rfc3339(after(kWeekMs))), std::string::npos) << e.accepted;
  }
  scene.expect("ml1", "key.revoked", "signatory/ml1", revocation("n0"));
  scene.clock.set(after(kWeekMs - 1));
  EXPECT_EQ(scene.refused("ml1", "key.enrolled", "signatory/ml1", proven_key("n20")).rule,
            "limit-new-keys")
      << "one that was revoked counts";
  scene.clock.advance_ms(1);
  scene.expect("ml1", "key.enrolled", "signatory/ml1", proven_key("n20"));
}

TEST(Keys, RotationEndsTheSigningKey) {
  Scene scene;
  scene.clock.advance_ms(1000);
  scene.expect("ml1", "key.rotated", "signatory/ml1", proven_key("second"));
  EXPECT_EQ(judged(scene, "ml1", after(999)), "ok");
  EXPECT_EQ(judged(scene, "ml1", after(1000)), "key-revoked");
  EXPECT_EQ(judged(scene, "second", after(999)), "key-not-yet-valid");
  EXPECT_EQ(judged(scene, "second", after(1000)), "ok");
  const rules::Key* old = scene.registry().find_key(kid_of("ml1"));
  EXPECT_EQ(old->ended_at, LogIndex{scene.log.size() - 1});
  EXPECT_FALSE(old->doubtful_from.has_value());
}

TEST(Keys, RevocationNowLaterAndInThePast) {
  Scene scene;
  for (const char* name : {"a", "b", "c"})
    scene.expect("ml1", "key.enrolled", "signatory/ml1", proven_key(name));
  scene.clock.advance_ms(10'000);
  scene.expect("ml1", "key.revoked", "signatory/ml1", revocation("a"));
  EXPECT_EQ(judged(scene, "a", after(9'999)), "ok");
  EXPECT_EQ(judged(scene, "a", after(10'000)), "key-revoked");
  EXPECT_FALSE(scene.registry().find_key(kid_of("a"))->doubtful_from.has_value());

  scene.expect("ml1", "key.revoked", "signatory/ml1", revocation("b", after(20'000)));
  EXPECT_EQ(judged(scene, "b", after(19'999)), "ok");
  EXPECT_EQ(judged(scene, "b", after(20'000)), "key-revoked");

  scene.expect("ml1", "key.revoked", "signatory/ml1", revocation("c", after(4'000)));
  EXPECT_EQ(judged(scene, "c", after(10'000)), "key-revoked");
  EXPECT_EQ(judged(scene, "c", after(9'999)), "ok") << "what it signed before stays valid";
  EXPECT_EQ(scene.registry().find_key(kid_of("c"))->doubtful_from, after(4'000));
}

TEST(Keys, RevocationMayComeForwardNeverBack) {
  Scene scene;
  scene.expect("ml1", "key.enrolled", "signatory/ml1", proven_key("a"));
  scene.clock.advance_ms(10'000);
  scene.expect("ml1", "key.revoked", "signatory/ml1", revocation("a", after(50'000)));
  const Error later =
      scene.refused("ml1", "key.revoked", "signatory/ml1", revocation("a", after(60'000)));
  EXPECT_EQ(later.rule, "key-revoked-already");
  EXPECT_EQ(later.state, "ENDING");
  scene.expect("ml1", "key.revoked", "signatory/ml1", revocation("a"));
  const Error again = scene.refused("ml1", "key.revoked", "signatory/ml1", revocation("a"));
  EXPECT_EQ(again.rule, "key-revoked-already");
  EXPECT_EQ(again.state, "ENDED");
  scene.clock.advance_ms(10'000);
  scene.expect("ml1", "key.revoked", "signatory/ml1", revocation("a", after(3'000)));
  const rules::Key* key = scene.registry().find_key(kid_of("a"));
  EXPECT_EQ(key->valid_until, after(10'000));
  EXPECT_EQ(key->doubtful_from, after(3'000));
}

/// What passes where nothing else does stops a key, and that happens once or twice to each.
TEST(Keys, OnlyWhatStopsAKeyIsUrgent) {
  Scene scene;
  scene.expect("ml1", "key.enrolled", "signatory/ml1", proven_key("a"));
  scene.clock.advance_ms(10'000);
  const auto urgent = [&](const json::object& payload) {
    capnp::MallocMessageBuilder message;
    auto revoked = message.initRoot<schema::KeyRevoked>();
    revoked.setKid(payload.at("kid").as_string().c_str());
    if (const json::value* from = payload.if_contains("effective_from"))
      revoked.setEffectiveFrom(from->as_string().c_str());
    return rules::stops_a_key(scene.registry(), revoked.asReader(), scene.clock.now());
  };
  const auto revoke = [&](std::optional<Timestamp> from) {
    const json::object payload = from ? revocation("a", *from) : revocation("a");
    const bool was_urgent = urgent(payload);
    scene.expect("ml1", "key.revoked", "signatory/ml1", payload);
    return was_urgent;
  };
  EXPECT_FALSE(urgent(revocation("never enrolled")));
  EXPECT_TRUE(revoke(after(50'000))) << "the first";
  EXPECT_FALSE(revoke(after(49'999))) << "only moved";
  EXPECT_TRUE(revoke(after(9'000))) << "it could have signed on";
  EXPECT_FALSE(revoke(after(8'999))) << "it signs nothing any more";
}

TEST(Keys, RevocationIsRefused) {
  Scene scene;
  const Error unknown =
      scene.refused("ml1", "key.revoked", "signatory/ml1", revocation("never enrolled"));
  EXPECT_EQ(unknown.rule, "key-unknown");
  EXPECT_EQ(unknown.code, Errc::not_found);
  const Error other = scene.refused("ml1", "key.revoked", "signatory/ml1", revocation("ml2"));
  EXPECT_EQ(other.rule, "key-not-own");
  EXPECT_EQ(other.code, Errc::forbidden);
}

TEST(Keys, TheLastKeyMayBeRevoked) {
  Scene scene;
  scene.expect("ml1", "key.revoked", "signatory/ml1", revocation("ml1"));
  EXPECT_EQ(judged(scene, "ml1", kSceneStart), "key-revoked");
}

}  // namespace
}  // namespace relais::tests
