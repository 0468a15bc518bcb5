#include "ledger/merkle/note.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "ledger/crypto/base64.h"
#include "tests/unit/merkle/support.h"

namespace relais::merkle {
namespace {

using test::key;
using test::kOrigin;
using test::rule;

Checkpoint checkpoint(std::uint64_t size = 42) {
  return {kOrigin, size, leaf_hash("root")};
}
NoteKey log_key(std::uint64_t seed = 1) {
  return {kOrigin, key(seed).public_key(), 0x01};
}
NoteKey witness_key(std::uint64_t seed) {
  return {"w.example", key(seed).public_key(), 0x04};
}
std::string signed_note() {
  return sign_checkpoint(checkpoint(), key(1));
}
std::string cosignature(std::uint64_t seed, std::uint64_t time) {
  return cosign(parse_note(signed_note()).value(), "w.example", key(seed), time);
}

// c2sp.org/signed-note, Example.
const std::string kVkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const std::string kNote =
    "This is an example message.\n"
    "\n"
    "\xe2\x80\x94 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"
    "OBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

TEST(Note, TheExampleOfTheSpecification) {
  const auto vkey = parse_vkey(kVkey);
  ASSERT_EQ(rule(vkey), "ok");
  EXPECT_EQ(vkey->name, "example.com/foo");
  EXPECT_EQ(vkey->algorithm, 0x01);
  EXPECT_EQ(vkey->id(), 0x530d903au);
  EXPECT_EQ(to_vkey(*vkey), kVkey);
  const auto note = parse_note(kNote);
  ASSERT_EQ(rule(note), "ok");
  EXPECT_EQ(note->body, "This is an example message.\n");
  ASSERT_EQ(note->signatures.size(), 1u);
  EXPECT_EQ(note->signatures[0].key_id, vkey->id());
  EXPECT_TRUE(crypto::verify(vkey->key, note->body, note->signatures[0].signature));
  // Its signature holds, but it is no checkpoint.
  EXPECT_EQ(rule(open_checkpoint(kNote, *vkey)), "checkpoint-form");
}

RC_GTEST_PROP(Vkey, RoundTrips, (std::uint64_t seed)) {
  const NoteKey k{"example.com/a-b_c", key(seed).public_key(),
                  *rc::gen::element<std::uint8_t>(0x01, 0x04)};
  const auto back = parse_vkey(to_vkey(k));
  RC_ASSERT(back.has_value());
  RC_ASSERT(back->name == k.name);
  RC_ASSERT(back->key == k.key);
  RC_ASSERT(back->algorithm == k.algorithm);
  RC_ASSERT(back->id() == k.id());
}

TEST(Vkey, RefusesOthers) {
  const std::string material = kVkey.substr(25);
  for (const std::string& text : std::vector<std::string>{
           std::string(), std::string("example.com/foo"), "example.com/foo+530d903a", kVkey + "=",
           "example.com/foo+530d903b+" + material, "example.com/foo+530D903A+" + material,
           "example.com/fop+530d903a+" + material, "example.com/foo+530d903+" + material,
           "+530d903a+" + material, "example.com/foo+530d903a+" + material.substr(4),
           "example.com/foo 530d903a+" + material, to_vkey({"a b", key(1).public_key(), 0x01}),
           to_vkey({"a", key(1).public_key(), 0x02}), to_vkey({"a", key(1).public_key(), 0x06})})
    EXPECT_EQ(rule(parse_vkey(text)), "note-key") << text;
}

TEST(NoteKey, IdsDependOnNameAlgorithmAndKey) {
  const NoteKey k = log_key();
  EXPECT_NE(k.id(), (NoteKey{"other", k.key, 0x01}).id());
  EXPECT_NE(k.id(), (NoteKey{k.name, k.key, 0x04}).id());
  EXPECT_NE(k.id(), log_key(2).id());
}

TEST(NoteName, AsTheSpecificationSays) {
  EXPECT_TRUE(is_note_name("example.com/log42"));
  EXPECT_TRUE(is_note_name("relais.rh\xc3\xb4ne.example"));
  for (const std::string_view bad : {"", "a b", "a+b", "a\n", "a\tb", "\xc2\xa0", "a\xe2\x80\xa8",
                                     "a\xe3\x80\x80", "\xff", "a\x01"})
    EXPECT_FALSE(is_note_name(bad)) << bad;
}

TEST(Checkpoint, BodyOfTheSpecification) {
  const Hash root =
      to_hash(crypto::base64_decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=").value());
  const std::string body =
      "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  EXPECT_EQ(checkpoint_body({"example.com/behind-the-sofa", 20'852'163, root}), body);
  const auto back = parse_checkpoint_body(body);
  ASSERT_EQ(rule(back), "ok");
  EXPECT_EQ(back->origin, "example.com/behind-the-sofa");
  EXPECT_EQ(back->size, 20'852'163u);
  EXPECT_EQ(back->root, root);
}

TEST(Checkpoint, BodyIsStrict) {
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
  EXPECT_EQ(rule(parse_checkpoint_body("o\n0\n" + root + "\n")), "ok");
  EXPECT_EQ(rule(parse_checkpoint_body("o\n18446744073709551615\n" + root + "\n")), "ok");
  for (const std::string& body : std::vector<std::string>{
           std::string(), std::string("o\n"), "o\n1\n" + root, "\n1\n" + root + "\n",
           "o\n01\n" + root + "\n", "o\n00\n" + root + "\n", "o\n\n" + root + "\n",
           "o\n-1\n" + root + "\n", "o\n+1\n" + root + "\n", "o\n1 \n" + root + "\n",
           "o\n0x1\n" + root + "\n", "o\n18446744073709551616\n" + root + "\n",
           "o\n1\n" + root.substr(0, 43) + "\n", "o\n1\n" + root + " \n", "o\n1\nAAAA\n",
           "o\n1\n" + root.substr(0, 42) + "J=\n", "o\n1\n" + root + "\nextension\n",
           "o\n1\n" + root + "\n\n"})
    EXPECT_EQ(rule(parse_checkpoint_body(body)), "checkpoint-form") << body;
}

TEST(Checkpoint, SignsAndOpens) {
  const std::string note = signed_note();
  const auto opened = open_checkpoint(note, log_key());
  ASSERT_EQ(rule(opened), "ok");
  EXPECT_EQ(opened->origin, kOrigin);
  EXPECT_EQ(opened->size, 42u);
  EXPECT_EQ(opened->root, checkpoint().root);
  EXPECT_TRUE(note.starts_with(checkpoint_body(checkpoint()) + "\n\xe2\x80\x94 " + kOrigin + " "));
  EXPECT_EQ(to_vkey(log_key()), to_vkey(parse_vkey(to_vkey(log_key())).value()));
}

TEST(Checkpoint, NeedsTheSignatureOfTheLog) {
  const std::string note = signed_note();
  EXPECT_EQ(rule(open_checkpoint(note, log_key(2))), "note-unsigned");
  EXPECT_EQ(rule(open_checkpoint(note, {"other.example", key(1).public_key(), 0x01})),
            "note-unsigned");
  EXPECT_EQ(rule(open_checkpoint(note, {kOrigin, key(1).public_key(), 0x04})), "note-key");
  // A signature by an unknown key is ignored, whatever it is.
  const std::string foreign = "\xe2\x80\x94 x.example " + crypto::base64_encode("12345") + "\n";
  EXPECT_EQ(rule(open_checkpoint(note + foreign, log_key())), "ok");
  // One by the known key that does not hold condemns the note, even beside one that does.
  std::string id;
  append_be(id, log_key().id());
  for (const std::string& bytes : {std::string(64, 'x'), std::string("x"), std::string(65, 'x')})
    EXPECT_EQ(rule(open_checkpoint(
                  note + "\xe2\x80\x94 " + kOrigin + " " + crypto::base64_encode(id + bytes) + "\n",
                  log_key())),
              "note-signature");
}

TEST(Checkpoint, OfAnotherOriginIsRefused) {
  // The log's key signs a checkpoint that names another log: name and key are right, the origin is
  // not.
  const std::string body = checkpoint_body({"other.example", 1, leaf_hash("")});
  std::string bytes;
  append_be(bytes, log_key().id());
  bytes.append(crypto::view(key(1).sign(body)));
  EXPECT_EQ(rule(open_checkpoint(
                body + "\n\xe2\x80\x94 " + kOrigin + " " + crypto::base64_encode(bytes) + "\n",
                log_key())),
            "checkpoint-origin");
}

RC_GTEST_PROP(Checkpoint, NoFlippedBitOpens, ()) {
  std::string note = signed_note();
  const auto bit = *rc::gen::inRange<std::size_t>(0, note.size() * 8);
  note[bit / 8] = static_cast<char>(note[bit / 8] ^ (1 << (bit % 8)));
  RC_ASSERT(!open_checkpoint(note, log_key()).has_value());
}

TEST(Note, RefusesOtherForms) {
  const std::string sig = kNote.substr(kNote.find("\n\n") + 2);
  const std::string dash = "\xe2\x80\x94 ";
  const std::string five = crypto::base64_encode("12345");
  EXPECT_EQ(rule(parse_note("a\n\n" + sig)), "ok");
  EXPECT_EQ(rule(parse_note("a\n\nb\n\n" + sig)), "ok");
  EXPECT_EQ(rule(parse_note("a\n\n" + dash + "n " + five + "\n")), "ok");
  for (const std::string& text :
       std::vector<std::string>{std::string(),
                                std::string("a\n"),
                                std::string("a\n\n"),
                                "a\n" + sig,
                                sig,
                                "a\n\n" + sig + "\n",
                                "a\n\n" + sig.substr(0, sig.size() - 1),
                                "a\n\n" + sig + "x",
                                "a\n\n- n " + five + "\n",
                                "a\n\n" + dash + "n  " + five + "\n",
                                "a\n\n" + dash + " " + five + "\n",
                                "a\n\n" + dash + "n+m " + five + "\n",
                                "a\n\n" + dash + "n\n",
                                "a\n\n" + dash + "n " + five + " \n",
                                "a\n\n" + dash + "n " + crypto::base64_encode("1234") + "\n",
                                "a\n\n" + dash + "n MTIzNDX=\n",
                                "a\r\n\n" + sig,
                                "a\tb\n\n" + sig,
                                "\xff\n\n" + sig,
                                "\xed\xa0\x80\n\n" + sig,
                                "\xc0\x80\n\n" + sig,
                                std::string("a\0\n\n", 4) + sig})
    EXPECT_EQ(rule(parse_note(text)), "note-form") << text;
}

TEST(Note, TheTextEndsAtTheLastEmptyLine) {
  const auto note = parse_note("a\n\nb\n" + kNote.substr(kNote.find("\n\n") + 1));
  ASSERT_EQ(rule(note), "ok");
  EXPECT_EQ(note->body, "a\n\nb\n");
}

TEST(Note, Limits) {
  const std::string line = "\xe2\x80\x94 n " + crypto::base64_encode("12345") + "\n";
  std::string note = "a\n\n";
  for (std::size_t i = 0; i < kMaxNoteSignatures; ++i) note += line;
  EXPECT_EQ(rule(parse_note(note)), "ok");
  EXPECT_EQ(rule(parse_note(note + line)), "note-form");
  // Sixteen post-quantum cosignatures (ML-DSA-44: 4 + 8 + 2420 bytes) are within the limits.
  const std::string large = crypto::base64_encode(std::string(2432, 's'));
  std::string quantum = signed_note();
  for (std::size_t i = 1; i < kMaxNoteSignatures; ++i)
    quantum += "\xe2\x80\x94 w" + std::to_string(i) + " " + large + "\n";
  EXPECT_EQ(rule(open_checkpoint(quantum, log_key())), "ok");
  EXPECT_EQ(
      rule(parse_note("a\n\n\xe2\x80\x94 n " +
                      crypto::base64_encode(std::string(kMaxNoteSignatureBytes, 's')) + "\n")),
      "note-form");
  EXPECT_EQ(rule(parse_note(std::string(kMaxNoteBytes, 'a') + "\n\n" + line)), "note-size");
}

TEST(Cosignature, SignsTheDocumentedMessage) {
  const std::string note = signed_note() + cosignature(7, 1'679'315'147);
  const auto parsed = parse_note(note);
  ASSERT_EQ(rule(parsed), "ok");
  ASSERT_EQ(parsed->signatures.size(), 2u);
  const std::string& bytes = parsed->signatures[1].signature;
  ASSERT_EQ(bytes.size(), 72u);
  EXPECT_EQ(load_be<std::uint64_t>(bytes), 1'679'315'147u);
  EXPECT_TRUE(crypto::verify(key(7).public_key(),
                             "cosignature/v1\ntime 1679315147\n" + checkpoint_body(checkpoint()),
                             bytes.substr(8)));
  EXPECT_EQ(verify_cosignature(*parsed, witness_key(7)).value(), 1'679'315'147u);
  EXPECT_EQ(rule(open_checkpoint(note, log_key())), "ok");
}

TEST(Cosignature, NeedsTheWitness) {
  const Note note = parse_note(signed_note() + cosignature(7, 5)).value();
  EXPECT_EQ(rule(verify_cosignature(note, witness_key(8))), "note-unsigned");
  EXPECT_EQ(rule(verify_cosignature(note, {"w2.example", key(7).public_key(), 0x04})),
            "note-unsigned");
  EXPECT_EQ(rule(verify_cosignature(note, {"w.example", key(7).public_key(), 0x01})), "note-key");
  EXPECT_EQ(rule(verify_cosignature(parse_note(signed_note()).value(), witness_key(7))),
            "note-unsigned");
}

TEST(Cosignature, AnInvalidOneCondemns) {
  const Note good = parse_note(signed_note() + cosignature(7, 5)).value();
  for (const std::size_t at : {0u, 7u, 8u, 71u}) {
    Note bad = good;
    bad.signatures[1].signature[at] = static_cast<char>(bad.signatures[1].signature[at] ^ 1);
    EXPECT_EQ(rule(verify_cosignature(bad, witness_key(7))), "note-signature") << at;
  }
  Note other = good;
  other.body = checkpoint_body(checkpoint(43));
  EXPECT_EQ(rule(verify_cosignature(other, witness_key(7))), "note-signature");
  Note shorter = good;
  shorter.signatures[1].signature.pop_back();
  EXPECT_EQ(rule(verify_cosignature(shorter, witness_key(7))), "note-signature");
}

TEST(Cosignature, TheLatestTimeCounts) {
  const Note note =
      parse_note(signed_note() + cosignature(7, 5) + cosignature(7, 9) + cosignature(7, 6)).value();
  EXPECT_EQ(verify_cosignature(note, witness_key(7)).value(), 9u);
}

TEST(Cosignature, TimesStayBelowTwoTo63) {
  const Note plain = parse_note(signed_note()).value();
  const std::uint64_t last = (std::uint64_t{1} << 63) - 1;
  const Note note = parse_note(signed_note() + cosignature(7, last)).value();
  EXPECT_EQ(verify_cosignature(note, witness_key(7)).value(), last);
  EXPECT_DEATH(cosign(plain, "w.example", key(7), last + 1), "2\\^63");
}

}  // namespace
}  // namespace relais::merkle
