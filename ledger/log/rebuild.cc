#include "ledger/base/write_log.h"
#include "ledger/log/impl.h"
#include "ledger/store/bulk_records.h"

namespace relais::log {
namespace {

constexpr std::uint64_t kChunk = 100'000;  // events whose records are written at once
constexpr std::uint64_t kNear = 500;       // this close to the head, the writer is asked to wait

/// Folds the events of [from, until) into a model.
Status fold_range(const store::Store& store, Model& model, std::uint64_t from,
                  std::uint64_t until) {
  statement::EventView view;
  std::uint64_t next = from;
  Status status;
  RELAIS_TRY(store.scan(
      store::Family::events, store::index_key(from),
      [&](std::string_view key, std::string_view value) {
        const LogIndex index{load_be<std::uint64_t>(key)};
        if (index.value >= until) return false;
        if (index.value != next || !view.load(value)) {
          status = fail(Errc::corrupt, "event-unreadable",
                        "typed event " + std::to_string(next) + " is missing or cannot be read");
          return false;
        }
        model.fold(rules::act_of(index, view.get()));
        ++next;
        return true;
      },
      true));
  RELAIS_TRY(status);
  if (next != until)
    return fail(Errc::corrupt, "event-unreadable",
                "typed event " + std::to_string(next) + " is missing");
  return {};
}

}  // namespace

Status Ledger::rebuild(const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  const std::unique_lock one(impl_->rebuild_mutex, std::try_to_lock);
  if (!one) return fail(Errc::conflict, "rebuild-running", "a rebuild is already under way");
  if (impl_->options.read_only)
    return fail(Errc::unavailable, "read-only", "the ledger is open for reading only");
  store::Store& store = *impl_->store;
  const std::uint32_t old_generation = store.generation();
  const std::uint32_t generation = old_generation + 1;
  RELAIS_TRY(store.create_generation(generation));
  auto records = std::make_shared<store::BulkRecords>(
      store, generation, impl_->by_hand ? std::launch::deferred : std::launch::async);
  auto model = impl_->factory(*records);

  std::uint64_t done = 0;
  for (std::uint64_t size = head()->size().value; size - done > kNear;
       size = head()->size().value) {
    const std::uint64_t until = std::min(size, done + kChunk);
    RELAIS_TRY(fold_range(store, *model, done, until));
    RELAIS_TRY(records->write(model->drain(TreeSize{until})));
    done = until;
    progress(done, size);
  }

  RELAIS_TRY(records->finish());
  // The last stretch and the switch happen between two batches: no event can come in between.
  std::uint64_t size = 0;
  RELAIS_TRY(impl_->run_between_batches([&]() -> Status {
    size = head()->size().value;
    RELAIS_TRY(fold_range(store, *model, done, size));
    store::Batch batch;
    model->flush(batch.records(store, generation), TreeSize{size});
    store.switch_generation(batch, generation);
    RELAIS_TRY(store.write(batch, true));
    store.set_generation(generation);
    auto next = std::make_shared<Head>(*head());
    next->generation = generation;
    next->records = store.snapshot(generation);
    next->registry = model->world().share_registry();
    impl_->model = std::move(model);
    impl_->records = std::move(records);
    impl_->publish(std::move(next));
    return {};
  }));
  progress(size, size);
  return store.drop_generation(old_generation);
}

/// Every data key that is left is wrapped anew, so that copies of the store that were made before
/// open nothing once the old wrapping key is gone.
Status Ledger::Impl::rotate_keys() {
  RELAIS_TRY(run_between_batches([&] { return vault->begin_rotation(*store); }));
  bool all = false;
  while (!all)
    RELAIS_TRY(run_between_batches([&]() -> Status {
      RELAIS_ASSIGN(all, vault->rewrap(*store));
      return {};
    }));
  if (vault->broken() > 0 && options.report)
    options.report("the keys of " + std::to_string(vault->broken()) +
                   " streams cannot be unwrapped: what they disclosed is lost");
  return run_between_batches([&] { return vault->end_rotation(*store); });
}

Result<bool> Ledger::Impl::try_purge() {
  RELAIS_ASSIGN(const auto owed, store->get(store::Family::meta, kPurgeKey));
  if (!owed) return false;
  // Readers that began before have their moment, in which the old keys stand too, and RocksDB keeps
  // what they may read: they are waited for, not overtaken. A reader is a handler that runs; none
  // holds a head while it waits for its client, so that the last one of that moment soon goes.
  if (!purge) {
    RELAIS_TRY(store::Store::can_purge());
    RELAIS_TRY(rotate_keys());
    purge = {*owed, store->sequence()};
    RELAIS_TRY(run_between_batches([&]() -> Status {
      auto next = std::make_shared<Head>(*current());
      next->records = store->snapshot(next->generation);
      publish(std::move(next));
      return {};
    }));
  }
  if (!store->no_snapshot_before(purge->sequence)) return false;
  RELAIS_TRY(store->purge(store::Family::disclosures));
  RELAIS_TRY(store->purge(store::Family::keystore));
  // What was erased meanwhile owes a purge of its own: its mark is another.
  RELAIS_TRY(run_between_batches([&]() -> Status {
    const auto now = store->get(store::Family::meta, kPurgeKey);
    if (!now || *now != purge->mark) return {};
    store::Batch batch;
    batch.erase(store::Family::meta, kPurgeKey);
    return store->write(batch, true);
  }));
  purge.reset();
  return true;
}

Result<bool> Ledger::purge_erased() {
  const std::lock_guard one(impl_->purge_mutex);
  auto purged = impl_->try_purge();
  {
    const std::lock_guard lock(impl_->purge_failure_mutex);
    impl_->purge_failure = purged ? std::nullopt : std::optional(purged.error());
  }
  if (purged) return purged;
  ++impl_->stats.purge_failures;
  if (const Status writes = impl_->store->resume(); !writes)
    RELAIS_TRY(impl_->run_between_batches([&]() -> Status {
      const std::lock_guard lock(impl_->queue_mutex);
      if (!impl_->failure)
        impl_->failure =
            writes.error().code == Errc::storage_full
                ? writes.error()
                : error(Errc::unavailable, "store-stopped",
                        "the store stopped when it rewrote its files: " + writes.error().message)
                      .accepts("the same a little later: it is opened anew by itself");
      return {};
    }));
  return purged;
}

Status Ledger::Impl::put_meta(std::string_view key, std::uint64_t value) {
  return run_between_batches([&] {
    store::Batch batch;
    batch.put(store::Family::meta, key, store::index_key(value));
    return store->write(batch, true);
  });
}

Status Ledger::owe_rotation() {
  if (const auto why = failure()) return fail(*why);
  return impl_->put_meta(kPurgeKey, head()->size().value - 1);
}

Result<std::optional<std::uint64_t>> Ledger::reads_size() const {
  RELAIS_ASSIGN(const auto kept, impl_->store->get(store::Family::meta, kReadsKey));
  if (!kept) return std::optional<std::uint64_t>();
  if (kept->size() != sizeof(std::uint64_t))
    return fail(Errc::corrupt, "self-check-reads", "the ledger's record of its reads is damaged");
  return std::optional(load_be<std::uint64_t>(*kept));
}

Status Ledger::keep_reads_size(std::uint64_t size) {
  RELAIS_ASSIGN(const auto kept, reads_size());
  if (kept == size) return {};
  if (const auto why = failure(); why && why->rule != "shutting-down") return fail(*why);
  return impl_->put_meta(kReadsKey, size);
}

/// What cannot be read for another reason, as too few handles, is no change.
void Ledger::look_at_key() {
  const std::unique_lock one(impl_->purge_mutex, std::try_to_lock);
  if (!one || impl_->vault == nullptr || impl_->options.read_only) return;
  const Status same = impl_->vault->check_key();
  if (!same && same.error().code == Errc::io) return;
  std::optional<Error> lost;
  if (!same)
    lost = error(Errc::unavailable,
                 same.error().code == Errc::not_found ? "wrapping-key-missing"
                                                      : "wrapping-key-changed",
                 "what is disclosed now could not be opened after the next start: " +
                     same.error().message)
               .accepts("statements that disclose nothing; all, once the wrapping key is back");
  const std::lock_guard lock(impl_->key_mutex);
  impl_->key_lost = std::move(lost);
}

std::optional<Error> Ledger::key_lost() const {
  return impl_->lost_key();
}

Ledger::Purge Ledger::purge_state() const {
  const auto owed = impl_->store->get(store::Family::meta, kPurgeKey);
  const std::lock_guard lock(impl_->purge_failure_mutex);
  return {owed && *owed, impl_->purge_failure};
}

}  // namespace relais::log
