// Which reads were of a case, and whose: the indices of the log of reads.
//
// Rows are written for 256 entries at once, those of a tile, so that many looks share one; what is
// not complete stands in memory, and is read back from the entries at the start. So what is stored
// is a function of the entries alone, whatever groups they were written in:
//
//   "S" ‖ slug ‖ 0x00 ‖ bundle (8)   places in the bundle that a signatory read, a byte each
//   "C" ‖ case (16) ‖ bundle (8)     the same of who looked at a case
//   "A" ‖ case (16)                  StoredSummary: up to the last bundle with a look at it
//
// Concurrency: one writer; scans and summary() from any thread see what was published.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ledger/base/clock.h"
#include "ledger/base/id.h"
#include "ledger/base/records.h"
#include "ledger/merkle/tile.h"
#include "ledger/reads/record.h"
#include "ledger/reads/summary.h"

namespace relais::reads {

inline constexpr std::uint64_t kBundle = merkle::kTileWidth;
/// The generation of the store that the rows stand in.
inline constexpr std::uint32_t kIndices = 1;

std::string signatory_key(std::string_view slug, std::uint64_t bundle);
std::string case_key(const Uuid& id, std::uint64_t bundle);
std::string summary_key(const Uuid& id);

/// A summary as it is stored.
struct StoredSummary {
  std::uint64_t through = 0;  ///< entries that it counts the looks of
  Summary summary;
};
template <class Archive>
void archive(Archive& ar, StoredSummary& s) {
  ar(s.through, s.summary);
}

/// The looks of up to 256 entries, by who looked and by case.
struct Bundle {
  struct Look {
    std::string signatory;
    std::string purpose;
    Timestamp at;
  };
  std::vector<Look> looks;                   ///< one an entry
  std::map<std::string, std::string> whose;  ///< slug to places, a byte each, ascending
  std::map<Uuid, std::string> cases;

  void add(const Record& record, Timestamp at);
  void add_to(Summary& summary, const Uuid& id) const;
};

class Index {
 public:
  explicit Index(std::shared_ptr<const RecordSource> rows) : rows_(std::move(rows)) {}

  // The writer's.

  /// The entries from the last full bundle on come next, published.
  void start(std::uint64_t size) { first_ = size - size % kBundle, published_ = first_; }
  void add(const Record& record, Timestamp at);
  /// Puts the rows of each bundle that has become full.
  void write_full(RecordSink& rows);
  /// What was added and written is there for readers.
  void publish();

  // Anybody's.

  using Visit = std::function<bool(LogIndex)>;
  /// Looks at a case, newest first, from the last one before `until`, until `visit` gives false.
  void scan_case(const Uuid& id, LogIndex until, const Visit& visit) const;
  void scan_signatory(std::string_view slug, LogIndex until, const Visit& visit) const;
  Summary summary(const Uuid& id) const;

 private:
  using Kept = std::shared_ptr<const StoredSummary>;
  struct Open {
    Bundle bundle;
    std::vector<std::pair<Uuid, Kept>> summaries;  // once its rows are written
    bool written = false;
  };

  template <class Member, class Name>
  std::vector<LogIndex> in_memory(Member member, const Name& name, LogIndex& until) const;
  void scan_rows(const std::string& prefix, LogIndex until, const Visit& visit) const;
  Kept last_summary(const Uuid& id) const;
  Kept stored_summary(const Uuid& id) const;
  void write_rows(std::uint64_t number, Open& open, RecordSink& rows);

  const std::shared_ptr<const RecordSource> rows_;
  mutable std::mutex mutex_;  // of what follows; the writer alone changes it
  std::deque<Open> open_;     // from first_ on, 256 entries each but the last
  std::uint64_t first_ = 0;
  std::uint64_t added_ = 0;  // entries in open_
  std::uint64_t published_ = 0;
  std::unordered_map<Uuid, Kept, UuidHash> summaries_;  // of what was looked at lately
};

}  // namespace relais::reads
