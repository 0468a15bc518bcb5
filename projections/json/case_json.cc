#include "projections/json/case_json.h"

#include "ledger/base/clock.h"
#include "ledger/statement/catalogue.h"

namespace relais::projections {
namespace {

/// An enum on the wire; the first enumerant stands for "absent" and is left out.
template <class E>
void optional_enum(JsonWriter& json, std::string_view name, E value) {
  if (static_cast<std::uint16_t>(value) != 0) json.member(name, statement::wire_name(value));
}

void write_consent(JsonWriter& json, const rules::Registry& registry, const rules::Consent& c) {
  json.begin_object();
  optional_enum(json, "scope", c.scope);
  json.key("recipients").begin_array();
  for (const SignatoryId to : c.recipients) json.text(slug_of(registry, to));
  json.end_array();
  json.member("givenAt", c.given_at);
  if (c.expires_on) json.member("expiresOn", to_date(Day{*c.expires_on}));
  json.end_object();
}

void write_step(JsonWriter& json, const rules::Registry& registry, const rules::SupportStep& s) {
  json.begin_object();
  json.member("id", s.id);
  json.member("by", slug_of(registry, s.by));
  json.member("need", s.need);
  json.member("phase", rules::to_string(s.phase));
  json.member("changedAt", s.changed_at);
  json.end_object();
}

std::string day_text(std::int32_t d) {
  return to_date(Day{d});
}

void write_psp(JsonWriter& json, const rules::Registry& registry, const rules::Psp& p) {
  json.begin_object();
  write_psp_members(json, registry, p);
  json.end_object();
}
void write_report(JsonWriter& json, const rules::Registry& registry,
                  const rules::ProtectionReport& r) {
  json.begin_object();
  json.member("by", slug_of(registry, r.by));
  json.member("to", r.prosecutor ? "prosecutor" : "crip");
  optional_enum(json, "crip", r.crip);
  json.member("at", r.at);
  optional_enum(json, "outcome", r.outcome);
  json.end_object();
}

void write_contribution(JsonWriter& json, const rules::Registry& registry,
                        const rules::Contribution& c) {
  json.begin_object();
  json.member("id", to_string(c.id));
  json.member("by", slug_of(registry, c.by));
  optional_enum(json, "kind", c.kind);
  if (c.due_on != 0) json.member("dueOn", day_text(c.due_on));
  json.member("delivered", c.delivered);
  json.end_object();
}

void write_erasure(JsonWriter& json, const rules::Registry& registry, const rules::Erasure& e) {
  json.begin_object();
  json.member("at", e.at);
  json.member("by", slug_of(registry, e.by));
  json.member("basis", statement::wire_name(e.basis));
  json.end_object();
}

void write_hold(JsonWriter& json, const rules::Registry& registry, const rules::LegalHold& h) {
  json.begin_object();
  json.member("id", h.id);
  json.member("by", slug_of(registry, h.by));
  optional_enum(json, "reason", h.reason);
  json.member("placedAt", h.placed_at);
  json.member("endsOn", day_text(h.ends_on));
  json.member("lifted", h.lifted);
  json.end_object();
}

void write_access(JsonWriter& json, const rules::Registry& registry,
                  const rules::EmergencyAccess& a) {
  json.begin_object();
  json.member("id", a.id);
  json.member("by", slug_of(registry, a.by));
  optional_enum(json, "reason", a.reason);
  json.member("openedAt", a.opened_at);
  json.member("until", a.until);
  optional_enum(json, "review", a.review);
  if (a.reviewed()) json.member("reviewedAt", a.reviewed_at);
  json.end_object();
}

}  // namespace

void write_psp_members(JsonWriter& json, const rules::Registry& registry, const rules::Psp& p) {
  json.member("phase", rules::to_string(p.phase));
  json.member("applicant", slug_of(registry, p.applicant));
  json.member("appliedAt", p.applied_at);
  if (!p.session.empty()) json.member("session", p.session);
  optional_enum(json, "opinion", p.opinion);
  if (p.notified_on != 0) json.member("notifiedOn", day_text(p.notified_on));
  if (p.started_on != 0) {
    json.member("startedOn", day_text(p.started_on));
    json.member("termEndsOn", day_text(p.term_ends_on));
    json.member("terms", static_cast<std::uint32_t>(p.terms));
  }
  if (p.ended_on != 0) json.member("endedOn", day_text(p.ended_on));
  optional_enum(json, "outcome", p.outcome);
  if (p.afis_opened_on != 0) json.member("afisOpenedOn", day_text(p.afis_opened_on));
  if (p.permit != rules::PermitPhase::none) json.member("permit", rules::to_string(p.permit));
}

void write_referral(JsonWriter& json, const rules::Registry& registry, const rules::Referral& r,
                    const Uuid* case_id) {
  json.begin_object();
  json.member("id", r.id);
  if (case_id != nullptr) json.member("case", *case_id);
  json.member("from", slug_of(registry, r.from));
  json.member("to", slug_of(registry, r.to));
  json.member("need", r.need);
  optional_enum(json, "urgency", r.urgency);
  optional_enum(json, "legalBasis", r.legal_basis);
  json.member("phase", rules::to_string(r.phase));
  json.member("open", r.open());
  json.member("requestedAt", r.requested_at);
  json.member("changedAt", r.changed_at);
  json.member("requestedIndex", r.requested_index.value);
  optional_enum(json, "declineReason", r.decline_reason);
  if (r.alternative) json.member("alternative", slug_of(registry, *r.alternative));
  optional_enum(json, "outcome", r.outcome);
  json.end_object();
}

void write_case(JsonWriter& json, const rules::Registry& registry, const rules::CaseState& state) {
  json.begin_object();
  json.member("id", state.id);
  json.member("version", state.version);
  json.member("phase", rules::to_string(state.phase));
  json.member("supported", state.supported);
  json.member("author", slug_of(registry, state.author));
  json.member("holder", slug_of(registry, state.holder));
  optional_enum(json, "ageBand", state.age_band);
  json.member("minor", state.minor());
  optional_enum(json, "channel", state.channel);
  optional_enum(json, "risk", state.risk);
  json.member("territory", state.territory);
  json.member("openedAt", state.opened_at);
  json.member("changedAt", state.changed_at);
  optional_enum(json, "closeReason", state.close_reason);
  json.key("participants").begin_array();
  for (const SignatoryId id : state.participants) json.text(slug_of(registry, id));
  json.end_array();
  json.key("consents").begin_array();
  for (const rules::Consent& c : state.consents) write_consent(json, registry, c);
  json.end_array();
  json.key("referrals").begin_array();
  for (const rules::Referral& r : state.referrals) write_referral(json, registry, r, nullptr);
  json.end_array();
  json.key("steps").begin_array();
  for (const rules::SupportStep& s : state.steps) write_step(json, registry, s);
  json.end_array();
  json.key("protectionReports").begin_array();
  for (const rules::ProtectionReport& r : state.reports) write_report(json, registry, r);
  json.end_array();
  json.key("contributions").begin_array();
  for (const rules::Contribution& c : state.contributions) write_contribution(json, registry, c);
  json.end_array();
  json.key("legalHolds").begin_array();
  for (const rules::LegalHold& h : state.holds) write_hold(json, registry, h);
  json.end_array();
  json.key("emergencyAccesses").begin_array();
  for (const rules::EmergencyAccess& a : state.accesses) write_access(json, registry, a);
  json.end_array();
  if (state.transfer) json.member("transferTo", slug_of(registry, state.transfer->to));
  if (state.psp.phase != rules::PspPhase::none) {
    json.key("psp");
    write_psp(json, registry, state.psp);
  }
  json.end_object();
}

void write_timeline_item(JsonWriter& json, const rules::Registry& registry,
                         const TimelineItem& item, const rules::CaseState& state,
                         const Uuid* case_id,
                         const std::function<std::uint32_t(std::uint32_t)>& counted) {
  const auto shown = [&](std::uint32_t version) { return counted ? counted(version) : version; };
  const rules::ActMark& mark = state.acts.at(item.version - 1);
  json.begin_object();
  if (case_id != nullptr) json.member("case", *case_id);
  json.member("version", shown(item.version));
  json.member("index", item.index.value);
  json.member("id", item.id);
  json.member("type", statement::catalogue().at(item.type).wire_type);
  json.member("signatory", slug_of(registry, item.signatory));
  json.member("time", item.time);
  json.member("receivedAt", item.received_at);
  json.member("phase", rules::to_string(static_cast<rules::CasePhase>(item.phase)));
  json.member("withheld", item.withheld);
  if (mark.corrected) json.member("corrected", true);
  if (mark.annulled) json.member("annulled", true);
  if (mark.erased != 0) {
    json.key("erased");
    write_erasure(json, registry, state.erasures.at(mark.erased - 1));
  }
  if (item.target != 0) {
    json.member("target", shown(item.target));
    json.member("reason", statement::wire_name(item.reason));
  }
  json.end_object();
}

std::string_view slug_of(const rules::Registry& registry, SignatoryId id) {
  const rules::Signatory* signatory = registry.find(id);
  return signatory == nullptr ? std::string_view() : std::string_view(signatory->slug);
}

}  // namespace relais::projections
