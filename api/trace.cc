#include "api/trace.h"

#include <algorithm>

#include "api/context.h"
#include "api/reading/emergency.h"
#include "ledger/base/stored.h"

namespace relais::api {
namespace {

/// What an entry takes beside its bytes: its places in the tree and in the index of readers. What
/// the index of cases takes is charged when it is written.
constexpr double kBytesBeside = 200;

double bytes_of(const reads::Record& record) {
  double bytes = kBytesBeside + static_cast<double>(record.text.size());
  for (std::size_t i = 0; i < record.looks.size(); ++i)
    bytes += static_cast<double>(record.looks[i].size() + record.details[i].size());
  return bytes;
}

Error trace_failed() {
  return error(Errc::unavailable, "trace-failed",
               "the log of reads takes nothing now, and no answer leaves without a trace in it")
      .accepts("the same request again, once /readyz says that reads are answered");
}

/// The operator hears of the first one, and when it has ended.
void tell(Context& context, const Status& kept) {
  const bool failed = !kept;
  if (context.trace_failed == failed || context.trace_failed.exchange(failed) == failed) return;
  context.report(failed ? "no answers with case data: " + to_string(kept.error())
                        : "the log of reads takes traces again");
}

/// Through which emergency accesses the reader sees the cases of a trace.
Status note_emergencies(const Context& context, const log::Head& head, const Reader& reader,
                        Trace& trace) {
  try {
    for (const auto& [id, opened] : seen_by_emergency(*head.records, *head.registry, reader.id,
                                                      context.clock.now(), trace.cases()))
      trace.emergency(id, opened);
    return {};
  } catch (const DamagedRecords& e) {
    return fail(records_damaged(e));
  }
}

}  // namespace

reads::CaseLook& Trace::part(const std::optional<Uuid>& case_id) {
  reads::CaseLook& look = parts_[case_id];
  look.case_id = case_id;
  return look;
}

void Trace::event(const statement::StreamId& stream, LogIndex index, bool disclosed) {
  const bool of_case = stream.kind == schema::StreamKind::CASE;
  reads::CaseLook& look = part(of_case ? std::optional(stream.uuid) : std::nullopt);
  look.events.push_back(index);
  if (disclosed) look.disclosed.push_back(index);
  ++look.items;
}

bool Trace::discloses() const {
  return std::ranges::any_of(parts_, [](const auto& of) { return !of.second.disclosed.empty(); });
}

std::vector<Uuid> Trace::cases() const {
  std::vector<Uuid> cases;
  for (const auto& [case_id, look] : parts_)
    if (case_id) cases.push_back(*case_id);
  return cases;
}

std::vector<reads::CaseLook> Trace::take() {
  std::vector<reads::CaseLook> looks;
  looks.reserve(parts_.size());
  for (auto& [case_id, look] : parts_) {
    if (case_id)
      if (const auto it = emergencies_.find(*case_id); it != emergencies_.end())
        look.emergency = it->second;
    looks.push_back(std::move(look));
  }
  parts_.clear();
  return looks;
}

void keep_trace(Context& context, const Reader& reader, std::string_view route, unsigned status,
                Trace trace, std::function<void(const Admitted&)> kept) {
  const auto head = context.ledger.head();
  if (const Status looked = note_emergencies(context, *head, reader, trace); !looked) {
    note_failure(context, looked.error());
    return kept(fail(trace_failed()));
  }
  const rules::Signatory* by = head->registry->find(reader.id);
  reads::Reader who;
  who.kid = reader.token->kid;
  if (by != nullptr) who.signatory = by->slug;
  who.token = reader.token->id;
  who.purpose = reader.token->purpose;
  who.route = route;
  who.status = status;
  auto record = reads::make_record(std::move(who), trace.take(), context.random);
  if (!record) {
    context.report(to_string(record.error()));
    return kept(fail(trace_failed()));
  }
  if (const Admitted paid = context.accounts->traced.take(reader.account, bytes_of(*record)); !paid)
    return kept(paid);
  context.reads.keep(std::move(*record), [&context, kept = std::move(kept),
                                          owed = context.in_flight.take()](Result<LogIndex> at) {
    const Status status = at ? Status() : fail(std::move(at).error());
    tell(context, status);
    kept(status ? Admitted() : Admitted(fail(trace_failed())));
  });
}

void charge_rows(Context& context, const reads::RowBytes& rows) {
  const auto head = context.ledger.head();
  for (const auto& [slug, bytes] : rows)
    if (const rules::Signatory* by = head->registry->find_slug(slug); by != nullptr)
      context.accounts->traced.charge(head->registry->account_of(by->id),
                                      static_cast<double>(bytes));
}

}  // namespace relais::api
