// From bytes to requests: the parser of Beast behind a door of our own, with the limits and the
// refusals that belong to them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "api/http/http.h"
#include "api/http/server.h"

namespace relais::api {

/// One connection's parser, message after message. One thread.
class RequestParser {
 public:
  explicit RequestParser(const Limits& limits);
  ~RequestParser();

  /// Begins the next message; views into the last one end.
  void reset();

  enum class State {
    need_more,
    head,     ///< the header is complete, a body follows
    done,     ///< the message is complete
    refused,  ///< refusal() says why; the connection has to end
  };
  /// Parses the header from the head of `bytes`, which are all that is unread. `used`: bytes that
  /// were taken; what is left is to be given again, with more behind it.
  State parse_head(std::string_view bytes, std::size_t& used);
  /// Parses on behind State::head.
  State parse_body(std::string_view bytes, std::size_t& used);

  /// The problem document that answers what is no request (400, 413, 414, 415, 417, 431, 501,
  /// 505).
  const Response& refusal() const { return refusal_; }

  /// Of chunk extensions and trailers, which mean nothing here and are read over, at most a
  /// header's size is kept while they are incomplete: for who gave so many bytes and gets
  /// need_more.
  State refuse_framing();

  // Of the message whose header is complete.
  bool keep_alive() const;
  bool http10() const;
  bool expects_continue() const;

  /// Puts the header into `request`, whose views hold until reset(). False, with a refusal, where
  /// the target has no form.
  bool fill(Request& request);
  /// The body, as far as it was read.
  std::string& body();

 private:
  struct Impl;
  State refuse(const Error& e, unsigned status);
  State refuse_target();
  State check_head();
  State check_codings();
  State check_fields();
  bool first_line_too_long(std::string_view bytes) const;

  const Limits& limits_;
  std::unique_ptr<Impl> impl_;
  bool in_first_line_ = true;
  std::size_t head_bytes_ = 0;  // of the present message's header, that were taken
  Response refusal_;
};

}  // namespace relais::api
