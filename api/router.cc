#include "api/router.h"

#include <algorithm>

#include "ledger/base/check.h"

namespace relais::api {

void Router::add(Route route) {
  check(static_cast<bool>(route.answer) != static_cast<bool>(route.answer_later),
        "a route has one handler");
  const Endpoint& row = *route.endpoint;
  const bool for_readers = row.access == Access::reader && route.answer;
  check(!(row.looks_at_many || !row.many_with.empty()) || for_readers,
        "a route that looks at many records is for readers, who take turns");
  check(row.gives != Gives::undecided, "a route says whether it gives case data");
  check(row.gives == Gives::no_case_data || for_readers,
        "case data is for who has a token, and leaves a trace");
  Entry e{std::move(route), {}};
  std::string_view rest = row.pattern;
  while (!rest.empty()) {
    check(rest[0] == '/', "a pattern is an absolute path");
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find('/'), rest.size());
    e.segments.push_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  const auto captures =
      std::ranges::count_if(e.segments, [](auto s) { return s.starts_with('{'); });
  check(captures <= static_cast<std::ptrdiff_t>(kMaxCaptures), "a pattern captures too much");
  check(captures == static_cast<std::ptrdiff_t>(row.segments.size()),
        "a row says what its pattern captures");
  routes_.push_back(std::move(e));
}

void Router::check_complete() const {
  for (const Endpoint& row : endpoints()) {
    const auto routes =
        std::ranges::count_if(routes_, [&row](const Entry& e) { return e.route.endpoint == &row; });
    if (routes != 1) check(false, "a row of the table has one route: " + std::string(row.pattern));
  }
}

bool Router::matches(const Entry& e, const std::vector<std::string>& path,
                     std::array<std::string_view, kMaxCaptures>& captures) {
  const bool open_end = e.segments.back() == "{*}";
  if (open_end ? path.size() < e.segments.size() : path.size() != e.segments.size()) return false;
  std::size_t captured = 0;
  for (std::size_t i = 0; i < e.segments.size(); ++i) {
    if (e.segments[i].starts_with('{')) {
      captures[captured++] = path[i];
    } else if (e.segments[i] != path[i]) {
      return false;
    }
  }
  return true;
}

Router::Match Router::match(Method method, const std::vector<std::string>& path, bool local) const {
  const Method wanted = method == Method::head ? Method::get : method;
  Match match;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const Endpoint& row = *routes_[i].route.endpoint;
    if (row.method != wanted || (row.access == Access::local && !local)) continue;
    if (!matches(routes_[i], path, match.captures)) continue;
    match.route = &routes_[i].route;
    match.number = i;
    return match;
  }
  match.number = routes_.size();
  match.allow = allowed(path, local);
  return match;
}

std::string Router::allowed(const std::vector<std::string>& path, bool local) const {
  std::string allow;
  const auto add = [&allow](std::string_view name) {
    if (allow.find(name) != std::string::npos) return;
    if (!allow.empty()) allow.append(", ");
    allow.append(name);
  };
  std::array<std::string_view, kMaxCaptures> unused;
  for (const Entry& e : routes_) {
    const Endpoint& row = *e.route.endpoint;
    if ((row.access == Access::local && !local) || !matches(e, path, unused)) continue;
    add(to_string(row.method));
    if (row.method == Method::get) add("HEAD");
  }
  if (!allow.empty()) add("OPTIONS");
  return allow;
}

std::vector<std::string> Router::labels() const {
  std::vector<std::string> labels;
  labels.reserve(routes_.size());
  for (const Entry& e : routes_)
    labels.push_back(std::string(to_string(e.route.endpoint->method)) + " " +
                     std::string(e.route.endpoint->pattern));
  return labels;
}

}  // namespace relais::api
