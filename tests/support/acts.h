// Acts for tests: a convention with its signatories and keys, statements signed and parsed as in
// the ledger, judged and folded on a World. Nothing here is faked but the clock and the randomness.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/base/check.h"
#include "ledger/base/clock.h"
#include "ledger/base/json.h"
#include "ledger/base/records.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/crypto/jwk.h"
#include "ledger/crypto/sha256.h"
#include "ledger/rules/rules.h"
#include "ledger/statement/statement.h"

namespace relais::tests {

/// 2026-03-02T08:00:00Z, a Monday: when a Scene begins.
inline constexpr Timestamp kSceneStart{1'772'438'400'000};
inline constexpr std::string_view kConvention = "rhone";
inline constexpr std::string_view kOrigin = "relais.example/rhone";

/// A key that is a function of its name.
inline crypto::SigningKey test_key(std::string_view name) {
  return crypto::SigningKey::from_seed(crypto::sha256(name));
}

inline KeyId kid_of(std::string_view name) {
  return crypto::thumbprint(test_key(name).public_key());
}

/// The n-th case id of a test; likewise for referrals and steps.
inline std::string test_uuid(std::uint64_t n) {
  return to_string(Uuid{0x01890a5dac967000ULL, 0x8000000000000000ULL + n});
}

inline std::string case_subject(std::uint64_t n) {
  return "case/" + test_uuid(n);
}

/// JSON from text: data(R"({"risk":"low"})").
inline json::object data(std::string_view text) {
  auto value = json::parse(text);
  check(value.has_value() && value->is_object(), "test data is not a JSON object");
  return std::move(value->as_object());
}

/// Of what names an earlier act of its case: a correction, an annulment.
inline json::object on_target(std::uint32_t version, std::string_view more = "{}") {
  json::object d = data(more);
  d["target_version"] = version;
  if (!d.contains("reason")) d["reason"] = "wrong_value";
  return d;
}

struct Member {
  std::string slug;
  std::string roles;  // JSON array, e.g. ["ml"]
};

/// Signatories of the scene, by ordinal from 1: pref, udml, ml1, ml2, aa1, aa2 found the
/// convention; member and analyst do not sign it.
inline std::vector<Member> scene_members() {
  return {{"pref", R"(["pref","sec"])"}, {"udml", R"(["udml"])"},      {"ml1", R"(["ml"])"},
          {"ml2", R"(["ml"])"},          {"aa1", R"(["aa"])"},         {"aa2", R"(["aa"])"},
          {"member", R"(["member"])"},   {"analyst", R"(["analyst"])"}};
}

/// Payload of convention.opened for these signatories, each with test_key(slug).
inline json::object opening(const std::vector<Member>& members) {
  const auto key = [](std::string_view name) {
    return crypto::to_text(test_key(name).public_key());
  };
  json::object o = data(R"({"title":"Convention","signed_on":"2023-06-09",
      "territories":["69","2a","974","metropole","rhone"],
      "quorums":[{"act":"admit-signatory","approvals":2,"roles":["pref"]}],
      "terms":[{"name":"referral-answer-days","value":10}]})");
  o["document_hash"] = std::string(43, 'A');
  o["origin"] = kOrigin;
  o["log_key"] = key("log");
  o["system_key"] = key("relais");
  json::array list;
  for (const Member& m : members) {
    json::object s;
    s["id"] = m.slug;
    s["name"] = "Signatory " + m.slug;
    s["roles"] = *json::parse(m.roles);
    s["public_key"] = key(m.slug);
    list.push_back(std::move(s));
  }
  o["signatories"] = std::move(list);
  return o;
}

/// One ledger in memory: its world, its clock, and the events it has accepted.
class Scene {
 public:
  enum class Stage { empty, opened, in_force };

