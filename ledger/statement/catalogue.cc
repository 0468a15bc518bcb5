#include "ledger/statement/catalogue.h"

#include <algorithm>
#include <optional>

#include "ledger/base/check.h"
#include "ledger/statement/formats.h"
#include "ledger/statement/names.h"

namespace relais::statement {
namespace {

constexpr std::uint32_t kDefaultTextBytes = 2'000;
constexpr std::uint32_t kDefaultListElements = 100;
constexpr std::uint64_t kMaxInteger = std::uint64_t{1} << 53;

std::string text(capnp::Text::Reader t) {
  return {t.begin(), t.size()};
}

/// The value of the annotation with this id, if it is there.
std::optional<capnp::schema::Value::Reader> annotation(
    capnp::List<capnp::schema::Annotation>::Reader annotations, std::uint64_t id) {
  for (const auto a : annotations)
    if (a.getId() == id) return a.getValue();
  return std::nullopt;
}

Struct make_struct(capnp::StructSchema schema);

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

void set_kind(Field& f, capnp::Type type) {
  if (type.isText()) {
    f.kind = Field::Kind::text;
  } else if (type.isBool()) {
    f.kind = Field::Kind::boolean;
  } else if (type.isEnum()) {
    f.kind = Field::Kind::enumeration;
    f.enumeration = type.asEnum();
  } else if (type.isStruct()) {
    f.kind = Field::Kind::structure;
    f.structure = std::make_unique<Struct>(make_struct(type.asStruct()));
  } else {
    f.kind = Field::Kind::integer;
    f.max_value = largest(type.which());
    check(f.max_value != 0, "a payload member has a type that the codec knows");
  }
}

std::uint32_t default_length(const Field& f) {
  if (f.list) return kDefaultListElements;
  return f.kind == Field::Kind::text ? kDefaultTextBytes : 0;
}

Field make_field(capnp::StructSchema::Field schema) {
  Field f;
  f.schema = schema;
  f.name = snake_case(text(schema.getProto().getName()));
  const auto annotations = schema.getProto().getAnnotations();
  const AnnotationIds& ids = annotation_ids();
  f.sensitive = annotation(annotations, ids.sensitive).has_value();
  f.optional = annotation(annotations, ids.optional).has_value();
  if (const auto v = annotation(annotations, ids.vocabulary)) f.vocabulary = text(v->getText());
  if (const auto v = annotation(annotations, ids.format)) f.format = text(v->getText());
  const capnp::Type type = schema.getType();
  f.list = type.isList();
  set_kind(f, f.list ? type.asList().getElementType() : type);
  const auto max = annotation(annotations, ids.max_length);
  f.max_length = max ? max->getUint32() : default_length(f);
  check(f.vocabulary.empty() || !vocabulary(f.vocabulary).empty(),
        "a vocabulary that a member names exists");
  check(f.format.empty() || find_format(f.format) != nullptr,
        "a format that a member names exists");
  check(!f.sensitive || f.optional, "a sensitive member can be withheld, so it is optional");
  return f;
}

Struct make_struct(capnp::StructSchema schema) {
  Struct s;
  for (const auto field : schema.getFields()) s.fields.push_back(make_field(field));
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
  t->schema = member.getType().asStruct();
  const auto value = annotation(t->schema.getProto().getAnnotations(), annotation_ids().event);
  check(value.has_value(), "every member of the event union carries $event");
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
  t->payload = make_struct(t->schema);
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
  check(ordinal < types_.size(), "an event ordinal that the catalogue has");
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
