#include "ledger/statement/stream_id.h"

#include <array>

#include "ledger/base/bytes.h"
#include "ledger/statement/catalogue.h"

namespace relais::statement {
namespace {

constexpr std::size_t kMaxName = 64;

bool is_stream_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxName) return false;
  for (const char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  return true;
}

std::unexpected<Error> malformed(std::string message) {
  return fail(error(Errc::malformed, "subject-form", std::move(message))
                  .at("subject")
                  .accepts("case/<uuid>, or library|signatory|network|convention|"
                           "session/<1 to 64 of a-z 0-9 ->"));
}

}  // namespace

Result<StreamId> parse_subject(std::string_view subject) {
  const std::size_t slash = subject.find('/');
  if (slash == std::string_view::npos) return malformed("the subject names no stream");
  const int kind = parse_wire(capnp::Schema::from<schema::StreamKind>(), subject.substr(0, slash));
  if (kind < 0) return malformed("there is no such kind of stream");
  StreamId id;
  id.kind = static_cast<schema::StreamKind>(kind);
  const std::string_view rest = subject.substr(slash + 1);
  if (id.kind == schema::StreamKind::CASE) {
    const auto uuid = parse_uuid(rest);
    if (!uuid) return malformed("a case is named by a UUID");
    id.uuid = *uuid;
    return id;
  }
  if (!is_stream_name(rest))
    return malformed("the stream's name has other characters, or is too long");
  id.name = rest;
  return id;
}

std::string to_subject(const StreamId& id) {
  std::string out(wire_name(id.kind));
  out.push_back('/');
  return out + (id.kind == schema::StreamKind::CASE ? to_string(id.uuid) : id.name);
}

std::string stream_key(const StreamId& id) {
  std::string key(1, static_cast<char>(id.kind));
  if (id.kind == schema::StreamKind::CASE) {
    append_uuid(key, id.uuid);
  } else {
    key.push_back(static_cast<char>(id.name.size()));
    key += id.name;
  }
  return key;
}

StreamId stream_of(schema::Event::Reader event) {
  StreamId id;
  id.kind = event.getStreamKind();
  if (id.kind == schema::StreamKind::CASE) {
    id.uuid = {event.getUuidHigh(), event.getUuidLow()};
  } else {
    id.name.assign(event.getStreamName().begin(), event.getStreamName().size());
  }
  return id;
}

}  // namespace relais::statement
