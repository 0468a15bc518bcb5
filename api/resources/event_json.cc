#include "api/resources/event_json.h"
#include "api/contract/payload_shapes.h"
#include "api/shapes.h"

#include "ledger/base/stored.h"
#include "ledger/crypto/base64.h"
#include "ledger/statement/statement.h"

namespace relais::api {
namespace {

std::string_view view_of(capnp::Text::Reader t) {
  return {t.begin(), t.size()};
}

void write_members(JsonWriter& json, const rules::Registry& registry, LogIndex index,
                   schema::Event::Reader event, std::uint32_t version) {
  const rules::Signatory* signatory = registry.find(SignatoryId{event.getSignatory()});
  require_stored(signatory != nullptr, "an event of a signatory that the registry does not have");
  json.member("index", index.value);
  json.member("id", view_of(event.getId()));
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
    if (const auto uuid = parse_uuid(view_of(id))) trace.look(*uuid);
  };
  const auto data = event.getData();
  if (data.isSessionConvened())
    for (const auto id : data.getSessionConvened().getCases()) name(id);
  else if (data.isMemberRecused())
    name(data.getMemberRecused().getCaseId());
}

namespace {

/// What every event has, and what comes behind it.
shape::Schema event_shape(const std::vector<shape::Member>& more) {
  using namespace shape;
  std::vector<Member> members = {
      must("index", index()),
      must("id", text("01890a5d-ac96-774b-bcce-b302099a8058"), "The event's own id."),
      must("source", text("urn:relais:rhone-2023:mission-locale-1"), "Of who signed it."),
      must("signatory", slug(), "The same, by its short name."),
      must("type", named("EventType")),
      must("stream", named("Stream")),
      must("version", version()),
      must("time", moment(), "As its signatory says."),
      must("receivedAt", moment())};
  members.insert(members.end(), more.begin(), more.end());
  return object(members);
}

}  // namespace

void describe_events(shape::Shapes& s) {
  using namespace shape;
  s.wire<schema::Axis>();
  Schema event = event_shape({must("data", {{"type", "object"}}, "Without what is sensitive.")});
  for (auto& member : data_of_types(s, false)) event[member.key()] = member.value();
  s.define("Event", std::move(event));
  s.define("Envelope", event_shape({must("kid", digest(), "Of the key that signed."),
                                    must("withheld", number(2), "Digests of sensitive members.")}));
  Schema cloud = object(
      {must("specversion", just("1.0")), must("id", text("01890a5d-ac96-774b-bcce-b302099a8058")),
       must("source", text("urn:relais:rhone-2023:mission-locale-1")),
       must("type", named("EventType")),
       must("subject", text("case/01890a5d-ac96-774b-bcce-b302099a8057")),
       may("time", text("2026-11-24T16:00:00Z")), may("datacontenttype", text("application/json")),
       may("dataschema", text("https://schema.example/exemple")),
       must("data", {{"type", "object"}}, "With what was disclosed to the reader."),
       may("sealed", number(1),
           "How many disclosures are sealed: the form `submission` has them.")});
  cloud["additionalProperties"] =
      json::object{{"type", json::array{"string", "boolean", "integer", "null"}},
                   {"description", "Extension attributes."}};
  for (auto& member : data_of_types(s, true)) cloud[member.key()] = member.value();
  s.define("CloudEvent", std::move(cloud));
  s.define("EventList", page_shape("events", named("Event")));
  s.define("Audit", page_shape("events", named("Envelope")));
}

}  // namespace relais::api
