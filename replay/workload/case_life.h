// Internal to replay/generate: the life of one made-up case. Each act comes after the one before,
// so that what a rule asks for has always happened already.
#pragma once

#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "replay/workload/case_plan.h"

namespace relais::replay {

class CaseLife : private PlanWriter {
 public:
  CaseLife(const Setting& setting, std::uint64_t number, Timestamp arrival)
      : PlanWriter(setting, number, to_office_hours(arrival)) {}
  Plan write();

 private:
  // case_plan.cc
  void detect();
  void assess(double mean_hours);
  void protect();
  void outcome();
  void give_consent(std::string_view scope);
  void live(bool first);
  void refer(int depth);
  void silent(const std::string& id, double requested, int depth);
  void decline(std::size_t to, const std::string& id, int depth);
  void serve(std::size_t to, const std::string& id, std::string_view need);
  void steps(std::size_t by, std::size_t count);
  void together();
  void contribute();
  void outside();
  void correct();
  void annul();
  void emergency();
  void legal_hold();
  void transfer();
  void close(bool first);

  // psp_plan.cc
  bool may_apply() const;
  void parcours();
  bool opined(std::uint64_t session);
  bool decided(bool favourable);
  void run_terms();
  void rights();
  bool term(int number, Day started);
  bool end_parcours(std::string_view outcome);
  bool term_over();
  bool ended();

  std::size_t author_ = 0;
  std::size_t holder_ = 0;
  std::size_t partner_ = 0;  ///< whose referral was accepted last
  bool has_partner_ = false;
  std::size_t contributor_ = 0;
  std::string contribution_;  ///< that a partner has committed itself to
  bool by_mission_ = false;
  bool minor_ = false;
  bool grave_ = false;       ///< the danger was last said to be high or immediate
  bool consent_ = false;     ///< to referrals
  bool unanswered_ = false;  ///< a request that nobody answers, and no clock to end it
  bool expired_ = false;     ///< the clock has written on the stream
  bool afis_ = false;
  bool psp_ended_ = false;
  std::string_view territory_;
  std::optional<Day> hold_ends_;  ///< of a legal hold that nobody lifted
  int open_referrals_ = 0;
  std::set<std::pair<std::size_t, std::string_view>> asked_;  // addressee and need
  double detected_ = 0;                                       ///< hours
};

}  // namespace relais::replay
