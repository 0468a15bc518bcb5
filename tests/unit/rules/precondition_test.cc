// What the catalogue tells a partner of an event, against what decide() says: for every type, each
// clause of its precondition in the schema's own words, with an example in which this clause alone
// does not hold. A text that is changed, a clause that nothing enforces, a type that is forgotten:
// each fails here.
#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <map>
#include <sstream>

#include "ledger/crypto/x25519.h"
#include "tests/unit/rules/example.h"

namespace relais::tests {
namespace {

using rules::AccreditationPhase;
using rules::CasePhase;
using rules::PspPhase;
using rules::ReferralPhase;
using Change = std::function<void(Example&)>;

/// No refusal: the clause allows something.
constexpr std::string_view kAccepted;

struct Clause {
  std::string_view words;  ///< of the precondition
  std::string_view rule;   ///< by which the changed example is refused
  Change change;           ///< what breaks the clause, in an example that holds
};

struct Precondition {
  std::string_view event;
  std::vector<Clause> clauses;
};
using Table = std::vector<Precondition>;

// --- changes

void nothing(Example&) {}
Change by(std::string who) {
  return [who](Example& e) { e.who = who; };
}
Change on_stream(std::string subject) {
  return [subject](Example& e) { e.subject = subject; };
}
/// Members are added to the payload, or replaced.
Change saying(std::string_view members) {
  return [more = data(members)](Example& e) { e.say(more); };
}
Change without(std::string member) {
  return [member](Example& e) { e.payload.erase(member); };
}
Change on_day(std::string member, std::string day) {
  return [member, day](Example& e) { e.payload[member] = day; };
}
/// The same has been done already.
void done_before(Example& e) {
  e.scene.expect(e.who, e.event, e.subject, e.payload);
}

std::int32_t day(std::string_view date) {
  return parse_date(date)->value;
}

Change in(CasePhase phase) {
  return [phase](Example& e) { e.the_case().phase = phase; };
}
Change referral_in(ReferralPhase phase) {
  return [phase](Example& e) { e.referral().phase = phase; };
}
Change parcours_in(PspPhase phase) {
  return [phase](Example& e) { e.psp().phase = phase; };
}
Change file_in(AccreditationPhase phase) {
  return [phase](Example& e) { e.file().phase = phase; };
}
/// The file of aa1 came complete on this day.
Change file_of(std::string_view date) {
  return [d = day(date)](Example& e) { e.file().filed_on = e.file().complete_on = d; };
}

void transfer_to_ml2(Example& e) {
  e.who = "ml2";
  e.the_case().transfer =
      rules::Transfer{e.scene.ordinal_of("ml2"), schema::TransferKind::PERMANENT, kSceneStart};
}
void parcours_of_the_prefecture(Example& e) {
  e.who = "pref";
  e.psp().phase = PspPhase::applied;
}
void without_consent(Example& e) {
  e.the_case().consents.clear();
}
void consent_for_ml2_alone(Example& e) {
  for (rules::Consent& c : e.the_case().consents) c.recipients = {e.scene.ordinal_of("ml2")};
}
void consent_expired(Example& e) {
  for (rules::Consent& c : e.the_case().consents) c.expires_on = day(kYesterday);
}
void of_a_minor(Example& e) {
  e.the_case().age_band = schema::AgeBand::FROM16_TO17;
}
void of_a_minor_without_consent(Example& e) {
  of_a_minor(e);
  without_consent(e);
}

// --- clauses of many types

Clause case_open() {
  return {"the case is open", "case-transition", in(CasePhase::closed)};
}
Clause case_after_detection() {
  return {"the case is ASSESSED, REFERRED, IN_SUPPORT, PSP or DORMANT", "case-transition",
          in(CasePhase::detected)};
}
Clause case_not_erased() {
  return {"the case is not ERASED", "case-transition", in(CasePhase::erased)};
}

// --- the table: axis 1

constexpr std::string_view kMissionLocaleOrAssociation =
    "the addressee is another signatory, a mission locale or an association";

/// The holder's act, on a referral that another asked for.
void asked_for_by_ml1(Example& e) {
  e.who = "aa1";
  e.referral().from = e.scene.ordinal_of("ml1");
}
void ml2_left_to_ml1(Example& e) {
  rules::Signatory& gone = e.registry().mutable_signatory(e.scene.ordinal_of("ml2"));
  gone.active = false;
  gone.succession = rules::Succession{e.scene.ordinal_of("ml1"), kSceneStart};
}
void accepted_referral(Example& e) {
  e.the_case().referrals = {prepared_referral(e.scene, e.the_case(), ReferralPhase::accepted)};
}
/// The emitter holds the case no more.
Change handed_over_to(std::string who) {
  return [who](Example& e) {
    const SignatoryId to = e.scene.ordinal_of(who);
    --e.scene.world().mutable_signatory(e.the_case().holder).open_cases;
    ++e.scene.world().mutable_signatory(to).open_cases;
    e.the_case().holder = to;
  };
}
/// The emitter holds it now; what there is was recorded by who handed it over.
Change held_by(std::string who) {
  return [who, hand_over = handed_over_to(who)](Example& e) {
    e.who = who;
    hand_over(e);
  };
}

Table of_detection() {
  return {
      {"case.detected",
       {{"the case does not exist yet", "stream-exists", done_before},
        {"the territory is one of the convention's", "territory-not-of-convention",
         saying(R"({"territory":"75056"})")}}},
      {"case.dismissed",
       {{"the case is DETECTED", "case-transition", in(CasePhase::assessed)},
        {"by the holder of the case", "not-holder", by("ml2")},
        {"by the holder of the case", "not-holder", handed_over_to("ml2")},
        {"by the holder of the case", kAccepted, held_by("ml2")}}},
      {"case.risk_assessed", {case_open()}},
      {"case.consent_given",
       {case_open(),
        {"the recipients are signatories", "signatory-unknown",
         saying(R"({"recipients":["nobody"]})")},
        {"it does not end before today", "consent-expired", on_day("expires_on", kYesterday)}}},
      {"case.consent_withdrawn",
       {case_not_erased(),
        {"the case is not ERASED", kAccepted, in(CasePhase::closed)},
        {"the case is not ERASED", kAccepted, in(CasePhase::dismissed)},
        {"a consent of this scope was given", "consent-not-given",
         saying(R"({"scope":"statistics"})")},
        {"not taken back", "consent-not-given", done_before},
        {"whether or not it has expired", kAccepted, consent_expired}}},
      {"case.became_dormant",
       {{"the case is IN_SUPPORT", "case-transition", in(CasePhase::assessed)},
        {"nobody has acted on it for dormant-after-days", "case-not-at-rest",
         [](Example& e) { e.the_case().last_act_at = kSceneStart; }},
        {"no application for a parcours waits for its answer", "case-not-at-rest",
         parcours_in(PspPhase::applied)}}},
      {"case.closed",
       {{"the case is IN_SUPPORT or DORMANT", "case-transition", in(CasePhase::assessed)},
        {"no referral is pending", "case-transition", in(CasePhase::referred)},
        {"under way", "referral-open", accepted_referral}}},
      {"case.reopened", {{"the case is CLOSED", "case-transition", in(CasePhase::dormant)}}},
  };
}

/// This signatory opened an emergency access long ago, which nobody has reviewed.
Change accessed_by(std::string who) {
  return [who](Example& e) {
    const Timestamp long_ago = *parse_rfc3339("2023-01-01T12:00:00Z");
    e.the_case().accesses.push_back({*parse_uuid(test_uuid(kAccess + 5)),
                                     e.scene.ordinal_of(who),
                                     schema::EmergencyReason::MEDICAL,
                                     long_ago,
                                     long_ago,
                                     {},
                                     {}});
  };
}

Table of_transfers() {
  return {
      {"case.transfer_requested",
       {case_open(),
        {"no emergency access of the addressee waits for its review", "emergency-review-first",
         accessed_by("ml1")},
        {"no transfer is pending", "transfer-pending", done_before},
        {kMissionLocaleOrAssociation, "transfer-to-self", saying(R"({"to":"aa1"})")},
        {kMissionLocaleOrAssociation, "signatory-unknown", saying(R"({"to":"nobody"})")},
        {kMissionLocaleOrAssociation, "addressee-cannot-receive", saying(R"({"to":"udml"})")}}},
      {"case.passed_on",
       {case_not_erased(),
        {"its holder was withdrawn by the signatories", "holder-not-withdrawn",
         [](Example& e) { e.registry().mutable_signatory(e.the_case().holder).active = true; }},
        {"who named another to go on with its cases", "holder-not-withdrawn",
         [](Example& e) {
           e.registry().mutable_signatory(e.the_case().holder).succession.reset();
         }},
        {"it is to that one", "successor-differs", saying(R"({"to":"ml1"})")},
        {"to whom they named for that one in its turn", "successor-differs", ml2_left_to_ml1},
        {"to whom they named for that one in its turn", kAccepted,
         [](Example& e) {
           ml2_left_to_ml1(e);
           e.payload["to"] = "ml1";
         }}}},
      {"case.transfer_accepted",
       {{"no emergency access of the emitter waits for its review", "emergency-review-first",
         accessed_by("ml2")},
        {"a transfer to the emitter is pending", "transfer-not-pending",
         [](Example& e) { e.the_case().transfer.reset(); }},
        {"a transfer to the emitter is pending", "not-addressee", by("aa2")}}},
      {"case.transfer_declined",
       {{"a transfer to the emitter is pending", "transfer-not-pending",
         [](Example& e) { e.the_case().transfer.reset(); }},
        {"a transfer to the emitter is pending", "not-addressee", by("aa2")}}},
  };
}

Change held_until(std::string_view last) {
  return [ends = day(last)](Example& e) {
    e.the_case().holds.push_back({*parse_uuid(test_uuid(kHold)), e.the_case().holder,
                                  schema::HoldReason::COMPLAINT, kSceneStart, ends});
  };
}

/// The clock erases case 1, which was closed three years ago.
void retention(Example& e) {
  e.who = "relais";
  e.payload = data(R"({"basis":"retention"})");
  e.the_case().phase = CasePhase::closed;
  e.the_case().closed_at = *parse_rfc3339("2023-01-01T12:00:00Z");
}
Change retention_but(const Change& change) {
  return [change](Example& e) {
    retention(e);
    change(e);
  };
}
void target_annulled(Example& e) {
  const auto version = e.payload.at("target_version").to_number<std::size_t>();
  e.the_case().acts.at(version - 1).annulled = true;
}

constexpr std::string_view kRiskOfThird = R"({"target_version":3,"risk":"low"})";

/// The act of this version, on which the statement is, was aa2's.
Change of_another(std::size_t version, std::string_view members) {
  return [version, more = data(members)](Example& e) {
    e.say(more);
    if (more.contains("risk")) e.payload.erase("channel");
    e.the_case().acts.at(version - 1).by = e.scene.ordinal_of("aa2");
  };
}
/// aa2, who has accepted, is the emitter; the assessment is of this author.
Change by_the_addressee(std::string author, std::string_view members) {
  return [author, change = of_another(3, members)](Example& e) {
    change(e);
    accepted_referral(e);
    e.the_case().acts.at(2).by = e.scene.ordinal_of(author);
    e.who = "aa2";
  };
}
/// The step was planned by `author`, whose referral is accepted or not.
Change step_of_another(std::string author, std::string who, bool accepted) {
  return [=, change = of_another(4, R"({"target_version":4})")](Example& e) {
    change(e);
    e.the_case().acts.at(3).by = e.scene.ordinal_of(author);
    if (accepted) accepted_referral(e);
    e.who = who;
  };
}

Table of_corrections() {
  constexpr std::string_view kOfDetection = "a detection is corrected by the present holder";
  constexpr std::string_view kOfAssessment = "an assessment by it or by its author";
  constexpr std::string_view kOfTheHolder =
      "a detection, a consent and the review of an access are annulled by the present holder";
  constexpr std::string_view kOfItsAuthor = "other acts by their author";
  constexpr std::string_view kWithAPart =
      "as long as it has a part in the case where something comes of the act";
  constexpr std::string_view kInItsStead = "by the holder once it has none";
  return {
      {"case.corrected",
       {case_not_erased(),
        {"the target is an event of this case", "target-unknown",
         saying(R"({"target_version":99})")},
        {kOfDetection, "not-holder-or-accepted", by("ml2")},
        {kOfDetection, "not-holder-or-accepted", handed_over_to("ml2")},
        {kOfDetection, kAccepted, held_by("ml2")},
        {kOfDetection, "not-author", by_the_addressee("aa1", R"({})")},
        {kOfAssessment, kAccepted, by_the_addressee("aa2", kRiskOfThird)},
        {kOfAssessment, "not-author", by_the_addressee("aa1", kRiskOfThird)},
        {kOfAssessment, kAccepted, of_another(3, kRiskOfThird)},
        {"not annulled", "target-annulled", target_annulled},
        {"at least one new value is given", "correction-empty", without("channel")},
        {"the target's type has it", "correction-not-of-target", saying(R"({"target_version":2})")},
        {"a new territory is one of the convention's", "territory-not-of-convention",
         saying(R"({"territory":"75056"})")},
        {"while a parcours is under way the age stays an adult's", "psp-adult-only",
         [](Example& e) {
           e.psp().phase = PspPhase::active;
           e.payload["age_band"] = "16_17";
         }}}},
      {"case.annulled",
       {case_not_erased(),
        {"the target is an event of this case", "target-unknown",
         saying(R"({"target_version":99})")},
        {kOfTheHolder, "not-author", by("ml2")},
        {kOfTheHolder, "not-author", handed_over_to("ml2")},
        {kOfTheHolder, kAccepted, held_by("ml2")},
        {kOfItsAuthor, "not-author", step_of_another("aa2", "ml2", false)},
        {kOfItsAuthor, "not-author", step_of_another("aa2", "aa1", true)},
        {kOfItsAuthor, kAccepted, step_of_another("aa2", "aa2", true)},
        {kWithAPart, "part-ended", step_of_another("aa2", "aa2", false)},
        {kInItsStead, kAccepted, step_of_another("aa2", "aa1", false)},
        {"not annulled", "target-annulled", target_annulled},
        {"the case's history holds without it", "annul-not-possible",
         saying(R"({"target_version":3})")}}},
      {"case.data_erased",
       {{"no legal hold is in force", "legal-hold", held_until(kToday)},
        {"no legal hold is in force", kAccepted, held_until(kYesterday)},
        {"no legal hold is in force", "legal-hold", retention_but(held_until(kToday))},
        {"art17: by the holder", "not-holder", by("ml2")},
        {"art17: by the holder", "erasure-basis", by("relais")},
        {"on a case that is not erased", "case-transition", in(CasePhase::erased)},
        {"of targets that it has", "target-unknown", saying(R"({"targets":[99]})")},
        {"that are no erasures", "target-is-erasure",
         [](Example& e) {
           e.scene.expect(e.who, e.event, e.subject, e.payload);
           e.payload["targets"] = json::array{e.the_case().acts.size()};
         }},
        {"of targets that it has", "targets-empty", saying(R"({"targets":[]})")},
        {"of the whole once it is DISMISSED or CLOSED", "case-transition", without("targets")},
        {"retention: by the clock", "erasure-basis", retention_but(by("aa1"))},
        {"retention: by the clock", kAccepted, retention},
        {"of the whole case", "retention-whole-case", retention_but(saying(R"({"targets":[1]})"))},
        {"when it was dismissed or closed", "case-transition",
         retention_but(in(CasePhase::dormant))},
        {"for the retention period", "retention-not-due",
         retention_but([](Example& e) { e.the_case().closed_at = kSceneStart; })}}},
  };
}

void by_the_applicant(Example& e) {
  e.psp().phase = PspPhase::applied;
  e.psp().applicant = e.scene.ordinal_of("aa2");
  e.who = "aa2";
}
/// The applicant is the emitter, and who ended its parcours did so on this day.
Change ended_parcours(std::string by, std::string_view on) {
  return [=](Example& e) {
    by_the_applicant(e);
    e.psp().phase = PspPhase::ended;
    e.psp().ended = 1;
    e.psp().ended_on = e.psp().notified_on = day(on);
    e.the_case().acts.at(0).by = e.scene.ordinal_of(by);
  };
}
Change refused_parcours(PspPhase phase, std::string_view notified_on) {
  return [=](Example& e) {
    by_the_applicant(e);
    e.psp().phase = phase;
    e.psp().notified_on = day(notified_on);
  };
}
void placed_by_who_answers_no_more(Example& e) {
  e.the_case().holds.at(0).by = e.scene.ordinal_of("ml2");
}

Table of_holds() {
  constexpr std::string_view kWho =
      "by its holder, or by the association that applied for its parcours, until it ended and, "
      "where others ended it, until the appeal's term is over";
  constexpr std::string_view kTerm =
      "it ends today at the earliest and legal-hold-years from today at the latest";
  constexpr std::string_view kWhoLifts =
      "by the signatory that placed it, or by the holder where that one could not place it any "
      "more";
  return {
      {"case.legal_hold_placed",
       {case_not_erased(),
        {kWho, "not-holder-or-applicant", by("ml2")},
        {kWho, kAccepted, by_the_applicant},
        {kWho, "part-ended", ended_parcours("aa2", kToday)},
        {kWho, kAccepted, ended_parcours("pref", kToday)},
        {kWho, "part-ended", ended_parcours("pref", "2025-12-01")},
        {kWho, kAccepted, refused_parcours(PspPhase::refused, kToday)},
        {kWho, "part-ended", refused_parcours(PspPhase::refused, "2025-12-01")},
        {kWho, kAccepted, refused_parcours(PspPhase::appealed, "2025-12-01")},
        {kWho, "part-ended", refused_parcours(PspPhase::final_refusal, kToday)},
        {"the hold id is new", "hold-id-taken", done_before},
        {kTerm, "legal-hold-term", on_day("ends_on", kYesterday)},
        {kTerm, kAccepted, on_day("ends_on", kToday)},
        {kTerm, kAccepted, on_day("ends_on", "2031-03-02")},
        {kTerm, "legal-hold-term", on_day("ends_on", "2031-03-03")}}},
      {"case.legal_hold_lifted",
       {case_not_erased(),
        {"the hold is in force", "hold-over", done_before},
        {"the hold is in force", "hold-over",
         [](Example& e) { e.the_case().holds.at(0).ends_on = day(kYesterday); }},
        {"the hold is in force", "hold-unknown",
         [](Example& e) { e.payload["hold_id"] = test_uuid(kHold + 9); }},
        {kWhoLifts, "not-holder-or-applicant", by("ml2")},
        {kWhoLifts, "hold-not-own", by_the_applicant},
        {kWhoLifts, kAccepted, placed_by_who_answers_no_more}}},
  };
}

/// An earlier access of the emitter, over since, with this review.
Change accessed_before(schema::AccessReview review) {
  return [review](Example& e) {
    accessed_by(e.who)(e);
    e.the_case().accesses.back().review = review;
  };
}

Table of_emergencies() {
  constexpr std::string_view kTerm =
      "it ends after its receipt, and emergency-access-hours after it at the latest";
  constexpr std::string_view kThere = "the case exists and is not ERASED";
  constexpr std::string_view kJudged =
      "no earlier access of the emitter to this case was found not justified";
  const Change erased = in(CasePhase::erased);
  return {
      {"case.emergency_access_opened",
       {{kTerm, "emergency-term", on_day("until", "2026-03-02T08:00:00Z")},
        {kTerm, kAccepted, on_day("until", "2026-03-03T08:00:00Z")},
        {kTerm, "emergency-term", on_day("until", "2026-03-03T08:00:00.001Z")},
        {kThere, kAccepted, by("ml1")},
        {kThere, kAccepted, by("pref")},
        {kThere, "stream-unknown", on_stream(case_subject(99))},
        {kThere, "case-transition", erased},
        {kThere, "stream-unknown",
         [=](Example& e) {
           erased(e);
           e.who = "ml1";
         }},
        {"the emitter does not hold it", "emergency-by-holder", by("aa1")},
        {"the access id is new", "access-id-taken",
         [](Example& e) {
           accessed_by(e.who)(e);
           e.payload["access_id"] = test_uuid(kAccess + 5);
         }},
        {kJudged, "emergency-barred", accessed_before(schema::AccessReview::NOT_JUSTIFIED)},
        {kJudged, kAccepted, accessed_before(schema::AccessReview::JUSTIFIED)},
        {"none of them is open", "emergency-open", done_before},
        {"fewer than three wait for their review", "emergency-unreviewed",
         [](Example& e) {
           for (int i = 0; i < 3; ++i) accessed_by(e.who)(e);
         }}}},
      {"case.emergency_access_reviewed",
       {case_not_erased(),
        {"by another signatory", "access-own",
         [](Example& e) { e.the_case().accesses.at(0).by = e.scene.ordinal_of("aa1"); }},
        {"the access was opened", "access-unknown",
         [](Example& e) { e.payload["access_id"] = test_uuid(kAccess + 9); }},
        {"is not reviewed yet", "access-reviewed", done_before}}},
  };
}

Table of_protection() {
  return {
      {"protection.report_transmitted",
       {case_open(),
        {"of a minor", "protection-minor-only",
         [](Example& e) { e.the_case().age_band = schema::AgeBand::FROM22_TO25; }},
        {"no consent is needed", kAccepted, without_consent},
        {"the CRIP is that of the case's territory", "crip-of-territory",
         saying(R"({"crip":"rhone"})")}}},
      {"protection.prosecutor_notified",
       {case_open(),
        {"grave danger: the risk is high or immediate", "prosecutor-grave-danger",
         [](Example& e) { e.the_case().risk = schema::Risk::MEDIUM; }},
        {"no consent is needed", kAccepted, without_consent}}},
      {"protection.outcome_recorded",
       {case_not_erased(),
        {"the emitter has transmitted a report or notified the prosecutor in this case",
         "not-author", by("ml2")},
        {"one of its reports has no outcome yet", "outcome-recorded", done_before}}},
  };
}

/// ml1 has accepted a referral for the need of the example.
void asked_already(Example& e) {
  rules::Referral r = prepared_referral(e.scene, e.the_case(), ReferralPhase::accepted);
  r.to = e.scene.ordinal_of("ml1");
  r.need = "shelter";
  e.the_case().referrals = {std::move(r)};
}
Change minor_protection(bool minor, const char* basis) {
  return [=](Example& e) {
    without_consent(e);
    if (minor) of_a_minor(e);
    e.payload["legal_basis"] = basis;
  };
}
void basis_ended(Example& e) {
  e.referral().consent_until = day(kYesterday);
}

void of_another_referral(Example& e) {
  e.payload["referral_id"] = test_uuid(999);
}

Table of_requests() {
  constexpr std::string_view kBasis = "what it rests on still holds";
  return {
      {"referral.requested",
       {{"the case is ASSESSED, REFERRED or IN_SUPPORT", "case-transition", in(CasePhase::dormant)},
        {"the referral id is new", "referral-id-taken", done_before},
        {kMissionLocaleOrAssociation, "referral-to-self", saying(R"({"to":"aa1"})")},
        {kMissionLocaleOrAssociation, "signatory-unknown", saying(R"({"to":"nobody"})")},
        {kMissionLocaleOrAssociation, "addressee-cannot-receive", saying(R"({"to":"udml"})")},
        {"a consent(referral)", "consent-missing", without_consent},
        {"that covers the addressee", "consent-missing", consent_for_ml2_alone},
        {"is in force", "consent-missing", consent_expired},
        {"the person is a minor", "legal-basis-not-minor", minor_protection(false, "l226_2_2")},
        {"the legal basis is l226_2_2", "consent-missing", minor_protection(true, "consent")},
        {"the legal basis is l226_2_2", kAccepted, minor_protection(true, "l226_2_2")},
        {"no open referral of the case is to the same addressee for the same need",
         "referral-duplicate", asked_already}}},
      {"referral.received",
       {{"the referral is REQUESTED or HELD", "referral-transition",
         referral_in(ReferralPhase::received)},
        {"the referral is REQUESTED or HELD", kAccepted, referral_in(ReferralPhase::held)},
        {"the referral is REQUESTED or HELD", "referral-unknown", of_another_referral},
        {kBasis, "referral-basis-ended", basis_ended}}},
      {"referral.held",
       {{"the referral is RECEIVED", "referral-transition", referral_in(ReferralPhase::requested)},
        {kBasis, "referral-basis-ended", basis_ended}}},
      {"referral.accepted",
       {{"the referral is RECEIVED or HELD", "referral-transition",
         referral_in(ReferralPhase::requested)},
        {kBasis, "referral-basis-ended", basis_ended}}},
      {"referral.declined",
       {{"the referral is RECEIVED or HELD", "referral-transition",
         referral_in(ReferralPhase::requested)},
        {"an alternative is a signatory", "signatory-unknown",
         saying(R"({"alternative":"nobody"})")}}},
  };
}

Table of_answers() {
  return {
      {"referral.cancelled",
       {{"the referral is REQUESTED, RECEIVED, HELD or ACCEPTED", "referral-transition",
         referral_in(ReferralPhase::completed)},
        {"by either side", "not-requester-or-addressee", asked_for_by_ml1},
        {"by the holder where who asked is a signatory no more", kAccepted,
         [](Example& e) {
           asked_for_by_ml1(e);
           e.registry().mutable_signatory(e.scene.ordinal_of("ml1")).active = false;
         }}}},
      {"referral.completed",
       {{"the referral is ACCEPTED", "referral-transition", referral_in(ReferralPhase::held)}}},
      {"referral.expired",
       {{"the referral has had no answer", "referral-transition",
         referral_in(ReferralPhase::accepted)},
        {"for referral-expiry-days", "referral-not-due",
         [](Example& e) { e.referral().requested_at = kSceneStart; }}}},
  };
}

Table of_support() {
  const Change done = [](Example& e) { e.step().phase = rules::StepPhase::done; };
  const Change another_s = [](Example& e) { e.step().by = e.scene.ordinal_of("ml2"); };
  const Change new_step = [](Example& e) { e.payload["step_id"] = test_uuid(kStep + 1); };
  return {
      {"support.step_planned",
       {case_after_detection(), {"the step id is new", "step-id-taken", done_before}}},
      {"support.step_done",
       {case_after_detection(),
        {"the step is planned", "step-transition", done},
        {"by the emitter", "step-not-own", another_s},
        {"for the same need", "step-need-differs", saying(R"({"need":"complaint"})")},
        {"new (done without having been planned)", kAccepted, new_step}}},
      {"support.step_missed",
       {case_after_detection(),
        {"the step is planned", "step-unknown", new_step},
        {"the step is planned", "step-transition", done},
        {"by the emitter", "step-not-own", another_s}}},
  };
}

// --- the table: axes 2 to 4

Table of_coordination() {
  return {
      {"coordination.meeting_held",
       {case_open(),
        {"those attending take part in the case", "attendee-not-participant",
         saying(R"({"attending":["aa1","ml1"]})")},
        {"at least one beside the emitter", "meeting-alone", saying(R"({"attending":["aa1"]})")},
        {"at least one beside the emitter", "meeting-alone", saying(R"({"attending":[]})")},
        {"at least one beside the emitter", kAccepted, saying(R"({"attending":["aa2"]})")},
        {"the day is not in the future", "date-in-future", on_day("held_on", kTomorrow)}}},
      {"plan.agreed",
       {case_after_detection(),
        {"it names at least one need and one signatory", "plan-empty", saying(R"({"needs":[]})")},
        {"it names at least one need and one signatory", "plan-empty",
         saying(R"({"signatories":[]})")},
        {"it names at least one need and one signatory", kAccepted,
         saying(R"({"signatories":["aa1"]})")},
        {"the signatories named take part in the case", "plan-signatory-not-participant",
         saying(R"({"signatories":["aa1","ml1"]})")}}},
      {"contribution.committed",
       {{"the emitter takes part in the case", "stream-unknown", by("ml1")},
        {"which is open", "case-transition", in(CasePhase::closed)},
        {"has a part in it", "part-ended", referral_in(ReferralPhase::declined)},
        {"has a part in it", "part-ended", referral_in(ReferralPhase::expired)},
        {"has a part in it", "part-ended", referral_in(ReferralPhase::completed)},
        {"has a part in it", "part-ended", transfer_to_ml2},
        {"it holds it", kAccepted, by("aa1")},
        {"has accepted a referral that is open", "part-ended",
         referral_in(ReferralPhase::received)},
        {"is a party to the parcours", kAccepted, parcours_of_the_prefecture},
        {"the contribution id is new", "contribution-id-taken", done_before}}},
      {"contribution.delivered",
       {case_open(),
        {"the emitter has committed to this contribution", "contribution-not-own", by("aa2")},
        {"the emitter has committed to this contribution", "contribution-unknown",
         [](Example& e) { e.the_case().contributions.clear(); }},
        {"not delivered it", "contribution-delivered", done_before}}},
      {"external_referral.recorded",
       {case_after_detection(),
        {"a consent(sharing)", "consent-missing", without_consent},
        {"without named recipients", "consent-missing", consent_for_ml2_alone},
        {"is in force", "consent-missing", consent_expired},
        {"the person is a minor (CASF L226-2-2)", kAccepted, of_a_minor_without_consent}}},
  };
}

Change with_capabilities(int count, std::size_t bytes_each) {
  return [=](Example& e) {
    auto& own = e.scene.world().mutable_signatory(e.scene.ordinal_of(e.who)).capabilities;
    own.clear();
    for (int i = 0; i < count; ++i)
      own["c" + std::to_string(i)].label = std::string(bytes_each, 'x');
  };
}

Table of_competences() {
  constexpr std::string_view kNamed = "publics, needs and territories are named";
  const Change another = saying(R"({"capability_id":"autre"})");
  return {
      {"capability.declared",
       {{kNamed, "capability-incomplete", saying(R"({"publics":[]})")},
        {kNamed, "capability-incomplete", saying(R"({"needs":[]})")},
        {kNamed, "capability-incomplete", saying(R"({"territories":[]})")},
        {"the territories are the convention's", "territory-not-of-convention",
         saying(R"({"territories":["69123","75056"]})")},
        {"all that the signatory declares is at most 500 capabilities", "limit-capabilities",
         with_capabilities(500, 10)},
        {"with 256 KiB of text", "limit-capability-bytes", with_capabilities(400, 700)}}},
      {"capability.withdrawn", {{"the capability is declared", "capability-unknown", another}}},
      {"capacity.updated",
       {{"the capability is declared", "capability-unknown", another},
        {"what is full has no places", "places-when-full", saying(R"({"level":"full"})")}}},
      {"focal_point.designated", {{"–", kAccepted, nothing}}},
  };
}

Table of_knowledge_and_networks() {
  return {
      {"training.delivered",
       {{"the date is not in the future", "date-in-future", on_day("held_on", kTomorrow)},
        {"it was of 1 to 100,000 people", "headcount-out-of-range", saying(R"({"headcount":0})")},
        {"it was of 1 to 100,000 people", "headcount-out-of-range",
         saying(R"({"headcount":100001})")},
        {"of at most 1,000 hours", "hours-out-of-range", saying(R"({"hours":1001})")}}},
      {"tool.published",
       {{"the version is new for this tool", "version-known", done_before},
        {"for this tool", kAccepted,
         [](Example& e) {
           done_before(e);
           e.subject = "library/another";
         }}}},
      {"practice.shared", {{"–", kAccepted, nothing}}},
      {"need.observed",
       {{"the territory is one of the convention's", "territory-not-of-convention",
         saying(R"({"territory":"75056"})")}}},
      {"partner.introduced",
       {{"the day of the update is not in the future", "date-in-future",
         on_day("date_maj", kTomorrow)}}},
      {"pathway.published",
       {{"it has at least one step", "steps-missing", saying(R"({"steps":[]})")}}},
      {"joint_action.recorded",
       {{"the date is not in the future", "date-in-future", on_day("held_on", kTomorrow)},
        {"the signatories are known", "signatory-unknown",
         saying(R"({"signatories":["ml1","nobody"]})")},
        {"at least two", "joint-action-alone", saying(R"({"signatories":["ml1"]})")},
        {"each named once", "signatory-repeated",
         saying(R"({"signatories":["ml1","aa1","ml1"]})")}}},
  };
}

// --- the table: the convention

/// A member of the first signatory of the opening.
Change first_founder(std::string member, json::value value) {
  return
      [=](Example& e) { e.payload.at("signatories").as_array().at(0).as_object()[member] = value; };
}
void opened_before(Example& e) {
  done_before(e);
  e.subject = "convention/other";
}
void one_founder(Example& e) {
  e.payload.at("signatories").as_array().resize(1);
}

Table of_the_convention() {
  constexpr std::string_view kInReach = "each quorum is one that those who may vote can fill";
  constexpr std::string_view kOwn =
      "each signatory has a role other than system, and a short name and a key that are its own";
  return {
      {"convention.opened",
       {{"it is entry 0 of the log", "stream-exists", done_before},
        {"it is entry 0 of the log", "convention-opened-once", opened_before},
        {"signed by the system key that it names", "system-key-differs",
         [](Example& e) { e.payload["system_key"] = key_of("stranger"); }},
        {"at least two founding signatories", "founders-missing", one_founder},
        {kOwn, "roles-missing", first_founder("roles", json::array())},
        {kOwn, "role-reserved", first_founder("roles", json::array{"pref", "system"})},
        {kOwn, "slug-taken", first_founder("id", "udml")},
        {kOwn, "key-known", first_founder("public_key", json::value(key_of("udml")))},
        {kInReach, "quorum-unreachable",
         saying(R"({"quorums":[{"act":"admit-signatory","approvals":7,"roles":[]}]})")},
        {kInReach, "quorum-unreachable",
         saying(R"({"quorums":[{"act":"revoke-key","approvals":6,"roles":[]}]})")},
        {kInReach, "quorum-unreachable",
         saying(R"({"quorums":[{"act":"revoke-key","approvals":2,"roles":["analyst"]}]})")},
        {"numbers in their ranges", "term-out-of-range",
         saying(R"({"terms":[{"name":"retention-years","value":21}]})")},
        {"in order", "term-order",
         saying(R"({"terms":[{"name":"referral-answer-days","value":31}]})")}}},
      {"convention.signed",
       {{"the signatory has not signed yet", "convention-signed-already", done_before},
        {"the hash is that of the convention that was opened", "document-hash-differs",
         [](Example& e) { e.payload["document_hash"] = std::string(43, 'E'); }}}},
  };
}

Change key(std::string name) {
  return [name](Example& e) { e.payload["public_key"] = key_of(name); };
}
/// The proof is by this key, where another had to give it.
Change proof_by(std::string name) {
  return [name](Example& e) { e.payload["proof"] = proof_of(name, e.who); };
}

std::string sealing_key() {
  return crypto::to_text(crypto::OpeningKey::from_scalar(crypto::sha256("seal")).public_key());
}
void sealing_key_of_aa1(Example& e) {
  json::object theirs = new_key("aa1-new", "aa1");
  theirs["sealing_key"] = sealing_key();
  e.scene.expect("aa1", "key.enrolled", "signatory/aa1", theirs);
  e.payload["sealing_key"] = sealing_key();
}

/// So many keys that the signatory has enrolled, so many days ago.
Change enrolled_before(std::size_t count, std::int64_t days) {
  return [=](Example& e) {
    for (std::size_t i = 0; i < count; ++i) {
      rules::Key key;
      key.key = test_key("before-" + std::to_string(i)).public_key();
      key.kid = crypto::thumbprint(key.key);
      key.owner = e.scene.ordinal_of("ml1");
      key.enrolled_at = LogIndex{1};
      key.enrolled_on = Timestamp{e.scene.clock.now().value - days * 86'400'000};
      e.registry().add_key(key);
    }
  };
}
/// The same, and then the others gave it one.
void given_a_key_since(Example& e) {
  enrolled_before(99, 0)(e);
  rules::Key key;
  key.key = test_key("given").public_key();
  key.kid = crypto::thumbprint(key.key);
  key.owner = e.scene.ordinal_of("ml1");
  key.enrolled_at = LogIndex{2};
  key.given = true;
  e.registry().add_key(key);
}

Table of_keys() {
  constexpr std::string_view kWeek = "fewer than 20 keys in the last 7 days";
  constexpr std::string_view kAll = "fewer than 100 in all";
  constexpr std::string_view kSince = "have come since the signatory last got one from the others";
  constexpr std::string_view kProof = "the proof of possession is by the new key";
  constexpr std::string_view kSealing = "a sealing key is no other signatory's";
  return {
      {"key.enrolled",
       {{"the key is not known yet", "key-known", key("aa1")},
        {kSealing, "sealing-key-known", sealing_key_of_aa1},
        {kWeek, "limit-new-keys", enrolled_before(20, 6)},
        {kWeek, kAccepted, enrolled_before(20, 7)},
        {kAll, "limit-keys", enrolled_before(99, 30)},
        {kSince, kAccepted, given_a_key_since},
        {kProof, "key-proof", proof_by("third")}}},
      {"key.rotated",
       {{"the new key is not known yet", "key-known", key("aa1")},
        {kSealing, "sealing-key-known", sealing_key_of_aa1},
        {kWeek, "limit-new-keys", enrolled_before(20, 6)},
        {kWeek, kAccepted, enrolled_before(20, 7)},
        {kAll, "limit-keys", enrolled_before(99, 30)},
        {kSince, kAccepted, given_a_key_since},
        {kProof, "key-proof", proof_by("third")}}},
      {"key.revoked",
       {{"the key belongs to the signatory", "key-not-own",
         [](Example& e) { e.payload["kid"] = kid_text("aa1"); }},
        {"the key belongs to the signatory", "key-unknown",
         [](Example& e) { e.payload["kid"] = kid_text("stranger"); }},
        {"the revocation brings its end or its doubt forward", "key-revoked-already", done_before},
        {"its doubt forward", kAccepted,
         [](Example& e) {
           done_before(e);
           e.payload["effective_from"] = "2026-03-01T12:00:00Z";
         }}}},
  };
}

Change on_another_proposal(std::string id) {
  return [id](Example& e) { e.payload["proposal_id"] = id; };
}
void withdrawn_before(Example& e) {
  e.scene.expect("pref", "governance.withdrawn", e.subject, on_proposal("p1"));
}
void made_90_days_ago(Example& e) {
  e.registry().proposals.at("p1").proposed_on.value -= std::int64_t{90} * 86'400'000;
}
using Phase = rules::Proposal::Phase;
Change with_phase(Phase phase) {
  return [=](Example& e) { e.registry().proposals.at("p1").phase = phase; };
}
Change quorum(std::uint32_t approvals) {
  return [=](Example& e) { e.registry().quorums["admit-signatory"] = {approvals, 0}; };
}

void by_one_attached(Example& e) {
  e.scene.expect("udml", "mission_locale.attached", "signatory/udml", attachment("ml3", "ml3"));
  e.scene.keys.insert_or_assign("ml3", test_key("ml3"));
  e.who = "ml3";
}

Table of_votes() {
  const auto vote = [](std::string_view event) -> Precondition {
    return {event,
            {{"the proposal is open", "proposal-not-open", withdrawn_before},
             {"was made less than 90 days ago", "proposal-lapsed", made_90_days_ago},
             {"the proposal is open", "proposal-unknown", on_another_proposal("p9")},
             {"the emitter has a vote on it", "emitter-forbidden", by("member")},
             {"the emitter has a vote on it", "governance-own-matter", by("aa1")},
             {"the emitter has a vote on it", "no-vote", by_one_attached},
             {"has not voted", "voted-already", by("pref")}}};
  };
  return {
      {"governance.proposed",
       {{"the emitter has a vote (pref, ml, udml, aa or sec)", "emitter-forbidden", by("member")},
        {"is no mission locale that its union alone answers for", "no-vote", by_one_attached},
        {"what the act needs is named (see its fields)", "proposal-incomplete", without("name")},
        {"nothing else", "proposal-excess", [](Example& e) { e.payload["kid"] = kid_text("aa1"); }},
        {"the proposal id is new", "proposal-known", done_before},
        {"what is proposed is possible", "slug-taken", saying(R"({"signatory":"aa2"})")},
        {"the convention sets a quorum for the act", "quorum-not-set",
         [](Example& e) { e.registry().quorums.clear(); }},
        {"which those who may vote on it can fill", "quorum-unreachable", quorum(7)},
        {"a role that none of them has takes more than half of them in its place", kAccepted,
         [](Example& e) {
           e.registry().quorums["revoke-key"] = {2,
                                                 1U << static_cast<unsigned>(schema::Role::PREF)};
           e.who = "aa1";
           e.payload = key_revocation("p1", "pref");
         }}}},
      vote("governance.approved"),
      vote("governance.rejected"),
      {"governance.withdrawn",
       {{"the proposal is open or approved", "proposal-not-open", done_before},
        {"the proposal is open or approved", kAccepted, with_phase(Phase::approved)},
        {"was made less than 90 days ago", "proposal-lapsed", made_90_days_ago},
        {"has not taken effect", "proposal-not-open", with_phase(Phase::effected)},
        {"by its author", "not-author", by("aa1")}}},
  };
}

/// p2 has its quorum, and is of another act than the example.
void of_another_act(Example& e) {
  pass(e.scene,
       e.event == "key.revoked_by_quorum" ? withdrawal("p2", "aa2") : key_revocation("p2", "aa2"));
  e.payload["proposal_id"] = "p2";
}
void without_its_quorum(Example& e) {
  e.registry().proposals.at("p1").phase = rules::Proposal::Phase::open;
}
/// p2, of the same act, takes effect first.
Change overtaken_by(json::object proposal, json::object effect) {
  return [=](Example& e) {
    pass(e.scene, proposal);
    e.scene.expect(e.who, e.event, e.subject, effect);
  };
}
/// What every act that takes effect by a proposal says of it.
Precondition effect(std::string_view event, std::string_view of_act, std::string_view impossible,
                    Change change, std::vector<Clause> more) {
  Precondition p{event,
                 {{of_act, "proposal-of-other-act", of_another_act},
                  {of_act, "proposal-unknown", on_another_proposal("p9")},
                  {"has its quorum", "proposal-not-approved", without_its_quorum},
                  {"has not taken effect", "proposal-not-approved", done_before},
                  {"it was made less than 90 days ago", "proposal-lapsed", made_90_days_ago},
                  {"none on the same that was made later has taken effect", "proposal-overtaken",
                   with_phase(Phase::overtaken)},
                  {"what it proposes is still possible", impossible, std::move(change)}}};
  std::ranges::move(more, std::back_inserter(p.clauses));
  return p;
}
void aa1_has_the_key(Example& e) {
  e.scene.expect("aa1", "key.enrolled", "signatory/aa1", new_key("ml2-new", "aa1"));
}
void ml2_has_the_log_key(Example& e) {
  e.scene.expect("ml2", "key.enrolled", "signatory/ml2", new_key("log-2", "ml2"));
}
void by_the_proof_of_its_attachment(Example& e) {
  const json::object attached = attachment("ml3", "ml3");
  e.scene.expect("udml", "mission_locale.attached", "signatory/udml", attached);
  pass(e.scene, admission("p3", "ml3", "ml3"));
  e.payload = with(on_proposal("p3"), "proof", attached.at("proof"));
}
/// By what was proposed before, and has taken effect since.
void log_key_replaced_before(Example& e) {
  pass(e.scene, log_rotation("p2", "log-3"));
  const auto& proposals = e.registry().proposals;
  e.registry().proposals.at("p1").proposed_at = LogIndex{proposals.at("p2").proposed_at.value + 1};
  e.scene.expect(e.who, e.event, e.subject, log_rotated("p2", "log", "log-3"));
}
/// The old key of the statement is right then, and nothing else of it.
void reads_were_more(Example& e) {
  log_key_replaced_before(e);
  e.payload = log_rotated("p1", "log-3", "log-2", 6);
}
void log_key_of_another(Example& e) {
  e.payload["new_key"] = key_of("log-3");
}
void log_key_proof_to_enrol(Example& e) {
  e.payload["proof"] = proof_of("log-2", "relais");
}

void alert_before_review(Example& e) {
  e.registry().parameters.set(rules::Parameter::psp_renewal_alert_days, 55);
}

/// It is gone, and ml2 is to go on with what it held.
void leaves_to_ml2(Example& e, const std::string& who) {
  rules::Signatory& gone = e.registry().mutable_signatory(e.scene.ordinal_of(who));
  gone.active = false;
  gone.succession = rules::Succession{e.scene.ordinal_of("ml2"), kSceneStart};
}
/// ml2 holds a case, aa2 is to go on with it; who signs the withdrawal.
Change with_successor(std::string signer) {
  return [signer](Example& e) {
    e.scene.detect("ml2", 9);
    json::object proposed = withdrawal("p2", "ml2");
    proposed["successor"] = "aa2";
    pass(e.scene, proposed);
    e.payload["proposal_id"] = "p2";
    e.who = signer;
  };
}

Table of_effects() {
  const auto proven = [](std::string_view key, const std::string& slug) {
    return with(on_proposal("p2"), "proof", proof_of(key, slug));
  };
  const Clause proof{"the proof of possession is by the new key", "key-proof", proof_by("third")};
  const Clause named{"the proof of possession is by the key that it names", "key-proof",
                     proof_by("third")};
  return {
      effect("convention.amended", "the proposal (amend_convention)", "term-order",
             alert_before_review, {}),
      effect("signatory.admitted", "the proposal (admit_signatory)", "slug-taken",
             overtaken_by(admission("p2", "aa3", "other"), proven("other", "aa3")),
             {named,
              {"that of a mission locale which its union attached is made for this proposal",
               "key-proof", by_the_proof_of_its_attachment}}),
      effect("signatory.withdrawn", "the proposal (withdraw_signatory)", "signatory-unknown",
             overtaken_by(withdrawal("p2", "ml2"), on_proposal("p2", R"({"reason":"own"})")),
             {{"the signatory holds no open case", "open-cases-first",
               [](Example& e) { e.scene.detect("ml2", 9); }},
              {"none waits to be passed on to it", "open-cases-first",
               [](Example& e) {
                 e.scene.detect("aa2", 9);
                 leaves_to_ml2(e, "aa2");
               }},
              {"the proposal names who goes on with its cases", kAccepted, with_successor("aa2")},
              {"by that one, where it does", "not-successor", with_successor("aa1")}}),
      effect("key.first_enrolled", "the proposal (enrol_first_key)", "key-known", aa1_has_the_key,
             {{"the signatory has no valid key", "has-valid-key",
               overtaken_by(first_key("p2", "ml2", "other"), proven("other", "ml2"))},
              proof}),
      effect("key.revoked_by_quorum", "the proposal (revoke_key)", "key-revoked-already",
             [](Example& e) { lose_key(e.scene, "ml2"); }, {}),
      effect("log.key_rotated", "the proposal (rotate_log_key)", "key-known", ml2_has_the_log_key,
             {{"the old key is the one that signs now", "log-key-differs", log_key_replaced_before},
              {"the new one that of the proposal", "log-key-differs", log_key_of_another},
              {"the proof of possession is by the new key", "key-proof", log_key_proof_to_enrol},
              {"the log of reads is not shorter than at the last time", "reads-size-back",
               reads_were_more}}),
  };
}

void with_a_hundred_attached(Example& e) {
  for (int i = 0; i < 100; ++i) {
    rules::Signatory s;
    s.slug = "s" + std::to_string(i);
    s.source = Scene::source_of(s.slug);
    s.under = e.scene.ordinal_of("udml");
    e.registry().add(std::move(s));
  }
}
Change attaching(std::string slug, std::string key) {
  return [=](Example& e) { e.payload = attachment(slug, key); };
}
void ml2_withdrawn_by_quorum(Example& e) {
  pass(e.scene, withdrawal("p1", "ml2"));
  e.scene.expect("aa1", "signatory.withdrawn", Scene::convention_subject(),
                 on_proposal("p1", R"({"reason":"excluded"})"));
  e.payload = attachment("ml2", "ml2-new");
}

/// ml2 left by its union, and comes back with a new key that this one vouches for.
Change coming_back(std::string voucher, std::string for_key) {
  return [=](Example& e) {
    e.scene.expect("udml", "mission_locale.detached", "signatory/udml", detachment("ml2", "ml2"));
    e.payload = returning("ml2", "ml2-new", voucher, for_key);
  };
}

Table of_the_union() {
  constexpr std::string_view kReturn =
      "one that comes back proves by a key that it had when it left that the new one is its own";
  return {
      {"mission_locale.attached",
       {{"in the union's own stream", "stream-not-own", on_stream("signatory/ml1")},
        {"countersigned by the mission locale", "key-proof", proof_by("udml")},
        {"which is not attached", "mission-locale-attached-already", attaching("ml1", "new")},
        {"its short name is no other signatory's", "slug-taken", attaching("aa1", "new")},
        {"its key is not known yet", "key-known", attaching("ml3", "ml1")},
        {"the union answers for fewer than 100", "limit-attached", with_a_hundred_attached},
        {"no quorum has withdrawn it", "withdrawn-by-quorum", ml2_withdrawn_by_quorum},
        {kReturn, kAccepted, coming_back("ml2", "ml2-new")},
        {kReturn, "return-not-proven", coming_back("ml2-new", "ml2-new")},
        {kReturn, "return-not-proven", coming_back("udml", "ml2-new")},
        {kReturn, "return-not-proven", coming_back("ml2", "another")}}},
      {"mission_locale.detached",
       {{"in the union's own stream", "stream-not-own", on_stream("signatory/ml2")},
        {"the mission locale is attached", "mission-locale-not-attached",
         [](Example& e) { e.payload = detachment("aa1", "aa1"); }},
        {"holds no open case", "open-cases-first", [](Example& e) { e.scene.detect("ml2", 9); }},
        {"countersigned by it", "key-proof",
         [](Example& e) { e.payload = detachment("ml2", "udml"); }}}},
  };
}

/// The agrément of aa1 runs for so many days from today on.
Change granted_for(int days) {
  return [days](Example& e) {
    e.file().phase = AccreditationPhase::granted;
    e.file().expires_on = day(kToday) + days;
  };
}
void renewal_pending(Example& e) {
  granted_for(100)(e);
  e.aa1().renewal = rules::Accreditation{.phase = AccreditationPhase::requested};
}

Table of_files() {
  constexpr std::string_view kPending = "a request of an association is pending";
  const Change of_none = on_stream("signatory/ml1");
  return {
      {"accreditation.requested",
       {{"no request is pending", "accreditation-transition",
         file_in(AccreditationPhase::requested)},
        {"no request is pending", "accreditation-transition", renewal_pending},
        {"where an agrément runs, it is a renewal", kAccepted, granted_for(100)},
        {"from accreditation-renewal-days before the end on", "renewal-too-early",
         granted_for(400)}}},
      {"accreditation.documents_requested",
       {{kPending, "accreditation-transition", file_in(AccreditationPhase::complete)},
        {kPending, "accreditation-not-association", of_none},
        {"at least one document is named", "documents-missing", saying(R"({"documents":[]})")},
        {"the day of notification is within the two months of the file",
         "accreditation-deemed-complete", on_day("notified_on", "2026-01-02")},
        {"the day of notification is within the two months of the file", "date-order",
         on_day("notified_on", "2025-10-31")},
        {"not in the future", "date-in-future", on_day("notified_on", kTomorrow)}}},
      {"accreditation.documents_supplied",
       {{"documents were asked for", "accreditation-transition",
         file_in(AccreditationPhase::requested)}}},
      {"accreditation.deemed_complete",
       {{"two months have passed", "accreditation-not-due", file_of("2026-01-02")},
        {"no missing document was asked for", "accreditation-transition",
         file_in(AccreditationPhase::incomplete)},
        {"the day is the last of the two months", "accreditation-day-differs",
         on_day("complete_on", "2026-01-02")}}},
      {"accreditation.completed",
       {{kPending, "accreditation-transition", file_in(AccreditationPhase::none)},
        {kPending, "accreditation-not-association", of_none},
        {"is not deemed complete already", "accreditation-deemed-complete",
         on_day("complete_on", "2026-01-02")},
        {"is not deemed complete already", "accreditation-transition",
         file_in(AccreditationPhase::complete)},
        {"the day is not in the future", "date-in-future", on_day("complete_on", kTomorrow)},
        // Of an agrément of before the ledger: the silence counts from the file's arrival.
        {"the day is not in the future", kAccepted, on_day("complete_on", "2025-10-31")}}},
  };
}

Table of_agrements() {
  constexpr std::string_view kReasons = "reasons and the route of appeal are given";
  const Change of_none = on_stream("signatory/ml1");
  return {
      {"accreditation.granted",
       {{"the file of an association is complete", "accreditation-transition",
         file_in(AccreditationPhase::requested)},
        {"the file of an association is complete", "accreditation-not-association", of_none},
        {"the day is not in the future", "date-in-future", on_day("granted_on", kTomorrow)},
        {"nor before it was complete", "date-order", on_day("granted_on", "2025-10-31")},
        {"what is granted then has not ended since", "accreditation-over",
         [](Example& e) {
           file_of("2022-01-01")(e);
           e.payload["granted_on"] = "2022-02-01";
         }}}},
      {"accreditation.tacitly_granted",
       {{"the file has been complete for four months", "accreditation-not-due",
         file_of("2025-11-02")},
        {"without a decision", "accreditation-transition", file_in(AccreditationPhase::refused)},
        {"the day is the last of the four months", "accreditation-day-differs",
         on_day("granted_on", kToday)}}},
      {"accreditation.refused",
       {{"a request of an association is pending", "accreditation-transition",
         file_in(AccreditationPhase::granted)},
        {"a request of an association is pending", "accreditation-not-association", of_none},
        {kReasons, "reasons-missing", saying(R"({"reasons":"–"})")},
        {kReasons, "member-missing", without("appeal_route")},
        {"the day of notification is not in the future", "date-in-future",
         on_day("notified_on", kTomorrow)},
        {"nor before the file came", "date-order", on_day("notified_on", "2025-10-31")},
        {"nor after silence has granted it", "accreditation-granted-by-silence",
         file_of("2025-08-01")}}},
      {"accreditation.expired",
       {{"it was granted three years ago", "accreditation-not-due", granted_for(0)},
        {"it was granted three years ago", "accreditation-transition",
         file_in(AccreditationPhase::complete)},
        {"the day is the last of the three years", "accreditation-day-differs",
         on_day("expired_on", kToday)}}},
  };
}

// --- the table: the commission, and the parcours

Table of_sessions() {
  constexpr std::string_view kConvened = "the session is convened";
  const Change held = [](Example& e) { e.session().held = true; };
  return {
      {"member.appointed",
       {{"in the préfecture's own stream", "stream-not-own", on_stream("signatory/member")},
        {"the institution is a signatory or reader of the convention", "signatory-unknown",
         saying(R"({"institution":"nobody"})")},
        {"with the role member, aa, pref or sec", "institution-cannot-sit",
         saying(R"({"institution":"ml1"})")},
        {"its capacity is said", "capacity-missing", saying(R"({"capacity":" "})")}}},
      {"session.convened",
       {{"it opens the session's stream", "session-exists", done_before},
        {"the members are appointed", "member-not-appointed",
         saying(R"({"members":["pref","member","aa2"]})")},
        {"the quorum is from one to all of them", "quorum-out-of-range", saying(R"({"quorum":3})")},
        {"the quorum is from one to all of them", "quorum-out-of-range",
         saying(R"({"quorum":0})")}}},
      {"session.held",
       {{kConvened, "session-unknown", on_stream("session/none")},
        {"not held yet", "session-held", held},
        {"its day has come", "session-not-yet",
         [](Example& e) { e.session().held_on = day(kTomorrow); }},
        {"as many members were present as the quorum asks", "quorum-not-met",
         saying(R"({"present":["pref"]})")},
        {"all of them convened", "member-not-of-session",
         saying(R"({"present":["pref","member","aa2"]})")}}},
      {"member.recused",
       {{kConvened, "session-unknown", on_stream("session/none")},
        {"not held yet", "session-held", held},
        {"the emitter is a member of the session", "session-unknown", by("aa1")},
        {"the emitter is a member of the session", "member-not-of-session",
         [](Example& e) {
           e.who = "pref";
           e.session().members.erase(e.scene.ordinal_of("pref"));
         }},
        {"the case is one of its files, where it names them", "session-not-for-file",
         [](Example& e) { e.session().cases = {*parse_uuid(test_uuid(2))}; }},
        {"the emitter is not recused on it already", "recused-already", done_before}}},
  };
}

constexpr std::string_view kByTheParties = "by the préfecture or the association that applied";
constexpr std::string_view kByTheApplicant = "by the association that applied";

Change adjourned_by(std::string session) {
  return [session](Example& e) {
    e.psp().phase = PspPhase::adjourned;
    e.psp().session = session;
  };
}

/// The parcours that this association had applied for was refused, notified on this day.
Change refused_to(std::string who, std::string_view date) {
  return [who, d = day(date)](Example& e) {
    e.psp().phase = PspPhase::refused;
    e.psp().applicant = e.scene.ordinal_of(who);
    e.psp().notified_on = d;
  };
}

Table of_applications() {
  const Change not_accredited = [](Example& e) { e.file().expires_on = day(kYesterday); };
  const Change presenter_votes = [](Example& e) {
    e.session_held().present.insert(e.scene.ordinal_of("aa1"));
    e.payload["in_favour"] = 3;
  };
  const Change member_recused = [](Example& e) {
    e.session_held().recused[e.the_case().id].insert(e.scene.ordinal_of("member"));
  };
  return {
      {"psp.applied",
       {{"the person is an adult", "psp-adult-only", of_a_minor},
        {"the case is IN_SUPPORT", "case-transition", in(CasePhase::dormant)},
        {"the association's accreditation is valid", "accreditation-missing", not_accredited},
        {"a consent(psp)", "consent-missing", without_consent},
        {"that covers the préfecture", "consent-missing", consent_for_ml2_alone},
        {"is in force", "consent-missing", consent_expired},
        {"no PSP is under way", "psp-transition", done_before},
        {"within the term of appeal against a refusal", "psp-appeal-open",
         refused_to("aa2", kToday)},
        {"within the term of appeal against a refusal", "psp-appeal-open",
         refused_to("aa2", "2026-01-02")},
        {"within the term of appeal against a refusal", kAccepted, refused_to("aa2", "2025-12-15")},
        {"by the association that was refused", kAccepted, refused_to("aa1", kToday)},
        {"a day that is named is not in the future", "date-in-future",
         on_day("applied_on", kTomorrow)},
        {"a day that is named is not in the future", kAccepted, on_day("applied_on", kYesterday)}}},
      {"psp.opinion_given",
       {case_open(),
        {"the parcours APPLIED or ADJOURNED", "psp-transition", parcours_in(PspPhase::opined)},
        {"the session was held", "session-unknown", saying(R"({"session":"none"})")},
        {"the session was held", "session-not-held",
         [](Example& e) { e.session_held().held = false; }},
        {"the case is one of its files, where it names them", "session-not-for-file",
         [](Example& e) { e.session_held().cases = {*parse_uuid(test_uuid(2))}; }},
        {"it was not held before the day of the application", "session-before-application",
         [](Example& e) { e.psp().applied_on = day(kTomorrow); }},
        {"after an adjournment it is another one", "session-not-later", adjourned_by("s1")},
        {"after an adjournment it is another one", kAccepted, adjourned_by("s0")},
        {"not held before the one that adjourned", "session-not-later",
         [](Example& e) {
           adjourned_by("s0")(e);
           e.scene.world().mutable_session("s0").held_on = day(kTomorrow);
         }},
        {"the tally counts the members present", "tally", saying(R"({"in_favour":3})")},
        {"less those recused", "tally", member_recused},
        {"the presenter among them", "tally", presenter_votes},
        {"the opinion follows the majority of the votes", "tally-opinion",
         saying(R"({"opinion":"unfavourable"})")}}},
  };
}

Table of_decisions() {
  const Change refused = saying(R"({"decision":"refused","reasons":"The project has no aim.",
                                    "appeal_route":"contentious"})");
  const auto refused_without = [refused](const std::string& member) -> Change {
    return [=](Example& e) {
      refused(e);
      e.payload.erase(member);
    };
  };
  return {
      {"psp.decided",
       {case_open(),
        {"the parcours OPINED", "psp-transition", parcours_in(PspPhase::adjourned)},
        {"a refusal carries reasons", kAccepted, refused},
        {"a refusal carries reasons", "disclosure-missing", refused_without("reasons")},
        {"the route of appeal", "appeal-route-missing", refused_without("appeal_route")},
        {"the day of notification is not in the future", "date-in-future",
         on_day("notified_on", kTomorrow)},
        {"nor before the session", "date-order", on_day("notified_on", kYesterday)}}},
      {"psp.started",
       {{"the case is IN_SUPPORT", "case-transition", in(CasePhase::dormant)},
        {"the parcours AUTHORISED", "psp-transition", parcours_in(PspPhase::opined)},
        {kByTheApplicant, "psp-not-applicant", by("aa2")},
        {"not before the decision was notified", "date-order", on_day("starts_on", kYesterday)},
        {"nor before an earlier parcours had ended", "date-order",
         [](Example& e) { e.psp().previous_ended_on = day(kTomorrow); }},
        {"nor more than a year ahead (ours)", "start-too-far", on_day("starts_on", "2027-03-03")},
        {"nor more than a year ahead (ours)", kAccepted, on_day("starts_on", "2027-03-02")}}},
      {"psp.renewal_decided",
       {case_open(),
        {"the parcours RENEWAL_DUE", "psp-transition", parcours_in(PspPhase::active)},
        {"an opinion on the renewal is not asked for here", kAccepted,
         [](Example& e) { e.psp().session.clear(); }},
        {"a refusal carries reasons", kAccepted, refused},
        {"a refusal carries reasons", "disclosure-missing", refused_without("reasons")},
        {"the route of appeal", "appeal-route-missing", refused_without("appeal_route")},
        {"the day of notification is not in the future", "date-in-future",
         on_day("notified_on", kTomorrow)},
        {"nor before the start", "date-order", on_day("notified_on", kYesterday)}}},
  };
}

Change term_ends(int days_from_now) {
  return [=](Example& e) { e.psp().term_ends_on = day(kToday) + days_from_now; };
}

Table of_terms() {
  constexpr std::string_view kSeason = "from psp-review-days before the end of the term";
  return {
      {"psp.review_filed",
       {case_open(),
        {"the parcours ACTIVE, SUSPENDED or RENEWAL_DUE", "psp-transition",
         parcours_in(PspPhase::refused)},
        {kSeason, "renewal-too-early", term_ends(61)},
        {kByTheApplicant, "psp-not-applicant", by("aa2")}}},
      {"psp.renewal_requested",
       {case_open(),
        {"the parcours ACTIVE", "psp-transition", parcours_in(PspPhase::suspended)},
        {kSeason, "renewal-too-early", term_ends(61)},
        {"which is not over", "psp-term-over", term_ends(-1)},
        {"fewer than three renewals so far: 24 months in all at most", "psp-24-months",
         [](Example& e) { e.psp().terms = 4; }},
        {kByTheApplicant, "psp-not-applicant", by("aa2")}}},
      {"psp.suspended",
       {case_open(),
        {"the parcours ACTIVE", "psp-transition", parcours_in(PspPhase::renewal_due)},
        {kByTheParties, "psp-not-party", by("aa2")}}},
      {"psp.resumed",
       {case_open(),
        {"the parcours SUSPENDED", "psp-transition", parcours_in(PspPhase::active)},
        {kByTheParties, "psp-not-party", by("aa2")}}},
  };
}

/// The last term is over, and the clock says so.
void ended_by_the_clock(Example& e) {
  e.who = "relais";
  e.psp().term_ends_on = day(kYesterday);
  e.payload = data(R"({"outcome":"term","ended_on":"2026-03-01"})");
}
Change ended_by_the_clock_but(const Change& change) {
  return [change](Example& e) {
    ended_by_the_clock(e);
    change(e);
  };
}
void renewal_refused_for_good(Example& e) {
  e.psp().phase = PspPhase::final_refusal;
  e.psp().refused_renewal = true;
  e.payload["outcome"] = "not_renewed";
}
Change entry_in(PspPhase phase) {
  return [phase](Example& e) {
    e.psp().phase = phase;
    e.psp().started_on = 0;
  };
}
Change entry_applied_but(const Change& change) {
  return [change](Example& e) {
    entry_in(PspPhase::applied)(e);
    change(e);
  };
}

Table of_ends() {
  return {
      {"psp.ended",
       {case_open(),
        {"the parcours ACTIVE, SUSPENDED or RENEWAL_DUE", "psp-transition",
         parcours_in(PspPhase::ended)},
        {"its renewal was refused", "psp-not-started", entry_in(PspPhase::refused)},
        {"its renewal was refused", kAccepted, parcours_in(PspPhase::refused)},
        {kByTheParties, "psp-not-party", by("aa2")},
        {"before the start by that association alone", "psp-not-applicant",
         entry_applied_but(by("pref"))},
        {"before the start by that association alone", kAccepted, entry_in(PspPhase::applied)},
        {"only as withdrawn or abandoned", "psp-not-started",
         entry_applied_but(saying(R"({"outcome":"employment"})"))},
        {"as term only once the term is over", "psp-term-not-over",
         saying(R"({"outcome":"term"})")},
        {"as not_renewed only where a renewal was refused", "psp-not-refused",
         saying(R"({"outcome":"not_renewed"})")},
        {"the day is not in the future", "date-in-future", on_day("ended_on", kTomorrow)},
        {"nor before a start that has come", "date-order", on_day("ended_on", kYesterday)},
        {"nor before a start that has come", kAccepted,
         [](Example& e) { e.psp().started_on = day(kTomorrow); }},
        {"by the clock when a term is over", kAccepted, ended_by_the_clock},
        {"by the clock when a term is over", "psp-term-not-over",
         ended_by_the_clock_but([](Example& e) {
           e.psp().term_ends_on = day(kToday);
           e.payload["ended_on"] = kToday;
         })},
        {"no renewal was asked for", "psp-term-not-over",
         ended_by_the_clock_but(parcours_in(PspPhase::renewal_due))},
        {"it was refused for good", kAccepted, ended_by_the_clock_but(renewal_refused_for_good)}}},
  };
}

/// An appeal that is filed in time, of a refusal that was notified then.
Change notified_on(std::string_view date) {
  return [d = day(date)](Example& e) { e.psp().notified_on = d; };
}

Table of_appeals() {
  return {
      {"psp.appeal_filed",
       {case_open(),
        {"the parcours REFUSED (entry or renewal)", "psp-transition",
         parcours_in(PspPhase::final_refusal)},
        {kByTheApplicant, "psp-not-applicant", by("aa2")},
        {"within two months of notification", "appeal-too-late", notified_on("2025-12-01")},
        {"within two months of notification", "date-order", on_day("filed_on", kYesterday)},
        {"the day is not in the future", "date-in-future", on_day("filed_on", kTomorrow)}}},
      {"psp.appeal_judged",
       {{"the case is open or CLOSED", "case-transition", in(CasePhase::erased)},
        {"the case is open or CLOSED", kAccepted, in(CasePhase::closed)},
        {"the parcours APPEALED", "psp-transition", parcours_in(PspPhase::refused)},
        {kByTheParties, "psp-not-party", by("aa2")},
        {"the day is not in the future", "date-in-future", on_day("judged_on", kTomorrow)},
        {"nor before the appeal was filed", "date-order", on_day("judged_on", kYesterday)}}},
  };
}

Table of_rights() {
  constexpr std::string_view kActive = "the parcours ACTIVE or RENEWAL_DUE";
  constexpr std::string_view kNotInFuture = "the day is not in the future";
  constexpr std::string_view kReasons = "reasons and the route of appeal are given";
  const Change no_request = [](Example& e) { e.psp().permit = rules::PermitPhase::none; };
  const Change no_afis = [](Example& e) { e.psp().afis_opened_on = 0; };
  return {
      {"afis.opened",
       {case_open(),
        {kActive, "psp-not-active", parcours_in(PspPhase::suspended)},
        {"no AFIS is open", "afis-open", done_before},
        {kByTheParties, "psp-not-party", by("aa2")},
        {kNotInFuture, "date-in-future", on_day("opened_on", kTomorrow)},
        {"nor before the start", "date-order", on_day("opened_on", kYesterday)}}},
      {"afis.closed",
       {case_not_erased(),
        {"an AFIS is open", "afis-not-open", no_afis},
        {kByTheParties, "psp-not-party", by("aa2")},
        {kNotInFuture, "date-in-future", on_day("closed_on", kTomorrow)},
        {"nor before it was opened", "date-order", on_day("closed_on", kYesterday)}}},
      {"residence_permit.requested",
       {case_open(),
        {kActive, "psp-not-active", parcours_in(PspPhase::suspended)},
        {kByTheApplicant, "psp-not-applicant", by("aa2")},
        {"cessation is attested", "cessation-attested", saying(R"({"cessation_attested":false})")},
        {"no request is pending", "permit-pending", done_before},
        {kNotInFuture, "date-in-future", on_day("requested_on", kTomorrow)}}},
      {"residence_permit.issued",
       {case_not_erased(),
        {"a request is pending", "permit-not-requested", no_request},
        {kNotInFuture, "date-in-future", on_day("issued_on", kTomorrow)},
        {"nor before it was asked for", "date-order", on_day("issued_on", kYesterday)},
        {"it is valid for six months at least", "permit-too-short",
         on_day("valid_until", "2026-08-31")}}},
      {"residence_permit.refused",
       {case_not_erased(),
        {"a request is pending", "permit-not-requested", no_request},
        {kReasons, "disclosure-missing", without("reasons")},
        {kReasons, "too-short", saying(R"({"reasons":"–"})")},
        {kReasons, "member-missing", without("appeal_route")},
        {"the day of notification is not in the future", "date-in-future",
         on_day("notified_on", kTomorrow)},
        {"nor before it was asked for", "date-order", on_day("notified_on", kYesterday)}}},
  };
}

const Table& table() {
  static const Table kTable = [] {
    Table all;
    for (const auto part :
         {of_detection,      of_transfers,    of_corrections, of_protection,
          of_holds,          of_emergencies,  of_requests,    of_answers,
          of_support,        of_coordination, of_competences, of_knowledge_and_networks,
          of_the_convention, of_keys,         of_votes,       of_effects,
          of_the_union,      of_files,        of_agrements,   of_sessions,
          of_applications,   of_decisions,    of_terms,       of_ends,
          of_appeals,        of_rights})
      std::ranges::move(part(), std::back_inserter(all));
    return all;
  }();
  return kTable;
}

std::string text_of(std::string_view event) {
  const auto* type = statement::catalogue().find("relais." + std::string(event) + ".v1");
  return type == nullptr ? std::string() : type->precondition;
}

/// What is left of a text without the words of its clauses, and without what joins them.
std::string left_of(const Precondition& p) {
  std::string text = text_of(p.event);
  std::vector<bool> said(text.size());
  for (const Clause& c : p.clauses)
    for (auto at = text.find(c.words); at != std::string::npos; at = text.find(c.words, at + 1))
      std::fill_n(said.begin() + static_cast<std::ptrdiff_t>(at), c.words.size(), true);
  std::string left;
  for (std::size_t i = 0; i < text.size(); ++i)
    left += said[i] || std::string_view(",;:").contains(text[i]) ? ' ' : text[i];
  std::istringstream words(left);
  left.clear();
  for (std::string word; words >> word;)
    if (word != "and" && word != "or") left += word + " ";
  return left;
}

TEST(Preconditions, EveryTypeIsInTheTableOnce) {
  std::map<std::string, int> times;
  for (const auto& type : statement::catalogue().all()) times[type->name] = 0;
  for (const Precondition& p : table()) {
    ASSERT_TRUE(times.contains(std::string(p.event))) << p.event << " is no type";
    ++times[std::string(p.event)];
    EXPECT_FALSE(p.clauses.empty()) << p.event;
  }
  for (const auto& [name, n] : times) EXPECT_EQ(n, 1) << name;
}

TEST(Preconditions, EveryClauseIsInTheTableInItsOwnWords) {
  for (const Precondition& p : table()) {
    for (const Clause& c : p.clauses)
      EXPECT_THAT(text_of(p.event), testing::HasSubstr(std::string(c.words))) << p.event;
    EXPECT_EQ(left_of(p), "") << p.event << ": no example of these words";
  }
}

TEST(Preconditions, WhatHoldsIsAccepted) {
  for (const Precondition& p : table()) {
    const Status done = Example(p.event).act();
    EXPECT_TRUE(done.has_value()) << p.event << ": " << (done ? "" : to_string(done.error()));
  }
}

TEST(Preconditions, EachClauseAloneRefusesWithItsRule) {
  for (const Precondition& p : table()) {
    for (const Clause& c : p.clauses) {
      SCOPED_TRACE(std::string(p.event) + ": " + std::string(c.words));
      Example e(p.event);
      c.change(e);
      const Status done = e.act();
      EXPECT_EQ(done ? kAccepted : std::string_view(done.error().rule), c.rule)
          << (done ? "" : to_string(done.error()));
    }
  }
}

}  // namespace
}  // namespace relais::tests
