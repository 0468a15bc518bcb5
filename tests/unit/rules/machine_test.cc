// The state machines: every pair of a state and an event, drawn or not, every transition that is
// drawn, and random walks through real acts.
#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <tuple>

#include "ledger/rules/time/deadlines.h"
#include "tests/unit/rules/example.h"
#include "tests/unit/rules/payloads.h"
#include "tests/unit/rules/walk.h"

namespace relais::tests {
namespace {

using rules::AccreditationPhase;
using rules::CasePhase;
using rules::PspPhase;
using rules::ReferralPhase;

/// Rows of a table, whatever its machine: from, event, to.
template <class Phase>
using Rows = std::set<std::tuple<Phase, std::string, Phase>>;

template <class Phase, class Table>
Rows<Phase> rows_of(const Table& table) {
  Rows<Phase> out;
  for (const auto& t : table) out.insert({t.from, std::string(t.event), t.to});
  return out;
}

template <class Phase>
std::set<Phase> targets_in(const Rows<Phase>& rows, Phase from, std::string_view event) {
  std::set<Phase> out;
  for (const auto& [source, name, to] : rows)
    if (source == from && name == event) out.insert(to);
  return out;
}

const Rows<CasePhase>& case_rows() {
  static const auto kRows = rows_of<CasePhase>(rules::case_transitions());
  return kRows;
}

std::set<CasePhase> drawn_targets(CasePhase from, std::string_view event) {
  return targets_in(case_rows(), from, event);
}

template <class Phase>
std::vector<Phase> phases(int first, int last) {
  std::vector<Phase> out;
  for (int i = first; i <= last; ++i) out.push_back(static_cast<Phase>(i));
  return out;
}
const auto kCasePhases = phases<CasePhase>(1, 9);
const auto kReferralPhases = phases<ReferralPhase>(1, 9);
const auto kPspPhases = phases<PspPhase>(0, 11);
const auto kAccreditationPhases = phases<AccreditationPhase>(0, 7);

/// Each row of the one and not of the other, in words; empty where they are the same.
template <class Phase>
std::string differences(const Rows<Phase>& made, const Rows<Phase>& drawn) {
  std::string out;
  for (const bool missing : {true, false})
    for (const auto& row : missing ? drawn : made) {
      if ((missing ? made : drawn).contains(row)) continue;
      out += missing ? "never made: " : "not drawn: ";
      out.append(to_string(std::get<0>(row))).append(" ").append(std::get<1>(row)).append(" ");
      out.append(to_string(std::get<2>(row))).append("; ");
    }
  return out;
}

/// A refusal by the tables: which rule, in which state, and where the event would be drawn.
template <class Phase>
void expect_not_drawn(const Error& e, std::string_view rule, Phase from, std::string_view event,
                      const std::vector<Phase>& all, const Rows<Phase>& rows) {
  EXPECT_EQ(e.rule, rule);
  EXPECT_EQ(e.code, Errc::conflict);
  EXPECT_FALSE(e.source.empty());
  // Who takes no part in a case, or none yet, learns nothing of its state.
  if (e.state.empty()) {
    const bool before_the_application = to_string(from) == "NONE" && event.starts_with("psp.");
    EXPECT_TRUE(event == "case.emergency_access_opened" || before_the_application) << event;
    EXPECT_EQ(e.accepted, "");
    return;
  }
  EXPECT_EQ(e.state, to_string(from));
  std::string accepted;
  for (const Phase phase : all) {
    if (targets_in(rows, phase, event).empty()) continue;
    if (!accepted.empty()) accepted += ", ";
    accepted += to_string(phase);
  }
  EXPECT_EQ(e.accepted, accepted);
}

TEST(Machines, EveryCaseEventIsAttempted) {
  std::set<std::string> attempted;
  for (const CaseEvent& e : case_events()) attempted.insert(e.event);
  std::set<std::string> known;
  for (const auto& type : statement::catalogue().all())
    if (type->stream == schema::StreamKind::CASE && !type->opens) known.insert(type->name);
  EXPECT_EQ(attempted, known);
  for (const auto& [from, event, to] : case_rows()) EXPECT_TRUE(attempted.contains(event)) << event;
}

// --- the case

/// One attempt on the prepared case. A few events move it in more than one way; `moves` says which
/// of the drawn ways this one is about, and `rule` what refuses it where the event itself is drawn.
struct CaseAttempt {
  CaseEvent act;
  bool (*moves)(CasePhase from, CasePhase to);
  const char* rule = "case-transition";
  bool alone = false;  ///< the case has nothing but its detection
};

json::object annulment(std::uint32_t version) {
  json::object d = data(R"({"reason":"entered_by_mistake"})");
  d["target_version"] = version;
  return d;
}

std::vector<CaseAttempt> case_attempts() {
  std::vector<CaseAttempt> out;
  for (CaseEvent& e : case_events()) {
    const bool erases_all = e.event == "case.data_erased" && !e.payload.contains("targets");
    const bool keeps = e.event == "case.annulled" || e.event == "case.data_erased";
    const auto moves = erases_all ? [](CasePhase, CasePhase to) { return to == CasePhase::erased; }
                       : keeps    ? [](CasePhase from, CasePhase to) { return to == from; }
                                  : [](CasePhase, CasePhase) { return true; };
    out.push_back({std::move(e), moves});
  }
  out.push_back({{"case.data_erased", "aa1", data(R"({"basis":"art17"})")},
                 [](CasePhase, CasePhase to) { return to == CasePhase::erased; }});
  out.push_back(
      {{"case.annulled", "aa1", annulment(kDetectedVersion)},
       [](CasePhase from, CasePhase to) { return to != from && to == CasePhase::dismissed; },
       "annul-not-possible",
       true});
  // The only act of support is taken back.
  out.push_back(
      {{"case.annulled", "aa1", annulment(kStepVersion)}, [](CasePhase from, CasePhase to) {
         return to == (from == CasePhase::in_support ? CasePhase::assessed : from);
       }});
  return out;
}

/// What else is true of the case: where its referrals let it go depends on it.
struct Circumstances {
  bool another_pending = false;
  bool supported = false;
};

/// A referral that is not answered yet keeps a case REFERRED, and nothing else does.
std::vector<Circumstances> circumstances(CasePhase from, const CaseEvent& e) {
  if (from != CasePhase::referred) return {{false, from == CasePhase::in_support}};
  if (!e.event.starts_with("referral.") || e.event == "referral.requested" ||
      e.event == "referral.completed")
    return {{true, false}};
  return {{true, false}, {false, false}, {false, true}};
}

void prepare_attempt(Scene& scene, const CaseAttempt& a, CasePhase from, Circumstances also) {
  if (a.alone) {
    scene.detect("aa1", 1);
    scene.world().mutable_case(*parse_uuid(test_uuid(1)))->phase = from;
    return;
  }
  rules::CaseState& c = prepare(scene, a.act.event, from);
  if (from != CasePhase::referred) return;
  c.supported |= also.supported;
  // Another one is pending, or this one is.
  if (!also.another_pending) {
    if (a.act.event == "referral.cancelled") {
      c.referrals[0].phase = ReferralPhase::received;
      c.supported = also.supported;
    }
    return;
  }
  rules::Referral other = prepared_referral(scene, c, ReferralPhase::requested);
  other.id = *parse_uuid(test_uuid(kReferral + 2));
  c.referrals.push_back(other);
}

/// Tries it, and adds the transition that was made to `made`.
void try_on_case(const CaseAttempt& a, CasePhase from, Circumstances also, Rows<CasePhase>& made) {
  SCOPED_TRACE(std::string(to_string(from)) + " × " + a.act.event + " by " + a.act.who);
  std::set<CasePhase> targets;
  const auto drawn = drawn_targets(from, a.act.event);
  for (const CasePhase to : drawn)
    if (a.moves(from, to)) targets.insert(to);
  Scene scene;
  prepare_attempt(scene, a, from, also);
  const std::string before = encode(*scene.find(1));
  const Status done = scene.act(a.act.who, a.act.event, case_subject(1), a.act.payload);
  const CasePhase to = scene.find(1)->phase;
  ASSERT_EQ(done.has_value(), !targets.empty()) << (done ? "accepted" : to_string(done.error()));
  if (done) {
    EXPECT_TRUE(targets.contains(to)) << to_string(to);
    made.insert({from, a.act.event, to});
    return;
  }
  EXPECT_EQ(encode(*scene.find(1)), before);
  if (drawn.empty()) {
    expect_not_drawn(done.error(), "case-transition", from, a.act.event, kCasePhases, case_rows());
    return;
  }
  EXPECT_EQ(done.error().rule, a.rule);
  EXPECT_EQ(done.error().state, to_string(from));
  EXPECT_FALSE(done.error().accepted.empty());
}

/// The consent that a pending referral rests on goes, in each way it can.
void end_consent(const std::string& event, json::object payload, bool supported,
                 Rows<CasePhase>& made) {
  SCOPED_TRACE(event);
  Scene scene;
  scene.detect("aa1", 1);
  scene.assess("aa1", 1);
  scene.consent("aa1", 1);
  scene.refer("aa1", 1, kReferral, "ml1");
  if (supported) scene.expect("aa1", "support.step_planned", case_subject(1), Scene::step_data(1));
  scene.expect("aa1", event, case_subject(1), std::move(payload));
  EXPECT_EQ(scene.find(1)->referrals[0].phase, ReferralPhase::cancelled);
  made.insert({CasePhase::referred, event, scene.find(1)->phase});
}

TEST(Machines, ACaseMovesOnlyAsDrawn) {
  Rows<CasePhase> made;
  for (const bool supported : {false, true}) {
    json::object narrower = Scene::consent_data();
    narrower["recipients"] = json::array{"aa2"};
    end_consent("case.consent_given", std::move(narrower), supported, made);
    end_consent("case.consent_withdrawn", data(R"({"scope":"referral"})"), supported, made);
    end_consent("case.annulled", annulment(3), supported, made);
  }
  for (const CaseAttempt& a : case_attempts())
    for (const CasePhase from : kCasePhases)
      for (const Circumstances& also : circumstances(from, a.act)) try_on_case(a, from, also, made);
  // And as all that is drawn: no row of the table is out of reach.
  EXPECT_EQ(differences(made, case_rows()), "");
}

// --- referrals

TEST(Machines, AReferralMovesOnlyAsDrawn) {
  const auto rows = rows_of<ReferralPhase>(rules::referral_transitions());
  std::vector<CaseEvent> attempts;
  for (CaseEvent& e : case_events())
    if (referral_for(e.event)) attempts.push_back(std::move(e));
  attempts.push_back({"referral.completed", "aa2",
                      Scene::on_referral(kReferral, R"({"outcome":"did_not_come"})")});
  Rows<ReferralPhase> made;
  for (const ReferralPhase from : kReferralPhases) {
    for (const CaseEvent& e : attempts) {
      SCOPED_TRACE(std::string(to_string(from)) + " × " + e.event);
      Scene scene;
      const bool pending = from <= ReferralPhase::held;
      rules::CaseState& c =
          prepare(scene, e.event, pending ? CasePhase::referred : CasePhase::in_support);
      c.referrals[0].phase = from;
      const auto targets = targets_in(rows, from, e.event);
      const Status done = scene.act(e.who, e.event, case_subject(1), e.payload);
      ASSERT_EQ(done.has_value(), !targets.empty()) << (done ? "" : to_string(done.error()));
      const ReferralPhase to = scene.find(1)->referrals[0].phase;
      if (done) {
        EXPECT_TRUE(targets.contains(to));
        made.insert({from, e.event, to});
      } else {
        EXPECT_EQ(to, from);
        expect_not_drawn(done.error(), "referral-transition", from, e.event, kReferralPhases, rows);
      }
    }
  }
  EXPECT_EQ(differences(made, rows), "");
}

// --- the parcours

const Rows<PspPhase>& psp_rows() {
  static const auto kRows = rows_of<PspPhase>(rules::psp_transitions());
  return kRows;
}

json::object refusal_of_prefecture() {
  return data(R"({"decision":"refused","reasons":"The project has no stated aim.",
                  "appeal_route":"contentious","notified_on":"2026-03-02"})");
}

/// Every event of the parcours' machine, and every way in which it may turn out.
std::vector<CaseEvent> psp_attempts() {
  std::vector<CaseEvent> out;
  for (CaseEvent& e : case_events())
    if (e.event.starts_with("psp.")) out.push_back(std::move(e));
  out.push_back(
      {"psp.opinion_given", "pref",
       data(R"({"session":"s1","opinion":"adjourned","in_favour":0,"against":0,"abstained":2})")});
  out.push_back({"psp.decided", "pref", refusal_of_prefecture()});
  out.push_back({"psp.renewal_decided", "pref", refusal_of_prefecture()});
  out.push_back({"psp.appeal_judged", "aa1",
                 data(R"({"outcome":"decision_replaced","judged_on":"2026-03-02"})")});
  return out;
}

/// Where the case's own machine draws the event too.
CasePhase case_phase_for(std::string_view psp_event) {
  const bool enters = psp_event == "psp.applied" || psp_event == "psp.started";
  return enters ? CasePhase::in_support : CasePhase::psp;
}

TEST(PspMachine, EveryEventOfTheParcoursIsInTheMachine) {
  std::set<std::string> attempted;
  for (const CaseEvent& e : psp_attempts()) attempted.insert(e.event);
  std::set<std::string> known;
  for (const auto& type : statement::catalogue().all())
    if (type->name.starts_with("psp.")) known.insert(type->name);
  std::set<std::string> drawn;
  for (const auto& row : psp_rows()) drawn.insert(std::get<1>(row));
  EXPECT_EQ(attempted, known);
  EXPECT_EQ(drawn, known);
}

TEST(PspMachine, AParcoursMovesOnlyAsDrawn) {
  Rows<PspPhase> made;
  for (const CaseEvent& e : psp_attempts()) {
    for (const PspPhase from : kPspPhases) {
      for (const bool of_renewal : {false, true}) {
        SCOPED_TRACE(std::string(to_string(from)) + " × " + e.event);
        Scene scene;
        rules::Psp& p = prepare(scene, e.event, case_phase_for(e.event)).psp;
        p.phase = from;
        p.refused_renewal = of_renewal;
        const auto targets = targets_in(psp_rows(), from, e.event);
        const Status done = scene.act(e.who, e.event, case_subject(1), e.payload);
        ASSERT_EQ(done.has_value(), !targets.empty()) << (done ? "" : to_string(done.error()));
        const PspPhase to = scene.find(1)->psp.phase;
        if (done) {
          EXPECT_TRUE(targets.contains(to)) << to_string(to);
          made.insert({from, e.event, to});
        } else {
          EXPECT_EQ(to, from);
          expect_not_drawn(done.error(), "psp-transition", from, e.event, kPspPhases, psp_rows());
        }
      }
    }
  }
  EXPECT_EQ(differences(made, psp_rows()), "");
}

/// A path of a case through the real rules: after each act, what is drawn is chosen from, and what
/// is not drawn is tried and refused.
class PspPath {
 public:
  PspPath() { prepare(scene_, "psp.applied", CasePhase::in_support); }

