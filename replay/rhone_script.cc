// The story itself. Nobody in it exists: cases are random ids, and the sensitive texts say nothing
// of a person.
#include <string>
#include <utility>

#include "ledger/crypto/jwk.h"
#include "ledger/statement/statement.h"
#include "replay/scenario.h"

namespace relais::replay {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;
constexpr std::int64_t kHourMs = 60 * kMinuteMs;
constexpr std::int64_t kDayMs = 24 * kHourMs;

// The parts of the story, by their short names in examples/conventions/rhone-2023.toml.
const std::string kPrefecture = "prefecture";
const std::string kAmicale = "amicale-du-nid-69";
const std::string kMouvement = "mouvement-du-nid-69";
const std::string kObservatory = "observatoire";

std::string mission_locale(int n) {
  return "mission-locale-" + std::to_string(n);
}

class Writer {
 public:
  Writer(const Cast& cast, const log::Genesis& genesis, Timestamp start, Random& random)
      : cast_(cast), genesis_(genesis), start_(start), random_(random) {}

  Script write() {
    convention();
    keys();
    minor();
    second_request();
    closure();
    adult();
    mistake();
    bytes();
    return std::move(script_);
  }

 private:
  /// Adds a step; what is set on it afterwards tells it from the ordinary.
  Step& step(const std::string& actor, const std::string& type, const std::string& subject,
             std::string sentence, json::object data, std::string expected,
             std::int64_t wait_ms = 10 * kMinuteMs) {
    Step& s = script_.steps.emplace_back();
    s.actor = actor;
    s.sentence = std::move(sentence);
    s.event = {{"source", source(actor)},
               {"type", "relais." + type + ".v1"},
               {"subject", subject},
               {"data", std::move(data)}};
    s.expected.push_back(std::move(expected));
    s.wait_ms = wait_ms;
    return s;
  }
  Step& accept(const std::string& actor, const std::string& type, const std::string& subject,
               std::string sentence, json::object data, std::int64_t wait_ms = 10 * kMinuteMs) {
    return step(actor, type, subject, std::move(sentence), std::move(data), std::string(kAccepted),
                wait_ms);
  }
  Step& refuse(const std::string& rule, const std::string& actor, const std::string& type,
               const std::string& subject, std::string sentence, json::object data) {
    return step(actor, type, subject, std::move(sentence), std::move(data), rule);
  }

  std::string source(const std::string& slug) const {
    return "urn:relais:" + cast_.convention() + ":" + slug;
  }
  std::string uuid() { return to_string(make_uuid7(start_, random_)); }
  std::string day(int days) const {
    return to_date(Day{static_cast<std::int32_t>(start_.value / kDayMs + days)});
  }

  void convention();
  void keys();
  void minor();
  void second_request();
  void closure();
  void adult();
  void mistake();
  void bytes();

  json::object new_key(const std::string& name, const std::string& owner, std::string label);
  json::object detection(std::string_view age_band, std::string_view channel,
                         std::string_view territory, std::string_view risk) const;
  json::object referral(const std::string& id, const std::string& to, std::string_view need,
                        std::string_view basis) const;

