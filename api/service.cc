#include "api/service.h"

#include <algorithm>
#include <chrono>
#include <exception>

#include "api/context.h"
#include "api/http/content_coding.h"
#include "api/http/problem.h"
#include "api/page_stream.h"
#include "api/reading/auth.h"
#include "api/trace.h"
#include "ledger/base/stored.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/crypto/sha256.h"

namespace relais::api {
namespace {

using Steady = std::chrono::steady_clock;

/// More than looking for what is hidden or absent takes, and less than anybody notices.
constexpr std::chrono::milliseconds kQuietAnswer{2};

Response options_response(std::string allow) {
  Response response;
  response.status = 204;
  response.headers.emplace_back("allow", std::move(allow));
  return response;
}

Response no_route(Router::Match& match) {
  if (match.allow.empty())
    return problem(error(Errc::not_found, "route-unknown", "nothing is served under this path"));
  Response response =
      problem(error(Errc::malformed, "method-not-allowed", "the path does not take this method")
                  .accepts(match.allow),
              405);
  response.headers.emplace_back("allow", std::move(match.allow));
  return response;
}

/// The token of who runs the service. Hashes are compared: how long that takes tells nothing of the
/// token.
struct OperatorToken {
  std::optional<Hash> hash;
  bool is(std::string_view authorization) const {
    constexpr std::string_view kBearer = "Bearer ";
    if (!hash || !authorization.starts_with(kBearer)) return false;
    return crypto::sha256(authorization.substr(kBearer.size())) == *hash;
  }
};

/// What is long is coded by workers alone. What has disclosures, or the purposes of who looked, is
/// never: its length would tell, of two texts in it, how much they have in common.
bool may_be_coded(const Call& call, const Response& response) {
  constexpr std::size_t kAtOnce = std::size_t{64} * 1024;
  return !call.trace.discloses() && !call.trace.tells_of_looks() &&
         (call.by_worker || response.body.size() <= kAtOnce);
}

void set_param(Request& request, std::string_view name, std::string value) {
  std::erase_if(request.query, [name](const Param& p) { return p.name == name; });
  request.query.push_back({std::string(name), std::move(value)});
}

Hash random_key() {
  Hash key;
  crypto::SystemRandom().fill(key);
  return key;
}

}  // namespace

struct Service::Impl {
  Impl(log::Ledger& ledger, reads::ReadLog& reads, const Clock& clock, ServiceOptions options)
      : metrics_token{options.metrics_token},
        context{ledger,
                reads,
                clock,
                options.report ? std::move(options.report) : [](const std::string&) {},
                Shares("streams", options.max_streams, options.max_streams_of_signatory),
                Shares("statements", log::kMaxQueued, log::kMaxQueued / 2),
                options.accounts ? options.accounts : make_accounts(options),
                options.clock_guard,
                std::move(options.memory),
                crypto::Sealer(options.cursor_key ? *options.cursor_key : random_key()),
                ReadQueue("reads", "signatory", {kMaxQueuedReads, kMaxQueuedReadsEach, 1}),
                ListQueue("lists", "address", {kMaxQueuedLists, kMaxQueuedListsEach, 0}),
                WorkerPool(worker_count(options.workers), kMaxQueuedJobs)},
        authenticator(ledger.vkey().name),
        router(make_router(context)),
        names(labels(router)),
        metrics(names) {
    context.metrics = &metrics;
    context.bearer = [this](const Request& request, const log::Head& head) {
      const auto reader = hear(request, head);
      return reader ? std::optional(reader->id) : std::nullopt;
    };
    reads.on_rows([this](const reads::RowBytes& rows) { charge_rows(context, rows); });
  }

