// Axes 2 to 4: what the partners know, can do, and whom they know. And the convention itself: who
// joins, what is amended, who loses a key, who leaves.
#include <algorithm>

#include "ledger/crypto/jwk.h"
#include "replay/story/rhone_script.h"

namespace relais::replay {
namespace {

/// What a mission locale signs to leave (ledger/rules: leaving_audience).
constexpr std::string_view kLeaving = "/mission_locale.detached";

}  // namespace

void ScriptBuilder::knowledge() {
  const json::object training{{"theme", "Repérer la prostitution des mineurs"},
                              {"audience", "professionals"},
                              {"headcount", 24},
                              {"held_on", day()},
                              {"hours", 6}};
  const std::string lesson = "library/formation-" + tag_;
  accept(kMouvement, "training.delivered", lesson, "trains 24 advisers of the missions locales",
         training);
  json::object later = training;
  later["held_on"] = day(30);
  refuse("date-in-future", kMouvement, "training.delivered", lesson,
         "cannot count a training that has not taken place", std::move(later));
  refuse("emitter-forbidden", kObservatory, "training.delivered", lesson,
         "only reads: an analyst records nothing", training);

  const std::string grid = "library/grille-" + tag_;
  const json::object tool{{"title", "Grille d'évaluation du danger"},
                          {"version", "2024-1"},
                          {"content_hash", log::document_hash("the grid, version 2024-1")},
                          {"media_type", "application/pdf"},
                          {"link", "https://relais.example/outils/grille-2024-1.pdf"}};
  accept(kMouvement, "tool.published", grid, "publishes the grid by the hash of its content", tool);
  refuse("version-known", kMouvement, "tool.published", grid,
         "cannot put other content under a version that is out", tool);
  accept(mission_locale(1), "practice.shared", "library/pratique-" + tag_,
         "shares how it prepares a first interview",
         {{"title", "Premier entretien"}, {"summary", "Exemple : déroulé d'un entretien."}});
  const json::object need{{"audience", "jeunes"},
                          {"need", "shelter"},
                          {"territory", "rhone"},
                          {"summary", "Exemple : pas de place d'urgence hors de la Métropole."}};
  accept(kUnion, "need.observed", "library/besoin-" + tag_, "reports a need that nobody meets",
         need);
  json::object elsewhere = need;
  elsewhere["territory"] = "75056";
  refuse("territory-not-of-convention", kUnion, "need.observed", "library/besoin-" + tag_,
         "reports a need outside the convention's territory", std::move(elsewhere));
}

void ScriptBuilder::competences() {
  const std::string own = "signatory/" + kAmicale;
  const auto capability = [](std::string_view id, std::string_view type, std::string_view need) {
    return json::object{{"capability_id", id},
                        {"service_type", type},
                        {"publics", json::array{"femmes", "jeunes"}},
                        {"needs", json::array{need}},
                        {"territories", json::array{"metropole", "69387"}}};
  };
  accept(kAmicale, "capability.declared", own, "says that it can give shelter",
         capability("mise-a-l-abri", "accompagnement", "shelter"));
  refuse("stream-not-own", kMouvement, "capability.declared", own,
         "cannot say what another partner can do",
         capability("mise-a-l-abri", "accompagnement", "shelter"));
  accept(kAmicale, "capacity.updated", own, "has three places now",
         {{"capability_id", "mise-a-l-abri"}, {"level", "open"}, {"places", 3}});
  refuse("places-when-full", kAmicale, "capacity.updated", own, "is full and offers places",
         {{"capability_id", "mise-a-l-abri"}, {"level", "full"}, {"places", 1}});
  refuse("capability-unknown", kAmicale, "capacity.updated", own,
         "has places in what it never declared",
         {{"capability_id", "inconnue"}, {"level", "open"}, {"places", 0}});
  accept(kAmicale, "capability.declared", own, "says that it holds workshops",
         capability("ateliers", "atelier", "psychotrauma"));
  accept(kAmicale, "capability.withdrawn", own, "no longer holds the workshops",
         {{"capability_id", "ateliers"}});
  accept(kAmicale, "focal_point.designated", own, "names the mailbox through which it is reached",
         {{"mailbox", "orientation@amicale.example"}});
}

void ScriptBuilder::networks() {
  const std::string hospital = "network/hopital-" + tag_;
  const json::object partner{{"partner_id", "hopital-" + tag_},
                             {"nom", "Hôpital (exemple)"},
                             {"code_insee", "69383"},
                             {"commune", "Lyon"},
                             {"code_postal", "69003"},
                             {"description", "Exemple : consultation de psychotraumatologie."},
                             {"date_maj", day()}};
  accept(kMouvement, "partner.introduced", hospital, "introduces a hospital to the others",
         partner);
  json::object early = partner;
  early["date_maj"] = day(10);
  refuse("date-in-future", kMouvement, "partner.introduced", hospital,
         "cannot have checked the entry tomorrow", std::move(early));
  const std::string pathway = "network/parcours-soin-" + tag_;
  accept(kMouvement, "pathway.published", pathway, "publishes the way to care, step by step",
         {{"title", "Vers le soin"},
          {"need", "psychotrauma"},
          {"steps", json::array{"Orientation vers l'association", "Consultation"}}});
  refuse("steps-missing", kMouvement, "pathway.published", pathway, "publishes a way without steps",
         {{"title", "Vers le soin"}, {"need", "psychotrauma"}, {"steps", json::array{}}});
  const std::string action = "network/action-" + tag_;
  const auto joint = [&](json::array who) {
    return json::object{
        {"title", "Maraude commune"}, {"held_on", day()}, {"signatories", std::move(who)}};
  };
  accept(kAmicale, "joint_action.recorded", action, "records an outreach round held with a partner",
         joint({kAmicale, kMouvement}));
  refuse("joint-action-alone", kAmicale, "joint_action.recorded", action,
         "was alone, and calls it a joint action", joint({kAmicale}));
}

void ScriptBuilder::approve(const std::string& proposal, const std::string& who) {
  accept(who, "governance.approved", convention_subject_, "approves", {{"proposal_id", proposal}},
         kDayMs);
}

std::string ScriptBuilder::decided(const std::string& act, const std::vector<std::string>& who,
                                   json::object data, const std::string& sentence) {
  std::string id = act + "-" + tag_;
  if (const json::value* named = data.if_contains("proposal_id")) id = named->as_string();
  std::replace(id.begin(), id.end(), '_', '-');
  data["proposal_id"] = id;
  data["act"] = act;
  accept(who.front(), "governance.proposed", convention_subject_, sentence, std::move(data));
  for (std::size_t i = 1; i < who.size(); ++i) approve(id, who[i]);
  return id;
}

void ScriptBuilder::admission() {
  const json::object key = new_key("newcomer", newcomer_, "");
  const std::string id =
      decided("admit_signatory", {kPrefecture},
              {{"signatory", newcomer_},
               {"name", "Association (exemple)"},
               {"roles", json::array{"aa"}},
               {"public_key", key.at("public_key")},
               {"reason", "Exemple : une association d'un autre arrondissement."}},
              "proposes that an association joins the convention");
  const json::object named{{"proposal_id", id}};
  const json::object effect{{"proposal_id", id}, {"proof", key.at("proof")}};
  refuse("proposal-not-approved", kPrefecture, "signatory.admitted", convention_subject_,
         "cannot admit it alone", effect);
  refuse("voted-already", kPrefecture, "governance.approved", convention_subject_,
         "cannot vote twice", named);
  refuse("emitter-forbidden", kMagistrate, "governance.approved", convention_subject_,
         "sits on the commission, and has no vote on the convention", named);
  approve(id, kAmicale);
  approve(id, kUnion);
  accept(kPrefecture, "signatory.admitted", convention_subject_,
         "states that the quorum is there; the association's key is enrolled", effect);
  refuse("not-founder", newcomer_, "convention.signed", convention_subject_,
         "has joined by vote, and is no founder that signs",
         {{"document_hash", log::document_hash(genesis_.convention_file)}})
      .key = "newcomer";
  newcomer_case_ = new_case();
  accept(newcomer_, "case.detected", newcomer_case_, "detects its first person",
         detection("18_21", "online_outreach", "69264", "low"))
      .key = "newcomer";
  accept(newcomer_, "case.risk_assessed", newcomer_case_, "assesses the danger: low",
         assessment("low"))
      .key = "newcomer";
}

void ScriptBuilder::amendment() {
  const std::string hash = log::document_hash("the convention as amended, " + tag_);
  const auto amended = [&](json::object change) {
    change["document_hash"] = hash;
    change["reason"] = "Exemple : retour d'expérience.";
    return change;
  };
  const auto term = [](std::string_view name, int value) {
    return json::array{json::object{{"name", name}, {"value", value}}};
  };
  const json::object quorum{
      {"act", "admit-signatory"}, {"approvals", 1}, {"roles", json::array{"pref"}}};
  json::object alone = amended({{"quorums", json::array{quorum}}});
  alone["proposal_id"] = "alone-" + tag_;
  alone["act"] = "amend_convention";
  refuse("quorum-out-of-range", kPrefecture, "governance.proposed", convention_subject_,
         "would let one signatory act alone", std::move(alone));

  json::object slow = amended({{"terms", term("referral-answer-days", 25)}});
  slow["proposal_id"] = "slower-" + tag_;
  slow["act"] = "amend_convention";
  accept(kUnion, "governance.proposed", convention_subject_,
         "proposes to leave more time for an answer", std::move(slow));
  const json::object slower{{"proposal_id", "slower-" + tag_}};
  accept(kAmicale, "governance.rejected", convention_subject_,
         "rejects it: twenty-five days are too long for a person in danger",
         {{"proposal_id", "slower-" + tag_}, {"reason", "Exemple : trop long."}}, kDayMs);
  refuse("not-author", mission_locale(1), "governance.withdrawn", convention_subject_,
         "cannot take back what another proposed", slower);
  accept(kUnion, "governance.withdrawn", convention_subject_, "takes the proposal back", slower);

  const std::string id = decided("amend_convention", {kPrefecture, kUnion, kAmicale},
                                 amended({{"terms", term("capacity-stale-days", 20)}}),
                                 "proposes that capacities are said anew every twenty days");
  refuse("proposal-not-approved", kUnion, "convention.amended", convention_subject_,
         "cannot amend with three of the four approvals", {{"proposal_id", id}});
  approve(id, mission_locale(1));
  accept(kUnion, "convention.amended", convention_subject_, "states that the quorum is there",
         {{"proposal_id", id}});
}

void ScriptBuilder::lost_key() {
  const std::string kid =
      crypto::to_text(crypto::thumbprint(script_.keys.at("newcomer").public_key()));
  const std::string revoked =
      decided("revoke_key", {kPrefecture, kUnion},
              {{"kid", kid}, {"reason", "Exemple : ordinateur volé, plus d'autre clé."}},
              "proposes to revoke the new partner's only key: the computer was stolen");
  refuse("governance-own-matter", newcomer_, "governance.approved", convention_subject_,
         "has no vote on its own key", {{"proposal_id", revoked}})
      .key = "newcomer";
  approve(revoked, kAmicale);
  accept(kPrefecture, "key.revoked_by_quorum", convention_subject_,
         "states that the quorum is there", {{"proposal_id", revoked}});
  refuse("key-revoked", newcomer_, "case.risk_assessed", newcomer_case_,
         "whoever has the computer tries to sign", assessment("low"))
      .key = "newcomer";

  const json::object key = new_key("newcomer-2", newcomer_, "");
  json::object takeover{{"signatory", mission_locale(1)},
                        {"public_key", key.at("public_key")},
                        {"reason", "Exemple"}};
  takeover["proposal_id"] = "takeover-" + tag_;
  takeover["act"] = "enrol_first_key";
  refuse("has-valid-key", kAmicale, "governance.proposed", convention_subject_,
         "cannot give a key to a partner that has one: nobody signs in another's name",
         std::move(takeover));
  const std::string enrolled = decided("enrol_first_key", {kAmicale, kPrefecture, kUnion},
                                       {{"signatory", newcomer_},
                                        {"public_key", key.at("public_key")},
                                        {"reason", "Exemple : clé neuve, remise en main propre."}},
                                       "proposes the new partner's new key");
  accept(kAmicale, "key.first_enrolled", convention_subject_,
         "states that the quorum is there; the new partner can sign again",
         {{"proposal_id", enrolled}, {"proof", key.at("proof")}});
}

void ScriptBuilder::union_members() {
  const std::string own = "signatory/" + kUnion;
  const std::string ml = "mission-locale-" + tag_;
  const json::object key = new_key("mission-locale", ml, "");
  json::object attached{{"mission_locale", ml},
                        {"name", "Mission locale (exemple)"},
                        {"public_key", key.at("public_key")},
                        {"proof", proof("newcomer-2", ml)}};
  refuse("key-proof", kUnion, "mission_locale.attached", own,
         "cannot attach a mission locale that has not countersigned", attached);
  attached["proof"] = key.at("proof");
  refuse("emitter-forbidden", kPrefecture, "mission_locale.attached", "signatory/" + kPrefecture,
         "does not attach missions locales: their union does", attached);
  accept(kUnion, "mission_locale.attached", own, "attaches a mission locale, which countersigns",
         std::move(attached));
  const std::string subject = new_case();
  accept(ml, "case.detected", subject, "detects a person",
         detection("18_21", "interview", "69199", "low"), kDayMs)
      .key = "mission-locale";
  const json::object detached{{"mission_locale", ml},
                              {"proof", proof("mission-locale", ml, kLeaving)}};
  refuse("open-cases-first", kUnion, "mission_locale.detached", own,
         "cannot let it go while it holds an open case", detached);
  accept(ml, "case.dismissed", subject, "finds that the person is not concerned",
         {{"reason", "not_concerned"}}, kDayMs)
      .key = "mission-locale";
  accept(kUnion, "mission_locale.detached", own, "lets it go, as both have signed", detached);
}

void ScriptBuilder::departure() {
  const std::string id =
      decided("withdraw_signatory", {kPrefecture, kUnion, kMouvement},
              {{"signatory", newcomer_}, {"reason", "Exemple : l'association cesse son activité."}},
              "proposes that the new partner leaves, as it asked");
  const json::object effect{{"proposal_id", id}, {"reason", "own"}};
  refuse("open-cases-first", kPrefecture, "signatory.withdrawn", convention_subject_,
         "cannot let it go: it still holds an open case", effect);
  const std::string passed_on =
      decided("withdraw_signatory", {kAmicale, kPrefecture, kUnion},
              {{"proposal_id", "succession-" + tag_},
               {"signatory", newcomer_},
               {"successor", kMouvement},
               {"reason", "Exemple : plus personne ne répond, le dossier est à reprendre."}},
              "proposes that the Mouvement du Nid goes on with it, since nobody answers any more");
  const json::object taken_over{{"proposal_id", passed_on}, {"reason", "own"}};
  refuse("not-successor", kPrefecture, "signatory.withdrawn", convention_subject_,
         "cannot give the case to somebody who has not signed for it", taken_over);
  accept(kMouvement, "signatory.withdrawn", convention_subject_,
         "signs for the case; the partner's keys end, and the clock passes the case on", taken_over,
         kDayMs);
  refuse("key-revoked", newcomer_, "case.risk_assessed", newcomer_case_,
         "has left, and writes nothing more", assessment("low"))
      .key = "newcomer-2";
}

}  // namespace relais::replay
