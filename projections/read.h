// Reads of the projections: typed questions to the records of the live generation. Thread-safe as
// far as the records are.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/base/page.h"
#include "ledger/base/records.h"
#include "ledger/log/ledger.h"
#include "ledger/rules/case_state.h"
#include "ledger/rules/registry.h"
#include "ledger/rules/stream_states.h"
#include "ledger/rules/time/deadlines.h"
#include "ledger/statement/catalogue.h"

namespace relais::projections {

/// How many a page has at most, and by default.
inline constexpr std::size_t kMaxPage = 500;
inline constexpr std::size_t kDefaultPage = 50;

/// Records one call looks at to fill a page; a page may then be short, or empty, and still have a
/// `next`.
inline constexpr std::size_t kMaxExamined = 10'000;

/// Limits are taken into [1, kMaxPage].
using relais::Page;

// --- cases (records of the world, and who takes part)

std::optional<rules::CaseState> find_case(const RecordSource& records, const Uuid& id);
/// As it is stored.
std::optional<std::string> find_case_record(const RecordSource& records, const Uuid& id);
/// What such a record says.
rules::CaseState case_of(std::string_view record);
/// Cases in which `reader` has acted or has been addressed, in order of case id; those that
/// `wanted` accepts. `next` only where one more is accepted, or where kMaxExamined were looked at.
Page<rules::CaseState> cases_of(const RecordSource& records, SignatoryId reader,
                                const std::function<bool(const rules::CaseState&)>& wanted,
                                std::string_view cursor, std::size_t limit);
/// Whether `reader` takes part in the case; false when the case does not exist.
bool takes_part(const RecordSource& records, SignatoryId reader, const Uuid& id);
/// When the last of the emergency accesses of `reader` ends: 0 where it opened none. Until then
/// each case says whether it is one of them (rules::emergency_access).
Timestamp emergency_until(const RecordSource& records, SignatoryId reader);
/// Whether the case is a file of a session of the commission on which `reader` sits, and from which
/// it has not stepped back (CASF R121-12-7; CRPA R133-12). No file is one whose parcours was never
/// applied for: who convenes a session names what it likes.
bool has_file(const RecordSource& records, SignatoryId reader, const Uuid& id);
/// The case as it stood when the log had `size` entries, folded from its stream; nothing when it
/// did not exist yet.
Result<std::optional<rules::CaseState>> case_as_of(const log::Ledger& ledger, const Uuid& id,
                                                   TreeSize size);

// --- timeline

/// An act as the timeline shows it. A correction or an annulment names the act it is about, and
/// why; whether an act was corrected or annulled later stands in the case's acts (rules::ActMark).
struct TimelineItem {
  std::uint32_t version = 0;
  LogIndex index;
  std::uint16_t type = 0;  ///< EventOrdinal
  SignatoryId signatory;
  Timestamp time;  ///< claimed
  Timestamp received_at;
  std::string id;          ///< CloudEvents id
  std::uint8_t phase = 0;  ///< CasePhase after the event
  std::uint16_t withheld = 0;
  std::uint32_t target = 0;  ///< version of the act that is corrected or annulled
  schema::CorrectionReason reason{};
};
/// Events of a case from version `after`+1 on, those that `wanted` accepts. `next` is the decimal
/// version to give as `after`; only where one more is accepted.
Page<TimelineItem> timeline(const RecordSource& records, const Uuid& id, std::uint32_t after,
                            std::size_t limit,
                            const std::function<bool(const TimelineItem&)>& wanted);
/// One of them; nothing where the case has no such version.
std::optional<TimelineItem> timeline_item(const RecordSource& records, const Uuid& id,
                                          std::uint32_t version);

// --- referrals

struct ReferralItem {
  Uuid case_id;
  rules::Referral referral;
};
enum class Box { inbox, outbox };
/// Referrals addressed to (inbox) or made by (outbox) `signatory`, newest first; `open_only`: those
/// not at their end.
Page<ReferralItem> referrals(const RecordSource& records, SignatoryId signatory, Box box,
                             bool open_only, std::string_view cursor, std::size_t limit);
/// Ids of referrals are unique within their case only.
std::optional<ReferralItem> find_referral(const RecordSource& records, const Uuid& case_id,
                                          const Uuid& id);

// --- deadlines

struct DeadlineFilter {
  Timestamp from{0};           ///< due at or after
  Timestamp until{INT64_MAX};  ///< due before
  std::optional<rules::DeadlineKind> kind;
  std::function<bool(const rules::DueDeadline&)> wanted;  ///< empty: all
};
// Both in order of their due time. `next` only where one more matches, or where kMaxExamined were
// looked at.
/// Those that this signatory has to meet, or waits for as the holder.
Page<rules::DueDeadline> deadlines(const RecordSource& records, SignatoryId who,
                                   const DeadlineFilter& filter, std::string_view cursor,
                                   std::size_t limit);
/// Those at which the clock signs an event.
Page<rules::DueDeadline> clock_deadlines(const RecordSource& records, const DeadlineFilter& filter,
                                         std::string_view cursor, std::size_t limit);
/// The same, due before `until`: what clock::run_clock reads.
Page<rules::DueDeadline> due_for_clock(const RecordSource& records, Timestamp until,
                                       std::string_view cursor, std::size_t limit);

// --- audit

/// Which events to list. Indices are [from, until).
struct AuditFilter {
  std::optional<SignatoryId> signatory;
  std::vector<std::uint16_t> types;  ///< EventOrdinals; empty: all
  std::optional<statement::StreamId> stream;
  std::uint64_t from = 0;
  std::uint64_t until = ~std::uint64_t{0};
  bool newest_first = false;
};
/// Most candidates that one call of audit() looks at.
inline constexpr std::size_t kMaxCandidates = 100'000;
/// An event that was found, with the bytes of its typed form.
struct AuditItem {
  LogIndex index;
  std::string event;
};
/// A page, and how many events were looked at for it.
struct AuditPage : Page<AuditItem> {
  std::size_t examined = 0;
};
/// Matching events in order, at most `limit`, those accepted by `visible` only; at most
/// `max_candidates` are looked at, so that a page may be short, or empty, and still have a `next`.
/// `next` is the decimal index to go on from (as `from`, or as `until` when newest first): behind
/// the last item where `visible` accepts one more.
Result<AuditPage> audit(const log::Ledger& ledger, const log::Head& head, const AuditFilter& filter,
                        std::size_t limit,
                        const std::function<bool(LogIndex, schema::Event::Reader)>& visible,
                        std::size_t max_candidates = kMaxCandidates);

// --- capabilities

/// A capability that answers a question, and how to reach who has it.
struct CapabilityItem {
  SignatoryId signatory;
  std::string id;
  rules::Capability capability;
  bool stale = false;   ///< the room was last said more than capacity-stale-days ago (30; ours)
  std::string mailbox;  ///< focal point of the signatory for all topics; empty where it names none
  std::string place;    ///< where it stands in the list; grows from one to the next
};
/// Who can help with this need, here, for this public, with room now: open before limited, fresh
/// before stale, and then in turns, the first of each signatory before the second of any: whoever
/// declares many hides nobody. At most kMaxExamined. `territory` is a commune (INSEE code) or a
/// named territory; it and `audience` (a value of publics_v1) may be empty: any. `of`: those of
/// this signatory.
std::vector<CapabilityItem> find_capabilities(const RecordSource& records,
                                              const rules::Registry& registry,
                                              std::string_view need, std::string_view territory,
                                              std::string_view audience, Day today,
                                              std::optional<SignatoryId> of = std::nullopt);

// --- parcours

/// Cases for which a parcours was ever applied, in order of case id: those that `wanted` accepts,
/// among those that `may` lets through before they are read. `next` only where one more is
/// accepted, or where kMaxExamined were looked at.
Page<rules::CaseState> parcours(const RecordSource& records,
                                const std::function<bool(const Uuid&)>& may,
                                const std::function<bool(const rules::CaseState&)>& wanted,
                                std::string_view cursor, std::size_t limit);

// --- sessions of the commission

/// What is known of a session beside its state.
struct SessionRecord {
  Timestamp convened_at;
  std::optional<Timestamp> held_at;  ///< when the ledger learned that it was held
  std::string minutes_hash;          ///< base64url; empty until then
};
struct SessionItem {
  std::string name;  ///< of its stream
  SessionRecord record;
  rules::SessionState state;
};
std::optional<SessionItem> find_session(const RecordSource& records, const std::string& name);

struct SessionFilter {
  Day from{INT32_MIN};  ///< of its day; both included
  Day until{INT32_MAX};
  std::optional<bool> held;
  std::function<bool(const std::string&)> wanted;  ///< by name; asked before the session is read
};
/// The latest day first, and of one day by name. `next` only where one more matches, or where
/// kMaxExamined were looked at.
Page<SessionItem> sessions(const RecordSource& records, const SessionFilter& filter,
                           std::string_view cursor, std::size_t limit);
/// Cases that the session has before it, in order of id: those that it named, and those of which
/// it gave an opinion.
Page<Uuid> files_of(const RecordSource& records, const SessionItem& session,
                    std::string_view cursor, std::size_t limit);

/// An opinion of the commission on an application, with its votes.
struct Opinion {
  std::uint32_t version = 0;  ///< of the case
  LogIndex index;
  schema::OpinionKind opinion{};
  std::uint32_t in_favour = 0;
  std::uint32_t against = 0;
  std::uint32_t abstained = 0;
  Timestamp given_at;  ///< received
};
/// What the session said of the case: its last opinion that was not annulled; or nothing.
std::optional<Opinion> opinion_of(const RecordSource& records, const std::string& session,
                                  const rules::CaseState& state);

// --- what is shared (axes 2 and 4)

/// The numbers are stored, of both.
enum class Shelf : std::uint8_t { library = 1, network };
enum class SharedKind : std::uint8_t {
  training = 1,
  tool,
  practice,
  need,
  partner,
  pathway,
  joint_action,
};
/// An act on a stream library/… or network/…. A tool, a pathway and a partner are what the last act
/// on them says, and the acts before are replaced; trainings, practices, needs and joint actions
/// stand beside each other.
struct SharedItem {
  LogIndex index;
  SharedKind kind{};
  std::optional<LogIndex> replaced_by;  ///< the act that came next on the same thing
};
struct SharedFilter {
  Shelf shelf{};
  std::optional<SharedKind> kind;
  bool replaced = false;                          ///< with those that were replaced
  std::function<bool(const SharedItem&)> wanted;  ///< empty: all
};
struct SharedPage : Page<SharedItem> {
  std::size_t asked = 0;  ///< how many `wanted` was asked about
};
/// Newest first. `next` only where one more matches, or where kMaxExamined were looked at or
/// `max_asked` asked about.
SharedPage shared_items(const RecordSource& records, const SharedFilter& filter,
                        std::string_view cursor, std::size_t limit, std::size_t max_asked);

// --- signatories

/// What a signatory has declared, was granted and was appointed to; nothing where there is nothing.
std::optional<rules::SignatoryState> find_signatory_state(const RecordSource& records,
                                                          SignatoryId id);

// --- indicators

/// Tables of counts. Their cubes are fixed: an indicator, a dimension, a quarter.
enum class Indicator : std::uint8_t { trainings = 1 };
/// What the cells of a column are. The numbers are stored.
enum class Dimension : std::uint8_t { none = 0, audience, signatory };

struct Count {
  std::uint64_t facts = 0;    ///< trainings, …
  std::uint64_t persons = 0;  ///< headcount
};

/// A quarter of a year in Europe/Paris, as a number that grows by one.
struct Quarter {
  std::int32_t number = 0;
  static Quarter of(Day d);
  Day last_day() const;
  std::string text() const;  ///< "2026-Q3"
  auto operator<=>(const Quarter&) const = default;
};

/// One quarter of a table. What is counted are the facts that the ledger received in it, so that a
/// column never changes once its quarter is over.
struct IndicatorColumn {
  Quarter quarter;
  Count total;
  std::map<std::uint16_t, Count> cells;  ///< by value of the dimension; those that are not empty
};
/// Columns up to `last` that are not empty, oldest first.
std::vector<IndicatorColumn> indicator(const RecordSource& records, Indicator which, Dimension by,
                                       Quarter last);

}  // namespace relais::projections
