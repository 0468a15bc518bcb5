// governance.*, and what takes effect by a quorum: signatories that come and leave, amendments,
// keys given and taken by the others, missions locales under their union.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include "ledger/base/archive.h"
#include "ledger/rules/convention/governance.h"
#include "ledger/rules/time/deadlines.h"
#include "tests/support/acts.h"
#include "tests/unit/rules/payloads.h"
#include "tests/unit/rules/walk.h"

namespace relais::tests {
namespace {

using Phase = rules::Proposal::Phase;

std::string public_key(std::string_view name) {
  return crypto::to_text(test_key(name).public_key());
}

/// Voters: pref, udml, ml1, ml2, aa1, aa2. A signature of convention/rhone as in the ledger.
class Governance : public testing::Test {
 protected:
  Governance() : scene(Scene::Stage::empty) {
    json::object o = opening(scene_members());
    o["quorums"] = *json::parse(R"([
        {"act":"admit-signatory","approvals":2,"roles":["pref"]},
        {"act":"withdraw-signatory","approvals":3,"roles":[]},
        {"act":"amend-convention","approvals":4,"roles":["pref","udml"]},
        {"act":"enrol-first-key","approvals":2,"roles":[]},
        {"act":"revoke-key","approvals":3,"roles":["aa"]},
        {"act":"rotate-log-key","approvals":3,"roles":["pref"]}])");
    scene.expect("relais", "convention.opened", subject(), std::move(o));
    for (const char* founder : {"pref", "udml", "ml1", "ml2", "aa1", "aa2"}) scene.sign(founder);
    scene.clock.advance_ms(60'000);
  }

  static std::string subject() { return Scene::convention_subject(); }

  static json::object proposal(std::string_view id, std::string_view act, std::string_view more) {
    json::object d = data(more);
    d["proposal_id"] = id;
    d["act"] = act;
    d["reason"] = "As agreed at the steering committee.";
    return d;
  }
  static json::object on(std::string_view id, std::string_view more = "{}") {
    json::object d = data(more);
    d["proposal_id"] = id;
    return d;
  }
  static json::object admission(std::string_view id, std::string_view slug) {
    json::object d = proposal(id, "admit_signatory", R"({"roles":["aa"]})");
    d["signatory"] = slug;
    d["name"] = "Signatory " + std::string(slug);
    d["public_key"] = public_key(slug);
    return d;
  }
  static json::object withdrawal(std::string_view id, std::string_view slug) {
    json::object d = proposal(id, "withdraw_signatory", "{}");
    d["signatory"] = slug;
    return d;
  }
  static json::object amendment(std::string_view id, std::string_view more) {
    json::object d = proposal(id, "amend_convention", more);
    d["document_hash"] = std::string(43, 'E');
    return d;
  }
  static json::object first_key(std::string_view id, std::string_view slug, std::string_view key) {
    json::object d = proposal(id, "enrol_first_key", "{}");
    d["signatory"] = slug;
    d["public_key"] = public_key(key);
    return d;
  }
  static json::object revocation(std::string_view id, std::string_view key) {
    json::object d = proposal(id, "revoke_key", "{}");
    d["kid"] = crypto::to_text(kid_of(key));
    return d;
  }
  static json::object log_rotation(std::string_view id, std::string_view key) {
    json::object d = proposal(id, "rotate_log_key", "{}");
    d["public_key"] = public_key(key);
    return d;
  }
  /// What the ledger signs of it.
  static json::object log_rotated(std::string_view id, std::string_view old_key,
                                  std::string_view key, std::uint64_t reads_size) {
    json::object d = on(id);
    d["old_key"] = public_key(old_key);
    d["new_key"] = public_key(key);
    d["reads_size"] = reads_size;
    d["proof"] = statement::make_key_proof(test_key(key), Scene::source_of("relais"),
                                           rules::log_key_audience(kOrigin));
    return d;
  }
  static json::object proven(std::string_view id, std::string_view key, const std::string& slug) {
    json::object d = on(id);
    d["proof"] = statement::make_key_proof(test_key(key), Scene::source_of(slug), kOrigin);
    return d;
  }

  void propose(const std::string& slug, json::object payload) {
    scene.expect(slug, "governance.proposed", subject(), std::move(payload));
  }
  Error refused_proposal(json::object payload, const std::string& slug = "pref") {
    return scene.refused(slug, "governance.proposed", subject(), std::move(payload));
  }
  void approve(std::string_view id, const std::vector<std::string>& voters) {
    for (const std::string& v : voters) scene.expect(v, "governance.approved", subject(), on(id));
  }
  void reject(std::string_view id, const std::vector<std::string>& voters) {
    for (const std::string& v : voters)
      scene.expect(v, "governance.rejected", subject(), on(id, R"({"reason":"Too early."})"));
  }
  Phase phase(const std::string& id) { return scene.registry().proposals.at(id).phase; }

  /// A signatory revokes its only key by itself, as it must be able to.
  void lose_key(const std::string& slug) {
    json::object d = data(R"({"reason":"lost"})");
    d["kid"] = crypto::to_text(kid_of(slug));
    scene.expect(slug, "key.revoked", "signatory/" + slug, std::move(d));
    scene.clock.advance_ms(1);
  }
  void admit(std::string_view id, const std::string& slug) {
    propose("pref", admission(id, slug));
    approve(id, {"aa1"});
    scene.expect("aa2", "signatory.admitted", subject(), proven(id, slug, slug));
    scene.keys.emplace(slug, test_key(slug));
  }

