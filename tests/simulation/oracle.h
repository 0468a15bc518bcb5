// What was promised to the clients of a simulation, and whether the ledger keeps it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ledger/log/ledger.h"
#include "ledger/merkle/tree.h"
#include "tests/simulation/script.h"

namespace relais::simulation {

/// A promise that is not kept; ends the seed.
struct Broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};
inline void require(bool holds, const std::string& what) {
  if (!holds) throw Broken(what);
}

/// One request of a client.
struct Request {
  struct Part {
    std::size_t act = 0;
    bool whole = true;  ///< with its disclosures
  };
  std::vector<Part> parts;
  bool atomic = false;
};

/// The leaves of a log as they came, and its root at every size.
class KnownTree {
 public:
  std::uint64_t size() const { return leaves_.size(); }
  void append(const Hash& leaf);
  const Hash& leaf(std::uint64_t i) const { return leaves_[i]; }
  const Hash& root(std::uint64_t size) const { return roots_[size]; }

 private:
  std::vector<Hash> leaves_;
  std::vector<Hash> roots_{merkle::empty_root()};
  merkle::CompactRange range_;
};

class Oracle {
 public:
  explicit Oracle(const Script& script);

  /// A request is on its way; from here on its statements may be in the log.
  void sent(const Request& request);
  /// Its answer was read.
  void answered(const Request& request, std::vector<log::Outcome> outcomes);
  /// It never was: all of it is whole in the log, or absent.
  void unanswered(const Request& request);

  /// After each step: what is new, and what was answered.
  void look(const log::Ledger& ledger);
  /// Everything there is, as who opens the ledger finds it.
  void look_at_all(const log::Ledger& ledger);

  bool in_log(std::size_t act) const { return states_[act].index.has_value(); }
  std::uint64_t size() const { return tree_.size(); }
  /// A place of the log that the case has, for who reads it.
  const std::vector<LogIndex>& events_of(const Uuid& id) const;
  std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t refused() const { return refused_; }
  std::uint64_t erased() const { return erased_.size(); }
  std::uint64_t signed_by_clock() const { return by_clock_; }

 private:
  struct State {
    std::optional<std::uint64_t> index;
    std::string stream;
    std::uint32_t version = 0;
    std::string receipt;           // the first that was answered
    std::uint64_t on_the_way = 0;  // requests that may put it into the log
    bool disclosed = false;        // it was acknowledged with its disclosures
    bool may_be_disclosed = false;
  };
  struct Answer {
    std::size_t act = 0;
    bool whole = true;
    log::Accepted accepted;
  };
  void take(const log::Ledger& ledger, std::uint64_t index);
  void take_erasure(const statement::StreamId& stream, schema::Event::Reader event);
  void check_head(const log::Ledger& ledger) const;
  void check_answer(const log::Ledger& ledger, const Answer& answer, std::uint64_t before);
  void check_disclosures(const log::Ledger& ledger, std::size_t act) const;
  void check_doubtful();
  static void check_projections(const log::Ledger& ledger);

  const Script& script_;
  std::unordered_map<std::string_view, std::size_t> by_jwt_;
  std::vector<State> states_;
  KnownTree tree_;
  Timestamp last_received_{0};
  std::map<std::string, std::uint32_t> versions_;           // of each stream
  std::set<std::pair<std::string, std::uint32_t>> erased_;  // stream, version
  std::map<Uuid, std::vector<LogIndex>> of_cases_;
  std::vector<Answer> answers_;                     // not looked at yet
  std::vector<std::vector<std::size_t>> doubtful_;  // atomic, never answered: all or none
  std::string complaint_;                           // about an answer
  std::uint64_t acknowledged_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t by_clock_ = 0;
};

/// "entry 7".
std::string name(const char* what, std::uint64_t index);

}  // namespace relais::simulation
