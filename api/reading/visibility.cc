#include "api/reading/visibility.h"

#include <algorithm>

#include "ledger/rules/calendar.h"
#include "ledger/rules/rules.h"
#include "projections/read.h"

namespace relais::api {
namespace {

using rules::ReferralPhase;

bool of_case(schema::Event::Reader event) {
  return event.getStreamKind() == schema::StreamKind::CASE;
}
Uuid case_of(schema::Event::Reader event) {
  return {event.getUuidHigh(), event.getUuidLow()};
}

/// What the commission says among itself.
bool of_debates(schema::Event::Reader event) {
  return event.getStreamKind() == schema::StreamKind::SESSION ||
         event.getData().isPspOpinionGiven();
}

}  // namespace

const Visibility::Relation& Visibility::relation(const Uuid& id) {
  const auto [it, fresh] = known_.try_emplace(id);
  if (fresh) {
    Relation& r = it->second;
    r.takes_part = projections::takes_part(records_, reader_.id, id);
    r.has_file = !r.takes_part && projections::has_file(records_, reader_.id, id);
  }
  return it->second;
}

const rules::CaseState* Visibility::state(const Uuid& id) {
  if (!state_ || state_->id != id) state_ = projections::find_case(records_, id);
  return state_ ? &*state_ : nullptr;
}

bool Visibility::sees_case(const Uuid& id) {
  if (reader_.analyst()) return true;
  const Relation& r = relation(id);
  return r.takes_part || r.has_file;
}

bool Visibility::sees_event(schema::Event::Reader event) {
  if (of_debates(event) && !reader_.analyst() && !reader_.deliberates()) return false;
  if (!of_case(event) || reader_.analyst()) return true;
  const Relation& r = relation(case_of(event));
  return r.takes_part || (r.has_file && statement::type_of(event).axis == schema::Axis::COMMISSION);
}

bool Visibility::sees_receipt(schema::Event::Reader event) {
  if (!sees_event(event)) return false;
  if (!of_case(event)) return true;
  const Relation& r = relation(case_of(event));
  return r.takes_part || r.has_file;
}

/// Whether the reader supports the person now, or is asked to: it needs what was confided. Who
/// declined, was never answered or has handed the case over needs nothing more. A referral that
/// was accepted while its consent held keeps what it had, and gets nothing of what came after, nor
/// of what comes once it is completed (RGPD art. 5(1)(c), 7(3)); nor does an association of what
/// comes once the parcours has ended for which it applied. A referral that is not answered gives
/// nothing once its ground has gone.
bool Visibility::supports(schema::Event::Reader event) {
  if (!reader_.supports()) return false;
  const rules::CaseState* c = state(case_of(event));
  if (c == nullptr) return false;
  if (c->holder == reader_.id) return true;
  const bool in_parcours = c->psp.ended == 0 || event.getVersion() < c->psp.ended;
  if (c->psp.applicant == reader_.id && in_parcours) return true;
  const Day day = rules::legal_day(Timestamp{event.getReceivedAt()});
  return std::ranges::any_of(c->referrals, [&](const rules::Referral& r) {
    if (r.to != reader_.id) return false;
    if (r.pending()) return rules::basis_holds(*c, r, today_);
    const bool taken_up = r.phase == ReferralPhase::accepted ||
                          r.phase == ReferralPhase::completed || r.phase == ReferralPhase::failed;
    return taken_up && r.covers(event.getVersion(), day);
  });
}

bool Visibility::sees_disclosures(schema::Event::Reader event) {
  if (reader_.analyst() || !sees_event(event)) return false;
  if (!of_case(event)) return true;
  if (!relation(case_of(event)).takes_part) return false;
  if (event.getSignatory() == reader_.id.value) return true;
  // The préfecture takes part in a case from the application on. What was confided to those who
  // support the person stays with them (docs/DOMAIN.md, section 1), and the identity with the
  // préfecture.
  const bool prefecture = reader_.roles.has(schema::Role::PREF);
  if (event.getData().isPspApplied()) return prefecture;
  if (prefecture && statement::type_of(event).axis == schema::Axis::COMMISSION) return true;
  return supports(event);
}

}  // namespace relais::api
