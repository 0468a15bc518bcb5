#include "tests/simulation/run.h"

#include <algorithm>
#include <cerrno>

#include "ledger/base/write_log.h"
#include "ledger/clock/clock_job.h"
#include "ledger/log/genesis.h"
#include "ledger/reads/verify.h"
#include "projections/read.h"
#include "replay/verify/verify.h"
#include "tests/support/acts.h"

namespace relais::simulation {
namespace {

constexpr std::int64_t kDay = 86'400'000;

/// A model that forgets the timeline's records: what Sabotage::row asks for.
class Forgetful final : public log::Model {
 public:
  explicit Forgetful(std::unique_ptr<log::Model> model) : model_(std::move(model)) {}
  rules::WorldState& world() override { return model_->world(); }
  const rules::Effects& fold(const rules::Act& act) override { return model_->fold(act); }
  void recall(const rules::Act& act) override { model_->recall(act); }
  WriteLog drain(TreeSize size) override {
    const WriteLog all = model_->drain(size);
    WriteLog most;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all.erased(i))
        most.erase(all.key(i));
      else if (all.first(i) != 'T')
        most.put(all.key(i), all.value(i));
    }
    return most;
  }

 private:
  std::unique_ptr<log::Model> model_;
};

/// Two seeds that follow each other begin one sequence at two places: they are taken apart.
std::uint64_t mixed(std::uint64_t seed) {
  return Dice(seed, 0).next();
}

bool takes_no_more(const log::Ledger* ledger, const reads::ReadLog* reads) {
  return ledger->failure() || reads->failure();
}

}  // namespace

Run::Run(Disk& disk, const Script& script, const Files& files, std::uint64_t seed,
         Sabotage sabotage)
    : disk_(disk),
      script_(script),
      sabotage_(sabotage),
      dice_(mixed(seed), 0),
      clock_(script.start),
      random_(mixed(seed)),
      oracle_(script) {
  seed_sodium(mixed(seed));
  disk_.start(files, mixed(seed));
  if (sabotage == Sabotage::sync) disk_.lie();
  totals_.seeds = 1;
  open();
}

Run::~Run() {
  disk_.cut();
  close();
  disk_.rest();
}

void Run::tell(std::string what) {
  story_.push_back(std::move(what));
}

void Run::add_to(Totals& t) const {
  t.seeds += totals_.seeds;
  t.steps += totals_.steps;
  t.calls += disk_.calls();
  t.acknowledged += oracle_.acknowledged();
  t.refused += oracle_.refused();
  t.erased += oracle_.erased();
  t.by_clock += oracle_.signed_by_clock();
  t.reads += read_oracle_.size();
  t.cuts += totals_.cuts;
  t.power_losses += totals_.power_losses;
  t.faults += totals_.faults;
  t.openings += totals_.openings;
  t.rebuilds += totals_.rebuilds;
  t.purges += totals_.purges;
  t.verified += totals_.verified;
  t.trace = t.trace * 31 + disk_.trace();
}

void Run::steps(std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    step();
    ++totals_.steps;
  }
  if (dice_.chance(0.5)) stop();
  check_all();
  if (dice_.chance(0.02)) verify();
}

void Run::step() {
  act();
  if (disk_.failed()) ++totals_.faults;
  if (disk_.is_cut()) return restart();
  if (takes_no_more(ledger_.get(), reads_.get())) return recover();
  oracle_.look(*ledger_);
  read_oracle_.look(*reads_);
}

void Run::act() {
  constexpr std::size_t kMostOfAList = 5;
  // clang-format off
  switch (dice_.weighted({22, 10, 14, 22, 6, 6, 4, 3, 2, 1, 1, 2, 1, 2})) {
    case 0: return send(1);
    case 1: return send(kMostOfAList);
    case 2: return read();
    case 3: return take_turns();
    case 4: return run_jobs(1 + dice_.below(4));
    case 5: return pass_time();
    case 6: return run_clock();
    case 7: return purge();
    case 8: return hold_a_head();
    case 9: return rebuild();
    case 10: return stop();
    case 11: return arm();
    case 12: tell("cut"); return disk_.cut();
    default: tell("a cut is near"); return disk_.cut_after(1 + dice_.below(40));
  }
  // clang-format on
}

