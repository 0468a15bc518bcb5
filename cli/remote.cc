#include "cli/remote.h"

#include <charconv>
#include <chrono>
#include <thread>

#include "api/client/client.h"

namespace relais::cli {
namespace {

constexpr std::chrono::hours kRebuildTimeout{24};
/// A server that asks for more than that is not waited for.
constexpr int kMostWaits = 5;
constexpr unsigned kMostWaitSeconds = 10;

Errc code_of(unsigned status) {
  switch (status) {
    case 401:
      return Errc::unauthenticated;
    case 403:
      return Errc::forbidden;
    case 404:
      return Errc::not_found;
    case 409:
      return Errc::conflict;
    case 412:
      return Errc::stale;
    case 413:
      return Errc::too_large;
    case 415:
      return Errc::unsupported;
    case 422:
      return Errc::invalid;
    case 429:
      return Errc::limited;
    default:
      return status >= 500 ? Errc::unavailable : Errc::malformed;
  }
}

std::string text_of(const json::object& o, std::string_view name) {
  const auto* text = json::find_string(o, name);
  return text == nullptr ? std::string() : std::string(*text);
}

std::uint64_t number_of(const json::object& o, std::string_view name) {
  const json::value* v = o.if_contains(name);
  if (v == nullptr) return 0;
  return v->is_uint64() ? v->get_uint64()
                        : static_cast<std::uint64_t>(v->is_int64() ? v->get_int64() : 0);
}

/// A problem document (RFC 9457) as the error it was made from.
Error problem(const json::object& o, unsigned status) {
  Error e = error(code_of(status), text_of(o, "rule"), text_of(o, "detail"));
  e.field = text_of(o, "field");
  e.accepted = text_of(o, "accepted");
  e.source = text_of(o, "source");
  e.state = text_of(o, "state");
  return e;
}

Result<json::object> object_of(const api::ClientResponse& response) {
  auto value = json::parse(response.body);
  if (value && value->is_object()) return std::move(value->get_object());
  return fail(error(code_of(response.status), "http-answer",
                    "the answer (status " + std::to_string(response.status) + ") is not JSON")
                  .accepts("the URL of a Relais server"));
}

Error error_of(const api::ClientResponse& response) {
  const auto o = object_of(response);
  return o ? problem(*o, response.status) : o.error();
}

/// A statement with what is sealed beside it; an SD-JWT begins with base64url.
bool is_json(const std::string& statement) {
  return statement.starts_with('{');
}

bool is_success(unsigned status) {
  return status >= 200 && status < 300;
}

/// Whether the status says something about the statement, not about the server.
bool is_verdict(unsigned status) {
  return status < 500 && status != 429 && status != 408;
}

Submitted accepted(json::object o, bool duplicate) {
  Submitted s;
  // What is kept is of the entry, and the same whenever it is asked for; these two are of the
  // request.
  o.erase("status");
  o.erase("disclosuresAdded");
  s.id = text_of(o, "id");
  s.source = text_of(o, "source");
  s.index = number_of(o, "index");
  s.receipt = text_of(o, "receipt");
  s.duplicate = duplicate;
  s.body = json::serialize(json::value(std::move(o))) + "\n";
  return s;
}

/// A log's key may have signed something in a refusal too: it is evidence, if it is anything.
Submitted refused(Error e, std::string body) {
  Submitted s;
  s.refused = std::move(e);
  s.body = std::move(body);
  const auto answer = json::parse(s.body);
  if (!answer || !answer->is_object()) return s;
  if (const auto* receipt = json::find_string(answer->get_object(), "receipt"))
    s.receipt = std::string(*receipt);
  return s;
}

/// One result of a list.
Submitted result_of(const json::object& o) {
  const auto status = static_cast<unsigned>(number_of(o, "status"));
  if (is_success(status)) return accepted(o, status == 200);
  return refused(problem(o, status), json::serialize(json::value(o)) + "\n");
}

/// Why an atomic list was refused: one statement's own error, and that the others were not taken.
Result<std::vector<Submitted>> atomic_refusal(const api::ClientResponse& response,
                                              std::size_t count) {
  RELAIS_ASSIGN(const json::object o, object_of(response));
  const Error e = problem(o, response.status);
  const json::value* results = o.if_contains("results");
  if (results == nullptr || !results->is_array() || results->get_array().empty() ||
      !results->get_array()[0].is_object())
    return fail(e);
  const std::uint64_t position = number_of(results->get_array()[0].get_object(), "position");
  std::vector<Submitted> answers;
  answers.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    answers.push_back(refused(i == position
                                  ? e
                                  : error(Errc::conflict, "group-refused",
                                          "another statement of the atomic list was refused"),
                              i == position ? response.body : std::string()));
  return answers;
}

/// What a 429 asks for, where that is little.
std::optional<std::chrono::seconds> retry_after(const api::ClientResponse& response) {
  const std::string_view text = response.header("retry-after");
  unsigned seconds = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (ec != std::errc() || end != text.data() + text.size() || seconds > kMostWaitSeconds)
    return std::nullopt;
  return std::chrono::seconds(seconds);
}

}  // namespace

struct Remote::Impl {
  std::unique_ptr<api::Client> client;
  std::string token;