  static std::size_t worker_count(std::size_t asked) {
    // Two at least: a rebuild must not keep lists of statements waiting.
    return std::max<std::size_t>(asked != 0 ? asked : std::thread::hardware_concurrency(), 2);
  }
  static Router make_router(Context& context) {
    Router router;
    add_append_routes(router, context);
    add_case_routes(router, context);
    add_live_routes(router, context);
    add_event_routes(router, context);
    add_referral_routes(router, context);
    add_deadline_routes(router, context);
    add_capability_routes(router, context);
    add_indicator_routes(router, context);
    add_signatory_routes(router, context);
    add_parcours_routes(router, context);
    add_session_routes(router, context);
    add_accreditation_routes(router, context);
    add_shared_routes(router, context);
    add_convention_routes(router);
    add_read_routes(router, context);
    add_log_routes(router, context);
    add_operation_routes(router, context);
    add_description_routes(router, context);
    router.check_complete();
    return router;
  }
  static std::vector<std::string> labels(const Router& router) {
    std::vector<std::string> labels = router.labels();
    labels.emplace_back("other");
    return labels;
  }

  void observe(std::size_t route, unsigned status, Steady::time_point start) {
    metrics.observe(route, status, Steady::now() - start);
  }
  Result<Reader> hear(const Request& request, const log::Head& head);
  Status still_admitted(const Reader& reader, const log::Head& head) const {
    return check_still(reader, *head.registry, context.clock.now(), head.last_received);
  }
  Admitted charge_stranger(const Request& request);
  Admitted admit(const Route& route, Call& call);
  Response answer(const Route& route, Call& call);
  void answer_by_worker(const Router::Match& match, Call& call, Respond respond,
                        Steady::time_point start);
  void answer_in_lines(const Router::Match& match, Call& call, Respond respond,
                       Steady::time_point start);
  void release(std::size_t number, Call& call, Response response, Steady::time_point start,
               Respond respond);
  Respond observed(Respond respond, std::size_t route, Steady::time_point start);

