// Bodies that are sent piece by piece, for as long as the client is there.
#include <boost/asio/buffer.hpp>
#include <charconv>

#include "api/http/http_connection.h"
#include "api/http/response_head.h"

namespace relais::api {

/// Reads beside the stream that is being sent, since only a read tells at once that the peer has
/// gone. A stream ends its connection, so what else comes is answered by nothing.
template <class Stream>
void HttpConnection<Stream>::watch_peer() {
  watching_ = true;
  stream_.async_read_some(
      asio::buffer(scrap_), [self = this->shared_from_this()](ErrorCode ec, std::size_t bytes) {
        self->unasked_ += bytes;
        if (!ec && self->signal_ && self->unasked_ <= kLingerBytes) return self->watch_peer();
        self->watching_ = false;
        if (!self->signal_) return;
        self->peer_gone_ = true;
        self->signal_->raise();
        ErrorCode ignored;
        self->stream_.lowest_layer().cancel(ignored);  // a write to who does not read
      });
}

/// Until the read of watch_peer() has ended: the connection's end reads too.
template <class Stream>
asio::awaitable<void> HttpConnection<Stream>::end_watch() {
  while (watching_) {
    ErrorCode ignored;
    stream_.lowest_layer().cancel(ignored);
    co_await asio::post(executor_, asio::use_awaitable);
  }
}

/// There is nothing to send: until the stream or the server wakes, or a heartbeat is due, which is
/// then in `bytes`.
template <class Stream>
asio::awaitable<void> HttpConnection<Stream>::wait_for_more(BodyStream& stream,
                                                            Steady::time_point beat,
                                                            std::string& bytes) {
  clear_deadline();
  if (Steady::now() < beat) {
    asio::steady_timer* timer = signal_->arm(beat);
    if (timer == nullptr) co_return;
    co_await wait(*timer);
    if (Steady::now() < beat) co_return;
  }
  bytes = stream.heartbeat();
}

template <class Stream>
void HttpConnection<Stream>::append_piece(std::string_view bytes, bool end, bool chunked) {
  if (!bytes.empty()) {
    char size[16];
    const auto size_end = std::to_chars(size, size + sizeof(size), bytes.size(), 16).ptr;
    if (chunked) head_.append(size, size_end).append("\r\n");
    head_.append(bytes);
    if (chunked) head_.append("\r\n");
  }
  if (end && chunked) head_.append("0\r\n\r\n");
}

/// Sends pieces until the stream ends, the client goes or the server stops. HTTP/1.0 has no chunks:
/// the end of the connection is then the end of the body. The connection ends with the stream.
template <class Stream>
asio::awaitable<void> HttpConnection<Stream>::write_stream(Response& response, bool close) {
  const bool chunked = !parser_.http10();
  head_.clear();
  write_head(head_, response,
             {connections_->clock().now(), request_.header("traceparent"), false, close || !chunked,
              chunked});
  set_phase(Phase::streaming);
  buffer_.clear();
  buffer_.shrink_to_fit();
  signal_ = std::make_shared<Signal>(executor_);
  response.stream->start([signal = signal_] { signal->raise(); });
  watch_peer();
  bool open = true;
  auto beat = Steady::now() + limits_.heartbeat;
  while (open && !peer_gone_ && !stopping_ && !connections_->stopping()) {
    signal_->lower();
    BodyStream::Piece piece = response.stream->pull();
    const bool last = piece.end || piece.broken;
    if (piece.bytes.empty() && head_.empty() && !piece.more && !last) {
      co_await wait_for_more(*response.stream, beat, piece.bytes);
      if (piece.bytes.empty()) continue;
    }
    append_piece(piece.bytes, piece.end, chunked);
    set_deadline(limits_.write_timeout);
    open = co_await write_bytes(head_, {});
    head_.clear();
    beat = Steady::now() + limits_.heartbeat;
    if (last) break;
  }
  signal_->close();
  signal_.reset();
  co_await end_watch();
  response.stream.reset();
  set_phase(Phase::busy);
}

template asio::awaitable<void> HttpConnection<Socket>::write_stream(Response&, bool);
template asio::awaitable<void> HttpConnection<TlsStream>::write_stream(Response&, bool);

}  // namespace relais::api
