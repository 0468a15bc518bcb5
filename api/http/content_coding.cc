#include "api/http/content_coding.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string>

namespace relais::api {
namespace {

constexpr std::size_t kWorthIt = 1'400;  // bytes: what is below is a packet either way
constexpr int kZstdLevel = 3;
constexpr int kGzipLevel = 5;
constexpr int kGzipWindow = 15 + 16;  // 32 KiB, and the gzip wrapper
constexpr int kGzipMemory = 8;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Takes what stands before the separator, and both from the text.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t end = std::min(text.find(separator), text.size());
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trimmed(piece);
}

/// Thousandths of a weight "q=0.5"; nothing where it is not one (RFC 9110, section 12.4.2).
std::optional<int> parse_weight(std::string_view text) {
  if (text.size() < 3 || (text[0] != 'q' && text[0] != 'Q') || text[1] != '=') return std::nullopt;
  text.remove_prefix(2);
  if (text.size() > 5 || (text.size() > 1 && text[1] != '.')) return std::nullopt;
  std::string digits(1, text[0]);
  if (text.size() > 1) digits.append(text.substr(2));
  digits.resize(4, '0');
  int weight = 0;
  const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), weight);
  if (ec != std::errc() || end != digits.data() + digits.size() || weight > 1'000)
    return std::nullopt;
  return weight;
}

std::optional<std::string> to_zstd(std::string_view body) {
  struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };
  const std::unique_ptr<ZSTD_CCtx, Free> context(ZSTD_createCCtx());
  if (!context) return std::nullopt;
  std::string out(ZSTD_compressBound(body.size()), '\0');
  const std::size_t size = ZSTD_compressCCtx(context.get(), out.data(), out.size(), body.data(),
                                             body.size(), kZstdLevel);
  if (ZSTD_isError(size) != 0) return std::nullopt;
  out.resize(size);
  return out;
}

std::optional<std::string> to_gzip(std::string_view body) {
  z_stream stream{};
  if (deflateInit2(&stream, kGzipLevel, Z_DEFLATED, kGzipWindow, kGzipMemory, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    return std::nullopt;
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, deflateEnd);
  std::string out(deflateBound(&stream, body.size()), '\0');
  std::string in(body);  // zlib takes no const
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  if (deflate(&stream, Z_FINISH) != Z_STREAM_END) return std::nullopt;
  out.resize(stream.total_out);
  return out;
}

bool can_be_coded(const Response& response) {
  return is_coded(response.content_type) && response.status == 200 && !response.stream &&
         response.body.size() > kWorthIt;
}

}  // namespace

Coding choose_coding(std::string_view accept_encoding) {
  constexpr int kFull = 1'000;
  std::optional<int> zstd;
  std::optional<int> gzip;
  std::optional<int> identity;
  std::optional<int> others;
  while (!accept_encoding.empty()) {
    std::string_view item = take_until(accept_encoding, ',');
    const std::string_view name = take_until(item, ';');
    const int weight = trimmed(item).empty() ? kFull : parse_weight(trimmed(item)).value_or(0);
    if (equals_ignoring_case(name, "zstd")) zstd = weight;
    if (equals_ignoring_case(name, "gzip") || equals_ignoring_case(name, "x-gzip")) gzip = weight;
    if (equals_ignoring_case(name, "identity")) identity = weight;
    if (name == "*") others = weight;
  }
  const int of_zstd = zstd.value_or(others.value_or(0));
  const int of_gzip = gzip.value_or(others.value_or(0));
  // Not named, identity is taken, and wished for less than what is.
  const int of_identity = identity.value_or(0);
  if (of_zstd > 0 && of_zstd >= std::max(of_gzip, of_identity)) return Coding::zstd;
  if (of_gzip > 0 && of_gzip >= of_identity) return Coding::gzip;
  return Coding::identity;
}

bool is_coded(std::string_view content_type) {
  return content_type.starts_with("text/") || (content_type.starts_with("application/") &&
                                               content_type.find("json") != content_type.npos);
}

namespace {

/// What the coded answer says of itself.
void mark(Response& response, Coding coding) {
  response.headers.emplace_back("content-encoding", coding == Coding::zstd ? "zstd" : "gzip");
  for (auto& [name, value] : response.headers)
    if (name == "etag" && !value.starts_with("W/")) value.insert(0, "W/");
}

}  // namespace

void encode_body(Response& response, std::string_view accept_encoding) {
  if (!can_be_coded(response)) return;
  response.headers.emplace_back("vary", "accept-encoding");
  const Coding coding = choose_coding(accept_encoding);
  if (coding == Coding::identity) return;
  auto coded = coding == Coding::zstd ? to_zstd(response.body) : to_gzip(response.body);
  if (!coded || coded->size() >= response.body.size()) return;
  response.body = std::move(*coded);
  mark(response, coding);
}

CodedBody::CodedBody(const std::string& body)
    : plain_(body), gzip_(to_gzip(body).value_or("")), zstd_(to_zstd(body).value_or("")) {}

void CodedBody::give(Response& response, std::string_view accept_encoding) const {
  const Coding coding = choose_coding(accept_encoding);
  const std::string& coded = coding == Coding::zstd ? zstd_ : gzip_;
  response.headers.emplace_back("vary", "accept-encoding");
  const bool plain = coding == Coding::identity || coded.empty();
  response.constant = plain ? plain_ : coded;
  if (!plain) mark(response, coding);
}

}  // namespace relais::api
