// Accept-Encoding as RFC 9110 reads it, and that what is coded says the same.
#include "api/http/content_coding.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

namespace relais::tests {
namespace {

using api::Coding;
using api::Response;

TEST(ContentCoding, IsChosenByWeight) {
  const std::pair<std::string_view, Coding> asked[] = {
      {"", Coding::identity},
      {"zstd", Coding::zstd},
      {"gzip", Coding::gzip},
      {"x-gzip", Coding::gzip},
      {"GZIP", Coding::gzip},
      {"gzip, deflate, br, zstd", Coding::zstd},
      {"gzip;q=1.0, zstd;q=0.9", Coding::gzip},
      {"gzip ; q=0.2 , zstd ; q=0.21", Coding::zstd},
      {"deflate, br", Coding::identity},
      {"*", Coding::zstd},
      {"*, zstd;q=0", Coding::gzip},
      {"*;q=0", Coding::identity},
      {"zstd;q=0, gzip;q=0.000", Coding::identity},
      {"identity, gzip;q=0.5", Coding::identity},
      {"identity;q=0.5, gzip", Coding::gzip},
      {"identity;q=0", Coding::identity},
      {"zstd;q=1.5", Coding::identity},
      {"zstd;q=", Coding::identity},
      {"zstd;q=0.0001", Coding::identity},
      {"zstd;level=3", Coding::identity},
      {",,gzip,,", Coding::gzip},
      {"zstdgzip", Coding::identity},
  };
  for (const auto& [header, coding] : asked)
    EXPECT_EQ(api::choose_coding(header), coding) << header;
}

std::string from_gzip(std::string_view coded) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string in(coded);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

std::string from_zstd(std::string_view coded) {
  std::string out(1 << 20, '\0');
  const std::size_t size = ZSTD_decompress(out.data(), out.size(), coded.data(), coded.size());
  EXPECT_EQ(ZSTD_isError(size), 0U);
  out.resize(size);
  return out;
}

std::string_view header(const Response& response, std::string_view wanted) {
  for (const auto& [name, value] : response.headers)
    if (name == wanted) return value;
  return {};
}

Response page(std::size_t items) {
  Response response;
  response.content_type = api::kJson;
  response.body = "{\"items\":[";
  for (std::size_t i = 0; i < items; ++i)
    response.body.append("{\"territory\":\"69387\",\"n\":").append(std::to_string(i)).append("},");
  response.body.append("{}]}");
  response.headers.emplace_back("etag", "\"abc\"");
  return response;
}

TEST(ContentCoding, SaysTheSameInLess) {
  const Response plain = page(500);
  for (const std::string_view name : {"gzip", "zstd"}) {
    Response coded = plain;
    api::encode_body(coded, name);
    EXPECT_EQ(header(coded, "content-encoding"), name);
    EXPECT_EQ(header(coded, "vary"), "accept-encoding");
    EXPECT_EQ(header(coded, "etag"), "W/\"abc\"");
    EXPECT_LT(coded.body.size(), plain.body.size() / 5);
    EXPECT_EQ(name == "gzip" ? from_gzip(coded.body) : from_zstd(coded.body), plain.body);
  }
}

/// A cache must know even so that another header would have another answer.
TEST(ContentCoding, LeavesWhatIsNotAskedForAsItIs) {
  const Response plain = page(500);
  Response response = plain;
  api::encode_body(response, "br");
  EXPECT_EQ(response.body, plain.body);
  EXPECT_EQ(header(response, "content-encoding"), "");
  EXPECT_EQ(header(response, "etag"), "\"abc\"");
  EXPECT_EQ(header(response, "vary"), "accept-encoding");
}

TEST(ContentCoding, LeavesWhatIsShortOrNoText) {
  Response small = page(3);
  Response tile = page(500);
  tile.content_type = "application/octet-stream";
  Response nothing;
  for (Response* response : {&small, &tile, &nothing}) {
    const std::string body = response->body;
    api::encode_body(*response, "zstd, gzip");
    EXPECT_EQ(response->body, body);
    EXPECT_EQ(header(*response, "content-encoding"), "");
    EXPECT_EQ(header(*response, "vary"), "");
  }
}

}  // namespace
}  // namespace relais::tests
