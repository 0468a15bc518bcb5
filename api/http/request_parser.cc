#include "api/http/request_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <string>
#include <utility>
#include <vector>

#include "api/http/problem.h"
#include "api/http/target.h"

namespace relais::api {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using ErrorCode = boost::system::error_code;

std::string_view view_of(beast::string_view text) {
  return {text.data(), text.size()};
}

Method method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return Method::get;
    case http::verb::head:
      return Method::head;
    case http::verb::post:
      return Method::post;
    case http::verb::options:
      return Method::options;
    default:
      return Method::other;
  }
}

}  // namespace

/// A string that grows as bytes come: what a header announces takes no memory (Beast's own
/// string_body reserves all of it).
struct GrowingBody {
  using value_type = std::string;
  class reader {
   public:
    template <bool kRequest, class Fields>
    reader(http::header<kRequest, Fields>&, value_type& body) : body_(body) {}
    void init(const boost::optional<std::uint64_t>&, ErrorCode& ec) { ec = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, ErrorCode& ec) {
      ec = {};
      std::size_t taken = 0;
      for (const auto& piece : beast::buffers_range_ref(buffers)) {
        body_.append(static_cast<const char*>(piece.data()), piece.size());
        taken += piece.size();
      }
      return taken;
    }
    void finish(ErrorCode& ec) { ec = {}; }

   private:
    value_type& body_;
  };
};

/// Fields of which a second one would make another request to who reads the last: what is no list
/// stands once (RFC 9110, section 5.3).
constexpr std::string_view kOnce[] = {"host",          "content-type",  "authorization",
                                      "if-match",      "if-none-match", "expect",
                                      "last-event-id", "content-length"};

/// Bare line feeds and other controls in a chunk's extension end its line for who reads less
/// strictly (RFC 9112, section 7.1.1: a quoted string holds none).
struct ExtensionCheck {
  void operator()(std::uint64_t, beast::string_view extension, ErrorCode& ec) const {
    for (const char c : extension)
      if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f)
        ec = http::error::bad_chunk_extension;
  }
};

struct RequestParser::Impl {
  ExtensionCheck extensions;
  std::optional<http::request_parser<GrowingBody>> parser;
  // The header as it stood before the body. Trailers are no part of it (RFC 9110, section 6.5.1),
  // and the parser would put them there.
  bool head_checked = false;
  std::vector<HeaderView> headers;
  bool keep_alive = false;
  bool expects_continue = false;
};

RequestParser::RequestParser(const Limits& limits)
    : limits_(limits), impl_(std::make_unique<Impl>()) {
  reset();
}

RequestParser::~RequestParser() = default;

void RequestParser::reset() {
  impl_->headers.clear();
  impl_->head_checked = false;
  auto& parser = impl_->parser.emplace();
  parser.header_limit(limits_.max_header_bytes);
  parser.body_limit(limits_.max_body_bytes);
  parser.eager(false);
  parser.on_chunk_header(impl_->extensions);
  in_first_line_ = true;
  head_bytes_ = 0;
}

RequestParser::State RequestParser::refuse(const Error& e, unsigned status) {
  refusal_ = problem(e, status);
  return State::refused;
}

RequestParser::State RequestParser::refuse_target() {
  return refuse(error(Errc::too_large, "target-too-long", "the target is too long")
                    .accepts(std::to_string(limits_.max_target_bytes) + " bytes"),
                414);
}

bool RequestParser::first_line_too_long(std::string_view bytes) const {
  const std::size_t most = limits_.max_target_bytes + 32;  // method and version beside the target
  return in_first_line_ && bytes.size() > most &&
         bytes.substr(0, most).find('\n') == std::string_view::npos;
}

RequestParser::State RequestParser::parse_head(std::string_view bytes, std::size_t& used) {
  used = 0;
  if (bytes.empty()) return State::need_more;
  ErrorCode ec;
  used = impl_->parser->put(boost::asio::buffer(bytes.data(), bytes.size()), ec);
  in_first_line_ = in_first_line_ && used == 0;
  if (!impl_->head_checked) head_bytes_ += used;
  // Beast's limit is of what it is given at once, and lines that came before are not in it.
  const bool header_limit =
      ec == http::error::header_limit || head_bytes_ > limits_.max_header_bytes;
  if ((header_limit || ec == http::error::need_more) && first_line_too_long(bytes))
    return refuse_target();
  if (header_limit)
    return refuse(error(Errc::too_large, "header-too-large", "the header is too large")
                      .accepts(std::to_string(limits_.max_header_bytes) + " bytes"),
                  431);
  if (ec == http::error::body_limit)
    return refuse(error(Errc::too_large, "body-too-large", "the body is too large")
                      .accepts(std::to_string(limits_.max_body_bytes) + " bytes"),
                  413);
  if (ec == http::error::bad_version)
    return refuse(error(Errc::malformed, "http-version", "the version is not spoken here")
                      .accepts("HTTP/1.1, HTTP/1.0"),
                  505);
  if (ec && ec != http::error::need_more)
    return refuse(error(Errc::malformed, "http-form", "not an HTTP request: " + ec.message())
                      .from("RFC 9112"),
                  400);
  if (!impl_->parser->is_header_done()) return State::need_more;
  if (!std::exchange(impl_->head_checked, true))
    if (const State state = check_head(); state == State::refused) return state;
  return impl_->parser->is_done() ? State::done : State::head;
}

