// A real ledger on disk that takes what a Scene accepts, so that the Scene says what the ledger's
// answers must be.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ledger/log/genesis.h"
#include "ledger/log/ledger.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/projections/support.h"
#include "tests/unit/rules/walk.h"

namespace relais::tests {

class TwinLedger {
 public:
  TwinLedger() {
    open();
    for (const char* founder : {"pref", "udml", "ml1", "ml2", "aa1", "aa2"}) {
      json::object hash;
      hash["document_hash"] = log::document_hash("a convention");
      submit(founder, "convention.signed", Scene::convention_subject(), std::move(hash));
    }
    check(ledger->head()->size().value == scene.log.size(), "the twins begin alike");
  }
  TwinLedger(const TwinLedger&) = delete;
  TwinLedger& operator=(const TwinLedger&) = delete;

  /// One step of a walk, in the scene and, where it is accepted, in the ledger.
  bool take(const WalkStep& step) {
    scene.clock.advance_ms(3'600'000);
    WalkAct a = walk_act(scene, step);
    const bool on_case = !a.event.starts_with("key.");
    return act(a.who, a.event, on_case ? case_subject(step.case_number) : "signatory/" + a.who,
               std::move(a.payload));
  }
  bool act(const std::string& slug, std::string_view event, std::string_view subject,
           const json::object& payload) {
    if (!scene.act(slug, event, subject, payload)) return false;
    submit(slug, event, subject, payload);
    return true;
  }

  Scene scene;

 private:
  TempFolder folder_;  // goes when the ledger has

 public:
  std::unique_ptr<log::Ledger> ledger;

 private:
  void open() {
    json::object opened = opening(scene_members());
    for (const char* filled_in : {"document_hash", "origin", "log_key", "system_key"})
      opened.erase(filled_in);
    const log::Genesis genesis{"a convention", std::string(kConvention), json::serialize(opened),
                               std::string(kOrigin)};
    const log::ModelFactory factory = [](const RecordSource& base) {
      return projections::make_model(base);
    };
    const auto made =
        log::create_ledger(folder_.path / "data", genesis, scene.clock, random_, factory);
    check(made.has_value(), made ? std::string() : to_string(made.error()));
    log::Options options;
    options.data = folder_.path / "data";
    auto opened_ledger = log::Ledger::open(options, scene.clock, factory);
    check(opened_ledger.has_value(),
          opened_ledger ? std::string() : to_string(opened_ledger.error()));
    ledger = std::move(*opened_ledger);
  }
  void submit(const std::string& slug, std::string_view event, std::string_view subject,
              json::object payload) {
    json::object o;
    o["type"] = "relais." + std::string(event) + ".v1";
    o["source"] = Scene::source_of(slug);
    o["subject"] = subject;
    o["time"] = to_rfc3339(scene.clock.now());
    o["data"] = std::move(payload);
    const auto text =
        statement::sign_event(json::serialize(o), test_key(slug), scene.clock, random_);
    check(text.has_value(), "a statement of the twin has a form");
    std::vector<log::Submission> group(1);
    group[0].statement = *statement::parse_statement(*text);
    const auto outcomes = ledger->submit_and_wait(std::move(group), false);
    check(outcomes[0].has_value(),
          outcomes[0] ? std::string() : "the twin refuses: " + to_string(outcomes[0].error()));
  }

  crypto::SeededRandom random_{7};
};

/// A walk of `steps` steps on so many cases that is a function of its seed.
inline void walk(TwinLedger& twin, std::uint64_t seed, int steps, std::uint64_t cases) {
  crypto::SeededRandom random(seed);
  const auto pick = [&](std::uint64_t n) { return static_cast<int>(random.next() % n); };
  for (int i = 0; i < steps; ++i) {
    WalkStep s;
    s.event = pick(kWalkEvents);
    s.actor = 7;
    s.case_number = 1 + random.next() % cases;
    s.item = pick(4);
    s.variant = pick(6);
    twin.take(s);
  }
}

}  // namespace relais::tests
