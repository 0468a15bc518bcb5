#include "api/visibility.h"

#include "projections/read.h"

namespace relais::api {
namespace {

bool of_case(schema::Event::Reader event) {
  return event.getStreamKind() == schema::StreamKind::CASE;
}
Uuid case_of(schema::Event::Reader event) {
  return {event.getUuidHigh(), event.getUuidLow()};
}

}  // namespace

bool Visibility::takes_part(const Uuid& id) {
  const auto [it, fresh] = known_.try_emplace(id);
  if (fresh) it->second = projections::takes_part(records_, reader_.id, id);
  return it->second;
}

bool Visibility::sees_event(schema::Event::Reader event) {
  return !of_case(event) || reader_.analyst() || takes_part(case_of(event));
}

bool Visibility::sees_receipt(schema::Event::Reader event) {
  return !of_case(event) || takes_part(case_of(event));
}

bool Visibility::sees_disclosures(schema::Event::Reader event) {
  if (reader_.analyst() || !sees_receipt(event)) return false;
  // The préfecture and the commission take part in a case from the application on. What was
  // confided to those who support the person stays with them (DOMAIN.md, section 1): identity is
  // disclosed by the application alone.
  return reader_.supports() || statement::type_of(event).axis == schema::Axis::COMMISSION;
}

}  // namespace relais::api
