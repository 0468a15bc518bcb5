// A story of the Rhône convention: every event type at least once, in the order in which partners
// would meet them, and what the ledger must refuse on the way.
//
// A script is data; who answers is the caller's: the ledger itself (submit_to) or a server over
// REST. Ids are new in each script, so that a script can be played again on the same ledger. In
// process the clock is ours and years pass; over REST it stands still, and what takes time is left
// out (Step::needs_time).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/base/json.h"
#include "ledger/log/ledger.h"
#include "replay/story/actors.h"

namespace relais::replay {

enum class Signing {
  proper,    ///< sensitive members become disclosures
  raw,       ///< the event as it stands: nothing hidden, nothing checked
  altered,   ///< proper, then one character of the signature is another
  repeated,  ///< the bytes of an earlier step once more
};

inline constexpr std::string_view kAccepted = "accepted";
inline constexpr std::string_view kSkipped = "skipped";  ///< it takes time, which does not pass

struct Step {
  std::string chapter;   ///< of the story, in docs/SCENARIO.md
  std::string actor;     ///< slug
  std::string sentence;  ///< what happens, in plain words
  json::object event;    ///< CloudEvent without id and time, unless the step is about them
  /// kAccepted, or the rule that refuses. The first is what a fresh ledger answers; the others may
  /// be answered by one on which the script was played before.
  std::vector<std::string> expected;
  std::string key;  ///< of Script::keys; empty: the actor's own, who is then one of the cast
  Signing signing = Signing::proper;
  std::size_t repeats = 0;                ///< number of the earlier step, from 0
  std::optional<std::uint32_t> if_match;  ///< version the stream must be at
  std::int64_t wait_ms = 0;               ///< time that passes before the step
  std::string needs_time;    ///< why the step comes only after time has passed; empty: it need not
  std::string type() const;  ///< "case.detected"
  bool expects(std::string_view outcome, bool fresh) const;
};

struct Script {
  std::vector<Step> steps;
  std::map<std::string, crypto::SigningKey> keys;  ///< that come and go in the story
};

enum class Time { passes, stands_still };

/// `start`: the present time, from which the story's dates count.
Script rhone_script(const Cast& cast, const log::Genesis& genesis, Timestamp start, Random& random,
                    Time time);

/// What came back for a statement.
struct Answer {
  std::string outcome;  ///< kAccepted, the rule's slug, or kSkipped
  std::string message;  ///< of a refusal
  std::optional<std::uint64_t> index;
  std::string receipt;  ///< tlog-proof text; empty for a refusal
  std::string body;     ///< as the server sent it; empty in process
};

/// Sends one SD-JWT. An error means that there was no answer, and ends the play.
using Submit = std::function<Result<Answer>(const Step&, const std::string& sd_jwt)>;
Submit submit_to(log::Ledger& ledger);

struct StepResult {
  std::size_t number = 0;  ///< from 1
  std::size_t total = 0;
  const Step& step;
  std::string statement;  ///< SD-JWT
  Answer answer;
  bool as_expected = false;
};

struct Play {
  Submit submit;
  std::function<void(const StepResult&)> report;
  /// In process: moves the clock. Without it, steps that need time are skipped.
  std::function<void(std::int64_t ms)> pass_time;
  /// In process, after the clock was moved by a day at most: makes the events that time brings.
  std::function<Status()> time_passed;
  bool fresh = false;  ///< only the first expectation counts
};

/// Plays every step but those that are skipped, which are reported too. Gives the number of steps
/// whose answer was not as expected.
Result<std::size_t> play(const Script& script, const Cast& cast, const Clock& clock, Random& random,
                         const Play& how);

}  // namespace relais::replay
