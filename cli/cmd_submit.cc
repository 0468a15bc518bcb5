// relais submit: statements to a server, receipts back.
#include <algorithm>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/progress.h"
#include "cli/remote.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/sha256.h"
#include "ledger/statement/statement.h"

namespace relais::cli {
namespace {

constexpr std::size_t kMaxFile = 2'000'000'000;
// Of one request; a server takes 1,000 statements and a few MiB at once.
constexpr std::size_t kListStatements = 500;
constexpr std::size_t kListBytes = std::size_t{4} * 1024 * 1024;

struct Options {
  RemoteOptions remote;
  std::string receipts;
  std::vector<std::string> files;
  bool atomic = false;
  std::optional<std::uint32_t> if_match;
};

/// Every line of every file that is not empty.
Result<std::vector<std::string>> read_statements(Context& context, const Options& o) {
  std::vector<std::string> statements;
  for (const std::string& file : o.files) {
    RELAIS_ASSIGN(const std::string text, read_file_or(file, context.in, kMaxFile));
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      std::string line = text.substr(at, end - at);
      if (line.ends_with('\r')) line.pop_back();
      if (!line.empty()) statements.push_back(std::move(line));
      at = end + 1;
    }
  }
  if (statements.empty())
    return fail(error(Errc::invalid, "statements-missing", "the files hold no statement")
                    .accepts("SD-JWTs, one a line, as `relais sign` prints them"));
  return statements;
}

/// Ids and sources are the signatories' own: what is not plain in one is written as %XX, so that
/// two of them never share a file, and one that is too long for a file's name by its digest.
std::string file_name(std::string_view text) {
  constexpr std::size_t kMost = 200;  // of the 255 bytes that file systems take
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string name;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '_' || c == ':' || (c == '.' && !name.empty());
    if (plain) {
      name.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    name.append({'%', kHex[byte >> 4], kHex[byte & 15]});
  }
  if (name.size() <= kMost) return name;
  return "sha256=" + crypto::base64url_encode(view(crypto::sha256(text)));
}

/// Never replaces a file by other content: each receipt is there once.
Status keep_file(const std::string& path, const std::string& text) {
  std::error_code ec;
  if (!std::filesystem::exists(path, ec)) return write_file(path, text);
  RELAIS_ASSIGN(const std::string there, read_file(path, kMaxFile));
  if (there == text) return {};
  return fail(error(Errc::conflict, "receipt-exists", path + " is there with other content")
                  .accepts("--receipts with a folder of this log's own"));
}

class Results {
 public:
  Results(Context& context, const Options& o) : context_(context), options_(o) {}

  Status add(const Submitted& s) {
    const std::string number = std::to_string(++count_);
    if (s.refused) {
      ++refused_;
      print(context_, {{"statement", count_}, {"refused", to_json(*s.refused)}},
            number + "  refused: " + to_string(*s.refused));
      return {};
    }
    print(context_,
          {{"statement", count_}, {"index", s.index}, {"id", s.id}, {"duplicate", s.duplicate}},
          number + "  entry " + std::to_string(s.index) + "  " + s.id +
              (s.duplicate ? "  (was there already)" : ""));
    if (options_.receipts.empty()) return {};
    // An id is one signatory's: two may use the same.
    const auto folder = std::filesystem::path(options_.receipts) / file_name(s.source);
    RELAIS_TRY(make_folder(folder.string()));
    const std::string path = (folder / file_name(s.id)).string();
    RELAIS_TRY(keep_file(path + ".tlog-proof", s.receipt));
    return keep_file(path + ".json", s.body);
  }
  int exit() const {
    context_.out << std::flush;
    return refused_ == 0 ? kOk : kPartly;
  }

 private:
  Context& context_;
  const Options& options_;
  std::size_t count_ = 0;
  std::size_t refused_ = 0;
};

Status send(Context& context, const Options& o, const std::vector<std::string>& statements,
            Results& results) {
  RELAIS_ASSIGN(const auto remote, Remote::open(o.remote));
  if (!o.receipts.empty()) RELAIS_TRY(make_folder(o.receipts));
  if (statements.size() == 1) {
    RELAIS_ASSIGN(const Submitted answer, remote->submit(statements[0], o.if_match));
    return results.add(answer);
  }
  Progress progress(context, "submitting");
  for (std::size_t at = 0; at < statements.size();) {
    std::vector<std::string> list;
    std::size_t bytes = 0;
    while (at < statements.size() &&
           (list.empty() || o.atomic ||
            (list.size() < kListStatements && bytes + statements[at].size() < kListBytes))) {
      bytes += statements[at].size();
      list.push_back(statements[at++]);
    }
    RELAIS_ASSIGN(const auto answers, remote->submit_list(list, o.atomic));
    progress.clear();
    for (const Submitted& answer : answers) RELAIS_TRY(results.add(answer));
    progress(at, statements.size());
  }
  return {};
}

int submit(Context& context, const Options& o) {
  const auto statements = read_statements(context, o);
  if (!statements) return report(context, statements.error());
  if (o.if_match && statements->size() != 1) {
    report(context, error(Errc::invalid, "if-match-list",
                          "--if-match is for one statement, not for several"));
    return kUsage;
  }
  Results results(context, o);
  if (const Status sent = send(context, o, *statements, results); !sent)
    return report(context, sent.error());
  return results.exit();
}

}  // namespace

void add_submit(CLI::App& app, Context& context, Run& run) {
  const auto o = std::make_shared<Options>();
  CLI::App* c = add_command(
      app, context, "submit", "Send signed statements to a server and get their receipts.",
      "  relais submit --url http://127.0.0.1:8400 event.sd-jwt --receipts receipts\n"
      "  relais submit --url http://127.0.0.1:8400 --atomic a.sd-jwt b.sd-jwt\n"
      "  relais submit --url http://127.0.0.1:8400 load.ndjson\n"
      "  relais sign --key k.jwk e.json | relais submit --url http://127.0.0.1:8400 -\n"
      "A file holds one SD-JWT a line. Exits with 3 when any was refused.");
  CLI::Option* url =
      c->add_option("--url", o->remote.url, "Server, as http://127.0.0.1:8400")->required();
  add_remote_options(c, url, o->remote);
  c->add_flag("--atomic", o->atomic, "All statements are accepted, or none (one request)");
  c->add_option("--if-match", o->if_match, "Version the stream must be at; for one statement");
  c->add_option("--receipts", o->receipts,
                "Folder for <id>.tlog-proof (receipt) and <id>.json (answer)");
  c->add_option("files", o->files, "Files with statements, or - for standard input")->required();
  c->callback([&context, &run, o] { run = [&context, o] { return submit(context, *o); }; });
}

}  // namespace relais::cli