RequestParser::State RequestParser::parse_body(std::string_view bytes, std::size_t& used) {
  impl_->parser->eager(true);
  const State state = parse_head(bytes, used);
  return state == State::head ? State::need_more : state;
}

/// What changes how the body is to be read must be understood, or the request is refused: read
/// otherwise than it was meant, it would be another (RFC 9112, section 6; RFC 9110, section 8.4).
RequestParser::State RequestParser::check_codings() {
  const auto& message = impl_->parser->get();
  std::string transfer;
  bool coded = false;
  for (auto [at, end] = message.equal_range(http::field::transfer_encoding); at != end; ++at) {
    transfer.append(coded ? "," : "").append(at->value());
    coded = true;
  }
  if (coded) {
    if (message.version() < 11 || message.count(http::field::content_length) != 0)
      return refuse(error(Errc::malformed, "framing", "the length of the body is said twice")
                        .at("transfer-encoding")
                        .accepts("Content-Length, or Transfer-Encoding: chunked in HTTP/1.1")
                        .from("RFC 9112, section 6.1"),
                    400);
    if (!equals_ignoring_case(transfer, "chunked")) {
      const std::string_view all = transfer;
      const bool ends_chunked = equals_ignoring_case(
          media_type(all.substr(all.rfind(',') == std::string::npos ? 0 : all.rfind(',') + 1)),
          "chunked");
      return refuse(error(Errc::unsupported, "transfer-coding", "the coding is not spoken here")
                        .at("transfer-encoding")
                        .accepts("chunked")
                        .from("RFC 9112, sections 6.1 and 6.3"),
                    ends_chunked ? 501 : 400);
    }
  }
  for (auto [at, end] = message.equal_range(http::field::content_encoding); at != end; ++at) {
    if (equals_ignoring_case(view_of(at->value()), "identity")) continue;
    refuse(error(Errc::unsupported, "content-coding", "bodies are taken as they are")
               .at("content-encoding")
               .accepts("identity, or no Content-Encoding")
               .from("RFC 9110, sections 8.4 and 12.5.3"),
           415);
    refusal_.headers.emplace_back("accept-encoding", "identity");
    return State::refused;
  }
  return State::head;
}

/// That there is one host, and that it is one; and one of what else stands once.
RequestParser::State RequestParser::check_fields() {
  const auto& message = impl_->parser->get();
  for (const std::string_view name : kOnce)
    if (message.count(beast::string_view(name.data(), name.size())) > 1)
      return refuse(error(Errc::malformed, "header-repeated", "the header stands twice")
                        .at(std::string(name))
                        .accepts("one of it")
                        .from("RFC 9110, section 5.3"),
                    400);
  const bool host = message.count(http::field::host) == 1;
  if ((message.version() == 11 && !host) ||
      (host && !is_authority(view_of(message[http::field::host]))))
    return refuse(error(Errc::malformed, "host-form", "a request names one host")
                      .at("host")
                      .accepts("a host, with a port or without")
                      .from("RFC 9112, section 3.2"),
                  400);
  return State::head;
}

RequestParser::State RequestParser::check_head() {
  const auto& message = impl_->parser->get();
  if (message.target().size() > limits_.max_target_bytes) return refuse_target();
  if (message.method() == http::verb::unknown || message.method() == http::verb::connect)
    return refuse(error(Errc::unsupported, "method-unknown", "the method is not spoken here")
                      .accepts("GET, HEAD, POST, OPTIONS")
                      .from("RFC 9110, section 9.1"),
                  501);
  if (check_fields() == State::refused || check_codings() == State::refused) return State::refused;
  const std::string_view expect = view_of(message[http::field::expect]);
  if (!expect.empty() && !equals_ignoring_case(expect, "100-continue"))
    return refuse(error(Errc::malformed, "expectation", "the expectation cannot be met")
                      .at("expect")
                      .accepts("100-continue"),
                  417);
  impl_->keep_alive = message.keep_alive();
  impl_->expects_continue = !http10() && !expect.empty();
  for (const auto& field : message)
    impl_->headers.push_back({view_of(field.name_string()), view_of(field.value())});
  return State::head;
}

RequestParser::State RequestParser::refuse_framing() {
  return refuse(
      error(Errc::too_large, "chunk-framing", "a chunk's extensions, or the trailers, are too long")
          .accepts(std::to_string(limits_.max_header_bytes) + " bytes")
          .from("RFC 9112, section 7.1.1"),
      400);
}

bool RequestParser::keep_alive() const {
  return impl_->keep_alive;
}

bool RequestParser::http10() const {
  return impl_->parser->get().version() == 10;
}

bool RequestParser::expects_continue() const {
  return impl_->expects_continue;
}

bool RequestParser::fill(Request& request) {
  auto& message = impl_->parser->get();
  request.method = method_of(message.method());
  request.target = view_of(message.target());
  auto target = parse_target(request.target);
  if (!target) {
    refuse(target.error(), 400);
    return false;
  }
  request.path = std::move(target->path);
  request.query = std::move(target->query);
  if (request.path.empty() && request.method != Method::options) {
    refuse(error(Errc::malformed, "target-form", "the target * is for OPTIONS")
               .from("RFC 9112, section 3.2.4"),
           400);
    return false;
  }
  request.headers = impl_->headers;
  request.body.clear();
  return true;
}

std::string& RequestParser::body() {
  return impl_->parser->get().body();
}

}  // namespace relais::api