  explicit Scene(Stage stage = Stage::in_force, std::size_t max_cases = 100'000)
      : world_(std::make_unique<rules::WorldState>(records, max_cases)) {
    for (const Member& m : scene_members()) keys.emplace(m.slug, test_key(m.slug));
    keys.emplace("relais", test_key("relais"));
    if (stage == Stage::empty) return;
    expect("relais", "convention.opened", convention_subject(), opening(scene_members()));
    if (stage == Stage::opened) return;
    for (const char* founder : {"pref", "udml", "ml1", "ml2", "aa1", "aa2"}) sign(founder);
  }

  /// Signs a CloudEvent as `slug` now, and types it as the ledger does. Errors are those of the
  /// statement's form.
  Result<statement::Statement> statement(const std::string& slug, std::string_view event,
                                         std::string_view subject, json::object payload) {
    json::object o;
    o["type"] = "relais." + std::string(event) + ".v1";
    o["source"] = source_of(slug);
    o["subject"] = subject;
    o["time"] = to_rfc3339(claimed_time.value_or(clock.now()));
    o["data"] = std::move(payload);
    RELAIS_ASSIGN(const std::string text,
                  statement::sign_event(json::serialize(o), keys.at(slug), clock, random));
    RELAIS_ASSIGN(statement::Statement s, statement::parse_statement(text));
    auto typed = s.event->getRoot<schema::Event>();
    typed.setReceivedAt(clock.now().value);
    typed.setSignatory(ordinal_of(slug).value);
    typed.setVersion(world_->version(s.stream).value + 1);
    return s;
  }

  /// Judges, and folds what is accepted. A statement that has no form fails the test.
  Status act(const std::string& slug, std::string_view event, std::string_view subject,
             json::object payload = {}) {
    auto s = statement(slug, event, subject, std::move(payload));
    if (!s) {
      ADD_FAILURE() << event << " has no form: " << to_string(s.error());
      return fail(std::move(s.error()));
    }
    return act(*s);
  }

  Status act(statement::Statement& s) {
    const rules::Act a =
        rules::act_of(LogIndex{log.size()}, s.event->getRoot<schema::Event>().asReader());
    RELAIS_TRY(rules::decide(*world_, a));
    rules::evolve(*world_, a);
    log.push_back(statement::encode_event(s));
    if (on_accept) on_accept(a);
    return {};
  }

  /// As act(), for what must be accepted.
  void expect(const std::string& slug, std::string_view event, std::string_view subject,
              json::object payload = {}) {
    if (const Status done = act(slug, event, subject, std::move(payload)); !done)
      ADD_FAILURE() << event << " by " << slug << " is refused: " << to_string(done.error());
  }

  /// As act(), for what must be refused; gives the error.
  Error refused(const std::string& slug, std::string_view event, std::string_view subject,
                json::object payload = {}) {
    Status done = act(slug, event, subject, std::move(payload));
    if (!done) return std::move(done.error());
    ADD_FAILURE() << event << " by " << slug << " is accepted";
    return {};
  }

  /// As refused(), for a statement that has no form.
  Error formless(const std::string& slug, std::string_view event, std::string_view subject,
                 json::object payload) {
    auto s = statement(slug, event, subject, std::move(payload));
    if (!s) return std::move(s.error());
    ADD_FAILURE() << event << " by " << slug << " has a form";
    return {};
  }

  void sign(const std::string& slug) {
    json::object hash;
    hash["document_hash"] = std::string(43, 'A');
    expect(slug, "convention.signed", convention_subject(), std::move(hash));
  }

  // The common acts, with values that are right.
  void detect(const std::string& slug, std::uint64_t n, std::string_view age_band = "18_21") {
    json::object d = data(R"({"channel":"interview","territory":"69123","risk":"medium"})");
    d["age_band"] = age_band;
    expect(slug, "case.detected", case_subject(n), std::move(d));
  }
  void assess(const std::string& slug, std::uint64_t n) {
    expect(slug, "case.risk_assessed", case_subject(n),
           data(R"({"risk":"high","grid_version":"2024-1"})"));
  }
  void consent(const std::string& slug, std::uint64_t n) {
    expect(slug, "case.consent_given", case_subject(n), consent_data());
  }
  void refer(const std::string& slug, std::uint64_t n, std::uint64_t referral, std::string_view to,
             std::string_view need = "shelter") {
    expect(slug, "referral.requested", case_subject(n),
           referral_data(referral, to, "consent", need));
  }

  static json::object consent_data(std::string_view scope = "referral") {
    json::object d;
    d["scope"] = scope;
    d["form_hash"] = std::string(43, 'A');
    return d;
  }
  static json::object referral_data(std::uint64_t referral, std::string_view to,
                                    std::string_view basis = "consent",
                                    std::string_view need = "shelter") {
    json::object d = data(R"({"urgency":"routine"})");
    d["need"] = need;
    d["referral_id"] = test_uuid(referral);
    d["to"] = to;
    d["legal_basis"] = basis;
    return d;
  }
  static json::object step_data(std::uint64_t step, std::string_view need = "shelter") {
    json::object d;
    d["step_id"] = test_uuid(step);
    d["need"] = need;
    return d;
  }
  /// {"referral_id": …} and further members.
  static json::object on_referral(std::uint64_t referral, std::string_view more = "{}") {
    json::object d = data(more);
    d["referral_id"] = test_uuid(referral);
    return d;
  }

  static std::string convention_subject() { return "convention/" + std::string(kConvention); }
  static std::string source_of(const std::string& slug) {
    return "urn:relais:" + std::string(kConvention) + ":" + slug;
  }

  rules::WorldState& world() { return *world_; }
  const rules::Registry& registry() const { return world_->registry(); }
  const rules::CaseState* find(std::uint64_t n) {
    return world_->find_case(*parse_uuid(test_uuid(n)));
  }
  /// Ordinal of a signatory; that of the system before the convention is opened.
  SignatoryId ordinal_of(const std::string& slug) const {
    const rules::Signatory* s = registry().find_slug(slug);
    return s == nullptr ? SignatoryId{0} : s->id;
  }
  /// Folds the whole log into a fresh world on `out`, with a flush behind each index that
  /// `flush_after` names.
  static void replay(const std::vector<std::string>& log, MemoryRecords& out,
                     const std::function<bool(std::size_t)>& flush_after,
                     std::size_t max_cases = 100'000) {
    rules::WorldState fresh(out, max_cases);
    statement::EventView view;
    for (std::size_t i = 0; i < log.size(); ++i) {
      check(view.load(log[i]), "an event of the test's log cannot be read");
      rules::evolve(fresh, rules::act_of(LogIndex{i}, view.get()));
      if (flush_after(i)) fresh.flush(out);
    }
    fresh.flush(out);
  }

  MemoryRecords records;
  ManualClock clock{kSceneStart};
  crypto::SeededRandom random{1};
  std::map<std::string, crypto::SigningKey> keys;  ///< by slug: what the signatory signs with now
  std::optional<Timestamp> claimed_time;  ///< the statements' `time`, where it is not the clock's
  std::vector<std::string> log;           ///< stored bytes of the accepted events
  std::function<void(const rules::Act&)>
      on_accept;  ///< called behind each fold, e.g. for projections

 private:
  std::unique_ptr<rules::WorldState> world_;
};

inline void go_to(Scene& scene, std::string_view moment) {
  scene.clock.advance_ms(parse_rfc3339(moment)->value - scene.clock.now().value);
}

}  // namespace relais::tests
