// relais scenario: the story of the Rhône convention, in process or over REST.
#include <algorithm>

#include "cli/cast.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/receipts.h"
#include "cli/remote.h"
#include "ledger/base/utf8.h"
#include "ledger/clock/clock_job.h"
#include "ledger/crypto/jwk.h"
#include "projections/read.h"
#include "replay/story/scenario.h"

namespace relais::cli {
namespace {

/// 2024-01-08T08:30:00Z, a Monday: when the story begins that is told without a server.
constexpr Timestamp kStoryStart{1'704'702'600'000};

struct ScenarioOptions {
  CastOptions cast;
  std::string data;
  RemoteOptions remote;
  std::string vkey;
  std::string out;
  bool fresh = false;
};

json::object step_json(const replay::StepResult& r) {
  json::array expected;
  for (const std::string& e : r.step.expected) expected.emplace_back(e);
  json::object o{{"step", r.number},
                 {"of", r.total},
                 {"chapter", r.step.chapter},
                 {"actor", r.step.actor},
                 {"type", r.step.type()},
                 {"what", r.step.sentence},
                 {"answer", r.answer.outcome},
                 {"expected", std::move(expected)},
                 {"as_expected", r.as_expected}};
  if (r.answer.index) o["index"] = *r.answer.index;
  if (r.answer.outcome == replay::kSkipped) o["reason"] = r.step.needs_time;
  return o;
}

std::string step_line(const replay::StepResult& r) {
  std::string number = std::to_string(r.number);
  const std::string total = std::to_string(r.total);
  number.insert(0, total.size() - std::min(total.size(), number.size()), ' ');
  std::string line = number + "/" + total + "  " + r.step.actor + ": " + r.step.sentence + "  →  ";
  if (r.answer.outcome == replay::kSkipped)
    return line + "skipped: time does not pass here, and " + r.step.needs_time;
  line += r.answer.index ? "accepted, entry " + std::to_string(*r.answer.index)
                         : "refused, " + printable(r.answer.outcome);
  if (!r.as_expected)
    line +=
        "   UNEXPECTED, should be " + r.step.expected.front() + ": " + printable(r.answer.message);
  return line;
}

/// Stores what a step sent and got: NNN.sd-jwt, NNN.json and, where it was accepted,
/// NNN.tlog-proof.
Status store_step(const std::filesystem::path& folder, const replay::StepResult& r) {
  if (r.answer.outcome == replay::kSkipped) return {};
  std::string name = std::to_string(r.number);
  name.insert(0, 3 - std::min<std::size_t>(3, name.size()), '0');
  RELAIS_TRY(make_file(folder / (name + ".sd-jwt"), r.statement + "\n", "--out"));
  const std::string answer =
      r.answer.body.empty() ? json::serialize(step_json(r)) + "\n" : r.answer.body;
  RELAIS_TRY(make_file(folder / (name + ".json"), answer, "--out"));
  if (r.answer.receipt.empty()) return {};
  return make_file(folder / (name + ".tlog-proof"), r.answer.receipt, "--out");
}

/// Plays on whatever answers, and reports step by step.
Result<std::size_t> tell(Context& context, const ScenarioOptions& o, const Played& played,
                         const Clock& clock, Random& random, replay::Play how) {
  if (!o.out.empty()) RELAIS_TRY(make_folder(o.out));
  Status stored;
  std::string chapter;
  how.report = [&](const replay::StepResult& r) {
    if (!context.json && r.step.chapter != chapter) context.out << "\n" << r.step.chapter << "\n";
    chapter = r.step.chapter;
    print(context, step_json(r), step_line(r));
    if (!o.out.empty() && stored) stored = store_step(o.out, r);
  };
  const replay::Script script =
      replay::rhone_script(played.cast, played.genesis, clock.now(), random,
                           how.pass_time ? replay::Time::passes : replay::Time::stands_still);
  RELAIS_ASSIGN(const std::size_t surprises, replay::play(script, played.cast, clock, random, how));
  RELAIS_TRY(stored);
  return surprises;
}

/// What time has brought, signed by the ledger's own key.
Status run_clock(Context& context, log::Ledger& ledger, const crypto::SigningKey& system,
                 const Clock& clock) {
  RELAIS_ASSIGN(const clock::ClockRun run,
                clock::run_clock(ledger, system, projections::due_for_clock));
  if (!run.refused.empty()) return fail(run.refused.front());
  if (run.signed_events > 0)
    print(context, {{"clock", to_rfc3339(clock.now())}, {"events", run.signed_events}},
          "the clock, on " + to_rfc3339(clock.now()).substr(0, 10) + ": " +
              std::to_string(run.signed_events) + " event(s) that time has brought");
  return {};
}

Result<std::size_t> tell_in_process(Context& context, const ScenarioOptions& o,
                                    const Played& played) {
  ManualClock clock(kStoryStart);
  crypto::SeededRandom random(o.cast.seed);
  RELAIS_TRY(log::create_ledger(o.data, played.genesis, clock, random, models()));
  log::Options options;
  options.data = o.data;
  RELAIS_ASSIGN(const auto ledger, log::Ledger::open(options, clock, models()));
  replay::Play how;
  how.submit = replay::submit_to(*ledger);
  how.pass_time = [&](std::int64_t ms) { clock.advance_ms(ms); };
  RELAIS_ASSIGN(const auto system, crypto::load_private_key(
                                       std::filesystem::path(o.data) / "keys" / "system.jwk", {}));
  how.time_passed = [&]() -> Status { return run_clock(context, *ledger, system, clock); };
  how.fresh = true;
  return tell(context, o, played, clock, random, std::move(how));
}

Result<std::size_t> tell_to_server(Context& context, const ScenarioOptions& o,
                                   const Played& played) {
  std::optional<merkle::LogKeys> log;
  if (!o.vkey.empty()) {
    RELAIS_ASSIGN(log, read_vkey(o.vkey));
  }
  RELAIS_ASSIGN(const auto remote, Remote::open(o.remote));
  replay::Play how;
  how.fresh = o.fresh;
  how.submit = [&](const replay::Step& step,
                   const std::string& statement) -> Result<replay::Answer> {
    RELAIS_ASSIGN(const Submitted answer, remote->submit(statement, step.if_match));
    if (answer.refused)
      return replay::Answer{answer.refused->rule, to_string(*answer.refused), {}, {}, answer.body};
    if (log) RELAIS_TRY(verify_answer(statement, answer, *log));
    return replay::Answer{
        std::string(replay::kAccepted), {}, answer.index, answer.receipt, answer.body};
  };
  return tell(context, o, played, context.clock, context.random, std::move(how));
}

int scenario(Context& context, const ScenarioOptions& o) {
  if (!o.remote.url.empty() && !o.out.empty() && o.vkey.empty()) {
    report(context, error(Errc::invalid, "vkey-missing",
                          "without the log's key nothing that a server answers is a receipt")
                        .at("--vkey")
                        .accepts("the file log.vkey of the ledger's folder, or its text"));
    return kUsage;
  }
  const auto surprises = [&]() -> Result<std::size_t> {
    // A story stored over another would be neither; the first step's file tells.
    if (!o.out.empty())
      RELAIS_TRY(check_new_file(std::filesystem::path(o.out) / "001.sd-jwt", "--out"));
    RELAIS_ASSIGN(const Played played, load_cast(o.cast));
    return o.remote.url.empty() ? tell_in_process(context, o, played)
                                : tell_to_server(context, o, played);
  }();
  if (!surprises) return report(context, surprises.error());
  print(context, {{"unexpected", *surprises}, {"ok", *surprises == 0}},
        *surprises == 0 ? "every answer was as expected"
                        : std::to_string(*surprises) + " answers were not as expected");
  return *surprises == 0 ? kOk : kFailed;
}

}  // namespace

void add_scenario(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<ScenarioOptions>();
  Command c = add_command(
      app, context, "scenario",
      "Play the story of the Rhône convention: every event type, and what must be refused; told in "
      "docs/SCENARIO.md.",
      "  relais scenario --data data --seed 1\n"
      "  relais scenario --url http://127.0.0.1:8400 --keys keys --vkey log.vkey --out story\n"
      "Exits with 1 when an answer is not as expected. --out stores each step as NNN.sd-jwt, "
      "NNN.json\nand NNN.tlog-proof. Over REST time stands still: steps that need it are skipped.");
  Command where = c.option_group("where", "One of these");
  Option data = where.option("--data", o->data, "Folder of the ledger to make");
  Option url = where.option("--url", o->remote.url, "Server to play on");
  where.require_option(1);
  c.option("--seed", o->cast.seed, "Seed of everything, keys included (1)");
  c.option("--convention", o->cast.convention, "Convention file (the built-in example)")
      .existing_file();
  Option keys = c.option("--keys", o->cast.keys, "Folder with <signatory>.jwk (keys from the seed)")
                    .existing_directory();
  c.option("--save-keys", o->cast.save_keys, "Folder to write the keys to")
      .needs(data)
      .excludes(keys);
  add_remote_options(c, url, o->remote);
  c.option("--vkey", o->vkey,
           "Public key of the server's log (file log.vkey, or its text): receipts are verified")
      .needs(url);
  c.flag("--fresh", o->fresh, "Nothing was played on the server yet: expect so").needs(url);
  c.option("--out", o->out, "Folder for statements, answers and receipts");
  c.callback([&context, &run, o] { run = [&context, o] { return scenario(context, *o); }; });
}

}  // namespace relais::cli
