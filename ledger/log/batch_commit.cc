#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "ledger/base/archive.h"
#include "ledger/base/check.h"
#include "ledger/base/stored.h"
#include "ledger/crypto/jwk.h"
#include "ledger/log/admission.h"
#include "ledger/log/impl.h"
#include "ledger/merkle/note.h"
#include "ledger/rules/rules.h"

namespace relais::log {
namespace {

using Steady = std::chrono::steady_clock;

std::uint64_t microseconds_since(Steady::time_point start) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(Steady::now() - start).count());
}

/// Of the text of what passes although there is no room: the targets of an erasure, not padding.
constexpr std::size_t kMostPastShortage = 16 * 1024;

/// Whether it came with all that it has digests of, sealed or not. Who brings that is not anybody
/// who came by the JWT: a sealed disclosure that the ledger did not have is refused from a
/// stranger.
bool is_whole(const statement::Statement& s) {
  std::set<std::string_view> digests;
  for (const statement::Sealed& sealed : s.sealed) digests.insert(sealed.digest);
  return s.event->getRoot<schema::Event>().getWithheld() == s.disclosures.size() + digests.size();
}

/// A record that cannot be read refuses the one statement that asks for it. Not where it is met in
/// a fold: the state is ahead of the disk then, and the batch ends.
template <class Work>
std::invoke_result_t<Work> or_damaged(const Work& work) {
  try {
    return work();
  } catch (const DamagedRecords& e) {
    return fail(records_damaged(e));
  }
}

Error group_refused(std::size_t failed) {
  return error(Errc::conflict, "group-refused",
               "statement " + std::to_string(failed) +
                   " of the atomic group was refused, so none was taken")
      .at("statements[" + std::to_string(failed) + "]")
      .accepts("a group of which every statement is accepted");
}

}  // namespace

bool passes_shortage(const statement::Statement& s, const rules::Registry& registry, Timestamp at) {
  if (s.jwt.size() > kMostPastShortage) return false;
  const auto data = s.event->getRoot<schema::Event>().asReader().getData();
  if (data.isCaseDataErased()) return true;
  return data.isKeyRevoked() && rules::stops_a_key(registry, data.getKeyRevoked(), at);
}

std::string id_key(std::string_view id, SignatoryId signatory) {
  std::string key(id);
  key.push_back('\0');
  append_be(key, signatory.value);
  return key;
}

std::string stream_version_key(const statement::StreamId& stream, StreamVersion version) {
  std::string key = statement::stream_key(stream);
  append_be(key, version.value);
  return key;
}

BatchCommit::BatchCommit(Ledger::Impl& ledger)
    : ledger_(ledger),
      shortage_(ledger.shortage()),
      key_lost_(ledger.lost_key()),
      rotations_(ledger.model->world().registry().log_key_rotations.size()),
      first_(ledger.tree->size()),
      received_at_(std::max(ledger.clock->now(), ledger.current()->last_received)) {}

void BatchCommit::take(Group& group) {
  const auto start = Steady::now();
  Pending& pending = pending_.emplace_back();
  pending.done = std::exchange(group.done, nullptr);
  pending.count = group.submissions.size();
  if (group.atomic) {
    if (const auto refused = try_group(group)) {
      for (std::size_t n = 0; n < pending.count; ++n)
        pending.answers.push_back(
            {fail(n == refused->position ? refused->error : group_refused(refused->position))});
      ledger_.stats.refused += pending.count;
      return;
    }
  }
  for (Submission& s : group.submissions) {
    Result<Answer> answer = take_one(s);
    // It passed the trial a moment ago, and what came before it is staged: the store has failed
    // since, and the batch ends (give_up).
    if (group.atomic && !answer) throw std::runtime_error(to_string(answer.error()));
    if (!answer) ++ledger_.stats.refused;
    pending.answers.push_back(answer ? std::move(*answer) : Answer{fail(answer.error())});
  }
  ledger_.stats.judge_us += microseconds_since(start);
}

