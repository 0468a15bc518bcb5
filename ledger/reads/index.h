// Which reads were of a case, and whose: the indices of the log of reads.
//
// Rows are written for 256 entries at once, those of a tile, so that many looks share one; what is
// not complete stands in memory, and is read back from the entries at the start. So what is stored
// is a function of the entries alone, whatever groups they were written in:
//
//   "S" ‖ slug ‖ 0x00 ‖ bundle (8)   places in the bundle that a signatory read, a byte each
//   "C" ‖ case (16) ‖ bundle (8)     the same of who looked at a case
//   "A" ‖ case (16) ‖ slug           StoredSummary of the looks of one signatory at the case, up to
//                                    its last bundle with one: a write takes what its readers take
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
std::string summary_key(const Uuid& id, std::string_view slug);
/// Of all of a case.
std::string summaries_of(const Uuid& id);

/// A summary as it is stored.
struct StoredSummary {
  std::uint64_t through = 0;  ///< entries that it counts the looks of
  SignatoryLooks looks;
};
template <class Archive>
void archive(Archive& ar, StoredSummary& s) {
  ar(s.through, s.looks);
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
};

/// Which rows are walked to find the looks of a signatory at a case: how many there are of the
/// other takes no time then.
enum class Along { signatory, looks_at_case };

/// Bytes of summaries and rows of cases, by the slug of whose looks they are.
using RowBytes = std::map<std::string, std::size_t, std::less<>>;

class Index {
 public:
  explicit Index(std::shared_ptr<const RecordSource> rows) : rows_(std::move(rows)) {}

  // The writer's.

  /// The entries from the last full bundle on come next, published.
  void start(std::uint64_t size) { first_ = size - size % kBundle, published_ = first_; }
  void add(const Record& record, Timestamp at);
  /// Puts the rows of each bundle that has become full. Gives their bytes by who looked.
  RowBytes write_full(RecordSink& rows);
  /// What was added and written is there for readers.
  void publish();

  // Anybody's.

  using Visit = std::function<bool(LogIndex)>;
  /// Looks at a case, newest first, from the last one before `until`, until `visit` gives false.
  void scan_case(const Uuid& id, LogIndex until, const Visit& visit) const;
  void scan_signatory(std::string_view slug, LogIndex until, const Visit& visit) const;
  /// Looks of a signatory at a case, by the index alone. `pass` is told of each; and, for a row of
  /// those that are walked in which there is none, of its last place, with `found` false.
  using Pass = std::function<bool(LogIndex, bool found)>;
  void scan_both(const Uuid& id, std::string_view slug, Along along, LogIndex until,
                 const Pass& pass) const;
  Summary summary(const Uuid& id) const;

 private:
  using Kept = std::shared_ptr<const StoredSummary>;
  struct Open {
    Bundle bundle;
    std::map<std::string, Kept> summaries;  // by key, once its rows are written
    bool written = false;
  };
  using Row = std::function<bool(std::uint64_t bundle, std::string_view places)>;

  template <class Member, class Name, class Take>
  void each_in_memory(Member member, const Name& name, const Take& take) const;
  template <class Member, class Name>
  std::vector<LogIndex> in_memory(Member member, const Name& name, LogIndex& until) const;
  void scan_rows(const std::string& prefix, LogIndex until, const Row& row) const;
  void scan_places(const std::string& prefix, LogIndex until, const Visit& visit) const;
  Kept last_summary(const std::string& key) const;
  void write_rows(std::uint64_t number, Open& open, RecordSink& rows, RowBytes& bytes);

  const std::shared_ptr<const RecordSource> rows_;
  mutable std::mutex mutex_;  // of what follows; the writer alone changes it
  std::deque<Open> open_;     // from first_ on, 256 entries each but the last
  std::uint64_t first_ = 0;
  std::uint64_t added_ = 0;  // entries in open_
  std::uint64_t published_ = 0;
  // The writer's alone: of what was looked at lately, so that it need not be read again.
  std::unordered_map<std::string, Kept> summaries_;
};

}  // namespace relais::reads
