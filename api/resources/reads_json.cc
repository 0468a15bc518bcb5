#include "api/resources/reads_json.h"
#include "api/shapes.h"

#include "ledger/base/clock.h"

namespace relais::api {

namespace {

void write_counted(JsonWriter& json, std::string_view signatory, const std::string* purpose,
                   const reads::Counted& looks) {
  json.begin_object().member("signatory", signatory);
  if (purpose != nullptr) json.member("purpose", *purpose);
  json.member("times", looks.times).member("first", looks.first).member("last", looks.last);
  json.end_object();
}

}  // namespace

void write_looks(JsonWriter& json, const reads::Summary& summary) {
  json.key("looks").begin_array();
  for (const auto& [signatory, looks] : summary.rows) {
    for (const reads::PurposeLooks& p : looks.purposes)
      write_counted(json, signatory, &p.purpose, p.looks);
    if (looks.others.times > 0) write_counted(json, signatory, nullptr, looks.others);
  }
  json.end_array();
}

void append_looks(std::string& object, const reads::Summary& summary) {
  object.back() = ',';
  JsonWriter json(object);
  write_looks(json, summary);
  object.push_back('}');
}

void describe_looks(shape::Shapes& s) {
  using namespace shape;
  s.define("Look",
           object({must("signatory", slug()),
                   may("purpose", text("suivi"), "Absent: all its others together."),
                   must("times", number(2)), must("first", moment()), must("last", moment())}));
}

}  // namespace relais::api
