// Errors on the wire: problem documents (RFC 9457).
#pragma once

#include <chrono>
#include <expected>
#include <string_view>
#include <utility>

#include "api/http/http.h"
#include "ledger/base/error.h"
#include "ledger/base/json_writer.h"

namespace relais::api {

inline constexpr std::string_view kProblemJson = "application/problem+json";
inline constexpr std::string_view kProblemBase = "https://relais.example/problems/";

/// The HTTP status of an error, as ledger/base/error.h says.
unsigned status_of(Errc code);
/// Whether the error is a failure of ours, whose message is for the operator and not for the
/// client.
bool is_failure(const Error& e);

/// Whether the error is that the server cannot do something now: its rule and remedy are for the
/// client, its message and field for the operator.
bool is_outage(const Error& e);

/// The members type, title, status, detail and, where they are set, rule, field, accepted, source
/// and state, into an object that is open.
void write_problem(JsonWriter& json, const Error& e, unsigned status);

/// A refusal that time ends: when it is worth asking again.
struct Refused : Error {
  Refused(Error e, std::chrono::seconds after = std::chrono::seconds(1))  // NOLINT: an Error is one
      : Error(std::move(e)), retry_after(after) {}
  std::chrono::seconds retry_after;
};
using Admitted = std::expected<void, Refused>;

/// The response, with WWW-Authenticate where it is 401 and Retry-After where it is 429 or 503: a
/// second, where it is others that have to finish.
Response problem(const Error& e);
Response problem(const Refused& e);
/// The same under a status that no Errc stands for (405, 408, 414, 431, …).
Response problem(const Error& e, unsigned status);

/// What answers for all that is not there or not for this reader: always the same.
Error absent();

}  // namespace relais::api