  Scene scene;
};

TEST_F(Governance, TheProposersApprovalCountsAndTheQuorumApproves) {
  propose("aa1", admission("p1", "aa3"));
  EXPECT_EQ(phase("p1"), Phase::open);
  EXPECT_THAT(scene.registry().proposals.at("p1").approvals,
              testing::ElementsAre(scene.ordinal_of("aa1")));
  approve("p1", {"ml1"});
  EXPECT_EQ(phase("p1"), Phase::open) << "two approvals, but none of the préfecture";
  approve("p1", {"pref"});
  EXPECT_EQ(phase("p1"), Phase::approved);
}

/// docs/DOMAIN.md: nobody, the operator included, can act alone.
TEST_F(Governance, NobodyActsAloneTheOperatorIncluded) {
  const std::vector<std::pair<const char*, json::object>> events = {
      {"governance.proposed", admission("p1", "aa3")},
      {"governance.approved", on("p1")},
      {"governance.rejected", on("p1", R"({"reason":"no"})")},
      {"governance.withdrawn", on("p1")},
      {"convention.amended", on("p1")},
      {"signatory.admitted", proven("p1", "aa3", "aa3")},
      {"signatory.withdrawn", on("p1", R"({"reason":"excluded"})")},
      {"key.first_enrolled", proven("p1", "aa3", "aa3")},
      {"key.revoked_by_quorum", on("p1")},
  };
  for (const auto& [event, payload] : events) {
    EXPECT_EQ(scene.refused("relais", event, subject(), payload).rule, "emitter-forbidden")
        << event;
    EXPECT_EQ(scene.refused("analyst", event, subject(), payload).rule, "emitter-forbidden")
        << event;
  }
  json::object ml = data(R"({"mission_locale":"ml3","name":"ML 3"})");
  ml["public_key"] = public_key("ml3");
  ml["proof"] = statement::make_key_proof(test_key("ml3"), Scene::source_of("ml3"), kOrigin);
  EXPECT_EQ(scene.refused("relais", "mission_locale.attached", "signatory/relais", ml).rule,
            "emitter-forbidden");

  // A convention whose file sets a quorum of one does not make one signatory sovereign.
  scene.world().mutable_registry().quorums["admit-signatory"] = rules::Quorum{1, 0};
  propose("aa1", admission("p1", "aa3"));
  EXPECT_EQ(phase("p1"), Phase::open);
  approve("p1", {"aa2"});
  EXPECT_EQ(phase("p1"), Phase::approved);
}

TEST_F(Governance, OnlyTheConventionsOwnStreamAndItsVoters) {
  EXPECT_EQ(
      scene.refused("pref", "governance.proposed", "convention/other", admission("p1", "aa3")).rule,
      "stream-unknown");
  EXPECT_EQ(refused_proposal(admission("p1", "aa3"), "member").rule, "emitter-forbidden");
  propose("pref", admission("p1", "aa3"));
  const Error e = scene.refused("member", "governance.approved", subject(), on("p1"));
  EXPECT_EQ(e.rule, "emitter-forbidden");
  EXPECT_EQ(e.code, Errc::forbidden);
  EXPECT_EQ(scene.refused("ml1", "governance.approved", "convention/other", on("p1")).rule,
            "stream-unknown");
}

TEST_F(Governance, WhatTheActNeedsIsNamed) {
  struct Row {
    std::string rule;
    std::string field;
    json::object payload;
  };
  const auto without = [](json::object o, std::string_view member) {
    o.erase(member);
    return o;
  };
  const auto with = [](json::object o, std::string_view member, std::string_view value) {
    o[member] = *json::parse(value);
    return o;
  };
  const std::vector<Row> rows = {
      {"proposal-incomplete", "data.signatory", without(admission("p", "aa3"), "signatory")},
      {"proposal-incomplete", "data.name", without(admission("p", "aa3"), "name")},
      {"proposal-incomplete", "data.roles", with(admission("p", "aa3"), "roles", "[]")},
      {"proposal-incomplete", "data.public_key", without(admission("p", "aa3"), "public_key")},
      {"proposal-incomplete", "data.signatory", without(withdrawal("p", "aa2"), "signatory")},
      {"proposal-incomplete", "data.document_hash",
       without(amendment("p", R"({"terms":[{"name":"a","value":1}]})"), "document_hash")},
      {"proposal-incomplete", "data.terms", amendment("p", "{}")},
      {"proposal-incomplete", "data.public_key",
       without(first_key("p", "aa2", "new"), "public_key")},
      {"proposal-incomplete", "data.kid", without(revocation("p", "aa2"), "kid")},
      {"proposal-excess", "data.successor",
       with(first_key("p", "aa2", "new"), "successor", R"("aa1")")},
      {"signatory-unknown", "data.successor",
       with(withdrawal("p", "aa2"), "successor", R"("aa3")")},
      {"addressee-cannot-receive", "data.successor",
       with(withdrawal("p", "aa2"), "successor", R"("aa2")")},
      {"addressee-cannot-receive", "data.successor",
       with(withdrawal("p", "aa2"), "successor", R"("udml")")},
      {"proposal-excess", "data.name", with(withdrawal("p", "aa2"), "name", R"("x")")},
      {"proposal-excess", "data.terms",
       with(admission("p", "aa3"), "terms", R"([{"name":"psp-review-days","value":20}])")},
      {"role-reserved", "data.roles", with(admission("p", "aa3"), "roles", R"(["aa","system"])")},
      {"role-reserved", "data.signatory", withdrawal("p", "relais")},
      {"slug-taken", "data.signatory", admission("p", "aa2")},
      {"key-known", "data.public_key",
       with(admission("p", "aa3"), "public_key", "\"" + public_key("ml1") + "\"")},
      {"signatory-unknown", "data.signatory", withdrawal("p", "aa3")},
      {"signatory-unknown", "data.signatory", first_key("p", "aa3", "new")},
      {"has-valid-key", "data.signatory", first_key("p", "aa2", "new")},
      {"key-unknown", "data.kid", revocation("p", "stranger")},
      {"key-owner-differs", "data.signatory",
       with(revocation("p", "aa2"), "signatory", R"("aa1")")},
      {"quorum-act-unknown", "data.quorums[0].act",
       amendment("p", R"({"quorums":[{"act":"admit","approvals":2,"roles":[]}]})")},
      {"quorum-repeated", "data.quorums[1].act",
       amendment("p", R"({"quorums":[{"act":"revoke-key","approvals":2,"roles":[]},
                                     {"act":"revoke-key","approvals":3,"roles":[]}]})")},
      {"quorum-out-of-range", "data.quorums[0].approvals",
       amendment("p", R"({"quorums":[{"act":"revoke-key","approvals":1,"roles":[]}]})")},
      {"quorum-unreachable", "data.quorums",
       amendment("p", R"({"quorums":[{"act":"admit-signatory","approvals":7,"roles":[]}]})")},
      {"quorum-unreachable", "data.quorums",
       amendment("p", R"({"quorums":[{"act":"withdraw-signatory","approvals":6,"roles":[]}]})")},
      {"quorum-unreachable", "data.quorums",
       amendment("p", R"({"quorums":[{"act":"admit-signatory","approvals":2,
                                      "roles":["member"]}]})")},
      {"term-repeated", "data.terms[1].name",
       amendment("p", R"({"terms":[{"name":"psp-review-days","value":20},
                                   {"name":"psp-review-days","value":30}]})")},
      {"term-out-of-range", "data.terms[0].value",
       amendment("p", R"({"terms":[{"name":"retention-years","value":0}]})")},
      {"term-out-of-range", "data.terms[0].value",
       amendment("p", R"({"terms":[{"name":"retention-years","value":21}]})")},
      {"term-unknown", "data.terms[0].name",
       amendment("p", R"({"terms":[{"name":"a","value":1}]})")},
  };
  for (const Row& row : rows) {
    const Error e = refused_proposal(row.payload);
    EXPECT_EQ(e.rule, row.rule) << row.field;
    EXPECT_EQ(e.field, row.field) << row.rule;
    EXPECT_FALSE(e.source.empty()) << row.rule;
    EXPECT_TRUE(e.code == Errc::invalid || e.code == Errc::conflict || e.code == Errc::not_found)
        << row.rule;
  }
  EXPECT_TRUE(scene.registry().proposals.empty());
}

TEST_F(Governance, AnActWithoutAQuorumIsImpossible) {
  scene.world().mutable_registry().quorums.erase("withdraw-signatory");
  const Error e = refused_proposal(withdrawal("p1", "aa2"));
  EXPECT_EQ(e.rule, "quorum-not-set");
  EXPECT_EQ(e.code, Errc::conflict);
  EXPECT_EQ(e.field, "data.act");
  EXPECT_THAT(e.accepted, testing::HasSubstr("revoke-key"));
}

TEST_F(Governance, AProposalThatNobodyCouldPassIsRefused) {
  scene.world().mutable_registry().quorums["withdraw-signatory"] = rules::Quorum{6, 0};
  EXPECT_EQ(refused_proposal(withdrawal("p1", "ml2"), "aa1").rule, "quorum-unreachable")
      << "of six who vote, five on this";
  scene.world().mutable_registry().quorums["withdraw-signatory"] = rules::Quorum{5, 0};
  propose("aa1", withdrawal("p2", "ml2"));
}

constexpr std::uint16_t kOfPref = 1U << static_cast<unsigned>(schema::Role::PREF);

/// One stolen key must not stand between the others and their convention: more than half of them
/// decide where only the one concerned could give what the quorum asks.
TEST_F(Governance, WhatOneAloneCouldGiveIsNotAskedWhereItIsConcerned) {
  for (const char* act : {"withdraw-signatory", "enrol-first-key", "revoke-key"})
    scene.world().mutable_registry().quorums[act] = rules::Quorum{2, kOfPref};
  propose("aa1", revocation("p1", "ml1"));
  approve("p1", {"aa2", "ml2", "udml"});
  EXPECT_EQ(phase("p1"), Phase::open) << "of another: the préfecture is asked";
  propose("aa1", revocation("p2", "pref"));
  approve("p2", {"aa2"});
  EXPECT_EQ(phase("p2"), Phase::open) << "two of five";
  approve("p2", {"ml1"});
  EXPECT_EQ(phase("p2"), Phase::approved);
  scene.expect("ml2", "key.revoked_by_quorum", subject(), on("p2"));
  scene.clock.advance_ms(1);

  // It is brought back by the others, and has its say again.
  propose("aa1", first_key("p3", "pref", "pref-new"));
  approve("p3", {"aa2"});
  EXPECT_EQ(phase("p3"), Phase::open);
  approve("p3", {"ml1"});
  scene.expect("aa1", "key.first_enrolled", subject(), proven("p3", "pref-new", "pref"));
  scene.keys.insert_or_assign("pref", test_key("pref-new"));
  approve("p1", {"pref"});
  EXPECT_EQ(phase("p1"), Phase::approved);
}

/// Once nobody has a role any more, the acts that ask for it are not lost for ever.
TEST_F(Governance, ARoleThatNobodyHasIsNotAskedFor) {
  propose("aa1", withdrawal("p1", "pref"));
  approve("p1", {"aa2", "ml1"});
  scene.expect("aa1", "signatory.withdrawn", subject(), on("p1", R"({"reason":"excluded"})"));
  propose("aa1", admission("p2", "pref2"));
  approve("p2", {"aa2"});
  EXPECT_EQ(phase("p2"), Phase::open) << "the quorum is two with the préfecture: now three of five";
  approve("p2", {"ml1"});
  EXPECT_EQ(phase("p2"), Phase::approved);
}

