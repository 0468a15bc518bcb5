// POST /v1/events: one statement, or a list of them. POST /v1/break-glass: an emergency access.
//
// One is parsed and its signature checked on the io thread; a list is taken apart and checked by
// the workers. The ledger's writer only ever sees what has its form and its signature; answers are
// formatted on the connection's own thread.
#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <optional>
#include <set>

#include "api/context.h"
#include "api/http/problem.h"
#include "api/http/target.h"
#include "api/resources/append_list.h"
#include "api/resources/paging.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/jws.h"
#include "ledger/log/admission.h"
#include "ledger/statement/salts.h"
#include "ledger/statement/sd_jwt.h"
#include "ledger/statement/sealed.h"
#include "ledger/statement/statement.h"

namespace relais::api {
namespace {

/// What If-Match and If-None-Match ask of the stream's version.
Result<std::optional<StreamVersion>> precondition(const Request& request) {
  const std::string_view match = request.header("if-match");
  const std::string_view none = request.header("if-none-match");
  if (match.empty() && none.empty()) return std::optional<StreamVersion>();
  const auto refused = [](std::string_view field, std::string_view accepted) {
    return fail(error(Errc::malformed, "precondition-form", "not a version of a stream")
                    .at(std::string(field))
                    .accepts(std::string(accepted))
                    .from("RFC 9110, section 13.1"));
  };
  if (!match.empty() && !none.empty()) return refused("if-match", "one precondition");
  if (!none.empty()) {
    if (none != "*") return refused("if-none-match", "*, for a stream that has no event yet");
    return std::optional(StreamVersion{0});
  }
  std::uint32_t version = 0;
  const char* const begin = match.data() + 1;
  const char* const end = match.data() + match.size() - 1;
  if (match.size() < 3 || match.front() != '"' || match.back() != '"')
    return refused("if-match", "\"<version>\"");
  const auto [stop, ec] = std::from_chars(begin, end, version);
  if (ec != std::errc() || stop != end) return refused("if-match", "\"<version>\"");
  return std::optional(StreamVersion{version});
}

/// Ids are a source's own: another may use the same (CloudEvents 1.0, source + id), and the path
/// without the source is then that of both.
std::string path_of(const log::Accepted& accepted, std::string_view part) {
  std::string path = "/v1/events/" + percent_encode(accepted.id);
  return path.append(part).append("?source=").append(percent_encode(accepted.source));
}

Response accepted_response(const log::Accepted& accepted) {
  Response response;
  response.status = accepted.duplicate ? 200 : 201;
  response.content_type = kJson;
  response.body.reserve(2048);
  JsonWriter json(response.body);
  json.begin_object();
  write_accepted(json, accepted);
  json.end_object();
  response.headers.emplace_back("location", path_of(accepted, ""));
  if (!accepted.duplicate || accepted.whole)
    response.headers.emplace_back("etag", "\"" + std::to_string(accepted.version.value) + "\"");
  return response;
}

/// What may come by the path that the call was made on.
using Accepts = Status (*)(const statement::Statement&);

Status any_type(const statement::Statement&) {
  return {};
}

Status break_glass_type(const statement::Statement& s) {
  if (s.event->getRoot<schema::Event>().asReader().getData().isCaseEmergencyAccessOpened())
    return {};
  return fail(error(Errc::invalid, "break-glass-type", "only an emergency access is opened here")
                  .at("type")
                  .accepts("relais.case.emergency_access_opened.v1; POST /v1/events takes every "
                           "type"));
}

/// What hangs on a signed statement that it has no digest of. Its digests all stand in what is
/// signed: nothing that is disclosed has digests of its own (docs/FORMATS.md).
Status check_referenced(std::string_view payload, std::string_view disclosures) {
  for (std::size_t number = 1; !disclosures.empty(); ++number) {
    const std::size_t end = std::min(disclosures.find('~'), disclosures.size());
    const std::string_view one = disclosures.substr(0, end);
    disclosures.remove_prefix(std::min(end + 1, disclosures.size()));
    if (one.empty() || payload.find(statement::disclosure_digest(one)) != payload.npos) continue;
    return fail(
        error(Errc::malformed, "sd-disclosure-unreferenced", "no digest refers to a disclosure")
            .at("disclosure " + std::to_string(number))
            .accepts("disclosures whose digest is in the signed payload")
            .from("RFC 9901, section 7.1"));
  }
  return {};
}

/// A large statement is of a key that is known, signed by it, and has a digest of all that hangs on
/// it, before its disclosures are parsed: nobody without a key takes an io thread for long, by a
/// statement of somebody else either.
Status check_signed_first(const log::Head& head, std::string_view text) {
  const std::string_view jwt = text.substr(0, text.find('~'));
  if (text.size() <= statement::kMaxParsedUnverified || jwt.size() > statement::kMaxJwtBytes)
    return {};  // what is too long is refused by its length
  RELAIS_ASSIGN(const crypto::Jws jws, crypto::parse_jws(jwt, statement::kTyp));
  const rules::Key* key = head.registry->find_key(jws.kid);
  if (key == nullptr) return fail(log::key_unknown());
  RELAIS_TRY(crypto::verify_jws(jws, key->key));
  return check_referenced(jws.payload, text.substr(std::min(jwt.size() + 1, text.size())));
}

void append_one(Context& context, const Call& call, Accepts accepts, const Respond& respond) {
  std::string_view text = call.request.body;
  // A file has a line end at its end, of either kind.
  if (text.ends_with('\n')) text.remove_suffix(1);
  if (text.ends_with('\r')) text.remove_suffix(1);
  const auto refuse = [&](const Error& e) { respond(problem(e)); };
  const auto expected = precondition(call.request);
  if (!expected) return refuse(expected.error());
  if (const Status known = check_signed_first(*call.head, text); !known)
    return refuse(known.error());
  auto submission = take_statement(context, *call.head, statement::parse_submission(text));
  if (!submission) return refuse(submission.error());
  if (const Status accepted = accepts(submission->statement); !accepted)
    return refuse(accepted.error());
  submission->expected = *expected;
  std::vector<log::Submission> group;
  group.push_back(std::move(*submission));
  const Admitted submitted = submit_shared(
      context, std::move(group), false, [&context, respond](std::vector<log::Outcome> outcomes) {
        auto shared = std::make_shared<log::Outcome>(std::move(outcomes[0]));
        Response response;
        response.later = [&context, shared] { return outcome_response(context, *shared); };
        respond(std::move(response));
      });
  if (!submitted) respond(problem(submitted.error()));
}

/// POST /v1/break-glass: POST /v1/events for an emergency access, and nothing else.
void break_glass(Context& context, const Call& call, const Respond& respond) {
  const std::string& address = call.request.peer->address;
  if (const Admitted rate = context.accounts->of_addresses.take(address); !rate)
    return respond(problem(rate.error()));
  append_one(context, call, break_glass_type, respond);
}

void append(Context& context, Call& call, Respond respond) {
  const std::string& address = call.request.peer->address;
  if (const Admitted rate = context.accounts->of_addresses.take(address); !rate)
    return respond(problem(rate.error()));
  const std::string_view type = media_type(call.request.header("content-type"));
  if (equals_ignoring_case(type, "application/sd-jwt"))
    return append_one(context, call, any_type, respond);
  ListRequest how{flag(call.request, "atomic"), address, {}, {}};
  if (auto expected = precondition(call.request); expected)
    how.expected = *expected;
  else
    return respond(problem(expected.error()));
  if (!call.request.header("authorization").empty())
    how.by = context.bearer(call.request, *call.head);
  append_list(context, std::move(call.request.body), std::move(how), std::move(respond));
}

}  // namespace

Response outcome_response(Context& context, const log::Outcome& outcome) {
  if (outcome) return accepted_response(*outcome);
  note_failure(context, outcome.error());
  return problem(outcome.error());
}

namespace {

/// Who sends a JWT again without all that it hides may be anybody who came by it: the receipt is
/// for those who may read it.
void write_known(JsonWriter& json, const log::Accepted& accepted) {
  json.member("id", accepted.id);
  json.member("source", accepted.source);
  json.member("stream", statement::to_subject(accepted.stream));
  if (accepted.disclosures_added > 0) json.member("disclosuresAdded", accepted.disclosures_added);
  json.member("receiptAt", path_of(accepted, "/receipt"));
}

}  // namespace

void write_accepted(JsonWriter& json, const log::Accepted& accepted) {
  if (accepted.duplicate && !accepted.whole) return write_known(json, accepted);
  json.member("index", accepted.index.value);
  json.member("id", accepted.id);
  json.member("source", accepted.source);
  json.member("stream", statement::to_subject(accepted.stream));
  json.member("version", accepted.version.value);
  json.member("leafHash", crypto::base64_encode(view(accepted.leaf)));
  json.member("receivedAt", accepted.received_at);
  if (accepted.disclosures_added > 0) json.member("disclosuresAdded", accepted.disclosures_added);
  json.member("receipt", merkle::to_text(accepted.receipt));
}

namespace {

/// Who pays for a statement: the owner of a key that may sign now, for its own source.
std::optional<SignatoryId> owner_of(const Context& context, const log::Head& head,
                                    const statement::Statement& s) {
  const Timestamp now = std::max(context.clock.now(), head.last_received);
  const auto signer = log::authenticate(*head.registry, s, LogIndex{head.size().value});
  if (!signer || !head.registry->check_key(s.kid, now)) return std::nullopt;
  return signer->id;
}

}  // namespace

namespace {

/// Across a leap, what a statement says of the time counts; what the log has already, anybody may
/// send again at any time.
void hear(const Context& context, const log::Head& head, const statement::Statement& s,
          SignatoryId owner) {
  if (context.clock_guard == nullptr || context.clock_guard->leap_ms() == 0) return;
  const auto known = context.ledger.knows(s, owner);
  if (known && *known == log::Ledger::Known::no)
    context.clock_guard->hear(head.registry->account_of(owner), s.time);
}

}  // namespace

Result<log::Submission> take_statement(Context& context, const log::Head& head,
                                       Result<statement::Statement> parsed) {
  log::Submission submission;
  RELAIS_ASSIGN(submission.statement, std::move(parsed));
  const statement::Statement& s = submission.statement;
  RELAIS_ASSIGN(const auto salts, statement::check_salts(s.disclosures));
  RELAIS_TRY(context.ledger.preverify(submission));
  if (!submission.verified) return submission;  // of a key that comes with the same list, perhaps
  // What a key may no longer sign uses up nothing of its owner's, and tells nobody the time; the
  // log may have it already, and then it gets its receipt.
  submission.owner = owner_of(context, head, s);
  if (!submission.owner) return submission;
  hear(context, head, s, *submission.owner);
  RELAIS_TRY(context.accounts->salts.take(*submission.owner, salts));
  return submission;
}

namespace {

/// About what a statement takes on the disk beside its own text: the typed event, the tree, keys
/// and the read models.
constexpr std::size_t kBesideTheText = 1'024;
/// An erasure has what it leaves sealed anew, and takes the writer as long as so many statements.
constexpr double kErasureInStatements = 50;

double disclosed_bytes(const statement::Statement& s) {
  std::size_t bytes = 0;
  for (const std::string& d : s.disclosures) bytes += d.size();
  for (const statement::Sealed& sealed : s.sealed) bytes += sealed.text.size();
  return static_cast<double>(bytes);
}

/// What a group takes of its signers' shares. The queue's is given back with the last who holds it:
/// when the group is answered, or not submitted. A signer pays for what the log takes and for what
/// it is refused; not for what is there already, since anybody may send that again.
class GroupShares {
 public:
  explicit GroupShares(Context& context)
      : context_(context),
        registry_(context.ledger.head()->registry),
        now_(std::max(context.clock.now(), context.ledger.head()->last_received)) {}
  ~GroupShares() {
    for (const SignatoryId who : queued_) context_.queue.give_back(who, wanted_.at(who).count);
  }
  GroupShares(const GroupShares&) = delete;
  GroupShares& operator=(const GroupShares&) = delete;

