#include "ledger/base/id.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace relais {
namespace {

constexpr const char* kText = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f";

TEST(Uuid, ReadsItsText) {
  const auto id = parse_uuid(kText);
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->high, 0x017f22e279b07cc3u);
  EXPECT_EQ(id->low, 0x98c4dc0c0c07398fu);
  EXPECT_EQ(to_string(*id), kText);
}

TEST(Uuid, IsReadInEitherCaseAndWrittenInLower) {
  const auto id = parse_uuid("017F22E2-79b0-7CC3-98C4-DC0C0C07398F");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(to_string(*id), kText);
}

TEST(Uuid, RefusesWhatIsNone) {
  for (const char* text :
       {"", "017f22e279b07cc398c4dc0c0c07398f", "{017f22e2-79b0-7cc3-98c4-dc0c0c07398f}",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
        "017f22e27-9b0-7cc3-98c4-dc0c0c07398f", "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e2-79b0-7cc3-98c4-dc0c-c07398f", "urn:uuid:017f22e2-79b0-7cc3-98c4-dc0c0c07398f"})
    EXPECT_FALSE(parse_uuid(text).has_value()) << text;
}

RC_GTEST_PROP(Uuid, RoundTrips, (std::uint64_t high, std::uint64_t low)) {
  const Uuid id{high, low};
  RC_ASSERT(parse_uuid(to_string(id)) == id);
  std::string bytes;
  append_uuid(bytes, id);
  RC_ASSERT(bytes.size() == 16u);
  RC_ASSERT(load_uuid(bytes) == id);
}

RC_GTEST_PROP(Uuid, TextAndBytesSortAsTheValue,
              (std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d)) {
  const Uuid x{a, b};
  const Uuid y{*rc::gen::element(a, c), d};
  std::string x_bytes;
  std::string y_bytes;
  append_uuid(x_bytes, x);
  append_uuid(y_bytes, y);
  RC_ASSERT((x < y) == (to_string(x) < to_string(y)));
  RC_ASSERT((x < y) == (x_bytes < y_bytes));
}

RC_GTEST_PROP(Bytes, BigEndianRoundTripAndOrder, (std::uint32_t a, std::uint32_t b)) {
  std::string x;
  std::string y;
  append_be(x, a);
  append_be(y, b);
  RC_ASSERT(x.size() == 4u);
  RC_ASSERT(load_be<std::uint32_t>(x) == a);
  RC_ASSERT((a < b) == (x < y));
}

TEST(Bytes, HexAndBigEndianOfKnownBytes) {
  std::string bytes;
  append_be(bytes, std::uint64_t{0x0123456789abcdef});
  append_be(bytes, std::uint16_t{0xff00});
  EXPECT_EQ(to_hex(bytes), "0123456789abcdefff00");
  EXPECT_EQ(to_hex(""), "");
}

}  // namespace
}  // namespace relais