/// The one way in: who signed, whether the log has it already, whether the rules allow it. Changes
/// nothing but what is set in the typed event.
Result<BatchCommit::Admitted> BatchCommit::admit(Submission& s, LogIndex index) {
  rules::WorldState& world = ledger_.model->world();
  RELAIS_ASSIGN(const Signer signer, authenticate(world.registry(), s.statement, index));
  if (!s.verified) RELAIS_TRY(statement::verify_signature(s.statement, signer.key));
  s.verified = true;
  RELAIS_ASSIGN(const auto duplicate, find_duplicate(s.statement, signer.id));
  if (duplicate) return Admitted{signer.id, *duplicate};
  RELAIS_TRY(statement::check_disclosed(s.statement));
  if (key_lost_ && !(s.statement.disclosures.empty() && s.statement.sealed.empty()))
    return fail(*key_lost_);
  if (shortage_ && !passes_shortage(s.statement, world.registry(), received_at_))
    return fail(*shortage_);
  RELAIS_ASSIGN(const rules::Act act,
                log::admit(world, s.statement, signer, index, received_at_, s.expected));
  RELAIS_TRY(check_rotation(s.statement, index));
  if (!signer.genesis) RELAIS_TRY(check_seals(world.registry(), s.statement, received_at_));
  return Admitted{signer.id, act};
}

/// The entry that replaces the log's key is alone in its batch, so that the checkpoint which both
/// keys sign is the first that covers it; and only who has the new key takes it.
Status BatchCommit::check_rotation(const statement::Statement& s, LogIndex index) const {
  const bool rotated = ledger_.model->world().registry().log_key_rotations.size() != rotations_;
  const auto data = s.event->getRoot<schema::Event>().asReader().getData();
  if (rotated || (data.isLogKeyRotated() && index.value != first_))
    return fail(error(Errc::unavailable, "log-key-rotating", "the log's key is being replaced")
                    .accepts("the same once more"));
  if (!data.isLogKeyRotated()) return {};
  const auto named = data.getLogKeyRotated().getNewKey();
  const auto& next = ledger_.options.next_log_key;
  if (next && crypto::to_text(next->public_key()) == std::string_view(named.begin(), named.size()))
    return {};
  return fail(error(Errc::conflict, "log-key-not-here",
                    "the log's key is replaced where the new one is, while no server runs")
                  .at("data.new_key")
                  .accepts("relais rotate --data DATA --key log")
                  .from(s.type->source));
}

/// What stands for itself: a group that is taken back leaves no trace of it, and its answer would
/// have told that there is such a case.
std::optional<BatchCommit::Refused> BatchCommit::alone(const Group& group) {
  if (group.submissions.size() < 2) return std::nullopt;
  for (std::size_t i = 0; i < group.submissions.size(); ++i) {
    const statement::EventType& type = *group.submissions[i].statement.type;
    if (type.relation != schema::Relation::NOT_HOLDER) continue;
    return Refused{i, error(Errc::conflict, "not-in-a-group",
                            type.name + " stands for itself, whatever becomes of other statements")
                          .at("statements[" + std::to_string(i) + "]")
                          .accepts("the statement alone, or a list that is not atomic")};
  }
  return std::nullopt;
}