  /// One act that both tables draw, chosen by `choice`, some days later. False: a rule of the
  /// model is broken.
  [[nodiscard]] bool step(std::uint64_t choice) {
    if (!refuses_its_neighbours()) return false;
    scene_.clock.advance_ms(static_cast<std::int64_t>(choice % 20) * kDayMs);
    std::vector<const CaseEvent*> drawn;
    for (const CaseEvent& e : attempts_)
      if (is_drawn(e.event)) drawn.push_back(&e);
    if (drawn.empty()) return true;  // nothing of the parcours is left to do in this state
    std::size_t chosen = choice / 20 % drawn.size();
    // Most parcours go on for a while: of the ends that come up, one in four is taken.
    if (drawn[chosen]->event == "psp.ended" && choice % 4 != 0)
      chosen = (chosen + 1) % drawn.size();
    const CaseEvent& e = *drawn[chosen];
    if (e.event == "psp.review_filed" || e.event == "psp.renewal_requested") go_into_season();
    if (e.event == "psp.opinion_given") hold_another_session();
    const rules::Psp before = psp();
    const Status done = scene_.act(e.who, e.event, case_subject(1), dated(e));
    if (e.event == "psp.renewal_requested" && before.terms == 4) {
      refused_a_fifth_term = !done && done.error().rule == "psp-24-months";
      return refused_a_fifth_term && psp().terms == 4;
    }
    // An entry that was refused has nothing to end: the drawing means renewals.
    if (!done && done.error().rule == "psp-not-started") return before.started_on == 0;
    if (!done && done.error().rule == "psp-term-over") {
      const auto ending = rules::psp_ending(before);
      return ending && scene_.clock.now() >= rules::end_of(ending->last);
    }
    if (!done) return complain(e.event + " is drawn and refused: " + to_string(done.error()));
    made.insert({before.phase, e.event, psp().phase});
    most_terms = std::max<int>(most_terms, psp().terms);
    return stays_within_24_months();
  }

