#include "replay/case_plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string_view>
#include <utility>

#include "ledger/base/clock.h"
#include "ledger/base/json.h"

namespace relais::replay {
namespace {

constexpr double kMsAnHour = 3'600'000;
constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::int64_t kOpensMs = 8 * 3'600'000 + 30 * 60'000;
constexpr int kWeekdays = 5;
constexpr std::int64_t kFirstMondayDay = 4;  // 1970-01-05

// Proportions: ours, after the orders of magnitude of DOMAIN.md, section 4 (about half minors).
constexpr double kByMissionLocale = 0.65;
constexpr double kDismissed = 0.07;
constexpr double kConsents = 0.8;
constexpr double kHasReferral = 0.75;
constexpr double kSecondReferral = 0.3;
constexpr double kReasked = 0.5;  // of the declined
constexpr double kHeld = 0.25;
constexpr double kWithdrawn = 0.05;
constexpr double kClosed = 0.6;
constexpr double kReopened = 0.12;
constexpr double kNeverCompleted = 0.15;

constexpr std::string_view kTerritories[] = {"69123", "69381", "69387", "69388",     "69266",
                                             "69256", "69259", "69029", "69199",     "69282",
                                             "69264", "69091", "69243", "metropole", "rhone"};
constexpr std::string_view kNeeds[] = {"shelter",
                                       "psychotrauma",
                                       "sexual_health",
                                       "complaint",
                                       "residence_permit",
                                       "sante--acces-aux-soins",
                                       "sante--addictions",
                                       "sante--sante-mentale",
                                       "se-former--trouver-sa-formation",
                                       "trouver-un-emploi--repondre-a-des-offres-demploi",
                                       "remobilisation--bien-etre-confiance-en-soi",
                                       "remobilisation--lien-social",
                                       "difficultes-financieres--acquerir-une-autonomie-budgetaire",
                                       "logement-hebergement--louer-un-logement"};
constexpr std::string_view kDeclines[] = {"no_capacity",    "not_our_territory",
                                          "not_our_public", "already_followed",
                                          "person_refuses", "information_missing"};
constexpr std::string_view kIndicators[] = {
    "fugues",           "argent sans origine connue", "emprise d'un tiers",
    "rupture scolaire", "annonces en ligne",          "violences subies"};

template <std::size_t N>
std::string_view one_of(Dice& dice, const std::string_view (&values)[N]) {
  return values[dice.below(N)];
}

/// Follows one case through time. Each act comes after the one before, so that what a rule asks for
/// has always happened already.
class CasePlan {
 public:
  CasePlan(const Cast& cast, const Parts& parts, std::uint64_t seed, std::uint64_t number,
           Timestamp arrival, Timestamp end)
      : cast_(cast),
        parts_(parts),
        dice_(seed, number),
        number_(number),
        hours_(to_office_hours(arrival)),
        end_(end) {}

  std::vector<PlannedEvent> write() {
    by_mission_ = dice_.chance(kByMissionLocale);
    holder_ = pick(by_mission_ ? parts_.missions : parts_.associations);
    detect();
    if (dice_.chance(kDismissed)) {
      static constexpr std::string_view kReasons[] = {"not_concerned", "duplicate",
                                                      "entered_by_mistake"};
      act(holder_, "case.dismissed", 4, {{"reason", one_of(dice_, kReasons)}});
      return std::move(events_);
    }
    assess(minor_ ? 2 : 20);
    if (dice_.chance(kConsents)) give_consent();
    live(true);
    return std::move(events_);
  }

