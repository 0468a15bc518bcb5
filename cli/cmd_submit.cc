// relais submit: statements to a server, receipts back.
#include <algorithm>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/progress.h"
#include "cli/receipts.h"
#include "cli/remote.h"
#include "cli/sealing.h"
#include "ledger/base/utf8.h"

namespace relais::cli {
namespace {

constexpr std::size_t kMaxStatementsFile = 2'000'000'000;
// Of one request; a server takes 1,000 statements and a few MiB at once.
constexpr std::size_t kListStatements = 500;
constexpr std::size_t kListBytes = std::size_t{4} * 1024 * 1024;

struct SubmitOptions {
  RemoteOptions remote;
  std::string receipts;
  std::string vkey;
  std::vector<std::string> files;
  bool atomic = false;
  std::optional<std::uint32_t> if_match;
};

/// Every line of every file that is not empty.
Result<std::vector<std::string>> read_statements(Context& context, const SubmitOptions& o) {
  std::vector<std::string> statements;
  for (const std::string& file : o.files) {
    RELAIS_ASSIGN(const std::string text, read_file_or(file, context.in, kMaxStatementsFile));
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
                    .accepts("statements, one a line, as `relais sign` prints them"));
  return statements;
}

/// What an answer is worth: who only asks for the number has the server's word for it.
class Judge {
 public:
  static Result<Judge> open(const SubmitOptions& o) {
    Judge judge;
    if (!o.receipts.empty()) {
      RELAIS_ASSIGN(judge.folder_, ReceiptFolder::open(o.receipts, o.vkey));
    } else if (!o.vkey.empty()) {
      RELAIS_ASSIGN(judge.log_, read_vkey(o.vkey));
    }
    return judge;
  }

  /// What was verified; nothing where nothing is.
  Result<std::optional<replay::ReceiptReport>> judge(const std::string& line,
                                                     const Submitted& answer, Remote& remote) {
    RELAIS_ASSIGN(const std::string statement, sd_jwt_of(line));
    const auto fetch = [&](const std::string& path) { return remote.get("/log/" + path); };
    if (folder_) return folder_->keep(statement, answer, fetch);
    if (log_) return verify_in_order(statement, answer, fetch);
    RELAIS_TRY(identity_of(statement, answer));
    return std::nullopt;
  }
  /// Keys of the log that were followed with the last answer.
  std::vector<replay::KeyLink> take_followed() {
    return folder_ ? folder_->take_followed() : std::exchange(followed_, {});
  }
  /// As ReceiptFolder has it.
  std::string keep_evidence(const std::string& statement, const Submitted& answer, Remote& remote) {
    if (!folder_) return {};
    return folder_->keep_evidence(
        statement, answer, [&](const std::string& path) { return remote.get("/log/" + path); });
  }

 private:
  /// The order of what comes in one run takes no memory of an earlier one.
  Result<std::optional<replay::ReceiptReport>> verify_in_order(const std::string& statement,
                                                               const Submitted& answer,
                                                               const replay::Fetch& fetch) {
    RELAIS_ASSIGN(auto verified, verify_answer(statement, answer, *log_, fetch, followed_));
    if (const auto* other = times_.contradicted(verified.index, verified.received_at))
      return fail(receipt_order(verified, *other));
    times_.note(verified.index, {verified.received_at, {}});
    return verified;
  }

  std::optional<ReceiptFolder> folder_;
  std::optional<merkle::LogKeys> log_;
  ReceiptTimes times_;  // where there is no folder
  std::vector<replay::KeyLink> followed_;
};

class Results {
 public:
  Results(Context& context, Judge judge) : context_(context), judge_(std::move(judge)) {}

  void add(const std::string& statement, const Submitted& s, Remote& remote) {
    const std::string number = std::to_string(++count_);
    if (s.refused) {
      ++refused_;
      Error e = *s.refused;
      const std::string evidence = judge_.keep_evidence(statement, s, remote);
      if (!evidence.empty() && !failed()) exit_ = kFailed;
      e.message += evidence;
      print(context_, {{"statement", count_}, {"refused", to_json(e)}},
            number + "  refused: " + printable(to_string(e)));
      return;
    }
    const auto holds = judge_.judge(statement, s, remote);
    for (const replay::KeyLink& link : judge_.take_followed())
      print(context_,
            {{"log_key", merkle::to_vkey(link.new_key)},
             {"from", link.checkpoint.size},
             {"decision", link.proposal}},
            to_text(link));
    if (!holds) {
      fail(holds.error());
      return;
    }
    const bool verified = holds->has_value();
    json::object machine{{"statement", count_},
                         {"index", s.index},
                         {"id", s.id},
                         {"duplicate", s.duplicate},
                         {"verified", verified}};
    std::string human = number + "  entry " + std::to_string(s.index) + "  " + printable(s.id) +
                        (s.duplicate ? "  (was there already)" : "") +
                        (verified ? "  receipt verified" : "  unverified: the server says so");
    // It is signed, and kept: who signs a time to come is held to it.
    if (const auto ahead = verified ? seconds_ahead(**holds, context_.clock.now()) : std::nullopt) {
      machine["ahead_seconds"] = *ahead;
      human += "  WARNING: its time is " + std::to_string(*ahead) +
               " s ahead of this machine's clock; one of the two is wrong";
    }
    print(context_, machine, human);
  }
  /// Answers that belong to no statement: refused, and what they prove is kept all the same.
  Status mismatched(const std::vector<std::string>& statements,
                    const std::vector<Submitted>& answers, Remote& remote) {
    Error e = error(Errc::unavailable, "http-answer",
                    "the answer does not speak of every statement, each once")
                  .accepts("the URL of a Relais server");
    // More of them than that prove nothing new.
    const std::size_t looked_at = std::min(answers.size(), statements.size() + kMaxEvidence);
    for (std::size_t i = 0; i < looked_at; ++i)
      e.message +=
          judge_.keep_evidence(statements[std::min(i, statements.size() - 1)], answers[i], remote);
    return std::unexpected(std::move(e));
  }
  bool failed() const { return exit_ != kOk; }
  int exit() const {
    context_.out << std::flush;
    return failed() ? exit_ : refused_ == 0 ? kOk : kPartly;
  }

