#include "tests/simulation/oracle.h"

#include <algorithm>

#include "ledger/base/bytes.h"
#include "ledger/merkle/receipt.h"
#include "replay/verify/scratch.h"

namespace relais::simulation {
namespace {

/// Whether what was sent may be in the log although the answer is an error.
bool in_doubt(const Error& e) {
  return e.code == Errc::unavailable || e.code == Errc::io || e.code == Errc::storage_full ||
         e.code == Errc::limited;
}

template <class T>
T must(Result<T> result, const std::string& what) {
  if (!result) throw Broken(what + ": " + to_string(result.error()));
  return std::move(*result);
}

}  // namespace

std::string name(const char* what, std::uint64_t index) {
  return std::string(what) + " " + std::to_string(index);
}

void KnownTree::append(const Hash& leaf) {
  range_.append(leaf, [](merkle::NodeId, const Hash&) {});
  leaves_.push_back(leaf);
  roots_.push_back(range_.root());
}

Oracle::Oracle(const Script& script) : script_(script), states_(script.acts.size()) {
  for (std::size_t i = 0; i < script.acts.size(); ++i) by_jwt_.emplace(script.acts[i].jwt, i);
}

void Oracle::sent(const Request& request) {
  for (const Request::Part& part : request.parts) {
    ++states_[part.act].on_the_way;
    states_[part.act].may_be_disclosed |= part.whole;
  }
}

void Oracle::answered(const Request& request, std::vector<log::Outcome> outcomes) {
  // No exception from here: who answers would take it for its own.
  if (outcomes.size() != request.parts.size()) {
    complaint_ = "an answer has another length than its request";
    return;
  }
  bool doubtful = false;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const Request::Part& part = request.parts[i];
    if (outcomes[i]) {
      ++acknowledged_;
      answers_.push_back({part.act, part.whole, std::move(*outcomes[i])});
    } else if (in_doubt(outcomes[i].error())) {
      doubtful = true;
    } else {
      if (outcomes[i].error().code == Errc::corrupt)
        complaint_ = "what is stored is called damaged: " + to_string(outcomes[i].error());
      ++refused_;
      --states_[part.act].on_the_way;
    }
  }
  if (doubtful) unanswered(request);
}

void Oracle::unanswered(const Request& request) {
  if (!request.atomic) return;
  std::vector<std::size_t> acts;
  for (const Request::Part& part : request.parts)
    if (!in_log(part.act) && states_[part.act].on_the_way == 1) acts.push_back(part.act);
  doubtful_.push_back(std::move(acts));
}

const std::vector<LogIndex>& Oracle::events_of(const Uuid& id) const {
  static const std::vector<LogIndex> none;
  const auto it = of_cases_.find(id);
  return it == of_cases_.end() ? none : it->second;
}

// ---------------------------------------------------------------------------------------------------------------------

void Oracle::look(const log::Ledger& ledger) {
  require(complaint_.empty(), complaint_);
  const std::uint64_t before = tree_.size();
  const std::uint64_t size = ledger.head()->size().value;
  require(size >= before,
          "the head went back from " + std::to_string(before) + " to " + std::to_string(size));
  for (std::uint64_t i = before; i < size; ++i) take(ledger, i);
  if (size != before) check_head(ledger);
  for (const Answer& answer : std::exchange(answers_, {})) check_answer(ledger, answer, before);
}

void Oracle::check_head(const log::Ledger& ledger) const {
  const auto head = ledger.head();
  const std::uint64_t size = tree_.size();
  const auto checkpoint = must(merkle::open_checkpoint(head->note, ledger.keys().log),
                               "the head's checkpoint does not hold");
  require(checkpoint.size == size && checkpoint.root == tree_.root(size),
          "the head is not of the tree of its entries");
  require(head->last_received == last_received_, "the head has another time than its last entry");
}

/// An entry that was not seen before.
void Oracle::take(const log::Ledger& ledger, std::uint64_t index) {
  const std::string what = name("entry", index);
  const std::string bytes = must(ledger.entry(LogIndex{index}), what);
  const log::EntryView entry = must(log::parse_entry(bytes), what);
  require(entry.received_at >= last_received_, what + " was received before the one before it");
  last_received_ = entry.received_at;
  tree_.append(merkle::leaf_hash(bytes));

  statement::EventView view;
  require(view.load(must(ledger.event(LogIndex{index}), what)), what + " has no typed event");
  const schema::Event::Reader event = view.get();
  const statement::StreamId stream = statement::stream_of(event);
  const std::string key = statement::stream_key(stream);
  require(event.getVersion() == ++versions_[key], what + " is not the next version of its stream");
  if (stream.kind == schema::StreamKind::CASE) of_cases_[stream.uuid].push_back(LogIndex{index});
  if (event.getData().isCaseDataErased()) take_erasure(stream, event);

  const auto act = by_jwt_.find(entry.jwt);
  if (act == by_jwt_.end()) {  // of the template, or by the clock
    if (event.getSignatory() == 0 && index > 0) ++by_clock_;
    return;
  }
  State& state = states_[act->second];
  require(!state.index, what + " is in the log twice");
  require(state.on_the_way > 0, what + " was refused, or never sent");
  state.index = index;
  state.stream = key;
  state.version = event.getVersion();
}

