// What a parameter of the query may be: said once, for the check and for the document.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/http.h"
#include "ledger/base/error.h"
#include "ledger/base/json.h"

namespace relais::api {

struct Form {
  json::object schema = {};  ///< as the document has it
  /// Whether a value has the form, of which its handler may ask more (that there is such a
  /// signatory); empty: the handler alone judges it.
  std::function<bool(std::string_view)> holds = {};
  std::string rule = {};  ///< refuses what has not, with these words (Errc::malformed)
  std::string message = {};
  std::string accepts = {};
};

struct Parameter {
  std::string_view name = {};
  Form form = {};
  std::string_view meaning = {};  ///< a sentence
  bool required = false;          ///< else "query-missing"
};

/// One of these names.
Form choice_form(std::vector<std::string> names, std::string rule, std::string message);
/// true or false; rule "flag-form".
Form flag_form();
/// A value of a vocabulary; rule "vocabulary".
Form vocabulary_form(std::string_view name);
/// A UUID; rule "uuid-form".
Form uuid_form();
/// A date; rule "day-form".
Form day_form();
/// An RFC 3339 date-time; rule "time-form".
Form time_form();
/// An index of the log, or a date-time; rule "position-form".
Form position_form();
/// A size of a page; rule "limit-range".
Form limit_form();
/// These are judged by their handlers, who know what there is.
Form cursor_form();
Form signatory_form();
Form territory_form();
Form stream_form();
Form text_form(std::string_view example);

/// That the query has none but these, and those that must be there, each in its form. Rules
/// "query-unknown", "query-missing", and those of the forms.
Status check_parameters(const std::vector<Parameter>& known, const Request& request);

}  // namespace relais::api
