// Which handler answers which request.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/contract/endpoint.h"
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
  Trace trace;             ///< what the answer gives of cases; filled by the handler
  bool by_worker = false;  ///< it may take its time
};

/// Answers at once; an error becomes its problem document.
using Answer = std::function<Result<Response>(Call&)>;
/// Answers later.
using AnswerLater = std::function<void(Call&, Respond)>;

/// A row of the table of endpoints, and who answers for it.
struct Route {
  const Endpoint* endpoint = nullptr;
  Answer answer;             ///< either this
  AnswerLater answer_later;  ///< or this

  /// The table has such a row.
  static Route get(std::string_view pattern) {
    return {&api::endpoint(Method::get, pattern), {}, {}};
  }
  static Route post(std::string_view pattern) {
    return {&api::endpoint(Method::post, pattern), {}, {}};
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
  /// Earlier routes win, so that "/v1/events/live" stands before "/v1/events/{id}". An endpoint has
  /// said what it gives; case data only to who has a token, by a handler that answers at once.
  void add(Route route);
  /// Ends the process unless each row of the table has its route, and one only.
  void check_complete() const;

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
