// GET /livez, /readyz, /metrics, and POST /admin/rebuild, /admin/confirm-clock and
// /admin/rotate-wrapping-key on the unix socket.
#include "api/context.h"
#include "api/http/problem.h"
#include "api/shapes.h"
#include "ledger/base/json_writer.h"

namespace relais::api {
namespace {

Result<Response> livez() {
  Response response;
  response.content_type = kText;
  response.body = "alive\n";
  return response;
}

/// Ready as long as statements are taken.
Result<Response> readyz(const Context& context, const Call& call) {
  if (context.draining)
    return fail(Errc::unavailable, "shutting-down", "the server takes no new work");
  if (const auto failure = context.ledger.failure()) {
    // Reads go on; the status is the probe's, the rule and the words are the failure's.
    Error unready = *failure;
    unready.code = Errc::unavailable;
    return fail(std::move(unready));
  }
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().member("status", "ready").member("size", call.head->size().value);
  // Statements are taken, and what is wrong with the time is told: no partner must wait for it.
  if (const ClockGuard* guard = context.clock_guard; guard != nullptr) {
    json.member("clock", to_string(guard->state()));
    if (guard->behind_ms() > 0)
      json.member("clockBehindLogSeconds", static_cast<std::uint64_t>(guard->behind_ms() / 1'000));
  }
  // Small requests are taken all the same.
  if (context.memory != nullptr && context.memory->requests.nearly_full())
    json.member("largeRequests", "refused");
  // Not a 503: a balancer must not keep erasures away.
  if (context.ledger.shortage()) json.member("storage", "low");
  if (const auto lost = context.ledger.key_lost())
    json.member("disclosures", "refused").member("disclosuresFailure", lost->rule);
  if (const auto purge = context.ledger.purge_state(); purge.failure) {
    json.member("erasure", "owed").member("erasureFailure", purge.failure->rule);
  }
  // The same: what asks for a damaged record is answered with 500, and nothing else.
  if (context.records_damaged) json.member("records", "damaged");
  // The same: statements are taken, and case data is not given.
  if (const auto failure = context.reads.failure(); failure || context.trace_failed)
    json.member("reads", "refused")
        .member("readsFailure", failure ? failure->rule : std::string("trace-failed"));
  json.end_object();
  return response;
}

Result<Response> metrics(const Context& context) {
  Response response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = context.metrics->text(context.ledger, context.reads, context.streams.taken(),
                                        context.clock_guard, context.memory.get());
  return response;
}

/// The machine's clock is right, says who administers it.
Result<Response> confirm_clock(const Context& context) {
  if (context.clock_guard == nullptr)
    return fail(Errc::not_found, "clock-not-guarded",
                "the clock is taken as it is (--trust-clock)");
  context.clock_guard->confirm();
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().member("clock", to_string(context.clock_guard->state())).end_object();
  return response;
}

/// With the next purge, within --clock-seconds.
Result<Response> rotate_wrapping_key(const Context& context) {
  RELAIS_TRY(context.ledger.owe_rotation());
  Response response;
  response.status = 202;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().member("rotation", "owed").end_object();
  return response;
}

Response rebuilt(Context& context, const Status& done) {
  if (!done) {
    context.report("rebuild: " + to_string(done.error()));
    return problem(done.error());
  }
  context.records_damaged = false;  // what is damaged still is told by who asks for it next
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object().member("generation", context.ledger.head()->generation).end_object();
  return response;
}

void rebuild(Context& context, const Respond& respond) {
  if (context.rebuilding.exchange(true))
    return respond(problem(
        error(Errc::conflict, "rebuild-running", "the projections are being rebuilt already")));
  const bool posted = context.pool.post([&context, respond] {
    const Status done = context.ledger.rebuild([](std::uint64_t, std::uint64_t) {});
    Response response = rebuilt(context, done);
    context.rebuilding = false;
    respond(std::move(response));
  });
  if (posted) return;
  context.rebuilding = false;
  respond(problem(error(Errc::limited, "busy", "too much work waits; try again shortly")));
}

}  // namespace

void add_operation_routes(Router& router, Context& context) {
  router.add(Route::get("/livez").answers([](Call&) { return livez(); }));
  router.add(Route::post("/admin/rotate-wrapping-key").answers([&context](Call&) {
    return rotate_wrapping_key(context);
  }));
  router.add(
      Route::get("/readyz").answers([&context](Call& call) { return readyz(context, call); }));
  router.add(Route::get("/metrics").answers([&context](Call&) { return metrics(context); }));
  router.add(Route::post("/admin/confirm-clock").answers([&context](Call&) {
    return confirm_clock(context);
  }));
  router.add(Route::post("/admin/rebuild").answers_later([&context](Call&, const Respond& respond) {
    rebuild(context, respond);
  }));
}

void describe_operations(shape::Shapes& s) {
  using namespace shape;
  s.phases("ClockState", ClockState::agrees, ClockState::unconfirmed);
  s.define("Readiness",
           object({must("status", just("ready")), must("size", number(42), "Of the log."),
                   may("clock", named("ClockState")), may("clockBehindLogSeconds", number(7)),
                   may("largeRequests", just("refused")), may("storage", just("low")),
                   may("erasure", just("owed")), may("erasureFailure", text("storage-full")),
                   may("reads", just("refused")), may("readsFailure", text("trace-failed"))}));
  s.define("ClockConfirmed", object({must("clock", named("ClockState"))}));
  s.define("Rebuilt", object({must("generation", number(2), "Of the read models.")}));
  s.define("RotationOwed", object({must("rotation", just("owed"))}));
}

}  // namespace relais::api
