#include "replay/exchange/data_inclusion.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "ledger/base/archive.h"
#include "ledger/base/check.h"
#include "ledger/base/clock.h"
#include "ledger/crypto/ed25519.h"
#include "ledger/crypto/sha256.h"
#include "ledger/rules/calendar.h"
#include "ledger/rules/world_state.h"
#include "ledger/statement/statement.h"
#include "ledger/statement/stream_id.h"
#include "projections/read.h"
#include "replay/exchange/json_schema.h"
#include "schemas/data_inclusion.h"
#include "schemas/text.h"

namespace relais::replay {
namespace {

constexpr std::string_view kPartnerIntroduced = "relais.partner.introduced.v1";
constexpr std::string_view kCapabilityDeclared = "relais.capability.declared.v1";
constexpr std::string_view kProducer = "--";  // between a producer's identifier and its own

const JsonSchema& structure_schema() {
  static const JsonSchema kSchema(schema::data_inclusion_structure());
  return kSchema;
}
const JsonSchema& service_schema() {
  static const JsonSchema kSchema(schema::data_inclusion_service());
  return kSchema;
}

using schema::text;

// --- what both directions share

/// Members that a structure and partner.introduced have under one name; beside them the id, and the
/// list of networks.
constexpr std::array<std::string_view, 13> kSameName = {
    "nom",      "siret",       "code_insee",      "commune",  "code_postal",
    "adresse",  "telephone",   "courriel",        "site_web", "description",
    "date_maj", "lien_source", "horaires_accueil"};
constexpr std::string_view kAccess = "accessibilite_lieu";
constexpr std::string_view kNetworks = "reseaux_porteurs";

/// "dora" of "dora--42"; nothing where the id names no producer.
std::optional<std::string_view> producer_of(std::string_view id) {
  const std::size_t at = id.find(kProducer);
  if (at == std::string_view::npos || at == 0) return std::nullopt;
  return id.substr(0, at);
}

// --- export

/// A need of ours beside the thématiques, by the thématique that comes closest.
std::string_view thematique(std::string_view need) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kOurs = {{
      {"shelter", "logement-hebergement--rechercher-une-solution-dhebergement-temporaire"},
      {"complaint",
       "difficultes-administratives-ou-juridiques--prendre-en-compte-une-problematique-judiciaire"},
      {"residence_permit",
       "difficultes-administratives-ou-juridiques--accompagnement-aux-demarches-administratives"},
      {"sexual_health", "sante--sante-sexuelle"},
      {"psychotrauma", "sante--sante-mentale"},
  }};
  const auto* found =
      std::ranges::find(kOurs, need, &std::pair<std::string_view, std::string_view>::first);
  return found == kOurs.end() ? need : found->second;
}

/// Code officiel géographique: a commune as it is, the Métropole de Lyon by its SIREN among the
/// EPCI, the Département du Rhône by the code of the collectivité (69 alone would take in the
/// Métropole). Nothing for a territory that the code does not know.
std::string_view zone(std::string_view territory) {
  if (territory == "metropole") return "200046977";
  if (territory == "rhone") return "69D";
  return territory.size() == 5 && territory[0] >= '0' && territory[0] <= '9' ? territory
                                                                             : std::string_view();
}

json::array each_once(const std::vector<std::string>& values,
                      std::string_view (*as)(std::string_view)) {
  json::array out;
  std::set<std::string_view> seen;
  for (const std::string& value : values) {
    const std::string_view mapped = as(value);
    if (!mapped.empty() && seen.insert(mapped).second) out.emplace_back(mapped);
  }
  return out;
}

/// The head of a text, cut between code points.
std::string head_of(std::string_view utf8, std::size_t code_points) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(utf8[i]) & 0xc0) != 0x80;
    if (begins && count++ == code_points) return std::string(utf8.substr(0, i));
  }
  return std::string(utf8);
}

class Exporter {
 public:
  Exporter(const log::Ledger& ledger, const log::Head& head)
      : ledger_(ledger), head_(head), source_("relais-" + head.registry->convention) {}

  Result<DataInclusion> run() {
    RELAIS_TRY(read_events());
    for (auto& [id, structure] : partners_)
      keep(std::move(structure), structure_schema(), structures_);
    for (const rules::Signatory& s : head_.registry->signatories())
      if (s.active) RELAIS_TRY(add_signatory(s));
    return DataInclusion{std::move(structures_), std::move(services_), left_out_};
  }

 private:
  /// The last introduction of each partner, and the day on which each capability was last declared.
  Status read_events() {
    projections::AuditFilter filter;
    for (const std::string_view type : {kPartnerIntroduced, kCapabilityDeclared})
      filter.types.push_back(statement::catalogue().find(type)->ordinal);
    filter.until = head_.size().value;
    statement::EventView view;
    for (bool more = true; more;) {
      RELAIS_ASSIGN(const auto page,
                    projections::audit(ledger_, head_, filter, projections::kMaxPage,
                                       [](LogIndex, schema::Event::Reader) { return true; }));
      for (const projections::AuditItem& item : page.items) {
        check(view.load(item.event), "a typed event that was just read cannot be read");
        take(view.get());
      }
      more = !page.next.empty();
      if (more) filter.from = std::stoull(page.next);
    }
    return {};
  }

