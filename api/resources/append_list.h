// Inside the module: lists of statements, and what they share with single ones.
#pragma once

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
                                       std::string_view text);

/// Submits a group where its signers' shares allow: of the rate, and of the writer's queue, of
/// which nobody gets more than half. Each was verified, and nobody uses up
/// another's. An error is that of the whole group, and nothing was submitted.
Admitted submit_shared(Context& context, std::vector<log::Submission> group, bool atomic,
                       log::Done done);

/// Takes the body {"statements":["<sd-jwt>", …]} apart, checks the statements on all workers and
/// submits what holds. `atomic`: all or nothing.
/// `address`: whose share of statements they count in.
void append_list(Context& context, std::string body, bool atomic, std::string address,
                 Respond respond);

/// The members of an accepted statement, into an object that is open. Of one that was there already
/// and was not sent whole, only what its sender knows.
void write_accepted(JsonWriter& json, const log::Accepted& accepted);

/// Reports a refusal that is the ledger's own fault, and makes /readyz say so.
void note_failure(Context& context, const Error& e);

}  // namespace relais::api
