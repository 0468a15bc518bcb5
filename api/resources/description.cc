// GET /openapi.json: what is served, for everybody.
#include "api/context.h"
#include "api/http/content_coding.h"
#include "api/openapi.h"
#include "api/resources/paging.h"
#include "ledger/crypto/sha256.h"

namespace relais::api {
namespace {

/// It is as long as so many tiles of the log, and its address pays as much.
constexpr double kRequests = 40;

Result<Response> description(const Context& context, Call& call) {
  static const std::string kContent(relais::view(crypto::sha256(openapi_document())));
  Response response;
  response.content_type = kJson;
  response.cache_control = "public, max-age=3600";
  tag_by_content(response, call.request, kContent);
  if (response.status == 304) return response;
  const std::string& address = call.request.peer->address;
  if (!address.empty()) context.accounts->of_strangers.charge(address, kRequests - 1);
  // Once for all: it is long, and asked for without a token.
  static const CodedBody kDocument{std::string(openapi_document())};
  kDocument.give(response, call.request.header("accept-encoding"));
  return response;
}

}  // namespace

void add_description_routes(Router& router, Context& context) {
  router.add(Route::get("/openapi.json").answers([&context](Call& call) {
    return description(context, call);
  }));
}

}  // namespace relais::api
