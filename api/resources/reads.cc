// GET /v1/audit/reads, /v1/audit/reads/{index}/receipt, /log/reads/…: who looked at what, and the
// proof of it. Hashes are for everyone; entries are served to nobody as they stand.
#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "api/context.h"
#include "api/http/problem.h"
#include "api/reading/visibility.h"
#include "api/resources/event_query.h"
#include "api/resources/paging.h"
#include "api/resources/tiles.h"
#include "ledger/crypto/base64.h"
#include "ledger/merkle/receipt.h"
#include "ledger/statement/statement.h"

namespace relais::api {
namespace {

struct ReadQuery {
  std::optional<Uuid> case_id;
  std::string signatory;  ///< whose looks; empty: anybody's at the case, or the reader's own
  std::uint64_t from = 0;
  std::uint64_t until = 0;
  std::size_t limit = 0;
};

/// What the reader may see of an answer to somebody: which cases it looked at, and of those which
/// details.
struct Seen {
  struct Part {
    std::size_t number = 0;
    bool detail = false;
  };
  reads::Stored stored;
  std::vector<Part> parts;
};

struct ReadPage {
  std::vector<Seen> items;
  std::size_t examined = 0;
  std::string next;
};

Result<ReadQuery> parse_read_query(const Call& call, const Context& context) {
  const Request& request = call.request;
  ReadQuery query;
  RELAIS_ASSIGN(query.limit, page_limit(request));
  if (const auto id = request.param("case")) {
    query.case_id = parse_uuid(*id);
    if (!query.case_id)
      return fail(error(Errc::malformed, "uuid-form", "not an identifier of a case")
                      .at("case")
                      .accepts("a UUID (RFC 9562)"));
  }
  if (const auto slug = request.param("signatory")) {
    if (call.head->registry->find_slug(*slug) == nullptr)
      return fail(error(Errc::invalid, "signatory-unknown", "no signatory has this name")
                      .at("signatory")
                      .accepts("an id of /v1/signatories"));
    query.signatory = *slug;
  }
  // Further ones may be on disk already, and are not under the checkpoint that is published.
  query.until = context.reads.head()->size().value;
  const auto at = [&context](Timestamp t) { return context.reads.index_at(t); };
  if (const auto from = request.param("from")) {
    RELAIS_ASSIGN(const LogIndex index, first_index_at("from", *from, at));
    query.from = index.value;
  }
  if (const auto to = request.param("to")) {
    RELAIS_ASSIGN(const LogIndex index, first_index_at("to", *to, at));
    query.until = std::min(query.until, index.value);
  }
  RELAIS_ASSIGN(const std::string cursor, page_cursor(call, context));
  if (!cursor.empty()) {
    RELAIS_ASSIGN(const std::uint64_t index, number_cursor(cursor));
    query.until = std::min(query.until, index);
  }
  return query;
}

/// What one reader may see of the answers to others.
class ReadsView {
 public:
  ReadsView(const Context& context, const Call& call)
      : context_(context),
        head_(*call.head),
        visibility_(call.reader, *call.head->records, context.clock.now()) {
    const rules::Signatory* by = call.head->registry->find(call.reader.id);
    if (by != nullptr) own_ = by->slug;
  }
  const std::string& own() const { return own_; }
  bool sees_looks(const Uuid& case_id) { return visibility_.sees(Kind::looks, case_id); }

  /// The parts that may be seen; of one case where one is asked for.
  Result<std::vector<Seen::Part>> parts(const reads::Record& record,
                                        const std::optional<Uuid>& only) {
    std::vector<Seen::Part> parts;
    const bool is_own = record.reader.signatory == own_ && visibility_.sees(Kind::own_looks);
    for (std::size_t i = 0; i < record.cases.size(); ++i) {
      const auto& id = record.cases[i].case_id;
      if (only && id != only) continue;
      if (!is_own && !(id && sees_looks(*id))) continue;
      bool detail = is_own;
      if (!detail) {
        RELAIS_ASSIGN(detail, sees_all(record.cases[i].events));
      }
      parts.push_back({i, detail});
    }
    return parts;
  }

 private:
  /// What somebody was given is no way to learn of an event that the reader does not see.
  Result<bool> sees_all(const std::vector<LogIndex>& events) {
    for (const LogIndex index : events) {
      const auto [it, fresh] = events_.try_emplace(index.value, false);
      if (fresh) {
        RELAIS_ASSIGN(it->second, sees(index));
      }
      if (!it->second) return false;
    }
    return true;
  }
  Result<bool> sees(LogIndex index) {
    if (index.value >= head_.size().value) return false;  // committed since this request began
    RELAIS_ASSIGN(const std::string bytes, context_.ledger.event(index));
    statement::EventView view;
    if (!view.load(bytes))
      return fail(Errc::corrupt, "event-unreadable", "a typed event cannot be read");
    return visibility_.sees_event(view.get());
  }

