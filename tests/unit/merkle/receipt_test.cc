#include "ledger/merkle/receipt.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ledger/crypto/base64.h"
#include "tests/unit/merkle/support.h"

namespace relais::merkle {
namespace {

using test::entry;
using test::key;
using test::kOrigin;
using test::leaves;
using test::rule;

const NoteKey kLog{kOrigin, key(1).public_key(), 0x01};

Receipt receipt(std::uint64_t index, std::uint64_t size) {
  const std::vector<Hash> all = leaves(size);
  return {index, "", inclusion_proof(index, size, test::reader(all)).value(),
          sign_checkpoint({kOrigin, size, test::mth(all)}, key(1))};
}

TEST(Receipt, TextIsTheDocumentedOne) {
  const Receipt r = receipt(1, 3);
  const auto b64 = [](const Hash& h) { return crypto::base64_encode(view(h)); };
  const std::vector<Hash> all = leaves(3);
  const std::string tail = "index 1\n" + b64(all[0]) + "\n" + b64(all[2]) + "\n\n" + r.checkpoint;
  EXPECT_EQ(to_text(r), "c2sp.org/tlog-proof@v1\n" + tail);
  Receipt with_extra = r;
  with_extra.extra = "hi";
  EXPECT_EQ(to_text(with_extra), "c2sp.org/tlog-proof@v1\nextra aGk=\n" + tail);
}

RC_GTEST_PROP(Receipt, RoundTripsAndVerifies, (const std::string& extra)) {
  const auto size = *rc::gen::inRange<std::uint64_t>(1, 100);
  const auto index = *rc::gen::inRange<std::uint64_t>(0, size);
  Receipt r = receipt(index, size);
  r.extra = extra;
  const auto back = parse_receipt(to_text(r));
  RC_ASSERT(back.has_value());
  RC_ASSERT(back->index == r.index);
  RC_ASSERT(back->extra == r.extra);
  RC_ASSERT(back->proof == r.proof);
  RC_ASSERT(back->checkpoint == r.checkpoint);
  const auto opened = verify_receipt(*back, entry(index), kLog);
  RC_ASSERT(opened.has_value());
  RC_ASSERT(opened->size == size);
  RC_ASSERT(rule(verify_receipt(*back, entry(index) + "x", kLog)) == "inclusion-proof");
}

RC_GTEST_PROP(Receipt, NoFlippedBitVerifies, ()) {
  const auto size = *rc::gen::inRange<std::uint64_t>(1, 40);
  const auto index = *rc::gen::inRange<std::uint64_t>(0, size);
  std::string text = to_text(receipt(index, size));
  const auto bit = *rc::gen::inRange<std::size_t>(0, text.size() * 8);
  text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
  const auto parsed = parse_receipt(text);
  RC_ASSERT(!parsed || !verify_receipt(*parsed, entry(index), kLog));
}

TEST(Receipt, OfATreeOfOneHasNoProofLines) {
  const Receipt r = receipt(0, 1);
  EXPECT_TRUE(r.proof.empty());
  const auto back = parse_receipt(to_text(r));
  ASSERT_EQ(rule(back), "ok");
  EXPECT_EQ(rule(verify_receipt(*back, entry(0), kLog)), "ok");
}

TEST(Receipt, NeedsTheRightLogIndexAndEntry) {
  Receipt r = receipt(5, 9);
  EXPECT_EQ(rule(verify_receipt(r, entry(5), kLog)), "ok");
  EXPECT_EQ(rule(verify_receipt(r, entry(4), kLog)), "inclusion-proof");
  EXPECT_EQ(rule(verify_receipt(r, entry(5), NoteKey{kOrigin, key(2).public_key(), 0x01})),
            "note-unsigned");
  r.index = 4;
  EXPECT_EQ(rule(verify_receipt(r, entry(5), kLog)), "inclusion-proof");
  r.index = 9;
  EXPECT_EQ(rule(verify_receipt(r, entry(5), kLog)), "inclusion-proof");
  r = receipt(5, 9);
  r.checkpoint = receipt(5, 10).checkpoint;
  EXPECT_EQ(rule(verify_receipt(r, entry(5), kLog)), "inclusion-proof");
}

TEST(Receipt, StaysValidWhenWitnessesCosign) {
  Receipt r = receipt(5, 9);
  r.checkpoint += cosign(parse_note(r.checkpoint).value(), "w.example", key(3), 1'700'000'000);
  const auto back = parse_receipt(to_text(r));
  ASSERT_EQ(rule(back), "ok");
  EXPECT_EQ(rule(verify_receipt(*back, entry(5), kLog)), "ok");
  EXPECT_EQ(verify_cosignature(parse_note(back->checkpoint).value(),
                               {"w.example", key(3).public_key(), 0x04})
                .value(),
            1'700'000'000u);
}

TEST(Receipt, RefusesOtherTexts) {
  const std::string head = "c2sp.org/tlog-proof@v1\n";
  const std::string note = receipt(0, 1).checkpoint;
  const std::string line = crypto::base64_encode(view(leaf_hash("")));
  std::string many;
  for (int i = 0; i < 65; ++i) many += line + "\n";
  ASSERT_EQ(rule(parse_receipt(head + "index 0\n" + line + "\n\n" + note)), "ok");
  for (const std::string& text :
       std::vector<std::string>{std::string(),
                                head,
                                head + "index 0\n",
                                "index 0\n\n" + note,
                                "c2sp.org/tlog-proof@v2\nindex 0\n\n" + note,
                                head.substr(1) + "index 0\n\n" + note,
                                head + "\nindex 0\n\n" + note,
                                head + "index 00\n\n" + note,
                                head + "index -1\n\n" + note,
                                head + "index\n\n" + note,
                                head + "index  0\n\n" + note,
                                head + "index 0 \n\n" + note,
                                head + "index 18446744073709551616\n\n" + note,
                                head + "Index 0\n\n" + note,
                                head + "extra \nindex 0\n\n" + note,
                                head + "extra aGk\nindex 0\n\n" + note,
                                head + "index 0\nextra aGk=\n\n" + note,
                                head + "extra aGk=\nextra aGk=\nindex 0\n\n" + note,
                                head + "index 0\nAAAA\n\n" + note,
                                head + "index 0\n" + line + " \n\n" + note,
                                head + "index 0\n" + many + "\n" + note,
                                head + "index 0\n" + line + "\n" + note.substr(0, 9)})
    EXPECT_EQ(rule(parse_receipt(text)), "receipt-form") << text;
  EXPECT_EQ(rule(parse_receipt(head + "index 0\n\n")), "note-form");
  EXPECT_EQ(rule(parse_receipt(head + "index 0\n\nno note\n")), "note-form");
  EXPECT_EQ(rule(parse_receipt(std::string(1 << 20, 'a'))), "receipt-size");
}

}  // namespace
}  // namespace relais::merkle
