#include "ledger/reads/verify.h"

#include <memory>
#include <optional>

#include "ledger/base/archive.h"
#include "ledger/base/bytes.h"
#include "ledger/tiles/tree_check.h"

namespace relais::reads {
namespace {

using tiles::broken;

constexpr std::uint64_t kTellEvery = 1'000;
constexpr std::size_t kCaseKeyBytes = 1 + 16 + 8;

std::string entry_name(std::uint64_t index) {
  return "reads entry " + std::to_string(index);
}

class ReadsCheck {
 public:
  ReadsCheck(const ReadLog& log, VerifyReport& report)
      : log_(log),
        report_(report),
        indices_(log.store().records(kIndices)),
        tree_(
            log.store(), log.vkey(),
            [&log](std::uint8_t level, std::uint64_t index) { return log.tile(level, index); },
            "reads ") {}

  Status take(std::uint64_t index, std::string_view bytes) {
    const std::string name = entry_name(index);
    if (index != report_.entries)
      return broken("size", entry_name(report_.entries), "an entry is missing");
    const auto entry = parse_entry(bytes);
    if (!entry) return broken("entry", name, entry.error().message);
    if (entry->received_at < last_received_)
      return broken("time", name, "the time of receipt goes back");
    last_received_ = entry->received_at;
    const auto stored = log_.find(LogIndex{index});
    if (!stored) return broken("entry", name, stored.error().message);
    report_.looks += stored->record.looks.size();
    RELAIS_TRY(check_indices(*stored, name));
    ++report_.entries;
    return tree_.append(merkle::leaf_hash(bytes));
  }

  Status finish() {
    const std::uint64_t size = log_.head()->size().value;
    if (report_.entries != size)
      return broken("size", entry_name(report_.entries),
                    "an entry is missing: the checkpoint covers " + std::to_string(size));
    RELAIS_TRY(tree_.finish());
    RELAIS_ASSIGN(const auto last, log_.store().last(store::Family::disclosures));
    if (last && load_be<std::uint64_t>(last->first) >= size)
      return broken("stray", entry_name(size), "there is a part past the last entry");
    RELAIS_TRY(count_signatories());
    RELAIS_TRY(check_cases());
    report_.checkpoints = tree_.checkpoints();
    report_.tiles = tree_.tiles();
    report_.root = tree_.root();
    return {};
  }

 private:
  Status check_indices(const Stored& stored, const std::string& name) {
    if (!indices_->get(signatory_key(stored.record.reader.signatory, stored.index)))
      return broken("index", name, "its reader does not lead to it");
    for (const CaseLook& look : stored.record.cases) {
      if (!look.case_id) continue;
      ++case_records_;
      if (!indices_->get(case_key(*look.case_id, stored.index)))
        return broken("index", name, "a case does not lead to it");
    }
    return {};
  }
  /// There are no more records than entries: with check_indices(), just theirs.
  Status count_signatories() {
    std::uint64_t found = 0;
    indices_->scan("S", {}, [&found](auto, auto) { return ++found, true; });
    if (found == report_.entries) return {};
    return broken("stray", "reads index", "the index of readers has more records than entries");
  }
  /// The summary of each case is that of its looks.
  Status check_cases() {
    std::uint64_t found = 0;
    std::uint64_t summaries = 0;
    indices_->scan("A", {}, [&summaries](auto, auto) { return ++summaries, true; });
    std::optional<Uuid> current;
    Summary expected;
    Status status;
    indices_->scan("C", {}, [&](std::string_view key, std::string_view) {
      if (key.size() != kCaseKeyBytes) {
        status = broken("stray", "reads index", "a record of the index of cases has no form");
        return false;
      }
      const Uuid id = load_uuid(key.substr(1));
      if (id != current) status = compare(current, expected);
      current = id;
      ++found;
      if (status) status = add(expected, LogIndex{load_be<std::uint64_t>(key.substr(17))});
      return status.has_value();
    });
    RELAIS_TRY(status);
    RELAIS_TRY(compare(current, expected));
    if (found != case_records_)
      return broken("stray", "reads index", "the index of cases has more records than looks");
    if (summaries != report_.cases)
      return broken("stray", "reads summaries", "there are summaries of looks that nobody took");
    return {};
  }
  Status add(Summary& summary, LogIndex index) {
    RELAIS_ASSIGN(const Stored stored, log_.find(index));
    summary.add(stored.record.reader, stored.received_at);
    return {};
  }
  Status compare(const std::optional<Uuid>& id, Summary& expected) {
    if (!id) return {};
    if (indices_->get(summary_key(*id)) != encode(expected))
      return broken("summary", "reads summary of case " + to_string(*id),
                    "it is not that of the looks at the case");
    ++report_.cases;
    expected = {};
    return {};
  }

  const ReadLog& log_;
  VerifyReport& report_;
  const std::shared_ptr<const RecordSource> indices_;
  tiles::TreeCheck tree_;
  Timestamp last_received_;
  std::uint64_t case_records_ = 0;
};

}  // namespace

Result<VerifyReport> verify(
    const ReadLog& log,
    const std::function<void(std::uint64_t done, std::uint64_t total)>& progress) {
  const std::uint64_t size = log.head()->size().value;
  VerifyReport report;
  RELAIS_ASSIGN(report.files, log.store().check_files());
  ReadsCheck check(log, report);
  Status status;
  try {
    RELAIS_TRY(log.store().scan(
        store::Family::entries, {},
        [&](std::string_view key, std::string_view value) {
          status = check.take(load_be<std::uint64_t>(key), value);
          if (report.entries % kTellEvery == 0) progress(report.entries, size);
          return status.has_value();
        },
        true));
    RELAIS_TRY(status);
    RELAIS_TRY(check.finish());
  } catch (const DamagedRecords& e) {
    return broken("index", "reads index", e.what());
  }
  return report;
}

}  // namespace relais::reads
