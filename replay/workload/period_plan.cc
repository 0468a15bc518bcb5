// What the partnership does beside its cases, and what both kinds of plan share.
#include <algorithm>
#include <utility>

#include "ledger/base/json.h"
#include "ledger/rules/calendar.h"
#include "replay/workload/case_plan.h"
#include "replay/workload/plan_words.h"

namespace relais::replay {
namespace {

constexpr double kConvenedBefore = 15 * kDay;
constexpr double kSessionOpens = 5.5;  // hours after opening
constexpr int kFirstSessionDay = 30;
/// Plans of periods draw from sequences of their own, far from those of cases.
constexpr std::uint64_t kPeriodStreams = std::uint64_t{1} << 63;

class PeriodPlan : private PlanWriter {
 public:
  PeriodPlan(const Setting& setting, std::uint64_t number)
      : PlanWriter(setting, kPeriodStreams + number, 0),
        number_(number),
        from_(to_office_hours(period_start(setting, number))),
        until_(to_office_hours(period_start(setting, number + 1))) {}

  Plan write() {
    if (number_ == 0) begin();
    agrements();
    sessions();
    capacities();
    knowledge();
    networks();
    std::ranges::sort(plan_.acts, {}, [](const PlannedAct& a) { return std::pair(a.time, a.id); });
    return std::move(plan_);
  }

 private:
  static constexpr std::string_view kServices[] = {"accompagnement", "atelier", "formation",
                                                   "information"};
  static constexpr std::string_view kPublics[] = {"femmes", "jeunes", "tous-publics"};

  const std::string& name(std::size_t actor) const { return setting_.slug(actor); }
  std::string own(std::size_t actor) const { return "signatory/" + name(actor); }
  /// Somewhere in the period, but never in its first day.
  void somewhere() { hours_ = from_ + kDay + dice_.unit() * std::max(0.0, until_ - from_ - kDay); }
  void at(double hours, std::size_t actor, std::string_view type, const json::object& data,
          std::string subject) {
    over_ = false;
    hours_ = hours;
    act(actor, type, 0, data, std::move(subject));
  }
  std::size_t anyone() {
    return pick(dice_.chance(0.5) ? setting_.associations : setting_.missions);
  }
  std::string stream(std::string_view kind) { return std::string(kind) + uuid(); }

  /// Capabilities, mailboxes and the members of the commission, on the first day.
  void begin() {
    for (const auto* group : {&setting_.missions, &setting_.associations}) {
      for (const std::size_t actor : *group) {
        at(from_ + 1 + dice_.unit(), actor, "capability.declared",
           {{"capability_id", "offre-1"},
            {"service_type", one_of(dice_, kServices)},
            {"publics", json::array{one_of(dice_, kPublics)}},
            {"needs", json::array{one_of(dice_, kNeeds)}},
            {"territories", json::array{one_of(dice_, kTerritories)}}},
           own(actor));
        at(from_ + 2 + dice_.unit(), actor, "focal_point.designated",
           {{"mailbox", "orientation@" + name(actor) + ".example"}}, own(actor));
      }
    }
    for (const std::size_t prefecture : setting_.prefecture)
      for (const std::size_t member : setting_.commission)
        at(from_ + 3 + dice_.unit(), prefecture, "member.appointed",
           {{"institution", name(member)}, {"capacity", "membre (exemple)"}}, own(prefecture));
  }

  /// Asked for and granted on one day. With the ledger's clock, which ends them after three years,
  /// they are asked for anew.
  void agrements() {
    if (!setting_.clock || setting_.prefecture.empty()) return;
    for (int past = 0; past < kPeriodDays; ++past) {
      const auto since = static_cast<std::int64_t>(number_) * kPeriodDays + past;
      if (since % kAgrementDays != 0) continue;
      const double hours =
          to_office_hours(Timestamp{setting_.start.value + since * kMsADay}) + 0.05;
      for (const std::size_t actor : setting_.associations) {
        const std::size_t prefecture = setting_.prefecture.front();
        at(hours, actor, "accreditation.requested", {{"dossier_hash", kHash}}, own(actor));
        at(hours + 0.2, prefecture, "accreditation.completed", {{"complete_on", day()}},
           own(actor));
        at(hours + 0.4, prefecture, "accreditation.granted", {{"granted_on", day()}}, own(actor));
      }
    }
  }

  void sessions() {
    if (setting_.prefecture.empty()) return;
    const std::size_t secretariat = setting_.prefecture.front();
    json::array members;
    for (const std::size_t member : setting_.commission) members.emplace_back(name(member));
    for (std::uint64_t k = 0;; ++k) {
      const double held = session_hours(setting_, k);
      const double convened = held - kConvenedBefore;
      if (convened >= until_) return;
      const std::string subject = "session/" + session_name(k);
      if (convened >= from_)
        at(convened, secretariat, "session.convened",
           {{"held_on", to_date(rules::legal_day(from_office_hours(held)))},
            {"members", members},
            {"quorum", members.size() / 2 + 1}},
           subject);
      if (held >= from_ && held < until_)
        at(held, secretariat, "session.held", {{"present", members}, {"minutes_hash", kHash}},
           subject);
    }
  }

  void capacities() {
    static constexpr std::string_view kLevels[] = {"open", "limited", "full"};
    for (const auto* group : {&setting_.missions, &setting_.associations}) {
      for (const std::size_t actor : *group) {
        for (std::size_t n = dice_.below(4); n > 0; --n) {
          const std::size_t level = dice_.weighted({0.5, 0.3, 0.2});
          somewhere();
          at(hours_, actor, "capacity.updated",
             {{"capability_id", "offre-1"},
              {"level", kLevels[level]},
              {"places", level == 2 ? 0 : 1 + dice_.below(8)}},
             own(actor));
        }
      }
    }
  }

