// Audit: which events a signatory signed, and which are of a type. A row for 256 events at once,
// once they are there: who asks looks at the events behind the last full row themselves.
#include "ledger/base/check.h"
#include "projections/folds.h"
#include "projections/records.h"

namespace relais::projections {
namespace {

class Audit final : public Projection {
 public:
  std::string_view name() const override { return "audit"; }
  std::span<const std::string_view> prefixes() const override {
    static constexpr std::string_view kPrefixes[] = {kSignatoryPrefix, kTypePrefix};
    return kPrefixes;
  }

  void fold(const rules::Act& act, const rules::Effects&, rules::WorldState&,
            Tables& tables) override {
    recall(act);
    if (events_ < log::kRowEvents) return;
    const std::uint64_t row = act.index.value / log::kRowEvents;
    write(kSignatoryPrefix, row, signatories_, tables);
    write(kTypePrefix, row, types_, tables);
    events_ = 0;
  }

  void recall(const rules::Act& act) override {
    const std::uint64_t place = act.index.value % log::kRowEvents;
    check(events_ == place, "a row of the audit trail begins with its first event");
    ++events_;
    add(signatories_, act.signatory().value, place);
    add(types_, act.type->ordinal, place);
  }

 private:
  using Rows = std::vector<std::string>;  // by signatory or type; most are empty

  static void add(Rows& rows, std::uint16_t of, std::uint64_t place) {
    if (rows.size() <= of) rows.resize(of + std::size_t{1});
    rows[of].push_back(static_cast<char>(place));
  }

  void write(std::string_view prefix, std::uint64_t row, Rows& rows, Tables& tables) {
    for (std::size_t of = 0; of < rows.size(); ++of) {
      if (rows[of].empty()) continue;
      set_key(key_, prefix, static_cast<std::uint16_t>(of), row);
      tables.put(key_, rows[of]);
      rows[of].clear();
    }
  }

  std::uint64_t events_ = 0;  // of the row that is not full yet
  Rows signatories_;
  Rows types_;
  std::string key_;
};

}  // namespace

std::unique_ptr<Projection> make_audit() {
  return std::make_unique<Audit>();
}

}  // namespace relais::projections
