// Timeline: the events of a case, one line each, in the order of its stream.
#include <algorithm>
#include <limits>

#include "ledger/base/check.h"
#include "ledger/base/stored.h"
#include "projections/folds.h"
#include "projections/records.h"

namespace relais::projections {
namespace {

constexpr std::string_view kUnreadable = "a stored line of a timeline cannot be read";

class Timeline final : public Projection {
 public:
  std::string_view name() const override { return "timeline"; }
  std::span<const std::string_view> prefixes() const override {
    static constexpr std::string_view kPrefixes[] = {kTimelinePrefix};
    return kPrefixes;
  }

  void fold(const rules::Act& act, const rules::Effects& effects, rules::WorldState& world,
            Tables& tables) override {
    if (act.stream.kind != schema::StreamKind::CASE) return;
    const rules::CaseState* state = world.find_case(act.stream.uuid);
    check(state != nullptr, "an event of a case that the world does not know");
    const auto id = act.event.getId();
    item_.version = act.event.getVersion();
    item_.index = act.index;
    item_.type = act.type->ordinal;
    item_.signatory = act.signatory();
    item_.time = Timestamp{act.event.getTime()};
    item_.received_at = act.received_at();
    item_.id.assign(id.begin(), id.size());
    item_.phase = static_cast<std::uint8_t>(state->phase);
    item_.withheld = act.event.getWithheld();
    const rules::Amends amends = effects.amends.value_or(rules::Amends{});
    item_.target = amends.target;
    item_.reason = amends.reason;
    set_key(key_, kTimelinePrefix, act.stream.uuid, item_.version);
    value_.clear();
    Encoder encoder(value_);
    encoder(item_);
    tables.put(key_, value_);
  }

 private:
  TimelineItem item_;  // reused, as the two below, so that an event takes no allocation
  std::string key_;
  std::string value_;
};

}  // namespace

std::unique_ptr<Projection> make_timeline() {
  return std::make_unique<Timeline>();
}

Page<TimelineItem> timeline(const RecordSource& records, const Uuid& id, std::uint32_t after,
                            std::size_t limit,
                            const std::function<bool(const TimelineItem&)>& wanted) {
  Page<TimelineItem> page;
  if (after == std::numeric_limits<std::uint32_t>::max()) return page;
  limit = std::clamp<std::size_t>(limit, 1, kMaxPage);
  const std::string from = make_key(kTimelinePrefix, id, after + 1);
  records.scan(make_key(kTimelinePrefix, id), from, [&](std::string_view, std::string_view value) {
    auto item = decode_stored<TimelineItem>(value, kUnreadable);
    if (!wanted(item)) return true;
    if (page.items.size() == limit) {
      page.next = std::to_string(page.items.back().version);
      return false;
    }
    page.items.push_back(std::move(item));
    return true;
  });
  return page;
}

std::optional<TimelineItem> timeline_item(const RecordSource& records, const Uuid& id,
                                          std::uint32_t version) {
  const auto bytes = records.get(make_key(kTimelinePrefix, id, version));
  if (!bytes) return std::nullopt;
  return decode_stored<TimelineItem>(*bytes, kUnreadable);
}

}  // namespace relais::projections