  void knowledge() {
    static constexpr std::string_view kAudiences[] = {"professionals", "young_adults", "pupils",
                                                      "volunteers"};
    for (std::size_t n = dice_.below(4); n > 0; --n) {
      somewhere();
      at(hours_, pick(setting_.associations), "training.delivered",
         {{"theme", "Repérage (exemple)"},
          {"audience", one_of(dice_, kAudiences)},
          {"headcount", 6 + dice_.below(30)},
          {"held_on", day()},
          {"hours", 3 + dice_.below(5)}},
         stream("library/"));
    }
    somewhere();
    if (dice_.chance(0.3))
      at(hours_, pick(setting_.associations), "tool.published",
         {{"title", "Outil (exemple)"},
          {"version", std::to_string(number_ + 1)},
          {"content_hash", kHash},
          {"media_type", "application/pdf"}},
         "library/outil");
    somewhere();
    if (dice_.chance(0.5))
      at(hours_, anyone(), "practice.shared",
         {{"title", "Pratique (exemple)"}, {"summary", "Exemple : ce qui a aidé."}},
         stream("library/"));
    somewhere();
    if (dice_.chance(0.6))
      at(hours_, anyone(), "need.observed",
         {{"audience", one_of(dice_, kPublics)},
          {"need", one_of(dice_, kNeeds)},
          {"territory", one_of(dice_, kTerritories)},
          {"summary", "Exemple : besoin sans réponse."}},
         stream("library/"));
  }

  void networks() {
    somewhere();
    if (dice_.chance(0.4))
      at(hours_, anyone(), "partner.introduced",
         {{"partner_id", uuid()}, {"nom", "Structure (exemple)"}, {"date_maj", day()}},
         stream("network/"));
    somewhere();
    if (dice_.chance(0.2))
      at(hours_, anyone(), "pathway.published",
         {{"title", "Parcours (exemple)"},
          {"need", one_of(dice_, kNeeds)},
          {"steps", json::array{"Premier contact", "Orientation"}}},
         stream("network/"));
    somewhere();
    if (dice_.chance(0.5)) {
      const std::size_t first = pick(setting_.associations);
      const std::size_t second = pick(setting_.missions);
      at(hours_, first, "joint_action.recorded",
         {{"title", "Maraude (exemple)"},
          {"held_on", day()},
          {"signatories", json::array{name(first), name(second)}}},
         stream("network/"));
    }
  }

  std::uint64_t number_;
  double from_;
  double until_;
};

}  // namespace

Setting::Setting(const Cast& the_cast, std::uint64_t the_seed, Timestamp from, Timestamp until,
                 bool with_clock)
    : cast(the_cast), seed(the_seed), start(from), end(until), clock(with_clock) {
  using schema::Role;
  for (std::size_t i = 0; i < cast.all().size(); ++i) {
    const auto& roles = cast.all()[i].roles;
    if (roles.has(Role::ML)) missions.push_back(i);
    if (roles.has(Role::AA)) associations.push_back(i);
    if (roles.has(Role::AA) || roles.has(Role::MEMBER) || roles.has(Role::PREF))
      commission.push_back(i);
    if (roles.has(Role::PREF) && roles.has(Role::SEC) && prefecture.empty())
      prefecture.push_back(i);
  }
}

Timestamp period_start(const Setting& setting, std::uint64_t number) {
  return Timestamp{setting.start.value + static_cast<std::int64_t>(number) * kPeriodDays * kMsADay};
}

Plan plan_period(const Setting& setting, std::uint64_t number) {
  return PeriodPlan(setting, number).write();
}

double session_hours(const Setting& setting, std::uint64_t number) {
  const auto days = kFirstSessionDay + static_cast<std::int64_t>(number) * kSessionDays;
  const double morning = to_office_hours(Timestamp{setting.start.value + days * kMsADay});
  return static_cast<double>(static_cast<std::int64_t>(morning / kDay)) * kDay + kSessionOpens;
}

std::string session_name(std::uint64_t number) {
  return "commission-" + std::to_string(number + 1);
}

std::uint64_t session_after(const Setting& setting, double hours) {
  const double since = hours - session_hours(setting, 0);
  // Five working days in seven: a first guess from below, then forward.
  auto number =
      static_cast<std::uint64_t>(std::max(0.0, since / (kSessionDays * 5.0 / 7 * kDay) - 1));
  while (session_hours(setting, number) - kConvenedBefore < hours) ++number;
  return number;
}

bool accredited_on(const Setting& setting, Day d) {
  constexpr int kValidDays = 1'090;  // three years, and some days of room
  const std::int64_t since = d.value - rules::legal_day(setting.start).value;
  return since % kAgrementDays >= 3 && since % kAgrementDays < kValidDays;
}

Day PlanWriter::today() const {
  return rules::legal_day(now());
}

Uuid PlanWriter::new_id() {
  const auto ms = static_cast<std::uint64_t>(now().value);
  const std::uint64_t random = dice_.next();
  return Uuid{ms << 16 | 0x7000 | (random & 0xfff), 0x8000'0000'0000'0000ULL | (dice_.next() >> 2)};
}

void PlanWriter::act(std::size_t actor, std::string_view type, double mean_hours,
                     const json::object& data, std::string subject) {
  if (over_) return;
  hours_ += dice_.pause(mean_hours) + kApart;
  if (now() >= setting_.end) {
    over_ = true;
    return;
  }
  plan_.acts.push_back({now(), actor, type, new_id(), json::serialize(data), std::move(subject)});
}

void PlanWriter::wait_for(Day day) {
  wait_until(to_office_hours(rules::start_of(day)) + dice_.unit() * kDay);
}

}  // namespace relais::replay
