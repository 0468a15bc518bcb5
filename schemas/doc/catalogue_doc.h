// The catalogue and the state machines, printed from the schema and the rules' own tables:
// docs/EVENTS.md, `relais rules`.
#pragma once

#include <string>

#include "ledger/base/json.h"

namespace relais::schema::doc {

/// docs/EVENTS.md: every event type with emitters, stream, members and preconditions; the state
/// machines as tables.
std::string catalogue_markdown();
/// {"events":[…],"machines":[{"name","states","transitions"}]}
json::object catalogue_json();
/// For a terminal: a line an event type, then the machines.
std::string catalogue_text();
/// The state machines as one Graphviz DOT graph, a cluster each.
std::string machines_dot();

}  // namespace relais::schema::doc
