// relais serve: the ledger over HTTP, until SIGTERM or SIGINT.
#include <fcntl.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>

#include "api/http/server.h"
#include "api/service.h"
#include "cli/command.h"
#include "cli/files.h"
#include "cli/own_files.h"
#include "cli/reads.h"
#include "ledger/base/clock_guard.h"
#include "ledger/clock/clock_job.h"
#include "ledger/crypto/sha256.h"
#include "ledger/log/genesis.h"
#include "ledger/log/ledger.h"
#include "projections/read.h"

namespace relais::cli {
namespace {

struct ServeOptions {
  std::string data;
  std::string wrapping_key;
  std::string listen = "127.0.0.1:8400";
  std::string tls_cert;
  std::string tls_key;
  std::string client_ca;
  bool tls_1_2 = false;
  unsigned threads = 0;
  unsigned clock_seconds = 60;
  bool trust_clock = false;
  bool confirm_clock = false;
  std::string metrics_token;
  std::uint64_t megabytes_per_day = 64;
  std::uint64_t reserve_mib = 128;
  int max_open_files = 512;
  api::Limits limits;
  api::ServiceOptions service;
};

/// Blocks the signals in this thread, and so in all that it starts, until wait() takes one.
class StopSignals {
 public:
  StopSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    std::signal(SIGPIPE, SIG_IGN);  // a client that has gone is an error value, not the end
  }
  /// Nothing when none came within a second.
  const char* wait_a_second() const {
    const timespec second{1, 0};
    const int signal = sigtimedwait(&set_, nullptr, &second);
    if (signal < 0) return nullptr;
    return signal == SIGTERM ? "SIGTERM" : "SIGINT";
  }

 private:
  sigset_t set_{};
};

/// Looks at the deadlines now and then, on a thread of its own: signs what time has brought, and
/// rewrites the files that still hold what was erased.
class ClockThread {
 public:
  ClockThread(log::Ledger& ledger, const crypto::SigningKey& system, const ClockGuard* guard,
              unsigned seconds, std::shared_ptr<spdlog::logger> log)
      : ledger_(ledger), system_(system), guard_(guard), period_(seconds), log_(std::move(log)) {
    thread_ = std::thread([this] { run(); });
  }
  ~ClockThread() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }

 private:
  void run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      lock.unlock();
      tick();
      lock.lock();
      changed_.wait_for(lock, period_, [this] { return stopping_; });
    }
  }
  void tick() {
    if (ledger_.failure()) return;  // nothing can be signed or rewritten now
    // What time brings is signed for ever: not by a time that may be wrong.
    if (guard_ == nullptr || guard_->state() == ClockState::agrees) sign();
    purge();
  }
  /// One that failed is tried again after 1, 2, 4, … periods.
  void purge() {
    constexpr unsigned kMostPeriods = 16;
    if (wait_ > 1) {
      --wait_;
      return;
    }
    const auto purged = ledger_.purge_erased();
    if (!purged) {
      back_off_ = std::min(2 * back_off_, kMostPeriods);
      wait_ = back_off_;
      return log_->error("erasing, to be tried again: {}", to_string(purged.error()));
    }
    back_off_ = wait_ = 1;
    if (*purged) log_->info("what was erased is gone from the files");
  }
  void sign() {
    const auto ran = clock::run_clock(ledger_, system_, projections::due_for_clock);
    if (!ran) return log_->error("the clock: {}", to_string(ran.error()));
    if (ran->signed_events > 0) log_->info("the clock signed {} events", ran->signed_events);
    for (const Error& e : ran->refused) {
      log_->error("the clock was refused: {}", to_string(e));
      if (e.rule == "storage-low") break;  // as is all that comes behind it
    }
  }

  log::Ledger& ledger_;
  crypto::SigningKey system_;
  const ClockGuard* guard_;
  std::chrono::seconds period_;
  std::shared_ptr<spdlog::logger> log_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  unsigned back_off_ = 1;  // periods
  unsigned wait_ = 1;
  std::thread thread_;
};

