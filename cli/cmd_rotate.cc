// relais rotate: other keys for the ledger's own, in the place of those that somebody may have
// seen.
#include "cli/command.h"
#include "cli/reads.h"
#include "cli/remote.h"
#include "ledger/crypto/jwk.h"
#include "ledger/log/genesis.h"
#include "ledger/log/ledger.h"
#include "ledger/log/own_keys.h"

namespace relais::cli {
namespace {

struct RotateOptions {
  std::string data;
  std::string key;
  std::string wrapping_key;
  bool prepare = false;
};

Result<std::unique_ptr<log::Ledger>> open(Context& context, const RotateOptions& o) {
  log::Options options;
  options.data = o.data;
  options.wrapping_key = o.wrapping_key;
  return log::Ledger::open(options, context.clock, models());
}

int rotate_system(Context& context, const RotateOptions& o) {
  const auto kid = [&]() -> Result<KeyId> {
    RELAIS_ASSIGN(const auto ledger, open(context, o));
    return log::rotate_system_key(*ledger, o.data, context.clock, context.random);
  }();
  if (!kid) return report(context, kid.error());
  print(context, {{"key", "system"}, {"kid", crypto::to_text(*kid)}},
        "the ledger signs its own acts with the key " + crypto::to_text(*kid) + " from now on");
  return kOk;
}

/// Only makes the key: the signatories decide on it by its public part, and the server may run.
int prepare_log(Context& context, const RotateOptions& o) {
  const auto key = log::prepare_log_key(o.data, context.random);
  if (!key) return report(context, key.error());
  const std::string x = crypto::to_text(key->public_key());
  print(context, {{"key", "log"}, {"public_key", x}},
        "the key that is to sign the log's checkpoints is in " + o.data +
            "/keys/log.jwk.next; its public part, for a proposal to rotate_log_key:\n" + x);
  return kOk;
}

struct Rotated {
  LogIndex index;
  merkle::LogKeys keys;
};

Result<Rotated> rotate(Context& context, const RotateOptions& o) {
  RELAIS_ASSIGN(const auto next, log::load_next_log_key(o.data));
  log::Options options;
  options.data = o.data;
  options.wrapping_key = o.wrapping_key;
  options.next_log_key = next;
  RELAIS_ASSIGN(const auto ledger, log::Ledger::open(options, context.clock, models()));
  std::uint64_t reads_size = 0;
  {
    RELAIS_ASSIGN(const auto reads, open_reads(o.data, *ledger, context.clock, {}));
    reads_size = reads->head()->size().value;
  }
  // One that was interrupted behind its entry is finished by now.
  if (const merkle::LogKeys keys = ledger->keys().log; keys.newest().key == next.public_key())
    return Rotated{LogIndex{keys.all().back().from - 1}, keys};
  RELAIS_ASSIGN(const LogIndex index,
                log::rotate_log_key(*ledger, o.data, reads_size, context.clock, context.random));
  RELAIS_TRY(save_reads_keys(o.data, ledger->keys().reads));
  return Rotated{index, ledger->keys().log};
}

int rotate_log(Context& context, const RotateOptions& o) {
  if (o.prepare) return prepare_log(context, o);
  const auto rotated = rotate(context, o);
  if (!rotated) return report(context, rotated.error());
  const std::string vkey = merkle::to_vkey(rotated->keys.newest());
  print(context, {{"key", "log"}, {"index", rotated->index.value}, {"vkey", vkey}},
        "from entry " + std::to_string(rotated->index.value) + " on the log is signed by\n" + vkey +
            "\n" + o.data +
            "/log.vkey has it, and those of before: publish it where the signatories find it");
  return kOk;
}

int rotate_wrapping(Context& context, const RotateOptions& o) {
  const auto done = [&]() -> Status {
    RELAIS_ASSIGN(const auto ledger, open(context, o));
    RELAIS_TRY(ledger->owe_rotation());
    RELAIS_TRY(ledger->purge_erased());
    return {};
  }();
  if (done) {
    print(context, {{"key", "wrapping"}, {"by", "command"}},
          "every key of what was disclosed is wrapped anew, and the old wrapping key is destroyed");
    return kOk;
  }
  const Status asked = ask_server(o.data, "/admin/rotate-wrapping-key", done.error());
  if (!asked) return report(context, asked.error());
  print(context, {{"key", "wrapping"}, {"by", "server"}},
        "the running server does it with its next look at the deadlines; /metrics has "
        "relais_purge_owed until then");
  return kOk;
}

}  // namespace

void add_rotate(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<RotateOptions>();
  Command c = add_command(
      app, context, "rotate", "Put another key in the place of one of the ledger's own.",
      "  relais rotate --data data --key wrapping\n"
      "Works beside a running server, which then does it itself.\n"
      "  relais rotate --data data --key system\n"
      "A statement key.rotated in the log; no server may run.\n"
      "  relais rotate --data data --key log --prepare\n"
      "  relais rotate --data data --key log\n"
      "A statement log.key_rotated in the log, once the signatories have decided "
      "on the key that was\n"
      "prepared (governance.proposed of rotate_log_key); no server may run.");
  c.option("--data", o->data, "Folder of the ledger").required().existing_directory();
  c.option("--key", o->key, "Which one").required().one_of({"system", "wrapping", "log"});
  c.flag("--prepare", o->prepare, "Only make the log's next key, and show its public part");
  add_wrapping_key(c, o->wrapping_key);
  c.callback([&context, &run, o] {
    run = [&context, o] {
      if (o->prepare && o->key != "log") {
        report(context, error(Errc::invalid, "prepare-log", "--prepare is for the log's key")
                            .at("--prepare")
                            .accepts("--key log"));
        return static_cast<int>(kUsage);
      }
      if (o->key == "log") return rotate_log(context, *o);
      return o->key == "system" ? rotate_system(context, *o) : rotate_wrapping(context, *o);
    };
  });
}

}  // namespace relais::cli
