// What is served: one row an endpoint. The router takes its routes from here, requests are checked
// by it, and docs/openapi.json is made of it, so that none of them knows what the others do not.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/contract/form.h"
#include "api/http/http.h"
#include "api/reading/matrix.h"
#include "projections/json/shape.h"

namespace relais::api {

enum class Access {
  reader,     ///< a valid token
  open,       ///< anyone
  local,      ///< the unix socket only; elsewhere the route does not exist
  operation,  ///< the unix socket, or the operator's own token; elsewhere the route does not exist
};

/// What the answers of a route give. Each route says it, so that none is forgotten.
enum class Gives {
  undecided,
  case_data,        ///< of cases: an answer that gave any leaves when its trace is kept
  no_case_data,     ///< nothing that a trace is kept of
  stream_of_cases,  ///< the same piece by piece; the stream keeps the traces itself
};

/// A segment that the path captures, or a header of the request that the answer depends on.
struct Given {
  std::string_view name = {};
  json::object schema = {};
  std::string_view meaning = {};
};

/// A body in one form: of JSON the name of its shape, of anything else an example.
struct Body {
  std::string_view media_type = {};
  std::string_view shape = {};
  std::string_view example = {};
};

/// An answer that is no problem document.
struct Reply {
  unsigned status = 200;
  std::vector<Body> bodies = {};               ///< one of them; none: no body
  std::string_view meaning = {};               ///< a sentence
  std::vector<std::string_view> headers = {};  ///< that stand there beside those of every answer
  /// Cache-Control: one of these.
  std::vector<std::string_view> cache = {"no-store"};
};

struct Endpoint {
  Method method = Method::get;
  std::string_view pattern = {};  ///< "/v1/cases/{id}"; a last segment "{*}": one or more
  std::string_view id = {};       ///< "getCase": what generated clients call it
  std::string_view tag = {};      ///< its chapter in the document
  std::string_view summary = {};  ///< a few words
  std::string_view description = {};
  Access access = Access::reader;
  bool hears_token = false;                ///< of an open one: a token may come, and counts
  std::vector<Kind> kinds = {};            ///< what the reading matrix judges of what it gives
  std::vector<Given> segments = {};        ///< what the pattern captures, in its order
  std::vector<Parameter> parameters = {};  ///< of the query; all others are refused
  std::vector<Given> headers = {};
  std::vector<Body> takes = {};  ///< forms of its body; none: it takes no body
  std::vector<Reply> replies = {};
  /// Statuses of problem documents, beside those that any endpoint of its access answers with.
  std::vector<unsigned> refusals = {};
  Gives gives = Gives::undecided;
  /// Many records are looked at for an answer, or for one to a request with the parameter
  /// `many_with`: an io thread must not be held as long. For readers only, who take turns.
  bool looks_at_many = false;
  std::string_view many_with = {};

  bool is_heavy(const Request& request) const {
    return looks_at_many || (!many_with.empty() && request.param(many_with));
  }
};

/// All of them, in the order of the document.
std::span<const Endpoint> endpoints();
/// The one of this method and pattern; ends the process where there is none.
const Endpoint& endpoint(Method method, std::string_view pattern);

/// Items that a page of a list has at most.
std::size_t largest_page();

/// Whether a body of this type is taken. Rule "media-type".
Status check_media_type(const Endpoint& e, const Request& request);

}  // namespace relais::api
