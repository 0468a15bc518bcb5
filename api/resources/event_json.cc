#include "api/resources/event_json.h"

#include "ledger/base/stored.h"
#include "ledger/crypto/base64.h"
#include "ledger/statement/statement.h"

namespace relais::api {
namespace {

std::string_view text(capnp::Text::Reader t) {
  return {t.begin(), t.size()};
}

void write_members(JsonWriter& json, const rules::Registry& registry, LogIndex index,
                   schema::Event::Reader event, std::uint32_t version) {
  const rules::Signatory* signatory = registry.find(SignatoryId{event.getSignatory()});
  require_stored(signatory != nullptr, "an event of a signatory that the registry does not have");
  json.member("index", index.value);
  json.member("id", text(event.getId()));
  json.member("source", signatory->source);
  json.member("signatory", signatory->slug);
  json.member("type", statement::type_of(event).wire_type);
  json.member("stream", statement::to_subject(statement::stream_of(event)));
  json.member("version", version);
  json.member("time", Timestamp{event.getTime()});
  json.member("receivedAt", Timestamp{event.getReceivedAt()});
}

}  // namespace

void write_event(JsonWriter& json, const rules::Registry& registry, LogIndex index,
                 schema::Event::Reader event, std::uint32_t version) {
  json.begin_object();
  write_members(json, registry, index, event, version);
  json.key("data").raw(json::serialize(statement::payload_json(event)));
  json.end_object();
}

void write_envelope(JsonWriter& json, const rules::Registry& registry, LogIndex index,
                    schema::Event::Reader event, std::uint32_t version) {
  const auto kid = event.getKid();
  json.begin_object();
  write_members(json, registry, index, event, version);
  json.member("kid",
              crypto::base64url_encode({reinterpret_cast<const char*>(kid.begin()), kid.size()}));
  json.member("withheld", event.getWithheld());
  json.end_object();
}

void trace_event(Trace& trace, LogIndex index, schema::Event::Reader event, bool disclosed) {
  trace.event(statement::stream_of(event), index, disclosed);
  const auto name = [&](capnp::Text::Reader id) {
    if (const auto uuid = parse_uuid(text(id))) trace.look(*uuid);
  };
  const auto data = event.getData();
  if (data.isSessionConvened())
    for (const auto id : data.getSessionConvened().getCases()) name(id);
  else if (data.isMemberRecused())
    name(data.getMemberRecused().getCaseId());
}

}  // namespace relais::api
