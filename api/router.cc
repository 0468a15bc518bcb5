#include "api/router.h"

#include <algorithm>

#include "ledger/base/check.h"

namespace relais::api {

void Router::add(Route route) {
  check(static_cast<bool>(route.answer) != static_cast<bool>(route.answer_later),
        "a route has one handler");
  check(!(route.looks_at_many || !route.many_with.empty()) ||
            (route.access == Access::reader && route.answer),
        "a route that looks at many records is for readers, who take turns");
  check(route.gives != Gives::undecided, "a route says whether it gives case data");
  check(route.gives == Gives::no_case_data || (route.access == Access::reader && route.answer),
        "case data is for who has a token, and leaves a trace");
  Entry e{std::move(route), {}};
  std::string_view rest = e.route.pattern;
  while (!rest.empty()) {
    check(rest[0] == '/', "a pattern is an absolute path");
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find('/'), rest.size());
    e.segments.push_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  check(std::ranges::count_if(e.segments, [](auto s) { return s.starts_with('{'); }) <=
            static_cast<std::ptrdiff_t>(kMaxCaptures),
        "a pattern captures too much");
  routes_.push_back(std::move(e));
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
    const Route& route = routes_[i].route;
    if (route.method != wanted || (route.access == Access::local && !local)) continue;
    if (!matches(routes_[i], path, match.captures)) continue;
    match.route = &route;
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
    if ((e.route.access == Access::local && !local) || !matches(e, path, unused)) continue;
    add(to_string(e.route.method));
    if (e.route.method == Method::get) add("HEAD");
  }
  if (!allow.empty()) add("OPTIONS");
  return allow;
}

std::vector<std::string> Router::labels() const {
  std::vector<std::string> labels;
  labels.reserve(routes_.size());
  for (const Entry& e : routes_)
    labels.push_back(std::string(to_string(e.route.method)) + " " + std::string(e.route.pattern));
  return labels;
}

}  // namespace relais::api
