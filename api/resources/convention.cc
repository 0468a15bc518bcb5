// GET /v1/convention: what the signatories have agreed on: its numbers, its quorums, and what is
// proposed and not decided, with who has signed.
#include <algorithm>

#include "api/context.h"
#include "api/resources/paging.h"
#include "api/shapes.h"
#include "ledger/base/json_writer.h"
#include "ledger/rules/law.h"
#include "ledger/rules/parameters.h"
#include "ledger/statement/catalogue.h"
#include "projections/json/case_json.h"

namespace relais::api {
namespace {

using rules::Proposal;
using rules::Registry;

void write_roles(JsonWriter& json, std::uint16_t bits) {
  json.key("roles").begin_array();
  for (unsigned bit = 0; bit < 16; ++bit)
    if (statement::RoleSet{bits}.has(static_cast<schema::Role>(bit)))
      json.text(statement::wire_name(static_cast<schema::Role>(bit)));
  json.end_array();
}

void write_quorums(JsonWriter& json, const std::map<std::string, rules::Quorum>& quorums) {
  json.key("quorums").begin_array();
  for (const auto& [act, quorum] : quorums) {
    json.begin_object().member("act", act).member("approvals", quorum.approvals);
    write_roles(json, quorum.roles);
    json.end_object();
  }
  json.end_array();
}

/// The convention's own numbers, and where each stands between what is accepted.
void write_numbers(JsonWriter& json, const Registry& registry) {
  json.key("numbers").begin_array();
  for (std::size_t i = 0; i < rules::kParameters; ++i) {
    const auto parameter = static_cast<rules::Parameter>(i);
    const rules::ParameterInfo& info = rules::info(parameter);
    json.begin_object();
    json.member("name", info.name);
    json.member("value", registry.parameters[parameter]);
    json.member("otherwise", info.ours);
    json.member("least", info.least).member("most", info.most);
    json.member("meaning", info.meaning);
    json.end_object();
  }
  json.end_array();
}

/// What no quorum can change.
void write_law(JsonWriter& json) {
  json.key("law").begin_array();
  for (const rules::LegalPeriod& p : rules::law::kAll) {
    json.begin_object();
    json.member("article", p.article);
    json.member("number", static_cast<std::uint32_t>(p.number));
    json.member("unit", p.unit == rules::LegalPeriod::Unit::years ? "years" : "months");
    json.member("meaning", p.meaning);
    json.end_object();
  }
  json.end_array();
}

void write_voters(JsonWriter& json, std::string_view name, const Registry& registry,
                  const std::set<SignatoryId>& ids) {
  json.key(name).begin_array();
  for (const SignatoryId id : ids) json.text(projections::slug_of(registry, id));
  json.end_array();
}

void write_content(JsonWriter& json, const Proposal& p) {
  const auto text = [&json](std::string_view name, const std::string& value) {
    if (!value.empty()) json.member(name, value);
  };
  text("signatory", p.signatory);
  text("successor", p.successor);
  text("name", p.name);
  text("publicKey", p.public_key);
  text("kid", p.kid);
  text("documentHash", p.document_hash);
  if (p.roles != 0) write_roles(json, p.roles);
  if (!p.quorums.empty()) write_quorums(json, p.quorums);
  if (p.terms.empty()) return;
  json.key("numbers").begin_array();
  for (const auto& [name, value] : p.terms)
    json.begin_object().member("name", name).member("value", value).end_object();
  json.end_array();
}

/// Quorums name an act by its name on the wire, with hyphens.
std::string quorum_name(schema::GovernedAct act) {
  std::string name(statement::wire_name(act));
  std::ranges::replace(name, '_', '-');
  return name;
}

/// Those that wait for votes, and those that have them and wait for the act itself.
void write_proposals(JsonWriter& json, const Registry& registry) {
  json.key("proposals").begin_array();
  for (const auto& [id, p] : registry.proposals) {
    if (p.phase != Proposal::Phase::open && p.phase != Proposal::Phase::approved) continue;
    json.begin_object();
    json.member("id", id);
    json.member("act", statement::wire_name(p.act));
    json.member("phase", rules::to_string(p.phase));
    json.member("author", projections::slug_of(registry, p.author));
    write_voters(json, "approvals", registry, p.approvals);
    write_voters(json, "rejections", registry, p.rejections);
    const auto quorum = registry.quorums.find(quorum_name(p.act));
    if (quorum != registry.quorums.end()) {
      json.key("quorum").begin_object().member("approvals", quorum->second.approvals);
      write_roles(json, quorum->second.roles);
      json.end_object();
    }
    json.key("content").begin_object();
    write_content(json, p);
    json.end_object();
    json.end_object();
  }
  json.end_array();
}

Result<Response> convention(Call& call) {
  const Registry& registry = *call.head->registry;
  Response response;
  response.content_type = kJson;
  JsonWriter json(response.body);
  json.begin_object();
  json.member("convention", registry.convention);
  json.member("title", registry.title);
  json.member("documentHash", registry.document_hash);
  json.member("origin", registry.origin);
  json.member("inForce", registry.in_force);
  json.key("territories").begin_array();
  for (const std::string& t : registry.territories) json.text(t);
  json.end_array();
  write_numbers(json, registry);
  write_law(json);
  write_quorums(json, registry.quorums);
  write_proposals(json, registry);
  json.end_object();
  tag_by_content(response, call.request, std::string(response.body));
  return response;
}

}  // namespace

void add_convention_routes(Router& router) {
  router.add(Route::get("/v1/convention").answers(convention));
}

void describe_convention(shape::Shapes& s) {
  using namespace shape;
  const auto roles = list(s.wire<schema::Role>());
  const auto quorums = list(object(
      {must("act", text("admit-signatory")), must("approvals", number(3)), must("roles", roles)}));
  const auto number_of = object(
      {must("name", text("referral-answer-days")), must("value", number(14)),
       must("otherwise", number(14), "Where the convention is silent."), must("least", number(1)),
       must("most", number(60)), must("meaning", text("exemple"))});
  const auto law =
      object({must("article", text("CASF L121-9")), must("number", number(6)),
              must("unit", one_of({"months", "years"})), must("meaning", text("exemple"))});
  const auto content = object(
      {may("signatory", slug()), may("name", text("Association exemple")),
       may("publicKey", digest()), may("kid", digest()), may("documentHash", digest()),
       may("roles", roles), may("quorums", quorums),
       may("numbers",
           list(object({must("name", text("referral-answer-days")), must("value", number(10))})))});
  const auto proposal = object(
      {must("id", text("proposal-1")), must("act", s.wire<schema::GovernedAct>()),
       must("phase", s.phases("ProposalPhase", Proposal::Phase::open, Proposal::Phase::approved)),
       must("author", slug()), must("approvals", list(slug())), must("rejections", list(slug())),
       may("quorum", object({must("approvals", number(3)), must("roles", roles)})),
       must("content", content)});
  s.define(
      "Convention",
      object({must("convention", text("rhone-2023")), must("title", text("Convention exemple")),
              must("documentHash", digest(), "Of its text."),
              must("origin", text("relais.example/rhone-2023"), "The log's name."),
              must("inForce", boolean()), must("territories", list(text("69"))),
              must("numbers", list(number_of)), must("law", list(law), "What no quorum changes."),
              must("quorums", quorums), must("proposals", list(proposal))}));
}

}  // namespace relais::api