  void take(schema::Event::Reader event) {
    const auto data = event.getData();
    if (data.isPartnerIntroduced()) {
      take(data.getPartnerIntroduced());
      return;
    }
    declared_on_[{event.getSignatory(), text(data.getCapabilityDeclared().getCapabilityId())}] =
        to_date(rules::legal_day(Timestamp{event.getReceivedAt()}));
  }

  void take(schema::PartnerIntroduced::Reader p) {
    const std::string id = text(p.getPartnerId());
    const auto producer = producer_of(id);
    json::object o;
    o["source"] = producer.value_or(source_);
    o["id"] = producer ? id : source_ + std::string(kProducer) + id;
    const std::array<capnp::Text::Reader, kSameName.size()> values = {p.getNom(),
                                                                      p.getSiret(),
                                                                      p.getCodeInsee(),
                                                                      p.getCommune(),
                                                                      p.getCodePostal(),
                                                                      p.getAdresse(),
                                                                      p.getTelephone(),
                                                                      p.getCourriel(),
                                                                      p.getSiteWeb(),
                                                                      p.getDescription(),
                                                                      p.getDateMaj(),
                                                                      p.getLienSource(),
                                                                      p.getHorairesAccueil()};
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i].size() > 0) o[kSameName[i]] = text(values[i]);
    // The event takes a named territory too, which is no code.
    if (zone(text(p.getCodeInsee())) != text(p.getCodeInsee())) o.erase("code_insee");
    if (p.getAccessibiliteLieu().size() > 0) o[kAccess] = text(p.getAccessibiliteLieu());
    std::vector<std::string> networks;
    for (const capnp::Text::Reader n : p.getReseauxPorteurs()) networks.push_back(text(n));
    if (!networks.empty()) o[kNetworks] = each_once(networks, [](std::string_view n) { return n; });
    partners_[id] = std::move(o);
  }

  /// The signatory as a structure, where it declares a capability, and each capability as a
  /// service.
  Status add_signatory(const rules::Signatory& s) {
    const auto bytes = head_.records->get(rules::signatory_key(s.id));
    if (!bytes) return {};
    const auto state = decode<rules::SignatoryState>(*bytes);
    if (!state) return fail(Errc::corrupt, "record-unreadable", "a signatory's record");
    if (state->capabilities.empty()) return {};
    std::string latest;
    for (const auto& [id, capability] : state->capabilities) {
      const std::string& day = declared_on_[{s.id.value, id}];
      // The records may be ahead of the head by a batch.
      if (day.empty()) continue;
      latest = std::max(latest, day);
      keep(service(s, *state, id, capability, day), service_schema(), services_);
    }
    if (latest.empty()) return {};
    json::object o;
    o["source"] = source_;
    o["id"] = own_id(s);
    o["nom"] = head_of(s.name, 150);
    o["date_maj"] = latest;
    if (const auto mailbox = state->focal_points.find(""); mailbox != state->focal_points.end())
      o["courriel"] = mailbox->second;
    keep(std::move(o), structure_schema(), structures_);
    return {};
  }

  json::object service(const rules::Signatory& s, const rules::SignatoryState& state,
                       const std::string& id, const rules::Capability& c, const std::string& day) {
    const auto same = [](std::string_view v) { return v; };
    json::object o;
    o["source"] = source_;
    o["structure_id"] = own_id(s);
    o["id"] = own_id(s) + std::string(kProducer) + id;
    o["nom"] = head_of(c.label.size() >= 3 ? c.label : c.service_type + " – " + s.name, 150);
    o["description"] = c.service_type + ", proposé par " + s.name +
                       " dans le cadre de la convention : " + head_.registry->title;
    o["type"] = c.service_type;
    o["date_maj"] = day;
    o["thematiques"] = each_once(c.needs, thematique);
    // "Celle-ci ne peut pas être utilisée avec d'autres valeurs."
    const bool all = std::ranges::find(c.publics, "tous-publics") != c.publics.end();
    o["publics"] = all ? json::array{"tous-publics"} : each_once(c.publics, same);
    if (json::array zones = each_once(c.territories, zone); !zones.empty())
      o["zone_eligibilite"] = std::move(zones);
    o["mobilisable_par"] = json::array{"professionnels"};
    if (const auto mailbox = state.focal_points.find(""); mailbox != state.focal_points.end()) {
      o["courriel"] = mailbox->second;
      o["modes_mobilisation"] = json::array{"envoyer-un-courriel"};
    }
    return o;
  }

  std::string own_id(const rules::Signatory& s) const {
    return source_ + std::string(kProducer) + s.slug;
  }

  void keep(json::object o, const JsonSchema& schema, json::array& out) {
    json::value v(std::move(o));
    if (schema.check(v))
      out.push_back(std::move(v));
    else
      ++left_out_;
  }

  const log::Ledger& ledger_;
  const log::Head& head_;
  std::string source_;
  std::map<std::string, json::object> partners_;  // by id
  std::map<std::pair<std::uint16_t, std::string>, std::string> declared_on_;
  json::array structures_;
  json::array services_;
  std::size_t left_out_ = 0;
};

