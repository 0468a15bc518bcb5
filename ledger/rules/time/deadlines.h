// What is due, for whom, since when: a pure function of a state and the convention's numbers. The
// same list makes the read model `deadlines` and tells the clock which events time has brought.
//
// Periods in hours run from the moment of receipt. Periods in days, working days and months end
// with the last day's end in Europe/Paris (calendar.h).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/rules/case_state.h"
#include "ledger/rules/registry.h"
#include "ledger/rules/stream_states.h"

namespace relais::rules {

/// The numbers are stored.
enum class DeadlineKind : std::uint8_t {
  minor_protection =
      1,                ///< 24 h to decide on protection (ours; CASF L226-2-1 says "without delay")
  adult_first_contact,  ///< 10 d
  risk_reassessment,    ///< 90 d; 24 h when the danger is immediate
  referral_receipt,     ///< 2 working days
  referral_answer,      ///< 10 d
  referral_expiry,      ///< 30 d: the clock ends the referral
  referral_completion,  ///< 60 d
  inactivity,           ///< 60 d without an act on a case in support
  protection_follow_up,   ///< 90 d after a report without an outcome
  transfer_answer,        ///< 10 d
  contribution,           ///< the day that was committed to
  majority,               ///< the last day on which the person can still be a minor
  retention,              ///< 2 years after closure: the clock erases (CNIL référentiel)
  psp_review,             ///< from 60 d before the end of a term: the review is to be filed
  psp_renewal_decision,   ///< 15 d before the end of a term: a renewal waits for its decision
  psp_term,               ///< the term ends: the clock says so (CASF L121-9: six months)
  psp_appeal,             ///< two months from the notification of a refusal (CJA R421-1)
  accreditation_silence,  ///< 4 months from the complete file: the clock grants (CASF R121-12-3)
  accreditation_warning,  ///< 180 d, then 60 d before the end
  accreditation_expiry,   ///< 3 years: the clock ends it (CASF R121-12-3)
  capacity_stale,         ///< 30 d after the capacity was last said
  dormancy,               ///< 180 d without an act on a case in support: the clock makes it dormant
  last_contact,           ///< a dormant case comes to the end of the active base (CNIL référentiel)
  accreditation_completeness,  ///< 2 months without a document asked for: the clock says so (CASF
                               ///< R121-12-3)
};
inline constexpr int kDeadlineKinds = 24;    ///< numbered from 1
std::string_view to_string(DeadlineKind k);  ///< "referral_answer"
/// Whether the ledger's own key signs an event when this deadline passes.
bool has_effect(DeadlineKind k);

// What the rules of the clock's events and the deadlines share.

/// Last day on which the préfecture can ask for what a file lacks: its end makes the file complete
/// (CASF R121-12-3: two months).
Day completeness_ends(const Accreditation& a);
/// Last day on which the préfecture can be silent: its end grants (CASF R121-12-3: four months). A
/// file that is not complete yet is taken to be deemed so.
Day silence_ends(const Accreditation& a);
/// Last day on which a referral may be answered: its end expires it (referral-expiry-days).
Day answer_ends(const Referral& r, const Terms& terms);
/// Last day on which what was disclosed in a case that is closed or dismissed is kept
/// (retention-years; for a case that was dismissed the last act is the last contact).
Day retention_ends(const CaseState& c, const Terms& terms);
/// Last day without an act after which the case is dormant; nothing where it cannot become so: it
/// is not in support, or an application waits for its answer.
std::optional<Day> rest_ends(const CaseState& c, const Terms& terms);

struct PspEnding {
  Day last;  ///< with whose end the clock ends the parcours
  schema::PspEnd outcome{};
};
/// Whether and when time ends the parcours: its term is over and no renewal was asked for, or the
/// refusal of a renewal can no longer be appealed. Nothing for a term that was over when the ledger
/// learned of it: what follows it is still to be recorded.
std::optional<PspEnding> psp_ending(const Psp& p);

struct Deadline {
  DeadlineKind kind{};
  Timestamp due_at;  ///< overdue from here on
  Timestamp since;   ///< when it began to run
  SignatoryId who;   ///< who is to act; 0, the clock alone
  std::string ref;  ///< what it is about within its stream: referral id, capability id, position of
                    ///< a report; often empty
  auto operator<=>(const Deadline&) const = default;
};

template <class Ar>
void archive(Ar& ar, Deadline& d) {
  ar(d.kind, d.due_at, d.since, d.who, d.ref);
}

/// Deadlines that run in a case, in no particular order.
std::vector<Deadline> deadlines_of(const CaseState& c, const Registry& registry);
/// Deadlines that run for a signatory's own stream.
std::vector<Deadline> deadlines_of(SignatoryId id, const SignatoryState& s,
                                   const Registry& registry);

}  // namespace relais::rules
