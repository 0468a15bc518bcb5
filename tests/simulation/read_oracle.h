// The same for the log of reads.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ledger/reads/read_log.h"
#include "tests/simulation/oracle.h"

namespace relais::simulation {

class ReadOracle {
 public:
  /// A read is to be kept; from here on it may be in the log.
  void asked(const reads::Record& record);
  /// It was answered: it stands there.
  void kept(const reads::Record& record, LogIndex index);

  void look(const reads::ReadLog& log);
  void look_at_all(const reads::ReadLog& log);
  std::uint64_t size() const { return tree_.size(); }

 private:
  void take(const reads::ReadLog& log, std::uint64_t index);
  void check_head(const reads::ReadLog& log) const;

  std::map<std::string, reads::Record> asked_;  // by text; those that are not in the log
  std::vector<reads::Record> records_;          // those that are
  KnownTree tree_;
  Timestamp last_received_{0};
  std::map<Uuid, std::vector<LogIndex>> of_cases_;
  std::map<std::string, std::vector<LogIndex>> of_readers_;
  std::map<std::uint64_t, std::string> kept_;  // not looked at yet: index, text
};

}  // namespace relais::simulation
