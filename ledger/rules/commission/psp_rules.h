// Inside the module: what the rules of a parcours de sortie share.
#pragma once

#include <string>

#include "ledger/rules/law.h"
#include "ledger/rules/rule_set.h"

namespace relais::rules {

std::span<const Rule> psp_entry_rules();   ///< from the application to the start, and appeals
std::span<const Rule> psp_term_rules();    ///< terms, renewals, suspension, the end
std::span<const Rule> psp_rights_rules();  ///< afis.*, residence_permit.*

/// A conflict with the state of the parcours.
Error psp_conflict(const Judgement& j, std::string rule, std::string message);
/// Whether both the case's and the parcours' tables draw the event.
Status check_psp_move(const Judgement& j);
/// The same for the association that applied alone ("psp-not-applicant").
Status check_applicant_move(const Judgement& j);
/// The same for the préfecture and the association that applied ("psp-not-party").
Status check_party_move(const Judgement& j);
Status check_party(const Judgement& j);
/// Begins the next of the terms of six months, four at most (CASF L121-9).
void begin_term(Psp& p, const Change& change);

inline constexpr int kMaxTerms = law::kPspTotal.months() / law::kPspTerm.months();

}  // namespace relais::rules
