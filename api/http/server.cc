#include "api/http/server.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <exception>
#include <optional>
#include <thread>
#include <vector>

#include "api/http/connection.h"
#include "api/http/tls.h"
#include "ledger/base/file.h"

namespace relais::api {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::local::stream_protocol;
using ErrorCode = boost::system::error_code;

/// What to do about a socket that cannot be opened.
std::string remedy(const ErrorCode& ec) {
  if (ec == asio::error::address_in_use) return "a port that no other program listens on, or 0";
  if (ec == asio::error::access_denied) return "a port from 1024, or the right to a lower one";
  if (ec == boost::system::errc::address_not_available)
    return "an address of this machine, as 127.0.0.1 or 0.0.0.0";
  return "address:port, the address in figures, as 127.0.0.1:8400 or [::1]:8400";
}

std::unexpected<Error> io_error(std::string rule, const std::string& what, const ErrorCode& ec) {
  return fail(Errc::io, std::move(rule), what + ": " + ec.message());
}

std::unexpected<Error> cannot_listen(const std::string& what, const ErrorCode& ec) {
  return fail(
      error(Errc::io, "listen", what + ": " + ec.message()).at("--listen").accepts(remedy(ec)));
}

/// A key that everyone on the machine can read is no secret. A group may: so are keys shared with a
/// certificate's renewal.
Status check_private(const std::string& file) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0 || (info.st_mode & S_IRWXO) == 0) return {};
  return fail(error(Errc::forbidden, "tls-key-mode", "others may read the private key in " + file)
                  .at("--tls-key")
                  .accepts("mode 0600, or 0640 with a group of its own (chmod 640)"));
}

Result<std::optional<asio::ssl::context>> make_tls(const ServerOptions& options) {
  std::optional<asio::ssl::context> tls;
  if (options.tls_cert.empty() && options.tls_key.empty() && options.client_ca.empty()) return tls;
  if (options.tls_cert.empty() || options.tls_key.empty())
    return fail(error(Errc::invalid, "tls-files", "TLS takes a certificate and its key")
                    .accepts("--tls-cert and --tls-key"));
  tls.emplace(asio::ssl::context::tls_server);
  ErrorCode ec;
  for (const auto& [field, file] :
       {std::pair("--tls-cert", &options.tls_cert), std::pair("--tls-key", &options.tls_key),
        std::pair("--client-ca", &options.client_ca)})
    if (!file->empty()) RELAIS_TRY(check_file(*file, kMaxPemBytes, field));
  RELAIS_TRY(check_private(options.tls_key));
  SSL_CTX* const native = tls->native_handle();
  RELAIS_TRY(ask_for_modern_tls(native, options.tls_1_2));
  // Sessions are resumed within this service only; without a context OpenSSL resumes none once
  // clients have certificates.
  constexpr std::string_view kContext = "relais";
  SSL_CTX_set_session_id_context(native, reinterpret_cast<const unsigned char*>(kContext.data()),
                                 static_cast<unsigned>(kContext.size()));
  tls->use_certificate_chain_file(options.tls_cert, ec);
  if (ec) return io_error("tls-files", options.tls_cert, ec);
  tls->use_private_key_file(options.tls_key, asio::ssl::context::pem, ec);
  if (ec) return io_error("tls-files", options.tls_key, ec);
  if (SSL_CTX_check_private_key(native) != 1)
    return fail(error(Errc::invalid, "tls-files", options.tls_key + " is not the certificate's key")
                    .at("--tls-key")
                    .accepts("the private key of the first certificate in " + options.tls_cert));
  if (options.client_ca.empty()) return tls;
  tls->load_verify_file(options.client_ca, ec);
  if (ec) return io_error("tls-files", options.client_ca, ec);
  tls->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert, ec);
  if (ec) return io_error("tls-files", options.client_ca, ec);
  return tls;
}

