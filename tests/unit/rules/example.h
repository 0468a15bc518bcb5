// An example of every event type of the catalogue that holds: who signs it, on which stream, with
// which payload, in a scene in which nothing speaks against it. A test changes one thing, and sees
// what becomes of it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/rules/convention/governance.h"
#include "tests/support/acts.h"
#include "tests/unit/rules/payloads.h"

namespace relais::tests {

inline constexpr const char* kYesterday = "2026-03-01";
inline constexpr const char* kToday = "2026-03-02";
inline constexpr const char* kTomorrow = "2026-03-03";

/// An event that is not on case 1 of prepare(), and what has to be there before it.
struct StreamEvent {
  std::string event;
  std::string who;
  std::string subject;
  json::object payload;
  void (*prepare)(Scene&) = [](Scene&) {};
};

template <class Value>
json::object with(json::object d, std::string_view member, const Value& value) {
  d[member] = value;
  return d;
}

// --- keys

inline std::string key_of(std::string_view name) {
  return crypto::to_text(test_key(name).public_key());
}
inline std::string kid_text(std::string_view name) {
  return crypto::to_text(crypto::thumbprint(test_key(name).public_key()));
}
/// What shows that the key of this name is in the hands of `slug`.
inline std::string proof_of(std::string_view key, const std::string& slug) {
  return statement::make_key_proof(test_key(key), Scene::source_of(slug), kOrigin);
}
inline json::object new_key(std::string_view name, const std::string& owner) {
  return with(with({}, "public_key", key_of(name)), "proof", proof_of(name, owner));
}
inline json::object revocation_of(std::string_view key) {
  return with(data(R"({"reason":"lost"})"), "kid", kid_text(key));
}
/// A signatory revokes its only key.
inline void lose_key(Scene& scene, const std::string& slug) {
  scene.expect(slug, "key.revoked", "signatory/" + slug, revocation_of(slug));
  scene.clock.advance_ms(1);
}

// --- proposals. Any two of the founders fill a quorum.

inline json::object proposal(std::string_view id, std::string_view act, std::string_view signatory,
                             std::string_view more = "{}") {
  json::object d = data(more);
  d["proposal_id"] = id;
  d["act"] = act;
  if (!signatory.empty()) d["signatory"] = signatory;
  d["reason"] = "As agreed at the steering committee.";
  return d;
}
inline json::object admission(std::string_view id, std::string_view slug, std::string_view key) {
  return with(proposal(id, "admit_signatory", slug, R"({"roles":["aa"],"name":"Association"})"),
              "public_key", key_of(key));
}
inline json::object withdrawal(std::string_view id, std::string_view slug) {
  return proposal(id, "withdraw_signatory", slug);
}
inline json::object first_key(std::string_view id, std::string_view slug, std::string_view key) {
  return with(proposal(id, "enrol_first_key", slug), "public_key", key_of(key));
}
inline json::object key_revocation(std::string_view id, std::string_view key) {
  return with(proposal(id, "revoke_key", ""), "kid", kid_text(key));
}
inline json::object log_rotation(std::string_view id, std::string_view key) {
  return with(proposal(id, "rotate_log_key", ""), "public_key", key_of(key));
}
/// What the ledger signs once it is decided: `key` in the place of `old_key`.
inline json::object log_rotated(std::string_view id, std::string_view old_key, std::string_view key,
                                std::uint64_t reads_size = 7) {
  json::object d;
  d["proposal_id"] = id;
  d["old_key"] = key_of(old_key);
  d["new_key"] = key_of(key);
  d["reads_size"] = reads_size;
  d["proof"] = statement::make_key_proof(test_key(key), Scene::source_of("relais"),
                                         rules::log_key_audience(kOrigin));
  return d;
}
inline json::object amendment(std::string_view id) {
  return with(
      proposal(id, "amend_convention", "", R"({"terms":[{"name":"psp-review-days","value":50}]})"),
      "document_hash", std::string(43, 'E'));
}
inline json::object on_proposal(std::string_view id, std::string_view more = "{}") {
  return with(data(more), "proposal_id", std::string(id));
}

inline void set_quorums(Scene& scene) {
  for (const char* act : {"admit-signatory", "withdraw-signatory", "amend-convention",
                          "enrol-first-key", "revoke-key", "rotate-log-key"})
    scene.world().mutable_registry().quorums[act] = rules::Quorum{2, 0};
}
inline void propose(Scene& scene, json::object proposal) {
  set_quorums(scene);
  scene.expect("pref", "governance.proposed", Scene::convention_subject(), std::move(proposal));
}
/// A proposal that has its quorum.
inline void pass(Scene& scene, const json::object& proposal) {
  propose(scene, proposal);
  scene.expect("udml", "governance.approved", Scene::convention_subject(),
               on_proposal(proposal.at("proposal_id").as_string()));
}

inline json::object attachment(const std::string& slug, std::string_view key) {
  json::object d = new_key(key, slug);
  d["mission_locale"] = slug;
  d["name"] = "Mission locale";
  return d;
}
/// It left, and comes back: `voucher` says that `for_key` is its own.
inline json::object returning(const std::string& slug, std::string_view key,
                              std::string_view voucher, std::string_view for_key) {
  return with(
      attachment(slug, key), "proof",
      statement::make_key_proof(
          test_key(voucher), Scene::source_of(slug),
          rules::returning_audience(kOrigin, crypto::thumbprint(test_key(for_key).public_key()))));
}
inline json::object detachment(const std::string& slug, std::string_view key) {
  return with(with({}, "mission_locale", slug), "proof",
              statement::make_key_proof(test_key(key), Scene::source_of(slug),
                                        rules::leaving_audience(kOrigin)));
}

// --- the examples, by family

inline std::vector<StreamEvent> events_of_convention() {
  const std::string rhone = Scene::convention_subject();
  const json::object hash = with({}, "document_hash", std::string(43, 'A'));
  return {
      {"convention.opened", "relais", rhone, opening(scene_members())},
      {"convention.signed", "ml1", rhone, hash},
      {"key.enrolled", "ml1", "signatory/ml1", new_key("second", "ml1")},
      {"key.rotated", "ml1", "signatory/ml1", new_key("second", "ml1")},
      {"key.revoked", "ml1", "signatory/ml1", revocation_of("second"),
       [](Scene& s) {
         s.expect("ml1", "key.enrolled", "signatory/ml1", new_key("second", "ml1"));
       }},
      {"mission_locale.attached", "udml", "signatory/udml", attachment("ml3", "ml3")},
      {"mission_locale.detached", "udml", "signatory/udml", detachment("ml2", "ml2")},
  };
}

/// On the proposal p1. What is voted on is the revocation of a key of aa1.
inline std::vector<StreamEvent> events_of_governance() {
  const std::string rhone = Scene::convention_subject();
  constexpr auto kProposed = [](Scene& s) { propose(s, key_revocation("p1", "aa1")); };
  return {
      {"governance.proposed", "pref", rhone, admission("p1", "aa3", "aa3"), set_quorums},
      {"governance.approved", "udml", rhone, on_proposal("p1"), kProposed},
      {"governance.rejected", "udml", rhone, on_proposal("p1", R"({"reason":"Too early."})"),
       kProposed},
      {"governance.withdrawn", "pref", rhone, on_proposal("p1"), kProposed},
      {"convention.amended", "ml1", rhone, on_proposal("p1"),
       [](Scene& s) { pass(s, amendment("p1")); }},
      {"signatory.admitted", "ml1", rhone, with(on_proposal("p1"), "proof", proof_of("aa3", "aa3")),
       [](Scene& s) { pass(s, admission("p1", "aa3", "aa3")); }},
      {"signatory.withdrawn", "ml1", rhone, on_proposal("p1", R"({"reason":"own"})"),
       [](Scene& s) { pass(s, withdrawal("p1", "ml2")); }},
      {"key.first_enrolled", "ml1", rhone,
       with(on_proposal("p1"), "proof", proof_of("ml2-new", "ml2")),
       [](Scene& s) {
         lose_key(s, "ml2");
         pass(s, first_key("p1", "ml2", "ml2-new"));
       }},
      {"key.revoked_by_quorum", "ml1", rhone, on_proposal("p1"),
       [](Scene& s) { pass(s, key_revocation("p1", "ml2")); }},
      {"log.key_rotated", "relais", rhone, log_rotated("p1", "log", "log-2"),
       [](Scene& s) { pass(s, log_rotation("p1", "log-2")); }},
  };
}

inline json::object a_capability() {
  return data(R"({"capability_id":"abri","service_type":"accompagnement","publics":["jeunes"],
                  "needs":["shelter"],"territories":["69123"]})");
}

