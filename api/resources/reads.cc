// GET /v1/audit/reads, /v1/audit/reads/{index}/receipt, /log/reads/…: who looked at what, and the
// proof of it. Hashes are for everyone; entries are served to nobody as they stand.
#include <algorithm>
#include <charconv>
#include <set>
#include <unordered_map>

#include "api/context.h"
#include "api/http/problem.h"
#include "api/reading/visibility.h"
#include "api/resources/event_query.h"
#include "api/resources/paging.h"
#include "api/resources/tiles.h"
#include "api/shapes.h"
#include "ledger/crypto/base64.h"
#include "ledger/merkle/receipt.h"
#include "ledger/statement/statement.h"
#include "projections/read.h"

namespace relais::api {
namespace {

/// Bytes that a page of them has, about.
constexpr std::size_t kMaxPageBytes = 4u << 20;

struct ReadQuery {
  std::optional<Uuid> case_id;
  std::string signatory;  ///< whose looks; empty: anybody's at the case, or the reader's own
  std::uint64_t from = 0;
  std::uint64_t until = 0;
  std::size_t limit = 0;
};

/// What the reader may see of an answer to somebody: which cases it looked at, and of those which
/// details (docs/SECURITY.md, "Who looked").
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
  std::size_t examined = 0;  ///< looks, and rows of the index without one
  std::string next;
};

std::size_t bytes_of(const Seen& seen) {
  const reads::Record& record = seen.stored.record;
  std::size_t bytes = record.text.size();
  for (const Seen::Part& part : seen.parts)
    bytes += record.looks[part.number].size() + record.details[part.number].size();
  return bytes;
}

Result<ReadQuery> parse_read_query(const Call& call, const Context& context) {
  const Request& request = call.request;
  ReadQuery query;
  query.limit = page_limit(request);
  if (const auto id = request.param("case")) {
    query.case_id = parse_uuid(*id);
  }
  if (const auto slug = request.param("signatory")) {
    if (call.head->registry->find_slug(*slug) == nullptr)
      return fail(error(Errc::invalid, "signatory-unknown", "no signatory has this name")
                      .at("signatory")
                      .accepts("an id of /v1/signatories"));
    query.signatory = *slug;
  }
  // Else one would look through all that another has looked at, to find what is one's own to see.
  const rules::Signatory* by = call.head->registry->find(call.reader.id);
  if (!query.case_id && !query.signatory.empty() && (by == nullptr || by->slug != query.signatory))
    return fail(error(Errc::malformed, "case-missing", "the looks of another are those at a case")
                    .at("case")
                    .accepts("an identifier of a case; without it, one's own looks"));
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
        deliberates_(rules::deliberates(call.reader.roles)),
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
      // A look by an emergency access tells of the access.
      if (const auto& access = record.cases[i].emergency; access && !is_own) {
        RELAIS_ASSIGN(const bool seen, sees(*access));
        if (!seen) continue;
      }
      parts.push_back({i, is_own || sees_detail(record.reader.signatory, *id)});
    }
    return parts;
  }

 private:
  /// What was given to somebody is for who reads all of the case that the other may have been
  /// given: its holder, and where the other hears the debates, a holder that hears them too. It
  /// never depends on what the case has in it: that detail is missing would tell of it.
  bool sees_detail(const std::string& looker, const Uuid& id) {
    const auto [it, fresh] = holds_.try_emplace(id, false);
    if (fresh) {
      const auto state = projections::find_case(*head_.records, id);
      const rules::Signatory* holder = state ? head_.registry->find(state->holder) : nullptr;
      it->second = holder != nullptr && holder->slug == own_;
    }
    if (!it->second) return false;
    if (deliberates_ && visibility_.sees(Kind::debates, id)) return true;
    const rules::Signatory* by = head_.registry->find_slug(looker);
    return by != nullptr && !rules::deliberates(by->role_set());
  }
  /// Whether an event may be seen.
  Result<bool> sees(LogIndex index) {
    const auto [it, fresh] = events_.try_emplace(index.value, false);
    if (!fresh || index.value >= head_.size().value) return it->second;
    RELAIS_ASSIGN(const std::string bytes, context_.ledger.event(index));
    statement::EventView view;
    if (!view.load(bytes))
      return fail(Errc::corrupt, "event-unreadable", "a typed event cannot be read");
    return it->second = visibility_.sees_event(view.get());
  }

  const Context& context_;
  const log::Head& head_;
  const bool deliberates_;
  Visibility visibility_;
  std::string own_;
  std::unordered_map<std::uint64_t, bool> events_;
  std::unordered_map<Uuid, bool, UuidHash> holds_;  // whether the reader is the case's holder
};

/// A page that ends before it is too much for one answer, or for the trace of it.
class PageOfReads {
 public:
  PageOfReads(const Context& context, ReadsView& view, const ReadQuery& query)
      : context_(context), view_(view), query_(query) {}

  /// Whether to go on with those before `index`.
  bool take(LogIndex index, bool found) {
    if (index.value < query_.from) return false;
    if (page_.items.size() == query_.limit || page_.examined >= kMaxCandidates)
      return end_before(index);
    ++page_.examined;
    if (!found) return true;
    auto seen = look(index);
    if (!seen) {
      failure_ = std::move(seen).error();
      return false;
    }
    if (seen->parts.empty()) return true;
    return add(std::move(*seen)) || end_before(index);
  }
  Result<ReadPage> done() && {
    if (failure_) return fail(std::move(*failure_));
    return std::move(page_);
  }

