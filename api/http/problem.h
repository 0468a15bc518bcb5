// Errors on the wire: problem documents (RFC 9457).
#pragma once

#include <string_view>

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

/// The members type, title, status, detail and, where they are set, rule, field, accepted, source
/// and state, into an object that is open.
void write_problem(JsonWriter& json, const Error& e, unsigned status);

/// The response, with WWW-Authenticate where it is 401 and Retry-After where it is 429 or 503.
Response problem(const Error& e);
/// The same under a status that no Errc stands for (405, 408, 414, 431, …).
Response problem(const Error& e, unsigned status);

/// What answers for all that is not there or not for this reader: always the same.
Error absent();

}  // namespace relais::api
