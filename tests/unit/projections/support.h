// What the tests of the read models share: the log of a Scene folded into records in memory.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "projections/model.h"
#include "projections/read.h"
#include "tests/support/acts.h"

namespace relais::tests {

using AllRecords = std::map<std::string, std::string, std::less<>>;

inline bool never(std::size_t) {
  return false;
}

/// Folds a log into a fresh model on `out`, with a flush behind each index that `flush_after` names
/// and one at the end.
inline void fold(const std::vector<std::string>& log, MemoryRecords& out,
                 const std::function<bool(std::size_t)>& flush_after = never,
                 std::size_t max_cases = 100'000) {
  const auto model = projections::make_model(out, max_cases);
  statement::EventView view;
  for (std::size_t i = 0; i < log.size(); ++i) {
    check(view.load(log[i]), "an event of the test's log cannot be read");
    model->fold(rules::act_of(LogIndex{i}, view.get()));
    if (flush_after(i)) model->flush(out, TreeSize{i + 1});
  }
  model->flush(out, TreeSize{log.size()});
}

/// As a ledger that was stopped behind `stop` events and opened again.
inline void go_on(const std::vector<std::string>& log, std::size_t stop, MemoryRecords& records) {
  const auto model = projections::make_model(records);
  statement::EventView view;
  for (std::size_t i = stop - stop % relais::log::kRowEvents; i < log.size(); ++i) {
    check(view.load(log[i]), "an event of the test's log cannot be read");
    const rules::Act act = rules::act_of(LogIndex{i}, view.get());
    if (i < stop) {
      model->recall(act);
    } else {
      model->fold(act);
    }
  }
  model->flush(records, TreeSize{log.size()});
}

inline MemoryRecords folded(const Scene& scene) {
  MemoryRecords out;
  fold(scene.log, out);
  return out;
}

inline Uuid id_of(std::uint64_t n) {
  return *parse_uuid(test_uuid(n));
}

inline constexpr SignatoryId kMl1{3};
inline constexpr SignatoryId kMl2{4};
inline constexpr SignatoryId kAa1{5};
inline constexpr SignatoryId kAa2{6};

/// Follows a paged question to its end; `ask` is given the cursor.
template <class T>
std::vector<T> all_pages(const std::function<projections::Page<T>(const std::string&)>& ask) {
  std::vector<T> all;
  std::string cursor;
  for (int pages = 0;; ++pages) {
    projections::Page<T> page = ask(cursor);
    for (T& item : page.items) all.push_back(std::move(item));
    if (page.next.empty()) return all;
    check(page.next != cursor && pages < 100'000, "paging does not end");
    cursor = std::move(page.next);
  }
}

}  // namespace relais::tests
