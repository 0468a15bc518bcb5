// The HTTP server: connections, TLS, limits and timeouts. It knows nothing of what it serves.
//
// Concurrency: a connection stays with one io thread; requests of one connection are answered one
// at a time and in order, so that pipelining is safe. The handler is called on io threads and must
// not block them for long.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "api/http/byte_quota.h"
#include "api/http/http.h"
#include "ledger/base/clock.h"
#include "ledger/base/error.h"

namespace relais::api {

struct Limits {
  std::chrono::milliseconds header_timeout{10'000};  ///< first byte of a request to its last header
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds idle_timeout{60'000};   ///< between requests
  std::chrono::milliseconds write_timeout{30'000};  ///< of one response, or one piece of a stream
  std::chrono::milliseconds heartbeat{15'000};      ///< of streams that have nothing to say
  std::chrono::milliseconds stop_timeout{10'000};   ///< for requests in flight when it stops
  std::uint32_t max_header_bytes = 16 * 1024;
  std::size_t max_target_bytes = 8 * 1024;
  std::uint64_t max_body_bytes = 16 * 1024 * 1024;
  std::uint64_t max_bodies_bytes = 128 * 1024 * 1024;  ///< of all requests that are read or handled
  std::uint64_t max_responses_bytes = 128 * 1024 * 1024;  ///< of all that are sent
  std::size_t max_connections = 1'024;
  std::size_t max_connections_per_address = 256;  ///< an IPv4 address, or the /56 of an IPv6 one
};

/// What bodies take now, for who serves and who watches. Of each quota an address has a quarter.
struct HttpMemory {
  explicit HttpMemory(const Limits& limits)
      : requests(limits.max_bodies_bytes, limits.max_bodies_bytes / 4),
        responses(limits.max_responses_bytes, limits.max_responses_bytes / 4) {}
  ByteQuota requests;
  ByteQuota responses;
};

struct ServerOptions {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8400;  ///< 0: any that is free
  unsigned threads = 0;       ///< 0: one a core
  std::string tls_cert;       ///< PEM files; both or none
  std::string tls_key;
  std::string client_ca;    ///< PEM; when set, clients must have a certificate by it
  bool tls_1_2 = false;     ///< takes TLS 1.2 beside 1.3
  std::string unix_socket;  ///< path for local administration (mode 0600); empty: none
  Limits limits;
  BodyGate gate;
  std::shared_ptr<HttpMemory> memory;  ///< its own where none is given
};

class Server {
 public:
  /// Listens and serves. Errors: Errc::io, rules "listen", "unix-socket", "tls-files". The clock
  /// (for the header Date) and what the handler uses outlive the server.
  static Result<std::unique_ptr<Server>> start(const ServerOptions& options, const Clock& clock,
                                               RequestHandler handler);
  /// stop().
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  /// Takes no new connections, ends idle ones and streams, lets requests in flight finish (at most
  /// stop_timeout), then ends all. Not to be called from a handler.
  void stop();

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace relais::api