  /// The headers of statements.
  api::ClientHeaders headers(const std::string& media_type) const {
    api::ClientHeaders headers{{"content-type", media_type}};
    if (!token.empty()) headers.emplace_back("authorization", "Bearer " + token);
    return headers;
  }
};

Remote::Remote(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Remote::~Remote() = default;

void add_remote_options(Command command, Option url, RemoteOptions& options) {
  command.option("--ca", options.ca, "Certificates (PEM) that the server is checked with")
      .needs(url)
      .existing_file();
  Option cert = command
                    .option("--client-cert", options.client_cert,
                            "Certificate (PEM), for servers that ask for one")
                    .needs(url)
                    .existing_file();
  Option key =
      command.option("--client-key", options.client_key, "Private key of the certificate (PEM)")
          .needs(cert)
          .existing_file();
  cert.needs(key);
}

Result<std::unique_ptr<Remote>> Remote::open(const RemoteOptions& options) {
  api::ClientOptions client;
  client.url = options.url;
  client.ca_file = options.ca;
  client.client_cert = options.client_cert;
  client.client_key = options.client_key;
  auto impl = std::make_unique<Impl>();
  impl->token = options.token;
  RELAIS_ASSIGN(impl->client, api::Client::open(std::move(client)));
  return std::unique_ptr<Remote>(new Remote(std::move(impl)));
}

Result<std::unique_ptr<Remote>> Remote::open_control(const std::filesystem::path& data) {
  api::ClientOptions client;
  client.url = "unix:" + std::filesystem::absolute(data / "control.sock").string();
  client.read_timeout = kRebuildTimeout;
  auto impl = std::make_unique<Impl>();
  RELAIS_ASSIGN(impl->client, api::Client::open(std::move(client)));
  return std::unique_ptr<Remote>(new Remote(std::move(impl)));
}

Status ask_server(const std::filesystem::path& data, const std::string& path, const Error& why) {
  if (why.rule != "store-locked") return fail(why);
  RELAIS_ASSIGN(const auto remote, Remote::open_control(data));
  auto done = remote->post(path);
  if (done) return {};
  if (done.error().rule != "connect") return fail(std::move(done).error());
  Error locked = why;
  locked.message += ", and no server answers on " + (data / "control.sock").string();
  return fail(std::move(locked));
}

Result<std::string> Remote::get(const std::string& path, const std::string& token) {
  api::ClientHeaders headers;
  if (!token.empty()) headers.emplace_back("authorization", "Bearer " + token);
  auto response = impl_->client->request("GET", path, headers);
  // Who reads a whole log is asked to slow down, and does.
  for (int again = 0; response && response->status == 429 && again < kMostWaits; ++again) {
    const auto wait = retry_after(*response);
    if (!wait) break;
    std::this_thread::sleep_for(*wait);
    response = impl_->client->request("GET", path, headers);
  }
  if (!response) return fail(std::move(response.error()));
  if (is_success(response->status)) return std::move(response->body);
  return fail(error_of(*response));
}

Result<std::string> Remote::post(const std::string& path) {
  RELAIS_ASSIGN(auto response, impl_->client->request("POST", path));
  if (is_success(response.status)) return std::move(response.body);
  return fail(error_of(response));
}

Result<Submitted> Remote::submit(const std::string& statement,
                                 std::optional<std::uint32_t> if_match) {
  auto headers = impl_->headers(is_json(statement) ? "application/json" : "application/sd-jwt");
  if (if_match) headers.emplace_back("if-match", "\"" + std::to_string(*if_match) + "\"");
  RELAIS_ASSIGN(const auto response,
                impl_->client->request("POST", "/v1/events", headers, statement));
  RELAIS_ASSIGN(const json::object o, object_of(response));
  if (is_success(response.status)) return accepted(o, response.status == 200);
  Error e = problem(o, response.status);
  if (!is_verdict(response.status)) return fail(std::move(e));
  return refused(std::move(e), response.body);
}

Result<std::vector<Submitted>> Remote::submit_list(const std::vector<std::string>& statements,
                                                   bool atomic) {
  json::array list;
  for (const std::string& statement : statements) {
    if (!is_json(statement)) {
      list.emplace_back(statement);
      continue;
    }
    RELAIS_ASSIGN(json::value sealed, json::parse(statement));
    list.push_back(std::move(sealed));
  }
  RELAIS_ASSIGN(const auto response,
                impl_->client->request(
                    "POST", atomic ? "/v1/events?atomic=true" : "/v1/events",
                    impl_->headers("application/json"),
                    json::serialize(json::value(json::object{{"statements", std::move(list)}}))));
  if (!is_success(response.status)) {
    if (!atomic || !is_verdict(response.status)) return fail(error_of(response));
    return atomic_refusal(response, statements.size());
  }
  RELAIS_ASSIGN(const json::object o, object_of(response));
  const json::value* results = o.if_contains("results");
  std::vector<Submitted> answers;
  if (results != nullptr && results->is_array())
    for (const json::value& v : results->get_array())
      if (v.is_object()) answers.push_back(result_of(v.get_object()));
  return answers;
}

}  // namespace relais::cli
