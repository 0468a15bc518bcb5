// The program: the only place that knows the machine's clock, randomness and streams.
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <thread>

#include "cli/command.h"
#include "ledger/base/utf8.h"
#include "ledger/crypto/ed25519.h"

namespace {

constexpr const char* kVersion = "relais 0.1.0";
constexpr const char* kExitCodes =
    "Exit codes:\n"
    "  0  done\n"
    "  1  what was asked did not succeed: refused, or something does not hold\n"
    "  2  the command line is wrong\n"
    "  3  some of several statements were refused\n"
    "  4  the disk, the network or the server failed; trying again may help\n"
    "\n"
    "relais COMMAND --help says what a command does, with examples.";

int run_program(int argc, char** argv) {
  relais::SystemClock clock;
  relais::crypto::SystemRandom random;
  relais::cli::Context context{clock, random, std::cin, std::cout, std::cerr};
  context.err_is_terminal = ::isatty(STDERR_FILENO) == 1;
  context.cores = std::max(1U, std::thread::hardware_concurrency());

  relais::cli::CommandLine line(
      "relais", "Relais: an event-sourced coordination ledger, signed by its signatories.",
      kVersion);
  line.root().require_subcommand(1);
  line.root().footer(kExitCodes);
  relais::cli::Run run;
  for (const auto add :
       {relais::cli::add_init, relais::cli::add_serve, relais::cli::add_key, relais::cli::add_sign,
        relais::cli::add_open, relais::cli::add_reseal, relais::cli::add_submit,
        relais::cli::add_token, relais::cli::add_verify, relais::cli::add_replay,
        relais::cli::add_rebuild, relais::cli::add_rotate, relais::cli::add_scenario,
        relais::cli::add_generate, relais::cli::add_rules, relais::cli::add_export,
        relais::cli::add_data_inclusion})
    add(line.root(), context, run);
  switch (line.read(argc, argv)) {
    case relais::cli::CommandLine::Read::help:
      return relais::cli::kOk;
    case relais::cli::CommandLine::Read::wrong:
      return relais::cli::kUsage;
    case relais::cli::CommandLine::Read::command:
      break;
  }
  return run();
}

}  // namespace

int main(int argc, char** argv) {
  // What a ledger holds is for nobody else on the machine, whatever the folder's own mode.
  ::umask(S_IRWXG | S_IRWXO);
  // Nor is what passes through memory: no core is written, and nobody else may look into it.
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::prctl(PR_SET_DUMPABLE, 0);
  // Large blocks go back to the system as soon as they are freed: what a client has sent once does
  // not stay with the program.
  ::mallopt(M_MMAP_THRESHOLD, 256 * 1024);
  // A write past the limit of file size (ulimit -f) is an error value, not the end.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    return run_program(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "relais: " << relais::printable(e.what()) << std::endl;
    return relais::cli::kFailed;
  }
}