// ---------------------------------------------------------------------------------------------------------------------

/// Mostly what comes next in a case; or anything, which was sent before or comes too early.
Request Run::draw_request(std::size_t most) {
  Request request;
  const std::size_t n = dice_.below(script_.cases.size());
  const auto& acts = script_.cases[n];
  const std::size_t count = most == 1 ? 1 : 2 + dice_.below(most - 1);
  while (request.parts.size() < count) {
    const bool next = dice_.chance(0.7);
    const std::size_t at = next ? std::min(next_[n]++, acts.size() - 1)
                                : dice_.below(std::min(next_[n] + 2, acts.size()));
    request.parts.push_back({acts[at], dice_.chance(0.8)});
  }
  request.atomic = count > 1 && dice_.chance(0.5);
  return request;
}

void Run::send(std::size_t most) {
  submit(draw_request(most), dice_.chance(0.3));
}

void Run::submit(Request request, bool wait) {
  std::vector<log::Submission> group;
  for (const Request::Part& part : request.parts) {
    const Act& act = script_.acts[part.act];
    log::Submission& s = group.emplace_back();
    auto parsed = statement::parse_submission(part.whole ? act.whole() : act.bare());
    require(parsed.has_value(), "a statement of the script cannot be read any more");
    s.statement = std::move(*parsed);
    s.verified = dice_.chance(0.9);  // by a thread of the service
  }
  oracle_.sent(request);
  tell(std::string(request.atomic ? "atomic " : "") + "list of " + std::to_string(group.size()) +
       " from " + std::to_string(request.parts[0].act));
  const bool atomic = request.atomic;
  ledger_->submit(std::move(group), atomic,
                  [this, request = std::move(request)](std::vector<log::Outcome> outcomes) {
                    if (disk_.is_cut())
                      oracle_.unanswered(request);  // nobody is there to read the answer
                    else
                      oracle_.answered(request, std::move(outcomes));
                  });
  if (wait) take_turns();
}

/// What nothing speaks against is taken.
void Run::probe() {
  if (next_probe_ == script_.probes.size()) return;
  const std::size_t act = script_.probes[next_probe_++];
  submit({{{act, true}}, false}, false);
  while (ledger_->turn()) continue;
  if (disk_.is_cut()) return;
  require(!ledger_->failure(), "a ledger that was opened on a sound disk takes nothing");
  oracle_.look(*ledger_);
  require(oracle_.in_log(act), "a ledger that was opened on a sound disk refuses an act");
}

void Run::read() {
  static const std::string slugs[] = {"ml1", "ml2", "aa1", "analyst"};
  static const std::string purposes[] = {"support", "handover", "statistics"};
  const std::string& slug = slugs[dice_.below(std::size(slugs))];
  std::vector<reads::CaseLook> looks;
  const std::size_t first = dice_.below(kCases);
  for (std::size_t n = 0; n < 1 + dice_.below(2); ++n) {
    reads::CaseLook look;
    look.case_id = script_.ids[(first + n) % kCases];
    look.events = oracle_.events_of(*look.case_id);
    look.items = look.events.size();
    looks.push_back(std::move(look));
  }
  auto record = reads::make_record(
      {tests::kid_of(slug), slug, "token", purposes[dice_.below(3)], "GET /v1/cases/{id}", 200},
      std::move(looks), random_);
  require(record.has_value(), "a read has no form");
  tell("read by " + slug);
  read_oracle_.asked(*record);
  reads_->keep(*record, [this, kept = *record](Result<LogIndex> place) {
    if (place && !disk_.is_cut()) read_oracle_.kept(kept, *place);
  });
}

