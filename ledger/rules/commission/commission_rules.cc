// session.* and member.*: who sits on the departmental commission, and when it has met (CASF
// R121-12-6, R121-12-7).
#include <algorithm>
#include <set>

#include "ledger/base/check.h"
#include "ledger/rules/commission/decisions.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {
namespace {

/// Files of one session on which somebody does not sit. Ours: a session that names its files has at
/// most a hundred, and one that does not must not grow without end.
constexpr std::size_t kMaxRecusedFiles = 200;  // of one member

Status check_own_stream(const Judgement& j) {
  if (j.act.stream.name == j.emitter->slug) return {};
  return fail(
      refusal(j.act, Errc::forbidden, "stream-not-own", "the préfecture appoints on its own stream")
          .at("subject")
          .accepts("signatory/" + j.emitter->slug));
}

Status decide_appointed(const Judgement& j) {
  RELAIS_TRY(check_own_stream(j));
  const auto appointed = j.data().getMemberAppointed();
  RELAIS_ASSIGN(const Signatory* s,
                known_signatory(j, text(appointed.getInstitution()), "data.institution"));
  using schema::Role;
  const RoleSet roles = s->role_set();
  if (!roles.has(Role::MEMBER) && !roles.has(Role::AA) && !roles.has(Role::PREF) &&
      !roles.has(Role::SEC))
    return fail(refusal(j.act, Errc::invalid, "institution-cannot-sit",
                        s->slug + " is none of those that sit on the commission")
                    .at("data.institution")
                    .accepts("a signatory with a role of member, aa, pref, sec"));
  const std::string capacity = text(appointed.getCapacity());
  if (capacity.find_first_not_of(" \t\r\n") == std::string::npos)
    return fail(refusal(j.act, Errc::invalid, "capacity-missing",
                        "a member sits as something: the article lists the capacities")
                    .at("data.capacity")
                    .accepts("magistrate, police, gendarmerie, association, …"));
  return {};
}

void evolve_appointed(const Change& change) {
  const auto appointed = change.data().getMemberAppointed();
  const Signatory* s = change.world.registry().find_slug(text(appointed.getInstitution()));
  check(s != nullptr, "an accepted appointment is of an unknown institution");
  change.world.mutable_signatory(s->id).commission_capacity = text(appointed.getCapacity());
}

Error session_conflict(const Judgement& j, const SessionState& s, std::string rule,
                       std::string message) {
  return refusal(j.act, Errc::conflict, std::move(rule), std::move(message))
      .in_state(s.held ? "HELD" : "CONVENED");
}

/// The session of the stream, convened and not held yet. Who was not convened to it is answered as
/// if there were none: names of sessions can be guessed. The préfecture convenes them.
Result<const SessionState*> check_convened(const Judgement& j) {
  using schema::Role;
  const SessionState* s = j.world.find_session(j.act.stream.name);
  const RoleSet roles = j.emitter->role_set();
  const bool knows = s != nullptr && (roles.has(Role::PREF) || roles.has(Role::SEC) ||
                                      s->members.contains(j.emitter->id));
  if (!knows)
    return fail(refusal(j.act, Errc::not_found, "session-unknown", "no such session was convened")
                    .at("subject")
                    .accepts("a session that was convened"));
  if (s->held)
    return fail(
        session_conflict(j, *s, "session-held", "the session has taken place").accepts("CONVENED"));
  return s;
}

Status decide_convened(const Judgement& j) {
  if (j.world.version(j.act.stream) != StreamVersion{0})
    return fail(refusal(j.act, Errc::conflict, "session-exists",
                        "a session of this name was convened already")
                    .at("subject")
                    .accepts("a stream without events")
                    .in_state("EXISTS"));
  const auto convened = j.data().getSessionConvened();
  std::set<SignatoryId> members;
  for (const capnp::Text::Reader slug : convened.getMembers()) {
    RELAIS_ASSIGN(const Signatory* s, known_signatory(j, text(slug), "data.members"));
    const SignatoryState* state = j.world.find_signatory(s->id);
    if (state == nullptr || state->commission_capacity.empty())
      return fail(refusal(j.act, Errc::invalid, "member-not-appointed",
                          s->slug + " does not sit on the commission")
                      .at("data.members")
                      .accepts("institutions that member.appointed names"));
    members.insert(s->id);
  }
  if (convened.getQuorum() >= 1 && convened.getQuorum() <= members.size()) return {};
  return fail(refusal(j.act, Errc::invalid, "quorum-out-of-range",
                      "the quorum asks nothing, or more than all the members")
                  .at("data.quorum")
                  .accepts("1 to the number of members")
                  .from("CRPA R133-10"));
}

void evolve_convened(const Change& change) {
  const auto convened = change.data().getSessionConvened();
  SessionState& s = change.world.mutable_session(change.act.stream.name);
  s.held_on = accepted_date(convened.getHeldOn()).value;
  s.quorum = convened.getQuorum();
  for (const capnp::Text::Reader slug : convened.getMembers()) {
    const Signatory* member = change.world.registry().find_slug(text(slug));
    check(member != nullptr, "an accepted session names an unknown member");
    s.members.insert(member->id);
  }
  // Whether these cases exist is not asked: the answer would tell of cases that have no
  // application.
  for (const capnp::Text::Reader id : convened.getCases()) s.cases.insert(accepted_uuid(id));
}

Error not_a_member(const Judgement& j, Errc code, const std::string& who) {
  return refusal(j.act, code, "member-not-of-session", who + " was not convened to this session")
      .accepts("members that session.convened names");
}

Status decide_held(const Judgement& j) {
  RELAIS_ASSIGN(const SessionState* s, check_convened(j));
  if (today(j) < Day{s->held_on})
    return fail(session_conflict(j, *s, "session-not-yet", "the session's day has not come")
                    .accepts(to_date(Day{s->held_on}) + " or later"));
  std::set<SignatoryId> present;
  for (const capnp::Text::Reader slug : j.data().getSessionHeld().getPresent()) {
    // One that has left the convention since may have sat all the same.
    const Signatory* who = j.registry().find_slug(text(slug));
    if (who == nullptr || !s->members.contains(who->id))
      return fail(not_a_member(j, Errc::invalid, text(slug)).at("data.present"));
    present.insert(who->id);
  }
  if (present.size() >= s->quorum) return {};
  return fail(session_conflict(j, *s, "quorum-not-met",
                               std::to_string(present.size()) + " members were present")
                  .at("data.present")
                  .accepts("at least " + std::to_string(s->quorum) + " members")
                  .from("CRPA R133-10"));
}

void evolve_held(const Change& change) {
  SessionState& s = change.world.mutable_session(change.act.stream.name);
  s.held = true;
  for (const capnp::Text::Reader slug : change.data().getSessionHeld().getPresent()) {
    const Signatory* who = change.world.registry().find_slug(text(slug));
    check(who != nullptr, "an accepted session was held by an unknown member");
    s.present.insert(who->id);
  }
}

Status decide_recused(const Judgement& j) {
  RELAIS_ASSIGN(const SessionState* s, check_convened(j));
  if (!s->members.contains(j.emitter->id))
    return fail(not_a_member(j, Errc::forbidden, j.emitter->slug));
  const Uuid file = accepted_uuid(j.data().getMemberRecused().getCaseId());
  if (!s->cases.empty() && !s->cases.contains(file))
    return fail(refusal(j.act, Errc::invalid, "session-not-for-file",
                        "the case is none of the session's files")
                    .at("data.case_id")
                    .accepts("a case that session.convened names"));
  const auto known = s->recused.find(file);
  if (known == s->recused.end() || !known->second.contains(j.emitter->id)) {
    // Of each member, so that none keeps another from stepping back.
    const auto own = std::ranges::count_if(
        s->recused, [&](const auto& item) { return item.second.contains(j.emitter->id); });
    if (static_cast<std::size_t>(own) < kMaxRecusedFiles) return {};
    return fail(session_conflict(j, *s, "limit-recusals",
                                 "a member is recused on at most " +
                                     std::to_string(kMaxRecusedFiles) + " files of a session"));
  }
  return fail(session_conflict(j, *s, "recused-already",
                               j.emitter->slug + " does not sit on this file already")
                  .at("data.case_id"));
}

void evolve_recused(const Change& change) {
  SessionState& s = change.world.mutable_session(change.act.stream.name);
  const Uuid file = accepted_uuid(change.data().getMemberRecused().getCaseId());
  s.recused[file].insert(change.act.signatory());
  // Whoever steps back in one session has stepped back from the file (CRPA L100-2).
  if (CaseState* c = change.world.mutable_case(file))
    c->stepped_back.insert(change.act.signatory());
}

}  // namespace

std::span<const Rule> commission_rules() {
  static constexpr Rule kRules[] = {
      {"member.appointed", decide_appointed, evolve_appointed},
      {"member.recused", decide_recused, evolve_recused},
      {"session.convened", decide_convened, evolve_convened},
      {"session.held", decide_held, evolve_held},
  };
  return kRules;
}

}  // namespace relais::rules