  void add(const log::Submission& s) {
    Cost cost;
    if (s.owner) {
      cost.who = registry_->account_of(*s.owner);
      Wanted& wanted = wanted_[*cost.who];
      ++wanted.count;
      charge(s.statement, *s.owner, cost);
      wanted.statements += cost.statements;
      wanted.bytes += cost.bytes;
      wanted.owed += cost.owed;
    }
    costs_.push_back(cost);
  }
  /// All of it, or nothing.
  Admitted take(Accounts& accounts) {
    std::vector<std::pair<SignatoryId, const Wanted*>> taken;
    // Nothing is asked of who has nothing to pay, be it in debt: how much it has left is its own.
    const auto take_of = [&](SignatoryId who, Wanted& wanted) -> Admitted {
      if (wanted.statements > 0) RELAIS_TRY(accounts.requests.take(who, wanted.statements));
      if (Admitted stored = take_bytes(accounts, who, wanted); !stored) {
        accounts.requests.give_back(who, wanted.statements);
        return stored;
      }
      taken.emplace_back(who, &wanted);
      RELAIS_TRY(context_.queue.take(who, wanted.count));
      queued_.push_back(who);
      return {};
    };
    for (auto& [who, wanted] : wanted_) {
      Admitted admitted = take_of(who, wanted);
      if (admitted) continue;
      for (const auto& [other, its] : taken) {
        accounts.requests.give_back(other, its->statements);
        give_bytes_back(accounts, other, its->bytes, its->owed);
      }
      return admitted;
    }
    return {};
  }
  void settle(const std::vector<log::Outcome>& outcomes) const {
    for (std::size_t i = 0; i < outcomes.size() && i < costs_.size(); ++i) {
      const Cost& cost = costs_[i];
      if (!cost.who) continue;
      const bool taken = outcomes[i] && !outcomes[i]->duplicate;
      if (taken || (outcomes[i] && outcomes[i]->disclosures_added > 0)) continue;
      give_bytes_back(*context_.accounts, *cost.who, cost.bytes, cost.owed);
      if (outcomes[i]) context_.accounts->requests.give_back(*cost.who, cost.statements);
    }
  }

