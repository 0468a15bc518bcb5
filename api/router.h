// Which handler answers which request.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/http.h"
#include "api/reading/auth.h"
#include "api/trace.h"
#include "ledger/log/ledger.h"

namespace relais::api {

/// Most captured segments of one pattern.
inline constexpr std::size_t kMaxCaptures = 4;

/// One request on its way to its handler.
struct Call {
  Request& request;
  std::array<std::string_view, kMaxCaptures> captures;  ///< what the {…} of the pattern matched
  std::shared_ptr<const log::Head> head;                ///< what this answer is about
  Reader reader;                                        ///< where the route needs a token
  Trace trace;  ///< what the answer gives of cases; filled by the handler
};

enum class Access {
  reader,     ///< a valid token
  open,       ///< anyone
  local,      ///< the unix socket only; elsewhere the route does not exist
  operation,  ///< the unix socket, or the operator's own token; elsewhere the route does not exist
};

/// What the answers of a route give. Each route says it, so that none is forgotten.
enum class Gives {
  undecided,
  case_data,        ///< of cases: an answer that gave any leaves when its trace is kept
  no_case_data,     ///< nothing that a trace is kept of
  stream_of_cases,  ///< the same piece by piece; the stream keeps the traces itself
};

/// Answers at once; an error becomes its problem document.
using Answer = std::function<Result<Response>(Call&)>;
/// Answers later.
using AnswerLater = std::function<void(Call&, Respond)>;

/// Refuses a request by its header, before its body is read.
using HeadCheck = std::function<Status(const Request&)>;

struct Route {
  Method method = Method::get;
  std::string_view pattern;  ///< "/v1/cases/{id}"; a last segment "{*}" stands for one or more
  Access access = Access::reader;
  std::vector<std::string_view> parameters;  ///< of the query; all others are refused
  HeadCheck body_check;                      ///< empty where the route takes no body
  Answer answer;                             ///< either this
  AnswerLater answer_later;                  ///< or this
  bool looks_at_many = false;                ///< answered by a worker (api/turn_queue.h)
  std::string_view many_with;                ///< so are requests with this parameter
  Gives gives = Gives::undecided;

  static Route get(std::string_view pattern) {
    return {Method::get, pattern, {}, {}, {}, {}, {}, false, {}, Gives::undecided};
  }
  static Route post(std::string_view pattern) {
    return {Method::post, pattern, {}, {}, {}, {}, {}, false, {}, Gives::undecided};
  }
  Route&& open() && { return std::move(*this).to(Access::open); }
  Route&& local() && { return std::move(*this).to(Access::local); }
  Route&& to(Access a) && {
    access = a;
    return std::move(*this);
  }
  Route&& query(std::vector<std::string_view> known) && {
    parameters = std::move(known);
    return std::move(*this);
  }
  Route&& takes_body(HeadCheck check) && {
    body_check = std::move(check);
    return std::move(*this);
  }
  /// Many records are looked at for an answer, or for one to a request with this parameter: an io
  /// thread must not be held as long. For readers only, who take turns.
  Route&& heavy() && {
    looks_at_many = true;
    return std::move(*this);
  }
  Route&& heavy_with(std::string_view parameter) && {
    many_with = parameter;
    return std::move(*this);
  }
  bool is_heavy(const Request& request) const {
    return looks_at_many || (!many_with.empty() && request.param(many_with));
  }
  Route&& giving(Gives what) && {
    gives = what;
    return std::move(*this);
  }
  Route&& answers(Answer a) && {
    answer = std::move(a);
    return std::move(*this);
  }
  Route&& answers_later(AnswerLater a) && {
    answer_later = std::move(a);
    return std::move(*this);
  }
};

class Router {
 public:
  /// Earlier routes win, so that "/v1/events/live" stands before "/v1/events/{id}". A route has
  /// said what it gives; case data only to who has a token, by a handler that answers at once.
  void add(Route route);

  struct Match {
    const Route* route = nullptr;  ///< null: no such path, or not with this method
    std::size_t number = 0;        ///< of the route; size() where there is none
    std::string allow;             ///< methods of the path where `route` is null; empty: unknown
    std::array<std::string_view, kMaxCaptures> captures;
  };
  /// HEAD is looked up as GET. `path` must outlive the captures. `local`: Access::local routes
  /// exist.
  Match match(Method method, const std::vector<std::string>& path, bool local) const;

  std::size_t size() const { return routes_.size(); }
  const Route& route(std::size_t number) const { return routes_[number].route; }
  /// "GET /v1/cases/{id}" of each route, by number.
  std::vector<std::string> labels() const;

 private:
  struct Entry {
    Route route;
    std::vector<std::string_view> segments;
  };
  static bool matches(const Entry& e, const std::vector<std::string>& path,
                      std::array<std::string_view, kMaxCaptures>& captures);
  std::string allowed(const std::vector<std::string>& path, bool local) const;

  std::vector<Entry> routes_;
};

}  // namespace relais::api