/// Whose share of the connections a peer counts in. One that has an IPv6 network of its own has a
/// /56 as a rule (RFC 6177), and could come from another address each time.
std::string share_of(const asio::ip::address& address) {
  if (!address.is_v6() || address.to_v6().is_v4_mapped()) return address.to_string();
  auto bytes = address.to_v6().to_bytes();
  std::fill(bytes.begin() + 7, bytes.end(), 0);
  return asio::ip::address_v6(bytes).to_string() + "/56";
}

/// Sends a fixed answer and closes; what cannot be sent at once is not sent.
void turn_away(Socket socket, bool tls, Admission why) {
  ErrorCode ignored;
  socket.non_blocking(true, ignored);
  if (!tls) {
    const std::string answer = too_many_connections(why);
    socket.write_some(asio::buffer(answer), ignored);
  }
  socket.shutdown(Socket::shutdown_both, ignored);
}

/// An io thread with a context of its own, which is the strand of each connection that was given to
/// it: nothing is shared between io threads, so that none waits for or wakes another. (A context
/// for all threads with a strand a connection took a sixth more time for a small read.)
struct IoThread {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(io);
  std::thread thread;

  void start() {
    thread = std::thread([this] { run(); });
  }
  void stop() {
    work.reset();
    io.stop();
    if (thread.joinable()) thread.join();
  }

 private:
  /// What one connection throws (it has no memory, most likely) must not end the others.
  void run() {
    for (;;) {
      try {
        io.run();
        return;
      } catch (const std::exception&) {
        continue;
      }
    }
  }
};

}  // namespace

struct Server::Impl {
  Impl(const ServerOptions& o, const Clock& clock, RequestHandler handler)
      : options(o),
        connections(std::make_shared<Connections>(
            o.limits, clock, std::move(handler), o.gate,
            o.memory != nullptr ? o.memory : std::make_shared<HttpMemory>(o.limits))),
        threads(std::max(1U, o.threads != 0 ? o.threads : std::thread::hardware_concurrency())),
        tcp_acceptor(threads[0].io),
        unix_acceptor(threads[0].io) {}

  ~Impl() {
    if (owns_unix_socket) ::unlink(options.unix_socket.c_str());
  }

  Status listen_tcp();
  Status listen_unix();
  template <class Acceptor>
  asio::awaitable<void> accept(Acceptor& acceptor);
  bool take(Socket socket, const std::string& address);
  void run();

  const ServerOptions options;
  std::shared_ptr<Connections> connections;
  std::vector<IoThread> threads;
  std::size_t next_thread = 0;  // used by the first io thread, where both acceptors are
  std::optional<asio::ssl::context> tls;
  tcp::acceptor tcp_acceptor;
  stream_protocol::acceptor unix_acceptor;
  std::uint16_t port = 0;
  bool owns_unix_socket = false;
  std::mutex stop_mutex;
  bool stopped = false;
};

Status Server::Impl::listen_tcp() {
  ErrorCode ec;
  const auto address = asio::ip::make_address(options.address, ec);
  const std::string what = options.address + " port " + std::to_string(options.port);
  if (ec) return cannot_listen(what, ec);
  const tcp::endpoint endpoint(address, options.port);
  tcp_acceptor.open(endpoint.protocol(), ec);
  if (!ec) tcp_acceptor.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) tcp_acceptor.bind(endpoint, ec);
  if (!ec) tcp_acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return cannot_listen(what, ec);
  port = tcp_acceptor.local_endpoint(ec).port();
  return {};
}