/// Judges an atomic group on a world that is rolled back.
std::optional<BatchCommit::Refused> BatchCommit::try_group(Group& group) {
  rules::WorldState& world = ledger_.model->world();
  world.begin_trial();
  std::vector<std::string> tried;
  const auto try_one = [&](Submission& s) -> Status {
    const LogIndex index{first_ + staged_.size() + tried.size()};
    RELAIS_ASSIGN(const Admitted admitted, admit(s, index));
    if (const auto* duplicate = std::get_if<LogIndex>(&admitted.what)) {
      // Which are missing is told when it is taken; here, that none of them was erased.
      const auto missing = missing_disclosures(s, admitted.signatory, *duplicate);
      return missing ? Status{} : fail(missing.error());
    }
    const auto& act = std::get<rules::Act>(admitted.what);
    rules::evolve(world, act);
    tried.push_back(id_key(s.statement.id, admitted.signatory));
    ids_.emplace(tried.back(),
                 Known{index, StreamVersion{act.event.getVersion()}, s.statement.jwt});
    return {};
  };
  std::optional<Refused> refused = alone(group);
  for (std::size_t i = 0; i < group.submissions.size() && !refused; ++i)
    if (Status one = or_damaged([&] { return try_one(group.submissions[i]); }); !one)
      refused = {i, std::move(one).error()};
  world.rollback();
  for (const std::string& key : tried) ids_.erase(key);
  return refused;
}

Result<std::optional<LogIndex>> BatchCommit::find_duplicate(const statement::Statement& s,
                                                            SignatoryId signatory) const {
  const std::string key = id_key(s.id, signatory);
  std::optional<LogIndex> index;
  if (const auto it = ids_.find(key); it != ids_.end()) {
    if (it->second.jwt == s.jwt) return it->second.index;
  } else {
    RELAIS_ASSIGN(const auto stored, ledger_.store->get(store::Family::ids, key));
    if (!stored) return index;
    if (stored->size() != sizeof(std::uint64_t))
      return fail(Errc::corrupt, "entry-missing", "an id points to no entry");
    index = LogIndex{load_be<std::uint64_t>(*stored)};
    RELAIS_ASSIGN(const auto entry,
                  ledger_.store->get(store::Family::entries, store::index_key(index->value)));
    if (!entry || entry->size() < sizeof(std::uint64_t))
      return fail(Errc::corrupt, "entry-missing", "an id points to an entry that is not there");
    if (std::string_view(*entry).substr(sizeof(std::uint64_t)) == s.jwt) return index;
  }
  return fail(
      error(Errc::conflict, "id-reused", "this source has used this id for another statement")
          .at("id")
          .accepts("a new id, or the same bytes again")
          .from("CloudEvents 1.0, source + id"));
}

Result<BatchCommit::Answer> BatchCommit::take_one(Submission& s) {
  RELAIS_ASSIGN(const Admitted admitted,
                or_damaged([&] { return admit(s, LogIndex{first_ + staged_.size()}); }));
  if (const auto* duplicate = std::get_if<LogIndex>(&admitted.what)) {
    RELAIS_ASSIGN(const std::size_t added,
                  or_damaged([&] { return complete(s, admitted.signatory, *duplicate); }));
    ++ledger_.stats.duplicates;
    return Answer{*duplicate, true, added, is_whole(s.statement)};
  }
  // What can fail goes first: once it is folded, it stays.
  if (!s.statement.disclosures.empty() || !s.statement.sealed.empty())
    RELAIS_TRY(data_key(statement::stream_key(s.statement.stream)));
  return Answer{stage(s, std::get<rules::Act>(admitted.what))};
}

/// Those of a statement that is in the log already which the ledger does not have, sealed or not;
/// it may have lost them on the way, or got none.
Result<std::vector<std::string>> BatchCommit::missing_disclosures(const Submission& submission,
                                                                  SignatoryId signatory,
                                                                  LogIndex index) {
  const statement::Statement& s = submission.statement;
  if (s.disclosures.empty() && s.sealed.empty()) return std::vector<std::string>();
  // First: what an erasure before it in the same group leaves of what is stored is not the same in
  // the trial and when it is taken.
  RELAIS_TRY(check_not_erased(s, signatory, index));
  const auto here = disclosures_.find(index);
  const auto there = here != disclosures_.end() ? Result<std::vector<std::string>>(here->second)
                                                : ledger_.disclosures(index);
  if (!there) return fail(there.error());
  RELAIS_ASSIGN(auto missing, missing_texts(ledger_.model->world().registry(), s, *there,
                                            received_at_, may_seal(submission, signatory)));
  if (!missing.empty() && key_lost_) return fail(*key_lost_);
  if (!missing.empty() && shortage_) return fail(*shortage_);
  return missing;
}

