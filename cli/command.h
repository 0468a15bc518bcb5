// What every command shares: where it reads and writes, how it answers, with which exit code.
#pragma once

#include <functional>
#include <istream>
#include <memory>
#include <ostream>
#include <string>

#include "cli/arguments.h"
#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/base/json.h"
#include "ledger/log/model.h"

namespace relais::cli {

/// Documented in `relais --help`.
enum ExitCode : int {
  kOk = 0,
  kFailed = 1,       ///< what was asked did not succeed: refused, or something does not hold
  kUsage = 2,        ///< the command line is wrong
  kPartly = 3,       ///< some of several were refused
  kUnavailable = 4,  ///< disk, network or server failed
};

/// Made by main, the only place that knows the machine's clock, randomness and streams.
struct Context {
  const Clock& clock;
  Random& random;
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool err_is_terminal = false;
  unsigned cores = 1;
  bool json = false;  ///< --json was given

  /// Progress goes to standard error, only for people who watch.
  bool shows_progress() const { return err_is_terminal && !json; }
};

/// What the command line asks for; runs once it was read.
using Run = std::function<int()>;

/// A sub-command with --json and examples in its help.
Command add_command(Command parent, Context& context, const std::string& name,
                    const std::string& purpose, const std::string& examples);

/// --wrapping-key, for commands that open what was disclosed, or make it openable.
void add_wrapping_key(Command command, std::string& place);

/// Prints the error, for people or as JSON, on standard error; gives the exit code.
int report(Context& context, const Error& e);
/// {"rule":…,"message":…,…} without the empty members.
json::object to_json(const Error& e);
int exit_code(const Error& e);

/// Prints the answer: one JSON object with --json, else the text with a newline. What is not fit
/// for a terminal is written out (ledger/base/utf8.h), but the text's own line ends: a text of
/// somebody else's is made printable() before it is put into one of several lines.
void print(Context& context, const json::object& machine, const std::string& human);

/// The read models that this program folds.
log::ModelFactory models();

/// Seconds with one decimal since a time, for reports.
double seconds_since(const Context& context, Timestamp start);

void add_init(Command app, Context& context, Run& run);
void add_serve(Command app, Context& context, Run& run);
void add_key(Command app, Context& context, Run& run);
void add_sign(Command app, Context& context, Run& run);
void add_open(Command app, Context& context, Run& run);
void add_reseal(Command app, Context& context, Run& run);
void add_submit(Command app, Context& context, Run& run);
void add_token(Command app, Context& context, Run& run);
void add_verify(Command app, Context& context, Run& run);
void add_replay(Command app, Context& context, Run& run);
void add_rebuild(Command app, Context& context, Run& run);
void add_scenario(Command app, Context& context, Run& run);
void add_generate(Command app, Context& context, Run& run);
void add_rotate(Command app, Context& context, Run& run);
void add_rules(Command app, Context& context, Run& run);
void add_export(Command app, Context& context, Run& run);
void add_data_inclusion(Command app, Context& context, Run& run);

}  // namespace relais::cli
