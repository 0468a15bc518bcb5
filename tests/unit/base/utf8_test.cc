#include "ledger/base/utf8.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ledger/base/json.h"

namespace relais {
namespace {

TEST(Printable, LeavesWhatIsPlain) {
  for (const char* text : {"", "a b", "été à Villeurbanne", "日本", "😀", "a\\u{1b}b", "\xc2\xa0"})
    EXPECT_EQ(printable(text), text);
}

TEST(Printable, WritesOutWhatActsOnATerminalOrDeceivesTheEye) {
  EXPECT_EQ(printable("\x1b[2J\x1b]0;x\x07"), "\\u{1b}[2J\\u{1b}]0;x\\u{7}");
  EXPECT_EQ(printable("a\r\n\tb"), "a\\u{d}\\u{a}\\u{9}b");
  EXPECT_EQ(printable(std::string_view("\0", 1)), "\\u{0}");
  EXPECT_EQ(printable("\x7f"), "\\u{7f}");
  EXPECT_EQ(printable("\xc2\x9b"
                      "2J"),
            "\\u{9b}2J");  // CSI of C1
  EXPECT_EQ(printable("\xe2\x80\xae"
                      "fdp.exe"),
            "\\u{202e}fdp.exe");                                           // right to left
  EXPECT_EQ(printable("\xe2\x81\xa6"), "\\u{2066}");                       // isolate
  EXPECT_EQ(printable("\xe2\x80\xa8"), "\\u{2028}");                       // line end
  EXPECT_EQ(printable("\xe2\x80\x8b\xef\xbb\xbf"), "\\u{200b}\\u{feff}");  // no width
  EXPECT_EQ(printable("\xf3\xa0\x81\x81"), "\\u{e0041}");                  // tag
}

TEST(Printable, WritesOutBytesThatAreNoUtf8) {
  EXPECT_EQ(printable("a\x9b\xff"
                      "b"),
            "a\\x{9b}\\x{ff}b");
  EXPECT_EQ(printable("\xc0\x9b"), "\\x{c0}\\x{9b}");             // over-long
  EXPECT_EQ(printable("\xe2\x80"), "\\x{e2}\\x{80}");             // cut off
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\x{ed}\\x{a0}\\x{80}");  // surrogate
}

RC_GTEST_PROP(Printable, IsItsOwnPrintableTextWhateverComes, (const std::string& text)) {
  const std::string once = printable(text);
  RC_ASSERT(printable(once) == once);
  for (const char c : once) RC_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != '\x7f');
}

TEST(Printable, JsonKeepsItsValue) {
  const json::value value = json::object{{"id",
                                          "\x1b[2J\xc2\x9b"
                                          "2J\xe2\x80\xae"
                                          "x\x7f\xf3\xa0\x81\x81 \xc3\xa9 \\ \""}};
  const std::string text = printable_json(json::serialize(value));
  EXPECT_EQ(printable(text), text);
  EXPECT_EQ(json::parse(text).value(), value);
  EXPECT_EQ(printable_json("\"\xff\""), "\"\\ufffd\"");
  EXPECT_EQ(printable_json("{\r\n\t\"a\": 1}\n"), "{   \"a\": 1} ") << "white space between values";
}

}  // namespace
}  // namespace relais
