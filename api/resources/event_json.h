// Events in lists: the members that lists, the audit and the live stream give.
#pragma once

#include <string>

#include "api/trace.h"
#include "ledger/base/id.h"
#include "ledger/base/json_writer.h"
#include "ledger/rules/registry.h"
#include "schemas/event.capnp.h"

namespace relais::api {

/// {index, id, source, signatory, type, stream, version, time, receivedAt, data}: no sensitive
/// member is in `data`, since the typed event has none. `version` as the reader counts.
void write_event(JsonWriter& json, const rules::Registry& registry, LogIndex index,
                 schema::Event::Reader event, std::uint32_t version);
/// Who signed what, when: the same without data, with kid and withheld (the number of `_sd`
/// digests).
void write_envelope(JsonWriter& json, const rules::Registry& registry, LogIndex index,
                    schema::Event::Reader event, std::uint32_t version);

/// That an event was given, for the log of reads: of its own case, or of those that it names.
/// `disclosed`: with disclosures.
void trace_event(Trace& trace, LogIndex index, schema::Event::Reader event, bool disclosed);

}  // namespace relais::api
