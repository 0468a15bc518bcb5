// What comes over a socket before anybody is known: requests, their targets, tokens.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/request_parser.h"
#include "api/http/target.h"
#include "api/reading/auth.h"
#include "ledger/base/check.h"
#include "ledger/base/utf8.h"
#include "ledger/crypto/jwk.h"
#include "ledger/crypto/jws.h"
#include "ledger/crypto/sha256.h"
#include "tests/fuzz/target.h"

namespace relais::fuzz {
namespace {

using api::RequestParser;
using State = RequestParser::State;

/// What a connection makes of the bytes that come: whole requests.
using Heard = std::vector<std::string>;

/// As HttpConnection reads (api/http/connection.cc), with bytes that come in pieces of the sizes
/// that `next_size` gives.
class Listener {
 public:
  Listener(std::string_view input, const api::Limits& limits) : rest_(input), limits_(limits) {}

  template <class NextSize>
  Heard listen(const NextSize& next_size) {
    Heard heard;
    RequestParser parser(limits_);
    for (;;) {
      parser.reset();
      api::Request request;
      State state = read(parser, next_size, false);
      if (state != State::refused && state != State::need_more && !parser.fill(request))
        state = State::refused;
      if (state == State::head) state = read(parser, next_size, true);
      if (state == State::refused) check(parser.refusal().status >= 400, "a refusal has a status");
      if (state != State::done) return heard;
      check(parser.body().size() <= limits_.max_body_bytes, "a body has its limit");
      heard.push_back(text_of(request, parser));
      if (!parser.keep_alive()) return heard;
    }
  }

 private:
  template <class NextSize>
  State read(RequestParser& parser, const NextSize& next_size, bool body) {
    for (;;) {
      if (body || !unread_.empty()) {
        std::size_t used = 0;
        const State state =
            body ? parser.parse_body(unread_, used) : parser.parse_head(unread_, used);
        check(used <= unread_.size(), "no more is taken than there is");
        unread_.erase(0, used);
        if (state != State::need_more) return state;
        if (body && unread_.size() > limits_.max_header_bytes) return parser.refuse_framing();
      }
      if (rest_.empty()) return State::need_more;
      const std::size_t size = std::clamp<std::size_t>(next_size(), 1, rest_.size());
      unread_.append(rest_.substr(0, size));
      rest_.remove_prefix(size);
    }
  }

  static std::string text_of(const api::Request& request, RequestParser& parser) {
    std::string text(api::to_string(request.method));
    text.append(" ").append(request.target);
    for (const auto& segment : request.path) text.append("\n/").append(segment);
    for (const auto& p : request.query) text.append("\n?").append(p.name + "=" + p.value);
    for (const auto& h : request.headers)
      text.append("\n").append(h.name).append(": ").append(h.value);
    text.append(parser.http10() ? "\n1.0" : "\n1.1");
    text.append(parser.keep_alive() ? " stays" : " goes");
    return text.append("\n\n").append(parser.body());
  }

