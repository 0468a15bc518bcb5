// Parcours de sortie: rights, terms, ends. And what only time brings: silence that ends a request
// or grants an agrément, the end of 24 months, of retention, of three years.
#include "ledger/rules/calendar.h"
#include "ledger/rules/law.h"
#include "replay/story/rhone_script.h"

namespace relais::replay {
namespace {

constexpr int kTermMonths = rules::law::kPspTerm.months();
constexpr int kMonthsOfSilence = 4;  // CASF R121-12-3
constexpr int kAgrementMonths = 36;  // CASF R121-12-3

/// Last day of the n-th term.
Day term_end(Day started, int term) {
  return rules::add_days(rules::add_months(started, kTermMonths * term), -1);
}

}  // namespace

void ScriptBuilder::rights() {
  const std::string& file = authorised_;
  accept(kAmicale, "psp.started", file, "starts the parcours: its first term is six months",
         {{"starts_on", day()}});
  parcours_started_ = this_day();
  accept(kAmicale, "afis.opened", file, "reports that the allowance is paid",
         {{"opened_on", day()}}, 5 * kDayMs);
  refuse("afis-open", kPrefecture, "afis.opened", file, "reports it a second time",
         {{"opened_on", day()}});
  json::object permit{{"requested_on", day()}, {"cessation_attested", false}};
  refuse("cessation-attested", kAmicale, "residence_permit.requested", file,
         "cannot ask for the permit of somebody who has not stopped", permit);
  permit["cessation_attested"] = true;
  permit["cessation"] = "Exemple : attestation.";
  accept(kAmicale, "residence_permit.requested", file, "asks for the permit, with an attestation",
         std::move(permit));
  refuse("permit-too-short", kPrefecture, "residence_permit.issued", file,
         "cannot issue it for three months", {{"issued_on", day()}, {"valid_until", day(90)}});
  accept(kPrefecture, "residence_permit.issued", file, "issues the permit",
         {{"issued_on", day()}, {"valid_until", day(200)}}, 5 * kDayMs);
  refuse("renewal-too-early", kAmicale, "psp.review_filed", file,
         "files the review of a term that has just begun", {});
  accept(kAmicale, "psp.suspended", file, "pauses the parcours: the person is in hospital",
         {{"reason", "health"}}, 5 * kDayMs);
  accept(kAmicale, "psp.resumed", file, "goes on with it", {{"note", "Exemple : reprise."}},
         5 * kDayMs);
  refuse("psp-transition", kPrefecture, "psp.resumed", file, "resumes what is not suspended", {});

  accept(kAmicale, "residence_permit.requested", refused_,
         "asks for the permit in the other parcours",
         {{"requested_on", day()}, {"cessation_attested", true}});
  json::object no{
      {"reason", "conditions_not_met"}, {"appeal_route", "contentious"}, {"notified_on", day()}};
  refuse("disclosure-missing", kPrefecture, "residence_permit.refused", refused_,
         "cannot refuse it without reasons", no)
      .signing = Signing::raw;
  no["reasons"] = "Exemple : motifs de fait et de droit.";
  accept(kPrefecture, "residence_permit.refused", refused_, "refuses it, with reasons",
         std::move(no), 5 * kDayMs);
  accept(kAmicale, "psp.ended", refused_, "ends the parcours: the person has left",
         {{"outcome", "abandoned"}, {"ended_on", day()}});
}

// The dates are those of the paper file, so that a renewal is due today.
void ScriptBuilder::taken_over() {
  const std::string name = "seance-papier-" + tag_;
  const std::string subject = supported_adult(kAmicale, "69381");
  accept(kAmicale, "case.consent_given", subject, "records her consent", consent("psp"));
  apply(subject, "records a file that the commission has seen before the ledger was there",
        day(-150));
  session(name, -130, json::array{id_of(subject)}, "records the session of that time");
  accept(kPrefecture, "psp.opinion_given", subject, "records its opinion",
         opinion(name, "favourable", 6, 0, 0));
  accept(kPrefecture, "psp.decided", subject, "records the decision of that time",
         {{"decision", "authorised"}, {"notified_on", day(-128)}});
  accept(kAmicale, "psp.started", subject, "records when the parcours began",
         {{"starts_on", day(-127)}});
  accept(kAmicale, "afis.opened", subject, "reports that the allowance is paid",
         {{"opened_on", day(-100)}});
  accept(kAmicale, "psp.review_filed", subject, "files the review of the first term",
         {{"progress", "Exemple : bilan."}});
  accept(kAmicale, "psp.renewal_requested", subject, "asks for six more months",
         {{"progress", "Exemple : bilan et projet."}});
  refuse("disclosure-missing", kPrefecture, "psp.renewal_decided", subject,
         "cannot refuse a renewal without reasons",
         {{"decision", "refused"}, {"appeal_route", "contentious"}, {"notified_on", day()}})
      .signing = Signing::raw;
  accept(kPrefecture, "psp.renewal_decided", subject, "renews the parcours", decision("renewed"));
  refuse("psp-term-not-over", kAmicale, "psp.ended", subject,
         "cannot say that the term is over while it runs",
         {{"outcome", "term"}, {"ended_on", day()}});
  accept(kAmicale, "afis.closed", subject, "reports the end of the allowance: there is a wage now",
         {{"closed_on", day()}});
  refuse("afis-not-open", kAmicale, "afis.closed", subject, "reports it twice",
         {{"closed_on", day()}});
  accept(kAmicale, "psp.ended", subject, "ends the parcours: the person has a job",
         {{"outcome", "employment"}, {"ended_on", day()}});
  accept(kAmicale, "case.closed", subject, "closes the case", {{"reason", "psp_ended"}});
}

void ScriptBuilder::silence() {
  const std::string holder = mission_locale(11);
  const std::string silent = mission_locale(12);
  const std::string subject = new_case();
  const std::string id = uuid();
  const std::string again = uuid();
  accept(holder, "case.detected", subject, "detects a minor of 16 or 17",
         detection("16_17", "helpline_119", "69264", "medium"));
  accept(holder, "case.risk_assessed", subject, "assesses the danger: medium",
         assessment("medium"));
  accept(holder, "referral.requested", subject, "asks mission locale 12, which does not answer",
         referral(id, silent, "psychotrauma", "l226_2_2"));
  needs_time("a request ends after thirty days of silence");
  pass_days(32);
  refuse("referral-transition", silent, "referral.received", subject,
         "answers too late: the clock has ended the request", {{"referral_id", id}});
  accept(holder, "referral.requested", subject, "asks the Mouvement du Nid instead",
         referral(again, kMouvement, "psychotrauma", "l226_2_2"));
  accept(kMouvement, "referral.received", subject, "has the request before it",
         {{"referral_id", again}}, kDayMs);
  accept(kMouvement, "referral.accepted", subject, "accepts", {{"referral_id", again}}, kDayMs);
}

void ScriptBuilder::tacit() {
  needs_time("silence grants an agrément after four months");
  pass_until(rules::add_days(rules::add_months(file_complete_, kMonthsOfSilence), 2));
  refuse("accreditation-transition", kPrefecture, "accreditation.refused",
         "signatory/" + kMouvement, "refuses too late: silence has granted the agrément",
         {{"reason", "insufficient_means"},
          {"reasons", "Exemple : motifs."},
          {"appeal_route", "contentious"},
          {"notified_on", day()}})
      .expected.emplace_back("accreditation-granted-by-silence");
  accept(kMouvement, "case.consent_given", adult_, "records the person's consent", consent("psp"));
  accept(kMouvement, "psp.applied", adult_, "applies, accredited by silence",
         {{"dossier_hash", log::document_hash("file of " + adult_)}})
      .expected.emplace_back("accreditation-missing");
  at_rest_ = supported_adult(mission_locale(4), "69266");
}

void ScriptBuilder::renewed(int term, Day started) {
  pass_until(rules::add_days(term_end(started, term), -50));
  accept(kAmicale, "psp.review_filed", authorised_,
         "files the review of term " + std::to_string(term), {{"progress", "Exemple : bilan."}});
  accept(kAmicale, "psp.renewal_requested", authorised_, "asks for six more months",
         {{"progress", "Exemple : bilan et projet."}}, 5 * kDayMs);
  accept(kPrefecture, "psp.renewal_decided", authorised_, "renews the parcours",
         decision("renewed"), 20 * kDayMs);
}

void ScriptBuilder::two_years() {
  needs_time("a term of a parcours lasts six months");
  for (int term = 1; term <= 3; ++term) renewed(term, parcours_started_);
  const Day last = term_end(parcours_started_, 4);
  pass_until(rules::add_days(last, -50));
  accept(kAmicale, "psp.review_filed", authorised_, "files the review of the last term",
         {{"progress", "Exemple : bilan."}});
  refuse("psp-24-months", kAmicale, "psp.renewal_requested", authorised_,
         "asks for a fourth renewal: 24 months are the most there is", {});
  pass_until(rules::add_days(last, 2));
  refuse("psp-transition", kAmicale, "psp.ended", authorised_,
         "need not end the parcours: the clock has, as its 24 months are over",
         {{"outcome", "term"}, {"ended_on", to_date(last)}});
  accept(kAmicale, "afis.closed", authorised_, "reports the end of the allowance",
         {{"closed_on", to_date(last)}});
  accept(kAmicale, "case.closed", authorised_, "closes the case", {{"reason", "psp_ended"}});
}

void ScriptBuilder::at_rest() {
  needs_time("a case is dormant after half a year without an act");
  const std::string holder = mission_locale(4);
  refuse("case-transition", holder, "referral.requested", at_rest_,
         "cannot send the person on: nobody has met her for half a year, and the case is dormant",
         referral(uuid(), kMouvement, "shelter", "consent"));
  accept(holder, "support.step_done", at_rest_, "meets the person again: support goes on",
         done(uuid(), "shelter"));
}

void ScriptBuilder::retention() {
  needs_time("what was disclosed is kept for two years");
  refuse("protection-minor-only", mission_locale(3), "protection.report_transmitted", minor_,
         "cannot report a minor in danger any more: two years on, the person is of age",
         {{"crip", "metropole"}, {"parents_informed", "yes"}});
  pass_days(5);
  refuse("case-transition", mission_locale(10), "case.reopened", forgotten_,
         "cannot reopen the case: the clock has erased it two years after it was closed", {});
}

void ScriptBuilder::three_years() {
  needs_time("an agrément lasts three years");
  const std::string amicale = "signatory/" + kAmicale;
  const json::object file{{"dossier_hash", log::document_hash("file of an association")}};
  const Day ends = rules::add_months(file_complete_, kAgrementMonths);
  pass_until(rules::add_days(ends, -120));
  accept(kAmicale, "accreditation.requested", amicale,
         "asks for its next agrément, four months before the present one ends", file);
  refuse("accreditation-transition", kAmicale, "accreditation.requested", amicale, "asks twice",
         file);
  pass_until(rules::add_days(ends, 2));
  refuse("accreditation-transition", kPrefecture, "accreditation.documents_requested", amicale,
         "asks for a document too late: after two months the file is deemed complete",
         {{"documents", json::array{"statuts"}}, {"notified_on", day()}});
  const std::string subject = supported_adult(kAmicale, "69123");
  accept(kAmicale, "case.consent_given", subject, "records her consent", consent("psp"));
  refuse("accreditation-missing", kAmicale, "psp.applied", subject,
         "cannot apply: its agrément has ended, and the next is not granted yet",
         {{"dossier_hash", log::document_hash("file of " + subject)}});
  pass_days(65);
  apply(subject, "applies for a parcours with the person, accredited by silence");
}

}  // namespace relais::replay
