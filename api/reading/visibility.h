// What one reader may see of one moment: the reading matrix (matrix.h), evaluated over what the
// reader is to each case. What is not visible answers as if it did not exist.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/reading/auth.h"
#include "api/reading/matrix.h"
#include "ledger/base/records.h"
#include "ledger/rules/case_state.h"
#include "ledger/rules/relation.h"
#include "ledger/statement/stream_id.h"

namespace relais::api {

/// What a reader is to a case, with all that the matrix asks of one act.
struct Standing {
  rules::Relations relations;
  std::uint32_t known_until = 0;  ///< version up to which a part that has ended knows the case
  std::uint32_t psp_ended = 0;    ///< version by which the parcours ended; 0: it has not
  bool consent_psp = false;       ///< covers the reader today
  bool agreed = false;            ///< a consent to a parcours is in force today, whom it may cover
  bool convened = false;          ///< of a session: sits on it, or takes part in a file of it
  std::vector<rules::Referral> to_reader;  ///< referrals of which it is the addressee
  std::vector<std::uint32_t> uncounted;    ///< versions that it does not count, in order
};

/// One act of a case, as the matrix asks about it.
struct ActFacts {
  Kind kind{};
  std::uint32_t version = 0;
  Day received{0};
  SignatoryId by;
  std::optional<Uuid> referral;  ///< that it is about
};

/// Takes out of a parcours what the commission said among itself.
void hide_debates(rules::Psp& p);

/// For one answer: remembers what it has looked up. The records outlive it. One thread. A case
/// costs a point read of who takes part and, where the reader does, one of the case; or one of its
/// files.
class Visibility {
 public:
  Visibility(const Reader& reader, const RecordSource& records, Timestamp now)
      : reader_(reader), records_(records), now_(now) {}

  /// Whether anything of the case may be seen, perhaps: without a look at the case.
  bool may_see(const Uuid& id) const;
  /// Whether anything of the case may be seen.
  bool sees_case(const Uuid& id);
  bool sees_event(schema::Event::Reader event);
  bool sees_receipt(schema::Event::Reader event);
  /// Whether any disclosure of an event may be for the reader: what is for nobody is not fetched.
  bool may_open(schema::Event::Reader event);
  /// Of the disclosures of an event, those that the reader may see.
  std::vector<std::string> open(schema::Event::Reader event, std::vector<std::string> disclosures);

  /// The same of those that are sealed.
  std::vector<std::string> open_sealed(schema::Event::Reader event,
                                       std::vector<std::string> sealed);

  /// Whether the reader may see this kind of data of the case, and this act of it.
  bool sees(Kind kind, const rules::CaseState& state);
  bool sees(Kind kind, const Uuid& case_id);
  bool sees_act(const rules::CaseState& state, std::uint32_t version);
  /// The last act of the case that the reader sees, as it counts; 0: none.
  std::uint32_t last_seen(const rules::CaseState& state);
  /// The same of a kind that is of no case.
  bool sees(Kind kind) const;
  /// Whether a session of the commission, if it is there, is for the reader.
  bool sees_session(const std::string& name);
  bool sees_deadline(const statement::StreamId& stream);

  /// The version of an event, and of a case as it stands, as the reader counts (rules::count_of).
  std::uint32_t version_of(schema::Event::Reader event);
  std::uint32_t version_of(const Uuid& id, std::uint32_t version);
  /// The case without what the reader must not know of it: its version as the reader counts, no
  /// trace of debates.
  rules::CaseState as_seen(rules::CaseState state);

 private:
  using NameOf = std::optional<std::string> (*)(const std::string& text);
  std::vector<std::string> opened(schema::Event::Reader event, std::vector<std::string> texts,
                                  NameOf name_of);
  const Standing& standing(const Uuid& id);
  const Standing& standing(const rules::CaseState& state);
  Standing look_up(const Uuid& id) const;
  bool in_emergency(const Uuid& id) const;
  Timestamp emergency_ends() const;
  Standing of(const rules::CaseState& state) const;
  const Standing& standing_in(const std::string& session);
  bool holds(const Standing& s, When when, const ActFacts& act) const;
  Verdict judge(const Standing& s, Kind kind, const ActFacts& act) const;
  Verdict judge_act(const Standing& s, const ActFacts& act) const;

  const Reader& reader_;
  const RecordSource& records_;
  const Timestamp now_;
  std::unordered_map<Uuid, Standing, UuidHash> known_;
  std::unordered_map<std::string, Standing> sessions_;
  mutable std::optional<Timestamp> emergency_until_;  // of the reader's accesses, the last
};

}  // namespace relais::api
