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

ScriptBuilder::ScriptBuilder(const Cast& cast, const log::Genesis& genesis, Timestamp start,
                             Random& random, Time time)
    : cast_(cast),
      genesis_(genesis),
      start_(start),
      random_(random),
      passes_(time == Time::passes),
      tag_(new_tag(start, random)),
      newcomer_("association-" + tag_),
      convention_subject_("convention/" + genesis.slug) {}

Script ScriptBuilder::write() {
  struct Chapter {
    std::string_view title;
    void (ScriptBuilder::*tell)();
  };
  // The titles are those of docs/SCENARIO.md.
  static constexpr Chapter kChapters[] = {
      {"The convention comes into force", &ScriptBuilder::convention},
      {"Keys come and go", &ScriptBuilder::keys},
      {"What the partners know", &ScriptBuilder::knowledge},
      {"What the partners can do", &ScriptBuilder::competences},
      {"Whom the partners know", &ScriptBuilder::networks},
      {"A minor in danger", &ScriptBuilder::minor},
      {"A minor in danger", &ScriptBuilder::protection},
      {"A second request", &ScriptBuilder::second_request},
      {"The end of support, and a return", &ScriptBuilder::closure},
      {"An adult on an outreach round", &ScriptBuilder::adult},
      {"Several partners on one case", &ScriptBuilder::together},
      {"A case changes hands", &ScriptBuilder::transfer},
      {"In immediate danger", &ScriptBuilder::emergency},
      {"Mistakes, put right in the open", &ScriptBuilder::mistakes},
      {"The right to be forgotten", &ScriptBuilder::forgetting},
      {"Bytes that must not pass", &ScriptBuilder::bytes},
      {"A new partner joins", &ScriptBuilder::admission},
      {"The convention is amended", &ScriptBuilder::amendment},
      {"A partner loses its key", &ScriptBuilder::lost_key},
      {"A mission locale joins and leaves", &ScriptBuilder::union_members},
      {"The agrément", &ScriptBuilder::accreditation},
      {"The commission", &ScriptBuilder::commission},
      {"The commission", &ScriptBuilder::applications},
      {"The commission", &ScriptBuilder::opinions},
      {"The préfet decides", &ScriptBuilder::decisions},
      {"A parcours and its rights", &ScriptBuilder::rights},
      {"A parcours that began on paper", &ScriptBuilder::taken_over},
      {"A partner leaves", &ScriptBuilder::departure},
      {"Thirty days of silence", &ScriptBuilder::silence},
      {"Four months of silence", &ScriptBuilder::tacit},
      {"Twenty-four months", &ScriptBuilder::two_years},
      {"Half a year without news", &ScriptBuilder::at_rest},
      {"Two years after", &ScriptBuilder::retention},
      {"Three years after", &ScriptBuilder::three_years},
  };
  for (const Chapter& c : kChapters) {
    chapter_ = c.title;
    needs_time({});
    (this->*c.tell)();
  }
  return std::move(script_);
}

Step& ScriptBuilder::step(const std::string& actor, const std::string& type,
                          const std::string& subject, std::string sentence, json::object data,
                          std::string expected, std::int64_t wait_ms) {
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

void ScriptBuilder::pass_days(int days) {
  pending_ms_ += days * kDayMs;
  elapsed_ms_ += days * kDayMs;
}

void ScriptBuilder::pass_until(Day day) {
  if (!passes_) return;
  const std::int64_t left = rules::start_of(day).value + 10 * kHourMs - now().value;
  pending_ms_ += std::max<std::int64_t>(0, left);
  elapsed_ms_ += std::max<std::int64_t>(0, left);
}

Day ScriptBuilder::this_day() const {
  return rules::legal_day(now());
}

json::object ScriptBuilder::new_key(const std::string& name, const std::string& owner,
                                    std::string label) {
  script_.keys.emplace(name, crypto::SigningKey::generate(random_));
  return {
      {"public_key", public_key(name)}, {"label", std::move(label)}, {"proof", proof(name, owner)}};
}

std::string ScriptBuilder::public_key(const std::string& key) const {
  return crypto::to_text(script_.keys.at(key).public_key());
}

/// `about` tells a proof for another purpose from one of enrolment.
std::string ScriptBuilder::proof(const std::string& key, const std::string& owner,
                                 std::string_view about) {
  return statement::make_key_proof(script_.keys.at(key), source(owner),
                                   genesis_.origin + std::string(about));
}

json::object ScriptBuilder::detection(std::string_view age_band, std::string_view channel,
                                      std::string_view territory, std::string_view risk) const {
  return {{"channel", channel},
          {"age_band", age_band},
          {"territory", territory},
          {"risk", risk},
          {"indicators", json::array{"fugues répétées", "téléphone neuf inexpliqué"}},
          {"gender", "woman"},
          {"note", "Exemple : observations de l'entretien."}};
}

json::object ScriptBuilder::assessment(std::string_view risk) {
  return {
      {"risk", risk}, {"grid_version", "2024-1"}, {"factors", json::array{"exemple de facteur"}}};
}

json::object ScriptBuilder::referral(const std::string& id, const std::string& to,
                                     std::string_view need, std::string_view basis) {
  return {{"referral_id", id},
          {"to", to},
          {"need", need},
          {"urgency", "urgent"},
          {"legal_basis", basis},
          {"payload", "Exemple : ce que le destinataire doit savoir, et rien de plus."}};
}

json::object ScriptBuilder::consent(std::string_view scope) {
  return {{"scope", scope},
          {"form_hash", log::document_hash("consent form, version 3")},
          {"given_by", "Exemple : la personne."}};
}

json::object ScriptBuilder::done(const std::string& id, std::string_view need) {
  return {{"step_id", id}, {"need", need}, {"result", "done"}};
}

std::string ScriptBuilder::supported_adult(const std::string& by, std::string_view territory) {
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
  return ScriptBuilder(cast, genesis, start, random, time).write();
}

}  // namespace relais::replay
