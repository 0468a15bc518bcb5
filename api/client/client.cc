#include "api/client/client.h"

#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <functional>
#include <optional>
#include <variant>

#include "api/http/tls.h"
#include "ledger/base/file.h"

namespace relais::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;
using Socket = asio::generic::stream_protocol::socket;
using TlsStream = asio::ssl::stream<Socket>;
using HttpRequest = http::request<http::string_body>;
using Parser = http::response_parser<http::string_body>;

/// Before the final answer, each with a header of 8 KiB at most; a server that has no end of them
/// would be read for ever.
constexpr unsigned kMaxInterim = 8;

Error io_error(std::string rule, const std::string& what, const ErrorCode& ec) {
  if (ec == asio::error::timed_out) return error(Errc::io, "timeout", what + ": no answer in time");
  return error(Errc::io, std::move(rule), what + ": " + ec.message());
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

/// A socket, plain or under TLS, as one type with one kind of handler: what Beast and OpenSSL make
/// of each is compiled once.
class AnyStream {
 public:
  using executor_type = Socket::executor_type;
  using Done = asio::any_completion_handler<void(ErrorCode, std::size_t)>;

  explicit AnyStream(Socket socket) : stream_(std::in_place_type<Socket>, std::move(socket)) {}
  AnyStream(Socket socket, asio::ssl::context& context)
      : stream_(std::in_place_type<TlsStream>, std::move(socket), context) {}

  TlsStream* encrypted() { return std::get_if<TlsStream>(&stream_); }
  Socket& socket() { return encrypted() ? encrypted()->next_layer() : std::get<Socket>(stream_); }
  executor_type get_executor() { return socket().get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this](auto handler, const asio::mutable_buffer& into) {
          read_some(into, std::move(handler));
        },
        token, first<asio::mutable_buffer>(buffers));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this](auto handler, const asio::const_buffer& from) {
          write_some(from, std::move(handler));
        },
        token, first<asio::const_buffer>(buffers));
  }

 private:
  /// Of a sequence, the first that is not empty.
  template <class Buffer, class Buffers>
  static Buffer first(const Buffers& buffers) {
    for (auto it = asio::buffer_sequence_begin(buffers); it != asio::buffer_sequence_end(buffers);
         ++it)
      if (const Buffer buffer(*it); buffer.size() > 0) return buffer;
    return {};
  }
  void read_some(const asio::mutable_buffer& into, Done done) {
    std::visit([&](auto& stream) { stream.async_read_some(into, std::move(done)); }, stream_);
  }
  void write_some(const asio::const_buffer& from, Done done) {
    std::visit([&](auto& stream) { stream.async_write_some(from, std::move(done)); }, stream_);
  }

  std::variant<Socket, TlsStream> stream_;
};

}  // namespace

struct Client::Impl {
  ClientOptions options;
  ClientUrl url;
  asio::io_context io{1};
  std::optional<asio::ssl::context> tls;
  std::optional<AnyStream> stream;       // while connected
  beast::flat_buffer buffer{64 * 1024};  // a header, or a chunk's, is no larger
  unsigned interim = 0;                  // answers before the final one, of this exchange

  void disconnect() {
    stream.reset();
    buffer.clear();
  }
  void close() {
    ErrorCode ignored;
    stream->socket().close(ignored);
  }

  Status make_tls();
  /// Runs what `begin` starts until it calls its argument, or cancels it after `timeout`.
  ErrorCode run(std::chrono::milliseconds timeout, const std::function<void()>& cancel,
                const std::function<void(std::function<void(ErrorCode)>)>& begin);
  Status connect();
  Status connect_tcp();
  Status connect_unix();
  Status encrypt(Socket socket);
  /// Reads answers until one is final (RFC 9110, section 15.2): `parser` has that one.
  void read_final(std::optional<Parser>& parser, bool head, std::function<void(ErrorCode)> done);
  ErrorCode exchange(HttpRequest& message, std::optional<Parser>& parser);
  HttpRequest make_request(std::string_view method, std::string_view target,
                           const ClientHeaders& headers, std::string body) const;
};

