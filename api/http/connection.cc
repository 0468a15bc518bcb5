#include "api/http/connection.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>

#include "api/http/http_connection.h"
#include "api/http/problem.h"
#include "api/http/response_head.h"

namespace relais::api {
namespace {

constexpr std::size_t kHeadRead = 4 * 1024;  // bytes asked for at once, and wiped behind it
constexpr std::size_t kBodyRead = 64 * 1024;
constexpr std::size_t kSmallBody = 16 * 1024;  // sent in one buffer with its head
constexpr std::chrono::milliseconds kLinger{2'000};

std::string certificate_subject(SSL* ssl) {
  X509* certificate = SSL_get_peer_certificate(ssl);
  if (certificate == nullptr) return {};
  char* line = X509_NAME_oneline(X509_get_subject_name(certificate), nullptr, 0);
  std::string subject = line == nullptr ? "" : line;
  OPENSSL_free(line);
  X509_free(certificate);
  return subject;
}

Response too_slow(const std::string& what) {
  return problem(error(Errc::malformed, "request-timeout", what + " came too slowly"), 408);
}

}  // namespace

template <class Stream>
void HttpConnection<Stream>::watch() {
  const auto shortest = std::min(
      {limits_.header_timeout, limits_.body_timeout, limits_.idle_timeout, limits_.write_timeout});
  const auto tick = std::clamp<std::chrono::milliseconds>(
      shortest / 4, std::chrono::milliseconds(5), std::chrono::milliseconds(1'000));
  watchdog_.expires_after(tick);
  watchdog_.async_wait([self = this->shared_from_this()](ErrorCode) {
    if (self->finished_) return;
    if (Steady::now() >= self->deadline_) {
      self->timed_out_ = true;
      ErrorCode ignored;
      self->stream_.lowest_layer().cancel(ignored);
    }
    self->watch();
  });
}

template <class Stream>
void HttpConnection<Stream>::stop_here() {
  stopping_ = true;
  if (phase_ == Phase::busy || phase_ == Phase::reading) return;
  end_waiting();
}

template <class Stream>
void HttpConnection<Stream>::end_waiting() {
  stopping_ = true;
  if (signal_) signal_->raise();
  ErrorCode ignored;
  stream_.lowest_layer().cancel(ignored);
}

template <class Stream>
asio::awaitable<void> HttpConnection<Stream>::run() {
  watch();
  bool open = true;
  if constexpr (kTls) open = co_await handshake();
  while (open && !stopping_) open = co_await serve_one();
  if (ec_ != asio::error::operation_aborted || timed_out_) co_await end();
}

template <class Stream>
asio::awaitable<bool> HttpConnection<Stream>::handshake() {
  if constexpr (kTls) {
    set_phase(Phase::idle);  // who stalls in it gives way first
    set_deadline(limits_.header_timeout);
    auto token = asio::redirect_error(asio::use_awaitable, ec_);
    co_await stream_.async_handshake(asio::ssl::stream_base::server, token);
    if (!ec_) peer_.certificate_subject = certificate_subject(stream_.native_handle());
  }
  co_return !ec_;
}

/// One request and its response. False when the connection is to end.
template <class Stream>
asio::awaitable<bool> HttpConnection<Stream>::serve_one() {
  parser_.reset();
  ByteLease memory(connections_->memory().requests, address());
  bool received = co_await read_head();
  if (received && !parser_.fill(request_)) received = refuse_with(parser_.refusal());
  if (received && state_ == RequestParser::State::head) received = co_await read_body(memory);
  if (!received) {
    if (refusal_) co_await refuse();
    co_return false;
  }
  set_phase(Phase::busy);
  request_.body = std::move(parser_.body());
  clear_deadline();
  Response response = co_await answer();
  // What was said in it is not kept as long as the connection is.
  std::string().swap(request_.body);
  if (response.not_before > Steady::now()) {
    asio::steady_timer timer(executor_, response.not_before);
    co_await wait(timer);
  }
  const bool close = !parser_.keep_alive() || stopping_ || connections_->stopping();
  if (response.stream && request_.method != Method::head) {
    co_await write_stream(response, close);
    co_return false;
  }
  const bool written = co_await write(response, close);
  co_return written && !close;
}

template <class Stream>
asio::awaitable<bool> HttpConnection<Stream>::read_some(std::size_t bytes) {
  const auto space = buffer_.prepare(bytes);
  auto token = asio::redirect_error(asio::use_awaitable, ec_);
  const std::size_t got = co_await stream_.async_read_some(space, token);
  buffer_.commit(got);
  co_return !ec_;
}

/// Reads until the last header. False when the connection ended, was idle for too long, or sent
/// what is refused.
template <class Stream>
asio::awaitable<bool> HttpConnection<Stream>::read_head() {
  if (buffer_.size() == 0) {
    buffer_.shrink_to_fit();  // an idle connection holds nothing of its last request
    set_phase(Phase::idle);
    set_deadline(first_request_ ? limits_.header_timeout : limits_.idle_timeout);
    const bool more = co_await read_some(kHeadRead);
    if (!more) co_return false;
  }
  first_request_ = false;
  set_phase(Phase::reading);
  set_deadline(limits_.header_timeout);
  for (;;) {
    std::size_t used = 0;
    state_ = parser_.parse_head(unread(), used);
    buffer_.consume(used);
    if (state_ == RequestParser::State::refused) co_return refuse_with(parser_.refusal());
    if (state_ != RequestParser::State::need_more) co_return true;
    const bool more = co_await read_some(kHeadRead);
    if (more) continue;
    if (timed_out_) refuse_with(too_slow("the header"));
    co_return false;
  }
}

template <class Stream>
asio::awaitable<bool> HttpConnection<Stream>::read_body(ByteLease& memory) {
  if (connections_->gate())
    if (auto refusal = connections_->gate()(request_)) co_return refuse_with(std::move(*refusal));
  if (parser_.expects_continue() && buffer_.size() == 0) {
    set_deadline(limits_.write_timeout);
    const bool sent = co_await write_bytes("HTTP/1.1 100 Continue\r\n\r\n", {});
    if (!sent) co_return false;
  }
  set_deadline(limits_.body_timeout);
  for (;;) {
    std::size_t used = 0;
    state_ = parser_.parse_body(unread(), used);
    buffer_.consume(used);
    if (state_ == RequestParser::State::refused) co_return refuse_with(parser_.refusal());
    if (state_ == RequestParser::State::done) co_return true;
    // What is left unparsed is framing that is not complete.
    if (buffer_.size() > limits_.max_header_bytes) {
      parser_.refuse_framing();
      co_return refuse_with(parser_.refusal());
    }
    // What is free is read first, so that a small body is free in however many pieces it comes.
    const std::size_t held = parser_.body().capacity();
    const std::size_t most = held < ByteLease::kFree ? ByteLease::kFree - held : kBodyRead;
    if (!memory.cover(held + most))
      co_return refuse_with(
          problem(error(Errc::unavailable, "bodies-full", "too many large requests at once")));
    const bool more = co_await read_some(most);
    if (more) continue;
    if (timed_out_) refuse_with(too_slow("the body"));
    co_return false;
  }
}

template <class Stream>
asio::awaitable<Response> HttpConnection<Stream>::answer() {
  const auto slot = std::make_shared<ResponseSlot>(executor_);
  struct Abandon {
    ResponseSlot& slot;
    ~Abandon() { slot.abandon(); }
  };
  const Abandon at_the_end{*slot};
  bool failed = false;
  try {
    connections_->handler()(request_, [slot](Response r) { slot->set(std::move(r)); });
  } catch (const std::exception&) {
    failed = true;
  }
  const Error failure = error(Errc::internal, "internal", "the handler failed");
  if (failed) co_return problem(failure);
  while (asio::steady_timer* timer = slot->arm(Steady::time_point::max())) co_await wait(*timer);
  std::optional<Response> response = slot->take();
  if (!response) co_return problem(failure);
  if (response->later) {
    const auto make = std::move(response->later);
    try {
      *response = make();
    } catch (const std::exception&) {
      failed = true;
    }
  }
  if (failed) co_return problem(failure);
  co_return std::move(*response);
}

template <class Stream>
asio::awaitable<bool> HttpConnection<Stream>::write_bytes(std::string_view first,
                                                          std::string_view second) {
  const std::array<asio::const_buffer, 2> buffers = {asio::buffer(first.data(), first.size()),
                                                     asio::buffer(second.data(), second.size())};
  auto token = asio::redirect_error(asio::use_awaitable, ec_);
  co_await asio::async_write(stream_, buffers, token);
  co_return !ec_;
}

template <class Stream>
asio::awaitable<bool> HttpConnection<Stream>::write(Response& response, bool close) {
  const bool http10 = parser_.http10();
  ByteLease memory(connections_->memory().responses, address());
  if (!memory.cover(response.body.size()))
    response = problem(error(Errc::unavailable, "responses-full",
                             "too many large answers are being read at once"));
  head_.clear();
  write_head(head_, response,
             {connections_->clock().now(), request_.header("traceparent"), http10, close, false});
  std::string_view body = response.constant.empty() ? response.body : response.constant;
  if (request_.method == Method::head) body = {};
  if (body.size() <= kSmallBody) {
    head_.append(body);
    body = {};
  }
  set_deadline(limits_.write_timeout);
  const bool written = co_await write_bytes(head_, body);
  co_return written;
}

/// Sends the refusal. What the client still sends is read and thrown away for a while, since
/// closing on unread bytes would reset the connection before the client has read why.
template <class Stream>
asio::awaitable<void> HttpConnection<Stream>::refuse() {
  head_.clear();
  write_head(head_, *refusal_, {connections_->clock().now(), {}, false, true, false});
  head_.append(refusal_->body);
  set_deadline(limits_.write_timeout);
  const bool sent = co_await write_bytes(head_, {});
  if (!sent) co_return;
  ErrorCode ignored;
  stream_.lowest_layer().shutdown(Socket::shutdown_send, ignored);
  set_deadline(kLinger);
  std::size_t left = kLingerBytes / kBodyRead;
  bool more = true;
  while (more && left-- > 0) {
    buffer_.clear();
    more = co_await read_some(kBodyRead);
  }
}

template <class Stream>
asio::awaitable<void> HttpConnection<Stream>::end() {
  if constexpr (kTls) {
    if (!refusal_ && !timed_out_) {
      set_deadline(kLinger);
      auto token = asio::redirect_error(asio::use_awaitable, ec_);
      co_await stream_.async_shutdown(token);
    }
  }
  ErrorCode ignored;
  stream_.lowest_layer().shutdown(Socket::shutdown_both, ignored);
  co_return;
}

// What connection_stream.cc uses of it.
template class HttpConnection<Socket>;
template class HttpConnection<TlsStream>;

void serve(const std::shared_ptr<Connections>& connections, Socket socket, asio::ssl::context* tls,
           const std::string& address) {
  if (tls == nullptr) {
    std::make_shared<HttpConnection<Socket>>(connections, std::move(socket), address)->start();
  } else {
    std::make_shared<HttpConnection<TlsStream>>(connections, std::move(socket), address, *tls)
        ->start();
  }
}

std::string too_many_connections(Admission why) {
  const Response response =
      why == Admission::too_many_of_address
          ? problem(error(Errc::limited, "too-many-connections-of-address",
                          "too many connections of one address are open; try again shortly"))
          : problem(error(Errc::unavailable, "too-many-connections",
                          "too many connections are open; try again shortly"));
  std::string bytes;
  write_head(bytes, response, {Timestamp{}, {}, false, true, false});
  return bytes + response.body;
}

}  // namespace relais::api