  const Cast& cast_;
  const log::Genesis& genesis_;
  const Timestamp start_;
  Random& random_;
  Script script_;
  std::string minor_;  ///< subject of the case of the minor
  std::size_t minor_detected_ = 0;
};

json::object Writer::new_key(const std::string& name, const std::string& owner, std::string label) {
  const auto key = script_.keys.emplace(name, crypto::SigningKey::generate(random_)).first->second;
  return {{"public_key", crypto::to_text(key.public_key())},
          {"label", std::move(label)},
          {"proof", statement::make_key_proof(key, source(owner), genesis_.origin)}};
}

json::object Writer::detection(std::string_view age_band, std::string_view channel,
                               std::string_view territory, std::string_view risk) const {
  return {{"channel", channel},
          {"age_band", age_band},
          {"territory", territory},
          {"risk", risk},
          {"indicators", json::array{"fugues répétées", "téléphone neuf inexpliqué"}},
          {"gender", "woman"},
          {"note", "Exemple : observations de l'entretien."}};
}

json::object Writer::referral(const std::string& id, const std::string& to, std::string_view need,
                              std::string_view basis) const {
  return {{"referral_id", id},
          {"to", to},
          {"need", need},
          {"urgency", "urgent"},
          {"legal_basis", basis},
          {"payload", "Exemple : ce que le destinataire doit savoir, et rien de plus."}};
}

void Writer::convention() {
  const std::string subject = "convention/" + genesis_.slug;
  const json::object hash{{"document_hash", log::document_hash(genesis_.convention_file)}};
  const std::string early = "case/" + uuid();
  refuse("convention-not-in-force", mission_locale(1), "case.detected", early,
         "detects a person before every founder has signed: the ledger is not open yet",
         detection("18_21", "interview", "69381", "low"))
      .expected.emplace_back(kAccepted);
  for (const Actor& actor : cast_.all())
    if (actor.founder())
      accept(actor.slug, "convention.signed", subject, "signs the convention", hash)
          .expected.emplace_back("convention-signed-already");
  refuse("convention-signed-already", kPrefecture, "convention.signed", subject,
         "signs a second time", hash);
  refuse("emitter-forbidden", kObservatory, "convention.signed", subject,
         "only reads, and cannot sign the convention", hash);
}

void Writer::keys() {
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
  refuse("key-revoked", kAmicale, "case.detected", "case/" + uuid(),
         "signs with the key that was replaced", training)
      .key = "night";
  json::object later = new_key("later", kAmicale, "poste mobile");
  later["valid_from"] = to_rfc3339(Timestamp{start_.value + 300 * kDayMs});
  accept(kAmicale, "key.enrolled", own, "enrols a key that is valid from a later day on",
         std::move(later));
  refuse("key-not-yet-valid", kAmicale, "case.detected", "case/" + uuid(),
         "signs with that key too early", training)
      .key = "later";
  const std::string lost =
      crypto::to_text(crypto::thumbprint(script_.keys.at("night-2").public_key()));
  accept(kAmicale, "key.revoked", own, "revokes the night team's key: the phone is lost",
         {{"kid", lost}, {"reason", "lost"}});
  refuse("key-revoked", kAmicale, "case.detected", "case/" + uuid(),
         "whoever found the phone tries to sign", training)
      .key = "night-2";
  script_.keys.emplace("stranger", crypto::SigningKey::generate(random_));
  refuse("key-unknown", kAmicale, "case.detected", "case/" + uuid(),
         "somebody signs with a key that nobody enrolled", training)
      .key = "stranger";
  refuse("source-not-of-key", mission_locale(2), "case.detected", "case/" + uuid(),
         "signs in the name of mission locale 1", training)
      .event["source"] = source(mission_locale(1));
}

void Writer::minor() {
  minor_ = "case/" + uuid();
  const std::string holder = mission_locale(3);
  const std::string first = uuid();
  minor_detected_ = script_.steps.size();
  accept(holder, "case.detected", minor_, "detects a minor of 16 or 17 in an interview",
         detection("16_17", "interview", "69387", "high"), kDayMs);
  refuse("emitter-forbidden", kPrefecture, "case.detected", "case/" + uuid(),
         "does not detect: that is for missions locales and associations",
         detection("18_21", "third_party", "69123", "low"));
  refuse("stream-exists", holder, "case.detected", minor_, "opens the same case twice",
         detection("16_17", "interview", "69387", "high"));
  refuse("stream-unknown", mission_locale(4), "case.risk_assessed", minor_,
         "has no part in the case, so for it the case does not exist",
         {{"risk", "high"}, {"grid_version", "2024-1"}});
  refuse("case-transition", holder, "referral.requested", minor_,
         "asks for help before the danger was assessed",
         referral(first, kAmicale, "shelter", "l226_2_2"));
  accept(holder, "case.risk_assessed", minor_, "assesses the danger with the grid: immediate",
         {{"risk", "immediate"},
          {"grid_version", "2024-1"},
          {"factors", json::array{"exemple de facteur"}}},
         kHourMs);
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
         "reports a step that another signatory planned",
         {{"step_id", shelter}, {"need", "shelter"}, {"result", "done"}});
  accept(kAmicale, "support.step_done", minor_, "the move took place",
         {{"step_id", shelter}, {"need", "shelter"}, {"result", "done"}}, kDayMs);
  refuse("not-holder", kAmicale, "case.closed", minor_, "cannot close a case that it does not hold",
         {{"reason", "goals_met"}});
  refuse("referral-open", holder, "case.closed", minor_, "closes while a referral is under way",
         {{"reason", "goals_met"}});
  accept(kAmicale, "referral.completed", minor_, "has given what was asked for",
         {{"referral_id", first}, {"outcome", "service_given"}}, 20 * kDayMs);
}

