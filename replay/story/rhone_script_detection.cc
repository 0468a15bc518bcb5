// Axis 1: the convention in force, keys, the case of a minor from detection to return.
#include "ledger/crypto/jwk.h"
#include "replay/story/rhone_script.h"

namespace relais::replay {

void ScriptBuilder::convention() {
  const json::object hash{{"document_hash", log::document_hash(genesis_.convention_file)}};
  const std::string early = new_case();
  refuse("convention-not-in-force", mission_locale(1), "case.detected", early,
         "detects a person before every founder has signed: the ledger is not open yet",
         detection("18_21", "interview", "69381", "low"))
      .expected.emplace_back(kAccepted);
  for (const Actor& actor : cast_.all())
    if (actor.founder())
      accept(actor.slug, "convention.signed", convention_subject_, "signs the convention", hash)
          .expected.emplace_back("convention-signed-already");
  refuse("convention-signed-already", kPrefecture, "convention.signed", convention_subject_,
         "signs a second time", hash);
  refuse("emitter-forbidden", kObservatory, "convention.signed", convention_subject_,
         "only reads, and cannot sign the convention", hash);
  refuse("emitter-forbidden", kMagistrate, "convention.signed", convention_subject_,
         "sits on the commission, and is no party to the convention", hash);
}

void ScriptBuilder::keys() {
  const std::string own = "signatory/" + kAmicale;
  const json::object training = detection("18_21", "outreach", "69123", "low");
  accept(kAmicale, "key.enrolled", own, "enrols a key for its night team",
         new_key("night", kAmicale, "équipe de nuit"), kDayMs);
  refuse("stream-not-own", mission_locale(2), "key.enrolled", own,
         "tries to enrol a key in another signatory's name",
         new_key("foreign", mission_locale(2), "accueil"));
  accept(kAmicale, "key.rotated", own, "replaces the night team's key by a new one",
         new_key("night-2", kAmicale, "équipe de nuit, nouvelle clé"))
      .key = "night";
  refuse("key-revoked", kAmicale, "case.detected", new_case(),
         "signs with the key that was replaced", training)
      .key = "night";
  json::object later = new_key("later", kAmicale, "poste mobile");
  later["valid_from"] = to_rfc3339(Timestamp{now().value + 400 * kDayMs});
  accept(kAmicale, "key.enrolled", own, "enrols a key that is valid from a later day on",
         std::move(later));
  refuse("key-not-yet-valid", kAmicale, "case.detected", new_case(),
         "signs with that key too early", training)
      .key = "later";
  const std::string lost =
      crypto::to_text(crypto::thumbprint(script_.keys.at("night-2").public_key()));
  accept(kAmicale, "key.revoked", own, "revokes the night team's key: the phone is lost",
         {{"kid", lost}, {"reason", "lost"}});
  refuse("key-revoked", kAmicale, "case.detected", new_case(),
         "whoever found the phone tries to sign", training)
      .key = "night-2";
  script_.keys.emplace("stranger", crypto::SigningKey::generate(random_));
  refuse("key-unknown", kAmicale, "case.detected", new_case(),
         "somebody signs with a key that nobody enrolled", training)
      .key = "stranger";
  refuse("source-not-of-key", mission_locale(2), "case.detected", new_case(),
         "signs in the name of mission locale 1", training)
      .event["source"] = source(mission_locale(1));
}

void ScriptBuilder::minor() {
  minor_ = new_case();
  const std::string holder = mission_locale(3);
  minor_detected_ = script_.steps.size();
  accept(holder, "case.detected", minor_, "detects a minor of 16 or 17 in an interview",
         detection("16_17", "interview", "69387", "high"), kDayMs);
  refuse("emitter-forbidden", kPrefecture, "case.detected", new_case(),
         "does not detect: that is for missions locales and associations",
         detection("18_21", "third_party", "69123", "low"));
  refuse("stream-exists", holder, "case.detected", minor_, "opens the same case twice",
         detection("16_17", "interview", "69387", "high"));
  refuse("stream-unknown", mission_locale(4), "case.risk_assessed", minor_,
         "has no part in the case, so for it the case does not exist", assessment("high"));
  refuse("case-transition", holder, "referral.requested", minor_,
         "asks for help before the danger was assessed",
         referral(uuid(), kAmicale, "shelter", "l226_2_2"));
  accept(holder, "case.risk_assessed", minor_, "assesses the danger with the grid: immediate",
         assessment("immediate"), kHourMs);
  refuse("crip-of-territory", holder, "protection.report_transmitted", minor_,
         "would inform the CRIP of the Rhône, but Lyon is in the Métropole",
         {{"crip", "rhone"}, {"parents_informed", "pending"}});
  accept(holder, "protection.report_transmitted", minor_,
         "informs the CRIP of the Métropole without delay; no consent is asked for",
         {{"crip", "metropole"},
          {"parents_informed", "not_in_interest"},
          {"receipt", "Exemple : accusé de réception."}});
  accept(holder, "protection.prosecutor_notified", minor_,
         "notifies the public prosecutor: the danger is grave",
         {{"court", "Tribunal judiciaire de Lyon"}, {"reference", "Exemple : référence."}});
}

void ScriptBuilder::protection() {
  const std::string holder = mission_locale(3);
  const std::string first = uuid();
  refuse("consent-missing", holder, "referral.requested", minor_,
         "asks on the ground of a consent that was never given",
         referral(first, kAmicale, "shelter", "consent"));
  accept(holder, "referral.requested", minor_,
         "asks the Amicale du Nid for shelter: protection of a minor needs no consent",
         referral(first, kAmicale, "shelter", "l226_2_2"));
  const json::object id{{"referral_id", first}};
  accept(kAmicale, "referral.received", minor_, "has the request before it", id, kHourMs);
  accept(kAmicale, "referral.held", minor_, "looks for a place",
         {{"referral_id", first}, {"note", "Exemple : places en cours de vérification."}});
  refuse("not-addressee", holder, "referral.accepted", minor_,
         "cannot accept its own request in the addressee's place", id);
  accept(kAmicale, "referral.accepted", minor_, "accepts, with a first appointment",
         {{"referral_id", first}, {"first_appointment_on", day(4)}}, 2 * kHourMs);
  refuse("referral-transition", kAmicale, "referral.declined", minor_,
         "declines what it has accepted",
         {{"referral_id", first}, {"decline_reason", "no_capacity"}});
  const std::string shelter = uuid();
  accept(kAmicale, "support.step_planned", minor_, "plans the move into the shelter",
         {{"step_id", shelter},
          {"need", "shelter"},
          {"planned_on", day(4)},
          {"detail", "Exemple : lieu et heure."}});
  refuse("step-not-own", holder, "support.step_done", minor_,
         "reports a step that another signatory planned", done(shelter, "shelter"));
  accept(kAmicale, "support.step_done", minor_, "the move took place", done(shelter, "shelter"),
         kDayMs);
  refuse("not-holder", kAmicale, "case.closed", minor_, "cannot close a case that it does not hold",
         {{"reason", "goals_met"}});
  refuse("referral-open", holder, "case.closed", minor_, "closes while a referral is under way",
         {{"reason", "goals_met"}});
  refuse("psp-adult-only", kAmicale, "psp.applied", minor_,
         "cannot ask for a parcours de sortie: the person is a minor",
         {{"dossier_hash", log::document_hash("file of a minor")}});
  accept(kAmicale, "referral.completed", minor_, "has given what was asked for",
         {{"referral_id", first}, {"outcome", "service_given"}}, 20 * kDayMs);
  refuse("not-author", kAmicale, "protection.outcome_recorded", minor_,
         "did not report, and cannot say what came of it", {{"outcome", "measure"}});
  accept(holder, "protection.outcome_recorded", minor_, "learns that a measure was ordered",
         {{"outcome", "measure"}}, 10 * kDayMs);
  refuse("emitter-forbidden", kUnion, "case.detected", new_case(),
         "does not detect either: the union sees aggregates, not cases",
         detection("18_21", "third_party", "69123", "low"));
}

void ScriptBuilder::second_request() {
  const std::string holder = mission_locale(3);
  const std::string second = uuid();
  const std::string third = uuid();
  accept(holder, "case.consent_given", minor_,
         "records the minor's consent to a referral to the Mouvement du Nid",
         {{"scope", "referral"},
          {"recipients", json::array{kMouvement}},
          {"form_hash", log::document_hash("consent form, version 3")},
          {"expires_on", day(400)},
          {"given_by", "Exemple : la personne, avec son administratrice ad hoc."}},
         kDayMs);
  accept(holder, "referral.requested", minor_, "asks the Mouvement du Nid for psychotrauma care",
         referral(second, kMouvement, "psychotrauma", "consent"));
  refuse("referral-id-taken", holder, "referral.requested", minor_,
         "uses the id of that request again",
         referral(second, kMouvement, "psychotrauma", "consent"));
  refuse("consent-missing", holder, "referral.requested", minor_,
         "asks somebody whom the consent does not name",
         referral(uuid(), mission_locale(5), "psychotrauma", "consent"));
  accept(kMouvement, "referral.received", minor_, "has the request before it",
         {{"referral_id", second}}, kDayMs);
  accept(kMouvement, "referral.declined", minor_, "has no room, and names an alternative",
         {{"referral_id", second},
          {"decline_reason", "no_capacity"},
          {"alternative", kAmicale},
          {"detail", "Exemple : liste d'attente de deux mois."}},
         2 * kDayMs);
  accept(holder, "referral.requested", minor_, "asks the Mouvement du Nid for something else",
         referral(third, kMouvement, "complaint", "consent"));
  accept(holder, "referral.cancelled", minor_, "takes the request back",
         {{"referral_id", third}, {"detail", "Exemple : la personne a changé d'avis."}}, kDayMs);
  accept(holder, "case.consent_withdrawn", minor_, "records that the consent was taken back",
         {{"scope", "referral"}, {"given_by", "Exemple : la personne."}});
  refuse("consent-not-given", holder, "case.consent_withdrawn", minor_,
         "withdraws a consent that is not there any more", {{"scope", "referral"}});
  refuse("consent-missing", holder, "referral.requested", minor_,
         "asks again under the consent that was taken back",
         referral(uuid(), kMouvement, "complaint", "consent"));
  accept(holder, "protection.report_transmitted", minor_,
         "informs the CRIP of a new danger: no consent is in force, and none is needed",
         {{"crip", "metropole"}, {"parents_informed", "yes"}});
}

void ScriptBuilder::closure() {
  const std::string holder = mission_locale(3);
  const std::string missed = uuid();
  accept(
      holder, "support.step_planned", minor_, "plans an interview about training",
      {{"step_id", missed}, {"need", "se-former--trouver-sa-formation"}, {"planned_on", day(40)}},
      5 * kDayMs);
  accept(holder, "support.step_missed", minor_, "the interview did not take place",
         {{"step_id", missed}, {"reason", "did_not_come"}, {"detail", "Exemple : à rappeler."}},
         3 * kDayMs);
  refuse("step-transition", holder, "support.step_done", minor_, "reports the missed step as done",
         {{"step_id", missed}, {"need", "se-former--trouver-sa-formation"}, {"result", "done"}});
  accept(holder, "support.step_done", minor_, "an unplanned interview went well",
         {{"step_id", uuid()},
          {"need", "se-former--trouver-sa-formation"},
          {"result", "partly_done"},
          {"detail", "Exemple : deux pistes."}},
         kDayMs);
  accept(holder, "case.closed", minor_, "closes the case: the goals are met",
         {{"reason", "goals_met"}}, 30 * kDayMs);
  refuse("case-transition", holder, "support.step_planned", minor_, "plans a step in a closed case",
         {{"step_id", uuid()}, {"need", "sante--acces-aux-soins"}});
  accept(holder, "case.reopened", minor_, "the person is back: the case is open again",
         {{"note", "Exemple : nouveau contact."}}, 20 * kDayMs);
  accept(holder, "case.risk_assessed", minor_, "assesses anew: low", assessment("low"));
}

}  // namespace relais::replay
