// Whatever arrives is refused with an error or becomes a typed event that can be stored and read
// back. The input is taken as JSON, as a statement, and as what stands behind a good header:
// payload, and after the first line feed the disclosures in plain JSON, one a line; and as a sealed
// disclosure.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/check.h"
#include "ledger/base/json.h"
#include "ledger/crypto/base64.h"
#include "ledger/statement/sd_jwt.h"
#include "ledger/statement/sealed.h"
#include "ledger/statement/statement.h"

namespace {

using namespace relais;

void try_json(std::string_view text) {
  const auto value = json::parse(text);
  if (!value) return;
  // Not compared: Boost.JSON 1.81 may be off in the last bit of a double. No member of a statement
  // is one.
  check(json::parse(json::serialize(*value)).has_value(),
        "JSON that is read can be written and read");
}

void try_statement(std::string_view text) {
  const auto s = statement::parse_statement(text);
  if (!s) {
    check(!s.error().rule.empty(), "a refusal names its rule");
    return;
  }
  const std::string bytes = statement::encode_event(*s);
  statement::EventView view;
  check(view.load(bytes), "a typed event reads back");
  check(statement::stream_of(view.get()) == s->stream, "a typed event is of its stream");
  check(!json::serialize(statement::payload_json(view.get())).empty(), "a payload has a text");
  check(statement::to_cloud_event(s->jwt, s->disclosures).has_value(), "a statement can be shown");
  const auto alone = statement::parse_statement(s->jwt);
  check(alone.has_value() && statement::encode_event(*alone) == bytes,
        "the typed event is that of the signed payload alone");
}

void try_sealed(std::string_view text) {
  const auto sealed = statement::parse_sealed(text);
  if (!sealed) {
    check(!sealed.error().rule.empty(), "a refusal names its rule");
    return;
  }
  const auto again = statement::parse_sealed(sealed->text);
  check(again.has_value() && again->text == sealed->text && again->digest == sealed->digest,
        "a sealed disclosure reads back as it is stored");
}

std::string behind_a_good_header(std::string_view text) {
  static const std::string header = crypto::base64url_encode(
      R"({"alg":"EdDSA","typ":"cloudevents+sd-jwt","kid":")" + std::string(43, 'A') + R"("})");
  std::vector<std::string> disclosures;
  const std::string_view payload = text.substr(0, text.find('\n'));
  while (text.find('\n') != std::string_view::npos) {
    text.remove_prefix(text.find('\n') + 1);
    const std::string_view line = text.substr(0, text.find('\n'));
    if (!line.empty()) disclosures.push_back(crypto::base64url_encode(line));
  }
  const std::string jwt =
      header + "." + crypto::base64url_encode(payload) + "." + std::string(86, 'A');
  return statement::join_sd_jwt(jwt, disclosures);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_json(text);
  try_statement(text);
  try_statement(behind_a_good_header(text));
  try_sealed(text);
  return 0;
}
