#include "ledger/reads/verify.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ledger/base/archive.h"
#include "ledger/base/bytes.h"
#include "ledger/reads/index.h"
#include "ledger/tiles/tree_check.h"

namespace relais::reads {
namespace {

using tiles::broken;

constexpr std::uint64_t kTellEvery = 1'000;
constexpr std::size_t kCaseRow = 1 + 16 + 8;  // of case_key()

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
            log.store(), log.keys(),
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
    bundle_.add(stored->record, stored->received_at);
    looks_.push_back({number_of(stored->record.reader.signatory),
                      number_of(stored->record.reader.purpose), stored->received_at});
    ++report_.entries;
    if (report_.entries % kBundle == 0) RELAIS_TRY(check_bundle(index / kBundle));
    return tree_.append(merkle::leaf_hash(bytes));
  }

  Status finish() {
    const std::uint64_t size = log_.head()->size().value;
    if (report_.entries != size)
      return broken("size", entry_name(report_.entries),
                    "an entry is missing: the checkpoint covers " + std::to_string(size));
    RELAIS_TRY(tree_.finish());
    RELAIS_TRY(check_strays(size));
    RELAIS_TRY(check_rows());
    report_.cases = cases_;
    for (const auto& [id, places] : bundle_.cases) report_.cases += has_summary(id) ? 0 : 1;
    report_.checkpoints = tree_.checkpoints();
    report_.tiles = tree_.tiles();
    report_.root = tree_.root();
    return {};
  }

 private:
  /// Who looked, of each entry: a record is parsed once, however many cases it has.
  struct Look {
    std::uint32_t signatory;  // in names_
    std::uint32_t purpose;
    Timestamp at;
  };
  std::uint32_t number_of(const std::string& text) {
    const auto [it, fresh] = numbers_.try_emplace(text, static_cast<std::uint32_t>(names_.size()));
    if (fresh) names_.push_back(text);
    return it->second;
  }
  /// The rows of a bundle are those of its entries.
  Status check_bundle(std::uint64_t number) {
    const std::string name = "reads entries " + std::to_string(number * kBundle) + " to " +
                             std::to_string((number + 1) * kBundle - 1);
    for (const auto& [slug, places] : bundle_.whose)
      if (indices_->get(signatory_key(slug, number)) != places)
        return broken("index", name, "what a reader leads to is not what it read");
    for (const auto& [id, places] : bundle_.cases)
      if (indices_->get(case_key(id, number)) != places)
        return broken("index", name, "what a case leads to are not the looks at it");
    signatory_rows_ += bundle_.whose.size();
    case_rows_ += bundle_.cases.size();
    bundle_ = {};
    return {};
  }
  /// Nothing else is in the store (docs/FORMATS.md).
  Status check_strays(std::uint64_t size) const {
    using store::Family;
    constexpr std::pair<Family, const char*> kNames[] = {{Family::meta, "meta"},
                                                         {Family::entries, "entries"},
                                                         {Family::events, "events"},
                                                         {Family::nodes, "nodes"},
                                                         {Family::ids, "ids"},
                                                         {Family::streams, "streams"},
                                                         {Family::disclosures, "disclosures"},
                                                         {Family::keystore, "keystore"},
                                                         {Family::checkpoints, "checkpoints"}};
    for (const auto& [family, name] : kNames) {
      std::optional<std::string> stray;
      RELAIS_TRY(log_.store().scan(
          family, {},
          [&](std::string_view key, std::string_view) {
            if (!is_owned(family, key, size)) stray = key;
            return !stray;
          },
          true));
      if (stray)
        return broken("stray", std::string("reads ") + name + " " + to_hex(*stray),
                      "there is a record that no entry owns");
    }
    std::optional<std::string> stray;
    indices_->scan("", {}, [&](std::string_view key, auto) {
      if (key.empty() || std::string_view("SCA").find(key[0]) == std::string_view::npos)
        stray = key;
      return !stray;
    });
    if (stray)
      return broken("stray", "reads index " + to_hex(*stray), "it is of no index of the reads");
    return {};
  }
  static bool is_owned(store::Family family, std::string_view key, std::uint64_t size) {
    using store::Family;
    const auto number = [&] { return load_be<std::uint64_t>(key); };
    switch (family) {
      case Family::meta:
        return key == "format" || key == "generation";  // which an opening has read
      case Family::entries:
      case Family::disclosures:
        return key.size() == 8 && number() < size;
      case Family::checkpoints:
        return key.size() == 8 && number() <= size;
      case Family::nodes:
        return key.size() == 9 && merkle::tile_width(size, static_cast<std::uint8_t>(key[0]),
                                                     load_be<std::uint64_t>(key.substr(1))) > 0;
      default:
        return false;
    }
  }
  std::uint64_t count(std::string_view kind) const {
    std::uint64_t found = 0;
    indices_->scan(kind, {}, [&found](auto, auto) { return ++found, true; });
    return found;
  }
  /// There are no more rows than those of check_bundle(), and the summary of each case is that of
  /// its looks.
  Status check_rows() {
    if (count("S") != signatory_rows_)
      return broken("stray", "reads index", "the index of readers has more rows than its entries");
    if (count("C") != case_rows_)
      return broken("stray", "reads index", "the index of cases has more rows than their looks");
    std::optional<Uuid> current;
    Expected expected;
    Status status;
    indices_->scan("C", {}, [&](std::string_view key, std::string_view places) {
      if (key.size() != kCaseRow) throw DamagedRecords("a row of the index of cases has no key");
      const Uuid id = load_uuid(key.substr(1));
      if (id != current) status = compare(current, expected);
      current = id;
      if (status) add(expected, load_be<std::uint64_t>(key.substr(17)), places);
      return status.has_value();
    });
    RELAIS_TRY(status);
    RELAIS_TRY(compare(current, expected));
    if (count("A") != stored_summaries_)
      return broken("stray", "reads summaries", "there are summaries of looks that nobody took");
    return {};
  }
  using Expected = std::map<std::string, StoredSummary>;  // by who looked
  void add(Expected& expected, std::uint64_t bundle, std::string_view places) const {
    for (const char c : places) {
      const Look& look = looks_[bundle * kBundle + static_cast<std::uint8_t>(c)];
      StoredSummary& stored = expected[names_[look.signatory]];
      stored.looks.add(names_[look.purpose], look.at);
      stored.through = (bundle + 1) * kBundle;
    }
  }
  Status compare(const std::optional<Uuid>& id, Expected& expected) {
    if (!id) return {};
    for (auto& [slug, stored] : expected)
      if (indices_->get(summary_key(*id, slug)) != encode(stored))
        return broken("summary", "reads summary of case " + to_string(*id),
                      "it is not that of the looks at the case");
    stored_summaries_ += expected.size();
    ++cases_;
    expected.clear();
    return {};
  }
  bool has_summary(const Uuid& id) const {
    bool found = false;
    indices_->scan(summaries_of(id), {}, [&found](auto, auto) { return found = true, false; });
    return found;
  }

  const ReadLog& log_;
  VerifyReport& report_;
  const std::shared_ptr<const RecordSource> indices_;
  tiles::TreeCheck tree_;
  Timestamp last_received_;
  std::vector<Look> looks_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
  Bundle bundle_;  // of the entries behind the last full one
  std::uint64_t signatory_rows_ = 0;
  std::uint64_t case_rows_ = 0;
  std::uint64_t stored_summaries_ = 0;
  std::uint64_t cases_ = 0;  // that have summaries
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
          if (key.size() != 8) return true;  // a stray, and named as one
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