 private:
  void fail(const Error& e) {
    Error named = e;
    named.message = "statement " + std::to_string(count_) + ": " + e.message;
    const int code = report(context_, named);
    if (!failed()) exit_ = code;
  }

  Context& context_;
  Judge judge_;
  std::size_t count_ = 0;
  std::size_t refused_ = 0;
  int exit_ = kOk;  ///< of the first answer that did not hold
};

/// The next statements that go in one request.
std::vector<std::string> next_list(const SubmitOptions& o,
                                   const std::vector<std::string>& statements, std::size_t at) {
  std::vector<std::string> list;
  std::size_t bytes = 0;
  while (at < statements.size() &&
         (list.empty() || o.atomic ||
          (list.size() < kListStatements && bytes + statements[at].size() < kListBytes))) {
    bytes += statements[at].size();
    list.push_back(statements[at++]);
  }
  return list;
}

Status send(Context& context, const SubmitOptions& o, const std::vector<std::string>& statements,
            Results& results) {
  RELAIS_ASSIGN(const auto remote, Remote::open(o.remote));
  if (statements.size() == 1) {
    RELAIS_ASSIGN(const Submitted answer, remote->submit(statements[0], o.if_match));
    results.add(statements[0], answer, *remote);
    return {};
  }
  Progress progress(context, "submitting");
  for (std::size_t at = 0; at < statements.size();) {
    const std::vector<std::string> list = next_list(o, statements, at);
    RELAIS_ASSIGN(const auto answers, remote->submit_list(list, o.atomic));
    progress.clear();
    if (answers.size() != list.size()) return results.mismatched(list, answers, *remote);
    for (std::size_t i = 0; i < list.size(); ++i) results.add(list[i], answers[i], *remote);
    at += list.size();
    if (results.failed() && at < statements.size())
      return fail(Errc::conflict, "not-sent",
                  "an answer did not hold: the last " + std::to_string(statements.size() - at) +
                      " statements were not sent");
    progress(at, statements.size());
  }
  return {};
}

int submit(Context& context, const SubmitOptions& o) {
  const auto statements = read_statements(context, o);
  if (!statements) return report(context, statements.error());
  if (o.if_match && statements->size() != 1) {
    report(context, error(Errc::invalid, "if-match-list",
                          "--if-match is for one statement, not for several"));
    return kUsage;
  }
  auto judge = Judge::open(o);
  if (!judge) {
    const int code = report(context, judge.error());
    return judge.error().rule == "vkey-missing" ? kUsage : code;
  }
  Results results(context, std::move(*judge));
  if (const Status sent = send(context, o, *statements, results); !sent)
    return report(context, sent.error());
  return results.exit();
}

}  // namespace

void add_submit(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<SubmitOptions>();
  Command c = add_command(
      app, context, "submit", "Send signed statements to a server and get their receipts.",
      "  relais submit --url http://127.0.0.1:8400 --vkey log.vkey --receipts receipts "
      "event.sd-jwt\n"
      "  relais submit --url http://127.0.0.1:8400 --atomic a.sd-jwt b.sd-jwt\n"
      "  relais submit --url http://127.0.0.1:8400 load.ndjson\n"
      "  relais sign --key k.jwk e.json | relais submit --url http://127.0.0.1:8400 -\n"
      "A file holds one statement a line, as `relais sign` prints it. Exits with 3 when any was "
      "refused, and with 1 when an "
      "answer\n"
      "does not hold. Without --vkey, or a folder of receipts that has it, no answer is verified.");
  Option url = c.option("--url", o->remote.url, "Server, as http://127.0.0.1:8400").required();
  add_remote_options(c, url, o->remote);
  c.flag("--atomic", o->atomic, "All statements are accepted, or none (one request)");
  c.option("--token", o->remote.token,
           "Bearer token of who brings what is sealed to a statement of before (relais token)");
  c.option("--if-match", o->if_match, "Version the stream must be at; for one statement");
  c.option("--receipts", o->receipts,
           "Folder for <source>/<id>.tlog-proof (receipt) and .json (answer)");
  c.option("--vkey", o->vkey,
           "Public key of the log that receipts are verified with: file log.vkey, or its "
           "text; kept with --receipts, and then needed once");
  c.option("files", o->files, "Files with statements, or - for standard input").required();
  c.callback([&context, &run, o] { run = [&context, o] { return submit(context, *o); }; });
}

}  // namespace relais::cli