void Writer::second_request() {
  const std::string holder = mission_locale(3);
  const std::string second = uuid();
  const std::string third = uuid();
  const std::string form = log::document_hash("consent form, version 3");
  accept(holder, "case.consent_given", minor_,
         "records the minor's consent to a referral to the Mouvement du Nid",
         {{"scope", "referral"},
          {"recipients", json::array{kMouvement}},
          {"form_hash", form},
          {"expires_on", day(365)},
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
}

void Writer::closure() {
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
  accept(holder, "case.risk_assessed", minor_, "assesses anew: low",
         {{"risk", "low"}, {"grid_version", "2024-1"}});
}

void Writer::adult() {
  const std::string subject = "case/" + uuid();
  const std::string work = mission_locale(6);
  const std::string id = uuid();
  refuse("territory-not-of-convention", kAmicale, "case.detected", "case/" + uuid(),
         "meets a person outside the convention's territory",
         detection("22_25", "outreach", "75056", "medium"));
  accept(kAmicale, "case.detected", subject, "meets an adult on an outreach round",
         detection("22_25", "outreach", "69266", "medium"), kDayMs);
  accept(kAmicale, "case.risk_assessed", subject, "assesses the danger: medium",
         {{"risk", "medium"}, {"grid_version", "2024-1"}}, kDayMs);
  refuse("legal-basis-not-minor", kAmicale, "referral.requested", subject,
         "invokes the protection of minors for an adult",
         referral(id, work, "trouver-un-emploi--repondre-a-des-offres-demploi", "l226_2_2"));
  accept(kAmicale, "case.consent_given", subject, "records a consent for every signatory",
         {{"scope", "referral"}, {"form_hash", log::document_hash("consent form, version 3")}});
  refuse("referral-to-self", kAmicale, "referral.requested", subject, "sends a request to itself",
         referral(id, kAmicale, "sante--addictions", "consent"));
  refuse("addressee-cannot-receive", kAmicale, "referral.requested", subject,
         "sends a request to the préfecture, which supports nobody itself",
         referral(id, kPrefecture, "residence_permit", "consent"));
  accept(kAmicale, "referral.requested", subject, "asks mission locale 6 for help towards a job",
         referral(id, work, "trouver-un-emploi--repondre-a-des-offres-demploi", "consent"));
  accept(work, "referral.received", subject, "has the request before it", {{"referral_id", id}},
         kDayMs);
  accept(work, "referral.accepted", subject, "accepts", {{"referral_id", id}}, kDayMs);
  accept(work, "referral.completed", subject, "waited in vain: the person did not come",
         {{"referral_id", id}, {"outcome", "did_not_come"}}, 14 * kDayMs);
  refuse("stream-moved", kAmicale, "support.step_done", subject,
         "writes on what the case was when it was opened",
         {{"step_id", uuid()}, {"need", "sante--acces-aux-soins"}, {"result", "done"}})
      .if_match = 1;
  accept(kAmicale, "support.step_done", subject, "goes with the person to a health centre",
         {{"step_id", uuid()}, {"need", "sante--acces-aux-soins"}, {"result", "handed_on"}});
}

void Writer::mistake() {
  const std::string subject = "case/" + uuid();
  const std::string author = mission_locale(7);
  accept(author, "case.detected", subject, "detects a person who is followed already",
         detection("18_21", "third_party", "69264", "low"), kDayMs);
  accept(author, "case.dismissed", subject, "finds the duplicate and dismisses the detection",
         {{"reason", "duplicate"}}, kDayMs);
  refuse("case-transition", author, "case.risk_assessed", subject, "assesses a dismissed case",
         {{"risk", "low"}, {"grid_version", "2024-1"}});
}

void Writer::bytes() {
  const std::string holder = mission_locale(3);
  Step& again = accept(holder, "case.detected", minor_,
                       "sends its first statement once more: the first receipt comes back", {});
  again.signing = Signing::repeated;
  again.repeats = minor_detected_;
  const std::string id = uuid();
  const json::object assessed{{"risk", "low"}, {"grid_version", "2024-1"}};
  accept(holder, "case.risk_assessed", minor_, "assesses once more", assessed).event["id"] = id;
  refuse("id-reused", holder, "case.risk_assessed", minor_, "uses that id for other bytes",
         {{"risk", "medium"}, {"grid_version", "2024-1"}})
      .event["id"] = id;
  refuse("sensitive-in-clear", holder, "case.detected", "case/" + uuid(),
         "would put a note about a person in clear into the log",
         detection("16_17", "interview", "69387", "high"))
      .signing = Signing::raw;
  refuse("signature-invalid", holder, "case.risk_assessed", minor_,
         "the statement was altered on its way", assessed)
      .signing = Signing::altered;
}

}  // namespace

Script rhone_script(const Cast& cast, const log::Genesis& genesis, Timestamp start,
                    Random& random) {
  return Writer(cast, genesis, start, random).write();
}

}  // namespace relais::replay
