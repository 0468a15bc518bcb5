#include "api/reading/visibility.h"

#include <algorithm>

#include "ledger/base/archive.h"
#include "ledger/base/stored.h"
#include "ledger/rules/world_state.h"
#include "ledger/statement/sd_jwt.h"
#include "ledger/statement/sealed.h"
#include "ledger/statement/statement.h"
#include "projections/read.h"

namespace relais::api {
namespace {

using rules::CaseState;
using rules::Relation;

bool of_case(schema::Event::Reader event) {
  return event.getStreamKind() == schema::StreamKind::CASE;
}
Uuid case_of(schema::Event::Reader event) {
  return {event.getUuidHigh(), event.getUuidLow()};
}

std::optional<Uuid> referral_of(schema::Event::Reader event) {
  const auto data = event.getData();
  const auto parsed = [](capnp::Text::Reader t) { return parse_uuid({t.begin(), t.size()}); };
  switch (data.which()) {
    case schema::Event::Data::REFERRAL_REQUESTED:
      return parsed(data.getReferralRequested().getReferralId());
    case schema::Event::Data::REFERRAL_HELD:
      return parsed(data.getReferralHeld().getReferralId());
    case schema::Event::Data::REFERRAL_DECLINED:
      return parsed(data.getReferralDeclined().getReferralId());
    case schema::Event::Data::REFERRAL_CANCELLED:
      return parsed(data.getReferralCancelled().getReferralId());
    default:
      return std::nullopt;
  }
}

ActFacts facts_of(schema::Event::Reader event) {
  return {kind_of(statement::type_of(event)), event.getVersion(),
          rules::legal_day(Timestamp{event.getReceivedAt()}), SignatoryId{event.getSignatory()},
          referral_of(event)};
}

/// Whether its addressee supported the person by this referral when the act came.
bool grounded(const rules::Referral& r, const ActFacts& act) {
  const bool taken_up = r.phase == rules::ReferralPhase::accepted ||
                        r.phase == rules::ReferralPhase::completed ||
                        r.phase == rules::ReferralPhase::failed;
  return taken_up && r.covers(act.version, act.received);
}

/// `who`: covered by it; none: whoever is.
bool consents_to_parcours(const CaseState& c, std::optional<SignatoryId> who, Timestamp at) {
  return std::ranges::any_of(c.consents, [&](const rules::Consent& consent) {
    if (consent.scope != schema::ConsentScope::PSP) return false;
    if (who) return consent.covers(*who, at);
    return !consent.expires_on || rules::legal_day(at).value <= *consent.expires_on;
  });
}

/// Whether it takes part as things stand; a look in an emergency is no part.
bool has_a_part(rules::Relations relations) {
  using enum Relation;
  for (const Relation r : {holder, invited, waiting, accepted, partner, applicant, prefecture})
    if (relations.has(r)) return true;
  return false;
}

}  // namespace

void hide_debates(rules::Psp& p) {
  if (p.phase == rules::PspPhase::opined || p.phase == rules::PspPhase::adjourned)
    p.phase = rules::PspPhase::applied;
  p.session.clear();
  p.opinion = {};
  p.opinion_at = {};
}

// --- what the reader is to a case

const Standing& Visibility::standing(const Uuid& id) {
  const auto it = known_.find(id);
  return it != known_.end() ? it->second : known_.emplace(id, look_up(id)).first->second;
}

const Standing& Visibility::standing(const CaseState& state) {
  const auto it = known_.find(state.id);
  return it != known_.end() ? it->second : known_.emplace(state.id, of(state)).first->second;
}

Standing Visibility::look_up(const Uuid& id) const {
  Standing s;
  if (reader_.analyst()) {
    s.relations.add(Relation::analyst);
  } else if (projections::takes_part(records_, reader_.id, id) || in_emergency(id)) {
    const auto state = projections::find_case(records_, id);
    require_stored(state.has_value(), "a signatory takes part in a case that is not there");
    return of(*state);
  } else if (rules::deliberates(reader_.roles) && projections::has_file(records_, reader_.id, id)) {
    s.relations.add(Relation::member);
    // Of the acts before it, a member counts those that it sees.
    if (const auto state = projections::find_case(records_, id))
      for (std::uint32_t v = 1; v <= state->acts.size(); ++v)
        if (kind_of(statement::catalogue().at(state->acts[v - 1].type)) == Kind::support_acts)
          s.uncounted.push_back(v);
  } else {
    s.relations.add(Relation::none);
  }
  return s;
}

/// Whether an emergency access of the reader to the case is open: one read of when its last one
/// ends, and one of the case where one is.
bool Visibility::in_emergency(const Uuid& id) const {
  if (now_ >= emergency_ends()) return false;
  const auto state = projections::find_case(records_, id);
  return state && rules::emergency_access(*state, reader_.id, now_);
}

Standing Visibility::of(const CaseState& state) const {
  Standing s;
  s.relations = rules::relations_of(state, reader_.id, reader_.roles, now_);
  if (s.relations.empty()) s.relations.add(reader_.analyst() ? Relation::analyst : Relation::none);
  s.known_until = rules::known_until(state, reader_.id);
  s.psp_ended = state.psp.ended;
  s.consent_psp = consents_to_parcours(state, reader_.id, now_);
  s.agreed = consents_to_parcours(state, std::nullopt, now_);
  for (const rules::Referral& r : state.referrals)
    if (r.to == reader_.id) s.to_reader.push_back(r);
  // Who reads by an emergency alone signs nothing by a number that would count them.
  const bool only_in_danger = s.relations == rules::Relations(Relation::emergency);
  if (!rules::deliberates(reader_.roles) ||
      (only_in_danger && judge(s, Kind::debates, {}) == Verdict::absent))
    for (std::uint32_t v = 1; v <= state.acts.size(); ++v)
      if (rules::of_debates(state.acts[v - 1].type)) s.uncounted.push_back(v);
  return s;
}

/// A session names its files: it is for who sits on it, and who presents one of them.
const Standing& Visibility::standing_in(const std::string& session) {
  const auto [it, fresh] = sessions_.try_emplace(session);
  Standing& s = it->second;
  if (!fresh) return s;
  s.relations.add(Relation::none);
  if (!rules::deliberates(reader_.roles)) return s;
  if (const auto bytes = records_.get(rules::session_key(session))) {
    const auto state =
        decode_stored<rules::SessionState>(*bytes, "a stored session cannot be read");
    s.convened = state.members.contains(reader_.id) ||
                 std::ranges::any_of(state.cases, [this](const Uuid& file) {
                   return projections::takes_part(records_, reader_.id, file) &&
                          has_a_part(standing(file).relations);
                 });
  }
  return s;
}

// --- the matrix

bool Visibility::holds(const Standing& s, When when, const ActFacts& act) const {
  switch (when) {
    case When::always:
      return true;
    case When::until_its_end:
      return act.version <= s.known_until;
    case When::while_grounded:
      return std::ranges::any_of(s.to_reader,
                                 [&](const rules::Referral& r) { return grounded(r, act); });
    case When::own_referral:
      // One that is not answered opens by its relation: that its ground holds.
      return std::ranges::any_of(s.to_reader, [&](const rules::Referral& r) {
        const bool asked = r.pending() && s.relations.has(Relation::waiting);
        return act.referral == r.id && (asked || grounded(r, act));
      });
    case When::in_parcours:
      return s.psp_ended == 0 || act.version < s.psp_ended;
    case When::consent_psp:
      return s.consent_psp;
    case When::convened:
      return s.convened;
    case When::agreed:
      return s.agreed && (s.psp_ended == 0 || act.version < s.psp_ended);
  }
  return false;
}

Verdict Visibility::judge(const Standing& s, Kind kind, const ActFacts& act) const {
  auto best = Verdict::absent;
  for (unsigned role = 0; role < kRoles; ++role) {
    if (!reader_.roles.has(static_cast<schema::Role>(role))) continue;
    for (std::size_t r = 0; r <= static_cast<std::size_t>(rules::kLastRelation); ++r) {
      const auto relation = static_cast<Relation>(r);
      if (!s.relations.has(relation)) continue;
      const Cell& c = cell(static_cast<schema::Role>(role), relation, kind);
      if (c.verdict > best && holds(s, c.when, act)) best = c.verdict;
    }
  }
  return best;
}

/// An act is seen by its kind, or as the reader's own.
Verdict Visibility::judge_act(const Standing& s, const ActFacts& act) const {
  const Verdict by_kind = judge(s, act.kind, act);
  return act.by == reader_.id ? std::max(by_kind, judge(s, Kind::own_acts, act)) : by_kind;
}

bool Visibility::may_see(const Uuid& id) const {
  return reader_.analyst() || projections::takes_part(records_, reader_.id, id) ||
         (rules::deliberates(reader_.roles) && projections::has_file(records_, reader_.id, id)) ||
         emergency_ends() > now_;
}

Timestamp Visibility::emergency_ends() const {
  if (!emergency_until_) emergency_until_ = projections::emergency_until(records_, reader_.id);
  return *emergency_until_;
}

bool Visibility::sees_case(const Uuid& id) {
  const rules::Relations relations = standing(id).relations;
  return relations != rules::Relations(Relation::none) &&
         relations != rules::Relations(Relation::stepped_back);
}

bool Visibility::sees(Kind kind) const {
  Standing nobody;
  nobody.relations.add(Relation::none);
  return judge(nobody, kind, {}) != Verdict::absent;
}

bool Visibility::sees(Kind kind, const CaseState& state) {
  return judge(standing(state), kind, {}) != Verdict::absent;
}

bool Visibility::sees(Kind kind, const Uuid& case_id) {
  return judge(standing(case_id), kind, {}) != Verdict::absent;
}

/// Whether an act is seen depends on its place and its type; of what it discloses, on more.
bool Visibility::sees_act(const CaseState& state, std::uint32_t version) {
  const rules::ActMark& mark = state.acts.at(version - 1);
  const Kind kind = kind_of(statement::catalogue().at(mark.type));
  return judge_act(standing(state), {kind, version, Day{0}, mark.by, std::nullopt}) !=
         Verdict::absent;
}

std::uint32_t Visibility::last_seen(const CaseState& state) {
  std::uint32_t version = state.version;
  while (version > 0 && !sees_act(state, version)) --version;
  return version_of(state.id, version);
}

bool Visibility::sees_event(schema::Event::Reader event) {
  if (event.getStreamKind() == schema::StreamKind::SESSION) {
    const capnp::Text::Reader name = event.getStreamName();
    return sees_session({name.begin(), name.size()});
  }
  if (!of_case(event)) return sees(Kind::shared);
  return judge_act(standing(case_of(event)), facts_of(event)) != Verdict::absent;
}

bool Visibility::sees_session(const std::string& name) {
  return judge(standing_in(name), Kind::sessions, {}) != Verdict::absent;
}

bool Visibility::sees_receipt(schema::Event::Reader event) {
  if (!sees_event(event)) return false;
  return !of_case(event) ||
         judge(standing(case_of(event)), Kind::receipts, facts_of(event)) != Verdict::absent;
}

bool Visibility::sees_deadline(const statement::StreamId& stream) {
  if (stream.kind != schema::StreamKind::CASE) return true;
  return sees(Kind::deadlines, stream.uuid);
}

bool Visibility::may_open(schema::Event::Reader event) {
  return !of_case(event) ||
         judge_act(standing(case_of(event)), facts_of(event)) == Verdict::allowed;
}

std::vector<std::string> Visibility::open(schema::Event::Reader event,
                                          std::vector<std::string> disclosures) {
  return opened(event, std::move(disclosures),
                [](const std::string& text) { return statement::disclosed_name(text); });
}

std::vector<std::string> Visibility::open_sealed(schema::Event::Reader event,
                                                 std::vector<std::string> sealed) {
  return opened(event, std::move(sealed), [](const std::string& text) {
    const auto parsed = statement::parse_sealed(text);
    return parsed ? std::optional(parsed->member) : std::nullopt;
  });
}

std::vector<std::string> Visibility::opened(schema::Event::Reader event,
                                            std::vector<std::string> texts, NameOf name_of) {
  if (!of_case(event) || texts.empty()) return texts;
  const Standing& s = standing(case_of(event));
  const ActFacts act = facts_of(event);
  if (act.by == reader_.id && judge(s, Kind::own_acts, act) == Verdict::allowed) return texts;
  if (judge_act(s, act) != Verdict::allowed) return {};
  const statement::EventType& type = statement::type_of(event);
  std::erase_if(texts, [&](const std::string& text) {
    const auto name = name_of(text);
    return !name || judge(s, group_of(type, *name), act) == Verdict::absent;
  });
  return texts;
}

// --- numbers

std::uint32_t Visibility::version_of(const Uuid& id, std::uint32_t version) {
  const auto& uncounted = standing(id).uncounted;
  const auto before = std::ranges::upper_bound(uncounted, version) - uncounted.begin();
  return version - static_cast<std::uint32_t>(before);
}

std::uint32_t Visibility::version_of(schema::Event::Reader event) {
  return of_case(event) ? version_of(case_of(event), event.getVersion()) : event.getVersion();
}

rules::CaseState Visibility::as_seen(CaseState state) {
  const Standing& s = standing(state);
  if (judge(s, Kind::debates, {}) == Verdict::absent) hide_debates(state.psp);
  // The last change is that of the last act the reader counts.
  std::uint32_t last = state.version;
  while (std::ranges::binary_search(s.uncounted, last)) --last;
  if (last != state.version)
    if (const auto item = projections::timeline_item(records_, state.id, last))
      state.changed_at = item->received_at;
  state.version = version_of(state.id, state.version);
  return state;
}

}  // namespace relais::api