Status Client::Impl::make_tls() {
  if (url.scheme != ClientUrl::Scheme::https) return {};
  tls.emplace(asio::ssl::context::tls_client);
  RELAIS_TRY(ask_for_modern_tls(tls->native_handle(), true));
  for (const auto& [field, file] :
       {std::pair("--ca", &options.ca_file), std::pair("--client-cert", &options.client_cert),
        std::pair("--client-key", &options.client_key)})
    if (!file->empty()) RELAIS_TRY(check_file(*file, kMaxPemBytes, field));
  ErrorCode ec;
  tls->set_verify_mode(asio::ssl::verify_peer, ec);
  if (options.ca_file.empty()) {
    tls->set_default_verify_paths(ec);
  } else {
    tls->load_verify_file(options.ca_file, ec);
  }
  if (ec) return fail(io_error("tls-files", options.ca_file, ec));
  if (options.client_cert.empty()) return {};
  tls->use_certificate_chain_file(options.client_cert, ec);
  if (ec) return fail(io_error("tls-files", options.client_cert, ec));
  tls->use_private_key_file(options.client_key, asio::ssl::context::pem, ec);
  if (ec) return fail(io_error("tls-files", options.client_key, ec));
  return {};
}

ErrorCode Client::Impl::run(std::chrono::milliseconds timeout, const std::function<void()>& cancel,
                            const std::function<void(std::function<void(ErrorCode)>)>& begin) {
  std::optional<ErrorCode> done;
  io.restart();
  begin([&done](ErrorCode ec) { done = ec; });
  io.run_for(timeout);
  if (done) return *done;
  cancel();
  io.restart();
  io.run();  // the operation ends with operation_aborted
  return asio::error::timed_out;
}

Status Client::Impl::connect_tcp() {
  const std::string what = url.host + " port " + url.port;
  tcp::resolver resolver(io);
  tcp::resolver::results_type endpoints;
  ErrorCode ec = run(
      options.connect_timeout, [&] { resolver.cancel(); },
      [&](std::function<void(ErrorCode)> done) {
        resolver.async_resolve(
            url.host, url.port,
            [&endpoints, done = std::move(done)](ErrorCode e, tcp::resolver::results_type found) {
              endpoints = std::move(found);
              done(e);
            });
      });
  if (ec) return fail(io_error("connect", what, ec));
  tcp::socket connecting(io);
  ec = run(
      options.connect_timeout,
      [&] {
        ErrorCode ignored;
        connecting.close(ignored);
      },
      [&](std::function<void(ErrorCode)> done) {
        asio::async_connect(
            connecting, endpoints,
            [done = std::move(done)](ErrorCode e, const tcp::endpoint&) { done(e); });
      });
  if (ec) return fail(io_error("connect", what, ec));
  connecting.set_option(tcp::no_delay(true), ec);
  if (tls) return encrypt(std::move(connecting));
  stream.emplace(std::move(connecting));
  return {};
}

Status Client::Impl::connect_unix() {
  asio::local::stream_protocol::socket connecting(io);
  ErrorCode ec;
  connecting.connect(asio::local::stream_protocol::endpoint(url.host), ec);
  if (ec) return fail(io_error("connect", url.host, ec));
  stream.emplace(std::move(connecting));
  return {};
}

Status Client::Impl::encrypt(Socket socket) {
  stream.emplace(std::move(socket), *tls);
  TlsStream& encrypted = *stream->encrypted();
  SSL_set_tlsext_host_name(encrypted.native_handle(), url.host.c_str());
  ErrorCode ec;
  encrypted.set_verify_callback(asio::ssl::host_name_verification(url.host), ec);
  if (!ec)
    ec = run(
        options.connect_timeout, [this] { close(); },
        [&](std::function<void(ErrorCode)> done) {
          encrypted.async_handshake(asio::ssl::stream_base::client, std::move(done));
        });
  if (!ec) return {};
  disconnect();
  return fail(io_error("connect", url.host + " (TLS)", ec));
}