  Rows<PspPhase> made;
  int most_terms = 0;
  bool refused_a_fifth_term = false;
  std::string complaint;

 private:
  static constexpr std::int64_t kDayMs = 86'400'000;

  const rules::Psp& psp() { return scene_.find(1)->psp; }
  bool complain(std::string what) {
    complaint = std::move(what);
    return false;
  }
  bool is_drawn(const std::string& event) {
    return !targets_in(psp_rows(), psp().phase, event).empty() &&
           !drawn_targets(scene_.find(1)->phase, event).empty();
  }
  void go_into_season() {
    const Timestamp from = rules::start_of(Day{psp().term_ends_on - 60});
    if (scene_.clock.now() < from) scene_.clock.set(from);
  }
  /// The payload with today's date; an appeal is filed on the day of notification, so that it is in
  /// time.
  json::object dated(const CaseEvent& e) {
    json::object d = e.payload;
    for (const char* day : {"starts_on", "notified_on", "ended_on", "judged_on"})
      if (d.contains(day)) d[day] = to_date(rules::legal_day(scene_.clock.now()));
    if (d.contains("filed_on")) d["filed_on"] = to_date(Day{psp().notified_on});
    if (d.contains("session")) d["session"] = session_;
    return d;
  }
  /// An adjourned file comes before another session than the one that adjourned it.
  void hold_another_session() {
    rules::SessionState next = scene_.world().mutable_session("s1");
    next.held_on = rules::legal_day(scene_.clock.now()).value;
    session_ = "s" + std::to_string(++sessions_);
    scene_.world().mutable_session(session_) = std::move(next);
  }
  bool refuses_its_neighbours() {
    const rules::CaseState& c = *scene_.find(1);
    if (!seen_.insert({c.phase, c.psp.phase, c.psp.terms}).second) return true;
    const std::string before = encode(c);
    for (const CaseEvent& e : attempts_) {
      if (is_drawn(e.event)) continue;
      const Status done = scene_.act(e.who, e.event, case_subject(1), dated(e));
      if (done) return complain(e.event + " is not drawn and accepted");
      if (done.error().rule != "psp-transition" && done.error().rule != "case-transition")
        return complain(e.event + " is refused by " + done.error().rule);
      if (encode(*scene_.find(1)) != before) return complain(e.event + " is refused and changes");
    }
    return true;
  }
  /// CASF L121-9: six months at a time, 24 months in total.
  bool stays_within_24_months() {
    const rules::Psp& p = psp();
    if (p.terms > 4) return complain("a fifth term");
    if (p.terms == 0) return true;
    const Day start{p.started_on};
    if (Day{p.term_ends_on} >= rules::add_months(start, 24)) return complain("over 24 months");
    if (rules::add_days(Day{p.term_ends_on}, 1) != rules::add_months(start, 6 * p.terms))
      return complain("a term that is not of six months");
    return true;
  }