void Oracle::take_erasure(const statement::StreamId& stream, schema::Event::Reader event) {
  const std::string key = statement::stream_key(stream);
  const auto targets = event.getData().getCaseDataErased().getTargets();
  for (const std::uint32_t target : targets) erased_.emplace(key, target);
  if (targets.size() > 0) return;
  for (std::uint32_t version = 1; version < event.getVersion(); ++version)
    erased_.emplace(key, version);
}

void Oracle::check_answer(const log::Ledger& ledger, const Answer& answer, std::uint64_t before) {
  const log::Accepted& accepted = answer.accepted;
  State& state = states_[answer.act];
  const std::string what = name("the answer for entry", accepted.index.value);
  require(state.index == accepted.index.value, what + " names another place than the log has");
  require(accepted.duplicate || accepted.index.value >= before,
          what + " calls new what was in the log");
  const std::string entry = log::entry_bytes(accepted.received_at, script_.acts[answer.act].jwt);
  require(merkle::leaf_hash(entry) == tree_.leaf(accepted.index.value),
          what + " is not of what is stored");
  const std::string receipt = merkle::to_text(accepted.receipt);
  if (state.receipt.empty()) {
    const auto checkpoint =
        must(merkle::verify_receipt(accepted.receipt, entry, ledger.keys().log), what);
    require(checkpoint.size <= tree_.size() && checkpoint.root == tree_.root(checkpoint.size),
            what + " has a receipt of another tree");
    state.receipt = receipt;
  }
  require(state.receipt == receipt, what + " has another receipt than the first one");
  state.disclosed |= answer.whole;
  check_disclosures(ledger, answer.act);
}

void Oracle::check_disclosures(const log::Ledger& ledger, std::size_t act) const {
  const State& state = states_[act];
  const std::string what = name("what entry", *state.index) + " discloses";
  const auto texts = must(ledger.disclosures(LogIndex{*state.index}), what);
  if (erased_.contains({state.stream, state.version}))
    return require(texts.empty(), what + " was erased, and is there");
  if (texts.empty())
    return require(!state.disclosed || script_.acts[act].disclosures.empty(), what + " is lost");
  require(state.may_be_disclosed && texts == script_.acts[act].disclosures,
          what + " is not what was sent");
}

// ---------------------------------------------------------------------------------------------------------------------

void Oracle::look_at_all(const log::Ledger& ledger) {
  look(ledger);
  check_head(ledger);
  for (std::uint64_t i = 0; i < tree_.size(); ++i) {
    const std::string bytes = must(ledger.entry(LogIndex{i}), name("entry", i));
    require(merkle::leaf_hash(bytes) == tree_.leaf(i), name("entry", i) + " has changed");
  }
  for (std::size_t act = 0; act < states_.size(); ++act) {
    const State& state = states_[act];
    if (!state.index) continue;
    const std::string what = name("entry", *state.index);
    statement::EventView view;
    require(view.load(must(ledger.event(LogIndex{*state.index}), what)), what + " has no event");
    const auto id = view.get().getId();
    const auto by_id = must(ledger.find({id.begin(), id.size()}), what);
    require(std::ranges::find(by_id, LogIndex{*state.index}) != by_id.end(),
            what + " is not found by its id");
    const auto place =
        must(ledger.find(statement::stream_of(view.get()), StreamVersion{state.version}), what);
    require(place == LogIndex{*state.index}, what + " is not found in its stream");
    if (!state.receipt.empty())
      require(merkle::to_text(must(ledger.receipt(LogIndex{*state.index}), what)) == state.receipt,
              what + " has another receipt than the first one");
    check_disclosures(ledger, act);
  }
  check_doubtful();
  check_projections(ledger);
}

void Oracle::check_doubtful() {
  for (const auto& acts : std::exchange(doubtful_, {})) {
    const auto there = std::ranges::count_if(acts, [this](std::size_t act) { return in_log(act); });
    require(there == 0 || there == static_cast<std::ptrdiff_t>(acts.size()),
            "half of an atomic list is in the log");
  }
}

/// The live generation is what folding the events from the first on gives.
void Oracle::check_projections(const log::Ledger& ledger) {
  const auto head = ledger.head();
  MemoryRecords records;
  const auto model = model_factory()(records);
  statement::EventView view;
  Status folded = ledger.scan_events(LogIndex{0}, [&](LogIndex index, std::string_view bytes) {
    require(view.load(bytes), name("event", index.value) + " cannot be read");
    model->fold(rules::act_of(index, view.get()));
    return true;
  });
  require(folded.has_value(), "the events cannot be read");
  model->flush(records, head->size());
  std::uint64_t equal = 0;
  if (const auto d = replay::first_difference(*head->records, records, equal))
    throw Broken("the projections differ from a rebuild at the record " + to_hex(d->key) +
                 (!d->in_left    ? ", which is missing"
                  : !d->in_right ? ", which is not to be there"
                                 : ""));
}

}  // namespace relais::simulation
