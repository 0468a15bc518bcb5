// Internal to replay/generate: who does what and when, as lists of acts in order of time. Each plan
// is a function of the seed and its number alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/json.h"
#include "replay/story/actors.h"
#include "replay/workload/dice.h"

namespace relais::replay {

/// One act to come; the rest of its event follows from the plan (CloudEvents attributes).
struct PlannedAct {
  Timestamp time;
  std::size_t actor = 0;  ///< position in the cast
  std::string_view type;  ///< "case.detected"; a constant
  Uuid id;
  std::string data;     ///< JSON
  std::string subject;  ///< empty: that of the plan
};

struct Plan {
  std::string subject;
  std::vector<PlannedAct> acts;
};

/// What all plans share.
struct Setting {
  const Cast& cast;
  std::uint64_t seed = 0;
  Timestamp start;
  Timestamp end;  ///< what lies after it is left out
  /// The ledger's clock runs beside the workload, and what is sent is received at once. Without it
  /// nothing is planned that depends on the day of receipt: no parcours, and no act that counts on
  /// an expiry.
  bool clock = true;
  // Who may be given a part: positions in the cast.
  std::vector<std::size_t> missions{};
  std::vector<std::size_t> associations{};
  std::vector<std::size_t> commission{};  ///< préfecture, associations, member institutions
  std::vector<std::size_t> prefecture{};  ///< with the secretariat; at most one

  Setting(const Cast& cast, std::uint64_t seed, Timestamp start, Timestamp end, bool clock);
  const std::string& slug(std::size_t actor) const { return cast.all()[actor].slug; }
};

/// The life of case `number`, which arrives at `arrival`.
Plan plan_case(const Setting& setting, std::uint64_t number, Timestamp arrival);

/// What the partnership does beside its cases in its period `number` of kPeriodDays: capacities,
/// trainings, tools, sessions of the commission, agréments.
Plan plan_period(const Setting& setting, std::uint64_t number);
inline constexpr int kPeriodDays = 30;
Timestamp period_start(const Setting& setting, std::uint64_t number);

// Both kinds of plan know when the commission meets and when agréments are valid.

/// Office hours at which session `number` is held: every kSessionDays.
double session_hours(const Setting& setting, std::uint64_t number);
inline constexpr int kSessionDays = 60;
std::string session_name(std::uint64_t number);
/// The first session whose files can still be sent in at `hours`.
std::uint64_t session_after(const Setting& setting, double hours);
/// Whether the associations are accredited all day.
bool accredited_on(const Setting& setting, Day day);
/// Days between two agréments: three years, and some days to ask anew.
inline constexpr int kAgrementDays = 1'110;

/// Writes acts one after the other.
class PlanWriter {
 public:
  PlanWriter(const Setting& setting, std::uint64_t stream, double hours)
      : setting_(setting), dice_(setting.seed, stream), hours_(hours) {}

 protected:
  Timestamp now() const { return from_office_hours(hours_); }
  /// When an act after no pause takes place: two are never at once.
  Timestamp next_act() const { return from_office_hours(hours_ + kApart); }
  Day today() const;
  std::string day(int from_today = 0) const { return to_date(Day{today().value + from_today}); }
  Uuid new_id();
  std::string uuid() { return to_string(new_id()); }
  std::size_t pick(const std::vector<std::size_t>& from) { return from[dice_.below(from.size())]; }
  /// An act after a pause with this mean, in office hours. Past the end nothing happens any more.
  void act(std::size_t actor, std::string_view type, double mean_hours, const json::object& data,
           std::string subject = {});
  /// Not before this moment.
  void wait_until(double hours) {
    if (hours > hours_) hours_ = hours;
  }
  /// Not before a day, at some time of it.
  void wait_for(Day day);

  static constexpr double kApart = 1.0 / 60;  ///< hours

  const Setting& setting_;
  Dice dice_;
  double hours_;
  bool over_ = false;
  Plan plan_;
};

}  // namespace relais::replay
