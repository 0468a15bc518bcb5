#include "api/resources/reads_json.h"

#include "ledger/base/clock.h"

namespace relais::api {

void write_looks(JsonWriter& json, const reads::Summary& summary) {
  json.key("looks").begin_array();
  for (const reads::SummaryRow& row : summary.rows) {
    json.begin_object();
    json.member("signatory", row.signatory).member("purpose", row.purpose);
    json.member("times", row.times).member("first", row.first).member("last", row.last);
    json.end_object();
  }
  json.end_array();
  if (summary.others > 0) json.member("otherLooks", summary.others);
}

void append_looks(std::string& object, const reads::Summary& summary) {
  object.back() = ',';
  JsonWriter json(object);
  write_looks(json, summary);
  object.push_back('}');
}

}  // namespace relais::api
