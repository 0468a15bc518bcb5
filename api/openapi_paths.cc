// One operation an endpoint.
#include <algorithm>
#include <string>
#include <utility>

#include "api/http/content_coding.h"
#include "api/openapi_parts.h"
#include "ledger/base/check.h"

namespace relais::api {
namespace {

using shape::Schema;
using shape::Shapes;

json::object headers_of(const Reply& reply) {
  json::object all;
  json::array cache;
  for (const std::string_view c : reply.cache) cache.emplace_back(c);
  all["Cache-Control"] = json::object{
      {"required", true}, {"schema", json::object{{"type", "string"}, {"enum", std::move(cache)}}}};
  for (const std::string_view name : reply.headers) all[name] = header_ref(name);
  const bool coded = reply.status == 200 && std::ranges::any_of(reply.bodies, [](const Body& body) {
                       return is_coded(body.media_type);
                     });
  if (coded)
    for (const char* name : {"Vary", "Content-Encoding"}) all[name] = header_ref(name);
  return all;
}

json::object media_of(const Shapes& shapes, const Body& body) {
  if (!body.shape.empty()) {
    const Schema schema = shape::named(body.shape);
    return {{"schema", schema}, {"example", shapes.example(schema)}};
  }
  // Bytes have no schema (OpenAPI 3.1, section 4.8.14.3).
  if (body.example.empty()) return {};
  return {{"schema", json::object{{"type", "string"}}}, {"example", body.example}};
}

json::object content_of(const Shapes& shapes, const std::vector<Body>& bodies) {
  json::object content;
  for (const Body& body : bodies) content[body.media_type] = media_of(shapes, body);
  return content;
}

json::object responses_of(const Shapes& shapes, const Endpoint& e) {
  json::object responses;
  for (const Reply& reply : e.replies) {
    json::object response{{"description", reply.meaning}, {"headers", headers_of(reply)}};
    if (!reply.bodies.empty()) response["content"] = content_of(shapes, reply.bodies);
    check(responses.emplace(std::to_string(reply.status), std::move(response)).second,
          "an endpoint says once what a status is");
  }
  for (const unsigned status : refusals_of(e))
    responses[std::to_string(status)] =
        json::object{{"$ref", "#/components/responses/Problem" + std::to_string(status)}};
  responses["default"] = json::object{{"$ref", "#/components/responses/ProblemOfHttp"}};
  return responses;
}

json::object parameter_json(std::string_view name, std::string_view in, const json::object& schema,
                            std::string_view meaning, bool required) {
  json::object p{{"name", name}, {"in", in}, {"description", meaning}};
  if (required) p["required"] = true;
  p["schema"] = schema;
  return p;
}

json::array parameters_of(const Endpoint& e) {
  json::array all;
  for (const Given& g : e.segments)
    all.emplace_back(parameter_json(g.name, "path", g.schema, g.meaning, true));
  for (const Parameter& p : e.parameters)
    all.emplace_back(parameter_json(p.name, "query", p.form.schema, p.meaning, p.required));
  for (const Given& g : e.headers)
    all.emplace_back(parameter_json(g.name, "header", g.schema, g.meaning, false));
  return all;
}

json::array security_of(const Endpoint& e) {
  const json::object token{{"accessToken", json::array()}};
  if (e.access == Access::reader) return {token};
  if (e.access == Access::operation) return {json::object{{"operatorToken", json::array()}}};
  if (e.hears_token) return {json::object(), token};
  return {};
}

std::string description_of(const Endpoint& e) {
  std::string words(e.description);
  if (e.access == Access::reader && !e.kinds.empty()) {
    words += "\n\nIn the reading matrix (docs/READING.md): ";
    for (std::size_t i = 0; i < e.kinds.size(); ++i)
      words.append(i == 0 ? "" : ", ").append(to_string(e.kinds[i]));
    words += ".";
  }
  if (e.gives != Gives::no_case_data)
    words += "\n\nWhat it gives of cases stands in the log of reads.";
  return words;
}

/// "{*}" by the name of what it captures.
std::string path_of(const Endpoint& e) {
  std::string path(e.pattern);
  const auto open_end = path.find("{*}");
  if (open_end != std::string::npos)
    path.replace(open_end, 3, "{" + std::string(e.segments.back().name) + "}");
  for (const Given& g : e.segments)
    check(path.find("{" + std::string(g.name) + "}") != std::string::npos,
          "a segment of a row is one of its pattern");
  return path;
}

json::object operation_of(const Shapes& shapes, const Endpoint& e) {
  json::object operation{{"operationId", e.id},
                         {"tags", json::array{e.tag}},
                         {"summary", e.summary},
                         {"description", description_of(e)}};
  if (json::array parameters = parameters_of(e); !parameters.empty())
    operation["parameters"] = std::move(parameters);
  if (!e.takes.empty())
    operation["requestBody"] =
        json::object{{"required", true}, {"content", content_of(shapes, e.takes)}};
  operation["responses"] = responses_of(shapes, e);
  operation["security"] = security_of(e);
  return operation;
}

}  // namespace

json::object header_ref(std::string_view name) {
  return {{"$ref", "#/components/headers/" + std::string(name)}};
}

std::set<unsigned> refusals_of(const Endpoint& e) {
  std::set<unsigned> all(e.refusals.begin(), e.refusals.end());
  all.insert({400, 429, 500, 503});
  if (e.access == Access::reader) all.insert(401);
  return all;
}

json::object paths_of(const shape::Shapes& shapes) {
  json::object paths;
  for (const Endpoint& e : endpoints()) {
    json::object& path = paths[path_of(e)].is_null() ? paths[path_of(e)].emplace_object()
                                                     : paths[path_of(e)].as_object();
    path[e.method == Method::get ? "get" : "post"] = operation_of(shapes, e);
  }
  return paths;
}

}  // namespace relais::api