  Scene scene_;
  const std::vector<CaseEvent> attempts_ = psp_attempts();
  std::string session_ = "s1";
  int sessions_ = 1;
  std::set<std::tuple<CasePhase, PspPhase, int>> seen_;
};

RC_GTEST_PROP(PspMachine, NoLegalPathExceeds24MonthsOr4Terms, ()) {
  const auto choices = *rc::gen::container<std::vector<std::uint64_t>>(
      *rc::gen::inRange<std::size_t>(10, 60), rc::gen::inRange<std::uint64_t>(0, 100'000));
  PspPath path;
  for (const std::uint64_t choice : choices)
    if (!path.step(choice)) RC_FAIL(path.complaint);
}

/// That such paths get anywhere: to each of the four terms and through the whole drawing.
TEST(PspMachine, LegalPathsReachTheWholeDrawing) {
  Rows<PspPhase> made;
  int most_terms = 0;
  bool refused_a_fifth_term = false;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    crypto::SeededRandom random(seed);
    PspPath path;
    for (int i = 0; i < 60; ++i) ASSERT_TRUE(path.step(random.next() % 100'000)) << path.complaint;
    made.merge(path.made);
    most_terms = std::max(most_terms, path.most_terms);
    refused_a_fifth_term |= path.refused_a_fifth_term;
  }
  EXPECT_EQ(most_terms, 4);
  EXPECT_TRUE(refused_a_fifth_term);
  EXPECT_EQ(differences(made, psp_rows()), "");
}

// --- the accreditation

TEST(AccreditationMachine, AnAccreditationMovesOnlyAsDrawn) {
  const auto rows = rows_of<AccreditationPhase>(rules::accreditation_transitions());
  std::set<std::string> known;
  for (const auto& type : statement::catalogue().all())
    if (type->name.starts_with("accreditation.")) known.insert(type->name);
  std::set<std::string> attempted;
  Rows<AccreditationPhase> made;
  for (const StreamEvent& a : events_of_accreditation()) {
    attempted.insert(a.event);
    for (const AccreditationPhase from : kAccreditationPhases) {
      SCOPED_TRACE(std::string(to_string(from)) + " × " + a.event);
      // While one runs, a request is for the next: a machine of its own (accreditation_test.cc).
      if (a.event == "accreditation.requested" && rules::Accreditation{.phase = from}.granted())
        continue;
      Scene scene;
      const std::int32_t complete = parse_date("2025-11-01")->value;
      const SignatoryId aa = scene.ordinal_of("aa1");
      scene.world().mutable_signatory(aa).accreditation = {from, complete, complete, complete,
                                                           parse_date("2026-03-01")->value};
      const auto targets = targets_in(rows, from, a.event);
      const Status done = scene.act(a.who, a.event, "signatory/aa1", a.payload);
      ASSERT_EQ(done.has_value(), !targets.empty()) << (done ? "" : to_string(done.error()));
      const AccreditationPhase to = scene.world().find_signatory(aa)->accreditation.phase;
      if (done) {
        EXPECT_TRUE(targets.contains(to)) << to_string(to);
        made.insert({from, a.event, to});
      } else {
        EXPECT_EQ(to, from);
        expect_not_drawn(done.error(), "accreditation-transition", from, a.event,
                         kAccreditationPhases, rows);
      }
    }
  }
  EXPECT_EQ(attempted, known);
  EXPECT_EQ(differences(made, rows), "");
}

// --- random walks

bool pending_referral(const rules::CaseState& c) {
  return std::ranges::any_of(c.referrals, &rules::Referral::pending);
}

/// What holds of every case at every moment, whatever was done to it.
void require_invariants(const rules::CaseState& c) {
  if (c.phase == CasePhase::referred) {
    RC_ASSERT(pending_referral(c));
  } else {
    RC_ASSERT(!pending_referral(c));
  }
  if (c.phase == CasePhase::in_support) RC_ASSERT(c.supported);
  if (c.phase == CasePhase::assessed) RC_ASSERT(!c.supported);
  if (c.phase == CasePhase::closed || c.phase == CasePhase::dismissed)
    RC_ASSERT(std::ranges::none_of(c.referrals, &rules::Referral::open));
  RC_ASSERT(c.participants.contains(c.holder));
  for (const rules::Referral& r : c.referrals) RC_ASSERT(c.participants.contains(r.to));
  for (const rules::EmergencyAccess& a : c.accesses) {
    RC_ASSERT(a.by != c.holder);
    RC_ASSERT(a.opened_at < a.until);
    // Nobody has two at once, nor another after one that was not justified.
    for (const rules::EmergencyAccess& b : c.accesses) {
      if (&a >= &b || a.by != b.by) continue;
      RC_ASSERT(a.id != b.id);
      RC_ASSERT(b.opened_at >= a.until);
    }
  }
}

RC_GTEST_PROP(Machines, RandomWalksKeepTheDrawingAndTheInvariants, ()) {
  Scene scene;
  const auto steps = *walk_steps(40);
  for (const WalkStep& step : steps) {
    const rules::CaseState* found = scene.find(step.case_number);
    const auto before = found ? std::optional(*found) : std::nullopt;
    const WalkOutcome outcome = take(scene, step);
    const rules::CaseState* after = scene.find(step.case_number);
    if (outcome.done) {
      if (before && outcome.subject_is_case) {
        RC_ASSERT(drawn_targets(before->phase, outcome.event).contains(after->phase));
        RC_ASSERT(after->version == before->version + 1);
      }
    } else {
      const Error& e = outcome.done.error();
      RC_ASSERT(!e.rule.empty());
      RC_ASSERT(!e.source.empty());
      RC_ASSERT((e.code == Errc::conflict) == !e.state.empty());
      RC_ASSERT(e.code == Errc::conflict || e.code == Errc::forbidden || e.code == Errc::invalid ||
                e.code == Errc::not_found ||
                (e.code == Errc::unauthenticated && e.field == "data.proof"));
      if (before) RC_ASSERT(encode(*before) == encode(*after));
    }
    if (after) require_invariants(*after);
  }
}

}  // namespace
}  // namespace relais::tests
