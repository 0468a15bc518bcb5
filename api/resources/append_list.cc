#include "api/resources/append_list.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "api/http/problem.h"
#include "api/shapes.h"
#include "ledger/base/json.h"
#include "ledger/statement/sealed.h"
#include "ledger/statement/statement.h"

namespace relais::api {
namespace {

/// Statements that one job parses and verifies: about 2 ms of work.
constexpr std::size_t kPart = 32;

/// One list on its way. Its parts are checked by several threads, each its own range of `items`;
/// the one that finishes last goes on.
struct ListJob {
  ListJob(Context& c, ListRequest request, Respond r, std::string b)
      : context(c), how(std::move(request)), respond(std::move(r)), body(std::move(b)) {}

  Context& context;
  const ListRequest how;
  Respond respond;
  std::string body;
  bool one = false;        // the body is a statement, not a list
  json::array statements;  // as they were sent

  struct Item {
    log::Submission submission;
    std::optional<Error> refused;
  };
  std::vector<Item> items;
  std::vector<std::size_t> submitted;  // numbers of the items that the ledger judges
  std::atomic<std::size_t> parts{0};
};
using JobPtr = std::shared_ptr<ListJob>;

Error bad_list(std::string message) {
  return error(Errc::malformed, "list-form", std::move(message))
      .accepts(R"({"statements":["<sd-jwt>", {"statement":"<sd-jwt>","sealed":[…]}, …]})");
}

Status check_form(const ListJob& job) {
  if (job.one) return {};
  if (job.how.expected)
    return fail(error(Errc::malformed, "precondition-on-list",
                      "a list concerns several streams, and takes no precondition")
                    .at("if-match")
                    .accepts("one statement"));
  for (std::size_t i = 0; i < job.statements.size(); ++i)
    if (!job.statements[i].is_string() && !job.statements[i].is_object())
      return fail(bad_list("a statement is neither a string nor an object")
                      .at("statements[" + std::to_string(i) + "]"));
  return {};
}

Status read_body(ListJob& job) {
  RELAIS_ASSIGN(json::value parsed, json::parse(job.body));
  json::object* o = parsed.if_object();
  if (o != nullptr && o->contains("statement")) {
    job.one = true;
    job.statements.push_back(std::move(parsed));
    return check_form(job);
  }
  json::value* list = o == nullptr ? nullptr : o->if_contains("statements");
  json::array* statements = list == nullptr ? nullptr : list->if_array();
  if (statements == nullptr || o->size() != 1)
    return fail(bad_list("the body is not an object with the one member statements"));
  if (statements->empty()) return fail(bad_list("the list is empty").at("statements"));
  if (statements->size() > log::kMaxGroup)
    return fail(error(Errc::too_large, "group-size", "too many statements in one request")
                    .at("statements")
                    .accepts("at most " + std::to_string(log::kMaxGroup) + " statements"));
  job.statements = std::move(*statements);
  return check_form(job);
}

struct Judged {
  const Error* error = nullptr;
  const log::Accepted* accepted = nullptr;
  unsigned status() const {
    if (error != nullptr) return status_of(error->code);
    return accepted->duplicate ? 200 : 201;
  }
};

void write_judged(JsonWriter& json, const Judged& v) {
  json.begin_object();
  if (v.error != nullptr) {
    write_problem(json, *v.error, v.status());
  } else {
    json.member("status", v.status());
    write_accepted(json, *v.accepted);
  }
  json.end_object();
}

/// The problem of the statement that the atomic list failed by, with `results` saying which it is.
Response atomic_refusal(const Error& e, std::size_t position) {
  Response response = problem(e);
  const unsigned status = response.status;
  response.body.clear();
  JsonWriter json(response.body);
  json.begin_object();
  write_problem(json, e, status);
  json.key("results").begin_array().begin_object();
  json.member("position", std::uint64_t{position});
  write_problem(json, e, status);
  json.end_object().end_array().end_object();
  return response;
}

Response results_response(const std::vector<Judged>& verdicts, unsigned status) {
  Response response;
  response.status = status;
  response.content_type = kJson;
  response.body.reserve(verdicts.size() * 1536);
  JsonWriter json(response.body);
  json.begin_object().key("results").begin_array();
  for (const Judged& v : verdicts) write_judged(json, v);
  json.end_array().end_object();
  return response;
}

Response atomic_response(const std::vector<Judged>& verdicts) {
  bool created = false;
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    const Error* e = verdicts[i].error;
    if (e != nullptr && e->rule != "group-refused") return atomic_refusal(*e, i);
    created = created || (e == nullptr && !verdicts[i].accepted->duplicate);
  }
  return results_response(verdicts, created ? 201 : 200);
}

Response make_response(ListJob& job, const std::vector<log::Outcome>& outcomes) {
  std::vector<Judged> verdicts(job.items.size());
  for (std::size_t i = 0; i < job.items.size(); ++i)
    if (job.items[i].refused) verdicts[i].error = &*job.items[i].refused;
  for (std::size_t n = 0; n < outcomes.size(); ++n) {
    Judged& v = verdicts[job.submitted[n]];
    if (outcomes[n]) {
      v.accepted = &*outcomes[n];
    } else {
      v.error = &outcomes[n].error();
      note_failure(job.context, *v.error);
    }
  }
  return job.how.atomic ? atomic_response(verdicts) : results_response(verdicts, 207);
}

void answer(const JobPtr& job, std::vector<log::Outcome> outcomes) {
  const Respond respond = std::move(job->respond);  // the response holds the job
  auto shared = std::make_shared<const std::vector<log::Outcome>>(std::move(outcomes));
  Response response;
  response.later = [job, shared] {
    return job->one ? outcome_response(job->context, shared->front())
                    : make_response(*job, *shared);
  };
  respond(std::move(response));
}

/// Every item was checked: the ledger judges those that hold.
void submit(const JobPtr& job) {
  const auto refused = std::ranges::find_if(
      job->items, [](const ListJob::Item& i) { return i.refused.has_value(); });
  if (job->one && refused != job->items.end()) return job->respond(problem(*refused->refused));
  if (job->how.atomic && refused != job->items.end())
    return job->respond(
        atomic_refusal(*refused->refused, static_cast<std::size_t>(refused - job->items.begin())));
  std::vector<log::Submission> group;
  for (std::size_t i = 0; i < job->items.size(); ++i) {
    if (job->items[i].refused) continue;
    job->submitted.push_back(i);
    group.push_back(std::move(job->items[i].submission));
  }
  const Admitted submitted = submit_shared(
      job->context, std::move(group), job->how.atomic,
      [job](std::vector<log::Outcome> outcomes) { answer(job, std::move(outcomes)); });
  if (!submitted) job->respond(problem(submitted.error()));
}

/// In turns of the addresses: taking a list apart needs no token, and must keep nobody's reads from
/// the workers, nor others' lists.
Admitted post(const JobPtr& job, std::function<void()> work) {
  return job->context.lists.post(job->context.pool, job->how.address, std::move(work));
}

void check_part(const JobPtr& job, std::size_t first) {
  const std::size_t last = std::min(first + kPart, job->items.size());
  const auto head = job->context.ledger.head();
  for (std::size_t i = first; i < last; ++i) {
    ListJob::Item& item = job->items[i];
    try {
      auto taken =
          take_statement(job->context, *head, statement::parse_submission(job->statements[i]));
      if (!taken) {
        item.refused = std::move(taken.error());
        continue;
      }
      item.submission = std::move(*taken);
      item.submission.by = job->how.by;
      // Who seals again to another's statement pays for what that takes.
      if (item.submission.owner && item.submission.by && !item.submission.statement.sealed.empty())
        item.submission.owner = item.submission.by;
      item.submission.expected = job->how.expected;
    } catch (const std::exception& e) {
      item.refused = error(Errc::internal, "internal", e.what());
    }
  }
  if (job->parts.fetch_sub(1) == 1) submit(job);
}

Status try_read_body(ListJob& job) {
  try {
    return read_body(job);
  } catch (const std::exception& e) {  // no memory for it
    return fail(Errc::internal, "internal", e.what());
  }
}

void start(const JobPtr& job) {
  if (const Status read = try_read_body(*job); !read) return job->respond(problem(read.error()));
  job->body = {};
  if (const Admitted rate = job->context.accounts->of_addresses.take(
          job->how.address, static_cast<double>(job->statements.size()));
      !rate)
    return job->respond(problem(rate.error()));
  job->items.resize(job->statements.size());
  job->parts = (job->items.size() + kPart - 1) / kPart;
  // The first part is this thread's own; the others may find idle workers, in their turn.
  for (std::size_t first = kPart; first < job->items.size(); first += kPart)
    if (!post(job, [job, first] { check_part(job, first); })) check_part(job, first);
  check_part(job, 0);
}

}  // namespace

