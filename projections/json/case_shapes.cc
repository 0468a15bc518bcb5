#include "projections/json/case_shapes.h"

#include "ledger/rules/case_state.h"

namespace relais::projections {
namespace {

using namespace shape;
using rules::CasePhase;
using rules::PermitPhase;
using rules::PspPhase;
using rules::ReferralPhase;
using rules::StepPhase;

void describe_parts(Shapes& s) {
  s.define("Consent",
           object({must("scope", s.wire<schema::ConsentScope>()),
                   must("recipients", list(slug()), "Empty: every signatory of the convention."),
                   must("givenAt", moment()),
                   may("expiresOn", day(), "The last day on which it holds.")}));
  s.define("Step",
           object({must("id", uuid()), must("by", slug()), must("need", s.vocabulary("need")),
                   must("phase", s.phases("StepPhase", StepPhase::planned, StepPhase::missed)),
                   must("changedAt", moment())}));
  s.define("ProtectionReport",
           object({must("by", slug()), must("to", one_of({"crip", "prosecutor"})),
                   may("crip", s.wire<schema::Crip>()), must("at", moment()),
                   may("outcome", s.wire<schema::ProtectionOutcome>())}));
  s.define("Contribution", object({must("id", uuid()), must("by", slug()),
                                   must("kind", s.wire<schema::ContributionKind>()),
                                   may("dueOn", day()), must("delivered", boolean())}));
  s.define("LegalHold",
           object({must("id", uuid()), must("by", slug()),
                   must("reason", s.wire<schema::HoldReason>()), must("placedAt", moment()),
                   must("endsOn", day(), "Its last day."), must("lifted", boolean())}));
  s.define("EmergencyAccess",
           object({must("id", uuid()), must("by", slug()),
                   must("reason", s.wire<schema::EmergencyReason>()), must("openedAt", moment()),
                   must("until", moment(), "Exclusive."),
                   may("review", s.wire<schema::AccessReview>(), "By the holder."),
                   may("reviewedAt", moment())}));
  s.define("Erasure", object({must("at", moment()), must("by", slug()),
                              must("basis", s.wire<schema::ErasureBasis>())}));
}

/// `in_list`: with its case beside it.
Schema referral(Shapes& s, bool in_list) {
  std::vector<Member> members{must("id", uuid())};
  if (in_list) members.push_back(must("case", uuid()));
  for (Member& m : std::vector<Member>{
           must("from", slug()), must("to", slug()), must("need", s.vocabulary("need")),
           must("urgency", s.wire<schema::Urgency>()),
           must("legalBasis", s.wire<schema::LegalBasis>()), must("phase", named("ReferralPhase")),
           must("open", boolean(), "Waits for an answer, or was accepted and is not at its end."),
           must("requestedAt", moment()), must("changedAt", moment()),
           must("requestedIndex", index()), may("declineReason", s.wire<schema::DeclineReason>()),
           may("alternative", slug(), "Who may help instead."),
           may("outcome", s.wire<schema::ReferralOutcome>())})
    members.push_back(std::move(m));
  return object(members);
}

void describe_timeline(Shapes& s) {
  s.define("TimelineItem",
           object({must("version", version()), must("index", index()),
                   must("id", text("01890a5d-ac96-774b-bcce-b302099a8058"), "The act's own id."),
                   must("type", named("EventType")), must("signatory", slug()),
                   must("time", moment(), "As its signatory says."), must("receivedAt", moment()),
                   must("phase", named("CasePhase"), "Of the case, behind the act."),
                   must("withheld", number(2), "Digests of sensitive members in the statement."),
                   may("corrected", just(true)), may("annulled", just(true)),
                   may("erased", named("Erasure"), "What the act disclosed was destroyed."),
                   may("target", version(), "Of the act that is corrected or annulled."),
                   may("reason", s.wire<schema::CorrectionReason>())}));
}

}  // namespace

std::vector<shape::Member> psp_members(shape::Shapes& s) {
  return {must("phase", named("PspPhase")),
          must("applicant", slug()),
          must("appliedAt", moment()),
          may("session", text("commission-2026-11"), "For who hears the debates."),
          may("opinion", s.wire<schema::OpinionKind>(), "For who hears the debates."),
          may("notifiedOn", day(), "Of the last decision: appeals run from here."),
          may("startedOn", day()),
          may("termEndsOn", day(), "The last day of the present term."),
          may("terms", number(2), "Authorised so far, 1 to 4."),
          may("endedOn", day()),
          may("outcome", s.wire<schema::PspEnd>()),
          may("afisOpenedOn", day()),
          may("permit", named("PermitPhase"))};
}

void describe_cases(shape::Shapes& s) {
  s.phases("CasePhase", CasePhase::detected, CasePhase::erased);
  s.phases("ReferralPhase", ReferralPhase::requested, ReferralPhase::failed);
  s.phases("PspPhase", PspPhase::applied, PspPhase::ended);
  s.phases("PermitPhase", PermitPhase::requested, PermitPhase::refused);
  describe_parts(s);
  s.define("Referral", referral(s, true));
  s.define("ReferralOfCase", referral(s, false));
  s.define("Psp", object(psp_members(s)));
  describe_timeline(s);
  s.define("Case", object({must("id", uuid()),
                           must("version", version()),
                           must("phase", named("CasePhase")),
                           must("supported", boolean(), "Support has begun."),
                           must("author", slug()),
                           must("holder", slug()),
                           may("ageBand", s.wire<schema::AgeBand>()),
                           must("minor", boolean()),
                           may("channel", s.wire<schema::Channel>()),
                           may("risk", s.wire<schema::Risk>()),
                           must("territory", text("69387")),
                           must("openedAt", moment()),
                           must("changedAt", moment()),
                           may("closeReason", s.wire<schema::CloseReason>()),
                           must("participants", list(slug())),
                           must("consents", list(named("Consent"))),
                           must("referrals", list(named("ReferralOfCase"))),
                           must("steps", list(named("Step"))),
                           must("protectionReports", list(named("ProtectionReport"))),
                           must("contributions", list(named("Contribution"))),
                           must("legalHolds", list(named("LegalHold"))),
                           must("emergencyAccesses", list(named("EmergencyAccess"))),
                           may("transferTo", slug(), "Who is asked to become the holder."),
                           may("psp", named("Psp")),
                           may("looks", list(named("Look")),
                               "Of one case as it stands, for its holder: who looked.")}));
}

}  // namespace relais::projections