/// Who holds the case of the statement now, signed it, or could open a copy that is kept. What is
/// of no case has no holder but who signed it.
MaySeal BatchCommit::may_seal(const Submission& submission, SignatoryId signatory) const {
  return [this, &submission, signatory](const std::vector<statement::Sealed>& copies) {
    if (!submission.by) return SealShare{};
    rules::WorldState& world = ledger_.model->world();
    const statement::StreamId& stream = submission.statement.stream;
    const rules::CaseState* state =
        stream.kind == schema::StreamKind::CASE ? world.find_case(stream.uuid) : nullptr;
    if ((state != nullptr ? state->holder : signatory) == *submission.by) return kShareOfHolder;
    if (*submission.by == signatory) return kShareOfSigner;
    const bool reader = std::ranges::any_of(copies, [&](const statement::Sealed& copy) {
      return std::ranges::any_of(copy.recipients, [&](const KeyId& kid) {
        const rules::Key* key = world.registry().find_sealing_key(kid);
        return key != nullptr && key->owner == *submission.by;
      });
    });
    return reader ? kShareOfReader : SealShare{};
  };
}

/// What was erased is not disclosed again, in whatever order it comes.
Status BatchCommit::check_not_erased(const statement::Statement& s, SignatoryId signatory,
                                     LogIndex index) const {
  if (s.stream.kind != schema::StreamKind::CASE) return {};
  RELAIS_ASSIGN(const StreamVersion version, version_of(s, signatory, index));
  const rules::CaseState* state = ledger_.model->world().find_case(s.stream.uuid);
  if (state == nullptr || state->acts.at(version.value - 1).erased == 0) return {};
  return fail(error(Errc::conflict, "disclosures-erased",
                    "what this statement disclosed was erased, and is not taken again")
                  .accepts("the statement without disclosures")
                  .from("RGPD art. 17"));
}

Result<StreamVersion> BatchCommit::version_of(const statement::Statement& s, SignatoryId signatory,
                                              LogIndex index) const {
  if (const auto it = ids_.find(id_key(s.id, signatory)); it != ids_.end())
    return it->second.version;
  RELAIS_ASSIGN(const auto stored,
                ledger_.store->get(store::Family::events, store::index_key(index.value)));
  statement::EventView view;
  if (!stored || !view.load(*stored))
    return fail(Errc::corrupt, "entry-missing", "a stored entry cannot be read");
  return StreamVersion{view.get().getVersion()};
}

/// Keeps what a duplicate brings and the ledger does not have; gives how many.
Result<std::size_t> BatchCommit::complete(const Submission& submission, SignatoryId signatory,
                                          LogIndex index) {
  RELAIS_ASSIGN(const auto missing, missing_disclosures(submission, signatory, index));
  if (missing.empty()) return std::size_t{0};
  auto& all = disclosures_[index];
  if (all.empty() && index.value < first_) {
    RELAIS_ASSIGN(all, ledger_.disclosures(index));
  }
  all.insert(all.end(), missing.begin(), missing.end());
  RELAIS_ASSIGN(const Hash leaf, leaf_of(index));
  RELAIS_TRY(keep(submission.statement.stream, index, leaf, all));
  return missing.size();
}

Result<Hash> BatchCommit::leaf_of(LogIndex index) const {
  if (index.value >= first_) return staged_[index.value - first_].leaf;
  RELAIS_ASSIGN(const auto entry,
                ledger_.store->get(store::Family::entries, store::index_key(index.value)));
  if (!entry) return fail(Errc::corrupt, "entry-missing", "a stored entry is not there");
  return merkle::leaf_hash(*entry);
}

