// Audit: which events a signatory signed, and which are of a type.
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
    set_key(key_, kSignatoryPrefix, act.signatory().value, act.index.value);
    tables.put(key_, {});
    set_key(key_, kTypePrefix, act.type->ordinal, act.index.value);
    tables.put(key_, {});
  }

 private:
  std::string key_;
};

}  // namespace

std::unique_ptr<Projection> make_audit() {
  return std::make_unique<Audit>();
}

}  // namespace relais::projections
