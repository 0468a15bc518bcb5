// Indicators: counts in fixed tables, a column a quarter. Only sums are kept; what may be shown of
// them is for the reader's side to say (suppression.h).
#include <chrono>

#include "ledger/base/stored.h"
#include "ledger/rules/calendar.h"
#include "projections/folds.h"
#include "projections/records.h"

namespace relais::projections {
namespace {

constexpr int kQuarters = 4;
constexpr int kMonthsAQuarter = 3;
constexpr std::size_t kPlaceBytes = 4 + 1 + 2;  // of a cell: period, dimension, value
constexpr std::string_view kUnreadable = "a stored count cannot be read";

std::uint8_t byte_of(Indicator i) {
  return static_cast<std::uint8_t>(i);
}
std::uint8_t byte_of(Dimension d) {
  return static_cast<std::uint8_t>(d);
}

class Indicators final : public Projection {
 public:
  std::string_view name() const override { return "indicators"; }
  std::span<const std::string_view> prefixes() const override {
    static constexpr std::string_view kPrefixes[] = {kIndicatorPrefix};
    return kPrefixes;
  }

  void fold(const rules::Act& act, const rules::Effects&, rules::WorldState&,
            Tables& tables) override {
    if (!act.event.getData().isTrainingDelivered()) return;
    const auto training = act.event.getData().getTrainingDelivered();
    const Quarter quarter = Quarter::of(rules::legal_day(act.received_at()));
    const auto count = [&](Dimension by, std::uint16_t value) {
      add(Indicator::trainings, quarter, by, value, training.getHeadcount(), tables);
    };
    count(Dimension::none, 0);
    count(Dimension::audience, static_cast<std::uint16_t>(training.getAudience()));
    count(Dimension::signatory, act.signatory().value);
  }

 private:
  void add(Indicator which, Quarter quarter, Dimension by, std::uint16_t value,
           std::uint64_t persons, Tables& tables) {
    set_key(key_, kIndicatorPrefix, byte_of(which), static_cast<std::uint32_t>(quarter.number),
            byte_of(by), value);
    Count count;
    if (const auto bytes = tables.get(key_)) count = decode_stored<Count>(*bytes, kUnreadable);
    ++count.facts;
    count.persons += persons;
    tables.put(key_, encode(count));
  }

  std::string key_;
};

}  // namespace

Quarter Quarter::of(Day d) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{d.value}}};
  const auto month = static_cast<int>(static_cast<unsigned>(date.month()));
  return {static_cast<int>(date.year()) * kQuarters + (month - 1) / kMonthsAQuarter};
}

Day Quarter::last_day() const {
  const int next = number + 1;
  const std::chrono::year_month_day first{
      std::chrono::year{next / kQuarters},
      std::chrono::month{static_cast<unsigned>(next % kQuarters * kMonthsAQuarter + 1)},
      std::chrono::day{1}};
  return Day{static_cast<std::int32_t>(std::chrono::sys_days{first}.time_since_epoch().count()) -
             1};
}

std::string Quarter::text() const {
  return std::to_string(number / kQuarters) + "-Q" + std::to_string(number % kQuarters + 1);
}

std::unique_ptr<Projection> make_indicators() {
  return std::make_unique<Indicators>();
}

std::vector<IndicatorColumn> indicator(const RecordSource& records, Indicator which, Dimension by,
                                       Quarter last) {
  std::vector<IndicatorColumn> columns;
  const std::string prefix = make_key(kIndicatorPrefix, byte_of(which));
  records.scan(prefix, prefix, [&](std::string_view key, std::string_view value) {
    const std::string_view place = key.substr(prefix.size());
    require_stored(place.size() == kPlaceBytes, kUnreadable);
    const Quarter quarter{static_cast<std::int32_t>(load_be<std::uint32_t>(place))};
    if (quarter > last) return false;
    const auto dimension = static_cast<Dimension>(place[4]);
    const auto count = decode_stored<Count>(value, kUnreadable);
    if (columns.empty() || columns.back().quarter != quarter) columns.push_back({quarter, {}, {}});
    if (dimension == Dimension::none) columns.back().total = count;
    if (dimension == by && by != Dimension::none)
      columns.back().cells.emplace(load_be<std::uint16_t>(place.substr(5)), count);
    return true;
  });
  return columns;
}

}  // namespace relais::projections