TEST_F(Governance, WhoHasARoleAloneIsTold) {
  scene.world().mutable_registry().quorums["revoke-key"] = rules::Quorum{2, kOfPref};
  const auto lone = rules::lone_roles(scene.registry());
  ASSERT_EQ(lone.size(), 1U);
  EXPECT_EQ(lone[0].act, "revoke-key");
  EXPECT_EQ(lone[0].signatory, "pref");
  EXPECT_EQ(lone[0].approvals, 3U);
  EXPECT_EQ(lone[0].others, 5U);
}

TEST_F(Governance, AnIdServesOnce) {
  propose("pref", admission("p1", "aa3"));
  const Error e = refused_proposal(admission("p1", "aa4"), "aa1");
  EXPECT_EQ(e.rule, "proposal-known");
  EXPECT_EQ(e.state, "OPEN");
  scene.expect("pref", "governance.withdrawn", subject(), on("p1"));
  EXPECT_EQ(phase("p1"), Phase::withdrawn);
  EXPECT_EQ(refused_proposal(admission("p1", "aa3")).state, "WITHDRAWN");
  propose("pref", admission("p2", "aa3"));
}

TEST_F(Governance, OneSignatoryCannotFillTheRegister) {
  auto& proposals = scene.world().mutable_registry().proposals;
  for (int i = 0; i < 100; ++i) {
    rules::Proposal p;
    p.id = "fill-" + std::to_string(i);
    p.act = schema::GovernedAct::ADMIT_SIGNATORY;
    p.author = scene.ordinal_of("aa1");
    p.proposed_on = scene.clock.now();
    proposals.emplace(p.id, p);
  }
  const Error e = refused_proposal(admission("p1", "aa3"), "aa1");
  EXPECT_EQ(e.rule, "limit-proposals");
  EXPECT_EQ(e.code, Errc::conflict);
  propose("pref", withdrawal("p2", "aa1"));
}

/// Each change of the register writes all of it: what is over does not weigh.
TEST_F(Governance, WhatIsOverIsKeptByItsIdAlone) {
  const std::size_t before = encode(scene.registry()).size();
  std::string terms = R"({"terms":[{"name":"retention-years","value":1}],"quorums":[)";
  for (const char* act : {"admit-signatory", "withdraw-signatory", "revoke-key"})
    terms.append(R"({"act":")").append(act).append(R"(","approvals":2,"roles":[]},)");
  terms.back() = ']';
  terms.push_back('}');
  for (int i = 0; i < 10; ++i) {
    const std::string id = "p" + std::to_string(i);
    propose("pref", amendment(id, terms));
    if (i % 2 == 0) scene.expect("pref", "governance.withdrawn", subject(), on(id));
    if (i % 2 == 1) reject(id, {"udml"});
  }
  EXPECT_LT(encode(scene.registry()).size() - before, 10U * 40U);
}

TEST_F(Governance, OneVoteEach) {
  propose("pref", admission("p1", "aa3"));
  EXPECT_EQ(scene.refused("pref", "governance.approved", subject(), on("p1")).rule,
            "voted-already");
  reject("p1", {"ml1"});
  const Error e = scene.refused("ml1", "governance.approved", subject(), on("p1"));
  EXPECT_EQ(e.rule, "voted-already");
  EXPECT_EQ(e.state, "REJECTED");
  EXPECT_EQ(
      scene.refused("ml1", "governance.rejected", subject(), on("p1", R"({"reason":"no"})")).rule,
      "voted-already");
  const Error unknown = scene.refused("ml2", "governance.approved", subject(), on("p9"));
  EXPECT_EQ(unknown.rule, "proposal-unknown");
  EXPECT_EQ(unknown.code, Errc::not_found);
}

TEST_F(Governance, RejectionsThatMakeTheQuorumImpossibleCloseIt) {
  propose("aa1", admission("p1", "aa3"));
  reject("p1", {"udml", "ml1", "ml2", "aa2"});
  EXPECT_EQ(phase("p1"), Phase::open) << "the préfecture can still approve";
  reject("p1", {"pref"});
  EXPECT_EQ(phase("p1"), Phase::rejected);
  const Error e = scene.refused("pref", "governance.withdrawn", subject(), on("p1"));
  EXPECT_EQ(e.rule, "proposal-not-open");
  EXPECT_EQ(e.state, "REJECTED");
  EXPECT_EQ(scene.refused("aa2", "governance.approved", subject(), on("p1")).rule,
            "proposal-not-open");

  propose("aa1", admission("p2", "aa3"));
  reject("p2", {"pref"});
  EXPECT_EQ(phase("p2"), Phase::rejected) << "the quorum asks for the préfecture";
}

TEST_F(Governance, OnlyItsAuthorTakesAProposalBack) {
  propose("pref", admission("p1", "aa3"));
  const Error e = scene.refused("aa1", "governance.withdrawn", subject(), on("p1"));
  EXPECT_EQ(e.rule, "not-author");
  EXPECT_EQ(e.code, Errc::forbidden);
  approve("p1", {"aa1"});
  EXPECT_EQ(phase("p1"), Phase::approved);
  scene.expect("pref", "governance.withdrawn", subject(), on("p1"));
  EXPECT_EQ(phase("p1"), Phase::withdrawn) << "approved, and not yet in effect";
  const Error late =
      scene.refused("aa2", "signatory.admitted", subject(), proven("p1", "aa3", "aa3"));
  EXPECT_EQ(late.rule, "proposal-not-approved");
  EXPECT_EQ(late.state, "WITHDRAWN");
}

TEST_F(Governance, ProposalsLapse) {
  constexpr std::int64_t kDay = 86'400'000;
  propose("pref", admission("p1", "aa3"));
  propose("pref", admission("p2", "aa4"));
  approve("p1", {"aa1"});
  scene.clock.advance_ms(90 * kDay - 1);
  approve("p2", {"aa1"});
  scene.expect("aa2", "signatory.admitted", subject(), proven("p2", "aa4", "aa4"));
  propose("pref", admission("p3", "aa5"));
  scene.clock.advance_ms(1);
  const Error e = scene.refused("aa2", "signatory.admitted", subject(), proven("p1", "aa3", "aa3"));
  EXPECT_EQ(e.rule, "proposal-lapsed");
  EXPECT_EQ(e.state, "LAPSED");
  EXPECT_EQ(scene.registry().find_slug("aa3"), nullptr);
  approve("p3", {"aa1"});
}

/// What was decided first does not come after what was decided in its place.
TEST_F(Governance, AnOlderProposalDoesNotOvertakeANewerOne) {
  propose("pref", amendment("p1", R"({"terms":[{"name":"retention-years","value":1}]})"));
  approve("p1", {"udml", "ml1", "aa1"});
  lose_key("aa2");
  lose_key("ml2");
  propose("pref", first_key("k1", "aa2", "old"));
  approve("k1", {"aa1"});
  propose("pref", first_key("k3", "ml2", "of-another"));
  propose("pref", amendment("p2", R"({"terms":[{"name":"retention-years","value":3}]})"));
  propose("pref", amendment("p3", R"({"terms":[{"name":"retention-years","value":4}]})"));
  approve("p2", {"udml", "ml1", "aa1"});
  scene.expect("ml1", "convention.amended", subject(), on("p2"));
  EXPECT_EQ(phase("p1"), Phase::overtaken);
  EXPECT_EQ(phase("p3"), Phase::open) << "proposed later";
  EXPECT_EQ(phase("k1"), Phase::approved) << "another act";
  const Error e = scene.refused("aa1", "convention.amended", subject(), on("p1"));
  EXPECT_EQ(e.rule, "proposal-overtaken");
  EXPECT_EQ(e.state, "OVERTAKEN");
  EXPECT_EQ(scene.registry().parameters[rules::Parameter::retention_years], 3U);
  approve("p3", {"udml", "ml1", "aa1"});
  scene.expect("ml1", "convention.amended", subject(), on("p3"));

  // A key that was given up for another does not come in once that one is gone.
  propose("pref", first_key("k2", "aa2", "new"));
  approve("k2", {"aa1"});
  scene.expect("ml1", "key.first_enrolled", subject(), proven("k2", "new", "aa2"));
  EXPECT_EQ(phase("k1"), Phase::overtaken);
  EXPECT_EQ(phase("k3"), Phase::open) << "of another signatory";
}

