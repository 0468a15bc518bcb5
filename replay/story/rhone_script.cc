// The story: its chapters in order, and how a step is written. Nobody in it exists: cases are
// random ids, and the sensitive texts say nothing of a person.
#include "replay/story/rhone_script.h"

#include <algorithm>
#include <utility>

#include "ledger/crypto/jwk.h"
#include "ledger/rules/calendar.h"
#include "ledger/statement/statement.h"

namespace relais::replay {
namespace {

/// The random part of a UUID: enough for a name that is new.
std::string new_tag(Timestamp at, Random& random) {
  return to_string(make_uuid7(at, random)).substr(24);
}

}  // namespace

Writer::Writer(const Cast& cast, const log::Genesis& genesis, Timestamp start, Random& random,
               Time time)
    : cast_(cast),
      genesis_(genesis),
      start_(start),
      random_(random),
      passes_(time == Time::passes),
      tag_(new_tag(start, random)),
      newcomer_("association-" + tag_),
      convention_subject_("convention/" + genesis.slug) {}

Script Writer::write() {
  struct Chapter {
    std::string_view title;
    void (Writer::*tell)();
  };
  // The titles are those of docs/SCENARIO.md.
  static constexpr Chapter kChapters[] = {
      {"The convention comes into force", &Writer::convention},
      {"Keys come and go", &Writer::keys},
      {"What the partners know", &Writer::knowledge},
      {"What the partners can do", &Writer::competences},
      {"Whom the partners know", &Writer::networks},
      {"A minor in danger", &Writer::minor},
      {"A minor in danger", &Writer::protection},
      {"A second request", &Writer::second_request},
      {"The end of support, and a return", &Writer::closure},
      {"An adult on an outreach round", &Writer::adult},
      {"Several partners on one case", &Writer::together},
      {"A case changes hands", &Writer::transfer},
      {"Mistakes, put right in the open", &Writer::mistakes},
      {"The right to be forgotten", &Writer::forgetting},
      {"Bytes that must not pass", &Writer::bytes},
      {"A new partner joins", &Writer::admission},
      {"The convention is amended", &Writer::amendment},
      {"A partner loses its key", &Writer::lost_key},
      {"A mission locale joins and leaves", &Writer::union_members},
      {"The agrément", &Writer::accreditation},
      {"The commission", &Writer::commission},
      {"The commission", &Writer::applications},
      {"The commission", &Writer::opinions},
      {"The préfet decides", &Writer::decisions},
      {"A parcours and its rights", &Writer::rights},
      {"A parcours that began on paper", &Writer::taken_over},
      {"A partner leaves", &Writer::departure},
      {"Thirty days of silence", &Writer::silence},
      {"Four months of silence", &Writer::tacit},
      {"Twenty-four months", &Writer::two_years},
      {"Half a year without news", &Writer::at_rest},
      {"Two years after", &Writer::retention},
      {"Three years after", &Writer::three_years},
  };
  for (const Chapter& c : kChapters) {
    chapter_ = c.title;
    needs_time({});
    (this->*c.tell)();
  }
  return std::move(script_);
}

Step& Writer::step(const std::string& actor, const std::string& type, const std::string& subject,
                   std::string sentence, json::object data, std::string expected,
                   std::int64_t wait_ms) {
  Step& s = script_.steps.emplace_back();
  s.chapter = chapter_;
  s.actor = actor;
  s.sentence = std::move(sentence);
  s.event = {{"source", source(actor)},
             {"type", "relais." + type + ".v1"},
             {"subject", subject},
             {"data", std::move(data)}};
  s.needs_time = needs_time_;
  if (expected == kAccepted && (passes_ || needs_time_.empty())) ++versions_[subject];
  s.expected.push_back(std::move(expected));
  s.wait_ms = wait_ms + std::exchange(pending_ms_, 0);
  elapsed_ms_ += wait_ms;
  return s;
}

void Writer::pass_days(int days) {
  pending_ms_ += days * kDayMs;
  elapsed_ms_ += days * kDayMs;
}

void Writer::pass_until(Day day) {
  if (!passes_) return;
  const std::int64_t left = rules::start_of(day).value + 10 * kHourMs - now().value;
  pending_ms_ += std::max<std::int64_t>(0, left);
  elapsed_ms_ += std::max<std::int64_t>(0, left);
}

Day Writer::this_day() const {
  return rules::legal_day(now());
}

json::object Writer::new_key(const std::string& name, const std::string& owner, std::string label) {
  script_.keys.emplace(name, crypto::SigningKey::generate(random_));
  return {
      {"public_key", public_key(name)}, {"label", std::move(label)}, {"proof", proof(name, owner)}};
}

std::string Writer::public_key(const std::string& key) const {
  return crypto::to_text(script_.keys.at(key).public_key());
}

/// `about` tells a proof for another purpose from one of enrolment.
std::string Writer::proof(const std::string& key, const std::string& owner,
                          std::string_view about) {
  return statement::make_key_proof(script_.keys.at(key), source(owner),
                                   genesis_.origin + std::string(about));
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

json::object Writer::assessment(std::string_view risk) {
  return {
      {"risk", risk}, {"grid_version", "2024-1"}, {"factors", json::array{"exemple de facteur"}}};
}

json::object Writer::referral(const std::string& id, const std::string& to, std::string_view need,
                              std::string_view basis) {
  return {{"referral_id", id},
          {"to", to},
          {"need", need},
          {"urgency", "urgent"},
          {"legal_basis", basis},
          {"payload", "Exemple : ce que le destinataire doit savoir, et rien de plus."}};
}

json::object Writer::consent(std::string_view scope) {
  return {{"scope", scope},
          {"form_hash", log::document_hash("consent form, version 3")},
          {"given_by", "Exemple : la personne."}};
}

json::object Writer::done(const std::string& id, std::string_view need) {
  return {{"step_id", id}, {"need", need}, {"result", "done"}};
}

std::string Writer::supported_adult(const std::string& by, std::string_view territory) {
  std::string subject = new_case();
  accept(by, "case.detected", subject, "meets an adult who asks for help",
         detection("22_25", "outreach", territory, "medium"));
  accept(by, "case.risk_assessed", subject, "assesses the danger: medium", assessment("medium"));
  accept(by, "support.step_planned", subject, "plans a first interview",
         {{"step_id", uuid()}, {"need", "psychotrauma"}, {"planned_on", day(2)}});
  return subject;
}

Script rhone_script(const Cast& cast, const log::Genesis& genesis, Timestamp start, Random& random,
                    Time time) {
  return Writer(cast, genesis, start, random, time).write();
}

}  // namespace relais::replay
