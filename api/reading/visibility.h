// What a reader may see: the reading rights in one place.
//
//   events of a case               who takes part in it; the analyst, without disclosures; of the
//                                  commission's own acts, the members that have the file before
//                                  them
//   the case, its timeline,        who takes part in it
//   its referrals and receipts
//   debates: opinions, sessions    the préfecture, the commission, associations, the analyst
//   all other events               every reader
//   disclosures                    who made the act; who supports the person, or is asked to: the
//                                  holder, and addressees until they decline, of what came while
//                                  the ground of their referral held and until it was completed;
//                                  the applicant, until the parcours ended (RGPD art. 5(1)(c),
//                                  7(3)); the préfecture, those of the commission's acts; the
//                                  identity in an application, the préfecture alone; the analyst
//                                  and members, none
//
// What is not visible answers as if it did not exist.
#pragma once

#include <optional>
#include <unordered_map>

#include "api/reading/auth.h"
#include "ledger/base/records.h"
#include "ledger/rules/calendar.h"
#include "ledger/rules/case_state.h"
#include "ledger/statement/stream_id.h"

namespace relais::api {

/// For one answer: remembers what it has looked up. The records outlive it. One thread.
class Visibility {
 public:
  Visibility(const Reader& reader, const RecordSource& records, Timestamp now)
      : reader_(reader), records_(records), today_(rules::legal_day(now)) {}

  /// Whether anything of the case may be seen.
  bool sees_case(const Uuid& id);
  bool sees_event(schema::Event::Reader event);
  bool sees_receipt(schema::Event::Reader event);
  bool sees_disclosures(schema::Event::Reader event);

 private:
  struct Relation {
    bool takes_part = false;
    bool has_file = false;  ///< as a member, where it takes no part
  };
  const Relation& relation(const Uuid& id);
  const rules::CaseState* state(const Uuid& id);
  bool supports(schema::Event::Reader event);

  const Reader& reader_;
  const RecordSource& records_;
  const Day today_;
  std::unordered_map<Uuid, Relation, UuidHash> known_;
  std::optional<rules::CaseState> state_;  // of the case that was looked up last
};

}  // namespace relais::api
