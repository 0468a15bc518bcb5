// Axis 3: what a signatory can do, how much room it has, where it is reached. That the stream is
// the signatory's own is checked in rules.cc (relation self).
#include "ledger/base/check.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

constexpr std::size_t kMaxFocalPoints = 100;  // mailboxes of one signatory, one a topic

const SignatoryState* own_state(const Judgement& j) {
  return j.world.find_signatory(j.emitter->id);
}

std::vector<std::string> texts(capnp::List<capnp::Text>::Reader list) {
  std::vector<std::string> out;
  out.reserve(list.size());
  for (const capnp::Text::Reader t : list) out.push_back(text(t));
  return out;
}

Status not_empty(const Judgement& j, std::size_t size, std::string field) {
  if (size > 0) return {};
  return fail(refusal(j.act, Errc::invalid, "capability-incomplete",
                      "a capability says for whom, for which need and where")
                  .at(std::move(field))
                  .accepts("at least one value"));
}

std::size_t bytes_of(capnp::List<capnp::Text>::Reader list) {
  std::size_t bytes = 0;
  for (const capnp::Text::Reader t : list) bytes += t.size();
  return bytes;
}

std::size_t bytes_of(const std::vector<std::string>& list) {
  std::size_t bytes = 0;
  for (const std::string& t : list) bytes += t.size();
  return bytes;
}

Status check_room_for(const Judgement& j, schema::CapabilityDeclared::Reader declared) {
  const std::string id = text(declared.getCapabilityId());
  std::size_t bytes = id.size() + declared.getServiceType().size() + declared.getLabel().size() +
                      bytes_of(declared.getPublics()) + bytes_of(declared.getNeeds()) +
                      bytes_of(declared.getTerritories());
  if (const SignatoryState* own = own_state(j))
    for (const auto& [other, c] : own->capabilities)
      if (other != id)
        bytes += other.size() + c.service_type.size() + c.label.size() + bytes_of(c.publics) +
                 bytes_of(c.needs) + bytes_of(c.territories);
  if (bytes <= kMaxCapabilityBytes) return {};
  return fail(refusal(j.act, Errc::conflict, "limit-capability-bytes",
                      "a signatory's capabilities have at most " +
                          std::to_string(kMaxCapabilityBytes) + " bytes of text in all")
                  .accepts("fewer values, or capability.withdrawn first")
                  .in_state("FULL"));
}

Status decide_declared(const Judgement& j) {
  const auto declared = j.data().getCapabilityDeclared();
  RELAIS_TRY(not_empty(j, declared.getPublics().size(), "data.publics"));
  RELAIS_TRY(not_empty(j, declared.getNeeds().size(), "data.needs"));
  RELAIS_TRY(not_empty(j, declared.getTerritories().size(), "data.territories"));
  for (std::size_t i = 0; const capnp::Text::Reader t : declared.getTerritories()) {
    if (Status judged = check_territory(j, text(t)); !judged)
      return fail(std::move(judged.error()).at("data.territories[" + std::to_string(i) + "]"));
    ++i;
  }
  const SignatoryState* own = own_state(j);
  if (own != nullptr && own->capabilities.size() >= kMaxCapabilities &&
      !own->capabilities.contains(text(declared.getCapabilityId())))
    return fail(refusal(j.act, Errc::conflict, "limit-capabilities",
                        "a signatory declares at most " + std::to_string(kMaxCapabilities) +
                            " capabilities")
                    .accepts("the id of one that is declared, or capability.withdrawn first")
                    .in_state("FULL"));
  return check_room_for(j, declared);
}

// The room that was said for the same id still holds: what changed is the description.
void evolve_declared(const Change& change) {
  const auto declared = change.data().getCapabilityDeclared();
  change.effects.offer = text(declared.getCapabilityId());
  Capability& c = change.world.mutable_signatory(change.act.signatory())
                      .capabilities[text(declared.getCapabilityId())];
  c.service_type = text(declared.getServiceType());
  c.publics = texts(declared.getPublics());
  c.needs = texts(declared.getNeeds());
  c.territories = texts(declared.getTerritories());
  c.label = text(declared.getLabel());
}

Status is_declared(const Judgement& j, const std::string& id) {
  const SignatoryState* own = own_state(j);
  if (own != nullptr && own->capabilities.contains(id)) return {};
  return fail(refusal(j.act, Errc::not_found, "capability-unknown",
                      j.emitter->slug + " declares no capability of this id")
                  .at("data.capability_id")
                  .accepts("the id of a capability that is declared"));
}

Status decide_withdrawn(const Judgement& j) {
  return is_declared(j, text(j.data().getCapabilityWithdrawn().getCapabilityId()));
}

void evolve_withdrawn(const Change& change) {
  change.effects.offer = text(change.data().getCapabilityWithdrawn().getCapabilityId());
  change.world.mutable_signatory(change.act.signatory())
      .capabilities.erase(text(change.data().getCapabilityWithdrawn().getCapabilityId()));
}

Status decide_capacity(const Judgement& j) {
  const auto updated = j.data().getCapacityUpdated();
  RELAIS_TRY(is_declared(j, text(updated.getCapabilityId())));
  if (updated.getLevel() == schema::CapacityLevel::FULL && updated.getPlaces() > 0)
    return fail(
        refusal(j.act, Errc::invalid, "places-when-full", "what is full has no places to offer")
            .at("data.places")
            .accepts("no places, or the level open or limited"));
  return {};
}

void evolve_capacity(const Change& change) {
  const auto updated = change.data().getCapacityUpdated();
  auto& capabilities = change.world.mutable_signatory(change.act.signatory()).capabilities;
  const auto found = capabilities.find(text(updated.getCapabilityId()));
  check(found != capabilities.end(), "an accepted capacity of a capability that is not declared");
  Capability& c = found->second;
  c.level = updated.getLevel();
  // 0: not counted, or none.
  c.places.reset();
  if (updated.getPlaces() > 0) c.places = updated.getPlaces();
  c.capacity_at = change.act.received_at();
}

Status decide_focal_point(const Judgement& j) {
  const SignatoryState* own = own_state(j);
  if (own == nullptr || own->focal_points.size() < kMaxFocalPoints ||
      own->focal_points.contains(text(j.data().getFocalPointDesignated().getTopic())))
    return {};
  return fail(refusal(j.act, Errc::conflict, "limit-focal-points",
                      "a signatory has at most " + std::to_string(kMaxFocalPoints) +
                          " focal points, one a topic")
                  .at("data.topic")
                  .accepts("a topic that has a focal point already: it is replaced")
                  .in_state("FULL"));
}

void evolve_focal_point(const Change& change) {
  const auto designated = change.data().getFocalPointDesignated();
  change.world.mutable_signatory(change.act.signatory()).focal_points[text(designated.getTopic())] =
      text(designated.getMailbox());
}

}  // namespace

std::span<const Rule> competence_rules() {
  static constexpr Rule kRules[] = {
      {"capability.declared", decide_declared, evolve_declared},
      {"capability.withdrawn", decide_withdrawn, evolve_withdrawn},
      {"capacity.updated", decide_capacity, evolve_capacity},
      {"focal_point.designated", decide_focal_point, evolve_focal_point},
  };
  return kRules;
}

}  // namespace relais::rules
