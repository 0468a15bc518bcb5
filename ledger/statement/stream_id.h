// The stream an event belongs to: the CloudEvents `subject`, e.g.
// "case/01890a5d-ac96-774b-bcce-b302099a8057".
#pragma once

#include <string>
#include <string_view>

#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "schemas/event.capnp.h"

namespace relais::statement {

/// Streams of kind case are named by a UUID; all others by a slug or a UUID as text ([a-z0-9-], 1
/// to 64 characters).
struct StreamId {
  schema::StreamKind kind = schema::StreamKind::CASE;
  Uuid uuid;         ///< of a case; zero otherwise
  std::string name;  ///< of any other stream; empty for a case
  auto operator<=>(const StreamId&) const = default;
};

/// Parses a subject; rule "subject-form" names the accepted forms.
Result<StreamId> parse_subject(std::string_view subject);
std::string to_subject(const StreamId& id);
/// Key bytes: one byte of kind (the schema's ordinal), then 16 bytes of UUID, or the name's length
/// in one byte and the name. No key is a prefix of another.
std::string stream_key(const StreamId& id);
StreamId stream_of(schema::Event::Reader event);

}  // namespace relais::statement
