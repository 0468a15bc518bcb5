#include "ledger/statement/stream_id.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <capnp/message.h>

#include "ledger/statement/catalogue.h"

namespace relais::statement {
namespace {

constexpr std::string_view kCase = "case/01890a5d-ac96-774b-bcce-b302099a8057";

TEST(StreamId, SubjectsOfEachKind) {
  const auto id = parse_subject(kCase);
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->kind, schema::StreamKind::CASE);
  EXPECT_EQ(id->uuid, (Uuid{0x01890a5dac96774bULL, 0xbcceb302099a8057ULL}));
  EXPECT_TRUE(id->name.empty());
  for (const char* kind : {"library", "signatory", "network", "convention", "session"}) {
    const std::string subject = std::string(kind) + "/rhone-69";
    const auto named = parse_subject(subject);
    ASSERT_TRUE(named.has_value()) << subject;
    EXPECT_EQ(wire_name(named->kind), kind);
    EXPECT_EQ(named->name, "rhone-69");
    EXPECT_EQ(to_subject(*named), subject);
  }
  EXPECT_EQ(to_subject(*parse_subject("case/01890A5D-AC96-774B-BCCE-B302099A8057")), kCase);
  EXPECT_TRUE(parse_subject("session/01890a5d-ac96-774b-bcce-b302099a8057").has_value());
  EXPECT_TRUE(parse_subject("library/" + std::string(64, 'a')).has_value());
}

TEST(StreamId, OtherSubjectsAreRefused) {
  for (const std::string& subject : {
           std::string(),
           std::string("case"),
           std::string("case/"),
           std::string("/x"),
           std::string("Case/01890a5d-ac96-774b-bcce-b302099a8057"),
           std::string("case/abc"),
           std::string(kCase) + "/x",
           std::string("dossier/x"),
           std::string("library/"),
           std::string("library/A"),
           std::string("library/a_b"),
           std::string("library/a/b"),
           std::string("library/") + std::string(65, 'a'),
           std::string("library/\xc3\xa9"),
       }) {
    const auto id = parse_subject(subject);
    ASSERT_FALSE(id.has_value()) << subject;
    EXPECT_EQ(id.error().rule, "subject-form");
    EXPECT_EQ(id.error().field, "subject");
  }
}

TEST(StreamId, KeyBytes) {
  EXPECT_EQ(stream_key(*parse_subject(kCase)),
            std::string("\0\x01\x89\x0a\x5d\xac\x96\x77\x4b\xbc\xce\xb3\x02\x09\x9a\x80\x57", 17));
  EXPECT_EQ(stream_key(*parse_subject("convention/rhone")), "\x04\x05rhone");
}

StreamId any_stream() {
  const auto kinds = capnp::Schema::from<schema::StreamKind>().getEnumerants().size();
  StreamId id;
  id.kind = static_cast<schema::StreamKind>(*rc::gen::inRange<unsigned>(0, kinds));
  if (id.kind == schema::StreamKind::CASE) {
    id.uuid = Uuid{*rc::gen::arbitrary<std::uint64_t>(), *rc::gen::arbitrary<std::uint64_t>()};
  } else {
    const auto size = *rc::gen::inRange<std::size_t>(1, 65);
    id.name =
        *rc::gen::container<std::string>(size, rc::gen::elementOf(std::string("abcxyz0189-")));
  }
  return id;
}

RC_GTEST_PROP(StreamId, SubjectsRoundTrip, ()) {
  const StreamId id = any_stream();
  const auto parsed = parse_subject(to_subject(id));
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(*parsed == id);
}

RC_GTEST_PROP(StreamId, NoKeyIsAPrefixOfAnother, ()) {
  const StreamId a = any_stream();
  const StreamId b = any_stream();
  RC_ASSERT((a == b) == stream_key(b).starts_with(stream_key(a)));
}

RC_GTEST_PROP(StreamId, StoredEventsGiveTheirStream, ()) {
  const StreamId id = any_stream();
  capnp::MallocMessageBuilder message;
  auto event = message.initRoot<schema::Event>();
  event.setStreamKind(id.kind);
  event.setUuidHigh(id.uuid.high);
  event.setUuidLow(id.uuid.low);
  event.setStreamName(id.name);
  RC_ASSERT(stream_of(event.asReader()) == id);
}

}  // namespace
}  // namespace relais::statement