inline std::vector<StreamEvent> events_of_partnership() {
  const json::object tool = data(R"({"title":"Grille","version":"1","media_type":"text/html"})");
  constexpr auto kDeclared = [](Scene& s) {
    s.expect("aa1", "capability.declared", "signatory/aa1", a_capability());
  };
  return {
      {"training.delivered", "ml1", "library/l1",
       data(R"({"theme":"Repérage","audience":"professionals","headcount":18,
                "held_on":"2026-03-02","hours":7})")},
      {"tool.published", "ml1", "library/l1", with(tool, "content_hash", std::string(43, 'A'))},
      {"practice.shared", "ml1", "library/l1", data(R"({"title":"Accueil","summary":"Libre."})")},
      {"need.observed", "ml1", "library/l1",
       data(R"({"audience":"jeunes","need":"shelter","territory":"69123","summary":"La nuit."})")},
      {"partner.introduced", "ml1", "network/n1",
       data(R"({"partner_id":"dora--42","nom":"Centre social","date_maj":"2026-03-02"})")},
      {"pathway.published", "ml1", "network/n1",
       data(R"({"title":"Vers le soin","need":"psychotrauma","steps":["aa","CMP"]})")},
      {"joint_action.recorded", "ml1", "network/n1",
       data(R"({"title":"Maraude","held_on":"2026-03-02","signatories":["ml1","aa1"]})")},
      {"capability.declared", "aa1", "signatory/aa1", a_capability()},
      {"capability.withdrawn", "aa1", "signatory/aa1", data(R"({"capability_id":"abri"})"),
       kDeclared},
      {"capacity.updated", "aa1", "signatory/aa1",
       data(R"({"capability_id":"abri","level":"open","places":3})"), kDeclared},
      {"focal_point.designated", "aa1", "signatory/aa1",
       data(R"({"mailbox":"contact@example.org"})")},
  };
}

