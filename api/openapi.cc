#include "api/openapi.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

#include "api/contract/payload_shapes.h"
#include "api/http/problem.h"
#include "api/openapi_parts.h"
#include "api/shapes.h"
#include "projections/json/case_shapes.h"

namespace relais::api {
namespace {

using shape::Schema;
using shape::Shapes;

constexpr std::string_view kVersion = "0.1.0";

constexpr std::string_view kAbout =
    "Relais is a signed, event-sourced ledger of the acts by which the signatories of a "
    "convention support people together (docs/ARCHITECTURE.md).\n\n**Reading** needs a "
    "short-lived token that an enrolled key has signed (docs/FORMATS.md, Access token). Who "
    "reads what stands in docs/READING.md; what may not be seen answers as what does not exist. "
    "**Appending** needs none: a statement carries its signature.\n\n**Lists** come in pages: "
    "`next` and `Link: <…>; rel=\"next\"` say where one goes on.\n\n**Refusals** are problem "
    "documents (RFC 9457). `rule` names what refused, and stays what it is; `accepted` says what "
    "would be taken. A parameter that an endpoint does not know is refused.\n\nGET is answered "
    "on HEAD without the body, OPTIONS with the methods of a path. Each answer has "
    "`X-Content-Type-Options: nosniff`, and the request's `traceparent` where it had one "
    "(docs/HTTP.md).\n\nThis document is made from the program's own tables (`relais rules "
    "--openapi`). **All examples are invented.**";

struct Chapter {
  std::string_view name;
  std::string_view about;
};
constexpr Chapter kChapters[] = {
    {"Statements", "How signed acts come into the log."},
    {"Cases", "Cases, and what is asked of whom about them."},
    {"Events", "Acts as they stand in the log, and as they come."},
    {"Commission", "The departmental commission: parcours, sessions, accreditations."},
    {"Partnership", "Who can help, what is shared, and counts."},
    {"Convention", "The convention, its signatories and their keys."},
    {"Who looked", "The log of reads."},
    {"Log", "What the log is verified with (c2sp.org/tlog-tiles)."},
    {"Operation", "For those who run the service. `/admin/…` is served on the unix socket alone."},
    {"Description", "What there is."},
};

/// Headers that an answer has beside those of every one.
struct KnownHeader {
  std::string_view name;
  std::string_view pattern;
  std::string_view example;
  std::string_view meaning;
  bool always = false;  ///< wherever a row names it; the others may be absent
};
constexpr KnownHeader kHeaders[] = {
    {"ETag", "^(W/)?\"[A-Za-z0-9_-]+\"$", "\"3\"",
     "What If-None-Match takes: a version, or a digest of what is said."},
    {"Link", "^<.*>; rel=\"next\"$", "</v1/cases?cursor=ZXhlbXBsZQ>; rel=\"next\"",
     "The page that follows (RFC 8288), where there is one."},
    {"Location", "^/v1/events/", "/v1/events/exemple?source=urn%3Aexemple",
     "Of one statement: where the event is read."},
    {"Relais-Index", "^[0-9]+$", "41", "The place of the entry in the log.", true},
    {"Relais-Leaf-Hash", "^[A-Za-z0-9+/]{43}=$",
     "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=", "Of the entry, in base64.", true},
    {"Retry-After", "^[0-9]+$", "1", "Seconds until it is worth asking again.", true},
    {"WWW-Authenticate", "^Bearer ", "Bearer realm=\"relais\"", "How to come back.", true},
    {"Vary", "^accept-encoding$", "accept-encoding",
     "Of a longer answer: it comes in zstd or gzip to who asks for it."},
    {"Content-Encoding", "^(zstd|gzip)$", "zstd", "Of an answer that is coded."},
    {"Allow", "^[A-Z]+(, [A-Z]+)*$", "GET, HEAD, OPTIONS", "Of 405: the methods of the path."},
};

/// What refuses before an endpoint is known, or beside it.
constexpr unsigned kOfHttp[] = {405, 408, 413, 414, 415, 417, 431, 501, 505};

json::object problem_response(const Shapes& shapes, std::string_view words, unsigned status) {
  json::object headers{
      {"Cache-Control", json::object{{"required", true}, {"schema", shape::just("no-store")}}}};
  if (status == 401) headers["WWW-Authenticate"] = header_ref("WWW-Authenticate");
  if (status == 429 || status == 503) headers["Retry-After"] = header_ref("Retry-After");
  if (status == 0) headers["Allow"] = header_ref("Allow");
  const Schema schema = shape::named("Problem");
  json::value example = shapes.example(schema);
  if (status != 0) example.as_object()["status"] = status;
  return {{"description", words},
          {"headers", std::move(headers)},
          {"content", json::object{{kProblemJson, json::object{{"schema", schema},
                                                               {"example", std::move(example)}}}}}};
}

json::object problem_responses(const Shapes& shapes) {
  std::set<unsigned> used;
  for (const Endpoint& e : endpoints()) used.merge(refusals_of(e));
  json::object responses;
  for (const unsigned status : used)
    responses["Problem" + std::to_string(status)] =
        problem_response(shapes, std::string(reason_phrase(status)) + ".", status);
  std::string words = "Refused before it was known what is asked for, or by its form:";
  json::array statuses;
  for (const unsigned status : kOfHttp) {
    words.append(statuses.empty() ? " " : ", ").append(std::to_string(status)).append(" ");
    words.append(reason_phrase(status));
    statuses.emplace_back(status);
  }
  json::object of_http = problem_response(shapes, words + " (docs/HTTP.md).", 0);
  of_http["x-statuses"] = std::move(statuses);
  responses["ProblemOfHttp"] = std::move(of_http);
  return responses;
}

void describe_common(Shapes& s) {
  using namespace shape;
  s.define("Cursor", meaning(text_like("^[A-Za-z0-9_-]+$", "ZXhlbXBsZSBpbnZlbnTDqQ"),
                             "Tells nothing, and holds for one reader and one list alone."));
  std::vector<Member> members = {
      must("type", text_like("^https://relais\\.example/problems/[a-z0-9-]+$",
                             "https://relais.example/problems/limit-range")),
      must("title", text("Limit range")),
      must("status", number(400)),
      must("detail", text("not a size of a page")),
      must("rule", text_like("^[a-z0-9][a-z0-9_-]*$", "limit-range"),
           "What refused: a stable name."),
      may("field", text("limit"), "The member, attribute, header or parameter."),
      may("accepted", text("1 to 500"), "What would be taken."),
      may("source", text("RFC 9110, section 9.3.1"), "Where the rule comes from."),
      may("state", text("CLOSED"), "Of the thing that was acted on.")};
  std::vector<Member> of_list = members;
  of_list.insert(of_list.begin(), must("position", number(1), "In the list."));
  members.push_back(
      may("results", list(object(of_list)), "Of an atomic list: which statement it failed by."));
  s.define("Problem", meaning(object(members), "RFC 9457."));
  Schema description = object({must("openapi", just("3.1.0")), must("info", {{"type", "object"}}),
                               must("paths", {{"type", "object"}})});
  description["additionalProperties"] = true;
  s.define("Description", std::move(description));
}

Shapes all_shapes() {
  Shapes s;
  describe_common(s);
  describe_payloads(s);
  projections::describe_cases(s);
  for (void (*describe)(Shapes&) :
       {describe_append, describe_looks, describe_timeline, describe_events, describe_referrals,
        describe_deadlines, describe_capabilities, describe_indicators, describe_signatories,
        describe_parcours, describe_sessions, describe_accreditations, describe_shared,
        describe_convention, describe_reads, describe_log, describe_operations})
    describe(s);
  // What parameters name, and nothing else.
  s.vocabulary("need");
  s.vocabulary("publics_v1");
  return s;
}

/// Names that are referred to, from here on and by what is referred to.
void find_used(const Shapes& shapes, const json::value& value, std::set<std::string>& used) {
  constexpr std::string_view kSchemas = "#/components/schemas/";
  if (const auto* array = value.if_array()) {
    for (const json::value& v : *array) find_used(shapes, v, used);
  } else if (const auto* object = value.if_object()) {
    if (const auto* ref = json::find_string(*object, "$ref");
        ref != nullptr && ref->starts_with(kSchemas)) {
      const auto [name, fresh] = used.emplace(std::string_view(*ref).substr(kSchemas.size()));
      if (fresh) find_used(shapes, shapes.at(*name), used);
    }
    for (const auto& member : *object) find_used(shapes, member.value(), used);
  }
}

json::object components_of(const Shapes& shapes, const json::object& paths) {
  json::object responses = problem_responses(shapes);
  std::set<std::string> used;
  find_used(shapes, paths, used);
  find_used(shapes, responses, used);
  json::object schemas;
  for (const std::string& name : used) schemas[name] = shapes.at(name);
  json::object headers;
  for (const KnownHeader& h : kHeaders)
    headers[h.name] = json::object{{"description", h.meaning},
                                   {"required", h.always},
                                   {"schema", shape::text_like(h.pattern, h.example)}};
  const auto bearer = [](std::string_view words, std::string_view format) {
    json::object scheme{{"type", "http"}, {"scheme", "bearer"}, {"description", words}};
    if (!format.empty()) scheme["bearerFormat"] = format;
    return scheme;
  };
  return {
      {"securitySchemes",
       json::object{{"accessToken", bearer("A JWT of five minutes at most, signed by an enrolled "
                                           "key (docs/FORMATS.md, Access token).",
                                           "relais-access+jwt")},
                    {"operatorToken", bearer("That of `--metrics-token`.", {})}}},
      {"headers", std::move(headers)},
      {"responses", std::move(responses)},
      {"schemas", std::move(schemas)}};
}

json::object document() {
  const Shapes shapes = all_shapes();
  json::object paths = paths_of(shapes);
  json::array tags;
  for (const Chapter& c : kChapters)
    tags.emplace_back(json::object{{"name", c.name}, {"description", c.about}});
  json::object components = components_of(shapes, paths);
  return {
      {"openapi", "3.1.0"},
      {"info", json::object{{"title", "Relais"},
                            {"version", kVersion},
                            {"summary", "A signed ledger of what partners do together"},
                            {"description", kAbout},
                            {"contact", json::object{{"name", "Whoever runs the log"},
                                                     {"url", "https://relais.example/"}}},
                            {"license", json::object{{"name", "Apache License 2.0"},
                                                     {"identifier", "Apache-2.0"}}}}},
      {"jsonSchemaDialect", "https://json-schema.org/draft/2020-12/schema"},
      {"servers", json::array{json::object{{"url", "/"}, {"description", "Where this is read."}}}},
      {"tags", std::move(tags)},
      {"paths", std::move(paths)},
      {"components", std::move(components)}};
}

bool is_flat(const json::value& value) {
  const auto scalar = [](const json::value& v) { return !v.is_array() && !v.is_object(); };
  constexpr std::size_t kOnALine = 100;
  if (const auto* array = value.if_array())
    return std::ranges::all_of(*array, scalar) && json::serialize(value).size() <= kOnALine;
  if (const auto* object = value.if_object())
    return std::ranges::all_of(*object, [&](const auto& m) { return scalar(m.value()); }) &&
           json::serialize(value).size() <= kOnALine;
  return true;
}

/// For people: what is short stands on one line.
void print(std::string& out, const json::value& value, std::size_t depth) {
  const auto line = [&out](std::size_t d) { out.append("\n").append(d, ' '); };
  if (is_flat(value)) {
    out += json::serialize(value);
  } else if (const auto* array = value.if_array()) {
    out += "[";
    for (const json::value& v : *array) {
      out += out.back() == '[' ? "" : ",";
      line(depth + 1);
      print(out, v, depth + 1);
    }
    line(depth);
    out += "]";
  } else {
    bool first = true;
    out += "{";
    for (const auto& member : value.get_object()) {
      out += first ? "" : ",";
      first = false;
      line(depth + 1);
      out += json::serialize(json::value(member.key())) + ": ";
      print(out, member.value(), depth + 1);
    }
    line(depth);
    out += "}";
  }
}

}  // namespace

const std::string& openapi_document() {
  static const std::string text = [] {
    std::string out;
    print(out, document(), 0);
    return out + "\n";
  }();
  return text;
}

}  // namespace relais::api