  std::string_view rest_;
  std::string unread_;
  const api::Limits& limits_;
};

/// The first four bytes say in which pieces the others come. However that is, the same is heard;
/// only whether what has no end yet is refused already, or waited for, may differ.
void request(std::string_view input) {
  std::uint32_t seed = 1;
  for (const char c : input.substr(0, 4)) seed = seed * 31 + static_cast<unsigned char>(c);
  input.remove_prefix(std::min<std::size_t>(4, input.size()));
  const auto dice = [&seed] {
    seed = seed * 1'664'525 + 1'013'904'223;
    const std::uint32_t size = seed >> 24;
    return std::size_t{size < 128 ? size % 4 + 1 : size};
  };
  // Which limit is met first depends on what comes at once.
  api::Limits wide;
  if (input.size() < wide.max_target_bytes) {
    const Heard whole = Listener(input, wide).listen([] { return std::size_t{1} << 20; });
    const Heard pieces = Listener(input, wide).listen(dice);
    check(whole == pieces, "a request is the same in whatever pieces it comes");
  }
  api::Limits narrow;
  narrow.max_header_bytes = 256;
  narrow.max_target_bytes = 64;
  narrow.max_body_bytes = 32;
  for (const auto& text : Listener(input, narrow).listen(dice))
    check(text.size() < 4'096, "what is narrow stays so");
}

void target(std::string_view text) {
  const auto parsed = api::parse_target(text);
  if (!parsed) return check(!parsed.error().rule.empty(), "a refusal names its rule");
  if (parsed->path.empty()) return check(text == "*", "only * is no path");
  std::string again;
  for (const std::string& segment : parsed->path) {
    check(api::is_utf8(segment), "a segment is UTF-8");
    again.append("/").append(api::percent_encode(segment));
  }
  char before = '?';
  for (const api::Param& p : parsed->query) {
    again.push_back(before);
    again.append(api::percent_encode(p.name)).append("=").append(api::percent_encode(p.value));
    before = '&';
  }
  const auto same = api::parse_target(again);
  check(same.has_value() && same->path == parsed->path, "a path reads back");
  check(std::ranges::equal(same->query, parsed->query,
                           [](const api::Param& a, const api::Param& b) {
                             return a.name == b.name && a.value == b.value;
                           }),
        "a query reads back");
  const bool authority = api::is_authority(text);
  check(!authority || text.find_first_of("/?# ") == text.npos, "a host has no path");
}

constexpr Timestamp kNow{1'772'438'400'000};
constexpr std::string_view kOrigin = "relais.example/rhone";
constexpr std::string_view kSource = "urn:relais:rhone:ml1";

const crypto::SigningKey& reader_key() {
  static const auto key = crypto::SigningKey::from_seed(crypto::sha256("ml1"));
  return key;
}

rules::Registry readers() {
  rules::Registry registry;
  rules::Signatory signatory;
  signatory.slug = "ml1";
  signatory.source = kSource;
  const SignatoryId id = registry.add(std::move(signatory)).id;
  rules::Key key;
  key.key = reader_key().public_key();
  key.kid = crypto::thumbprint(key.key);
  key.owner = id;
  key.valid_from = Timestamp{0};
  registry.add_key(std::move(key));
  return registry;
}

void check_reader(const Result<api::Reader>& reader) {
  if (!reader) return check(reader.error().code == Errc::unauthenticated, "no token, no reader");
  const api::Token& token = *reader->token;
  const std::int64_t now = kNow.value / 1000;
  check(token.issuer == kSource && token.kid == crypto::thumbprint(reader_key().public_key()),
        "a token is its issuer's");
  check(token.expires_at > now &&
            token.expires_at <= now + api::kMaxTokenSeconds + api::kMaxTokenAheadSeconds,
        "a token is short");
  check(
      !token.id.empty() && !token.purpose.empty() && token.purpose.size() <= api::kMaxPurposeBytes,
      "a token says what for");
}

/// As it comes; and as the claims of a token that is signed.
void token(std::string_view text) {
  static const rules::Registry registry = readers();
  api::Authenticator fresh{std::string(kOrigin)};
  const auto hear = [&fresh](const std::string& authorization) {
    auto reader = fresh.authenticate(authorization, registry, kNow, Timestamp{0});
    check_reader(reader);
    const auto again = fresh.authenticate(authorization, registry, kNow, Timestamp{0});
    check(again.has_value() == reader.has_value(), "a token that was seen is judged the same");
    const auto late =
        fresh.authenticate(authorization, registry, Timestamp{kNow.value + 361'000}, Timestamp{0});
    check(!late, "a token ends");
  };
  hear(std::string(text));
  hear("Bearer " + std::string(text));
  hear("Bearer " + crypto::sign_jws(reader_key(), api::kAccessTyp, text));
}

}  // namespace

std::span<const Target> http_targets() {
  static constexpr Target kTargets[] = {{"request", request}, {"target", target}, {"token", token}};
  return kTargets;
}

}  // namespace relais::fuzz
