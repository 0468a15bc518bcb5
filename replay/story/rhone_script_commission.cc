// The departmental commission: agréments, members, sessions, and the files of three adults, one
// authorised, one refused and authorised on appeal, one adjourned and refused for good.
#include "ledger/rules/calendar.h"
#include "replay/story/rhone_script.h"

namespace relais::replay {
namespace {

constexpr std::string_view kTransition = "accreditation-transition";
constexpr std::string_view kTooEarly = "renewal-too-early";

}  // namespace

void ScriptBuilder::accreditation() {
  const std::string amicale = "signatory/" + kAmicale;
  const std::string mouvement = "signatory/" + kMouvement;
  const json::object file{{"dossier_hash", log::document_hash("file of an association")}};
  const json::object complete{{"complete_on", day()}};
  const json::object granted{{"granted_on", day()}};
  refuse("accreditation-missing", kMouvement, "psp.applied", adult_,
         "cannot present a person before it is accredited",
         {{"dossier_hash", log::document_hash("a file")}})
      .expected.emplace_back("consent-missing");
  Step& asked = accept(kAmicale, "accreditation.requested", amicale, "asks for its agrément", file);
  asked.expected.emplace_back(kTransition);
  asked.expected.emplace_back(kTooEarly);
  refuse("emitter-forbidden", kAmicale, "accreditation.granted", amicale,
         "cannot grant it to itself", granted);
  accept(kPrefecture, "accreditation.documents_requested", amicale,
         "asks for the accounts, which the file lacks: it is not deemed complete meanwhile",
         {{"documents", json::array{"comptes annuels"}}, {"notified_on", day()}})
      .expected.emplace_back(kTransition);
  accept(kAmicale, "accreditation.documents_supplied", amicale, "sends them", file)
      .expected.emplace_back(kTransition);
  accept(kPrefecture, "accreditation.completed", amicale, "finds the file complete", complete)
      .expected.emplace_back(kTransition);
  refuse("accreditation-not-association", kPrefecture, "accreditation.completed",
         "signatory/" + mission_locale(1), "cannot accredit a mission locale", complete);
  accept(kPrefecture, "accreditation.granted", amicale, "grants it for three years", granted)
      .expected.emplace_back(kTransition);
  Step& also =
      accept(kMouvement, "accreditation.requested", mouvement, "asks for its agrément too", file);
  also.expected.emplace_back(kTransition);
  also.expected.emplace_back(kTooEarly);
  accept(kPrefecture, "accreditation.completed", mouvement,
         "finds the file complete: four months of silence from here on would grant it", complete)
      .expected.emplace_back(kTransition);
  file_complete_ = this_day();
  refuse("emitter-forbidden", kPrefecture, "accreditation.tacitly_granted", mouvement,
         "cannot say that silence has granted: only the clock can",
         {{"granted_on", day()}, {"cause", "accreditation_silence"}});

  const std::string newcomer = "signatory/" + newcomer_;
  accept(newcomer_, "accreditation.requested", newcomer, "asks as well, without experience", file)
      .key = "newcomer-2";
  json::object refusal{{"reason", "no_experience"},
                       {"reasons", "—"},
                       {"appeal_route", "contentious"},
                       {"notified_on", day()}};
  refuse("reasons-missing", kPrefecture, "accreditation.refused", newcomer,
         "cannot refuse without reasons", refusal);
  refusal["reasons"] = "Exemple : moins de trois ans d'expérience.";
  accept(kPrefecture, "accreditation.refused", newcomer,
         "refuses, with reasons and the way to appeal", std::move(refusal));
}

void ScriptBuilder::commission() {
  const std::string own = "signatory/" + kPrefecture;
  const std::pair<std::string, std::string_view> members[] = {
      {kPrefecture, "présidence"},
      {kMagistrate, "magistrat"},
      {kPolice, "police"},
      {kGendarmerie, "gendarmerie"},
      {kForeigners, "service des étrangers"},
      {kAmicale, "association"},
      {kMouvement, "association"}};
  for (const auto& [who, capacity] : members)
    accept(kPrefecture, "member.appointed", own, "appoints " + who + " to the commission",
           {{"institution", who}, {"capacity", capacity}});
  refuse("institution-cannot-sit", kPrefecture, "member.appointed", own,
         "cannot appoint a mission locale: the article does not name it",
         {{"institution", mission_locale(1)}, {"capacity", "mission locale"}});
}

void ScriptBuilder::apply(const std::string& subject, const std::string& what,
                          const std::string& applied_on) {
  json::object application{{"dossier_hash", log::document_hash("file of " + subject)},
                           {"identity", "Exemple : identité, pour la seule préfecture."}};
  if (!applied_on.empty()) application["applied_on"] = applied_on;
  accept(kAmicale, "psp.applied", subject, what, std::move(application));
}

void ScriptBuilder::applications() {
  authorised_ = supported_adult(kAmicale, "69266");
  refuse("consent-missing", kAmicale, "psp.applied", authorised_,
         "cannot show the person to the préfecture before she agrees",
         {{"dossier_hash", log::document_hash("a file")}});
  refuse("stream-unknown", kPrefecture, "psp.decided", authorised_,
         "knows nothing of a case without an application", decision("authorised"));
  accept(kAmicale, "case.consent_given", authorised_, "records her consent to an application",
         consent("psp"), kDayMs);
  refuse("member-unknown", kAmicale, "psp.applied", authorised_,
         "need not, and cannot, attest that prostitution has ceased",
         {{"dossier_hash", log::document_hash("a file")}, {"cessation_attested", true}})
      .signing = Signing::raw;
  refuse("member-unknown", kAmicale, "psp.applied", authorised_,
         "need not, and cannot, attest that a complaint was filed",
         {{"dossier_hash", log::document_hash("a file")}, {"complaint_filed", true}})
      .signing = Signing::raw;
  apply(authorised_, "applies for a parcours with the person");
  for (std::string* subject : {&refused_, &adjourned_}) {
    *subject = supported_adult(kAmicale, "69123");
    accept(kAmicale, "case.consent_given", *subject, "records her consent to an application",
           consent("psp"));
    apply(*subject, "applies for a parcours with the person");
  }
}

json::object ScriptBuilder::opinion(const std::string& session, std::string_view kind,
                                    int in_favour, int against, int abstained) const {
  return {{"session", session},
          {"opinion", kind},
          {"in_favour", in_favour},
          {"against", against},
          {"abstained", abstained}};
}

json::object ScriptBuilder::decision(std::string_view kind) const {
  return {{"decision", kind}, {"notified_on", day()}};
}

json::object ScriptBuilder::refusal(std::string_view kind, std::string_view route) const {
  return {{"decision", kind},
          {"reasons", "Exemple : motifs de fait et de droit."},
          {"appeal_route", route},
          {"notified_on", day()}};
}

void ScriptBuilder::session(const std::string& name, int held_on, json::array cases,
                            const std::string& what) {
  const json::array members{kPrefecture, kMagistrate, kPolice,   kGendarmerie,
                            kForeigners, kAmicale,    kMouvement};
  accept(kPrefecture, "session.convened", "session/" + name, what,
         {{"held_on", day(held_on)},
          {"members", members},
          {"quorum", 4},
          {"cases", std::move(cases)}});
  accept(kPrefecture, "session.held", "session/" + name, "sends the minutes to the members",
         {{"present", members}, {"minutes_hash", log::document_hash("minutes of " + name)}});
}

void ScriptBuilder::opinions() {
  const std::string name = "seance-1-" + tag_;
  const std::string subject = "session/" + name;
  const json::array members{kPrefecture, kMagistrate, kPolice,   kGendarmerie,
                            kForeigners, kAmicale,    kMouvement};
  json::object call{{"held_on", day()},
                    {"members", json::array{kPrefecture, mission_locale(1)}},
                    {"quorum", 4},
                    {"cases", json::array{id_of(authorised_), id_of(refused_), id_of(adjourned_)}}};
  refuse("member-not-appointed", kPrefecture, "session.convened", subject,
         "cannot call somebody who was not appointed", call);
  call["members"] = members;
  accept(kPrefecture, "session.convened", subject, "calls the commission on three files",
         std::move(call));
  accept(kPolice, "member.recused", subject, "knows the person of one file, and will not sit on it",
         {{"case_id", id_of(refused_)}, {"ground", "knows_person"}});
  refuse("recused-already", kPolice, "member.recused", subject, "says so twice",
         {{"case_id", id_of(refused_)}, {"ground", "knows_person"}});
  refuse("session-not-held", kPrefecture, "psp.opinion_given", authorised_,
         "cannot record an opinion before the session", opinion(name, "favourable", 5, 0, 1));
  const std::string minutes = log::document_hash("minutes of " + name);
  refuse("quorum-not-met", kPrefecture, "session.held", subject, "cannot hold it alone",
         {{"present", json::array{kPrefecture}}, {"minutes_hash", minutes}});
  accept(kPrefecture, "session.held", subject, "holds the session; the minutes go to the members",
         {{"present", members}, {"minutes_hash", minutes}}, 4 * kHourMs);
  refuse("tally", kPrefecture, "psp.opinion_given", authorised_,
         "counts seven votes: the association that presents the file has none",
         opinion(name, "favourable", 6, 0, 1));
  accept(kPrefecture, "psp.opinion_given", authorised_,
         "records a favourable opinion of six voters", opinion(name, "favourable", 5, 0, 1));
  refuse("tally", kPrefecture, "psp.opinion_given", refused_,
         "counts the vote of the member that stepped back", opinion(name, "unfavourable", 1, 5, 0));
  accept(kPrefecture, "psp.opinion_given", refused_,
         "records an unfavourable opinion of five voters", opinion(name, "unfavourable", 1, 4, 0));
  accept(kPrefecture, "psp.opinion_given", adjourned_, "records that the third file is adjourned",
         opinion(name, "adjourned", 0, 0, 6));
}

void ScriptBuilder::decisions() {
  refuse("emitter-forbidden", kAmicale, "psp.decided", authorised_, "cannot decide on its own file",
         decision("authorised"));
  accept(kPrefecture, "psp.decided", authorised_, "authorises the parcours", decision("authorised"),
         2 * kDayMs);

  refuse("disclosure-missing", kPrefecture, "psp.decided", refused_,
         "cannot refuse without reasons",
         {{"decision", "refused"}, {"appeal_route", "contentious"}, {"notified_on", day()}})
      .signing = Signing::raw;
  refuse("appeal-route-missing", kPrefecture, "psp.decided", refused_,
         "cannot refuse without saying how to appeal",
         {{"decision", "refused"}, {"reasons", "Exemple : motifs."}, {"notified_on", day()}});
  accept(kPrefecture, "psp.decided", refused_, "refuses, with reasons and the way to appeal",
         refusal("refused", "contentious"));
  accept(kAmicale, "psp.appeal_filed", refused_, "appeals to the administrative court",
         {{"route", "contentious"}, {"filed_on", day()}}, 10 * kDayMs);
  accept(kAmicale, "psp.appeal_judged", refused_, "reports the judgment: the refusal is replaced",
         {{"outcome", "decision_replaced"}, {"judged_on", day()}}, 20 * kDayMs);
  accept(kAmicale, "psp.started", refused_, "starts the parcours", {{"starts_on", day()}});

  const std::string name = "seance-2-" + tag_;
  session(name, 0, json::array{id_of(adjourned_)}, "calls the commission on the adjourned file");
  accept(kPrefecture, "psp.opinion_given", adjourned_, "records a reserved opinion",
         opinion(name, "reserved", 3, 3, 0));
  accept(kPrefecture, "psp.decided", adjourned_, "refuses, with reasons and the way to appeal",
         refusal("refused", "gracious"));
  refuse("psp-transition", kAmicale, "psp.started", adjourned_, "cannot start what was refused",
         {{"starts_on", day()}});
  accept(kAmicale, "psp.appeal_filed", adjourned_, "asks the préfet to think again",
         {{"route", "gracious"}, {"filed_on", day()}}, 5 * kDayMs);
  accept(kPrefecture, "psp.appeal_judged", adjourned_, "stands by the refusal, which is final",
         {{"outcome", "rejected"}, {"judged_on", day()}}, 10 * kDayMs);
}

}  // namespace relais::replay