 private:
  struct Cost {
    std::optional<SignatoryId> who;
    double statements = 0;
    double bytes = 0;
    double owed = 0;  // bytes of what passes a shortage
  };
  struct Wanted {
    std::size_t count = 0;
    double statements = 0;
    double bytes = 0;
    double owed = 0;
    bool as_any_other = false;  // what is owed was taken of the ordinary share
  };

  /// What is owed has a share of its own, and is like any other statement beyond it, where there
  /// is room for these. Where there is none, the rest of the disk is for the others' erasures, too.
  Admitted take_bytes(Accounts& accounts, SignatoryId who, Wanted& wanted) {
    double of_share = wanted.bytes;
    if (wanted.owed > 0) {
      Admitted reserve = accounts.reserve.take(who, wanted.owed);
      if (!reserve && context_.ledger.shortage()) return reserve;
      wanted.as_any_other = !reserve;
      if (wanted.as_any_other) of_share += wanted.owed;
    }
    if (of_share <= 0) return {};
    Admitted stored = accounts.stored.take(who, of_share);
    if (!stored && wanted.owed > 0 && !wanted.as_any_other)
      accounts.reserve.give_back(who, wanted.owed);
    return stored;
  }
  void give_bytes_back(Accounts& accounts, SignatoryId who, double bytes, double owed) const {
    const bool as_any_other = wanted_.at(who).as_any_other;
    accounts.stored.give_back(who, bytes + (as_any_other ? owed : 0));
    if (!as_any_other) accounts.reserve.give_back(who, owed);
  }

