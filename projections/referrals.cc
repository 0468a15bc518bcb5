// Referrals: each by its id, and the inbox and outbox of each signatory.
#include <algorithm>

#include "ledger/base/check.h"
#include "ledger/base/stored.h"
#include "projections/folds.h"
#include "projections/records.h"

namespace relais::projections {
namespace {

class Referrals final : public Projection {
 public:
  std::string_view name() const override { return "referrals"; }
  std::span<const std::string_view> prefixes() const override {
    static constexpr std::string_view kPrefixes[] = {kReferralPrefix, kMailboxPrefix};
    return kPrefixes;
  }

  void fold(const rules::Act& act, const rules::Effects& effects, rules::WorldState& world,
            Tables& tables) override {
    for (const Uuid& id : effects.requested) put(act, id, true, world, tables);
    for (const Uuid& id : effects.moved) put(act, id, false, world, tables);
  }

 private:
  void put(const rules::Act& act, const Uuid& id, bool fresh, rules::WorldState& world,
           Tables& tables) {
    const rules::CaseState* state = world.find_case(act.stream.uuid);
    check(state != nullptr, "an event of a referral that the world does not know");
    const rules::Referral* referral = state->find_referral(id);
    check(referral != nullptr, "an event of a referral that its case does not know");

    set_key(key_, kReferralPrefix, state->id, id);
    value_.clear();
    Encoder encoder(value_);
    encoder(const_cast<rules::Referral&>(*referral));
    tables.put(key_, value_);

    // A referral is open from its request to its end, which is for good: the mailboxes change at
    // these two events only, and what stands in them need not be read.
    value_.clear();
    append_uuid(value_, state->id);
    append_uuid(value_, id);
    if (fresh) {
      list(*referral, true, tables);
    } else if (!referral->open()) {
      unlist(*referral, tables);
      list(*referral, false, tables);
    }
  }

  void set_mailbox_key(SignatoryId who, Box box, bool open, LogIndex requested) {
    set_key(key_, kMailboxPrefix, who.value, box_byte(box), static_cast<std::uint8_t>(open),
            ~requested.value);
  }
  void list(const rules::Referral& r, bool open, Tables& tables) {
    set_mailbox_key(r.to, Box::inbox, open, r.requested_index);
    tables.put(key_, value_);
    set_mailbox_key(r.from, Box::outbox, open, r.requested_index);
    tables.put(key_, value_);
  }
  void unlist(const rules::Referral& r, Tables& tables) {
    set_mailbox_key(r.to, Box::inbox, true, r.requested_index);
    tables.erase(key_);
    set_mailbox_key(r.from, Box::outbox, true, r.requested_index);
    tables.erase(key_);
  }

  std::string key_;
  std::string value_;
};

/// One line of a mailbox: its place in the order, and which referral it is.
struct Line {
  std::string place;  // u64 ~requested
  Uuid case_id;
  Uuid referral;
};

/// At most `count` more lines from a place on.
void read_mailbox(const RecordSource& records, const std::string& prefix, std::string_view place,
                  std::size_t count, std::vector<Line>& out) {
  const std::size_t full = out.size() + count;
  records.scan(
      prefix, prefix + std::string(place), [&](std::string_view key, std::string_view value) {
        require_stored(value.size() == 2 * kUuidBytes, "a stored line of a mailbox cannot be read");
        out.push_back({std::string(key.substr(prefix.size())), load_uuid(value),
                       load_uuid(value.substr(kUuidBytes))});
        return out.size() < full;
      });
}

}  // namespace

std::unique_ptr<Projection> make_referrals() {
  return std::make_unique<Referrals>();
}

std::optional<ReferralItem> find_referral(const RecordSource& records, const Uuid& case_id,
                                          const Uuid& id) {
  const auto bytes = records.get(make_key(kReferralPrefix, case_id, id));
  if (!bytes) return std::nullopt;
  return ReferralItem{case_id,
                      decode_stored<rules::Referral>(*bytes, "a stored referral cannot be read")};
}

Page<ReferralItem> referrals(const RecordSource& records, SignatoryId signatory, Box box,
                             bool open_only, std::string_view cursor, std::size_t limit) {
  limit = std::clamp<std::size_t>(limit, 1, kMaxPage);
  const auto prefix = [&](bool open) {
    return make_key(kMailboxPrefix, signatory.value, box_byte(box),
                    static_cast<std::uint8_t>(open));
  };
  std::vector<Line> listed;
  read_mailbox(records, prefix(true), cursor, limit + 1, listed);
  if (!open_only) read_mailbox(records, prefix(false), cursor, limit + 1, listed);
  std::ranges::sort(listed, {}, &Line::place);

  Page<ReferralItem> page;
  for (const Line& line : listed) {
    if (page.items.size() == limit) {
      page.next = line.place;
      break;
    }
    auto item = find_referral(records, line.case_id, line.referral);
    require_stored(item.has_value(), "a mailbox lists a referral that is not there");
    if (!open_only || item->referral.open()) page.items.push_back(std::move(*item));
  }
  return page;
}

}  // namespace relais::projections