void append_list(Context& context, std::string body, ListRequest how, Respond respond) {
  auto job =
      std::make_shared<ListJob>(context, std::move(how), std::move(respond), std::move(body));
  if (const Admitted posted = post(job, [job] { start(job); }); !posted)
    job->respond(problem(posted.error()));
}

void describe_append(shape::Shapes& s) {
  using namespace shape;
  const auto receipt = text("c2sp.org/tlog-proof@v1\nindex 41\n…");
  const auto hash =
      text_like("^[A-Za-z0-9+/]{43}=$", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=");
  const auto accepted = [&](bool in_list) {
    std::vector<Member> members;
    if (in_list)
      members.push_back(must("status", {{"type", "integer"}, {"enum", json::array{200, 201}}}));
    for (Member& m : std::vector<Member>{
             must("index", index()), must("id", text("01890a5d-ac96-774b-bcce-b302099a8058")),
             must("source", text("urn:relais:rhone-2023:mission-locale-1")),
             must("stream", named("Stream")), must("version", version()),
             must("leafHash", hash, "Of the entry, in base64."), must("receivedAt", moment()),
             may("disclosuresAdded", number(1), "That were missing, and are kept now."),
             must("receipt", receipt, "A c2sp.org/tlog-proof: it verifies offline.")})
      members.push_back(std::move(m));
    return object(members);
  };
  const auto known = [&](bool in_list) {
    std::vector<Member> members;
    if (in_list) members.push_back(must("status", just(200)));
    for (Member& m : std::vector<Member>{
             must("id", text("01890a5d-ac96-774b-bcce-b302099a8058")),
             must("source", text("urn:relais:rhone-2023:mission-locale-1")),
             must("stream", named("Stream")), may("disclosuresAdded", number(1)),
             must("receiptAt", text("/v1/events/exemple/receipt?source=urn%3Aexemple"),
                  "Where those who may read the event find its receipt.")})
      members.push_back(std::move(m));
    return object(members);
  };
  s.define("Accepted", either({accepted(false), known(false)}));
  s.define("AcceptedAnswer", either({named("Accepted"), named("Results")}));
  s.define("Results",
           object({must("results", list(either({accepted(true), known(true), named("Problem")})),
                        "Of each statement, in their order.")}));
  s.define("SealedStatement",
           object({must("statement", text("eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl~"), "An SD-JWT."),
                   must("sealed",
                        list(either({text("{\"protected\":\"exemple\"}"), {{"type", "object"}}})),
                        "Disclosures as JWE (docs/FORMATS.md, Sealed disclosure).")}));
  Schema statements =
      list(either({text("eyJhbGciOiJFZERTQSJ9.e30.c2lnbmF0dXJl~"), named("SealedStatement")}));
  statements["minItems"] = 1;
  statements["maxItems"] = log::kMaxGroup;
  s.define("Submission",
           either({object({must("statements", statements)}), named("SealedStatement")}));
}

}  // namespace relais::api