  /// Nothing of a copy, of what the log has or of what stands in the group already: its signer need
  /// not know of it.
  void charge(const statement::Statement& s, SignatoryId owner, Cost& cost) {
    if (!seen_.emplace(owner, s.id).second) return;
    const auto known = context_.ledger.knows(s, owner);
    if (known && *known == log::Ledger::Known::whole) return;
    // A stolen key must be stopped, too: once.
    const bool owed = log::passes_shortage(s, *registry_, now_) && stops_once(s);
    cost.statements = owed ? kErasureInStatements : 1;
    double bytes = disclosed_bytes(s);
    if (!(known && *known == log::Ledger::Known::lacking))
      bytes += static_cast<double>(s.jwt.size() + kBesideTheText);
    (owed ? cost.owed : cost.bytes) = bytes;
  }
  /// Of a key's revocations that come in one group the first alone is one that stops it.
  bool stops_once(const statement::Statement& s) {
    const auto data = s.event->getRoot<schema::Event>().asReader().getData();
    if (!data.isKeyRevoked()) return true;
    const capnp::Text::Reader kid = data.getKeyRevoked().getKid();
    return stopped_.emplace(kid.begin(), kid.size()).second;
  }

  Context& context_;
  const std::shared_ptr<const rules::Registry> registry_;
  const Timestamp now_;
  std::set<std::string> stopped_;  // keys, by their names
  std::vector<Cost> costs_;        // of each statement
  std::map<SignatoryId, Wanted> wanted_;
  std::set<std::pair<SignatoryId, std::string>> seen_;
  std::vector<SignatoryId> queued_;
};

}  // namespace

Admitted submit_shared(Context& context, std::vector<log::Submission> group, bool atomic,
                       log::Done done) {
  Accounts& accounts = *context.accounts;
  auto shares = std::make_shared<GroupShares>(context);
  for (const log::Submission& s : group) shares->add(s);
  RELAIS_TRY(shares->take(accounts));
  // Given back before the answer, on which alone the service waits before it ends: this runs on the
  // ledger's thread, and what it holds may go after the service has.
  context.ledger.submit(std::move(group), atomic,
                        [shares = std::move(shares),
                         done = std::move(done)](std::vector<log::Outcome> outcomes) mutable {
                          shares->settle(outcomes);
                          shares.reset();
                          done(std::move(outcomes));
                        });
  return {};
}

void add_append_routes(Router& router, Context& context) {
  router.add(Route::post("/v1/events").answers_later([&context](Call& call, Respond respond) {
    append(context, call, std::move(respond));
  }));
  router.add(
      Route::post("/v1/break-glass").answers_later([&context](Call& call, const Respond& respond) {
        break_glass(context, call, respond);
      }));
}

}  // namespace relais::api
