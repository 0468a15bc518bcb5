// relais rotate: other keys for the ledger's own, in the place of those that somebody may have
// seen.
#include "cli/command.h"
#include "cli/remote.h"
#include "ledger/crypto/jwk.h"
#include "ledger/log/genesis.h"
#include "ledger/log/ledger.h"

namespace relais::cli {
namespace {

struct RotateOptions {
  std::string data;
  std::string key;
  std::string wrapping_key;
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
  if (done.error().rule != "store-locked") return report(context, done.error());
  // A running server has the store.
  const auto asked = [&]() -> Status {
    RELAIS_ASSIGN(const auto remote, Remote::open_control(o.data));
    RELAIS_TRY(remote->post("/admin/rotate-wrapping-key"));
    return {};
  }();
  if (!asked) return report(context, asked.error());
  print(context, {{"key", "wrapping"}, {"by", "server"}},
        "the running server does it with its next look at the deadlines; /metrics has "
        "relais_purge_owed until then");
  return kOk;
}

}  // namespace

void add_rotate(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<RotateOptions>();
  Command c = add_command(app, context, "rotate",
                          "Put another key in the place of one of the ledger's own.",
                          "  relais rotate --data data --key wrapping\n"
                          "Works beside a running server, which then does it itself.\n"
                          "  relais rotate --data data --key system\n"
                          "A statement key.rotated in the log; no server may run. The log's key "
                          "cannot be rotated: it is\n"
                          "the log's name to everybody who holds a receipt.");
  c.option("--data", o->data, "Folder of the ledger").required().existing_directory();
  c.option("--key", o->key, "Which one").required().one_of({"system", "wrapping"});
  add_wrapping_key(c, o->wrapping_key);
  c.callback([&context, &run, o] {
    run = [&context, o] {
      return o->key == "system" ? rotate_system(context, *o) : rotate_wrapping(context, *o);
    };
  });
}

}  // namespace relais::cli