 private:
  bool end_before(LogIndex index) {
    page_.next = std::to_string(index.value + 1);
    return false;
  }
  Result<Seen> look(LogIndex index) {
    RELAIS_ASSIGN(reads::Stored stored, context_.reads.find(index));
    page_.examined += stored.record.cases.size();
    RELAIS_ASSIGN(auto parts, view_.parts(stored.record, query_.case_id));
    return Seen{std::move(stored), std::move(parts)};
  }
  /// The first one has room in any case: it was one answer itself.
  bool add(Seen seen) {
    std::set<Uuid> more;
    for (const Seen::Part& part : seen.parts)
      if (const auto& id = seen.stored.record.cases[part.number].case_id;
          id && !cases_.contains(*id))
        more.insert(*id);
    const std::size_t bytes = bytes_ + bytes_of(seen);
    const bool fits = cases_.size() + more.size() <= reads::kMaxCases && bytes <= kMaxPageBytes;
    if (!page_.items.empty() && !fits) return false;
    cases_.merge(more);
    bytes_ = bytes;
    page_.items.push_back(std::move(seen));
    return true;
  }

  const Context& context_;
  ReadsView& view_;
  const ReadQuery& query_;
  ReadPage page_;
  std::set<Uuid> cases_;
  std::size_t bytes_ = 0;
  std::optional<Error> failure_;
};

/// Newest first, so that the trace which an answer leaves is on no page behind it. By the index
/// alone it is chosen what is looked at. Who may not see all looks at a case is looked up by its
/// own: how many others there are then takes no time.
Result<ReadPage> find_reads(const Context& context, const Call& call, const ReadQuery& query) {
  ReadsView view(context, call);
  PageOfReads page(context, view, query);
  const auto each = [&page](LogIndex index) { return page.take(index, true); };
  const auto pass = [&page](LogIndex index, bool found) { return page.take(index, found); };
  const LogIndex until{query.until};
  if (!query.case_id) {
    context.reads.scan_signatory(view.own(), until, each);
  } else if (!view.sees_looks(*query.case_id)) {
    if (query.signatory.empty() || query.signatory == view.own())
      context.reads.scan_both(*query.case_id, view.own(), reads::Along::signatory, until, pass);
  } else if (query.signatory.empty()) {
    context.reads.scan_case(*query.case_id, until, each);
  } else {
    context.reads.scan_both(*query.case_id, query.signatory, reads::Along::looks_at_case, until,
                            pass);
  }
  return std::move(page).done();
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
  trace.tell_of_looks();
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

/// Of one's own look, or of one at the case that is named: the index tells, and an entry is read
/// for nobody else.
Result<Response> look_receipt(const Context& context, Call& call) {
  std::optional<Uuid> case_id;
  if (const auto id = call.request.param("case")) case_id = parse_uuid(*id);
  const std::string_view text = call.captures[0];
  std::uint64_t index = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (ec != std::errc() || end != text.data() + text.size()) return fail(absent());
  if (index >= context.reads.head()->size().value) return fail(absent());
  ReadsView view(context, call);
  bool found = false;
  const auto last = [&](LogIndex i) { return found = i.value == index, false; };
  context.reads.scan_signatory(view.own(), LogIndex{index + 1}, last);
  if (!found && case_id && view.sees_looks(*case_id))
    context.reads.scan_case(*case_id, LogIndex{index + 1}, last);
  if (!found) return fail(absent());
  RELAIS_ASSIGN(reads::Stored stored, context.reads.find(LogIndex{index}));
  context.accounts->requests.charge(
      call.reader.account, static_cast<double>(stored.record.cases.size()) / kEventsARequest);
  RELAIS_ASSIGN(auto parts, view.parts(stored.record, case_id));
  if (parts.empty()) return fail(absent());
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
  router.add(Route::get("/v1/audit/reads").answers([&context](Call& call) {
    return list_reads(context, call);
  }));
  router.add(Route::get("/v1/audit/reads/{index}/receipt").answers([&context](Call& call) {
    return look_receipt(context, call);
  }));
  router.add(Route::get("/log/reads/checkpoint").answers([&context](Call&) {
    return note_response(context.reads.head()->note);
  }));
  router.add(Route::get("/log/reads/vkey").answers([&context](Call&) {
    return note_response(merkle::to_vkey(context.reads.vkey()) + "\n");
  }));
  router.add(Route::get("/log/reads/tile/{*}").answers([&context](Call& call) {
    return look_tile(context, call);
  }));
}

void describe_reads(shape::Shapes& s) {
  using namespace shape;
  const auto look = object({may("case", uuid()),
                            may("emergency", index(), "The act by which the case was open to it."),
                            must("look", text("WyJzZWwiLCJyZWdhcmQiXQ"), "The signed bytes."),
                            may("items", number(0), "What was given that is no event."),
                            may("events", list(index())), may("disclosed", list(index())),
                            may("detail", text("WyJzZWwiLCJkZXRhaWwiXQ"), "The signed bytes.")});
  s.define("Read",
           object({must("index", number(7), "In the log of reads."), must("receivedAt", moment()),
                   must("signatory", slug()), must("kid", digest()),
                   must("token", text("01890a5d-ac96-774b-bcce-b302099a805a")),
                   must("purpose", text("suivi")), must("route", text("GET /v1/cases/{id}")),
                   must("status", number(200)), must("looks", list(look)),
                   must("record", text("eyJleGVtcGxlIjoiaW52ZW50w6kifQ"), "The signed bytes.")}));
  s.define("ReadList", page_shape("reads", named("Read")));
}

}  // namespace relais::api
