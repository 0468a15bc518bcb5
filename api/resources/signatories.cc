// GET /v1/signatories, /v1/keys: the convention's members and the keys they sign with.
#include "api/context.h"
#include "api/resources/paging.h"
#include "api/shapes.h"
#include "ledger/crypto/jwk.h"
#include "ledger/crypto/x25519.h"
#include "ledger/rules/rules.h"
#include "ledger/statement/catalogue.h"
#include "ledger/statement/statement.h"
#include "projections/json/case_json.h"
#include "projections/read.h"

namespace relais::api {
namespace {

void write_signatory(JsonWriter& json, const rules::Signatory& s) {
  json.begin_object();
  json.member("id", s.slug);
  json.member("name", s.name);
  json.member("source", s.source);
  json.key("roles").begin_array();
  for (unsigned bit = 0; bit < 16; ++bit)
    if (s.role_set().has(static_cast<schema::Role>(bit)))
      json.text(statement::wire_name(static_cast<schema::Role>(bit)));
  json.end_array();
  json.member("founding", s.founding);
  json.member("signedConvention", s.signed_convention);
  json.member("active", s.active);
  json.member("admittedAt", s.admitted_at.value);
  json.end_object();
}

void write_key(JsonWriter& json, const rules::Registry& registry, const rules::Key& k) {
  json.begin_object();
  json.member("kid", crypto::to_text(k.kid));
  json.member("x", crypto::to_text(k.key));
  if (k.sealing) {
    json.member("sealingKid", crypto::to_text(crypto::thumbprint(*k.sealing)));
    json.member("sealingX", crypto::to_text(*k.sealing));
  }
  json.member("signatory", projections::slug_of(registry, k.owner));
  json.member("label", k.label);
  json.member("enrolledAt", k.enrolled_at.value);
  json.member("validFrom", k.valid_from);
  if (k.valid_until) json.member("validUntil", *k.valid_until);
  if (k.ended_at) json.member("endedAt", k.ended_at->value);
  if (k.doubtful_from) json.member("doubtfulFrom", *k.doubtful_from);
  json.end_object();
}

Result<Response> signatories(Call& call) {
  const rules::Registry& registry = *call.head->registry;
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object();
  json.member("convention", registry.convention);
  json.member("title", registry.title);
  json.member("inForce", registry.in_force);
  json.key("signatories").begin_array();
  for (const rules::Signatory& s : registry.signatories()) write_signatory(json, s);
  json.end_array().end_object();
  return response;
}

/// The types whose events make the registry: those of the streams convention and signatory.
std::vector<std::uint16_t> governance_types() {
  std::vector<std::uint16_t> types;
  for (const auto& t : statement::catalogue().all())
    if (t->stream == schema::StreamKind::CONVENTION || t->stream == schema::StreamKind::SIGNATORY)
      types.push_back(t->ordinal);
  return types;
}

/// The registry as it stood when the log had `size` entries: its events folded again into a world
/// of its own.
Result<rules::Registry> registry_as_of(Context& context, SignatoryId account, const log::Head& head,
                                       TreeSize size) {
  MemoryRecords records;
  rules::WorldState world(records);
  projections::AuditFilter filter;
  filter.types = governance_types();
  filter.until = size.value;
  const auto all = [](LogIndex, schema::Event::Reader) { return true; };
  statement::EventView view;
  for (;;) {
    RELAIS_ASSIGN(const auto page,
                  projections::audit(context.ledger, head, filter, projections::kMaxPage, all));
    context.accounts->requests.charge(account,
                                      static_cast<double>(page.examined) / kEventsARequest);
    for (const auto& [index, bytes] : page.items) {
      if (!view.load(bytes))
        return fail(Errc::corrupt, "event-unreadable", "a typed event cannot be read");
      rules::evolve(world, rules::act_of(index, view.get()));
    }
    if (page.next.empty()) return world.registry();
    RELAIS_ASSIGN(filter.from, number_cursor(page.next));
  }
}

Result<Response> keys(Context& context, Call& call) {
  RELAIS_ASSIGN(const auto size, as_of(call.request, context.ledger, *call.head));
  rules::Registry then;
  if (size) {
    RELAIS_ASSIGN(then, registry_as_of(context, call.reader.account, *call.head, *size));
  }
  const rules::Registry& registry = size ? then : *call.head->registry;
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object();
  json.member("size", size.value_or(call.head->size()).value);
  json.key("keys").begin_array();
  for (const auto& [kid, key] : registry.keys()) write_key(json, registry, key);
  json.end_array().end_object();
  return response;
}

}  // namespace

void add_signatory_routes(Router& router, Context& context) {
  router.add(Route::get("/v1/signatories").answers(signatories));
  router.add(
      Route::get("/v1/keys").answers([&context](Call& call) { return keys(context, call); }));
}

void describe_signatories(shape::Shapes& s) {
  using namespace shape;
  const auto roles = list(s.wire<schema::Role>());
  s.define("Signatory",
           object({must("id", slug()), must("name", text("Mission locale exemple")),
                   must("source", text("urn:relais:rhone-2023:mission-locale-1"),
                        "By which its events name it."),
                   must("roles", roles), must("founding", boolean()),
                   must("signedConvention", boolean()),
                   must("active", boolean(), "It has not left."), must("admittedAt", index())}));
  s.define(
      "SignatoryList",
      object({must("convention", text("rhone-2023")), must("title", text("Convention exemple")),
              must("inForce", boolean(), "All founding signatories have signed."),
              must("signatories", list(named("Signatory")))}));
  s.define("Key",
           object({must("kid", digest(), "RFC 7638."), must("x", digest(), "Ed25519."),
                   may("sealingKid", digest()),
                   may("sealingX", digest(), "X25519: what is sealed to its owner."),
                   must("signatory", slug()), must("label", {{"type", "string"}}),
                   must("enrolledAt", index()), must("validFrom", moment()),
                   may("validUntil", moment(), "Exclusive."), may("endedAt", index()),
                   may("doubtfulFrom", moment(), "What it signed since then is in doubt.")}));
  s.define("KeyList", object({must("size", number(42), "Of the log that it is about."),
                              must("keys", list(named("Key")))}));
}

}  // namespace relais::api
