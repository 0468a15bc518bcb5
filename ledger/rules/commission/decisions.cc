#include "ledger/rules/commission/decisions.h"

#include <algorithm>

namespace relais::rules {
namespace {

/// A text of blanks and marks gives no reasons: it takes a letter.
bool says_something(std::string_view words) {
  return std::ranges::any_of(
      words, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

}  // namespace

Status check_reasons(const Judgement& j, capnp::Text::Reader reasons) {
  if (says_something(text(reasons))) return {};
  return fail(refusal(j.act, Errc::invalid, "reasons-missing",
                      "a refusal states the reasons of fact and law it rests on")
                  .at("data.reasons")
                  .accepts("the reasons in words")
                  .from("CRPA L211-2, L211-5"));
}

Status check_appeal_route(const Judgement& j, schema::AppealRoute route) {
  if (route == schema::AppealRoute::UNSPECIFIED)
    return fail(refusal(j.act, Errc::invalid, "appeal-route-missing",
                        "a refusal says by which route it can be appealed against")
                    .at("data.appeal_route")
                    .accepts("gracious, hierarchical, contentious")
                    .from("CJA R421-5"));
  return {};
}

Status not_before(const Judgement& j, Day d, Day earliest, std::string_view field,
                  std::string_view what) {
  if (d >= earliest) return {};
  std::string message = "the day comes before ";
  message.append(what);
  return fail(refusal(j.act, Errc::invalid, "date-order", std::move(message))
                  .at(std::string(field))
                  .accepts(to_date(earliest) + " or later"));
}

}  // namespace relais::rules
