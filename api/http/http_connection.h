// Inside the module: the connection itself. Requests and their answers stand in connection.cc,
// streams in connection_stream.cc; nothing else includes this.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/connection.h"
#include "api/http/request_parser.h"
#include "api/http/signal.h"

namespace relais::api {

namespace asio = boost::asio;
namespace beast = boost::beast;
using ErrorCode = boost::system::error_code;
using Steady = std::chrono::steady_clock;
using TlsStream = asio::ssl::stream<Socket>;

/// What still comes behind the last answer is read and thrown away, so far.
inline constexpr std::size_t kLingerBytes = 1024 * 1024;

/// Until the timer's time has come, or its wait was ended.
inline asio::awaitable<void> wait(asio::steady_timer& timer) {
  ErrorCode ignored;
  auto token = asio::redirect_error(asio::use_awaitable, ignored);
  co_await timer.async_wait(token);
}

/// One connection. Everything but stop() and abort() runs on its io thread.
template <class Stream>
class HttpConnection final : public Connection,
                             public std::enable_shared_from_this<HttpConnection<Stream>> {
 public:
  static constexpr bool kTls = std::is_same_v<Stream, TlsStream>;

  template <class... Tls>
  HttpConnection(std::shared_ptr<Connections> connections, Socket socket,
                 const std::string& address, Tls&... tls)
      : Connection(address),
        connections_(std::move(connections)),
        limits_(connections_->limits()),
        executor_(socket.get_executor()),
        stream_(std::move(socket), tls...),
        watchdog_(executor_),
        parser_(limits_) {
    peer_.local = address.empty();
    peer_.address = address;
    request_.peer = &peer_;
  }

  ~HttpConnection() override {
    if (signal_) signal_->close();
  }

  void start() {
    auto self = this->shared_from_this();
    connections_->add(self);
    asio::co_spawn(executor_, run(), [self](const std::exception_ptr&) { self->finish(); });
  }
  void stop() override {
    asio::post(executor_, [self = this->shared_from_this()] { self->stop_here(); });
  }
  void give_way() override {
    asio::post(executor_, [self = this->shared_from_this()] {
      if (self->phase_ == Phase::idle || self->phase_ == Phase::reading)
        self->end_waiting();
      else
        self->connections_->count_again(self.get());
    });
  }
  void abort() override {
    asio::post(executor_, [self = this->shared_from_this()] { self->close(); });
  }

 private:
  /// `reading`: a request has begun and is not complete.
  enum class Phase { idle, reading, busy, streaming };

  asio::awaitable<void> run();
  asio::awaitable<bool> handshake();
  asio::awaitable<bool> serve_one();
  asio::awaitable<bool> read_some(std::size_t bytes);
  asio::awaitable<bool> read_head();
  asio::awaitable<bool> read_body(ByteLease& memory);
  asio::awaitable<Response> answer();
  asio::awaitable<bool> write(Response& response, bool close);
  asio::awaitable<bool> write_bytes(std::string_view first, std::string_view second);
  asio::awaitable<void> refuse();
  asio::awaitable<void> end();

  // In connection_stream.cc.
  asio::awaitable<void> write_stream(Response& response, bool close);
  asio::awaitable<void> wait_for_more(BodyStream& stream, Steady::time_point beat,
                                      std::string& bytes);
  void append_piece(std::string_view bytes, bool end, bool chunked);
  void watch_peer();
  asio::awaitable<void> end_watch();

  bool refuse_with(Response refusal) {
    refusal_ = std::move(refusal);
    return false;
  }
  std::string_view unread() const {
    const auto data = buffer_.data();
    return {static_cast<const char*>(data.data()), data.size()};
  }

  // The watchdog: one timer a connection that looks at the deadline now and then, which costs less
  // than a timer an operation.
  void set_deadline(std::chrono::milliseconds from_now) {
    timed_out_ = false;
    deadline_ = Steady::now() + from_now;
  }
  void clear_deadline() { deadline_ = Steady::time_point::max(); }
  void set_phase(Phase phase) {
    phase_ = phase;
    set_idle(phase == Phase::idle || phase == Phase::reading);
  }
  void watch();
  void stop_here();
  void end_waiting();
  void close() {
    ErrorCode ignored;
    stream_.lowest_layer().close(ignored);
    if (signal_) signal_->raise();
  }
  void finish() {
    finished_ = true;
    watchdog_.cancel();
    close();
    connections_->remove(this);
  }

  const std::shared_ptr<Connections> connections_;
  const Limits& limits_;
  const asio::any_io_executor executor_;
  Stream stream_;
  asio::steady_timer watchdog_;
  Steady::time_point deadline_ = Steady::time_point::max();
  bool timed_out_ = false;
  bool finished_ = false;
  bool stopping_ = false;
  Phase phase_ = Phase::idle;
  std::shared_ptr<Signal> signal_;  // of the stream that is being sent
  bool watching_ = false;           // a read waits for the peer's end, beside the stream
  bool peer_gone_ = false;
  std::size_t unasked_ = 0;  // bytes that came while a stream was sent
  std::array<char, 512> scrap_{};

  Peer peer_;
  ErrorCode ec_;  // of the last operation
  beast::flat_buffer buffer_;
  RequestParser parser_;
  Request request_;
  RequestParser::State state_ = RequestParser::State::need_more;
  bool first_request_ = true;
  std::optional<Response> refusal_;  // of what is no request
  std::string head_;
};

}  // namespace relais::api
