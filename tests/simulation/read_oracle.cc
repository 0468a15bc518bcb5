#include "tests/simulation/read_oracle.h"

#include <algorithm>

namespace relais::simulation {

void ReadOracle::asked(const reads::Record& record) {
  asked_.emplace(record.text, record);
}

void ReadOracle::kept(const reads::Record& record, LogIndex index) {
  kept_.emplace(index.value, record.text);
}

void ReadOracle::look(const reads::ReadLog& log) {
  const std::uint64_t before = tree_.size();
  const std::uint64_t size = log.head()->size().value;
  require(size >= before, "the head of the reads went back");
  for (std::uint64_t i = before; i < size; ++i) take(log, i);
  if (size != before) check_head(log);
  for (const auto& [index, text] : std::exchange(kept_, {}))
    require(index >= before && index < size && records_[index].text == text,
            name("read", index) + " is not the one that was kept there");
}

void ReadOracle::take(const reads::ReadLog& log, std::uint64_t index) {
  const auto stored = log.find(LogIndex{index});
  require(stored.has_value(), name("read", index) + " cannot be read");
  const auto asked = asked_.find(stored->record.text);
  require(asked != asked_.end(), name("read", index) + " was never asked for, or is there twice");
  require(stored->record.cases == asked->second.cases, name("read", index) + " has other parts");
  require(stored->received_at >= last_received_, name("read", index) + " is before the last one");
  last_received_ = stored->received_at;
  tree_.append(merkle::leaf_hash(reads::entry_bytes(stored->received_at, stored->record.text)));
  for (const reads::CaseLook& look : stored->record.cases)
    of_cases_[*look.case_id].push_back(LogIndex{index});
  of_readers_[stored->record.reader.signatory].push_back(LogIndex{index});
  records_.push_back(asked->second);
  asked_.erase(asked);
}

void ReadOracle::check_head(const reads::ReadLog& log) const {
  const auto checkpoint = merkle::open_checkpoint(log.head()->note, log.keys());
  require(checkpoint.has_value(), "the checkpoint of the reads does not hold");
  require(checkpoint->size == tree_.size() && checkpoint->root == tree_.root(tree_.size()),
          "the head of the reads is not of the tree of its entries");
}

void ReadOracle::look_at_all(const reads::ReadLog& log) {
  look(log);
  check_head(log);
  for (std::uint64_t i = 0; i < tree_.size(); ++i) {
    const auto stored = log.find(LogIndex{i});
    require(stored.has_value() && stored->record.text == records_[i].text &&
                stored->record.cases == records_[i].cases,
            name("read", i) + " has changed");
    require(merkle::leaf_hash(reads::entry_bytes(stored->received_at, stored->record.text)) ==
                tree_.leaf(i),
            name("read", i) + " has another time");
  }
  const auto scanned = [&](const auto& scan) {
    std::vector<LogIndex> found;
    scan([&](LogIndex index) {
      found.push_back(index);
      return true;
    });
    std::ranges::reverse(found);
    return found;
  };
  const LogIndex end{tree_.size()};
  for (const auto& [id, places] : of_cases_) {
    require(scanned([&](const auto& visit) { log.scan_case(id, end, visit); }) == places,
            "the looks at a case are not found by it");
    std::uint64_t times = 0;
    for (const reads::Summary::Row& row : log.summary(id).rows) {
      times += row.looks.others.times;
      for (const reads::PurposeLooks& p : row.looks.purposes) times += p.looks.times;
    }
    require(times == places.size(), "the summary of a case counts other looks than there were");
  }
  for (const auto& [slug, places] : of_readers_)
    require(scanned([&](const auto& visit) { log.scan_signatory(slug, end, visit); }) == places,
            "the looks of a signatory are not found by it");
}

}  // namespace relais::simulation