// --- import

std::string_view text_of(const json::object& o, std::string_view name) {
  const boost::json::string* s = json::find_string(o, name);
  return s == nullptr ? std::string_view() : std::string_view(s->data(), s->size());
}

/// An id of data·inclusion begins with its producer's; where it does not, it is made to.
std::string partner_id(const json::object& structure) {
  const std::string source(text_of(structure, "source"));
  const std::string id(text_of(structure, "id"));
  const std::string prefix = source + std::string(kProducer);
  return id.starts_with(prefix) ? id : prefix + id;
}

json::object introduction(const json::object& structure, const std::string& subject) {
  json::object data;
  data["partner_id"] = partner_id(structure);
  for (const std::string_view name : kSameName)
    if (const auto value = text_of(structure, name); !value.empty()) data[name] = value;
  if (const auto access = text_of(structure, kAccess); !access.empty()) data[kAccess] = access;
  // The event has one line for the address.
  if (const auto more = text_of(structure, "complement_adresse"); !more.empty()) {
    const std::string_view line = text_of(structure, "adresse");
    data["adresse"] =
        line.empty() ? std::string(more) : std::string(line) + ", " + std::string(more);
  }
  if (const json::value* networks = structure.if_contains(kNetworks))
    if (networks->is_array() && !networks->get_array().empty()) data[kNetworks] = *networks;
  json::object event;
  event["specversion"] = "1.0";
  event["type"] = kPartnerIntroduced;
  event["subject"] = subject;
  event["data"] = std::move(data);
  return event;
}

/// Whether the ledger would take the event for its form. Signing checks that, so it is signed with
/// a key that no signatory has.
class FormCheck {
 public:
  Status operator()(const json::object& event) {
    auto done = statement::sign_event(json::serialize(event), key_, clock_, random_,
                                      "urn:relais:import:form");
    if (!done) return fail(std::move(done.error()));
    return {};
  }

 private:
  crypto::SigningKey key_ = crypto::SigningKey::from_seed(crypto::sha256("relais import"));
  ManualClock clock_{Timestamp{0}};
  crypto::SeededRandom random_{0};
};

/// "[12].siret" of "siret", and of "data.siret"; the id is the event's partner_id.
std::string field_of(std::size_t record, std::string_view field) {
  if (field.starts_with("data.")) field.remove_prefix(5);
  if (field == "partner_id") field = "id";
  std::string out = "[" + std::to_string(record) + "]";
  if (!field.empty()) out.append(".").append(field);
  return out;
}

Error named(Error e, std::size_t record, const json::value& structure) {
  e.field = field_of(record, e.field);
  if (const json::object* o = structure.if_object())
    if (const auto id = text_of(*o, "id"); !id.empty())
      e.message = std::string(id) + ": " + e.message;
  return e;
}

Result<json::object> import_one(const json::value& structure, const std::string& subject,
                                std::set<std::string>& ids, FormCheck& form) {
  RELAIS_TRY(structure_schema().check(structure));
  json::object event = introduction(structure.as_object(), subject);
  RELAIS_TRY(form(event));
  if (!ids.insert(partner_id(structure.as_object())).second)
    return fail(error(Errc::invalid, "structure-repeated", "the structure stands twice")
                    .at("id")
                    .accepts("each structure once"));
  return event;
}

}  // namespace

Status check_structure(const json::value& structure) {
  return structure_schema().check(structure);
}

Status check_service(const json::value& service) {
  return service_schema().check(service);
}

Result<DataInclusion> export_data_inclusion(const log::Ledger& ledger) {
  const auto head = ledger.head();
  return Exporter(ledger, *head).run();
}

Result<Import> import_structures(std::string_view text, std::string_view network) {
  const std::string subject = "network/" + std::string(network);
  if (const auto stream = statement::parse_subject(subject); !stream)
    return fail(error(Errc::invalid, "network-form", "this is no name of a stream")
                    .at("network")
                    .accepts("1 to 64 of a-z, 0-9, -"));
  RELAIS_ASSIGN(const json::value parsed, json::parse(text));
  const json::array* structures = parsed.if_array();
  if (structures == nullptr)
    return fail(error(Errc::malformed, "structures-form", "this is no list of structures")
                    .accepts("a JSON array of data·inclusion structures"));
  if (structures->size() > kMaxStructures)
    return fail(error(Errc::too_large, "structures-many", "these are too many structures at once")
                    .accepts("at most " + std::to_string(kMaxStructures)));
  Import out;
  std::set<std::string> ids;
  FormCheck form;
  for (std::size_t i = 0; i < structures->size() && out.errors.size() < kMaxImportErrors; ++i) {
    const json::value& structure = (*structures)[i];
    auto event = import_one(structure, subject, ids, form);
    if (event)
      out.events.push_back(std::move(*event));
    else
      out.errors.push_back(named(std::move(event.error()), i, structure));
  }
  return out;
}

}  // namespace relais::replay
