// Answers that are made smaller on their way (RFC 9110, section 8.4): zstd (RFC 8878), gzip
// (RFC 1952).
//
// Concurrency: free functions, for any thread.
#pragma once

#include <string>
#include <string_view>

#include "api/http/http.h"

namespace relais::api {

enum class Coding { identity, gzip, zstd };

/// What an Accept-Encoding asks for (RFC 9110, section 12.5.3): what it gives the most weight to,
/// and of equals zstd, gzip, identity in this order. Identity for an empty one, and where it takes
/// neither of them: an answer in full is better than none.
Coding choose_coding(std::string_view accept_encoding);

/// Whether answers of this media type come coded: JSON and text.
bool is_coded(std::string_view content_type);

/// Codes the body of a 200 in JSON or text of more than a packet, if it becomes smaller by it.
/// An entity tag becomes a weak one, as it stands for one content in several codings (section
/// 8.8.1); Vary tells caches why.
void encode_body(Response& response, std::string_view accept_encoding);

/// A body that never changes, in each coding, made once.
class CodedBody {
 public:
  explicit CodedBody(const std::string& body);
  /// As encode_body() would; `response` has its type, and no body.
  void give(Response& response, std::string_view accept_encoding) const;

 private:
  std::string plain_;
  std::string gzip_;
  std::string zstd_;
};

}  // namespace relais::api