/// The writers take what waits, whichever comes first.
void Run::take_turns() {
  const bool reads_first = dice_.chance(0.5);
  if (reads_first) reads_->turn();
  const bool took = ledger_->turn();
  if (!reads_first) reads_->turn();
  if (took) tell("turn: " + std::to_string(ledger_->head()->size().value));
}

void Run::run_jobs(std::size_t most) {
  if (jobs_.empty()) return;
  tell("jobs");
  for (std::size_t i = 0; i < most && !jobs_.empty(); ++i) jobs_.run_one();
}

void Run::hold_a_head() {
  held_ = held_ == nullptr ? ledger_->head() : nullptr;
}

// ---------------------------------------------------------------------------------------------------------------------

void Run::pass_time() {
  switch (dice_.weighted({0.35, 0.35, 0.15, 0.15})) {
    case 0:
      return clock_.advance_ms(static_cast<std::int64_t>(dice_.below(5'000)));
    case 1:
      return clock_.advance_ms(static_cast<std::int64_t>(dice_.below(40)) * kDay);
    case 2:
      return clock_.advance_ms(400 * kDay);
    default:  // it is set back
      return clock_.advance_ms(-static_cast<std::int64_t>(dice_.below(3'600'000)));
  }
}

void Run::run_clock() {
  const auto system = log::load_system_key(data_of(disk_), *ledger_->head()->registry,
                                           ledger_->head()->last_received);
  require(system.has_value(), "the system's key does not hold");
  const auto ran = clock::run_clock(*ledger_, *system, projections::due_for_clock);
  if (!ran) return;
  if (ran->signed_events > 0) tell("the clock signed");
  // Where an act that waited came first, what time had brought is refused, and rightly so.
  if (!ran->refused.empty()) tell("the clock was refused");
}

void Run::purge() {
  const auto purged = ledger_->purge_erased();
  if (!purged) return tell("purge failed: " + purged.error().message);
  if (!*purged) return;
  ++totals_.purges;
  tell("purged");
}

void Run::rebuild() {
  const Status done = ledger_->rebuild([](std::uint64_t, std::uint64_t) {});
  tell(done ? "rebuilt" : "rebuild failed: " + to_string(done.error()));
  if (done) ++totals_.rebuilds;
}

// ---------------------------------------------------------------------------------------------------------------------

Status Run::try_to_open() {
  log::Options options;
  options.data = data_of(disk_);
  options.jobs = &jobs_;
  options.block_cache_bytes = std::size_t{1} << 20;
  const bool forgets = sabotage_ == Sabotage::row;
  const log::ModelFactory factory =
      !forgets ? model_factory() : [](const RecordSource& base) -> std::unique_ptr<log::Model> {
    return std::make_unique<Forgetful>(model_factory()(base));
  };
  ++totals_.openings;
  RELAIS_ASSIGN(ledger_, log::Ledger::open(options, clock_, factory));
  reads::Options how;
  how.path = options.data / "reads";
  how.ledger = ledger_->keys().reads;
  RELAIS_ASSIGN(how.key, log::load_own_key(options.data, "log.jwk"));
  how.jobs = &jobs_;
  how.block_cache_bytes = std::size_t{1} << 20;
  RELAIS_ASSIGN(reads_, reads::ReadLog::open(how, clock_));
  RELAIS_TRY(log::load_system_key(options.data, *ledger_->head()->registry,
                                  ledger_->head()->last_received));
  return {};
}

void Run::close() {
  held_.reset();
  reads_.reset();
  ledger_.reset();
  require(jobs_.empty(), "a store that was closed has left a job");
}

/// On a sound disk: whatever was before, the ledger opens, has kept its promises and goes on.
void Run::open() {
  if (const Status opened = try_to_open(); !opened) {
    if (disk_.is_cut()) return restart();
    throw Broken("the ledger does not open: " + to_string(opened.error()));
  }
  tell("open at " + std::to_string(ledger_->head()->size().value));
  oracle_.look_at_all(*ledger_);
  read_oracle_.look_at_all(*reads_);
}

void Run::stop() {
  tell("stop");
  ledger_->stop();
  reads_->stop();
  close();
  if (disk_.is_cut()) return restart();
  disk_.heal();
  open();
}

/// The process, or the power, is gone.
void Run::restart() {
  close();
  const bool power_lost = dice_.chance(0.6);
  tell(power_lost ? "power lost" : "killed");
  ++totals_.cuts;
  if (power_lost) ++totals_.power_losses;
  disk_.restart(power_lost);
  // It may happen again before the ledger is open.
  if (dice_.chance(0.2)) disk_.cut_after(1 + dice_.below(120));
  open();
  if (!disk_.is_cut() && dice_.chance(0.3)) probe();
}

/// As the server does behind a write that failed: it opens anew, again and again, until the disk
/// takes writes.
void Run::recover() {
  tell("takes no more: " +
       to_string(ledger_->failure().value_or(reads_->failure().value_or(Error{}))));
  ledger_->stop();
  reads_->stop();
  close();
  if (disk_.is_cut()) return restart();
  if (disk_.armed() && dice_.chance(0.5)) {
    if (const Status opened = try_to_open(); !opened) {
      tell("does not open: " + to_string(opened.error()));
      require(disk_.is_cut() || opened.error().code != Errc::corrupt,
              "a disk that takes no writes is called damage: " + to_string(opened.error()));
    }
    close();
    if (disk_.is_cut()) return restart();
  }
  disk_.heal();
  open();
  if (!disk_.is_cut()) probe();
}

void Run::arm() {
  static constexpr int kErrors[] = {EIO, ENOSPC, 0, EINTR};
  Fault fault;
  fault.left = 1 + dice_.below(30);
  fault.error = kErrors[dice_.weighted({4, 4, 2, 1})];
  fault.lasting = fault.error > 0 && fault.error != EINTR && dice_.chance(0.4);
  if (fault.error == EINTR || fault.error == 0)
    fault.kinds = kWrite;
  else if (dice_.chance(0.3))
    fault.kinds = 1U << dice_.below(5);
  tell("fault " + std::to_string(fault.error) + " in " + std::to_string(fault.left) + " calls" +
       (fault.lasting ? ", lasting" : ""));
  disk_.arm(fault);
}

void Run::check_all() {
  while (disk_.is_cut()) restart();
  disk_.heal();
  disk_.cut_after(0);
  while (ledger_->turn()) continue;
  while (reads_->turn()) continue;
  oracle_.look_at_all(*ledger_);
  read_oracle_.look_at_all(*reads_);
}

/// Everything re-derived from the files, as `relais verify` does it.
void Run::verify() {
  ledger_->stop();
  reads_->stop();
  close();
  disk_.rest();
  log::Options options;
  options.data = data_of(disk_);
  options.read_only = options.ignore_projections = options.strict = true;
  const auto ledger = log::Ledger::open(options, clock_, model_factory());
  require(ledger.has_value(), "verify does not open: " + (ledger ? "" : to_string(ledger.error())));
  replay::VerifyOptions how;
  how.threads = 1;
  const auto report = replay::verify(**ledger, how, [](std::uint64_t, std::uint64_t) {});
  require(report.has_value(), "verify: " + (report ? "" : to_string(report.error())));
  reads::Options reading;
  reading.path = options.data / "reads";
  reading.ledger = (*ledger)->keys().reads;
  reading.strict = true;
  const auto reads = reads::ReadLog::open(reading, clock_);
  require(reads.has_value(), "verify: " + (reads ? "" : to_string(reads.error())));
  const auto read = reads::verify(**reads, [](std::uint64_t, std::uint64_t) {});
  require(read.has_value(), "verify: " + (read ? "" : to_string(read.error())));
  ++totals_.verified;
}

}  // namespace relais::simulation