/// The socket's mode is set between bind and listen, so that nobody else ever connects.
Status Server::Impl::listen_unix() {
  const std::string& path = options.unix_socket;
  if (path.empty()) return {};
  if (path.size() >= sizeof(sockaddr_un::sun_path))
    return fail(
        error(Errc::io, "unix-socket", "the path of the socket is too long")
            .accepts("at most " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " bytes"));
  const stream_protocol::endpoint endpoint(path);
  ErrorCode ec;
  stream_protocol::socket probe(threads[0].io);
  probe.connect(endpoint, ec);
  if (!ec) return fail(Errc::io, "unix-socket", path + ": another server listens there");
  struct stat file{};
  if (::lstat(path.c_str(), &file) == 0 && S_ISSOCK(file.st_mode)) ::unlink(path.c_str());
  ec.clear();
  unix_acceptor.open(endpoint.protocol(), ec);
  if (!ec) unix_acceptor.bind(endpoint, ec);
  if (ec) return io_error("unix-socket", path, ec);
  owns_unix_socket = true;
  if (::chmod(path.c_str(), S_IRUSR | S_IWUSR) != 0)
    return fail(Errc::io, "unix-socket", path + ": its mode cannot be set");
  unix_acceptor.listen(asio::socket_base::max_listen_connections, ec);
  if (ec) return io_error("unix-socket", path, ec);
  return {};
}

/// Begins to serve a connection. False when there is no memory for one more: the socket closes.
bool Server::Impl::take(Socket socket, const std::string& address) {
  // The administrator gets in when everyone else has to wait.
  const bool local = address.empty();
  const bool encrypted = tls && !local;
  try {
    if (const Admission room = connections->make_room(address); room != Admission::served)
      turn_away(std::move(socket), encrypted, room);
    else
      serve(connections, std::move(socket), encrypted ? &*tls : nullptr, address);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

template <class Acceptor>
asio::awaitable<void> Server::Impl::accept(Acceptor& acceptor) {
  asio::steady_timer pause(acceptor.get_executor());
  while (acceptor.is_open()) {
    ErrorCode ec;
    asio::io_context& io = threads[next_thread++ % threads.size()].io;
    const asio::any_io_executor executor = io.get_executor();
    auto token = asio::redirect_error(asio::use_awaitable, ec);
    auto socket = co_await acceptor.async_accept(executor, token);
    if (ec == asio::error::operation_aborted || !acceptor.is_open()) co_return;
    if (!ec) {
      std::string address;
      if constexpr (std::is_same_v<Acceptor, tcp::acceptor>) {
        ErrorCode ignored;
        socket.set_option(tcp::no_delay(true), ignored);
        address = share_of(socket.remote_endpoint(ignored).address());
      }
      if (take(Socket(std::move(socket)), address)) continue;
    }
    // No file descriptors or no memory are left: some will be.
    pause.expires_after(std::chrono::milliseconds(100));
    co_await pause.async_wait(token);
  }
}

void Server::Impl::run() {
  asio::co_spawn(tcp_acceptor.get_executor(), accept(tcp_acceptor), asio::detached);
  if (unix_acceptor.is_open())
    asio::co_spawn(unix_acceptor.get_executor(), accept(unix_acceptor), asio::detached);
  for (IoThread& t : threads) t.start();
}

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, const Clock& clock,
                                              RequestHandler handler) {
  auto impl = std::make_unique<Impl>(options, clock, std::move(handler));
  RELAIS_ASSIGN(impl->tls, make_tls(options));
  RELAIS_TRY(impl->listen_tcp());
  RELAIS_TRY(impl->listen_unix());
  std::unique_ptr<Server> server(new Server(std::move(impl)));
  server->impl_->run();
  return server;
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  stop();
}

std::uint16_t Server::port() const {
  return impl_->port;
}

void Server::stop() {
  const std::lock_guard lock(impl_->stop_mutex);
  if (impl_->stopped) return;
  impl_->stopped = true;
  const auto close = [](auto& acceptor) {
    asio::post(acceptor.get_executor(), [&acceptor] {
      ErrorCode ignored;
      acceptor.close(ignored);
    });
  };
  close(impl_->tcp_acceptor);
  close(impl_->unix_acceptor);
  impl_->connections->stop_all();
  if (!impl_->connections->wait(impl_->options.limits.stop_timeout)) {
    impl_->connections->abort_all();
    impl_->connections->wait(std::chrono::milliseconds(1'000));
  }
  for (IoThread& t : impl_->threads) t.stop();
}

}  // namespace relais::api
