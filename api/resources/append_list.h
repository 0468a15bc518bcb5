// Inside the module: lists of statements, and what they share with single ones.
#pragma once

#include <optional>
#include <string>

#include "api/context.h"
#include "api/http/http.h"
#include "api/http/problem.h"
#include "ledger/base/json_writer.h"
#include "ledger/log/ledger.h"

namespace relais::api {

/// A statement as it comes in, parsed, with good salts, and its signature checked where its key is
/// known: a key that may sign now.
Result<log::Submission> take_statement(Context& context, const log::Head& head,
                                       Result<statement::Statement> parsed);

/// Submits a group where its signers' shares allow: of the rate, and of the writer's queue, of
/// which nobody gets more than half. Each was verified, and nobody uses up
/// another's. An error is that of the whole group, and nothing was submitted.
Admitted submit_shared(Context& context, std::vector<log::Submission> group, bool atomic,
                       log::Done done);

/// How a body of JSON came.
struct ListRequest {
  bool atomic = false;                    ///< all or nothing
  std::string address;                    ///< whose share of statements they count in
  std::optional<SignatoryId> by;          ///< who brings them, by a token
  std::optional<StreamVersion> expected;  ///< of one statement
};
/// Takes the body {"statements":[…]} apart, checks the statements on the workers and submits what
/// holds. Each is an SD-JWT, or {"statement":"<sd-jwt>","sealed":[<JWE>, …]}. The latter may be the
/// whole body, and is answered as one statement is.
void append_list(Context& context, std::string body, ListRequest how, Respond respond);

/// The answer to one statement.
Response outcome_response(Context& context, const log::Outcome& outcome);

/// The members of an accepted statement, into an object that is open. Of one that was there already
/// and was not sent whole, only what its sender knows.
void write_accepted(JsonWriter& json, const log::Accepted& accepted);

}  // namespace relais::api
