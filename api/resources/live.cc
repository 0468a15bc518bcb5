// GET /v1/events/live: events as they are committed, as Server-Sent Events (WHATWG HTML, section
// 9.2). The stream holds no queue: it reads on from its position, so that a slow consumer costs
// nothing but its connection.
#include <algorithm>
#include <atomic>
#include <charconv>
#include <utility>

#include "api/context.h"
#include "api/http/problem.h"
#include "api/reading/visibility.h"
#include "api/resources/event_json.h"
#include "api/resources/event_query.h"
#include "api/resources/paging.h"
#include "ledger/base/stored.h"
#include "ledger/statement/statement.h"

namespace relais::api {
namespace {

constexpr std::size_t kEventsPerPiece = 64;
/// Looked at for one piece: others have their turn on the io thread between two.
constexpr std::size_t kLookedAtPerPiece = 256;

class EventTail final : public BodyStream {
 public:
  /// `resumed`: the client knows the position that the query begins at.
  EventTail(Context& context, std::unique_ptr<StreamSlot> slot, Reader reader, EventQuery query,
            bool resumed)
      : context_(context),
        slot_(std::move(slot)),
        reader_(std::move(reader)),
        query_(std::move(query)),
        told_(resumed ? query_.filter.from : 0) {}
  ~EventTail() override {
    if (subscription_ != 0) context_.ledger.unsubscribe(subscription_);
  }

  void start(std::function<void()> wake) override {
    wake_ = std::move(wake);
    subscription_ = context_.ledger.subscribe([wake = wake_](TreeSize) { wake(); });
  }

  Piece pull() override {
    const auto head = context_.ledger.head();
    Piece piece;
    if (!still_admitted(*head)) {
      piece.end = true;
      return piece;
    }
    if (held_) return release();
    if (!greeted_) {
      piece.bytes = "retry: 2000\n\n";
      add_position(piece.bytes);
      greeted_ = true;
    }
    if (query_.nothing) query_.filter.from = std::max(query_.filter.from, head->size().value);
    if (query_.filter.from < head->size().value) {
      if (const Status added = try_add_events(*head, piece); !added) {
        note_failure(context_, added.error());
        trace_ = {};
        return {{}, false, true};  // nothing of it leaves without a trace
      }
    }
    // Behind a look at what came before it opened; then heartbeats tell the position. One in the
    // middle of a look may be that of an event the reader does not see.
    if (!opened_ && !piece.more) {
      add_position(piece.bytes);
      opened_ = true;
    }
    if (!trace_.empty() && !piece.end) return hold(std::move(piece));
    return piece;
  }

  std::string heartbeat() override {
    std::string bytes = ":\n";
    if (!held_) add_position(bytes);  // it may be that of an event that is held
    return bytes.size() > 2 ? bytes : bytes + "\n";
  }

 private:
  /// The client comes back with a new token and Last-Event-ID.
  bool still_admitted(const log::Head& head) const {
    return check_still(reader_, *head.registry, context_.clock.now(), head.last_received)
        .has_value();
  }

  /// Each piece with events is an answer: it waits until the log of reads has it.
  struct Held {
    Piece piece;
    enum class State { waits, kept, refused };
    std::atomic<State> state{State::waits};
  };
  Piece hold(Piece piece) {
    held_ = std::make_shared<Held>();
    held_->piece = std::move(piece);
    keep_trace(context_, reader_, "GET /v1/events/live", 200, std::exchange(trace_, {}),
               [held = held_, wake = wake_](const Admitted& kept) {
                 held->state = kept ? Held::State::kept : Held::State::refused;
                 wake();
               });
    return {};
  }
  Piece release() {
    if (held_->state == Held::State::waits) return {};
    Piece piece = std::move(held_->piece);
    if (held_->state == Held::State::refused) piece = {{}, false, true};
    held_.reset();
    return piece;
  }

  /// An id without data, which a client keeps as its Last-Event-ID and shows nobody (WHATWG HTML,
  /// section 9.2.6): who is away for a while goes on behind what was looked at and not behind the
  /// last match, which may be long ago.
  void add_position(std::string& bytes) {
    if (query_.filter.from == told_ || behind_) return;
    told_ = query_.filter.from;
    bytes.append("id: ").append(std::to_string(told_ - 1)).append("\n\n");
  }

  Status try_add_events(const log::Head& head, Piece& piece) {
    try {
      return add_events(head, piece);
    } catch (const DamagedRecords& e) {
      return fail(records_damaged(e));
    } catch (const std::exception& e) {
      return fail(Errc::internal, "internal", e.what());
    }
  }

  Status add_events(const log::Head& head, Piece& piece) {
    Visibility visibility(reader_, *head.records, context_.clock.now());
    const auto visible = [&](LogIndex, schema::Event::Reader event) {
      return visibility.sees_event(event);
    };
    RELAIS_ASSIGN(const auto page, projections::audit(context_.ledger, head, query_.filter,
                                                      kEventsPerPiece, visible, kLookedAtPerPiece));
    // Taken although the rate may be used up: who opens streams to have the log looked at waits.
    context_.accounts->requests.charge(reader_.account,
                                       static_cast<double>(page.examined) / kEventsARequest);
    statement::EventView view;
    for (const auto& [index, bytes] : page.items) {
      if (!view.load(bytes))
        return fail(Errc::corrupt, "event-unreadable", "a typed event cannot be read");
      trace_event(trace_, index, view.get(), false);
      piece.bytes.append("id: ").append(std::to_string(index.value));
      piece.bytes.append("\nevent: ").append(statement::type_of(view.get()).wire_type);
      piece.bytes.append("\ndata: ");
      JsonWriter json(piece.bytes);
      write_event(json, *head.registry, index, view.get(), visibility.version_of(view.get()));
      piece.bytes.append("\n\n");
      told_ = index.value + 1;
    }
    query_.filter.from = head.size().value;
    behind_ = !page.next.empty();
    if (behind_) {
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
  std::uint64_t told_;  ///< the client knows that it has all before this index
  bool greeted_ = false;
  bool opened_ = false;  // all that was there at the opening was looked at
  bool behind_ = false;  ///< there is more to look at before the head
  std::uint64_t subscription_ = 0;
  std::function<void()> wake_;
  Trace trace_;                 ///< of the piece that is being made
  std::shared_ptr<Held> held_;  ///< the piece that waits for its trace
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
  return check_position("last-event-id", query.filter.from, *call.head);
}

Result<Response> live(Context& context, Call& call) {
  RELAIS_ASSIGN(EventQuery query, parse_event_query(call, context));
  RELAIS_TRY(set_start(call, query));
  RELAIS_TRY(context.streams.take(call.reader.account));
  auto slot = std::make_unique<StreamSlot>(context.streams, call.reader.account);
  Response response;
  response.content_type = "text/event-stream";
  response.stream =
      std::make_shared<EventTail>(context, std::move(slot), call.reader, std::move(query),
                                  !call.request.header("last-event-id").empty());
  return response;
}

}  // namespace

void add_live_routes(Router& router, Context& context) {
  router.add(Route::get("/v1/events/live").answers([&context](Call& call) {
    return live(context, call);
  }));
}

}  // namespace relais::api
