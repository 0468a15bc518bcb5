// relais verify: everything re-derived, from the folder, from outside, or from one receipt.
#include "cli/command.h"
#include "cli/files.h"
#include "cli/progress.h"
#include "cli/reads.h"
#include "cli/receipts.h"
#include "cli/verify_url.h"
#include "ledger/base/utf8.h"
#include "ledger/log/genesis.h"
#include "ledger/log/ledger.h"
#include "ledger/reads/verify.h"
#include "replay/export/manifest.h"
#include "replay/verify/fork.h"
#include "replay/verify/settled.h"
#include "replay/verify/verify.h"

namespace relais::cli {
namespace {

constexpr std::size_t kMaxSmallFile = std::size_t{2} * 1024 * 1024;
constexpr std::size_t kMaxKeys = std::size_t{8} * 1024 * 1024;

struct VerifyOptions {
  std::string data;
  std::string wrapping_key;
  VerifyUrlOptions from;
  std::string receipt;
  std::string statement;
  std::string fork;
  std::string exported;
  std::string keys;
  unsigned threads = 0;
  bool no_projections = false;
};

std::string for_readers(const replay::VerifyReport& report) {
  if (report.for_readers == 0) return {};
  return ", " + std::to_string(report.for_readers) + " sealed to their readers, whose form holds";
}

std::string unopened(const log::Ledger& ledger, const replay::VerifyReport& report) {
  if (report.sealed == 0) return {};
  return " (those of " + std::to_string(report.sealed) +
         " entries were not opened: " + to_string(*ledger.locked()) + ")";
}

std::string by_blocks(const store::FilesRead& files) {
  if (files.by_blocks == 0) return {};
  return " (" + std::to_string(files.by_blocks) +
         " of them block by block only: they were written before files had a checksum)";
}

/// The log of reads beside the ledger; nothing where there never was one.
Result<reads::VerifyReport> verify_reads(Context& context, const VerifyOptions& o,
                                         log::Ledger& ledger) {
  RELAIS_ASSIGN(const bool any, has_reads(o.data, ledger));
  if (!any) return reads::VerifyReport();
  OpenReads how;
  how.read_only = true;
  RELAIS_ASSIGN(const auto log, open_reads(o.data, ledger, context.clock, how));
  Progress progress(context, "verifying reads");
  auto verified =
      reads::verify(*log, [&](std::uint64_t done, std::uint64_t total) { progress(done, total); });
  progress.clear();
  return verified;
}

/// All of one folder, as it was when it was opened.
struct FolderReport {
  replay::VerifyReport ledger;
  reads::VerifyReport reads;
  std::string unopened;
};

Result<FolderReport> verify_once(Context& context, const VerifyOptions& o) {
  log::Options options;
  options.data = o.data;
  options.wrapping_key = o.wrapping_key;
  options.read_only = true;
  options.ignore_projections = true;
  options.strict = true;
  RELAIS_ASSIGN(const auto ledger, log::Ledger::open(options, context.clock, models()));
  Progress progress(context, "verifying");
  FolderReport report;
  auto verified =
      replay::verify(*ledger, {o.threads == 0 ? context.cores : o.threads, !o.no_projections},
                     [&](std::uint64_t done, std::uint64_t total) { progress(done, total); });
  progress.clear();
  if (!verified) return fail(std::move(verified.error()));
  report.ledger = *verified;
  RELAIS_ASSIGN(report.reads, verify_reads(context, o, *ledger));
  report.unopened = unopened(*ledger, report.ledger);
  return report;
}

int verify_data(Context& context, const VerifyOptions& o) {
  const Timestamp start = context.clock.now();
  const std::filesystem::path key = log::wrapping_key_place(o.data, o.wrapping_key);
  const auto all = replay::verify_settled<FolderReport>(
      [&] { return replay::written_state(o.data, key); }, [&] { return verify_once(context, o); },
      [&](const Error& e) {
        if (context.json) return;
        context.err << "relais: " << printable(to_string(e))
                    << "\nrelais: the ledger was written meanwhile: verifying once more"
                    << std::endl;
      });
  if (!all) return report(context, all.error());
  const replay::VerifyReport* verified = &all->ledger;
  const reads::VerifyReport* read = &all->reads;
  const auto n = [](std::uint64_t value) { return std::to_string(value); };
  print(context,
        {{"ok", true},
         {"entries", verified->entries},
         {"signatures", verified->signatures},
         {"checkpoints", verified->checkpoints},
         {"tiles", verified->tiles},
         {"disclosures", verified->disclosures},
         {"sealed", verified->sealed},
         {"for_readers", verified->for_readers},
         {"projection_records", verified->records},
         {"files", verified->files.files},
         {"file_bytes", verified->files.bytes},
         {"files_by_blocks", verified->files.by_blocks},
         {"root", to_hex(view(verified->root))},
         {"reads", read->entries},
         {"read_looks", read->looks},
         {"read_checkpoints", read->checkpoints},
         {"reads_root", to_hex(view(read->root))},
         {"seconds", seconds_since(context, start)}},
        "all holds: " + n(verified->entries) + " entries, " + n(verified->signatures) +
            " signatures, " + n(verified->checkpoints) + " checkpoints, " + n(verified->tiles) +
            " tiles, " + n(verified->disclosures) + " disclosures" + all->unopened +
            for_readers(*verified) + ", " + n(verified->records) + " projection records, " +
            n(verified->files.files) + " files" + by_blocks(verified->files) + "\nroot " +
            to_hex(view(verified->root)) + "\n" + n(read->entries) + " reads under " +
            n(read->checkpoints) + " checkpoints, root " + to_hex(view(read->root)));
  return kOk;
}

/// Said with every receipt that holds, so that nobody takes it for more.
constexpr std::string_view kNotCovered[] = {
    "whether what the statement says is true",
    "who signed it: the log has checked the signatory's key, this check has not",
    "what was withheld, and what corrected or annulled it later",
    "whether others were shown the same log: compare checkpoints with them"};

/// A time that has not come yet proves nothing of when the statement was there; nor does one of
/// before it was made.
Status check_time(const Context& context, const replay::ReceiptReport& receipt) {
  RELAIS_TRY(check_backdated(receipt));
  const auto ahead = seconds_ahead(receipt, context.clock.now());
  if (!ahead) return {};
  return fail(error(Errc::invalid, "receipt-ahead",
                    "the receipt says that it was received at " + to_rfc3339(receipt.received_at) +
                        ", " + std::to_string(*ahead) +
                        " s ahead of this machine's clock: one of the two is wrong")
                  .at("extra")
                  .accepts("a time of receipt at most 5 minutes ahead"));
}

Result<merkle::LogKeys> read_keys(const VerifyOptions& o) {
  RELAIS_ASSIGN(auto log, read_vkey(o.from.vkey));
  if (!o.keys.empty())
    RELAIS_TRY(follow_keys(log, [&](const auto&) { return read_file(o.keys, kMaxKeys); }));
  return log;
}

/// Evidence that submit or verify --url has kept, by the log's key alone.
int verify_kept_fork(Context& context, const VerifyOptions& o) {
  const auto fork = [&]() -> Result<replay::ForkReport> {
    RELAIS_ASSIGN(const auto log, read_keys(o));
    RELAIS_ASSIGN(const std::string text, read_file(o.fork, kMaxSmallFile));
    return replay::verify_fork(text, log);
  }();
  if (!fork) return report(context, fork.error());
  const auto name = [](const merkle::Checkpoint& c) {
    return std::to_string(c.size) + " entries, root " + to_hex(view(c.root));
  };
  print(context,
        {{"ok", true},
         {"origin", fork->older.origin},
         {"older_size", fork->older.size},
         {"newer_size", fork->newer.size}},
        fork->older.origin + " has signed two histories: a tree of " + name(fork->newer) +
            ", does not begin with the tree of " + name(fork->older));
  return kOk;
}

int verify_receipt(Context& context, const VerifyOptions& o) {
  const auto verified = [&]() -> Result<replay::ReceiptReport> {
    RELAIS_ASSIGN(const auto vkey, read_keys(o));
    RELAIS_ASSIGN(const std::string receipt, read_file(o.receipt, kMaxSmallFile));
    RELAIS_ASSIGN(const std::string statement, read_file(o.statement, kMaxSmallFile));
    auto report = replay::verify_receipt(receipt, statement, vkey);
    if (report) RELAIS_TRY(check_time(context, *report));
    return report;
  }();
  if (!verified) return report(context, verified.error());
  json::array not_covered;
  std::string human = "the statement is entry " + std::to_string(verified->index) + " of " +
                      verified->checkpoint.origin + ", received at " +
                      to_rfc3339(verified->received_at) + ", under a signed checkpoint of " +
                      std::to_string(verified->checkpoint.size) + " entries\n" +
                      std::to_string(verified->disclosures) +
                      " disclosure(s), each signed with it; " + std::to_string(verified->withheld) +
                      " digest(s) without one: withheld, erased or a decoy\nnot covered:";
  for (const std::string_view what : kNotCovered) {
    not_covered.emplace_back(what);
    human.append("\n  ").append(what);
  }
  print(context,
        {{"ok", true},
         {"origin", verified->checkpoint.origin},
         {"index", verified->index},
         {"received_at", to_rfc3339(verified->received_at)},
         {"size", verified->checkpoint.size},
         {"disclosures", verified->disclosures},
         {"withheld", verified->withheld},
         {"not_covered", std::move(not_covered)}},
        human);
  return kOk;
}

int verify_exported(Context& context, const VerifyOptions& o) {
  const auto verified = [&]() -> Result<replay::exports::VerifiedExport> {
    RELAIS_ASSIGN(auto vkey, read_vkey(o.from.vkey));
    if (!o.keys.empty())
      RELAIS_TRY(follow_keys(vkey, [&](const auto&) { return read_file(o.keys, kMaxKeys); }));
    return replay::exports::verify_export(o.exported, vkey);
  }();
  if (!verified) return report(context, verified.error());
  const replay::exports::Manifest& m = verified->manifest;
  print(context,
        {{"ok", true},
         {"origin", verified->checkpoint.origin},
         {"size", verified->checkpoint.size},
         {"root", to_hex(view(verified->checkpoint.root))},
         {"format", m.format},
         {"entries", m.entries},
         {"rows", m.rows},
         {"pseudonyms", m.kept_key ? "kept" : "once"},
         {"made_at", to_rfc3339(m.made_at)},
         {"files", m.files.size()}},
        "exported from " + verified->checkpoint.origin + " on " + to_rfc3339(m.made_at) + ", as " +
            m.format + ": " + std::to_string(m.rows) + " rows of its first " +
            std::to_string(m.entries) + " entries, under a signed checkpoint of " +
            std::to_string(verified->checkpoint.size) + "\n" + std::to_string(m.files.size()) +
            " file(s), each as it was exported\nnot covered:\n  whether the rows say what the "
            "entries say: the log's operator has signed that they do");
  return kOk;
}

}  // namespace

void add_verify(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<VerifyOptions>();
  Command c = add_command(
      app, context, "verify", "Re-derive everything and name the first thing that does not hold.",
      "  relais verify --data data\n"
      "  relais verify --url http://127.0.0.1:8400 --vkey data/log.vkey\n"
      "  relais verify --url http://127.0.0.1:8400 --vkey data/log.vkey --token \"$TOKEN\"\n"
      "  relais verify --url http://127.0.0.1:8400 --vkey log.vkey --checkpoint seen\n"
      "  relais verify --receipt r.tlog-proof --statement s.sd-jwt --vkey log.vkey\n"
      "  relais verify --fork seen.0123456789abcdef0123456789abcdef.fork --vkey log.vkey\n"
      "  curl -fsS http://127.0.0.1:8400/log/keys > log.keys\n"
      "  relais verify --receipt r.tlog-proof --statement s.sd-jwt --vkey old.vkey --keys "
      "log.keys\n"
      "  relais verify --export export/manifest.json --vkey log.vkey");
  Command what = c.option_group("what", "One of these");
  Option data =
      what.option("--data", o->data, "Folder of a ledger; may be in use").existing_directory();
  Option url = what.option("--url", o->from.remote.url, "Server, from outside");
  Option receipt =
      what.option("--receipt", o->receipt, "Receipt (tlog-proof), offline").existing_file();
  Option fork =
      what.option("--fork", o->fork, "Evidence of a fork that was kept, offline").existing_file();
  Option exported =
      what.option("--export", o->exported, "manifest.json of an export, offline").existing_file();
  what.require_option(1);
  Option vkey =
      c.option("--vkey", o->from.vkey, "Public key of the log: file log.vkey, or its text");
  c.option("--keys", o->keys,
           "What GET /log/keys gave: from the key of --vkey to those before and after it")
      .existing_file()
      .needs(vkey);
  Option statement = c.option("--statement", o->statement, "Statement of the receipt")
                         .existing_file()
                         .needs(receipt);
  receipt.needs(statement).needs(vkey);
  exported.needs(vkey);
  url.needs(vkey);
  fork.needs(vkey);
  c.option("--token", o->from.token, "Bearer token of an analyst, to judge the entries too")
      .needs(url);
  c.option("--checkpoint", o->from.checkpoint,
           "File of the newest checkpoint seen: the log must go on from it; made, and kept up")
      .needs(url);
  c.option("--max-entries", o->from.max_entries,
           "Refuse a larger tree instead of reading it (100,000,000)")
      .needs(url);
  add_remote_options(c, url, o->from.remote);
  c.option("--threads", o->threads, "Threads that check signatures (all cores)")
      .needs(data)
      .range(1, 256);
  add_wrapping_key(c, o->wrapping_key);
  c.flag("--no-projections", o->no_projections, "Leave the projections out").needs(data);
  c.callback([&context, &run, o] {
    run = [&context, o] {
      if (!o->data.empty()) return verify_data(context, *o);
      if (!o->fork.empty()) return verify_kept_fork(context, *o);
      if (!o->exported.empty()) return verify_exported(context, *o);
      return o->receipt.empty() ? verify_url(context, o->from) : verify_receipt(context, *o);
    };
  });
}

}  // namespace relais::cli