  const Context& context_;
  const log::Head& head_;
  Visibility visibility_;
  std::string own_;
  std::unordered_map<std::uint64_t, bool> events_;
};

/// Newest first, so that the trace which an answer leaves is on no page behind it.
Result<ReadPage> find_reads(const Context& context, const Call& call, const ReadQuery& query) {
  ReadPage page;
  ReadsView view(context, call);
  Status read;
  const auto visit = [&](LogIndex index) {
    if (index.value < query.from) return false;
    if (page.items.size() == query.limit || page.examined == kMaxCandidates) {
      page.next = std::to_string(index.value + 1);
      return false;
    }
    ++page.examined;
    auto stored = context.reads.find(index);
    if (!stored) {
      read = fail(std::move(stored).error());
      return false;
    }
    if (!query.signatory.empty() && stored->record.reader.signatory != query.signatory) return true;
    auto parts = view.parts(stored->record, query.case_id);
    if (!parts) {
      read = fail(std::move(parts).error());
      return false;
    }
    if (!parts->empty()) page.items.push_back({std::move(*stored), std::move(*parts)});
    return true;
  };
  // Who may not see all looks at a case is looked up by its own: how many others there are then
  // takes no time.
  if (query.case_id && view.sees_looks(*query.case_id))
    context.reads.scan_case(*query.case_id, LogIndex{query.until}, visit);
  else if (const std::string& by = query.signatory; by.empty() || query.case_id)
    context.reads.scan_signatory(view.own(), LogIndex{query.until}, visit);
  else
    context.reads.scan_signatory(by, LogIndex{query.until}, visit);
  if (!read) return fail(std::move(read).error());
  return page;
}

void write_indices(JsonWriter& json, std::string_view name, const std::vector<LogIndex>& indices) {
  json.key(name).begin_array();
  for (const LogIndex index : indices) json.number(index.value);
  json.end_array();
}

void write_read(JsonWriter& json, const Seen& seen) {
  const reads::Record& record = seen.stored.record;
  const reads::Reader& r = record.reader;
  json.begin_object().member("index", seen.stored.index.value);
  json.member("receivedAt", seen.stored.received_at);
  json.member("signatory", r.signatory);
  json.member("kid", crypto::base64url_encode(relais::view(r.kid.bytes)));
  json.member("token", r.token).member("purpose", r.purpose).member("route", r.route);
  json.member("status", r.status);
  json.key("looks").begin_array();
  for (const Seen::Part& part : seen.parts) {
    const reads::CaseLook& look = record.cases[part.number];
    json.begin_object();
    if (look.case_id) json.member("case", *look.case_id);
    if (look.emergency) json.member("emergency", look.emergency->value);
    json.member("look", record.looks[part.number]);
    if (part.detail) {
      json.member("items", look.items);
      write_indices(json, "events", look.events);
      write_indices(json, "disclosed", look.disclosed);
      json.member("detail", record.details[part.number]);
    }
    json.end_object();
  }
  json.end_array();
  json.member("record", record.text);
  json.end_object();
}

void trace_seen(Trace& trace, const Seen& seen) {
  for (const Seen::Part& part : seen.parts)
    if (const auto& id = seen.stored.record.cases[part.number].case_id) trace.look(*id);
}

Result<Response> list_reads(const Context& context, Call& call) {
  RELAIS_ASSIGN(const ReadQuery query, parse_read_query(call, context));
  RELAIS_ASSIGN(const ReadPage page, find_reads(context, call, query));
  context.accounts->requests.charge(call.reader.account,
                                    static_cast<double>(page.examined) / kEventsARequest);
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().key("reads").begin_array();
  for (const Seen& seen : page.items) {
    trace_seen(call.trace, seen);
    write_read(json, seen);
  }
  end_page(json, response, call, context, page.next);
  response.quiet = page.items.empty() && query.case_id.has_value();
  return response;
}

Result<Response> look_receipt(const Context& context, Call& call) {
  const std::string_view text = call.captures[0];
  std::uint64_t index = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (ec != std::errc() || end != text.data() + text.size()) return fail(absent());
  // The same work whether or not there is such a read: some read is looked at, and not seen.
  const std::uint64_t size = context.reads.head()->size().value;
  if (size == 0) return fail(absent());
  RELAIS_ASSIGN(reads::Stored stored, context.reads.find(LogIndex{index % size}));
  RELAIS_ASSIGN(auto parts, ReadsView(context, call).parts(stored.record, {}));
  if (index >= size || parts.empty()) return fail(absent());
  const Seen seen{std::move(stored), std::move(parts)};
  RELAIS_ASSIGN(const merkle::Receipt proof, context.reads.receipt(LogIndex{index}));
  trace_seen(call.trace, seen);
  Response response;
  response.content_type = kText;
  response.body = merkle::to_text(proof);
  return response;
}

Result<Response> look_tile(const Context& context, Call& call) {
  RELAIS_ASSIGN(const merkle::TileRequest request,
                requested_tile(call, 2, context.reads.head()->size()));
  if (request.entries) return fail(absent());  // what was looked at is nobody's to collect
  RELAIS_ASSIGN(std::string hashes, context.reads.tile(request.tile.level, request.tile.index));
  return tile_response(std::move(hashes), request.tile.width);
}

}  // namespace

void add_read_routes(Router& router, Context& context) {
  router.add(Route::get("/v1/audit/reads")
                 .query({"case", "signatory", "from", "to", "cursor", "limit"})
                 .giving(Gives::case_data)
                 .answers([&context](Call& call) { return list_reads(context, call); }));
  router.add(Route::get("/v1/audit/reads/{index}/receipt")
                 .giving(Gives::case_data)
                 .answers([&context](Call& call) { return look_receipt(context, call); }));
  router.add(Route::get("/log/reads/checkpoint")
                 .open()
                 .giving(Gives::no_case_data)
                 .answers([&context](Call&) { return note_response(context.reads.head()->note); }));
  router.add(
      Route::get("/log/reads/vkey").open().giving(Gives::no_case_data).answers([&context](Call&) {
        return note_response(merkle::to_vkey(context.reads.vkey()) + "\n");
      }));
  router.add(Route::get("/log/reads/tile/{*}")
                 .open()
                 .giving(Gives::no_case_data)
                 .answers([&context](Call& call) { return look_tile(context, call); }));
}

}  // namespace relais::api
