// Axis 2, what is known (library/*), and axis 4, the networks that are shared (network/*). Any
// active signatory may write on any of these streams: what they hold belongs to the partnership.
#include <algorithm>
#include <set>

#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

// Bounds are ours: a figure beyond them is a slip of the keyboard.
constexpr std::uint32_t kMaxHeadcount = 100'000;
constexpr std::uint32_t kMaxHours = 1'000;
constexpr std::size_t kMaxToolVersions = 1'000;  // of who published the first
constexpr std::size_t kVersionsOfAnother = 100;  // of one tool
constexpr std::size_t kMinActing = 2;

Error invalid(const Judgement& j, std::string rule, std::string message, std::string field) {
  return refusal(j.act, Errc::invalid, std::move(rule), std::move(message)).at(std::move(field));
}

void evolve_nothing(const Change&) {}

Status decide_anything(const Judgement&) {
  return {};
}

Status decide_training(const Judgement& j) {
  const auto training = j.data().getTrainingDelivered();
  RELAIS_TRY(not_in_future(j, accepted_date(training.getHeldOn()), "data.held_on"));
  // The indicators sum headcounts: nobody trained is no training, and an absurd figure would drown
  // the others.
  if (training.getHeadcount() < 1 || training.getHeadcount() > kMaxHeadcount)
    return fail(invalid(j, "headcount-out-of-range", "this many people cannot have been trained",
                        "data.headcount")
                    .accepts("1 to " + std::to_string(kMaxHeadcount)));
  if (training.getHours() > kMaxHours)
    return fail(invalid(j, "hours-out-of-range", "a training does not last that long", "data.hours")
                    .accepts("at most " + std::to_string(kMaxHours)));
  return {};
}

/// The partnership goes on with a tool, whoever began it; and nobody leaves its publisher no room.
Status check_room_for_version(const Judgement& j, const LibraryState& library) {
  const bool publisher = library.publisher == j.emitter->id;
  const auto own = std::ranges::count_if(library.versions, [&](const auto& version) {
    return publisher ? version.second == j.emitter->id
                     : version.second != library.publisher && same_account(j, version.second);
  });
  const std::size_t most = publisher ? kMaxToolVersions : kVersionsOfAnother;
  if (static_cast<std::size_t>(own) < most) return {};
  return fail(refusal(j.act, Errc::conflict, "limit-versions",
                      "a tool has at most " + std::to_string(kMaxToolVersions) +
                          " versions of who published it first, and " +
                          std::to_string(kVersionsOfAnother) + " of each other signatory")
                  .in_state("FULL"));
}

Status decide_tool(const Judgement& j) {
  const LibraryState* library = j.world.find_library(j.act.stream.name);
  if (library == nullptr) return {};
  const std::string version = text(j.data().getToolPublished().getVersion());
  // A version is its content hash for good: who follows a link to it must find what was announced.
  if (library->versions.contains(version))
    return fail(refusal(j.act, Errc::conflict, "version-known",
                        "this tool has a version " + version + " already")
                    .at("data.version")
                    .accepts("a version that library/" + j.act.stream.name + " does not have")
                    .in_state("PUBLISHED"));
  return check_room_for_version(j, *library);
}

void evolve_tool(const Change& change) {
  LibraryState& library = change.world.mutable_library(change.act.stream.name);
  if (library.versions.empty()) library.publisher = change.act.signatory();
  library.versions.emplace(text(change.data().getToolPublished().getVersion()),
                           change.act.signatory());
}

Status decide_need(const Judgement& j) {
  return check_territory(j, text(j.data().getNeedObserved().getTerritory()));
}

// The partner itself may be anywhere: networks do not end where the convention does.
Status decide_partner(const Judgement& j) {
  return not_in_future(j, accepted_date(j.data().getPartnerIntroduced().getDateMaj()),
                       "data.date_maj");
}

Status decide_pathway(const Judgement& j) {
  if (j.data().getPathwayPublished().getSteps().size() > 0) return {};
  return fail(invalid(j, "steps-missing", "a pathway without a step leads nowhere", "data.steps")
                  .accepts("at least one step"));
}

Status decide_joint_action(const Judgement& j) {
  const auto action = j.data().getJointActionRecorded();
  RELAIS_TRY(not_in_future(j, accepted_date(action.getHeldOn()), "data.held_on"));
  std::set<std::string> acting;
  for (std::size_t i = 0; const capnp::Text::Reader slug : action.getSignatories()) {
    const std::string field = "data.signatories[" + std::to_string(i++) + "]";
    RELAIS_TRY(known_signatory(j, text(slug), field));
    if (!acting.insert(text(slug)).second)
      return fail(invalid(j, "signatory-repeated", text(slug) + " stands twice", field)
                      .accepts("each signatory once"));
  }
  if (acting.size() < kMinActing)
    return fail(invalid(j, "joint-action-alone", "an action is joint when several take part",
                        "data.signatories")
                    .accepts("at least two signatories"));
  return {};
}

}  // namespace

std::span<const Rule> knowledge_rules() {
  static constexpr Rule kRules[] = {
      {"training.delivered", decide_training, evolve_nothing},
      {"tool.published", decide_tool, evolve_tool},
      {"practice.shared", decide_anything, evolve_nothing},
      {"need.observed", decide_need, evolve_nothing},
      {"partner.introduced", decide_partner, evolve_nothing},
      {"pathway.published", decide_pathway, evolve_nothing},
      {"joint_action.recorded", decide_joint_action, evolve_nothing},
  };
  return kRules;
}

}  // namespace relais::rules
