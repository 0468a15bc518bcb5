#include "projections/model.h"

#include "ledger/base/bytes.h"
#include "ledger/base/check.h"
#include "projections/folds.h"
#include "projections/overlay.h"

namespace relais::projections {
namespace {

class ReadModels final : public log::Model {
 public:
  ReadModels(const RecordSource& base, std::size_t max_cases)
      : world_(base, max_cases), tables_(base), projections_(all_projections()) {
    check_prefixes();
  }

  rules::WorldState& world() override { return world_; }

  const rules::Effects& fold(const rules::Act& act) override {
    rules::evolve(world_, act, effects_);
    for (const auto& projection : projections_) projection->fold(act, effects_, world_, tables_);
    return effects_;
  }

  void recall(const rules::Act& act) override {
    for (const auto& projection : projections_) projection->recall(act);
  }

  WriteLog drain(TreeSize size) override {
    for (const auto& projection : projections_) projection->settle(world_, tables_);
    world_.flush(tables_.sink());
    tables_.put(log::kPositionKey, log::position_value(size));
    return tables_.take();
  }

 private:
  /// No key may belong to two read models, nor to the world or the position.
  void check_prefixes() const {
    std::vector<std::string> taken = {rules::registry_key(),
                                      rules::head_key({}).substr(0, 1),
                                      rules::case_key({}).substr(0, 1),
                                      rules::signatory_key({}).substr(0, 1),
                                      rules::session_key({}),
                                      rules::library_key({}),
                                      std::string(log::kPositionKey)};
    for (const auto& projection : projections_) {
      for (const std::string_view prefix : projection->prefixes()) {
        for (const std::string& other : taken)
          check(!prefix.starts_with(other) && !other.starts_with(prefix),
                "two read models share a prefix of keys");
        taken.emplace_back(prefix);
      }
    }
  }

  rules::WorldState world_;
  rules::Effects effects_;  // of the last event
  Overlay tables_;
  std::vector<std::unique_ptr<Projection>> projections_;
};

}  // namespace

std::vector<std::unique_ptr<Projection>> all_projections() {
  std::vector<std::unique_ptr<Projection>> all;
  all.push_back(make_participation());
  all.push_back(make_timeline());
  all.push_back(make_referrals());
  all.push_back(make_deadlines());
  all.push_back(make_capabilities());
  all.push_back(make_audit());
  all.push_back(make_indicators());
  all.push_back(make_sessions());
  all.push_back(make_shared_items());
  return all;
}

std::unique_ptr<log::Model> make_model(const RecordSource& base, std::size_t max_cases) {
  return std::make_unique<ReadModels>(base, max_cases);
}

}  // namespace relais::projections
