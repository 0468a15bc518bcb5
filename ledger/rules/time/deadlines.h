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
#include "ledger/statement/stream_id.h"

namespace relais::rules {

/// The numbers are stored. What each is stands in its row (deadline_rows.h).
enum class DeadlineKind : std::uint8_t {
  minor_protection = 1,
  adult_first_contact,
  risk_reassessment,
  referral_receipt,
  referral_answer,
  referral_expiry,
  referral_completion,
  inactivity,
  protection_follow_up,
  transfer_answer,
  contribution,
  majority,
  retention,
  psp_review,
  psp_renewal_decision,
  psp_term,
  psp_appeal,
  accreditation_silence,
  accreditation_warning,
  accreditation_expiry,
  capacity_stale,
  dormancy,
  last_contact,
  accreditation_completeness,
  retention_warning,
  emergency_review,
  succession,
};
inline constexpr auto kLastDeadlineKind = DeadlineKind::succession;
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
Day answer_ends(const Referral& r, const Parameters& terms);
/// Last day on which what was disclosed in a case that is closed or dismissed is kept
/// (retention-years from its end, which no later act moves), and longer while a legal hold lasts.
Day retention_ends(const CaseState& c, const Parameters& terms);
/// Last day without an act after which the case is dormant; nothing where it cannot become so: it
/// is not in support, or an application waits for its answer.
std::optional<Day> dormancy_begins_after(const CaseState& c, const Parameters& terms);

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
  std::string ref;   ///< what it is about within its stream: referral id, capability id, access id,
                     ///< position of a report; often empty
  auto operator<=>(const Deadline&) const = default;
};

template <class Ar>
void archive(Ar& ar, Deadline& d) {
  ar(d.kind, d.due_at, d.since, d.who, d.ref);
}

/// A deadline and the stream in which it runs.
struct DueDeadline {
  Deadline deadline;
  statement::StreamId stream;
};

/// Deadlines that run in a case, in no particular order.
std::vector<Deadline> deadlines_of(const CaseState& c, const Registry& registry);
/// Deadlines that run for a signatory's own stream.
std::vector<Deadline> deadlines_of(SignatoryId id, const SignatoryState& s,
                                   const Registry& registry);

}  // namespace relais::rules