  const OperatorToken metrics_token;
  Context context;
  Authenticator authenticator;
  Router router;
  const std::vector<std::string> names;  // of the routes
  Metrics metrics;
};

void note_failure(Context& context, const Error& e) {
  const bool outage = is_outage(e) && !context.draining;  // whose end was asked for
  if (e.rule == kRecordsDamaged) context.records_damaged = true;
  if (is_failure(e) || (outage && context.outages.is_news(e.rule))) context.report(to_string(e));
}

std::shared_ptr<Accounts> make_accounts(const ServiceOptions& options) {
  // Several signatories may come from one address.
  return std::shared_ptr<Accounts>(
      new Accounts{request_rate(options.requests_per_second),
                   storage_rate(options.bytes_per_day),
                   reserve_rate(),
                   trace_rate(kTracesForStatements * options.bytes_per_day),
                   address_rate(2 * options.requests_per_second),
                   stranger_rate(2 * options.requests_per_second),
                   {}});
}

Service::Service(log::Ledger& ledger, reads::ReadLog& reads, const Clock& clock,
                 ServiceOptions options)
    : impl_(std::make_unique<Impl>(ledger, reads, clock, std::move(options))) {}

Service::~Service() {
  impl_->context.reads.on_rows({});
  impl_->context.in_flight.wait();
}

std::vector<RouteSummary> Service::route_summaries() const {
  std::vector<RouteSummary> routes;
  for (std::size_t i = 0; i < impl_->router.size(); ++i) {
    const Endpoint& row = *impl_->router.route(i).endpoint;
    routes.push_back(
        {impl_->names[i], row.access == Access::reader, row.gives != Gives::no_case_data});
  }
  return routes;
}

void Service::drain() {
  impl_->context.draining = true;
}

/// Who reads, by the token that comes with the request.
Result<Reader> Service::Impl::hear(const Request& request, const log::Head& head) {
  const auto at = [&](Timestamp now) {
    return authenticator.authenticate(request.header("authorization"), *head.registry, now,
                                      head.last_received);
  };
  auto reader = at(context.clock.now());
  // Across a leap either clock may be the right one.
  const ClockGuard* guard = context.clock_guard;
  if (!reader && guard != nullptr && guard->leap_ms() != 0) reader = at(guard->machine().now());
  return reader;
}

/// Nobody else answers for what comes without a token: its address pays. The administrator's socket
/// has none.
Admitted Service::Impl::charge_stranger(const Request& request) {
  const std::string& address = request.peer->address;
  if (address.empty()) return {};
  return context.accounts->of_strangers.take(address);
}

/// Rights first, so that who may not read learns nothing of the parameters either.
Admitted Service::Impl::admit(const Route& route, Call& call) {
  // Statements have a rate of their own (api/resources/append.cc).
  const Endpoint& row = *route.endpoint;
  if (row.access != Access::reader && row.takes.empty()) RELAIS_TRY(charge_stranger(call.request));
  if (row.access == Access::operation && !call.request.peer->local &&
      !metrics_token.is(call.request.header("authorization")))
    return fail(error(Errc::unauthenticated, "operators-only",
                      "the figures of the service are for those who run it")
                    .accepts("the socket for local administration, or the bearer token of "
                             "--metrics-token"));
  if (row.access == Access::reader) {
    auto reader = hear(call.request, *call.head);
    if (!reader) {
      RELAIS_TRY(charge_stranger(call.request));
      return fail(std::move(reader.error()));
    }
    call.reader = std::move(*reader);
    RELAIS_TRY(context.accounts->requests.take(call.reader.account));
  }
  RELAIS_TRY(check_parameters(row.parameters, call.request));
  if (!row.takes.empty()) RELAIS_TRY(check_media_type(row, call.request));
  return {};
}

/// No exception passes: what a handler did not foresee (bad_alloc above all) ends its request only.
Response Service::Impl::answer(const Route& route, Call& call) {
  try {
    auto response = route.answer(call);
    if (response) return std::move(*response);
    note_failure(context, response.error());
    return problem(response.error());
  } catch (const DamagedRecords& e) {
    const Error failure = records_damaged(e);
    note_failure(context, failure);
    return problem(failure);
  } catch (const std::exception& e) {
    const Error failure = error(Errc::internal, "internal", e.what());
    context.report(to_string(failure));
    return problem(failure);
  }
}

/// The request as the worker's own; what the head was when it came is not held while it waits.
void Service::Impl::answer_by_worker(const Router::Match& match, Call& call, Respond respond,
                                     Steady::time_point start) {
  const auto own = std::make_shared<OwnRequest>(std::move(call.request));
  const auto job = [this, own, respond, start, number = match.number, route = match.route,
                    captures = match.captures, reader = call.reader,
                    owed = context.in_flight.take()] {
    Call again{own->request(), captures, context.ledger.head(), reader, {}, true};
    Response response = answer(*route, again);
    release(number, again, std::move(response), start, respond);
  };
  const Admitted posted = context.turns.post(context.pool, call.reader.account, job);
  if (posted) return;
  observe(match.number, problem(posted.error()).status, start);
  respond(problem(posted.error()));
}

/// The request once for each page, as one of its own. The first says whether it is a list at all.
void Service::Impl::answer_in_lines(const Router::Match& match, Call& call, Respond respond,
                                    Steady::time_point start) {
  if (const Admitted taken = context.streams.take(call.reader.account); !taken) {
    observe(match.number, problem(taken.error()).status, start);
    return respond(problem(taken.error()));
  }
  const auto slot = std::make_shared<StreamSlot>(context.streams, call.reader.account);
  const auto own = std::make_shared<OwnRequest>(std::move(call.request));
  own->request().headers.clear();  // tags and codings are of pages
  if (!own->request().param("limit"))
    set_param(own->request(), "limit", std::to_string(largest_page()));
  const auto ask = [this, own, slot, match, reader = call.reader](const std::string& cursor,
                                                                  const Respond& respond) {
    const auto head = context.ledger.head();
    if (const Status holds = still_admitted(reader, *head); !holds)
      return respond(problem(holds.error()));
    context.accounts->requests.charge(reader.account, 1);
    Request page = own->request();
    if (!cursor.empty()) set_param(page, "cursor", cursor);
    Call again{page, match.captures, head, reader, {}};
    // What the pattern captured is the stream's, which may end before.
    answer_by_worker(
        match, again, [own, respond](Response made) { respond(std::move(made)); }, Steady::now());
  };
  ask({}, [ask, respond = std::move(respond)](Response first) {
    if (first.status != 200) return respond(std::move(first));
    Response lines;
    lines.content_type = kLines;
    lines.stream = std::make_shared<PageStream>(std::move(first), ask);
    respond(std::move(lines));
  });
}

/// What gave case data leaves once the log of reads has it on disk: no trace, no answer. What was
/// hidden gave nothing, as what is absent, and neither leaves a trace.
void Service::Impl::release(std::size_t number, Call& call, Response response,
                            Steady::time_point start, Respond respond) {
  const Endpoint& row = *router.route(number).endpoint;
  const std::string_view accepted = call.request.header("accept-encoding");
  if (row.access == Access::reader && (response.status == 404 || response.quiet))
    response.not_before = start + kQuietAnswer;
  if (row.gives != Gives::case_data || response.status >= 400 || call.trace.empty()) {
    if (response.status < 400 && !call.trace.empty()) {
      const Error e = error(Errc::internal, "untraced", names[number] + " gave case data");
      context.report(to_string(e));
      response = problem(e);
    }
    if (may_be_coded(call, response)) encode_body(response, accepted);
    observe(number, response.status, start);
    return respond(std::move(response));
  }
  if (may_be_coded(call, response)) encode_body(response, accepted);
  const unsigned status = response.status;
  keep_trace(context, call.reader, names[number], status, std::move(call.trace),
             [this, number, start, response = std::move(response),
              respond = std::move(respond)](const Admitted& kept) mutable {
               if (!kept) response = problem(kept.error());
               observe(number, response.status, start);
               respond(std::move(response));
             });
}

Respond Service::Impl::observed(Respond respond, std::size_t route, Steady::time_point start) {
  return [this, inner = std::move(respond), route, start,
          owed = context.in_flight.take()](Response response) {
    if (!response.later) {
      observe(route, response.status, start);
    } else {
      response.later = [this, make = std::move(response.later), route, start, owed] {
        Response made = make();
        observe(route, made.status, start);
        return made;
      };
    }
    inner(std::move(response));
  };
}

std::optional<Response> Service::before_body(const Request& request) {
  const Steady::time_point start = Steady::now();
  Router::Match match = impl_->router.match(request.method, request.path, request.peer->local);
  std::optional<Response> refusal;
  if (match.route == nullptr && request.method != Method::options) {
    refusal = no_route(match);
  } else if (match.route == nullptr || match.route->endpoint->takes.empty()) {
    refusal = problem(error(Errc::malformed, "body-unexpected", "the request takes no body")
                          .accepts("no Content-Length but 0, no Transfer-Encoding")
                          .from("RFC 9110, section 9.3.1"));
  } else if (const Status taken = check_media_type(*match.route->endpoint, request); !taken) {
    refusal = problem(taken.error());
  }
  if (refusal) {
    if (const Admitted paid = impl_->charge_stranger(request); !paid)
      refusal = problem(paid.error());
    impl_->observe(match.number, refusal->status, start);
  }
  return refusal;
}

void Service::handle(Request& request, Respond respond) {
  const Steady::time_point start = Steady::now();
  Router::Match match = impl_->router.match(request.method, request.path, request.peer->local);
  if (match.route == nullptr) {
    const bool options = request.method == Method::options;
    if (options && request.path.empty()) match.allow = "GET, HEAD, POST, OPTIONS";  // OPTIONS *
    const bool known = options && !match.allow.empty();
    Response response = known ? options_response(std::move(match.allow)) : no_route(match);
    if (const Admitted paid = impl_->charge_stranger(request); !paid)
      response = problem(paid.error());
    impl_->observe(match.number, response.status, start);
    return respond(std::move(response));
  }
  const Route& route = *match.route;
  Call call{request, match.captures, impl_->context.ledger.head(), {}, {}};
  if (const Admitted admitted = impl_->admit(route, call); !admitted) {
    Response response = problem(admitted.error());
    impl_->observe(match.number, response.status, start);
    return respond(std::move(response));
  }
  if (asks_for_lines(request, *route.endpoint))
    return impl_->answer_in_lines(match, call, std::move(respond), start);
  if (route.endpoint->is_heavy(request))
    return impl_->answer_by_worker(match, call, std::move(respond), start);
  if (route.answer) {
    Response response = impl_->answer(route, call);
    if (response.for_worker) return impl_->answer_by_worker(match, call, std::move(respond), start);
    return impl_->release(match.number, call, std::move(response), start, std::move(respond));
  }
  route.answer_later(call, impl_->observed(std::move(respond), match.number, start));
}

}  // namespace relais::api