TEST_F(Governance, NobodyVotesOnItsOwnMatter) {
  propose("aa2", withdrawal("p1", "aa1"));
  const Error e =
      scene.refused("aa1", "governance.rejected", subject(), on("p1", R"({"reason":"no"})"));
  EXPECT_EQ(e.rule, "governance-own-matter");
  EXPECT_EQ(e.code, Errc::forbidden);
  EXPECT_EQ(scene.refused("aa1", "governance.approved", subject(), on("p1")).rule,
            "governance-own-matter");
  propose("aa2", revocation("p2", "aa1"));
  EXPECT_EQ(scene.refused("aa1", "governance.approved", subject(), on("p2")).rule,
            "governance-own-matter");

  // Who wants to leave may say so; its approval is not one of the three.
  propose("ml2", withdrawal("p3", "ml2"));
  EXPECT_TRUE(scene.registry().proposals.at("p3").approvals.empty());
  approve("p3", {"pref", "aa1"});
  EXPECT_EQ(phase("p3"), Phase::open);
  approve("p3", {"aa2"});
  EXPECT_EQ(phase("p3"), Phase::approved);
}

TEST_F(Governance, ASignatoryIsAdmittedWithItsKey) {
  propose("pref", admission("p1", "aa3"));
  const Error early =
      scene.refused("aa2", "signatory.admitted", subject(), proven("p1", "aa3", "aa3"));
  EXPECT_EQ(early.rule, "proposal-not-approved");
  EXPECT_EQ(early.code, Errc::conflict);
  EXPECT_EQ(early.state, "OPEN");
  approve("p1", {"aa1"});
  EXPECT_EQ(scene.refused("aa2", "signatory.admitted", subject(), proven("p9", "aa3", "aa3")).rule,
            "proposal-unknown");
  for (const auto& [key, slug] :
       {std::pair{"aa2", "aa3"}, std::pair{"other", "aa3"}, std::pair{"aa3", "aa2"}}) {
    const Error e = scene.refused("aa2", "signatory.admitted", subject(), proven("p1", key, slug));
    EXPECT_EQ(e.rule, "key-proof") << key << " for " << slug;
    EXPECT_EQ(e.field, "data.proof");
  }
  scene.expect("aa2", "signatory.admitted", subject(), proven("p1", "aa3", "aa3"));
  const rules::Signatory* aa3 = scene.registry().find_slug("aa3");
  ASSERT_NE(aa3, nullptr);
  EXPECT_EQ(aa3->name, "Signatory aa3");
  EXPECT_EQ(aa3->source, Scene::source_of("aa3"));
  EXPECT_TRUE(aa3->role_set().has(schema::Role::AA));
  EXPECT_TRUE(aa3->active);
  EXPECT_FALSE(aa3->founding);
  EXPECT_EQ(scene.registry().find_key(kid_of("aa3"))->owner, aa3->id);
  EXPECT_EQ(phase("p1"), Phase::effected);

  const Error again =
      scene.refused("aa1", "signatory.admitted", subject(), proven("p1", "aa3", "aa3"));
  EXPECT_EQ(again.rule, "proposal-not-approved");
  EXPECT_EQ(again.state, "EFFECTED");

  scene.keys.emplace("aa3", test_key("aa3"));
  scene.detect("aa3", 1);
  propose("aa3", withdrawal("p2", "ml2"));
  EXPECT_EQ(scene.registry().proposals.at("p2").approvals.size(), 1U) << "it votes from now on";
}

TEST_F(Governance, AnAdmittedMemberDoesNotVote) {
  json::object d = admission("p1", "court");
  d["roles"] = json::array{"member"};
  propose("pref", std::move(d));
  approve("p1", {"aa1"});
  scene.expect("aa2", "signatory.admitted", subject(), proven("p1", "court", "court"));
  scene.keys.emplace("court", test_key("court"));
  EXPECT_EQ(refused_proposal(withdrawal("p2", "ml2"), "court").rule, "emitter-forbidden");
}

TEST_F(Governance, AnEffectThatHasBecomeImpossibleIsRefused) {
  propose("pref", admission("p1", "aa3"));
  propose("pref", admission("p2", "aa3"));
  approve("p1", {"aa1"});
  approve("p2", {"aa1"});
  scene.expect("aa2", "signatory.admitted", subject(), proven("p1", "aa3", "aa3"));
  const Error e = scene.refused("aa2", "signatory.admitted", subject(), proven("p2", "aa3", "aa3"));
  EXPECT_EQ(e.rule, "slug-taken");
  EXPECT_EQ(e.field, "data.proposal_id");
  EXPECT_EQ(scene.refused("aa2", "convention.amended", subject(), on("p2")).rule,
            "proposal-of-other-act");
}

TEST_F(Governance, AnAmendmentChangesTextQuorumsAndTerms) {
  propose("pref", amendment("p1", R"({"quorums":[{"act":"admit-signatory","approvals":3,
      "roles":["udml"]}],"terms":[{"name":"referral-answer-days","value":7},
      {"name":"capacity-stale-days","value":20}]})"));
  approve("p1", {"ml1", "ml2", "aa1"});
  EXPECT_EQ(phase("p1"), Phase::open) << "the union must be among them";
  EXPECT_EQ(scene.refused("pref", "convention.amended", subject(), on("p1")).rule,
            "proposal-not-approved");
  approve("p1", {"udml"});
  scene.expect("ml1", "convention.amended", subject(), on("p1"));
  const rules::Registry& r = scene.registry();
  EXPECT_EQ(r.document_hash, std::string(43, 'E'));
  EXPECT_EQ(r.parameters[rules::Parameter::referral_answer_days], 7U);
  EXPECT_EQ(r.parameters[rules::Parameter::capacity_stale_days], 20U);
  EXPECT_EQ(r.quorums.at("admit-signatory").approvals, 3U);
  EXPECT_EQ(r.quorums.at("revoke-key").approvals, 3U);
  EXPECT_TRUE(r.in_force);
  EXPECT_EQ(scene.refused("ml1", "convention.amended", subject(), on("p1")).state, "EFFECTED");
}

TEST_F(Governance, AnAmendedQuorumHoldsForWhatIsOpen) {
  propose("pref", admission("p1", "aa3"));
  propose("aa1", admission("p2", "aa4"));
  approve("p2", {"aa2"});
  propose("pref", amendment("p3", R"({"quorums":[{"act":"admit-signatory","approvals":2,
      "roles":["aa"]}]})"));
  approve("p3", {"udml", "ml1", "ml2"});
  scene.expect("ml1", "convention.amended", subject(), on("p3"));
  EXPECT_EQ(phase("p1"), Phase::open);
  EXPECT_EQ(phase("p2"), Phase::approved);
}

TEST_F(Governance, ATermIsOneOfTheConventionsAndInItsRange) {
  const auto refused = [&](std::string_view name, int value) {
    json::object term{{"name", name}, {"value", value}};
    json::object d = amendment("p1", "{}");
    d["terms"] = json::array{std::move(term)};
    return refused_proposal(std::move(d));
  };
  EXPECT_EQ(refused("referral-answer-weeks", 2).rule, "term-unknown");
  EXPECT_THAT(refused("referral-answer-weeks", 2).accepted,
              testing::HasSubstr("referral-answer-days"));
  EXPECT_EQ(refused("psp-review-days", 181).rule, "term-out-of-range");
  EXPECT_EQ(refused("psp-review-days", 181).accepted, "15 to 180");
  EXPECT_EQ(refused("small-cell-threshold", 2).rule, "term-out-of-range")
      << "a threshold of two hides nothing that could not be worked out";
  EXPECT_EQ(refused("referral-answer-days", 31).rule, "term-order")
      << "silence would end a request before its answer is due";
  EXPECT_EQ(refused("small-cell-threshold", 12).rule, "term-order");
}

TEST_F(Governance, ASignatoryWithOpenCasesCannotLeave) {
  scene.detect("ml2", 1);
  scene.detect("ml2", 2);
  scene.expect("ml2", "capability.declared", "signatory/ml2",
               data(R"({"capability_id":"abri","service_type":"accompagnement",
                   "publics":["jeunes"],"needs":["shelter"],"territories":["69123"]})"));
  propose("pref", withdrawal("p1", "ml2"));
  approve("p1", {"aa1", "aa2"});
  const auto leave = on("p1", R"({"reason":"own"})");
  const Error e = scene.refused("aa1", "signatory.withdrawn", subject(), leave);
  EXPECT_EQ(e.rule, "open-cases-first");
  EXPECT_EQ(e.code, Errc::conflict);
  EXPECT_EQ(e.state, "HOLDS_OPEN_CASES");
  for (const std::uint64_t n : {1, 2})
    scene.expect("ml2", "case.dismissed", case_subject(n), data(R"({"reason":"not_concerned"})"));
  scene.expect("aa1", "signatory.withdrawn", subject(), leave);

  const rules::Signatory* ml2 = scene.registry().find_slug("ml2");
  EXPECT_FALSE(ml2->active);
  const rules::Key* key = scene.registry().find_key(kid_of("ml2"));
  EXPECT_EQ(key->valid_until, scene.clock.now());
  EXPECT_FALSE(scene.registry().check_key(kid_of("ml2"), scene.clock.now()).has_value());
  EXPECT_TRUE(scene.world().find_signatory(ml2->id)->capabilities.empty());
  EXPECT_EQ(scene.refused("aa1", "signatory.withdrawn", subject(), leave).state, "EFFECTED");
}

