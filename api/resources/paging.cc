#include "api/resources/paging.h"

#include <algorithm>
#include <charconv>

#include "api/http/target.h"
#include "api/shapes.h"
#include "ledger/base/clock.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/sha256.h"
#include "projections/read.h"

namespace relais::api {
namespace {

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::unexpected<Error> bad_cursor() {
  return fail(error(Errc::malformed, "cursor-form", "not a cursor of this list")
                  .at("cursor")
                  .accepts("the member next of a page before, of the same list and reader"));
}

std::unexpected<Error> bad_position(std::string_view name) {
  return fail(error(Errc::malformed, "position-form", "neither an index nor a time")
                  .at(std::string(name))
                  .accepts("an index of the log, or an RFC 3339 time"));
}

/// Whose cursor it is, and of what: the reader, the path, and the query but for the cursor and the
/// size of a page.
std::string cursor_context(const Call& call) {
  std::string context;
  append_be(context, call.reader.id.value);
  const auto add = [&context](std::string_view text) {
    append_be(context, static_cast<std::uint32_t>(text.size()));
    context.append(text);
  };
  for (const std::string& segment : call.request.path) add(segment);
  for (const Param& p : call.request.query) {
    if (p.name == "cursor" || p.name == "limit") continue;
    add(p.name);
    add(p.value);
  }
  return context;
}

void add_next_link(Response& response, const Request& request, std::string_view cursor) {
  std::string link = "<";
  for (const std::string& segment : request.path) link.append("/").append(percent_encode(segment));
  link.append("?");
  for (const Param& p : request.query)
    if (p.name != "cursor")
      link.append(percent_encode(p.name)).append("=").append(percent_encode(p.value)).append("&");
  link.append("cursor=").append(cursor).append(">; rel=\"next\"");
  response.headers.emplace_back("link", std::move(link));
}

}  // namespace

std::size_t page_limit(const Request& request) {
  const auto text = request.param("limit");
  return text ? parse_number(*text).value_or(projections::kDefaultPage) : projections::kDefaultPage;
}

Result<std::string> page_cursor(const Call& call, const Context& context) {
  const auto text = call.request.param("cursor");
  if (!text) return std::string();
  const auto sealed = crypto::base64url_decode(*text);
  if (!sealed) return bad_cursor();
  auto bytes = context.cursors.open(*sealed, cursor_context(call));
  if (!bytes || bytes->empty()) return bad_cursor();
  return std::move(*bytes);
}

Result<std::uint64_t> number_cursor(std::string_view bytes) {
  const auto number = parse_number(bytes);
  if (!number) return bad_cursor();
  return *number;
}

void end_page(JsonWriter& json, Response& response, const Call& call, const Context& context,
              std::string_view next) {
  json.end_array();
  if (!next.empty()) {
    const std::string cursor =
        crypto::base64url_encode(context.cursors.seal(next, cursor_context(call)));
    json.member("next", cursor);
    add_next_link(response, call.request, cursor);
  }
  json.end_object();
}

Result<LogIndex> first_index_at(std::string_view name, std::string_view text,
                                const log::Ledger& ledger) {
  return first_index_at(name, text, [&ledger](Timestamp t) { return ledger.index_at(t); });
}

Result<LogIndex> first_index_at(std::string_view name, std::string_view text,
                                const std::function<Result<LogIndex>(Timestamp)>& at) {
  if (const auto index = parse_number(text)) return LogIndex{*index};
  const auto time = parse_rfc3339(text);
  if (!time) return bad_position(name);
  return at(*time);
}

Status check_position(std::string_view name, std::uint64_t index, const log::Head& head) {
  const std::uint64_t size = head.size().value;
  if (index <= size) return {};
  return fail(error(Errc::invalid, "position-beyond-head",
                    "the log has " + std::to_string(size) + " entries, and no such position yet")
                  .at(std::string(name))
                  .accepts("an index of at most " + std::to_string(size)));
}

bool flag(const Request& request, std::string_view name) {
  return request.param(name) == "true";
}

Result<std::optional<TreeSize>> as_of(const Request& request, const log::Ledger& ledger,
                                      const log::Head& head) {
  const auto text = request.param("asOf");
  if (!text) return std::optional<TreeSize>();
  const std::uint64_t size = head.size().value;
  if (const auto index = parse_number(*text)) {
    if (*index >= size)
      return fail(error(Errc::invalid, "position-beyond-head",
                        "the log has " + std::to_string(size) + " entries, and not this one yet")
                      .at("asOf")
                      .accepts("an index of at most " + std::to_string(size - 1)));
    return std::optional(TreeSize{*index + 1});
  }
  const auto time = parse_rfc3339(*text);
  if (!time) return bad_position("asOf");
  RELAIS_ASSIGN(const LogIndex after, ledger.index_at(Timestamp{time->value + 1}));
  return std::optional(TreeSize{std::min(after.value, size)});
}

bool not_modified(const Request& request, std::string_view etag) {
  std::string_view list = request.header("if-none-match");
  if (list == "*") return true;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string_view one = list.substr(0, comma);
    list.remove_prefix(std::min(comma + 1, list.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);  // weak comparison
    if (one == etag) return true;
  }
  return false;
}

std::string etag_of(std::uint32_t version) {
  return "\"" + std::to_string(version) + "\"";
}

void tag_by_content(Response& response, const Request& request, std::string_view content) {
  constexpr std::size_t kEnough = 22;  // characters: 132 bits
  const std::string digest = crypto::base64url_encode(relais::view(crypto::sha256(content)));
  std::string etag = "\"" + digest.substr(0, kEnough) + "\"";
  if (not_modified(request, etag)) {
    response.status = 304;
    response.content_type = {};
    response.body.clear();
  }
  response.headers.emplace_back("etag", std::move(etag));
}

shape::Schema page_shape(std::string_view name, shape::Schema items) {
  using namespace shape;
  return object({must(name, list(std::move(items))),
                 may("next", named("Cursor"), "Where it goes on, if it does.")});
}

}  // namespace relais::api
