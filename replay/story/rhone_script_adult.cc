// Axis 1 on an adult's case: help by several partners, a transfer, mistakes, the right to be
// forgotten; and bytes that no signatory meant.
#include "replay/story/rhone_script.h"

namespace relais::replay {

void ScriptBuilder::adult() {
  adult_ = new_case();
  const std::string work = mission_locale(6);
  const std::string id = uuid();
  refuse("territory-not-of-convention", kAmicale, "case.detected", new_case(),
         "meets a person outside the convention's territory",
         detection("22_25", "outreach", "75056", "medium"));
  accept(kAmicale, "case.detected", adult_, "meets an adult on an outreach round",
         detection("22_25", "outreach", "69266", "medium"), kDayMs);
  accept(kAmicale, "case.risk_assessed", adult_, "assesses the danger: medium",
         assessment("medium"), kDayMs);
  refuse("legal-basis-not-minor", kAmicale, "referral.requested", adult_,
         "invokes the protection of minors for an adult",
         referral(id, work, "trouver-un-emploi--repondre-a-des-offres-demploi", "l226_2_2"));
  accept(kAmicale, "case.consent_given", adult_, "records a consent for every signatory",
         consent("referral"));
  refuse("referral-to-self", kAmicale, "referral.requested", adult_, "sends a request to itself",
         referral(id, kAmicale, "sante--addictions", "consent"));
  refuse("addressee-cannot-receive", kAmicale, "referral.requested", adult_,
         "sends a request to the préfecture, which supports nobody itself",
         referral(id, kPrefecture, "residence_permit", "consent"));
  accept(kAmicale, "referral.requested", adult_, "asks mission locale 6 for help towards a job",
         referral(id, work, "trouver-un-emploi--repondre-a-des-offres-demploi", "consent"));
  accept(work, "referral.received", adult_, "has the request before it", {{"referral_id", id}},
         kDayMs);
  accept(work, "referral.accepted", adult_, "accepts", {{"referral_id", id}}, kDayMs);
  accept(work, "referral.completed", adult_, "waited in vain: the person did not come",
         {{"referral_id", id}, {"outcome", "did_not_come"}}, 14 * kDayMs);
  refuse("stream-moved", kAmicale, "support.step_done", adult_,
         "writes on what the case was when it was opened",
         {{"step_id", uuid()}, {"need", "sante--acces-aux-soins"}, {"result", "done"}})
      .if_match = 1;
  accept(kAmicale, "support.step_done", adult_, "goes with the person to a health centre",
         {{"step_id", uuid()}, {"need", "sante--acces-aux-soins"}, {"result", "handed_on"}});
}

void ScriptBuilder::together() {
  const std::string work = mission_locale(6);
  const std::string id = uuid();
  const std::string own = uuid();
  const std::string again = uuid();
  refuse("consent-missing", kAmicale, "external_referral.recorded", adult_,
         "may not yet name the person to a hospital: there is no consent to sharing",
         {{"destination", "health"}, {"need", "sexual_health"}});
  accept(kAmicale, "case.consent_given", adult_, "records a consent to sharing with outsiders",
         consent("sharing"));
  accept(kAmicale, "external_referral.recorded", adult_,
         "puts the person in touch with a hospital, which is no signatory",
         {{"destination", "health"},
          {"need", "sexual_health"},
          {"reference", "Exemple : service contacté."}});
  refuse("attendee-not-participant", kAmicale, "coordination.meeting_held", adult_,
         "would tell of the case to a mission locale that has no part in it",
         {{"held_on", day()}, {"attending", json::array{kAmicale, mission_locale(7)}}});
  accept(kAmicale, "coordination.meeting_held", adult_, "meets mission locale 6 about the case",
         {{"held_on", day()},
          {"attending", json::array{kAmicale, work}},
          {"decisions", "Exemple : relevé de décisions."}},
         2 * kDayMs);
  accept(kAmicale, "plan.agreed", adult_, "writes down who does what",
         {{"needs", json::array{"sante--acces-aux-soins", "shelter"}},
          {"signatories", json::array{kAmicale, work}},
          {"review_on", day(60)},
          {"plan", "Exemple : plan d'accompagnement."}});
  refuse("part-ended", work, "contribution.committed", adult_,
         "promises something, although its part in the case has come to its end",
         {{"contribution_id", id}, {"kind", "co_follow_up"}});
  accept(kAmicale, "referral.requested", adult_, "asks mission locale 6 once more",
         referral(again, work, "sante--acces-aux-soins", "consent"));
  accept(work, "referral.received", adult_, "has it before it", {{"referral_id", again}});
  accept(work, "referral.accepted", adult_, "accepts again", {{"referral_id", again}});
  accept(work, "contribution.committed", adult_, "promises to follow the person too",
         {{"contribution_id", id}, {"kind", "co_follow_up"}, {"due_on", day(14)}});
  refuse("contribution-not-own", kAmicale, "contribution.delivered", adult_,
         "cannot say that another's promise was kept", {{"contribution_id", id}});
  accept(work, "contribution.delivered", adult_, "has kept the promise", {{"contribution_id", id}},
         9 * kDayMs);
  accept(work, "referral.completed", adult_, "has done what it was asked for",
         {{"referral_id", again}, {"outcome", "attended"}});
  refuse("contribution-delivered", work, "contribution.delivered", adult_, "says so a second time",
         {{"contribution_id", id}});
  const json::object offer{{"contribution_id", own}, {"kind", "expertise"}};
  refuse("stream-unknown", kUnion, "contribution.committed", adult_,
         "has no part in any case, so for it the case does not exist", offer);
  refuse("stream-unknown", kPrefecture, "contribution.committed", adult_,
         "does not learn of a case for which nobody has applied for a parcours", offer);
}

void ScriptBuilder::transfer() {
  const auto to = [](const std::string& whom) {
    return json::object{{"to", whom},
                        {"reason", "person_asks"},
                        {"kind", "permanent"},
                        {"note", "Exemple : souhait de la personne."}};
  };
  const std::string other = mission_locale(8);
  refuse("transfer-to-self", kAmicale, "case.transfer_requested", adult_,
         "cannot hand the case to itself", to(kAmicale));
  accept(kAmicale, "case.transfer_requested", adult_, "asks mission locale 8 to take the case",
         to(other), kDayMs);
  accept(other, "case.transfer_declined", adult_, "has no room",
         {{"decline_reason", "no_capacity"}}, 2 * kDayMs);
  accept(kAmicale, "case.transfer_requested", adult_, "asks the Mouvement du Nid", to(kMouvement));
  refuse("transfer-pending", kAmicale, "case.transfer_requested", adult_,
         "asks somebody else before the answer", to(other));
  refuse("not-addressee", mission_locale(6), "case.transfer_accepted", adult_,
         "cannot take a case that was offered to another", {});
  accept(kMouvement, "case.transfer_accepted", adult_,
         "takes the case: two signatures have moved it", {}, kDayMs);
  refuse("not-holder", kAmicale, "case.closed", adult_, "no longer answers for the case",
         {{"reason", "goals_met"}});
}

void ScriptBuilder::emergency() {
  const std::string night = mission_locale(2);
  const std::string first = uuid();
  const std::string second = uuid();
  const auto access = [this](const std::string& id, int hours) {
    return json::object{
        {"access_id", id},
        {"reason", "immediate_danger"},
        {"until", to_rfc3339(Timestamp{now().value + hours * kHourMs})},
        {"note", "Exemple : menaces rapportées cette nuit, structure injoignable."}};
  };
  json::object silent = access(first, 12);
  silent.erase("note");
  refuse("disclosure-missing", night, "case.emergency_access_opened", adult_,
         "would look at the case without saying why", std::move(silent))
      .signing = Signing::raw;
  refuse("emergency-term", night, "case.emergency_access_opened", adult_,
         "would look for two days: a day is the most", access(first, 48));
  refuse("emergency-by-holder", kMouvement, "case.emergency_access_opened", adult_,
         "holds the case, and needs no emergency to read it", access(first, 12));
  refuse("stream-unknown", night, "case.emergency_access_opened", new_case(),
         "gets the answer that every case gives of which it may not know", access(first, 12));
  accept(night, "case.emergency_access_opened", adult_,
         "is told at night that the person is in danger, says why, and reads for twelve hours",
         access(first, 12));
  refuse("emergency-open", night, "case.emergency_access_opened", adult_, "reads the case already",
         access(second, 12));
  accept(kPrefecture, "case.emergency_access_opened", adult_, "looks too", access(second, 2));
  refuse("not-holder", kAmicale, "case.emergency_access_reviewed", adult_,
         "held the case once, and does not judge the look any more",
         {{"access_id", first}, {"outcome", "justified"}});
  accept(kMouvement, "case.emergency_access_reviewed", adult_,
         "was alerted, and finds the look justified",
         {{"access_id", first}, {"outcome", "justified"}, {"note", "Exemple : appel confirmé."}},
         kDayMs);
  accept(kMouvement, "case.emergency_access_reviewed", adult_,
         "finds the other one not justified: nobody was in danger any more",
         {{"access_id", second}, {"outcome", "not_justified"}});
  refuse("emergency-barred", kPrefecture, "case.emergency_access_opened", adult_,
         "has lost the way in by emergency to this case", access(uuid(), 2));
}

void ScriptBuilder::mistakes() {
  const std::string author = mission_locale(7);
  const std::string twice = new_case();
  accept(author, "case.detected", twice, "detects a person who is followed already",
         detection("18_21", "third_party", "69264", "low"), kDayMs);
  accept(author, "case.dismissed", twice, "finds the duplicate and dismisses the detection",
         {{"reason", "duplicate"}}, kDayMs);
  refuse("case-transition", author, "case.risk_assessed", twice, "assesses a dismissed case",
         assessment("low"));

  const std::string wrong = new_case();
  accept(author, "case.detected", wrong, "takes a person of 19 for one of 23",
         detection("22_25", "interview", "69264", "low"), kDayMs);
  refuse("correction-empty", author, "case.corrected", wrong, "corrects nothing",
         {{"target_version", 1}, {"reason", "wrong_value"}});
  accept(author, "case.corrected", wrong, "corrects the age band; the log keeps both",
         {{"target_version", 1},
          {"reason", "wrong_value"},
          {"age_band", "18_21"},
          {"note", "Exemple : pièce vue."}});
  accept(author, "case.risk_assessed", wrong, "assesses the danger: low", assessment("low"));
  accept(author, "support.step_done", wrong, "records a visit that was another person's",
         done(uuid(), "sante--acces-aux-soins"));
  const std::uint32_t visit = version(wrong);
  refuse("annul-not-possible", author, "case.annulled", wrong,
         "cannot take the assessment out from under what came after",
         {{"target_version", visit - 1}, {"reason", "entered_by_mistake"}});
  const json::object annulment{{"target_version", visit}, {"reason", "wrong_person"}};
  accept(author, "case.annulled", wrong,
         "annuls the visit: the read models leave it out, the log keeps it", annulment);
  refuse("target-annulled", author, "case.annulled", wrong, "annuls it a second time", annulment);
}

void ScriptBuilder::forgetting() {
  const std::string holder = mission_locale(9);
  const std::string subject = supported_adult(holder, "69387");
  const json::object whole{{"basis", "art17"}};
  refuse("case-transition", holder, "case.data_erased", subject,
         "cannot forget a case while support goes on", whole);
  accept(holder, "case.data_erased", subject,
         "destroys one note at the person's wish; the signature on it stays valid",
         {{"basis", "art17"}, {"targets", json::array{1}}}, kDayMs);
  accept(holder, "case.closed", subject, "closes the case: the person refuses further support",
         {{"reason", "person_refuses"}}, kDayMs);
  refuse("erasure-basis", holder, "case.data_erased", subject,
         "cannot say that the period of retention is over: that is for the clock",
         {{"basis", "retention"}});
  const std::string hold = uuid();
  const auto evidence = [this, &hold](int days) {
    return json::object{{"hold_id", hold},
                        {"reason", "complaint"},
                        {"ends_on", day(days)},
                        {"note", "Exemple : plainte en cours."}};
  };
  refuse("legal-hold-term", holder, "case.legal_hold_placed", subject,
         "would keep the case from being erased for eleven years", evidence(4'000));
  accept(holder, "case.legal_hold_placed", subject,
         "keeps what was written as evidence: a complaint is under way", evidence(90));
  refuse("legal-hold", holder, "case.data_erased", subject, "cannot erase what a legal hold keeps",
         whole);
  accept(holder, "case.legal_hold_lifted", subject, "lifts the hold: the complaint was dropped",
         {{"hold_id", hold}}, 5 * kDayMs);
  accept(holder, "case.data_erased", subject,
         "destroys everything that was disclosed: the person asked for it", whole);
  refuse("case-transition", holder, "case.reopened", subject, "what is erased does not come back",
         {});
  forgotten_ = supported_adult(mission_locale(10), "69123");
  accept(mission_locale(10), "case.closed", forgotten_,
         "has lost contact, and closes the case: two years of retention begin",
         {{"reason", "lost_contact"}}, kDayMs);
}

void ScriptBuilder::bytes() {
  const std::string holder = mission_locale(3);
  Step& again = accept(holder, "case.detected", minor_,
                       "sends its first statement once more: the first receipt comes back", {});
  again.signing = Signing::repeated;
  again.repeats = minor_detected_;
  const std::string id = uuid();
  const json::object assessed = assessment("low");
  accept(holder, "case.risk_assessed", minor_, "assesses once more", assessed).event["id"] = id;
  refuse("id-reused", holder, "case.risk_assessed", minor_, "uses that id for other bytes",
         assessment("medium"))
      .event["id"] = id;
  refuse("sensitive-in-clear", holder, "case.detected", new_case(),
         "would put a note about a person in clear into the log",
         detection("16_17", "interview", "69387", "high"))
      .signing = Signing::raw;
  refuse("signature-invalid", holder, "case.risk_assessed", minor_,
         "the statement was altered on its way", assessed)
      .signing = Signing::altered;
}

}  // namespace relais::replay
