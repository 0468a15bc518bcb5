// GET /v1/events, /v1/events/{id}, /v1/events/{id}/receipt, /v1/audit.
#include <algorithm>

#include "api/context.h"
#include "api/http/problem.h"
#include "api/reading/visibility.h"
#include "api/resources/event_json.h"
#include "api/resources/event_query.h"
#include "api/resources/paging.h"
#include "ledger/crypto/base64.h"
#include "ledger/merkle/receipt.h"
#include "ledger/merkle/tree.h"
#include "ledger/statement/sd_jwt.h"
#include "ledger/statement/sealed.h"
#include "ledger/statement/statement.h"

namespace relais::api {
namespace {

using WriteItem = void (*)(JsonWriter&, const rules::Registry&, LogIndex, schema::Event::Reader,
                           std::uint32_t version);

Error unreadable(LogIndex index) {
  return error(Errc::corrupt, "event-unreadable",
               "typed event " + std::to_string(index.value) + " cannot be read");
}

/// One page of what `write` says of each event.
Result<Response> list_entries(Context& context, Call& call, WriteItem write) {
  RELAIS_ASSIGN(const EventQuery query, parse_event_query(call, context));
  projections::AuditPage page;
  Visibility visibility(call.reader, *call.head->records, context.clock.now());
  // Who sees nothing of a case is answered before its events are looked at.
  const auto& stream = query.filter.stream;
  const bool hidden =
      stream && stream->kind == schema::StreamKind::CASE && !visibility.sees_case(stream->uuid);
  if (!query.nothing && !hidden) {
    const auto visible = [&](LogIndex, schema::Event::Reader event) {
      return visibility.sees_event(event);
    };
    RELAIS_ASSIGN(page, projections::audit(context.ledger, *call.head, query.filter, query.limit,
                                           visible, kMaxCandidates));
  }
  context.accounts->requests.charge(call.reader.account,
                                    static_cast<double>(page.examined) / kEventsARequest);
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().key("events").begin_array();
  statement::EventView view;
  for (const projections::AuditItem& item : page.items) {
    if (!view.load(item.event)) return fail(unreadable(item.index));
    trace_event(call.trace, item.index, view.get(), false);
    write(json, *call.head->registry, item.index, view.get(), visibility.version_of(view.get()));
  }
  end_page(json, response, call, context, page.next);
  response.quiet = page.items.empty() && query.filter.stream.has_value();
  return response;
}

/// An event that was found by its id and may be seen.
struct Found {
  LogIndex index;
  std::string bytes;
};

/// The one event of this id that the reader may see: several signatories may have used it.
Result<Found> find_visible(Context& context, Call& call, std::string_view id,
                           bool (Visibility::*sees)(schema::Event::Reader)) {
  RELAIS_ASSIGN(std::vector<LogIndex> indices, context.ledger.find(id));
  // The same work whether or not there is such an id: some event is looked at, and not found.
  const bool known = !indices.empty();
  if (!known) indices.emplace_back(std::hash<std::string_view>()(id) % call.head->size().value);
  Visibility visibility(call.reader, *call.head->records, context.clock.now());
  const auto source = call.request.param("source");
  std::vector<Found> found;
  std::string sources;  // of what was found
  statement::EventView view;
  for (const LogIndex index : indices) {
    if (index.value >= call.head->size().value) continue;  // committed since this request began
    RELAIS_ASSIGN(std::string bytes, context.ledger.event(index));
    if (!view.load(bytes)) return fail(unreadable(index));
    const rules::Signatory* by = call.head->registry->find(SignatoryId{view.get().getSignatory()});
    if (source && (by == nullptr || by->source != *source)) continue;
    if (!(visibility.*sees)(view.get()) || !known) continue;
    if (by != nullptr) sources.append(sources.empty() ? "" : ", ").append(by->source);
    found.push_back({index, std::move(bytes)});
  }
  if (found.empty()) return fail(absent());
  if (found.size() > 1)
    return fail(error(Errc::conflict, "id-ambiguous", "several signatories have used this id")
                    .at("source")
                    .accepts("one of " + sources)
                    .from("CloudEvents 1.0, source + id"));
  return std::move(found[0]);
}

Result<Response> one_entry(Context& context, Call& call) {
  const std::string_view format = call.request.param("format").value_or("json");
  RELAIS_ASSIGN(const Found found,
                find_visible(context, call, call.captures[0], &Visibility::sees_event));
  statement::EventView view;
  if (!view.load(found.bytes)) return fail(unreadable(found.index));

  RELAIS_ASSIGN(const std::string bytes, context.ledger.entry(found.index));
  RELAIS_ASSIGN(const log::EntryView entry, log::parse_entry(bytes));
  Visibility visibility(call.reader, *call.head->records, context.clock.now());
  std::vector<std::string> disclosures;
  std::vector<std::string> sealed;
  if (visibility.may_open(view.get())) {
    RELAIS_ASSIGN(disclosures, context.ledger.disclosures(found.index));
    disclosures = visibility.open(view.get(), std::move(disclosures));
    RELAIS_ASSIGN(sealed, context.ledger.sealed(found.index));
    sealed = visibility.open_sealed(view.get(), std::move(sealed));
  }
  trace_event(call.trace, found.index, view.get(), !disclosures.empty() || !sealed.empty());
  Response response;
  response.headers = {
      {"etag", etag_of(visibility.version_of(view.get()))},
      {"relais-index", std::to_string(found.index.value)},
      {"relais-leaf-hash", crypto::base64_encode(relais::view(merkle::leaf_hash(bytes)))}};
  if (format == "sd-jwt") {
    response.content_type = "application/sd-jwt";
    response.body = statement::join_sd_jwt(entry.jwt, disclosures);
  } else if (format == "submission") {
    response.content_type = kJson;
    response.body =
        statement::submission_json(statement::join_sd_jwt(entry.jwt, disclosures), sealed);
  } else {
    RELAIS_ASSIGN(json::object event, statement::to_cloud_event(entry.jwt, disclosures));
    // An extension attribute is no object (CloudEvents 1.0.2, section 3.2): how many there are.
    if (!sealed.empty()) event["sealed"] = sealed.size();
    response.content_type = "application/cloudevents+json";
    response.body = json::serialize(event);
  }
  return response;
}

Result<Response> receipt(Context& context, Call& call) {
  RELAIS_ASSIGN(const Found found,
                find_visible(context, call, call.captures[0], &Visibility::sees_receipt));
  statement::EventView view;
  if (!view.load(found.bytes)) return fail(unreadable(found.index));
  trace_event(call.trace, found.index, view.get(), false);
  RELAIS_ASSIGN(const merkle::Receipt proof, context.ledger.receipt(found.index));
  Response response;
  response.content_type = kText;
  response.body = merkle::to_text(proof);
  return response;
}

}  // namespace

void add_event_routes(Router& router, Context& context) {
  router.add(Route::get("/v1/events").answers([&context](Call& call) {
    return list_entries(context, call, write_event);
  }));
  router.add(Route::get("/v1/events/{id}").answers([&context](Call& call) {
    return one_entry(context, call);
  }));
  router.add(Route::get("/v1/events/{id}/receipt").answers([&context](Call& call) {
    return receipt(context, call);
  }));
  router.add(Route::get("/v1/audit").answers([&context](Call& call) {
    return list_entries(context, call, write_envelope);
  }));
}

}  // namespace relais::api
