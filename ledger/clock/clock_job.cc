#include "ledger/clock/clock_job.h"

#include <set>

#include "ledger/base/check.h"
#include "ledger/base/json.h"
#include "ledger/base/stored.h"
#include "ledger/crypto/sha256.h"
#include "ledger/rules/time/deadline_rows.h"
#include "ledger/statement/statement.h"

namespace relais::clock {
namespace {

constexpr std::size_t kAtOnce = 200;  // statements of one group
constexpr std::size_t kMaxRefused = 100;

/// A UUID made of the cause (RFC 9562, section 5.8: version 8).
std::string id_of(const DueDeadline& due) {
  std::string cause(rules::to_string(due.deadline.kind));
  cause.push_back('\0');
  cause += statement::stream_key(due.stream) + due.deadline.ref;
  append_be(cause, static_cast<std::uint64_t>(due.deadline.due_at.value));
  const Hash hash = crypto::sha256(cause);
  Uuid id = load_uuid(view(hash));
  id.high = (id.high & 0xffffffffffff0fffULL) | 0x8000;
  id.low = (id.low & 0x3fffffffffffffffULL) | 0x8000000000000000ULL;
  return to_string(id);
}

/// Salts are for disclosures, and the clock's statements have none.
class NoRandom final : public Random {
 public:
  void fill(std::span<std::uint8_t>) override {
    check(false, "the clock's statements need no randomness");
  }
};

Result<Page<DueDeadline>> due_page(const DueReader& read_due, const RecordSource& records,
                                   Timestamp until, std::string_view cursor) {
  try {
    return read_due(records, until, cursor, kAtOnce);
  } catch (const DamagedRecords& e) {
    return fail(records_damaged(e));
  }
}

}  // namespace

Result<std::string> clock_statement(const DueDeadline& due, const rules::Registry& registry,
                                    const crypto::SigningKey& system) {
  const rules::Signatory* self = registry.find(SignatoryId{0});
  check(self != nullptr, "the system is the first signatory");
  const rules::DeadlineEffect& effect = rules::row_of(due.deadline.kind).effect;
  check(effect.payload != nullptr, "a deadline without an effect calls for no statement");
  json::object event;
  event["id"] = id_of(due);
  event["source"] = self->source;
  event["type"] = "relais." + std::string(effect.event) + ".v1";
  event["subject"] = statement::to_subject(due.stream);
  event["time"] = to_rfc3339(due.deadline.due_at);
  event["data"] = effect.payload(due.deadline);
  NoRandom none;
  const ManualClock at(due.deadline.due_at);
  return statement::sign_event(json::serialize(json::value(std::move(event))), system, at, none);
}

Result<std::vector<log::Submission>> clock_group(const std::vector<DueDeadline>& due,
                                                 const rules::Registry& registry,
                                                 const crypto::SigningKey& system) {
  std::vector<log::Submission> group;
  std::set<statement::StreamId> streams;
  for (const DueDeadline& item : due) {
    if (!streams.insert(item.stream).second) continue;
    RELAIS_ASSIGN(const std::string text, clock_statement(item, registry, system));
    RELAIS_ASSIGN(group.emplace_back().statement, statement::parse_statement(text));
  }
  return group;
}

Result<ClockRun> run_clock(log::Ledger& ledger, const crypto::SigningKey& system,
                           const DueReader& read_due) {
  ClockRun run;
  std::string cursor;
  const Timestamp now = ledger.clock().now();
  for (;;) {
    const auto head = ledger.head();
    if (!head->registry->in_force) return run;
    RELAIS_ASSIGN(const auto page,
                  due_page(read_due, *head->records, Timestamp{now.value + 1}, cursor));
    RELAIS_ASSIGN(auto group, clock_group(page.items, *head->registry, system));
    bool advanced = false;
    for (auto& outcome : ledger.submit_and_wait(std::move(group), false)) {
      if (outcome) {
        // One that is in the log already has changed nothing: going on is the only way forward.
        advanced |= !outcome->duplicate;
        run.signed_events += outcome->duplicate ? 0 : 1;
      } else if (outcome.error().code == Errc::unavailable ||
                 outcome.error().code == Errc::limited) {
        return fail(outcome.error());
      } else if (run.refused.size() < kMaxRefused) {
        run.refused.push_back(outcome.error());
      }
    }
    // An accepted event takes its deadline off the list, and may bring another that has passed too:
    // begin again. Where all were refused, go on behind them.
    if (advanced)
      cursor.clear();
    else if (page.next.empty())
      return run;
    else
      cursor = page.next;
    if (advanced) run.refused.clear();
  }
}

}  // namespace relais::clock
