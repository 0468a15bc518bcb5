#include "api/resources/event_query.h"

#include <algorithm>
#include <optional>

#include "api/resources/paging.h"
#include "ledger/statement/catalogue.h"

namespace relais::api {
namespace {

Status read_stream(std::string_view text, EventQuery& query) {
  auto stream = statement::parse_subject(text);
  if (!stream) {
    stream.error().field = "stream";
    return fail(std::move(stream.error()));
  }
  query.filter.stream = std::move(*stream);
  return {};
}

Status read_signatory(std::string_view slug, const rules::Registry& registry, EventQuery& query) {
  const rules::Signatory* found = registry.find_slug(slug);
  if (found == nullptr)
    return fail(error(Errc::invalid, "signatory-unknown", "no signatory has this name")
                    .at("signatory")
                    .accepts("an id of /v1/signatories"));
  query.filter.signatory = found->id;
  return {};
}

/// Types that match both `type` and `axis`, as far as these are given.
Status read_types(const Request& request, EventQuery& query) {
  const auto type = request.param("type");
  const auto axis = request.param("axis");
  if (!type && !axis) return {};
  std::string axes;
  std::string names;
  bool axis_known = false;
  bool type_known = false;
  for (const auto& t : statement::catalogue().all()) {
    const std::string_view wire = statement::wire_name(t->axis);
    const bool of_axis = !axis || *axis == wire;
    const bool of_type = !type || glob_matches(*type, t->name) || glob_matches(*type, t->wire_type);
    axis_known = axis_known || of_axis;
    type_known = type_known || of_type;
    if (of_axis && of_type) query.filter.types.push_back(t->ordinal);
    if (axes.find(wire) == std::string::npos) axes.append(axes.empty() ? "" : ", ").append(wire);
    names.append(names.empty() ? "" : ", ").append(t->name);
  }
  if (!axis_known)
    return fail(error(Errc::invalid, "axis-unknown", "no event type is of this axis")
                    .at("axis")
                    .accepts(axes));
  if (!type_known)
    return fail(error(Errc::invalid, "type-unknown", "no event type matches")
                    .at("type")
                    .accepts("names with * for any characters, of: " + names));
  query.nothing = query.filter.types.empty();
  return {};
}

Status read_range(const Request& request, const log::Ledger& ledger, const log::Head& head,
                  EventQuery& query) {
  if (const auto from = request.param("from")) {
    RELAIS_ASSIGN(const LogIndex index, first_index_at("from", *from, ledger));
    query.filter.from = index.value;
    // A time may find what was committed since the head of this answer.
    if (!parse_rfc3339(*from)) RELAIS_TRY(check_position("from", index.value, head));
  }
  if (const auto to = request.param("to")) {
    RELAIS_ASSIGN(const LogIndex index, first_index_at("to", *to, ledger));
    query.filter.until = index.value;
    if (!parse_rfc3339(*to)) RELAIS_TRY(check_position("to", index.value, head));
  }
  query.filter.newest_first = request.param("order") == "desc";
  return {};
}

/// A cursor narrows the range, and never widens it.
Status read_cursor(const Call& call, const Context& context, EventQuery& query) {
  RELAIS_ASSIGN(const std::string cursor, page_cursor(call, context));
  if (cursor.empty()) return {};
  RELAIS_ASSIGN(const std::uint64_t index, number_cursor(cursor));
  auto& filter = query.filter;
  if (filter.newest_first) {
    filter.until = std::min(filter.until, index);
  } else {
    filter.from = std::max(filter.from, index);
  }
  return {};
}

}  // namespace

Result<EventQuery> parse_event_query(const Call& call, const Context& context) {
  const Request& request = call.request;
  const log::Head& head = *call.head;
  EventQuery query;
  query.limit = page_limit(request);
  if (const auto stream = request.param("stream")) RELAIS_TRY(read_stream(*stream, query));
  if (const auto slug = request.param("signatory"))
    RELAIS_TRY(read_signatory(*slug, *head.registry, query));
  RELAIS_TRY(read_types(request, query));
  RELAIS_TRY(read_range(request, context.ledger, head, query));
  RELAIS_TRY(read_cursor(call, context, query));
  return query;
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // the last one, and the text it has taken so far
  std::size_t taken = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace relais::api
