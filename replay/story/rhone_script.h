// Internal to the story: what its chapters share. The chapters stand in rhone_script_*.cc.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "replay/story/scenario.h"

namespace relais::replay {

inline constexpr std::int64_t kMinuteMs = 60'000;
inline constexpr std::int64_t kHourMs = 60 * kMinuteMs;
inline constexpr std::int64_t kDayMs = 24 * kHourMs;

// The parts of the story, by their short names in examples/conventions/rhone-2023.toml.
inline const std::string kPrefecture = "prefecture";
inline const std::string kUnion = "udml";
inline const std::string kAmicale = "amicale-du-nid-69";
inline const std::string kMouvement = "mouvement-du-nid-69";
inline const std::string kObservatory = "observatoire";
inline const std::string kMagistrate = "magistrat";
inline const std::string kPolice = "police";
inline const std::string kGendarmerie = "gendarmerie";
inline const std::string kForeigners = "service-des-etrangers";

inline std::string mission_locale(int n) {
  return "mission-locale-" + std::to_string(n);
}

class ScriptBuilder {
 public:
  ScriptBuilder(const Cast& cast, const log::Genesis& genesis, Timestamp start, Random& random,
                Time time);
  Script write();

 private:
  // rhone_script.cc: how a step is written.

  /// Adds a step; what is set on it afterwards tells it from the ordinary.
  Step& step(const std::string& actor, const std::string& type, const std::string& subject,
             std::string sentence, json::object data, std::string expected, std::int64_t wait_ms);
  Step& accept(const std::string& actor, const std::string& type, const std::string& subject,
               std::string sentence, json::object data, std::int64_t wait_ms = 10 * kMinuteMs) {
    return step(actor, type, subject, std::move(sentence), std::move(data), std::string(kAccepted),
                wait_ms);
  }
  Step& refuse(const std::string& rule, const std::string& actor, const std::string& type,
               const std::string& subject, std::string sentence, json::object data) {
    return step(actor, type, subject, std::move(sentence), std::move(data), rule, 10 * kMinuteMs);
  }
  /// The steps that follow are skipped where time stands still; empty: they are not.
  void needs_time(std::string reason) { needs_time_ = std::move(reason); }
  /// Time passes before the next step: so many days, or until ten in the morning of a day (no time
  /// at all when that is over).
  void pass_days(int days);
  void pass_until(Day day);

  Timestamp now() const { return Timestamp{start_.value + (passes_ ? elapsed_ms_ : 0)}; }
  Day this_day() const;
  std::string day(int from_today = 0) const { return to_date(Day{this_day().value + from_today}); }
  std::string source(const std::string& slug) const {
    return "urn:relais:" + cast_.convention() + ":" + slug;
  }
  std::string uuid() { return to_string(make_uuid7(now(), random_)); }
  std::string new_case() { return "case/" + uuid(); }
  static std::string id_of(const std::string& subject) { return subject.substr(5); }
  /// Position of the last act that was accepted on a stream of this story.
  std::uint32_t version(const std::string& subject) const { return versions_.at(subject); }

  // rhone_script.cc: payloads, and acts that come more than once.
  json::object new_key(const std::string& name, const std::string& owner, std::string label);
  std::string proof(const std::string& key, const std::string& owner, std::string_view about = {});
  std::string public_key(const std::string& key) const;
  json::object detection(std::string_view age_band, std::string_view channel,
                         std::string_view territory, std::string_view risk) const;
  static json::object assessment(std::string_view risk);
  static json::object referral(const std::string& id, const std::string& to, std::string_view need,
                               std::string_view basis);
  static json::object consent(std::string_view scope);
  static json::object done(const std::string& id, std::string_view need);
  /// An adult whose support has begun.
  std::string supported_adult(const std::string& by, std::string_view territory);

  // rhone_script_detection.cc: axis 1.
  void convention();
  void keys();
  void minor();
  void protection();
  void second_request();
  void closure();

  // rhone_script_adult.cc: axis 1 on an adult's case, mistakes, forgetting, bytes.
  void adult();
  void together();
  void transfer();
  void emergency();
  void mistakes();
  void forgetting();
  void bytes();

  // rhone_script_partnership.cc: axes 2 to 4, and governance.
  void knowledge();
  void competences();
  void networks();
  void admission();
  void amendment();
  void lost_key();
  void union_members();
  void departure();
  /// An act that takes several: proposed by the first, approved by the others.
  std::string decided(const std::string& act, const std::vector<std::string>& who,
                      json::object data, const std::string& sentence);
  void approve(const std::string& proposal, const std::string& who);

  // rhone_script_commission.cc: accreditations, sessions, entries into a parcours.
  void accreditation();
  void commission();
  void applications();
  void opinions();
  void decisions();
  /// `applied_on`: of a paper file; empty, today.
  void apply(const std::string& subject, const std::string& what,
             const std::string& applied_on = {});
  json::object opinion(const std::string& session, std::string_view kind, int in_favour,
                       int against, int abstained) const;
  json::object decision(std::string_view kind) const;
  json::object refusal(std::string_view kind, std::string_view route) const;
  void session(const std::string& name, int held_on, json::array cases, const std::string& what);

  // rhone_script_parcours.cc: a parcours, its rights, and what time brings.
  void rights();
  void taken_over();
  void silence();
  void tacit();
  void two_years();
  void at_rest();
  void renewed(int term, Day started);
  void retention();
  void three_years();

  const Cast& cast_;
  const log::Genesis& genesis_;
  const Timestamp start_;
  Random& random_;
  const bool passes_;
  Script script_;
  std::string chapter_;
  std::string needs_time_;
  std::int64_t elapsed_ms_ = 0;
  std::int64_t pending_ms_ = 0;  ///< passes before the next step
  std::map<std::string, std::uint32_t> versions_;

  const std::string tag_;       ///< of names that must be new in each story
  const std::string newcomer_;  ///< an association that joins, and leaves
  const std::string convention_subject_;
  std::string minor_;  ///< subjects of cases that come back
  std::size_t minor_detected_ = 0;
  std::string adult_;
  std::string at_rest_;
  std::string newcomer_case_;
  std::string forgotten_;
  std::string authorised_;  ///< files of the commission
  std::string refused_;
  std::string adjourned_;
  Day parcours_started_{0};
  Day file_complete_{0};
};

}  // namespace relais::replay