/// Session s9 is of pref and member, two of whom it takes. It was called for today, and is not
/// held.
inline void convene(Scene& scene) {
  rules::SessionState& s = scene.world().mutable_session("s9");
  s.held_on = rules::legal_day(kSceneStart).value;
  s.members = {scene.ordinal_of("pref"), scene.ordinal_of("member")};
  s.quorum = 2;
}

inline std::vector<StreamEvent> events_of_commission() {
  return {
      {"member.appointed", "pref", "signatory/pref",
       data(R"({"institution":"member","capacity":"magistrate"})")},
      {"session.convened", "pref", "session/s9",
       data(R"({"held_on":"2026-03-02","members":["pref","member"],"quorum":2})"),
       [](Scene& s) {
         for (const char* who : {"pref", "member"})
           s.world().mutable_signatory(s.ordinal_of(who)).commission_capacity = "magistrate";
       }},
      {"session.held", "pref", "session/s9",
       with(data(R"({"present":["pref","member"]})"), "minutes_hash", std::string(43, 'A')),
       convene},
      {"member.recused", "member", "session/s9",
       with(data(R"({"ground":"knows_person"})"), "case_id", test_uuid(1)), convene},
  };
}

/// On the file of aa1 (Example::file): it came on 2025-11-01, complete; it is deemed so at the end
/// of 2026-01-01, and silence grants at the end of 2026-03-01.
inline std::vector<StreamEvent> events_of_accreditation() {
  const std::string aa1 = "signatory/aa1";
  return {
      {"accreditation.requested", "aa1", aa1, with_dossier()},
      {"accreditation.documents_requested", "pref", aa1,
       data(R"({"documents":["The accounts of last year."],"notified_on":"2025-12-01"})")},
      {"accreditation.documents_supplied", "aa1", aa1, with_dossier()},
      {"accreditation.deemed_complete", "relais", aa1,
       data(R"({"complete_on":"2026-01-01","cause":"accreditation_completeness"})")},
      {"accreditation.completed", "pref", aa1, data(R"({"complete_on":"2025-12-01"})")},
      {"accreditation.granted", "pref", aa1, data(R"({"granted_on":"2026-03-01"})")},
      {"accreditation.tacitly_granted", "relais", aa1,
       data(R"({"granted_on":"2026-03-01","cause":"accreditation_silence"})")},
      {"accreditation.refused", "pref", aa1,
       data(R"({"reason":"insufficient_means","reasons":"One employee for forty parcours.",
                "appeal_route":"contentious","notified_on":"2026-03-01"})")},
      {"accreditation.expired", "relais", aa1,
       data(R"({"expired_on":"2026-03-01","cause":"accreditation_expiry"})")},
  };
}

