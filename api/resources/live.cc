// GET /v1/events/live: events as they are committed, as Server-Sent Events (WHATWG HTML, section
// 9.2). The stream holds no queue: it reads on from its position, so that a slow consumer costs
// nothing but its connection.
#include <algorithm>
#include <charconv>

#include "api/context.h"
#include "api/http/problem.h"
#include "api/reading/visibility.h"
#include "api/resources/event_json.h"
#include "api/resources/event_query.h"
#include "ledger/statement/statement.h"

namespace relais::api {
namespace {

constexpr std::size_t kEventsPerPiece = 64;

/// A place among the streams that may be open at once.
class StreamSlot {
 public:
  explicit StreamSlot(Context& context) : context_(context) {
    taken_ = context_.streams.fetch_add(1) < context_.max_streams;
  }
  ~StreamSlot() { context_.streams.fetch_sub(1); }
  StreamSlot(const StreamSlot&) = delete;
  StreamSlot& operator=(const StreamSlot&) = delete;
  bool taken() const { return taken_; }

 private:
  Context& context_;
  bool taken_ = false;
};

class EventTail final : public BodyStream {
 public:
  EventTail(Context& context, std::unique_ptr<StreamSlot> slot, Reader reader, EventQuery query)
      : context_(context),
        slot_(std::move(slot)),
        reader_(std::move(reader)),
        query_(std::move(query)) {}
  ~EventTail() override {
    if (subscription_ != 0) context_.ledger.unsubscribe(subscription_);
  }

  void start(std::function<void()> wake) override {
    subscription_ = context_.ledger.subscribe([wake = std::move(wake)](TreeSize) { wake(); });
  }

  Piece pull() override {
    const auto head = context_.ledger.head();
    Piece piece;
    if (!still_admitted(*head)) {
      piece.end = true;
      return piece;
    }
    if (!opened_) piece.bytes = "retry: 2000\n\n";
    opened_ = true;
    if (query_.nothing || query_.filter.from >= head->size().value) return piece;
    if (const Status added = add_events(*head, piece); !added) {
      context_.report(to_string(added.error()));
      piece.end = true;
    }
    return piece;
  }

  std::string_view heartbeat() const override { return ":\n\n"; }

 private:
  /// A stream lasts as long as its token, and ends at once with the key: the client comes back with
  /// a new token and Last-Event-ID.
  bool still_admitted(const log::Head& head) const {
    const Timestamp now = context_.clock.now();
    return now.value < reader_.token->expires_at * 1000 &&
           head.registry->judge_key(reader_.token->kid, std::max(now, head.last_received));
  }

  Status add_events(const log::Head& head, Piece& piece) {
    Visibility visibility(reader_, *head.records, context_.clock.now());
    const auto visible = [&](LogIndex, schema::Event::Reader event) {
      return visibility.sees_event(event);
    };
    RELAIS_ASSIGN(const auto page, projections::audit(context_.ledger, head, query_.filter,
                                                      kEventsPerPiece, visible, kMaxCandidates));
    statement::EventView view;
    for (const LogIndex index : page.items) {
      RELAIS_ASSIGN(const std::string bytes, context_.ledger.event(index));
      if (!view.load(bytes))
        return fail(Errc::corrupt, "event-unreadable", "a typed event cannot be read");
      piece.bytes.append("id: ").append(std::to_string(index.value));
      piece.bytes.append("\nevent: ").append(statement::type_of(view.get()).wire_type);
      piece.bytes.append("\ndata: ");
      JsonWriter json(piece.bytes);
      write_event(json, *head.registry, index, view.get());
      piece.bytes.append("\n\n");
    }
    query_.filter.from = head.size().value;
    if (!page.next.empty()) {
      const auto [end, ec] = std::from_chars(page.next.data(), page.next.data() + page.next.size(),
                                             query_.filter.from);
      if (ec != std::errc()) return fail(Errc::internal, "internal", "a page's next is no index");
      piece.more = true;
    }
    return {};
  }

  Context& context_;
  std::unique_ptr<StreamSlot> slot_;
  Reader reader_;
  EventQuery query_;
  bool opened_ = false;
  std::uint64_t subscription_ = 0;
};

/// Where to begin: behind Last-Event-ID, at `from`, or with what is yet to come.
Status set_start(const Call& call, EventQuery& query) {
  const std::string_view last = call.request.header("last-event-id");
  if (last.empty()) {
    if (!call.request.param("from")) query.filter.from = call.head->size().value;
    return {};
  }
  std::uint64_t index = 0;
  const auto [end, ec] = std::from_chars(last.data(), last.data() + last.size(), index);
  if (ec != std::errc() || end != last.data() + last.size() || index + 1 == 0)
    return fail(error(Errc::malformed, "last-event-id-form", "not an id of this stream")
                    .at("last-event-id")
                    .accepts("the index of the last event that was received"));
  query.filter.from = index + 1;
  return {};
}

Result<Response> live(Context& context, Call& call) {
  RELAIS_ASSIGN(EventQuery query, parse_event_query(call.request, context.ledger, *call.head));
  RELAIS_TRY(set_start(call, query));
  auto slot = std::make_unique<StreamSlot>(context);
  if (!slot->taken())
    return fail(error(Errc::limited, "too-many-streams", "too many event streams are open")
                    .accepts("at most " + std::to_string(context.max_streams) +
                             " streams; GET /v1/events with a cursor"));
  Response response;
  response.content_type = "text/event-stream";
  response.stream =
      std::make_shared<EventTail>(context, std::move(slot), call.reader, std::move(query));
  return response;
}

}  // namespace

void add_live_routes(Router& router, Context& context) {
  router.add({Method::get,
              "/v1/events/live",
              Access::reader,
              live_parameters(),
              [&context](Call& call) { return live(context, call); },
              {}});
}

}  // namespace relais::api
