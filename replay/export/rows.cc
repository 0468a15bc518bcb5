#include "replay/export/rows.h"

#include <algorithm>

#include "ledger/base/json.h"
#include "ledger/merkle/tile.h"
#include "ledger/statement/statement.h"
#include "replay/export/fields.h"

namespace relais::replay::exports {

using schema::StreamKind;
using statement::EventType;
using statement::Field;

namespace {

constexpr std::string_view kApplied = "psp.applied";

std::string text(const boost::json::string& s) {
  return {s.data(), s.size()};
}

/// What is about the parcours that the case has then.
bool of_parcours(const EventType& type) {
  return type.name.starts_with("psp.") || type.name.starts_with("afis.") ||
         type.name.starts_with("residence_permit.");
}

Uuid case_of(schema::Event::Reader event) {
  return {event.getUuidHigh(), event.getUuidLow()};
}

std::string stream_name(schema::Event::Reader event) {
  const auto name = event.getStreamName();
  return {name.begin(), name.size()};
}

std::string of_scalar(const json::value& value) {
  if (value.is_string()) return text(value.get_string());
  if (value.is_bool()) return value.get_bool() ? "true" : "false";
  return json::serialize(value);
}

std::string signatory_id(std::string_view slug) {
  return "signatory-" + std::string(slug);
}

}  // namespace

std::string Row::id() const {
  constexpr std::size_t kDigits = 12;
  const std::string digits = std::to_string(index.value);
  return "event-" + std::string(kDigits - std::min(kDigits, digits.size()), '0') + digits;
}

Rows::Rows(const log::Ledger& ledger, TreeSize until, Pseudonyms pseudonyms)
    : ledger_(ledger),
      until_(until),
      pseudonyms_(std::move(pseudonyms)),
      registry_(ledger.head()->registry),
      tiles_(kTiles) {}

std::vector<Object> Rows::signatories() const {
  std::vector<Object> objects;
  const auto& kind = object_kinds().back();
  for (const rules::Signatory& s : registry_->signatories()) {
    if (s.admitted_at.value >= until_.value) continue;
    Object o{signatory_id(s.slug), &kind, {}, {}, {}};
    o.values.push_back({kind.columns[0], s.name, {}, false});
    o.values.push_back({kind.columns[1], statement::to_string(s.role_set()), {}, false});
    objects.push_back(std::move(o));
  }
  return objects;
}

Result<Hash> Rows::leaf(LogIndex index) {
  const std::uint64_t number = index.value / merkle::kTileWidth;
  const std::size_t at = index.value % merkle::kTileWidth * sizeof(Hash);
  Tile& tile = tiles_[number % kTiles];
  if (tile.number != number || tile.hashes.size() < at + sizeof(Hash)) {
    RELAIS_ASSIGN(tile.hashes, ledger_.tile(0, number));
    tile.number = number;
  }
  if (tile.hashes.size() < at + sizeof(Hash))
    return fail(Errc::corrupt, "export-event",
                "the tree has no leaf " + std::to_string(index.value));
  return to_hash(std::string_view(tile.hashes).substr(at, sizeof(Hash)));
}

/// From an event on a parcours back to the application that began it.
Result<std::optional<LogIndex>> Rows::look_back(Event event) const {
  const statement::StreamId stream{StreamKind::CASE, case_of(event), {}};
  statement::EventView view;
  for (std::uint32_t v = event.getVersion(); v-- > 1;) {
    RELAIS_ASSIGN(const auto index, ledger_.find(stream, StreamVersion{v}));
    if (!index) break;
    RELAIS_ASSIGN(const std::string bytes, ledger_.event(*index));
    if (view.load(bytes) && statement::type_of(view.get()).name == kApplied) return index;
  }
  return std::optional<LogIndex>();
}

Result<std::optional<LogIndex>> Rows::application(LogIndex index, Event event,
                                                  const EventType& type) {
  if (!of_parcours(type)) return std::optional<LogIndex>();
  if (applications_.size() >= kParcours) applications_.clear();
  const Uuid id = case_of(event);
  if (type.name == kApplied) return applications_[id] = index;
  if (const auto known = applications_.find(id); known != applications_.end()) return known->second;
  RELAIS_ASSIGN(const auto found, look_back(event));
  if (found) applications_[id] = *found;
  return found;
}

Result<bool> Rows::is_case(const Uuid& id) const {
  RELAIS_ASSIGN(const auto first,
                ledger_.find(statement::StreamId{StreamKind::CASE, id, {}}, StreamVersion{1}));
  return first && first->value < until_.value;
}

void Rows::link_signatory(Row& row, std::string_view slug, std::string_view qualifier) const {
  const rules::Signatory* s = registry_->find_slug(slug);
  if (s != nullptr && s->admitted_at.value < until_.value)
    row.links.push_back({signatory_id(slug), std::string(qualifier)});
}

void Rows::set_subject(Row& row, Event event) const {
  const StreamKind kind = event.getStreamKind();
  const std::string before = std::string(statement::wire_name(kind)) + "/";
  const std::string name = stream_name(event);
  if (kind == StreamKind::CASE) {
    const std::string pseudonym = pseudonyms_.of("case", case_of(event));
    row.subject = before + pseudonym;
    row.case_id = "case-" + pseudonym;
    row.links.push_back({row.case_id, "case"});
  } else if (kind == StreamKind::SESSION) {
    const std::string pseudonym = pseudonyms_.of("session", name);
    row.subject = before + pseudonym;
    row.session = "session-" + pseudonym;
    row.links.push_back({row.session, "session"});
  } else if (name == registry_->convention || registry_->find_slug(name) != nullptr) {
    row.subject = before + name;
    if (kind == StreamKind::SIGNATORY) link_signatory(row, name, "stream");
  } else {
    row.subject = before + pseudonyms_.of(statement::wire_name(kind), name);
  }
}

/// One value, or element of a list, as it stands in an export.
Result<std::string> Rows::told(Row& row, Event event, const Field& field, std::string_view value) {
  switch (form_of(*row.type, field)) {
    case Form::signatory:
      link_signatory(row, value, field.name);
      return std::string(value);
    case Form::pseudonym:
      break;
    default:
      return std::string(value);
  }
  const std::string kind = identified(*row.type, field);
  const auto uuid = field.format == "uuid" ? parse_uuid(value) : std::optional<Uuid>();
  if (!uuid) return kind + "-" + pseudonyms_.of(kind, value);
  if (row.type->stream == StreamKind::CASE)
    return kind + "-" + pseudonyms_.of(kind, case_of(event), *uuid);
  std::string id = kind + "-" + pseudonyms_.of(kind, *uuid);
  RELAIS_ASSIGN(const bool there, is_case(*uuid));
  if (there) row.links.push_back({id, field.name});
  return id;
}

Status Rows::add_values(Row& row, Event event) {
  const json::object members = statement::payload_json(event);
  for (const Field& field : row.type->payload.fields) {
    const auto member = members.find(field.name);
    if (member == members.end() || form_of(*row.type, field) == Form::left_out) continue;
    Value value{{field.name, value_type(field)}, {}, {}, field.list};
    if (field.list) {
      for (const json::value& element : member->value().get_array()) {
        RELAIS_ASSIGN(std::string one, told(row, event, field, of_scalar(element)));
        value.text += (value.elements.empty() ? "" : ";") + one;
        value.elements.push_back(std::move(one));
      }
    } else {
      RELAIS_ASSIGN(value.text, told(row, event, field, of_scalar(member->value())));
    }
    if (field.name == "referral_id") {
      row.referral = value.text;
      row.links.push_back({row.referral, "referral"});
    }
    row.values.push_back(std::move(value));
  }
  return {};
}

/// What begins with the event has to do with whatever else the event has.
void Rows::add_born(Row& row) {
  for (const ObjectKind& kind : object_kinds()) {
    if (row.type->name != kind.born) continue;
    const std::string& id = kind.name == "case"       ? row.case_id
                            : kind.name == "referral" ? row.referral
                            : kind.name == "psp"      ? row.psp
                                                      : row.session;
    Object o{id, &kind, row.received_at, {}, {}};
    for (const Column& column : kind.columns)
      for (const Value& value : row.values)
        if (value.column == column) o.values.push_back(value);
    for (const Link& link : row.links)
      if (link.object != id) o.links.push_back(link);
    row.born.push_back(std::move(o));
  }
}

Result<std::optional<Row>> Rows::row(LogIndex index, std::string_view bytes) {
  if (!view_.load(bytes))
    return fail(error(Errc::corrupt, "export-event",
                      "event " + std::to_string(index.value) + " cannot be read")
                    .accepts("a ledger that relais verify finds whole"));
  const Event event = view_.get();
  const EventType& type = statement::type_of(event);
  if (!is_exported(type)) return std::optional<Row>();
  Row row;
  row.index = index;
  row.type = &type;
  row.received_at = Timestamp{event.getReceivedAt()};
  row.author_time = Timestamp{event.getTime()};
  RELAIS_ASSIGN(row.leaf, leaf(index));
  if (const rules::Signatory* s = registry_->find(SignatoryId{event.getSignatory()})) {
    row.by = s->slug;
    row.source = s->source;
    link_signatory(row, s->slug, "by");
  }
  set_subject(row, event);
  RELAIS_ASSIGN(const auto applied, application(index, event, type));
  if (applied) {
    std::string place;
    append_be(place, applied->value);
    row.psp = "psp-" + pseudonyms_.of("psp", place);
    row.links.push_back({row.psp, "psp"});
  }
  RELAIS_TRY(add_values(row, event));
  std::ranges::sort(row.links);
  const auto twice = std::ranges::unique(row.links);
  row.links.erase(twice.begin(), twice.end());
  add_born(row);
  return std::optional(std::move(row));
}

}  // namespace relais::replay::exports
