#include "replay/story/scenario.h"

#include <algorithm>

#include "ledger/base/check.h"
#include "ledger/crypto/jws.h"
#include "ledger/merkle/receipt.h"
#include "ledger/statement/statement.h"
#include "replay/story/rhone_script.h"

namespace relais::replay {
namespace {

/// Another signature of the same length: the first character of the JWT's third part is changed.
std::string alter_signature(std::string sd_jwt) {
  const std::size_t tilde = std::min(sd_jwt.find('~'), sd_jwt.size());
  const std::size_t dot = sd_jwt.rfind('.', tilde);
  check(dot != std::string::npos, "a signed statement has three parts");
  char& c = sd_jwt[dot + 1];
  c = c == 'A' ? 'B' : 'A';
  return sd_jwt;
}

std::string sign_raw(json::object event, const crypto::SigningKey& key, const Clock& clock,
                     Random& random) {
  event["specversion"] = "1.0";
  if (!event.contains("id")) event["id"] = to_string(make_uuid7(clock.now(), random));
  if (!event.contains("time")) event["time"] = to_rfc3339(clock.now());
  return crypto::sign_jws(key, statement::kTyp, json::serialize(json::value(std::move(event)))) +
         "~";
}

Result<std::string> make_statement(const Step& step, const crypto::SigningKey& key,
                                   const std::vector<std::string>& earlier, const Clock& clock,
                                   Random& random) {
  switch (step.signing) {
    case Signing::raw:
      return sign_raw(step.event, key, clock, random);
    case Signing::repeated:
      return earlier.at(step.repeats);
    case Signing::proper:
    case Signing::altered:
      break;
  }
  RELAIS_ASSIGN(std::string statement,
                statement::sign_event(json::serialize(step.event), key, clock, random));
  return step.signing == Signing::altered ? alter_signature(std::move(statement)) : statement;
}

Answer refused(const Error& e) {
  return {e.rule, to_string(e), std::nullopt, {}, {}};
}

}  // namespace

std::string Step::type() const {
  std::string name(*json::find_string(event, "type"));
  constexpr std::string_view kPrefix = "relais.";
  constexpr std::string_view kSuffix = ".v1";
  if (name.starts_with(kPrefix)) name.erase(0, kPrefix.size());
  if (name.ends_with(kSuffix)) name.resize(name.size() - kSuffix.size());
  return name;
}

bool Step::expects(std::string_view outcome, bool fresh) const {
  if (fresh) return expected.front() == outcome;
  return std::ranges::find(expected, outcome) != expected.end();
}

Submit submit_to(log::Ledger& ledger) {
  return [&ledger](const Step& step, const std::string& sd_jwt) -> Result<Answer> {
    std::vector<log::Submission> group(1);
    auto parsed = statement::parse_statement(sd_jwt);
    if (!parsed) return refused(parsed.error());
    group[0].statement = std::move(*parsed);
    if (step.if_match) group[0].expected = StreamVersion{*step.if_match};
    if (const Status ok = ledger.preverify(group[0]); !ok) return refused(ok.error());
    const auto outcome = std::move(ledger.submit_and_wait(std::move(group), false).front());
    if (!outcome) return refused(outcome.error());
    return Answer{
        std::string(kAccepted), {}, outcome->index.value, merkle::to_text(outcome->receipt), {}};
  };
}

namespace {

/// Day by day, so that what time brings comes on the day on which it falls due.
Status pass(std::int64_t ms, const Play& how) {
  while (ms > 0) {
    const std::int64_t some = std::min(ms, kDayMs);
    how.pass_time(some);
    ms -= some;
    if (how.time_passed) RELAIS_TRY(how.time_passed());
  }
  return {};
}

Result<const crypto::SigningKey*> key_of(const Step& step, const Script& script, const Cast& cast) {
  if (!step.key.empty()) return &script.keys.at(step.key);
  RELAIS_ASSIGN(const Actor* actor, cast.find(step.actor));
  return &actor->key;
}

}  // namespace

Result<std::size_t> play(const Script& script, const Cast& cast, const Clock& clock, Random& random,
                         const Play& how) {
  std::vector<std::string> statements;
  std::size_t surprises = 0;
  for (const Step& step : script.steps) {
    std::string statement;
    Answer answer{std::string(kSkipped), step.needs_time, {}, {}, {}};
    bool as_expected = true;
    if (how.pass_time || step.needs_time.empty()) {
      if (how.pass_time) RELAIS_TRY(pass(step.wait_ms, how));
      RELAIS_ASSIGN(const crypto::SigningKey* key, key_of(step, script, cast));
      RELAIS_ASSIGN(statement, make_statement(step, *key, statements, clock, random));
      RELAIS_ASSIGN(answer, how.submit(step, statement));
      as_expected = step.expects(answer.outcome, how.fresh);
    }
    if (!as_expected) ++surprises;
    statements.push_back(statement);
    if (how.report)
      how.report({statements.size(), script.steps.size(), step, std::move(statement),
                  std::move(answer), as_expected});
  }
  return surprises;
}

}  // namespace relais::replay