/// The key that seals what is disclosed in a stream, made where it has none. Errors: the store's.
Result<const crypto::SecretKey*> BatchCommit::data_key(const std::string& stream) {
  if (const auto known = keys_.find(stream); known != keys_.end()) return &known->second;
  RELAIS_ASSIGN(auto stored, ledger_.vault->find(stream));
  auto key = stored ? std::move(*stored) : ledger_.vault->make(batch_, stream);
  return &keys_.emplace(stream, std::move(key)).first->second;
}

/// Seals the disclosures of an entry into the batch.
Status BatchCommit::keep(const statement::StreamId& stream, LogIndex index, const Hash& leaf,
                         const std::vector<std::string>& texts) {
  const std::string name = statement::stream_key(stream);
  RELAIS_ASSIGN(const crypto::SecretKey* key, data_key(name));
  batch_.put(store::Family::disclosures, store::index_key(index.value),
             vault::Vault::seal(*key, name, disclosure_place(index, leaf), encode(texts)));
  return {};
}

/// Folds an accepted statement and puts all that belongs to it into the batch.
LogIndex BatchCommit::stage(Submission& s, const rules::Act& act) {
  statement::Statement& st = s.statement;
  const rules::Effects& effects = ledger_.model->fold(act);
  Staged staged;
  staged.entry = entry_bytes(received_at_, st.jwt);
  staged.leaf = merkle::leaf_hash(staged.entry);
  ledger_.tree->append(staged.leaf);

  const std::string key = store::index_key(act.index.value);
  const StreamVersion version{act.event.getVersion()};
  const std::string ids = id_key(st.id, act.signatory());
  batch_.put(store::Family::entries, key, staged.entry);
  batch_.put(store::Family::events, key, statement::encode_event(st));
  batch_.put(store::Family::ids, ids, key);
  batch_.put(store::Family::streams, stream_version_key(st.stream, version), key);
  if (auto kept = kept_texts(st); !kept.empty()) {
    check(keep(st.stream, act.index, staged.leaf, kept).has_value(),
          "the key of the stream is at hand");
    disclosures_.emplace(act.index, std::move(kept));
  }
  ids_.emplace(ids, Known{act.index, version, st.jwt});
  streams_.emplace(stream_version_key(st.stream, version), act.index);
  staged.accepted.index = act.index;
  staged.accepted.id = st.id;
  staged.accepted.source = st.source;
  staged.accepted.stream = st.stream;
  staged.accepted.version =
      version_for(ledger_.model->world(), st.stream, act.signatory(), version);
  staged.accepted.received_at = received_at_;
  staged.accepted.leaf = staged.leaf;
  staged_.push_back(std::move(staged));
  if (!effects.erased.empty()) destroy_disclosures(act, effects.erased);
  return act.index;
}

Result<LogIndex> BatchCommit::place_of(const statement::StreamId& stream,
                                       StreamVersion version) const {
  const std::string key = stream_version_key(stream, version);
  if (const auto it = streams_.find(key); it != streams_.end()) return it->second;
  RELAIS_ASSIGN(const auto stored, ledger_.store->get(store::Family::streams, key));
  if (!stored || stored->size() != sizeof(std::uint64_t))
    return fail(Errc::corrupt, "entry-missing", "a stream lacks one of its versions");
  return LogIndex{load_be<std::uint64_t>(*stored)};
}

/// The disclosures of the versions that an erasure names go in the same write, and so does the key
/// that sealed them: what the stream discloses from here on has another one (rekey_erased). Files
/// and copies that have both are dealt with later (Ledger::purge_erased); the mark says that this
/// is owed, also after a crash.
void BatchCommit::destroy_disclosures(const rules::Act& act,
                                      std::span<const std::uint32_t> versions) {
  for (const std::uint32_t version : versions) {
    const auto place = place_of(act.stream, StreamVersion{version});
    if (!place) throw std::runtime_error(to_string(place.error()));  // it is folded: give_up
    const LogIndex index = *place;
    batch_.erase(store::Family::disclosures, store::index_key(index.value));
    disclosures_.erase(index);
  }
  const std::string stream = statement::stream_key(act.stream);
  if (erased_.emplace(stream, act.stream).second)
    keys_.insert_or_assign(stream, ledger_.vault->make(batch_, stream));
  batch_.put(store::Family::meta, kPurgeKey, store::index_key(act.index.value));
}

