// relais verify: everything re-derived, from the folder, from outside, or from one receipt.
#include "cli/command.h"
#include "cli/files.h"
#include "cli/progress.h"
#include "cli/reads.h"
#include "cli/receipts.h"
#include "cli/remote.h"
#include "ledger/base/utf8.h"
#include "ledger/log/genesis.h"
#include "ledger/log/ledger.h"
#include "ledger/reads/verify.h"
#include "replay/verify/settled.h"
#include "replay/verify/verify.h"
#include "replay/verify/verify_remote.h"

namespace relais::cli {
namespace {

constexpr std::size_t kMaxSmallFile = std::size_t{2} * 1024 * 1024;
constexpr std::size_t kMaxKeys = std::size_t{8} * 1024 * 1024;

struct VerifyOptions {
  std::string data;
  std::string wrapping_key;
  RemoteOptions remote;
  std::string receipt;
  std::string statement;
  std::string vkey;
  std::string keys;
  std::string token;
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

std::string each(const std::vector<replay::KeyLink>& links) {
  std::string text;
  for (const replay::KeyLink& link : links) text += to_text(link) + "\n";
  return text;
}

int verify_url(Context& context, const VerifyOptions& o) {
  auto vkey = read_vkey(o.vkey);
  if (!vkey) return report(context, vkey.error());
  const auto remote = Remote::open(o.remote);
  if (!remote) return report(context, remote.error());
  const auto fetch = [&](const std::string& path) {
    return (*remote)->get("/log/" + path, o.token);
  };
  // A server of before serves no chain; what it serves is verified by the key that was given.
  const auto links = follow_keys(*vkey, fetch);
  if (!links && links.error().code != Errc::not_found) return report(context, links.error());
  Progress progress(context, "verifying");
  const bool entries = !o.token.empty();
  const auto verified = replay::verify_remote(
      fetch, *vkey, entries,
      [&](std::uint64_t done, std::uint64_t total) { progress(done, total); });
  progress.clear();
  if (!verified) return report(context, verified.error());
  print(context,
        {{"ok", true},
         {"origin", verified->checkpoint.origin},
         {"size", verified->checkpoint.size},
         {"root", to_hex(view(verified->checkpoint.root))},
         {"entries", verified->entries},
         {"signatures", verified->signatures},
         {"tiles", verified->tiles},
         {"log_keys", vkey->all().size()}},
        (links ? each(*links) : std::string()) + "all holds: tree of " +
            std::to_string(verified->checkpoint.size) + " entries, " +
            std::to_string(verified->tiles) + " tiles" +
            (entries ? ", every entry's signature, key and rule"
                     : "; hashes only: with --token (an analyst's) the entries are judged too") +
            "\nroot " + to_hex(view(verified->checkpoint.root)));
  return kOk;
}

/// Said with every receipt that holds, so that nobody takes it for more.
constexpr std::string_view kNotCovered[] = {
    "whether what the statement says is true",
    "who signed it: the log has checked the signatory's key, this check has not",
    "what was withheld, and what corrected or annulled it later",
    "whether others were shown the same log: compare checkpoints with them"};

/// A time that has not come yet proves nothing of when the statement was there.
Status check_time(const Context& context, const replay::ReceiptReport& receipt) {
  const auto ahead = seconds_ahead(receipt, context.clock.now());
  if (!ahead) return {};
  return fail(error(Errc::invalid, "receipt-ahead",
                    "the receipt says that it was received at " + to_rfc3339(receipt.received_at) +
                        ", " + std::to_string(*ahead) +
                        " s ahead of this machine's clock: one of the two is wrong")
                  .at("extra")
                  .accepts("a time of receipt at most 5 minutes ahead"));
}

int verify_receipt(Context& context, const VerifyOptions& o) {
  const auto verified = [&]() -> Result<replay::ReceiptReport> {
    RELAIS_ASSIGN(auto vkey, read_vkey(o.vkey));
    if (!o.keys.empty())
      RELAIS_TRY(follow_keys(vkey, [&](const auto&) { return read_file(o.keys, kMaxKeys); }));
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

}  // namespace

void add_verify(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<VerifyOptions>();
  Command c = add_command(
      app, context, "verify", "Re-derive everything and name the first thing that does not hold.",
      "  relais verify --data data\n"
      "  relais verify --url http://127.0.0.1:8400 --vkey data/log.vkey\n"
      "  relais verify --url http://127.0.0.1:8400 --vkey data/log.vkey --token \"$TOKEN\"\n"
      "  relais verify --receipt r.tlog-proof --statement s.sd-jwt --vkey log.vkey\n"
      "  curl -fsS http://127.0.0.1:8400/log/keys > log.keys\n"
      "  relais verify --receipt r.tlog-proof --statement s.sd-jwt --vkey old.vkey --keys "
      "log.keys");
  Command what = c.option_group("what", "One of these");
  Option data =
      what.option("--data", o->data, "Folder of a ledger; may be in use").existing_directory();
  Option url = what.option("--url", o->remote.url, "Server, from outside");
  Option receipt =
      what.option("--receipt", o->receipt, "Receipt (tlog-proof), offline").existing_file();
  what.require_option(1);
  Option vkey = c.option("--vkey", o->vkey, "Public key of the log: file log.vkey, or its text");
  c.option("--keys", o->keys,
           "What GET /log/keys gave: from the key of --vkey to those before and after it")
      .existing_file()
      .needs(receipt);
  Option statement = c.option("--statement", o->statement, "Statement of the receipt")
                         .existing_file()
                         .needs(receipt);
  receipt.needs(statement).needs(vkey);
  url.needs(vkey);
  c.option("--token", o->token, "Bearer token of an analyst, to judge the entries too").needs(url);
  add_remote_options(c, url, o->remote);
  c.option("--threads", o->threads, "Threads that check signatures (all cores)")
      .needs(data)
      .range(1, 256);
  add_wrapping_key(c, o->wrapping_key);
  c.flag("--no-projections", o->no_projections, "Leave the projections out").needs(data);
  c.callback([&context, &run, o] {
    run = [&context, o] {
      if (!o->data.empty()) return verify_data(context, *o);
      return o->remote.url.empty() ? verify_receipt(context, *o) : verify_url(context, *o);
    };
  });
}

}  // namespace relais::cli
