// A small blocking HTTP client for the command line: http://, https:// and unix sockets.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/base/error.h"

namespace relais::api {

struct ClientOptions {
  /// "http://host[:port]", "https://host[:port]" or "unix:/path/of/the/socket"; no path behind it.
  std::string url;
  std::string ca_file;      ///< PEM, for https; empty: the system's
  std::string client_cert;  ///< PEM, for servers that ask for one; both or none
  std::string client_key;
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds read_timeout{60'000};  ///< of a request and its response
  std::uint64_t max_response_bytes = 32 * 1024 * 1024;
};

struct ClientResponse {
  unsigned status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;
  /// First header of that name, in lower case; empty when there is none.
  std::string_view header(std::string_view name) const;
};

using ClientHeaders = std::vector<std::pair<std::string, std::string>>;

/// Keeps its connection from request to request. One thread at a time.
class Client {
 public:
  /// Does not connect yet. Errors: Errc::invalid, rule "client-url"; Errc::io, rule "tls-files".
  static Result<std::unique_ptr<Client>> open(ClientOptions options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Any answer of the server is a response, also a problem document. A connection that the server
  /// had closed meanwhile is opened again, and the request sent once more: every request of Relais
  /// may be repeated, since a statement is known by its source and id. Errors: Errc::io, rules
  /// "connect", "http-exchange", "timeout".
  Result<ClientResponse> request(std::string_view method, std::string_view target,
                                 const ClientHeaders& headers = {}, std::string body = {});

 private:
  struct Impl;
  explicit Client(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Scheme, host and port of a URL as ClientOptions takes it.
struct ClientUrl {
  enum class Scheme { http, https, unix_socket };
  Scheme scheme = Scheme::http;
  std::string host;  ///< or the path of the socket
  std::string port;
};
Result<ClientUrl> parse_client_url(std::string_view url);

}  // namespace relais::api
