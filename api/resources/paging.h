// What lists have in common: limit, cursor, Link, positions in the log.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "api/context.h"
#include "api/http/http.h"
#include "ledger/base/error.h"
#include "ledger/base/json_writer.h"
#include "ledger/log/ledger.h"

namespace relais::api {

/// The parameter `limit`, or the default (projections/read.h).
std::size_t page_limit(const Request& request);
/// The parameter `cursor` as the bytes that end_page() was given; empty when absent. Cursors are
/// sealed: they tell nothing, since positions may be those of what the reader does not see, and
/// hold for one reader and one list only. Rule "cursor-form".
Result<std::string> page_cursor(const Call& call, const Context& context);
/// A cursor that is a decimal number.
Result<std::uint64_t> number_cursor(std::string_view bytes);

/// Ends the array of a page and the object it stands in, with the member `next` and, where there is
/// more, Link: <…>; rel="next" (RFC 8288), the same request with another cursor. `next` as the read
/// model gave it.
void end_page(JsonWriter& json, Response& response, const Call& call, const Context& context,
              std::string_view next);

/// The first index at a position as parameters give it: a number, or a time of RFC 3339.
Result<LogIndex> first_index_at(std::string_view name, std::string_view text,
                                const log::Ledger& ledger);
/// The same of another log: `at` gives the first index at a time.
Result<LogIndex> first_index_at(std::string_view name, std::string_view text,
                                const std::function<Result<LogIndex>(Timestamp)>& at);
/// Whether a reader that has seen all before `index` can have seen it here: one beyond the head
/// comes of another log, or of one that was cut back, and going on from there would skip what comes
/// ("position-beyond-head").
Status check_position(std::string_view name, std::uint64_t index, const log::Head& head);
/// Whether the parameter is "true".
bool flag(const Request& request, std::string_view name);

/// The size of the log that the parameter `asOf` means: after the entry of an index, or with all
/// entries received up to a time. Nothing when it is absent.
Result<std::optional<TreeSize>> as_of(const Request& request, const log::Ledger& ledger,
                                      const log::Head& head);

/// Whether If-None-Match holds the version, so that 304 is the answer (RFC 9110, section 13.1.2).
bool not_modified(const Request& request, std::string_view etag);
/// "\"7\"".
std::string etag_of(std::uint32_t version);
/// Gives an answer whose body is there a tag made of `content`, or makes it 304: for what has no
/// version that counts all that it shows.
void tag_by_content(Response& response, const Request& request, std::string_view content);

}  // namespace relais::api