/// Once a batch for each stream that was erased in it, whatever the number of erasures: what is
/// left is sealed anew by the new key. The state says what was erased; the store does not know yet.
Status BatchCommit::rekey_erased() {
  for (const auto& [name, stream] : erased_) {
    const rules::CaseState* state = ledger_.model->world().find_case(stream.uuid);
    check(state != nullptr, "what is erased is of a case");
    bool any = false;
    for (std::uint32_t version = 1; version <= state->acts.size(); ++version) {
      if (state->acts[version - 1].erased != 0) continue;
      RELAIS_ASSIGN(const bool kept, rekey(stream, StreamVersion{version}));
      any = any || kept;
    }
    if (!any) vault::Vault::destroy(batch_, name);
  }
  return {};
}

/// Gives whether the event discloses anything. What cannot be opened any more stays as it is, and
/// is told: that one record is damaged is no reason to take nothing from anybody.
Result<bool> BatchCommit::rekey(const statement::StreamId& stream, StreamVersion version) {
  RELAIS_ASSIGN(const LogIndex index, place_of(stream, version));
  std::vector<std::string> texts;
  if (const auto here = disclosures_.find(index); here != disclosures_.end()) {
    texts = here->second;
  } else if (index.value < first_) {
    auto stored = ledger_.disclosures(index);
    if (!stored && stored.error().code != Errc::corrupt) return fail(std::move(stored).error());
    if (!stored && ledger_.options.report)
      ledger_.options.report("disclosures of entry " + std::to_string(index.value) +
                             " cannot be opened: " + to_string(stored.error()));
    if (stored) texts = std::move(*stored);
  }
  if (texts.empty()) return false;
  RELAIS_ASSIGN(const Hash leaf, leaf_of(index));
  RELAIS_TRY(keep(stream, index, leaf, texts));
  return true;
}

void BatchCommit::commit() {
  if (staged_.empty()) {  // refusals and duplicates only: the log has not changed
    if (batch_.bytes() > 0) {
      // No checkpoint is over what completes a statement of before: `head` alone knows of it.
      Status written = ledger_.store->write(batch_, true);
      if (written) written = ledger_.acknowledge(ledger_.current()->note);
      if (!written) return give_up(written.error());
    }
    answer_all({});
    return;
  }
  const auto start = Steady::now();
  if (const Status renewed = rekey_erased(); !renewed) return give_up(renewed.error());
  TreeWriter& tree = *ledger_.tree;
  auto head = std::make_shared<Head>(*ledger_.current());
  head->registry = ledger_.model->world().share_registry();
  head->checkpoint = {head->registry->origin, tree.size(), tree.root()};
  head->note = merkle::sign_checkpoint(head->checkpoint, *ledger_.log_key);
  const bool rotated = head->registry->log_key_rotations.size() != rotations_;
  if (rotated) hand_over(*head);
  head->last_received = received_at_;

  tree.write(batch_);
  batch_.put(store::Family::checkpoints, store::index_key(tree.size()), head->note);
  ledger_.model->flush(batch_.records(*ledger_.store, head->generation), TreeSize{tree.size()});
  ledger_.stats.bytes += batch_.bytes();
  const auto synced = Steady::now();
  if (const Status written = ledger_.store->write(batch_, true); !written)
    return give_up(written.error());
  {
    const std::lock_guard lock(ledger_.queue_mutex);
    ledger_.pace.synced(pending_.size(), ledger_.queue.size(), Steady::now() - synced);
  }
  if (const Status written = ledger_.acknowledge(head->note); !written)
    return give_up(written.error());
  if (rotated) ledger_.log_key = ledger_.options.next_log_key;
  head->records = ledger_.store->snapshot(head->generation);
  ledger_.stats.accepted += staged_.size();
  ++ledger_.stats.batches;
  ledger_.stats.commit_us += microseconds_since(start);
  const TreeSize size = head->size();
  const std::string note = head->note;
  ledger_.publish(std::move(head));
  answer_all(note);
  tree.forget();
  ledger_.notify(size);
}