inline std::vector<StreamEvent> stream_events() {
  json::object detection =
      data(R"({"channel":"interview","territory":"69123","risk":"medium","age_band":"18_21"})");
  std::vector<StreamEvent> all = {{"case.detected", "aa1", case_subject(9), std::move(detection)}};
  for (auto family : {events_of_convention(), events_of_governance(), events_of_partnership(),
                      events_of_commission(), events_of_accreditation()})
    std::ranges::move(family, std::back_inserter(all));
  return all;
}

/// A phase of case 1 in which the event is drawn: IN_SUPPORT where that is one.
inline rules::CasePhase case_phase_of(std::string_view event) {
  rules::CasePhase first{};
  for (const auto& t : rules::case_transitions()) {
    if (t.event != event) continue;
    if (t.from == rules::CasePhase::in_support) return t.from;
    if (first == rules::CasePhase{}) first = t.from;
  }
  return first;
}

/// The example of a type. It holds as long as nothing of it is changed.
class Example {
 public:
  explicit Example(std::string_view type) : scene(stage_of(type)), event(type) {
    if (type.starts_with("accreditation.")) prepare_file();
    for (StreamEvent& e : stream_events()) {
      if (e.event != type) continue;
      e.prepare(scene);
      take(std::move(e.who), std::move(e.subject), std::move(e.payload));
      return;
    }
    for (CaseEvent& e : case_events()) {
      if (e.event != type) continue;
      prepare(scene, event, case_phase_of(event));
      take(std::move(e.who), case_subject(1), std::move(e.payload));
      return;
    }
    ADD_FAILURE() << type << " has no example";
  }

  /// What the ledger says to it: an error of its form, or the judgement.
  Status act() {
    RELAIS_ASSIGN(statement::Statement s, scene.statement(who, event, subject, payload));
    return scene.act(s);
  }

  /// Adds members to the payload, or replaces them.
  void say(const json::object& more) {
    for (const auto& member : more) payload[member.key()] = member.value();
  }

  rules::Registry& registry() { return scene.world().mutable_registry(); }
  rules::CaseState& the_case() { return *scene.world().mutable_case(*parse_uuid(test_uuid(1))); }
  rules::Psp& psp() { return the_case().psp; }
  rules::Referral& referral() { return the_case().referrals.at(0); }
  rules::SupportStep& step() { return the_case().steps.at(0); }
  rules::Accreditation& file() { return aa1().accreditation; }
  rules::SignatoryState& aa1() { return scene.world().mutable_signatory(scene.ordinal_of("aa1")); }
  /// Of the parcours: it was held, and gave no opinion yet.
  rules::SessionState& session_held() { return scene.world().mutable_session("s1"); }
  rules::SessionState& session() { return scene.world().mutable_session("s9"); }

  Scene scene;
  std::string event;
  std::string who;
  std::string subject;
  json::object payload;

 private:
  static Scene::Stage stage_of(std::string_view type) {
    if (type == "convention.opened") return Scene::Stage::empty;
    return type == "convention.signed" ? Scene::Stage::opened : Scene::Stage::in_force;
  }
  void take(std::string by, std::string on, json::object with_payload) {
    who = std::move(by);
    subject = std::move(on);
    payload = std::move(with_payload);
  }
  void prepare_file() {
    const std::int32_t came = parse_date("2025-11-01")->value;
    const auto& drawn = rules::accreditation_transitions();
    const auto first = std::ranges::find(drawn, event, &rules::AccreditationTransition::event);
    file() = {first->from, came, came, came, parse_date(kYesterday)->value};
  }
};

}  // namespace relais::tests
