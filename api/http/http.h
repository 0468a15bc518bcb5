// Requests and responses as the handlers see them: plain values, without the server that carries
// them.
//
// Concurrency: a Request belongs to the thread that handles it and is valid until the handler has
// returned; what is needed later is moved or copied out of it. Respond may be called once, from any
// thread, then or later.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relais::api {

enum class Method { get, head, post, options, other };
/// "GET"; empty for `other`.
std::string_view to_string(Method m);

/// Who is at the other end of the connection.
struct Peer {
  bool local = false;               ///< came in by the unix socket
  std::string address;              ///< whose share it counts in; empty by the unix socket
  std::string certificate_subject;  ///< of the client's TLS certificate; empty without one
};

struct HeaderView {
  std::string_view name;
  std::string_view value;
};

struct Param {
  std::string name;
  std::string value;
};

struct Request {
  Method method = Method::get;
  std::string_view target;          ///< as it was sent
  std::vector<std::string> path;    ///< segments behind the first slash, percent-decoded
  std::vector<Param> query;         ///< in order, percent-decoded
  std::vector<HeaderView> headers;  ///< in order; names as they were sent
  std::string body;
  const Peer* peer = nullptr;  ///< never null while a request is handled

  /// First header of that name (ASCII case does not matter); empty when there is none.
  std::string_view header(std::string_view name) const;
  /// Value of a query parameter; nothing when it is absent.
  std::optional<std::string_view> param(std::string_view name) const;
};

/// A request that is kept longer than its handler runs: all that it points into is its own. It has
/// no body.
class OwnRequest {
 public:
  /// Takes path and query, so that views into their texts stay valid, and copies the rest.
  explicit OwnRequest(Request&& from);
  OwnRequest(const OwnRequest&) = delete;
  OwnRequest& operator=(const OwnRequest&) = delete;
  Request& request() { return request_; }

 private:
  Peer peer_;
  std::string text_;  // of the target and the headers
  Request request_;
};

/// A body that is sent piece by piece as it comes. All members but the `wake` it is given are used
/// by one thread at a time.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  /// Called once before the first pull(). `wake` may be called from any thread, and after the
  /// connection has gone: it asks for another pull().
  virtual void start(std::function<void()> wake) = 0;
  struct Piece {
    std::string bytes;
    bool more = false;    ///< pull again at once, when these bytes are sent
    bool end = false;     ///< these are the last
    bool broken = false;  ///< there should have been more: the body ends as one that was cut off
  };
  virtual Piece pull() = 0;
  /// Sent when nothing else was for a while, so that who has gone is noticed.
  virtual std::string heartbeat() = 0;
};

struct Response {
  unsigned status = 200;
  std::string_view content_type;                ///< of static storage; empty without a body
  std::string_view cache_control = "no-store";  ///< of static storage
  std::vector<std::pair<std::string_view, std::string>> headers;  ///< names of static storage
  std::string body;
  std::string_view constant;  ///< of static storage, in place of `body`: sent without a copy
  bool quiet = false;         ///< it says that nothing was found, as a 404 does
  /// In place of an answer: making it takes longer than an io thread is held for.
  bool for_worker = false;
  /// Sent no earlier: where the time that an answer takes would tell what it does not say.
  std::chrono::steady_clock::time_point not_before{};
  std::shared_ptr<BodyStream> stream;  ///< in place of `body`
  /// Where set, makes the real response on the connection's own thread: so that the thread that
  /// answers (the ledger's writer) need not format it.
  std::function<Response()> later;
};

using Respond = std::function<void(Response)>;
using RequestHandler = std::function<void(Request&, Respond)>;
/// Looks at a request whose body is still to come: what refuses it at once, so that nothing is read
/// for nothing. Empty: every body is read.
using BodyGate = std::function<std::optional<Response>(const Request&)>;

/// Reason phrase of a status (RFC 9110, section 15).
std::string_view reason_phrase(unsigned status);
/// Whether two header names or media types are the same but for ASCII case.
bool equals_ignoring_case(std::string_view a, std::string_view b);
/// The media type of a Content-Type value without its parameters and the white space around it.
std::string_view media_type(std::string_view content_type);

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kLines = "application/x-ndjson";
inline constexpr std::string_view kText = "text/plain; charset=utf-8";

}  // namespace relais::api