Status Client::Impl::connect() {
  return url.scheme == ClientUrl::Scheme::unix_socket ? connect_unix() : connect_tcp();
}

void Client::Impl::read_final(std::optional<Parser>& parser, bool head,
                              std::function<void(ErrorCode)> done) {
  parser.emplace();
  parser->body_limit(options.max_response_bytes);
  parser->skip(head);
  http::async_read(*stream, buffer, *parser,
                   [this, &parser, head, done = std::move(done)](ErrorCode e, std::size_t) {
                     const unsigned status = e ? 0 : parser->get().result_int();
                     // 101 is final: nobody asked for another protocol.
                     if (status < 100 || status >= 200 || status == 101) return done(e);
                     if (++interim > kMaxInterim) return done(http::error::header_limit);
                     read_final(parser, head, done);
                   });
}

/// Sends the request and reads the response, within one timeout.
ErrorCode Client::Impl::exchange(HttpRequest& message, std::optional<Parser>& parser) {
  interim = 0;
  return run(
      options.read_timeout, [this] { close(); },
      [&](std::function<void(ErrorCode)> done) {
        // A server that refuses answers before it has read all: what was not sent does not matter
        // then.
        http::async_write(*stream, message, [&, done = std::move(done)](ErrorCode, std::size_t) {
          read_final(parser, message.method() == http::verb::head, done);
        });
      });
}

HttpRequest Client::Impl::make_request(std::string_view method, std::string_view target,
                                       const ClientHeaders& headers, std::string body) const {
  HttpRequest message;
  message.version(11);
  message.method_string({method.data(), method.size()});
  message.target({target.data(), target.size()});
  const bool local = url.scheme == ClientUrl::Scheme::unix_socket;
  const bool ipv6 = url.host.find(':') != std::string::npos;
  std::string host = ipv6 ? "[" + url.host + "]" : url.host;
  message.set(http::field::host, local ? "localhost" : host + ":" + url.port);
  message.set(http::field::user_agent, "relais");
  for (const auto& [name, value] : headers) message.set(name, value);
  message.body() = std::move(body);
  if (!message.body().empty() || method == "POST") message.content_length(message.body().size());
  return message;
}

Client::Client(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Client::~Client() = default;

Result<std::unique_ptr<Client>> Client::open(ClientOptions options) {
  auto impl = std::make_unique<Impl>();
  RELAIS_ASSIGN(impl->url, parse_client_url(options.url));
  impl->options = std::move(options);
  RELAIS_TRY(impl->make_tls());
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

Result<ClientResponse> Client::request(std::string_view method, std::string_view target,
                                       const ClientHeaders& headers, std::string body) {
  HttpRequest message = impl_->make_request(method, target, headers, std::move(body));
  ErrorCode ec;
  for (int attempt = 0; attempt < 2; ++attempt) {
    const bool reused = impl_->stream.has_value();
    if (!reused) RELAIS_TRY(impl_->connect());
    std::optional<Parser> read;
    ec = impl_->exchange(message, read);
    if (!ec) {
      auto& answer = read->get();
      ClientResponse response;
      response.status = answer.result_int();
      for (const auto& field : answer) {
        const auto name = field.name_string();
        const auto value = field.value();
        response.headers.emplace_back(lower({name.data(), name.size()}),
                                      std::string(value.data(), value.size()));
      }
      if (!answer.keep_alive() || response.status < 200) impl_->disconnect();
      response.body = std::move(answer.body());
      return response;
    }
    const bool nothing_came = impl_->interim == 0 && (!read || !read->got_some());
    impl_->disconnect();
    if (!reused || !nothing_came || ec == asio::error::timed_out) break;
  }
  return fail(io_error("http-exchange", std::string(method) + " " + std::string(target), ec));
}

std::string_view ClientResponse::header(std::string_view name) const {
  const auto found = std::ranges::find(headers, name, &std::pair<std::string, std::string>::first);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace relais::api