/// The new key signs beside the old one, here and nowhere else.
void BatchCommit::hand_over(Head& head) {
  check(ledger_.options.next_log_key.has_value(), "who takes a rotation has the new key");
  head.note = merkle::countersign(std::move(head.note), *ledger_.options.next_log_key);
  head.keys = std::make_shared<const OwnKeys>(own_keys(*head.registry));
  batch_.put(store::Family::meta, kLogKeysKey, log_keys_value(*head.registry));
}

Outcome BatchCommit::finish(Answer& a, const std::string& note) {
  if (!a.place) return fail(std::move(a.place).error());
  const LogIndex index = *a.place;
  Accepted accepted;
  if (index.value >= first_) {
    Staged& staged = staged_[index.value - first_];
    if (staged.accepted.receipt.checkpoint.empty()) {
      auto proof = ledger_.tree->prove(index.value);
      if (!proof) return fail(proof.error());
      staged.accepted.receipt = {index.value, staged.entry.substr(0, 8), std::move(*proof), note};
    }
    accepted = staged.accepted;
  } else {
    const auto entry = ledger_.store->get(store::Family::entries, store::index_key(index.value));
    const auto event = ledger_.store->get(store::Family::events, store::index_key(index.value));
    auto receipt = ledger_.receipt(index);
    if (!receipt) return fail(receipt.error());
    statement::EventView view;
    if (!entry || !*entry || !event || !*event || !view.load(**event))
      return fail(Errc::corrupt, "entry-missing", "a stored entry cannot be read");
    const auto reader = view.get();
    accepted.index = index;
    accepted.id = std::string(reader.getId().begin(), reader.getId().size());
    accepted.source = ledger_.current()->registry->find(SignatoryId{reader.getSignatory()})->source;
    accepted.stream = statement::stream_of(reader);
    accepted.version =
        version_for(ledger_.model->world(), accepted.stream, SignatoryId{reader.getSignatory()},
                    StreamVersion{reader.getVersion()});
    accepted.received_at = Timestamp{reader.getReceivedAt()};
    accepted.leaf = merkle::leaf_hash(**entry);
    accepted.receipt = std::move(*receipt);
  }
  accepted.duplicate = a.duplicate;
  accepted.disclosures_added = a.disclosures_added;
  accepted.whole = a.whole;
  return accepted;
}

void BatchCommit::answer_all(const std::string& note) {
  for (Pending& p : pending_) {
    std::vector<Outcome> outcomes;
    outcomes.reserve(p.answers.size());
    for (Answer& a : p.answers) outcomes.push_back(or_damaged([&] { return finish(a, note); }));
    std::exchange(p.done, nullptr)(std::move(outcomes));
  }
}

/// Whether the batch is on disk is not known: who sends a statement again is told.
void BatchCommit::give_up(const Error& e) {
  const Error failure =
      e.code == Errc::storage_full || e.rule == kRecordsDamaged
          ? e
          : error(Errc::unavailable, "disk-failed",
                  "the ledger could not write to its disk and takes nothing more: " + e.message);
  {
    const std::lock_guard lock(ledger_.queue_mutex);
    ledger_.failure = failure;
  }
  for (Pending& p : pending_)
    if (const Done done = std::exchange(p.done, nullptr))
      done(std::vector<Outcome>(p.count, Outcome(fail(failure))));
}

}  // namespace relais::log
