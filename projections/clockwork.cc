#include "projections/clockwork.h"

#include <set>

#include "ledger/base/check.h"
#include "ledger/base/json.h"
#include "ledger/crypto/sha256.h"
#include "ledger/rules/calendar.h"
#include "ledger/statement/statement.h"

namespace relais::projections {
namespace {

constexpr std::size_t kAtOnce = 200;  // statements of one group
constexpr std::size_t kMaxRefused = 100;

using rules::DeadlineKind;

/// The day whose end made the deadline pass.
std::string last_day(const rules::Deadline& d) {
  return to_date(rules::legal_day(Timestamp{d.due_at.value - 1}));
}

const char* type_of(DeadlineKind kind) {
  switch (kind) {
    case DeadlineKind::referral_expiry:
      return "relais.referral.expired.v1";
    case DeadlineKind::psp_term:
      return "relais.psp.ended.v1";
    case DeadlineKind::dormancy:
      return "relais.case.became_dormant.v1";
    case DeadlineKind::accreditation_completeness:
      return "relais.accreditation.deemed_complete.v1";
    case DeadlineKind::retention:
      return "relais.case.data_erased.v1";
    case DeadlineKind::accreditation_silence:
      return "relais.accreditation.tacitly_granted.v1";
    case DeadlineKind::accreditation_expiry:
      return "relais.accreditation.expired.v1";
    default:
      check(false, "a deadline without an effect calls for no statement");
      return "";
  }
}

json::object payload_of(const rules::Deadline& d) {
  json::object data;
  switch (d.kind) {
    case DeadlineKind::referral_expiry:
      data["referral_id"] = d.ref;
      data["cause"] = rules::to_string(d.kind);
      break;
    case DeadlineKind::retention:
      data["basis"] = "retention";
      break;
    case DeadlineKind::psp_term:
      data["outcome"] = d.ref;
      data["ended_on"] = last_day(d);
      break;
    case DeadlineKind::dormancy:
      data["cause"] = rules::to_string(d.kind);
      break;
    case DeadlineKind::accreditation_completeness:
      data["complete_on"] = last_day(d);
      data["cause"] = rules::to_string(d.kind);
      break;
    case DeadlineKind::accreditation_silence:
      data["granted_on"] = last_day(d);
      data["cause"] = rules::to_string(d.kind);
      break;
    case DeadlineKind::accreditation_expiry:
      data["expired_on"] = last_day(d);
      data["cause"] = rules::to_string(d.kind);
      break;
    default:
      check(false, "a deadline without an effect calls for no payload");
  }
  return data;
}

/// A UUID made of the cause (RFC 9562, section 5.8: version 8).
std::string id_of(const DeadlineItem& due) {
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

}  // namespace

Result<std::string> clock_statement(const DeadlineItem& due, const rules::Registry& registry,
                                    const crypto::SigningKey& system) {
  const rules::Signatory* self = registry.find(SignatoryId{0});
  check(self != nullptr, "the system is the first signatory");
  json::object event;
  event["id"] = id_of(due);
  event["source"] = self->source;
  event["type"] = type_of(due.deadline.kind);
  event["subject"] = statement::to_subject(due.stream);
  event["time"] = to_rfc3339(due.deadline.due_at);
  event["data"] = payload_of(due.deadline);
  NoRandom none;
  const ManualClock at(due.deadline.due_at);
  return statement::sign_event(json::serialize(json::value(std::move(event))), system, at, none);
}

Result<std::vector<log::Submission>> clock_group(const std::vector<DeadlineItem>& due,
                                                 const rules::Registry& registry,
                                                 const crypto::SigningKey& system) {
  std::vector<log::Submission> group;
  std::set<statement::StreamId> streams;
  for (const DeadlineItem& item : due) {
    if (!streams.insert(item.stream).second) continue;
    RELAIS_ASSIGN(const std::string text, clock_statement(item, registry, system));
    RELAIS_ASSIGN(group.emplace_back().statement, statement::parse_statement(text));
  }
  return group;
}

Result<ClockRun> run_clock(log::Ledger& ledger, const crypto::SigningKey& system) {
  ClockRun run;
  std::string cursor;
  const Timestamp now = ledger.clock().now();
  for (;;) {
    const auto head = ledger.head();
    if (!head->registry->in_force) return run;
    DeadlineFilter filter;
    filter.until = Timestamp{now.value + 1};
    const auto page = clock_deadlines(*head->records, filter, cursor, kAtOnce);
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

}  // namespace relais::projections