 private:
  std::size_t pick(const std::vector<std::size_t>& from) { return from[dice_.below(from.size())]; }
  Timestamp now() const { return from_office_hours(hours_); }
  std::string uuid() {
    const auto ms = static_cast<std::uint64_t>(now().value);
    const std::uint64_t random = dice_.next();
    return to_string(
        Uuid{ms << 16 | 0x7000 | (random & 0xfff), 0x8000'0000'0000'0000ULL | (dice_.next() >> 2)});
  }

  /// An act after an exponential pause with this mean, in office hours.
  void act(std::size_t actor, std::string_view type, double mean_hours, json::object data) {
    hours_ += dice_.exponential(mean_hours) + 1.0 / 60;
    if (now() >= end_) {
      over_ = true;
      return;
    }
    if (subject_.empty()) subject_ = "case/" + uuid();
    const json::object event{{"id", uuid()},
                             {"source", cast_.all()[actor].source},
                             {"type", "relais." + std::string(type) + ".v1"},
                             {"subject", subject_},
                             {"time", to_rfc3339(now())},
                             {"data", std::move(data)}};
    events_.push_back({now(), number_, events_.size(), actor, json::serialize(event)});
  }

  void detect() {
    static constexpr std::string_view kBands[] = {"under_13", "13_15", "16_17",
                                                  "18_21",    "22_25", "26_plus"};
    static constexpr std::string_view kChannels[] = {
        "interview", "outreach", "online_outreach", "third_party", "helpline_119", "disclosure"};
    static constexpr std::string_view kGenders[] = {"woman",     "man",        "trans_woman",
                                                    "trans_man", "non_binary", "not_known"};
    // Missions locales serve people of 16 to 25.
    const std::size_t band = by_mission_ ? dice_.weighted({0, 0, 0.55, 0.3, 0.15, 0})
                                         : dice_.weighted({0.02, 0.2, 0.23, 0.2, 0.15, 0.2});
    minor_ = band <= 2;
    json::array indicators;
    for (std::size_t n = 1 + dice_.below(3); n > 0; --n)
      indicators.emplace_back(one_of(dice_, kIndicators));
    const std::size_t channel = by_mission_ ? dice_.weighted({0.6, 0.02, 0.03, 0.2, 0.05, 0.1})
                                            : dice_.weighted({0.2, 0.4, 0.2, 0.1, 0.05, 0.05});
    static constexpr std::string_view kRisks[] = {"low", "medium", "high", "immediate"};
    act(holder_, "case.detected", 0,
        {{"channel", kChannels[channel]},
         {"age_band", kBands[band]},
         {"territory", one_of(dice_, kTerritories)},
         {"risk", kRisks[dice_.weighted({0.2, 0.45, 0.27, 0.08})]},
         {"indicators", std::move(indicators)},
         {"gender", kGenders[dice_.weighted({0.8, 0.1, 0.05, 0.01, 0.01, 0.03})]},
         {"note", "Observation " + std::to_string(dice_.below(1'000'000)) + " (exemple)"}});
  }

  void assess(double mean_hours) {
    static constexpr std::string_view kRisks[] = {"low", "medium", "high", "immediate"};
    act(holder_, "case.risk_assessed", mean_hours,
        {{"risk", kRisks[dice_.weighted({0.25, 0.45, 0.25, 0.05})]},
         {"grid_version", "2024-1"},
         {"factors", json::array{one_of(dice_, kIndicators)}}});
  }

  void give_consent() {
    act(holder_, "case.consent_given", 8,
        {{"scope", "referral"},
         {"form_hash", "KPXAYIPJg2HiTAaxqg7XwFbYCkIwTYvgR3WzvzNjRAU"},
         {"given_by", "personne (exemple)"}});
    consent_ = true;
  }

  /// Support from an assessed case on; `first` is false once it was reopened.
  void live(bool first) {
    if (dice_.chance(kHasReferral)) refer(1);
    if (!over_ && dice_.chance(kSecondReferral)) refer(1);
    steps(holder_, 1 + dice_.below(first ? 5 : 3));
    if (consent_ && dice_.chance(kWithdrawn)) {
      act(holder_, "case.consent_withdrawn", 60, {{"scope", "referral"}});
      consent_ = false;
    }
    if (dice_.chance(0.4)) assess(20 * kOfficeHoursADay);
    if (over_ || open_referrals_ > 0 || !dice_.chance(kClosed)) return;
    static constexpr std::string_view kReasons[] = {"goals_met", "person_refuses", "lost_contact",
                                                    "moved"};
    act(holder_, "case.closed", 25 * kOfficeHoursADay,
        {{"reason", kReasons[dice_.weighted({0.5, 0.2, 0.2, 0.1})]}});
    if (!over_ && first && dice_.chance(kReopened)) {
      act(holder_, "case.reopened", 40 * kOfficeHoursADay, {{"note", "retour (exemple)"}});
      assess(10);
      live(false);
    }
  }

  /// A request and what comes of it. `depth`: how often a declined one was asked elsewhere.
  void refer(int depth) {
    if (!consent_ && !minor_) return;
    std::size_t to = holder_;
    while (to == holder_) to = pick(dice_.chance(0.6) ? parts_.associations : parts_.missions);
    static constexpr std::string_view kUrgencies[] = {"routine", "urgent", "immediate"};
    const std::string id = uuid();
    const std::string_view need = one_of(dice_, kNeeds);
    act(holder_, "referral.requested", 12,
        {{"referral_id", id},
         {"to", cast_.all()[to].slug},
         {"need", need},
         {"urgency", kUrgencies[dice_.weighted({0.6, 0.32, 0.08})]},
         {"legal_basis", consent_ ? "consent" : "l226_2_2"},
         {"payload", "situation et demande (exemple)"}});
    ++open_referrals_;
    // Accepted 60 %, declined 20 %, silent 12 %, taken back 8 %.
    const std::size_t end = dice_.weighted({0.6, 0.2, 0.12, 0.08});
    if (end == 2) return silent(id);
    const json::object named{{"referral_id", id}};
    act(to, "referral.received", 9, named);
    if (dice_.chance(kHeld)) act(to, "referral.held", 10, named);
    if (end == 3) {
      act(holder_, "referral.cancelled", 25, named);
      --open_referrals_;
    } else if (end == 1) {
      decline(to, id, depth);
    } else {
      act(to, "referral.accepted", 30, named);
      serve(to, id, need);
    }
  }

  void silent(const std::string& id) {
    if (dice_.chance(0.4)) return;  // nobody ever reacts
    act(holder_, "referral.cancelled", 25 * kOfficeHoursADay, {{"referral_id", id}});
    --open_referrals_;
  }

  void decline(std::size_t to, const std::string& id, int depth) {
    json::object data{{"referral_id", id}, {"decline_reason", one_of(dice_, kDeclines)}};
    if (dice_.chance(0.5)) data["alternative"] = cast_.all()[pick(parts_.associations)].slug;
    act(to, "referral.declined", 40, std::move(data));
    --open_referrals_;
    if (!over_ && depth < 3 && dice_.chance(kReasked)) refer(depth + 1);
  }

  void serve(std::size_t to, const std::string& id, std::string_view need) {
    const std::string step = uuid();
    act(to, "support.step_planned", 15, {{"step_id", step}, {"need", need}});
    const std::size_t outcome = dice_.weighted({0.5, 0.15, 0.25, 0.1});
    if (outcome == 1) {
      act(to, "support.step_missed", 40, {{"step_id", step}, {"reason", "did_not_come"}});
    } else {
      act(to, "support.step_done", 40, {{"step_id", step}, {"need", need}, {"result", "done"}});
    }
    if (dice_.chance(kNeverCompleted)) return;  // never reported as completed
    static constexpr std::string_view kOutcomes[] = {"attended", "did_not_come", "service_given",
                                                     "partial"};
    act(to, "referral.completed", 80, {{"referral_id", id}, {"outcome", kOutcomes[outcome]}});
    --open_referrals_;
  }

  void steps(std::size_t by, std::size_t count) {
    for (; count > 0 && !over_; --count) {
      const std::string step = uuid();
      const std::string_view need = one_of(dice_, kNeeds);
      act(by, "support.step_planned", 50, {{"step_id", step}, {"need", need}});
      static constexpr std::string_view kMissed[] = {"did_not_come", "postponed",
                                                     "service_unavailable", "unreachable"};
      static constexpr std::string_view kResults[] = {"done", "partly_done", "handed_on"};
      if (dice_.chance(0.75)) {
        act(by, "support.step_done", 30,
            {{"step_id", step},
             {"need", need},
             {"result", one_of(dice_, kResults)},
             {"detail", "compte rendu (exemple)"}});
      } else if (dice_.chance(0.8)) {
        act(by, "support.step_missed", 30, {{"step_id", step}, {"reason", one_of(dice_, kMissed)}});
      }
    }
  }

  const Cast& cast_;
  const Parts& parts_;
  Dice dice_;
  std::uint64_t number_;
  double hours_;
  Timestamp end_;
  std::string subject_;
  std::vector<PlannedEvent> events_;
  std::size_t holder_ = 0;
  bool by_mission_ = false;
  bool minor_ = false;
  bool consent_ = false;
  bool over_ = false;  // past the end: nothing more happens
  int open_referrals_ = 0;
};

}  // namespace

Dice::Dice(std::uint64_t seed, std::uint64_t stream)
    : state_(seed * 0x9e37'79b9'7f4a'7c15ULL ^ stream * 0xd1b5'4a32'd192'ed03ULL) {
  next();
}

std::uint64_t Dice::next() {
  std::uint64_t z = state_ += 0x9e37'79b9'7f4a'7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11ebULL;
  return z ^ (z >> 31);
}

double Dice::unit() {
  return static_cast<double>(next() >> 11) * 0x1p-53;
}

std::size_t Dice::below(std::size_t n) {
  return static_cast<std::size_t>(next() % n);
}

double Dice::exponential(double mean) {
  return -std::log1p(-unit()) * mean;
}

std::size_t Dice::weighted(const std::vector<double>& weights) {
  double left = unit() * std::accumulate(weights.begin(), weights.end(), 0.0);
  for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
    if (left < weights[i]) return i;
    left -= weights[i];
  }
  return weights.size() - 1;
}

Timestamp from_office_hours(double hours) {
  const auto day = static_cast<std::int64_t>(hours / kOfficeHoursADay);
  const double in_day = hours - static_cast<double>(day) * kOfficeHoursADay;
  const std::int64_t calendar = kFirstMondayDay + day / kWeekdays * 7 + day % kWeekdays;
  return Timestamp{calendar * kDayMs + kOpensMs + static_cast<std::int64_t>(in_day * kMsAnHour)};
}

double to_office_hours(Timestamp t) {
  const std::int64_t since = t.value - kFirstMondayDay * kDayMs;
  const std::int64_t day = since / kDayMs;
  const std::int64_t weekday = day % 7;
  const std::int64_t working_days =
      day / 7 * kWeekdays + std::min<std::int64_t>(weekday, kWeekdays);
  const auto days = static_cast<double>(working_days);
  if (weekday >= kWeekdays) return days * kOfficeHoursADay;
  const double in_day = static_cast<double>(since % kDayMs - kOpensMs) / kMsAnHour;
  return days * kOfficeHoursADay + std::min(std::max(in_day, 0.0), kOfficeHoursADay);
}

std::vector<PlannedEvent> plan_case(const Cast& cast, const Parts& parts, std::uint64_t seed,
                                    std::uint64_t number, Timestamp arrival, Timestamp end) {
  return CasePlan(cast, parts, seed, number, arrival, end).write();
}

}  // namespace relais::replay
