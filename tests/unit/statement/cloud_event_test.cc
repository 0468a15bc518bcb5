#include "ledger/statement/cloud_event.h"

#include "tests/unit/statement/support.h"

namespace relais::statement {
namespace {

using namespace tests;

bool valid_event(const json::value& event) {
  return event.is_object() && check_cloud_event(event.get_object()).has_value();
}

bool valid_batch(const json::value& batch) {
  if (!batch.is_array()) return false;
  for (const json::value& event : batch.get_array())
    if (!valid_event(event)) return false;
  return true;
}

struct Suite {
  const char* file;
  bool batch;
  bool valid;
  std::size_t at_least;
};

class CloudEventVectors : public ::testing::TestWithParam<Suite> {};

TEST_P(CloudEventVectors, AreJudgedRight) {
  const Suite& suite = GetParam();
  const json::value file = read_json(std::string("cloudevents/") + suite.file);
  const json::array& tests = file.at("tests").as_array();
  ASSERT_GE(tests.size(), suite.at_least);
  for (const json::value& test : tests) {
    const bool valid = suite.batch ? valid_batch(test.at("batch")) : valid_event(test.at("event"));
    EXPECT_EQ(valid, suite.valid) << test.at("id").as_string();
  }
}

INSTANTIATE_TEST_SUITE_P(All, CloudEventVectors,
                         ::testing::Values(Suite{"valid-events.json", false, true, 10},
                                           Suite{"invalid-events.json", false, false, 25},
                                           Suite{"valid-batches.json", true, true, 5},
                                           Suite{"invalid-batches.json", true, false, 3}),
                         [](const auto& row) {
                           std::string name = row.param.file;
                           std::erase_if(name, [](char c) { return c == '-' || c == '.'; });
                           return name;
                         });

struct Fault {
  const char* change;  // members that are put over those of a minimal event
  const char* rule;    // empty: accepted
};

TEST(CloudEvent, OneMemberChanged) {
  const std::vector<Fault> rows = {
      {R"({})", ""},
      {R"({"data":null})", ""},
      {R"({"data":[1,{"a":null}]})", ""},
      {R"({"data_base64":"TWE="})", ""},
      {R"({"data_base64":"TWE"})", "cloudevents-data_base64"},
      {R"({"data_base64":7})", "cloudevents-data_base64"},
      {R"({"data":1,"data_base64":"TWE="})", "cloudevents-data"},
      {R"({"datacontenttype":"text/plain; charset=utf-8"})", ""},
      {R"({"datacontenttype":"text/plain;charset=\"utf-8; x\" ; a=b"})", ""},
      {R"({"datacontenttype":"text/plain; charset"})", "cloudevents-datacontenttype"},
      {R"({"datacontenttype":"text/plain; a=\"b"})", "cloudevents-datacontenttype"},
      {R"({"datacontenttype":"text/"})", "cloudevents-datacontenttype"},
      {R"({"datacontenttype":"te xt/plain"})", "cloudevents-datacontenttype"},
      {R"({"dataschema":"/relative"})", "cloudevents-dataschema"},
      {R"({"source":"a b"})", "cloudevents-source"},
      {R"({"source":"1:x"})", "cloudevents-source"},
      {R"({"source":"./1:x"})", ""},
      {R"({"source":null})", "cloudevents-source"},
      {R"({"id":"a\u0000b"})", "cloudevents-id"},
      {R"({"id":"a\u0085b"})", "cloudevents-id"},
      {R"({"id":"\u00e9"})", ""},
      {R"({"subject":"a\nb"})", "cloudevents-subject"},
      {R"({"time":"2018-04-05t17:31:00Z"})", "cloudevents-time"},
      {R"({"time":7})", "cloudevents-time"},
      {R"({"extinteger":2147483647})", ""},
      {R"({"extinteger":2147483648})", "cloudevents-attribute-value"},
      {R"({"extnumber":1.5})", "cloudevents-attribute-value"},
      {R"({"extobject":{}})", "cloudevents-attribute-value"},
      {R"({"extarray":[]})", "cloudevents-attribute-value"},
      {R"({"exttext":"a\u007fb"})", "cloudevents-attribute-value"},
      {R"({"_sd_alg":"sha-256"})", "cloudevents-attribute-name"},
      {R"({"":"x"})", "cloudevents-attribute-name"},
  };
  for (const Fault& row : rows) {
    json::object event = object(R"({"specversion":"1.0","id":"i","type":"t","source":"/s"})");
    for (const auto& member : object(row.change)) event[member.key()] = member.value();
    const Status status = check_cloud_event(event);
    EXPECT_EQ(status ? "" : status.error().rule, row.rule) << row.change;
    if (!status) {
      EXPECT_EQ(status.error().code, Errc::malformed);
    }
  }
}

}  // namespace
}  // namespace relais::statement