/// One that makes up a case, or whose keys are gone, does not stay for ever: whom the others name
/// goes on with its cases, if it signs for them.
TEST_F(Governance, TheCasesOfOneThatIsWithdrawnPassOn) {
  for (const std::uint64_t n : {1, 2, 3}) scene.detect("ml2", n);
  scene.expect("ml2", "case.dismissed", case_subject(2), data(R"({"reason":"not_concerned"})"));
  json::object transfer = data(R"({"to":"aa2","reason":"moved","kind":"permanent"})");
  scene.expect("ml2", "case.transfer_requested", case_subject(3), transfer);
  json::object excluded = withdrawal("p1", "ml2");
  excluded["successor"] = "aa1";
  propose("pref", excluded);
  approve("p1", {"aa1", "aa2"});
  const auto effect = on("p1", R"({"reason":"excluded"})");
  const Error e = scene.refused("pref", "signatory.withdrawn", subject(), effect);
  EXPECT_EQ(e.rule, "not-successor");
  EXPECT_EQ(e.code, Errc::forbidden);
  EXPECT_EQ(e.accepted, "aa1");
  scene.clock.advance_ms(1'000);
  scene.expect("aa1", "signatory.withdrawn", subject(), effect);

  const json::object passing = data(R"({"to":"aa1","cause":"succession"})");
  for (const std::uint64_t n : {1, 2, 3}) {
    const auto due = rules::deadlines_of(*scene.find(n), scene.registry());
    const auto found =
        std::ranges::find(due, rules::DeadlineKind::succession, &rules::Deadline::kind);
    ASSERT_NE(found, due.end());
    EXPECT_EQ(found->due_at, scene.clock.now());
    EXPECT_EQ(found->ref, "aa1");
    scene.expect("relais", "case.passed_on", case_subject(n), passing);
    EXPECT_EQ(scene.find(n)->holder, scene.ordinal_of("aa1"));
    EXPECT_TRUE(scene.find(n)->participants.contains(scene.ordinal_of("aa1")));
    EXPECT_FALSE(scene.find(n)->transfer.has_value());
    EXPECT_EQ(scene.refused("relais", "case.passed_on", case_subject(n), passing).rule,
              "holder-not-withdrawn");
  }
  EXPECT_EQ(scene.find(2)->phase, rules::CasePhase::dismissed) << "for who asks to be erased";
  EXPECT_EQ(scene.world().find_signatory(scene.ordinal_of("aa1"))->open_cases, 2U);
  scene.assess("aa1", 1);
  scene.expect("aa1", "case.data_erased", case_subject(2), data(R"({"basis":"art17"})"));
}

TEST_F(Governance, ASuccessorDoesNotLeaveBeforeItHasItsCases) {
  scene.detect("ml2", 1);
  json::object excluded = withdrawal("p1", "ml2");
  excluded["successor"] = "aa1";
  propose("pref", excluded);
  approve("p1", {"aa1", "aa2"});
  scene.expect("aa1", "signatory.withdrawn", subject(), on("p1", R"({"reason":"excluded"})"));
  propose("pref", withdrawal("p2", "aa1"));
  json::object on_to_ml1 = withdrawal("p3", "aa1");
  on_to_ml1["successor"] = "ml1";
  propose("pref", on_to_ml1);
  for (const char* id : {"p2", "p3"}) approve(id, {"aa2", "ml1"});
  const auto leave = [](const char* id) { return on(id, R"({"reason":"own"})"); };
  EXPECT_EQ(scene.refused("pref", "signatory.withdrawn", subject(), leave("p2")).rule,
            "open-cases-first");
  scene.expect("ml1", "signatory.withdrawn", subject(), leave("p3"));
  scene.expect("relais", "case.passed_on", case_subject(1),
               data(R"({"to":"ml1","cause":"succession"})"));
  EXPECT_EQ(scene.find(1)->holder, scene.ordinal_of("ml1"));
}

TEST_F(Governance, ADepartureIsCountedInWhatIsOpen) {
  propose("ml2", admission("p1", "aa3"));
  propose("ml2", revocation("p2", "aa1"));
  approve("p2", {"aa2"});
  propose("pref", withdrawal("p3", "ml2"));
  approve("p3", {"aa1", "aa2"});
  reject("p2", {"pref", "ml1"});
  EXPECT_EQ(phase("p2"), Phase::open) << "the union could still approve";
  scene.expect("aa1", "signatory.withdrawn", subject(), on("p3", R"({"reason":"excluded"})"));
  EXPECT_EQ(phase("p1"), Phase::open);
  EXPECT_EQ(phase("p2"), Phase::rejected) << "the approval of who has left counts no more";
}

/// The count that withdrawal consults, through every kind of event that changes it.
TEST_F(Governance, OpenCasesAreCountedWithTheirHolder) {
  const auto held = [this](const char* slug) {
    const rules::SignatoryState* s = scene.world().find_signatory(scene.ordinal_of(slug));
    return s == nullptr ? 0U : s->open_cases;
  };
  EXPECT_EQ(held("ml1"), 0U);
  scene.detect("ml1", 1);
  EXPECT_EQ(held("ml1"), 1U);
  scene.assess("ml1", 1);
  scene.expect("ml1", "support.step_done", case_subject(1), [] {
    json::object d = Scene::step_data(9);
    d["result"] = "done";
    return d;
  }());
  EXPECT_EQ(held("ml1"), 1U);
  scene.expect("ml1", "case.closed", case_subject(1), data(R"({"reason":"moved"})"));
  EXPECT_EQ(held("ml1"), 0U);
  scene.expect("ml1", "case.reopened", case_subject(1));
  EXPECT_EQ(held("ml1"), 1U);

  json::object transfer = data(R"({"reason":"moved","kind":"permanent"})");
  transfer["to"] = "ml2";
  scene.expect("ml1", "case.transfer_requested", case_subject(1), transfer);
  EXPECT_EQ(held("ml1"), 1U);
  scene.expect("ml2", "case.transfer_accepted", case_subject(1));
  EXPECT_EQ(held("ml1"), 0U);
  EXPECT_EQ(held("ml2"), 1U);
}

RC_GTEST_PROP(OpenCases, AreThoseThatTheWalkLeavesOpen, ()) {
  Scene scene;
  for (const WalkStep& step : *walk_steps(60)) take(scene, step);
  std::map<SignatoryId, std::uint32_t> open;
  for (std::uint64_t n = 1; n <= 3; ++n) {
    const rules::CaseState* c = scene.find(n);
    if (c == nullptr || c->phase == rules::CasePhase::closed ||
        c->phase == rules::CasePhase::dismissed || c->phase == rules::CasePhase::erased)
      continue;
    ++open[c->holder];
  }
  for (const rules::Signatory& s : scene.registry().signatories()) {
    const rules::SignatoryState* state = scene.world().find_signatory(s.id);
    RC_ASSERT((state == nullptr ? 0U : state->open_cases) == open[s.id]);
  }
}

TEST_F(Governance, AFirstKeyForASignatoryThatHasNone) {
  lose_key("aa2");
  propose("pref", first_key("p1", "aa2", "aa2-new"));
  EXPECT_EQ(
      scene.refused("aa1", "key.first_enrolled", subject(), proven("p1", "aa2-new", "aa2")).rule,
      "proposal-not-approved");
  approve("p1", {"ml1"});
  EXPECT_EQ(scene.refused("aa1", "key.first_enrolled", subject(), proven("p1", "aa1", "aa2")).rule,
            "key-proof");
  scene.expect("aa1", "key.first_enrolled", subject(), proven("p1", "aa2-new", "aa2"));
  const rules::Key* key = scene.registry().find_key(kid_of("aa2-new"));
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(key->owner, scene.ordinal_of("aa2"));
  EXPECT_EQ(key->valid_from, scene.clock.now());
  EXPECT_EQ(
      scene.refused("aa1", "key.first_enrolled", subject(), proven("p1", "aa2-new", "aa2")).state,
      "EFFECTED");
}

/// Whoever has its key once enrols what there is room for, and revokes all.
TEST_F(Governance, TheOthersGiveAKeyToOneWhoseRoomIsUsedUp) {
  auto& registry = scene.world().mutable_registry();
  for (int i = 1; i < 100; ++i) {
    rules::Key key;
    key.key = test_key("aa2-" + std::to_string(i)).public_key();
    key.kid = crypto::thumbprint(key.key);
    key.owner = scene.ordinal_of("aa2");
    key.enrolled_at = LogIndex{scene.log.size()};
    key.enrolled_on = key.valid_until.emplace(scene.clock.now());
    registry.add_key(key);
  }
  const json::object next = proven("", "aa2-next", "aa2");
  json::object enrolment = data("{}");
  enrolment["public_key"] = public_key("aa2-next");
  enrolment["proof"] = next.at("proof");
  EXPECT_EQ(scene.refused("aa2", "key.enrolled", "signatory/aa2", enrolment).rule, "limit-keys");
  lose_key("aa2");
  propose("pref", first_key("p1", "aa2", "aa2-new"));
  approve("p1", {"ml1"});
  scene.expect("aa1", "key.first_enrolled", subject(), proven("p1", "aa2-new", "aa2"));
  scene.keys.insert_or_assign("aa2", test_key("aa2-new"));
  scene.expect("aa2", "key.enrolled", "signatory/aa2", enrolment);
}

TEST_F(Governance, TheOthersRevokeAKey) {
  propose("pref", revocation("p1", "aa1"));
  EXPECT_EQ(scene.registry().proposals.at("p1").signatory, "aa1");
  approve("p1", {"ml1", "ml2"});
  EXPECT_EQ(phase("p1"), Phase::open) << "an association must be among them";
  EXPECT_EQ(scene.refused("ml1", "key.revoked_by_quorum", subject(), on("p1")).rule,
            "proposal-not-approved");
  approve("p1", {"aa2"});
  scene.clock.advance_ms(1'000);
  scene.expect("ml1", "key.revoked_by_quorum", subject(), on("p1"));
  const rules::Key* key = scene.registry().find_key(kid_of("aa1"));
  EXPECT_EQ(key->valid_until, scene.clock.now());
  EXPECT_EQ(key->ended_at, LogIndex{scene.log.size() - 1});
  EXPECT_TRUE(scene.registry().find_slug("aa1")->active);
  EXPECT_EQ(refused_proposal(revocation("p2", "aa1")).rule, "key-revoked-already");
}

/// Whoever has one key puts others in its place as fast as the others decide on it.
TEST_F(Governance, TheOthersRevokeEveryKeyOfASignatory) {
  const auto key_data = [](std::string_view name) {
    json::object d;
    d["public_key"] = public_key(name);
    d["proof"] = statement::make_key_proof(test_key(name), Scene::source_of("aa1"), kOrigin);
    return d;
  };
  json::object all = proposal("p1", "revoke_key", "{}");
  all["signatory"] = "aa1";
  propose("pref", all);
  propose("pref", revocation("p2", "aa1"));
  json::object later = key_data("aa1-later");
  later["valid_from"] = to_rfc3339(Timestamp{scene.clock.now().value + 86'400'000});
  scene.expect("aa1", "key.enrolled", "signatory/aa1", later);
  scene.expect("aa1", "key.rotated", "signatory/aa1", key_data("aa1-new"));
  scene.keys.insert_or_assign("aa1", test_key("aa1-new"));
  EXPECT_EQ(
      scene.refused("aa1", "governance.rejected", subject(), on("p1", R"({"reason":"no"})")).rule,
      "governance-own-matter");
  for (const char* id : {"p1", "p2"}) approve(id, {"ml1", "aa2"});
  EXPECT_EQ(scene.refused("ml1", "key.revoked_by_quorum", subject(), on("p2")).rule,
            "key-revoked-already")
      << "that one was replaced meanwhile";
  scene.expect("ml1", "key.revoked_by_quorum", subject(), on("p1"));
  for (const char* key : {"aa1", "aa1-new", "aa1-later"})
    for (const std::int64_t in : {0, 2 * 86'400'000})
      EXPECT_FALSE(scene.registry().check_key(kid_of(key), Timestamp{scene.clock.now().value + in}))
          << key;
  EXPECT_TRUE(scene.registry().check_key(kid_of("aa2"), scene.clock.now()));
  all["proposal_id"] = "p3";
  EXPECT_EQ(refused_proposal(all).rule, "key-revoked-already");
  all["signatory"] = "relais";
  EXPECT_EQ(refused_proposal(all).rule, "role-reserved");
}

/// Whoever states effects chooses their order: one that was decided of other keys comes too late.
TEST_F(Governance, WhatWasDecidedOfKeysIsOverOnceTheOthersGiveOne) {
  json::object all = proposal("r1", "revoke_key", "{}");
  all["signatory"] = "aa1";
  propose("pref", all);
  approve("r1", {"ml1", "aa2"});
  lose_key("aa1");
  propose("pref", first_key("k1", "aa1", "aa1-new"));
  propose("pref", first_key("k2", "aa1", "aa1-given-up"));
  propose("pref", first_key("k3", "aa1", "aa1-voted-on"));
  for (const char* id : {"k1", "k2"}) approve(id, {"ml1"});
  scene.expect("ml1", "key.first_enrolled", subject(), proven("k1", "aa1-new", "aa1"));
  for (const char* id : {"r1", "k2", "k3"}) EXPECT_EQ(phase(id), Phase::overtaken) << id;
  EXPECT_EQ(scene.refused("ml1", "key.revoked_by_quorum", subject(), on("r1")).rule,
            "proposal-overtaken");
  EXPECT_TRUE(scene.registry().check_key(kid_of("aa1-new"), scene.clock.now()));

  // One is revoked, then all: of two such decisions one is left.
  for (const char* id : {"r2", "r3"}) {
    all["proposal_id"] = id;
    propose("pref", all);
    approve(id, {"ml1", "aa2"});
  }
  propose("pref", revocation("r4", "ml2"));
  scene.expect("ml1", "key.revoked_by_quorum", subject(), on("r2"));
  EXPECT_EQ(phase("r3"), Phase::overtaken);
  EXPECT_EQ(phase("r4"), Phase::open) << "of another signatory";
}

/// It may be a thief's, who would end what the others give when its day comes.
TEST_F(Governance, NoFirstKeyIsGivenBesideOneThatIsToCome) {
  json::object later = data("{}");
  later["public_key"] = public_key("aa2-later");
  later["proof"] =
      statement::make_key_proof(test_key("aa2-later"), Scene::source_of("aa2"), kOrigin);
  later["valid_from"] = to_rfc3339(Timestamp{scene.clock.now().value + 86'400'000});
  scene.expect("aa2", "key.enrolled", "signatory/aa2", later);
  lose_key("aa2");
  const Error e = refused_proposal(first_key("p1", "aa2", "aa2-new"));
  EXPECT_EQ(e.rule, "has-valid-key");
  EXPECT_NE(e.message.find("from a later day"), std::string::npos);
  json::object all = proposal("p2", "revoke_key", "{}");
  all["signatory"] = "aa2";
  propose("pref", all);
  approve("p2", {"ml1", "aa1"});
  scene.expect("ml1", "key.revoked_by_quorum", subject(), on("p2"));
  scene.clock.advance_ms(1);
  propose("pref", first_key("p1", "aa2", "aa2-new"));
  approve("p1", {"ml1"});
  scene.expect("aa1", "key.first_enrolled", subject(), proven("p1", "aa2-new", "aa2"));
}

TEST_F(Governance, TheLogsKeyIsReplacedAsDecidedAndByNobodyAlone) {
  const char* const kEvent = "log.key_rotated";
  const auto refused = [&](const std::string& who, json::object payload) {
    return scene.refused(who, kEvent, subject(), std::move(payload)).rule;
  };
  EXPECT_EQ(refused("relais", log_rotated("p1", "log", "log-2", 7)), "proposal-unknown");
  propose("aa1", log_rotation("p1", "log-2"));
  approve("p1", {"ml1", "ml2"});
  EXPECT_EQ(phase("p1"), Phase::open) << "three, but none of the préfecture";
  EXPECT_EQ(refused("relais", log_rotated("p1", "log", "log-2", 7)), "proposal-not-approved");
  approve("p1", {"pref"});
  EXPECT_EQ(refused("pref", log_rotated("p1", "log", "log-2", 7)), "emitter-forbidden");
  EXPECT_EQ(refused("relais", log_rotated("p1", "log", "log-3", 7)), "log-key-differs");
  EXPECT_EQ(refused("relais", log_rotated("p1", "log-2", "log-2", 7)), "log-key-differs");
  scene.expect("relais", kEvent, subject(), log_rotated("p1", "log", "log-2", 7));
  ASSERT_EQ(scene.registry().log_key_rotations.size(), 1U);
  const rules::LogKeyRotation& rotation = scene.registry().log_key_rotations[0];
  EXPECT_EQ(rotation.index, LogIndex{scene.log.size() - 1});
  EXPECT_EQ(rotation.key, test_key("log-2").public_key());
  EXPECT_EQ(rotation.reads_size, 7U);
  EXPECT_EQ(scene.registry().log_key, test_key("log").public_key()) << "as entry 0 names it";
  EXPECT_EQ(scene.registry().current_log_key(), rotation.key);
  EXPECT_EQ(refused("relais", log_rotated("p1", "log-2", "log-2", 7)), "proposal-not-approved");

  // No key comes back, and none is a signatory's.
  for (const char* known : {"log", "log-2", "aa2", "relais"})
    EXPECT_EQ(refused_proposal(log_rotation("p2", known)).rule, "key-known") << known;
  for (std::size_t i = 1; i < rules::kMaxLogKeyRotations; ++i)
    scene.world().mutable_registry().log_key_rotations.push_back(
        {LogIndex{scene.log.size()}, test_key("log-2-" + std::to_string(i)).public_key(), 7});
  EXPECT_EQ(refused_proposal(log_rotation("p2", "log-3")).rule, "limit-log-keys");
}

class MissionLocale : public Governance {
 protected:
  static json::object attachment(const std::string& slug, std::string_view key) {
    json::object d;
    d["mission_locale"] = slug;
    d["name"] = "Mission locale " + slug;
    d["public_key"] = public_key(key);
    d["proof"] = statement::make_key_proof(test_key(key), Scene::source_of(slug), kOrigin);
    return d;
  }
  static json::object detachment(const std::string& slug, std::string_view key) {
    json::object d;
    d["mission_locale"] = slug;
    d["proof"] = statement::make_key_proof(test_key(key), Scene::source_of(slug),
                                           rules::leaving_audience(kOrigin));
    return d;
  }
  Error refused_attachment(json::object payload) {
    return scene.refused("udml", "mission_locale.attached", kOwn, std::move(payload));
  }
  Error refused_detachment(json::object payload) {
    return scene.refused("udml", "mission_locale.detached", kOwn, std::move(payload));
  }
  void attach(const std::string& slug, std::string_view key) {
    scene.expect("udml", "mission_locale.attached", kOwn, attachment(slug, key));
    scene.keys.insert_or_assign(slug, test_key(key));
  }
  /// `voucher`, an old key of its, says that the new one is its own.
  static json::object returning(const std::string& slug, std::string_view key,
                                std::string_view voucher) {
    json::object d = attachment(slug, key);
    d["proof"] = statement::make_key_proof(test_key(voucher), Scene::source_of(slug),
                                           rules::returning_audience(kOrigin, kid_of(key)));
    return d;
  }
  static json::object new_key_of(const std::string& slug, std::string_view key) {
    json::object d = attachment(slug, key);
    d.erase("mission_locale");
    d.erase("name");
    return d;
  }
  static std::string kid_text_of(std::string_view key) { return crypto::to_text(kid_of(key)); }
  void come_back(const std::string& slug, std::string_view key, std::string_view voucher) {
    scene.expect("udml", "mission_locale.attached", kOwn, returning(slug, key, voucher));
    scene.keys.insert_or_assign(slug, test_key(key));
  }
  static constexpr const char* kOwn = "signatory/udml";
};

TEST_F(MissionLocale, JoinsUnderTheUnionWithItsOwnKey) {
  attach("ml3", "ml3");
  const rules::Signatory* ml3 = scene.registry().find_slug("ml3");
  ASSERT_NE(ml3, nullptr);
  EXPECT_TRUE(ml3->active);
  EXPECT_FALSE(ml3->founding);
  EXPECT_EQ(statement::to_string(ml3->role_set()), "ml");
  EXPECT_EQ(scene.registry().find_key(kid_of("ml3"))->owner, ml3->id);
  scene.detect("ml3", 1);
}

/// Whoever attaches it may have made its key: the union would have as many votes as it likes.
TEST_F(MissionLocale, HasNoVoteWhileItsUnionAloneAnswersForIt) {
  attach("ml3", "ml3");
  attach("ml4", "ml4");
  propose("udml", admission("p1", "aa3"));
  for (const char* vote : {"governance.approved", "governance.rejected"}) {
    const Error e = scene.refused(
        "ml3", vote, subject(),
        on("p1", vote == std::string_view("governance.approved") ? "{}" : R"({"reason":"no"})"));
    EXPECT_EQ(e.rule, "no-vote") << vote;
    EXPECT_EQ(e.code, Errc::forbidden);
  }
  EXPECT_EQ(refused_proposal(admission("p2", "aa4"), "ml3").rule, "no-vote");
  // Nor does it make a quorum reachable that those who vote cannot fill.
  scene.world().mutable_registry().quorums["admit-signatory"] = rules::Quorum{7, 0};
  EXPECT_EQ(refused_proposal(admission("p3", "aa4")).rule, "quorum-unreachable");
  scene.detect("ml3", 1);
}

TEST_F(MissionLocale, AQuorumMakesItASignatoryInItsOwnRight) {
  attach("ml3", "ml3");
  const SignatoryId before = scene.ordinal_of("ml3");
  json::object own = admission("p1", "ml3");
  own["roles"] = *json::parse(R"(["ml"])");
  json::object other_key = own;
  other_key["public_key"] = public_key("udml-made");
  EXPECT_EQ(refused_proposal(other_key).rule, "key-not-its-own");
  other_key["public_key"] = public_key("udml");
  EXPECT_EQ(refused_proposal(other_key).rule, "key-not-its-own");
  propose("pref", own);
  approve("p1", {"aa1"});
  EXPECT_EQ(scene.refused("aa2", "signatory.admitted", subject(), proven("p1", "udml", "ml3")).rule,
            "key-proof")
      << "it agrees by its own key";
  EXPECT_EQ(scene.refused("aa2", "signatory.admitted", subject(), proven("p1", "ml3", "ml3")).rule,
            "key-proof")
      << "the proof by which it was attached is no consent, and everybody has read it";
  json::object admitted = on("p1");
  const auto proof_for = [](std::string_view proposal) {
    return statement::make_key_proof(test_key("ml3"), Scene::source_of("ml3"),
                                     rules::admission_audience(kOrigin, proposal));
  };
  admitted["proof"] = proof_for("p0");
  EXPECT_EQ(scene.refused("aa2", "signatory.admitted", subject(), admitted).rule, "key-proof");
  admitted["proof"] = proof_for("p1");
  scene.expect("aa2", "signatory.admitted", subject(), admitted);
  EXPECT_EQ(scene.ordinal_of("ml3"), before);
  EXPECT_EQ(scene.registry().account_of(before), before);
  propose("ml3", admission("p2", "aa3"));
  EXPECT_THAT(scene.registry().proposals.at("p2").approvals, testing::ElementsAre(before));
  json::object again = own;
  again["proposal_id"] = "p3";
  EXPECT_EQ(refused_proposal(again).rule, "slug-taken");
}

/// One that left and comes back by its union alone is answered for by it, founder or not.
TEST_F(MissionLocale, ComesBackWithoutAVote) {
  scene.expect("udml", "mission_locale.detached", kOwn, detachment("ml2", "ml2"));
  scene.clock.advance_ms(1);
  come_back("ml2", "ml2-new", "ml2");
  EXPECT_EQ(refused_proposal(admission("p1", "aa3"), "ml2").rule, "no-vote");
}

TEST_F(MissionLocale, SharesWhatIsLimitedWithItsUnion) {
  attach("ml3", "ml3");
  attach("ml4", "ml4");
  const rules::Registry& registry = scene.registry();
  EXPECT_EQ(registry.account_of(scene.ordinal_of("ml3")), scene.ordinal_of("udml"));
  EXPECT_EQ(registry.account_of(scene.ordinal_of("ml4")), scene.ordinal_of("udml"));
  EXPECT_EQ(registry.account_of(scene.ordinal_of("ml1")), scene.ordinal_of("ml1"));
  scene.detect("ml1", 1);
  const auto opened = [&](std::uint64_t n) {
    json::object d = an_emergency(n);
    d["until"] = to_rfc3339(Timestamp{scene.clock.now().value + 3'600'000});
    return d;
  };
  scene.expect("ml3", "case.emergency_access_opened", case_subject(1), opened(1));
  scene.expect("ml1", "case.emergency_access_reviewed", case_subject(1),
               on_access(1, R"({"outcome":"not_justified"})"));
  // It is barred with the other, of whose access it knows nothing: nor of the case.
  const Error barred =
      scene.refused("ml4", "case.emergency_access_opened", case_subject(1), opened(2));
  const Error absent =
      scene.refused("ml4", "case.emergency_access_opened", case_subject(9), opened(2));
  EXPECT_EQ(barred.rule, "stream-unknown");
  EXPECT_EQ(to_string(barred), to_string(absent));
  EXPECT_EQ(scene.refused("ml3", "case.emergency_access_opened", case_subject(1), opened(2)).rule,
            "emergency-barred");
}

TEST_F(MissionLocale, OfOneUnionAreBounded) {
  auto& registry = scene.world().mutable_registry();
  for (std::size_t i = 0; i < rules::kMaxAttachedOfUnion; ++i) {
    rules::Signatory s;
    s.slug = "s" + std::to_string(i);
    s.source = Scene::source_of(s.slug);
    s.active = i % 2 == 0;
    s.under = scene.ordinal_of("udml");
    registry.add(std::move(s));
  }
  EXPECT_EQ(refused_attachment(attachment("ml3", "ml3")).rule, "limit-attached");
}

TEST_F(MissionLocale, AttachmentIsRefused) {
  EXPECT_EQ(scene.refused("pref", "mission_locale.attached", kOwn, attachment("ml3", "ml3")).rule,
            "emitter-forbidden");
  const Error elsewhere =
      scene.refused("udml", "mission_locale.attached", "signatory/ml3", attachment("ml3", "ml3"));
  EXPECT_EQ(elsewhere.rule, "stream-not-own");
  EXPECT_EQ(elsewhere.code, Errc::forbidden);
  const Error there = refused_attachment(attachment("ml1", "new"));
  EXPECT_EQ(there.rule, "mission-locale-attached-already");
  EXPECT_EQ(there.state, "ATTACHED");
  EXPECT_EQ(refused_attachment(attachment("aa1", "new")).rule, "slug-taken");
  EXPECT_EQ(refused_attachment(attachment("relais", "new")).rule, "slug-taken");
  EXPECT_EQ(refused_attachment(attachment("ml3", "ml1")).rule, "key-known");
  json::object stolen = attachment("ml3", "ml3");
  stolen["proof"] = statement::make_key_proof(test_key("udml"), Scene::source_of("ml3"), kOrigin);
  const Error e = refused_attachment(stolen);
  EXPECT_EQ(e.rule, "key-proof");
  EXPECT_EQ(e.field, "data.proof");
}

TEST_F(MissionLocale, LeavesWithItsOwnSignatureAndNoOpenCase) {
  scene.detect("ml2", 1);
  EXPECT_EQ(refused_detachment(detachment("ml2", "ml2")).rule, "open-cases-first");
  scene.expect("ml2", "case.dismissed", case_subject(1), data(R"({"reason":"not_concerned"})"));
  EXPECT_EQ(
      scene.refused("udml", "mission_locale.detached", "signatory/ml2", detachment("ml2", "ml2"))
          .rule,
      "stream-not-own");
  EXPECT_EQ(refused_detachment(detachment("ml2", "udml")).rule, "key-proof");
  EXPECT_EQ(refused_detachment(detachment("ml2", "ml1")).rule, "key-proof");
  const Error other = refused_detachment(detachment("aa1", "aa1"));
  EXPECT_EQ(other.rule, "mission-locale-not-attached");
  EXPECT_EQ(other.state, "NOT_ATTACHED");
  scene.expect("udml", "mission_locale.detached", kOwn, detachment("ml2", "ml2"));
  EXPECT_FALSE(scene.registry().find_slug("ml2")->active);
  EXPECT_FALSE(scene.registry().check_key(kid_of("ml2"), scene.clock.now()).has_value());
  EXPECT_EQ(refused_detachment(detachment("ml2", "ml2")).rule, "mission-locale-not-attached");
}

/// The union holds the proof by which a mission locale joined: it must not serve to expel it.
TEST_F(MissionLocale, TheProofByWhichItJoinedDoesNotServeToDetachIt) {
  json::object joined = attachment("ml3", "ml3");
  scene.expect("udml", "mission_locale.attached", kOwn, joined);
  json::object d;
  d["mission_locale"] = "ml3";
  d["proof"] = joined["proof"];
  EXPECT_EQ(refused_detachment(d).rule, "key-proof");
}

TEST_F(MissionLocale, WithoutAValidKeyCannotBeDetached) {
  lose_key("ml2");
  const Error e = refused_detachment(detachment("ml2", "ml2"));
  EXPECT_EQ(e.rule, "key-proof");
  EXPECT_EQ(e.code, Errc::unauthenticated);
}

TEST_F(MissionLocale, MayComeBackWithANewKey) {
  attach("ml3", "ml3");
  const SignatoryId before = scene.ordinal_of("ml3");
  scene.expect("udml", "mission_locale.detached", kOwn, detachment("ml3", "ml3"));
  EXPECT_EQ(refused_attachment(attachment("ml3", "ml3")).rule, "key-known");
  scene.clock.advance_ms(1);
  come_back("ml3", "ml3-new", "ml3");
  EXPECT_EQ(scene.ordinal_of("ml3"), before);
  EXPECT_TRUE(scene.registry().find_slug("ml3")->active);
  scene.detect("ml3", 1);
}

/// What it left was confided to it: the union, which may have made the new key, does not get it.
TEST_F(MissionLocale, DoesNotComeBackByAKeyOfTheUnionsMaking) {
  attach("ml3", "ml3");
  scene.expect("ml3", "key.rotated", "signatory/ml3", new_key_of("ml3", "ml3-2"));
  scene.clock.advance_ms(1);
  scene.keys.insert_or_assign("ml3", test_key("ml3-2"));
  scene.expect("udml", "mission_locale.detached", kOwn, detachment("ml3", "ml3-2"));
  scene.clock.advance_ms(1);
  const Error e = refused_attachment(attachment("ml3", "made"));
  EXPECT_EQ(e.rule, "return-not-proven");
  EXPECT_EQ(e.code, Errc::unauthenticated);
  EXPECT_EQ(e.field, "data.proof");
  EXPECT_THAT(e.accepted, testing::HasSubstr(kid_text_of("made")));
  for (const char* voucher : {"made", "udml", "ml2"})
    EXPECT_EQ(refused_attachment(returning("ml3", "made", voucher)).rule, "return-not-proven")
        << voucher;
  EXPECT_EQ(refused_attachment(returning("ml3", "made", "ml3")).rule, "return-not-proven")
      << "a key that had ended before it left may have been stolen";
  // What vouched for one key serves for no other, nor does the proof by which it left.
  json::object replayed = returning("ml3", "ml3-3", "ml3-2");
  replayed["public_key"] = public_key("made");
  EXPECT_EQ(refused_attachment(replayed).rule, "return-not-proven");
  replayed["proof"] = detachment("ml3", "ml3-2").at("proof");
  EXPECT_EQ(refused_attachment(replayed).rule, "return-not-proven");
  come_back("ml3", "ml3-3", "ml3-2");
  scene.expect("udml", "mission_locale.detached", kOwn, detachment("ml3", "ml3-3"));
  scene.clock.advance_ms(1);
  EXPECT_EQ(refused_attachment(returning("ml3", "ml3-4", "ml3-2")).rule, "return-not-proven");
  come_back("ml3", "ml3-4", "ml3-3");
}

TEST_F(MissionLocale, WithdrawnByTheQuorumIsNotTheUnionsToBringBack) {
  propose("pref", withdrawal("p1", "ml2"));
  approve("p1", {"aa1", "aa2"});
  scene.expect("aa1", "signatory.withdrawn", subject(), on("p1", R"({"reason":"excluded"})"));
  const Error e = refused_attachment(attachment("ml2", "ml2-new"));
  EXPECT_EQ(e.rule, "withdrawn-by-quorum");
  EXPECT_EQ(e.state, "WITHDRAWN");
}

TEST_F(MissionLocale, TheSignatoriesAreBounded) {
  auto& registry = scene.world().mutable_registry();
  for (int i = 0; registry.signatories().size() < 10'000; ++i) {
    rules::Signatory s;
    s.slug = "s" + std::to_string(i);
    s.source = Scene::source_of(s.slug);
    s.active = false;
    registry.add(std::move(s));
  }
  EXPECT_EQ(refused_attachment(attachment("ml3", "ml3")).rule, "limit-signatories");
  EXPECT_EQ(refused_proposal(admission("p1", "aa3")).rule, "limit-signatories");
}

}  // namespace
}  // namespace relais::tests