/// "127.0.0.1:8400", "[::1]:8400".
Status set_address(const std::string& listen, api::ServerOptions& server) {
  const std::size_t colon = listen.rfind(':');
  std::string host = listen.substr(0, std::min(colon, listen.size()));
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const char* end = listen.data() + listen.size();
  const char* begin = colon == std::string::npos ? end : listen.data() + colon + 1;
  const auto [stop, ec] = std::from_chars(begin, end, server.port);
  if (host.empty() || ec != std::errc() || stop != end)
    return fail(error(Errc::invalid, "listen-form", "this is not an address to listen on")
                    .at("--listen")
                    .accepts("address:port, as 127.0.0.1:8400 or [::1]:8400; port 0: any free"));
  server.address = host;
  return {};
}

std::string url_of(const ServeOptions& o, std::uint16_t port) {
  const std::string host = o.listen.substr(0, o.listen.rfind(':'));
  return (o.tls_cert.empty() ? "http://" : "https://") + host + ":" + std::to_string(port);
}

/// Room that a disk must have again before a ledger that could not write is opened for writing.
constexpr off_t kRoomToWrite = 16 << 20;

bool has_room(const std::filesystem::path& data) {
  const std::filesystem::path probe = data / "room";
  const int fd = ::open(probe.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  // Where no file may be as large, the largest that may.
  rlimit most{};
  if (::getrlimit(RLIMIT_FSIZE, &most) != 0) most.rlim_cur = RLIM_INFINITY;
  const auto wanted = static_cast<off_t>(std::min<rlim_t>(kRoomToWrite, most.rlim_cur));
  const bool room = ::posix_fallocate(fd, 0, wanted) == 0 && ::fsync(fd) == 0;
  ::close(fd);
  ::unlink(probe.c_str());
  return room;
}

/// For writing; where the disk takes no writes, for reading, so that what is there can be seen.
Result<std::unique_ptr<log::Ledger>> open_ledger(const Clock& clock, const ServeOptions& o,
                                                 const std::shared_ptr<spdlog::logger>& log) {
  log::Options open;
  open.data = o.data;
  open.wrapping_key = o.wrapping_key;
  open.reserve_bytes = o.reserve_mib << 20;
  open.max_open_files = o.max_open_files;
  open.report = [log](const std::string& line) { log->warn("the store: {}", line); };
  auto ledger = log::Ledger::open(open, clock, models());
  if (ledger) return ledger;
  const Error& e = ledger.error();
  if (e.code != Errc::storage_full && e.rule != "storage-read-only") return ledger;
  open.read_only = true;
  open.unwritable = e;
  return log::Ledger::open(open, clock, models());
}

/// Where the administrator's socket is made; nowhere where its path is longer than the system takes
/// (sockaddr_un), or the disk takes no writes.
std::string control_socket(const ServeOptions& o, spdlog::logger& log) {
  std::string path = (std::filesystem::path(o.data) / "control.sock").string();
  if (path.size() < sizeof(sockaddr_un::sun_path)) return path;
  log.warn(
      "no socket for local administration: {} is longer than {} bytes; give --data by a shorter "
      "path, or from its parent folder",
      path, sizeof(sockaddr_un::sun_path) - 1);
  return {};
}

/// Tells what has become of the clock, once for each change.
class ClockWatch {
 public:
  /// `doubt`: a file that is there as long as the clock was not confirmed, so that no restart ends
  /// the doubt.
  ClockWatch(ClockGuard* guard, std::filesystem::path doubt, std::shared_ptr<spdlog::logger> log)
      : guard_(guard), doubt_(std::move(doubt)), log_(std::move(log)) {}
  void look(const log::Ledger& ledger) {
    if (guard_ == nullptr) return;
    guard_->look(ledger.head()->last_received);
    const ClockState state = guard_->state();
    keep_doubt(state);
    if (std::exchange(told_, state) == state) return;
    constexpr std::string_view kHeld = "no effects of time are signed until";
    switch (state) {
      case ClockState::agrees:
        return log_->info("the clock agrees with the log again");
      case ClockState::behind_log:
        return log_->warn(
            "the clock stands {} s before the last entry: times of receipt stay at that one's, and "
            "{} it has caught up",
            guard_->behind_ms() / 1'000, kHeld);
      case ClockState::leapt:
        return log_->warn(
            "the clock was set by {} s: time goes on as before, and {} it is set back, or "
            "confirmed "
            "(POST /admin/confirm-clock on the socket)",
            guard_->leap_ms() / 1'000, kHeld);
      case ClockState::unconfirmed:
        return log_->warn(
            "the last entry is more than {} days old: {} the clock is confirmed (--confirm-clock, "
            "or "
            "POST /admin/confirm-clock on the socket)",
            ClockGuard::kSilenceMs / 86'400'000, kHeld);
    }
  }

 private:
  void keep_doubt(ClockState state) const {
    std::error_code ignored;
    if (state == ClockState::agrees)
      std::filesystem::remove(doubt_, ignored);
    else if (state != ClockState::behind_log && !std::filesystem::exists(doubt_, ignored))
      static_cast<void>(write_file(doubt_, std::string(to_string(state)) + "\n"));
  }

  ClockGuard* guard_;
  std::filesystem::path doubt_;
  std::shared_ptr<spdlog::logger> log_;
  ClockState told_ = ClockState::agrees;
};

/// Tells when the wrapping key is no longer what the server has written, and when it is again.
class KeyWatch {
 public:
  KeyWatch(log::Ledger& ledger, std::shared_ptr<spdlog::logger> log)
      : ledger_(ledger), log_(std::move(log)) {}
  void look() {
    ledger_.look_at_key();
    const auto lost = ledger_.key_lost();
    if (std::exchange(lost_, lost.has_value()) == lost.has_value()) return;
    if (lost)
      log_->error("takes nothing that discloses: {}", to_string(*lost));
    else
      log_->info("the wrapping key is back: what discloses is taken again");
  }

 private:
  log::Ledger& ledger_;
  const std::shared_ptr<spdlog::logger> log_;
  bool lost_ = false;
};

/// Serves until a signal, whose name it gives, or until a ledger that could not write may write
/// again: then nothing, and it is to be opened anew. `listening` hears where, once it does.
Result<const char*> serve_once(const Clock& clock, ClockGuard* guard, const ServeOptions& o,
                               const StopSignals& signals,
                               const std::shared_ptr<spdlog::logger>& log,
                               api::ServerOptions& options, unsigned patience,
                               const std::function<void(const log::Ledger&)>& listening) {
  RELAIS_ASSIGN(const auto ledger, open_ledger(clock, o, log));
  OpenReads how;
  how.reserve_bytes = (o.reserve_mib << 20) / 4;  // who erases has to look first
  how.max_open_files = std::max(o.max_open_files / 4, 16);
  how.report = [log](const std::string& line) { log->warn("the log of reads: {}", line); };
  RELAIS_ASSIGN(const auto reads, open_reads(o.data, *ledger, clock, how));
  RELAIS_ASSIGN(const auto system, log::load_system_key(o.data, *ledger->head()->registry,
                                                        ledger->head()->last_received));
  // Before anybody can ask.
  const std::filesystem::path doubt = std::filesystem::path(o.data) / "clock-unconfirmed";
  if (guard != nullptr && ledger->head()->registry->in_force &&
      guard->begin(ledger->head()->last_received, std::filesystem::exists(doubt)) &&
      o.confirm_clock)
    guard->confirm();
  api::ServiceOptions serve = o.service;
  serve.workers = o.threads;
  serve.clock_guard = guard;
  serve.report = [log](const std::string& line) { log->error(line); };
  serve.memory = options.memory;
  // A function of the system's private key, so that cursors outlive a restart: Ed25519 signs one
  // text one way, and nothing else ever signs this one.
  serve.cursor_key = crypto::sha256(crypto::view(system.sign("relais: key of cursors, version 1")));
  api::Service service(*ledger, *reads, clock, std::move(serve));
  options.gate = service.gate();
  options.unix_socket = ledger->failure() ? std::string() : control_socket(o, *log);
  RELAIS_ASSIGN(const auto server, api::Server::start(options, clock, service.handler()));
  options.port = server->port();  // the same again after a reopening
  log->info("serving {} with {} entries", ledger->vkey().name, ledger->head()->size().value);
  if (const auto failure = ledger->failure())
    log->error("for reading only: {}", to_string(*failure));
  listening(*ledger);
  OwnFilesWatch files(o.data, [log](const std::string& line) { log->error("{}", line); });
  KeyWatch key(*ledger, log);
  ClockWatch watch(guard, doubt, log);
  watch.look(*ledger);
  auto job = std::make_unique<ClockThread>(*ledger, system, guard, o.clock_seconds, log);

  const char* signal = nullptr;
  bool failed = false;
  bool untraced = false;
  for (unsigned seconds = 0; (signal = signals.wait_a_second()) == nullptr; ++seconds) {
    watch.look(*ledger);
    files.look();
    key.look();
    const auto failure = ledger->failure();
    if (failure && !std::exchange(failed, true))
      log->error("takes no statements: {}", to_string(*failure));
    const auto unkept = reads->failure();
    if (unkept && !std::exchange(untraced, true))
      log->error("gives no case data, since nothing keeps who reads it: {}", to_string(*unkept));
    // A disk that fails again and again must not cost every reader's connection each second.
    if ((failure || unkept) && seconds >= patience && has_room(o.data)) break;
  }
  if (signal != nullptr)
    log->info("stopping on {}", signal);
  else
    log->info("the disk takes writes again: opening anew");
  job.reset();
  service.drain();
  server->stop();
  reads->stop();
  // What fails here, the next start keeps.
  if (!ledger->failure()) static_cast<void>(ledger->keep_reads_size(reads->head()->size().value));
  ledger->stop();
  log->info("stopped at {} entries", ledger->head()->size().value);
  return signal;
}

/// A handle for each connection, and those of the store and its files. Where fewer are allowed,
/// they are shared out: a store that finds none stops.
Status share_handles(ServeOptions& o, spdlog::logger& log) {
  constexpr rlim_t kOfTheStore = 1'024;
  constexpr rlim_t kLeast = 24;  // with less the store does not open
  const rlim_t wanted = o.limits.max_connections + kOfTheStore;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return {};
  rlimit raised = limit;
  raised.rlim_cur = std::min(wanted, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  if (limit.rlim_cur >= wanted) return {};
  if (limit.rlim_cur < kLeast)
    return fail(
        error(Errc::limited, "handles-low",
              std::to_string(limit.rlim_cur) + " file handles are allowed, which is too few")
            .accepts("a limit of " + std::to_string(kLeast) + " at least (ulimit -n), " +
                     std::to_string(wanted) + " for all connections"));
  const rlim_t of_the_store = std::min(kOfTheStore, limit.rlim_cur / 2);
  const rlim_t connections = std::max<rlim_t>(limit.rlim_cur - of_the_store, 1);
  o.limits.max_connections = std::min<std::size_t>(o.limits.max_connections, connections);
  o.max_open_files = static_cast<int>(of_the_store / 2);
  log.warn(
      "{} file handles are allowed, {} are wanted: raise the limit (ulimit -n); {} connections are "
      "taken at once",
      limit.rlim_cur, wanted, o.limits.max_connections);
  return {};
}

/// Short ones can be tried out.
Status read_metrics_token(const std::string& file, api::ServiceOptions& service) {
  constexpr std::size_t kLeast = 16;
  RELAIS_ASSIGN(const std::string token, read_passphrase(file));
  if (token.size() < kLeast)
    return fail(error(Errc::invalid, "metrics-token", "the token is too short to be a secret")
                    .at("--metrics-token")
                    .accepts("a file with at least 16 characters, as of openssl rand -hex 32"));
  service.metrics_token = crypto::sha256(token);
  return {};
}

Status run_server(Context& context, ServeOptions o) {
  const StopSignals signals;
  auto log = spdlog::stderr_logger_mt("relais");
  o.service.bytes_per_day = o.megabytes_per_day * 1'000'000;
  o.service.accounts = api::make_accounts(o.service);
  if (!o.metrics_token.empty()) RELAIS_TRY(read_metrics_token(o.metrics_token, o.service));
  RELAIS_TRY(share_handles(o, *log));
  api::ServerOptions options;
  RELAIS_TRY(set_address(o.listen, options));
  options.threads = o.threads;
  options.tls_cert = o.tls_cert;
  options.tls_key = o.tls_key;
  options.client_ca = o.client_ca;
  options.tls_1_2 = o.tls_1_2;
  options.limits = o.limits;
  options.memory = std::make_shared<api::HttpMemory>(o.limits);
  const BootClock elapsed;
  ClockGuard guarded(context.clock, elapsed);
  ClockGuard* const guard = o.trust_clock ? nullptr : &guarded;
  const Clock& clock = o.trust_clock ? context.clock : guarded;
  bool said = false;
  const auto listening = [&](const log::Ledger& ledger) {
    const std::string url = url_of(o, options.port);
    if (!std::exchange(said, true))
      print(context, {{"url", url}, {"origin", ledger.vkey().name}}, "listening on " + url);
  };
  constexpr unsigned kMostPatience = 60;
  for (unsigned patience = 1;; patience = std::min(2 * patience, kMostPatience)) {
    const auto start = std::chrono::steady_clock::now();
    const auto ended = serve_once(clock, guard, o, signals, log, options, patience, listening);
    if (ended && *ended != nullptr) return {};
    if (!ended) {
      // What was served once is tried again: the disk may come back. What does not hold together
      // any more ends it.
      const Error& e = ended.error();
      if (!said || e.code == Errc::corrupt) return fail(e);
      log->error("cannot be opened anew: {}", to_string(e));
      for (unsigned seconds = 0; seconds < patience; ++seconds)
        if (signals.wait_a_second() != nullptr) return {};
    }
    if (std::chrono::steady_clock::now() - start > std::chrono::minutes(10)) patience = 1;
  }
}

int serve(Context& context, const ServeOptions& o) {
  const Status done = run_server(context, o);
  return done ? kOk : report(context, done.error());
}

}  // namespace

void add_serve(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<ServeOptions>();
  Command c = add_command(
      app, context, "serve", "Serve a ledger over HTTP until SIGTERM or SIGINT.",
      "  relais serve --data data\n"
      "  relais serve --data data --listen 127.0.0.1:0\n"
      "  relais serve --data data --listen 0.0.0.0:8443 --tls-cert cert.pem --tls-key key.pem\n"
      "Prints its address as one line once it listens; logs go to standard error. "
      "DATA/control.sock\n"
      "is for local administration.");
  c.option("--data", o->data, "Folder of the ledger").required().existing_directory();
  add_wrapping_key(c, o->wrapping_key);
  c.option("--listen", o->listen, "Address and port; port 0: any free (127.0.0.1:8400)");
  Option cert = c.option("--tls-cert", o->tls_cert, "Certificate chain (PEM)").existing_file();
  Option key =
      c.option("--tls-key", o->tls_key, "Private key of the certificate (PEM)").existing_file();
  cert.needs(key);
  key.needs(cert);
  c.option("--client-ca", o->client_ca, "Certificates (PEM): clients must have one by these")
      .needs(cert)
      .existing_file();
  c.flag("--tls-1.2", o->tls_1_2, "Take TLS 1.2 too, with forward secrecy and AEAD alone")
      .needs(cert);
  c.option("--clock-seconds", o->clock_seconds, "How often the clock looks at deadlines (60)")
      .range(1, 86'400);
  c.flag("--confirm-clock", o->confirm_clock,
         "The machine's clock is right, although the last entry is old");
  c.flag("--trust-clock", o->trust_clock,
         "Follow the machine's clock wherever it is set, as tests do that move it");
  c.option("--reserve", o->reserve_mib,
           "MiB of the disk kept for erasures, beside what their purge takes (128)")
      .range(0, 1'048'576);
  c.option("--max-connections", o->limits.max_connections, "Connections at once (1024)")
      .range(1, 65'536);
  c.option("--max-connections-per-address", o->limits.max_connections_per_address,
           "The same from one address, or one IPv6 /56 (256); behind a proxy all come from one")
      .range(1, 65'536);
  c.option("--max-streams", o->service.max_streams, "Event streams at once (100)").range(1, 65'536);
  c.option("--max-streams-per-signatory", o->service.max_streams_of_signatory,
           "The same of one signatory (25)")
      .range(1, 65'536);
  c.option("--max-requests-per-second", o->service.requests_per_second,
           "Requests of one signatory, on average over five seconds (2000); 0: no limit")
      .range(0, 1'000'000);
  c.option("--max-megabytes-per-day", o->megabytes_per_day,
           "What the statements of one signatory may take on the disk a day (64); 0: no limit")
      .range(0, 1'000'000);
  c.option("--metrics-token", o->metrics_token,
           "File with the bearer token for /metrics over TCP (only on DATA/control.sock)")
      .existing_file();
  c.option("--threads", o->threads, "Threads for requests (all cores)").range(1, 256);
  c.callback([&context, &run, o] { run = [&context, o] { return serve(context, *o); }; });
}

}  // namespace relais::cli
