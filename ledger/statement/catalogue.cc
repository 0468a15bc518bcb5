#include "ledger/statement/catalogue.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "ledger/base/check.h"
#include "ledger/base/stored.h"
#include "ledger/statement/formats.h"
#include "ledger/statement/names.h"
#include "schemas/text.h"

namespace relais::statement {
namespace {

constexpr std::uint64_t kMaxInteger = std::uint64_t{1} << 53;

using schema::text;

/// The value of the annotation with this id, if it is there.
std::optional<capnp::schema::Value::Reader> annotation(
    capnp::List<capnp::schema::Annotation>::Reader annotations, std::uint64_t id) {
  for (const auto a : annotations)
    if (a.getId() == id) return a.getValue();
  return std::nullopt;
}

Struct make_struct(capnp::StructSchema schema, const std::string& where);

/// check() that names the event or the member the schema is wrong about.
void require(bool ok, const std::string& where, std::string_view what) {
  if (!ok) check(false, where + ": " + std::string(what));
}

std::uint64_t largest(capnp::schema::Type::Which type) {
  switch (type) {
    case capnp::schema::Type::UINT8:
      return 0xff;
    case capnp::schema::Type::UINT16:
      return 0xffff;
    case capnp::schema::Type::UINT32:
      return 0xffff'ffff;
    case capnp::schema::Type::UINT64:
      return kMaxInteger;
    default:
      return 0;
  }
}

void set_kind(Field& f, capnp::Type type, const std::string& where) {
  if (type.isText()) {
    f.kind = Field::Kind::text;
  } else if (type.isBool()) {
    f.kind = Field::Kind::boolean;
  } else if (type.isEnum()) {
    f.kind = Field::Kind::enumeration;
    f.enumeration = type.asEnum();
  } else if (type.isStruct()) {
    f.kind = Field::Kind::structure;
    f.structure = std::make_unique<Struct>(make_struct(type.asStruct(), where));
  } else {
    f.kind = Field::Kind::integer;
    f.max_value = largest(type.which());
    require(f.max_value != 0, where, "a payload member has a type that the codec knows");
  }
}

std::uint32_t default_length(const Field& f) {
  if (f.list) return kDefaultMaxElements;
  return f.kind == Field::Kind::text ? kDefaultMaxText : 0;
}

/// What the codec relies on. A stored event must be able to tell "absent" for each member that may
/// be; only members of the payload itself can be disclosed.
void check_field(const Field& f, const std::string& where) {
  require(f.vocabulary.empty() || !vocabulary(f.vocabulary).empty(), where,
          "a vocabulary that a member names exists");
  require(f.format.empty() || find_format(f.format) != nullptr, where,
          "a format that a member names exists");
  const bool limited = !f.vocabulary.empty() || !f.format.empty();
  require(!limited || f.kind == Field::Kind::text, where,
          "only a text has a vocabulary or a format");
  require(f.vocabulary.empty() || f.format.empty(), where,
          "a member has a vocabulary or a format, not both");
  const bool free = f.kind == Field::Kind::text && !limited;
  require(f.in_clear.empty() == (!free || f.sensitive), where,
          "a free text is sensitive, or says why it is in clear");
  require(f.min_letters == 0 || (f.kind == Field::Kind::text && !limited && !f.list), where,
          "$minLetters is of a free text");
  require(!f.required_when || (f.sensitive && f.optional), where,
          "$requiredWhen is of a sensitive member that may be absent otherwise");
  require(f.sensitive || f.seal_to.empty(), where, "only a sensitive member is sealed");
  if (f.structure)
    for (const Field& inner : f.structure->fields)
      require(!inner.sensitive, where + "." + inner.name, "no sensitive member is in a structure");
  if (!f.optional || f.list || f.sensitive) return;
  const bool tells = f.kind == Field::Kind::text || f.kind == Field::Kind::structure ||
                     (f.kind == Field::Kind::enumeration && enum_names(f.enumeration).unspecified);
  require(tells, where, "an optional member is of a type that can be absent");
}

/// "decision=refused".
Condition condition_of(const std::string& words) {
  const auto equals = words.find('=');
  if (equals == std::string::npos) return {words, {}};
  return {words.substr(0, equals), words.substr(equals + 1)};
}

/// Every condition is on an enum of the same payload, which is in clear: it can be judged for ever.
void check_conditions(const Struct& payload, const std::string& where) {
  for (const Field& f : payload.fields) {
    if (!f.required_when) continue;
    const Field* on = payload.find(f.required_when->member);
    require(on != nullptr && on->kind == Field::Kind::enumeration && !on->list && !on->sensitive &&
                parse_wire(on->enumeration, f.required_when->value) >= 0,
            where + "." + f.name, "$requiredWhen names a value of an enum of the payload");
  }
}

Field make_field(capnp::StructSchema::Field schema, const std::string& where) {
  Field f;
  f.schema = schema;
  f.name = snake_case(text(schema.getProto().getName()));
  const auto annotations = schema.getProto().getAnnotations();
  const AnnotationIds& ids = annotation_ids();
  f.sensitive = annotation(annotations, ids.sensitive).has_value();
  f.optional = annotation(annotations, ids.optional).has_value();
  if (const auto v = annotation(annotations, ids.required_when))
    f.required_when = condition_of(text(v->getText()));
  if (const auto v = annotation(annotations, ids.in_clear)) f.in_clear = text(v->getText());
  if (const auto v = annotation(annotations, ids.min_letters)) f.min_letters = v->getUint32();
  if (const auto roles = annotation(annotations, ids.sealed))
    for (const auto role : roles->getList().getAs<capnp::List<schema::Role>>()) f.seal_to.add(role);
  if (const auto v = annotation(annotations, ids.vocabulary)) f.vocabulary = text(v->getText());
  if (const auto v = annotation(annotations, ids.format)) f.format = text(v->getText());
  const capnp::Type type = schema.getType();
  f.list = type.isList();
  const std::string path = where + "." + f.name;
  require(!schema.getProto().isGroup(), path, "no member is a group");
  set_kind(f, f.list ? type.asList().getElementType() : type, path);
  const auto max = annotation(annotations, ids.max_length);
  f.max_length = max ? max->getUint32() : default_length(f);
  const bool has_length = f.list || f.kind == Field::Kind::text;
  require(has_length ? f.max_length > 0 : !max, path, "$maxLength is of what has a length, from 1");
  check_field(f, path);
  return f;
}

Struct make_struct(capnp::StructSchema schema, const std::string& where) {
  Struct s;
  require(schema.getUnionFields().size() == 0, where, "no payload holds a union");
  for (const auto field : schema.getFields()) {
    Field f = make_field(field, where);
    require(s.find(f.name) == nullptr, where + "." + f.name, "no two members have one name");
    s.fields.push_back(std::move(f));
  }
  require(s.fields.size() <= kMaxFields, where, "a struct has at most kMaxFields members");
  return s;
}

RoleSet any_signatory() {
  RoleSet roles;
  for (const auto e : capnp::Schema::from<schema::Role>().getEnumerants()) {
    const auto role = static_cast<schema::Role>(e.getOrdinal());
    if (role != schema::Role::ANALYST && role != schema::Role::SYSTEM) roles.add(role);
  }
  return roles;
}

std::unique_ptr<EventType> make_type(capnp::StructSchema::Field member) {
  auto t = std::make_unique<EventType>();
  t->member = member;
  t->ordinal = member.getProto().getDiscriminantValue();
  require(member.getType().isStruct(), text(member.getProto().getName()),
          "every member of the event union is a struct");
  t->schema = member.getType().asStruct();
  const auto value = annotation(t->schema.getProto().getAnnotations(), annotation_ids().event);
  require(value.has_value(), text(member.getProto().getName()),
          "every member of the event union carries $event");
  const auto policy = value->getStruct().getAs<schema::EventPolicy>();
  t->name = text(policy.getName());
  t->wire_type = "relais." + t->name + ".v1";
  t->axis = policy.getAxis();
  t->stream = policy.getStream();
  for (const auto role : policy.getEmitters()) t->emitters.add(role);
  if (t->emitters.empty()) t->emitters = any_signatory();
  t->relation = policy.getRelation();
  t->opens = policy.getOpens();
  t->source = text(policy.getSource());
  t->precondition = text(policy.getPrecondition());
  t->summary = text(policy.getSummary());
  t->payload = make_struct(t->schema, t->name);
  check_conditions(t->payload, t->name);
  check(!t->name.empty() && !t->source.empty() && !t->precondition.empty() && !t->summary.empty(),
        "an event type says what it is, when it is allowed, and where it comes from");
  return t;
}

}  // namespace

const Field* Struct::find(std::string_view wire_name) const {
  for (const Field& f : fields)
    if (f.name == wire_name) return &f;
  return nullptr;
}

Catalogue::Catalogue() {
  const auto data =
      capnp::Schema::from<schema::Event>().getFieldByName("data").getType().asStruct();
  for (const auto member : data.getUnionFields()) types_.push_back(make_type(member));
  std::ranges::sort(types_, {}, [](const auto& t) { return t->ordinal; });
  for (std::size_t i = 0; i < types_.size(); ++i) {
    check(types_[i]->ordinal == i, "the union's members are numbered without a gap");
    check(by_wire_.emplace(types_[i]->wire_type, types_[i].get()).second,
          "no two event types have one name");
  }
}

const EventType* Catalogue::find(std::string_view wire_type) const {
  const auto it = by_wire_.find(wire_type);
  return it == by_wire_.end() ? nullptr : it->second;
}

const EventType& Catalogue::at(EventOrdinal ordinal) const {
  require_stored(ordinal < types_.size(), "a stored event is of a type that there is not");
  return *types_[ordinal];
}

const Catalogue& catalogue() {
  static const Catalogue instance;
  return instance;
}

const EventType& type_of(schema::Event::Reader event) {
  return catalogue().at(static_cast<EventOrdinal>(event.getData().which()));
}

}  // namespace relais::statement
