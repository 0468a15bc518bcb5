#include "tests/simulation/script.h"

#include <sodium.h>

#include "ledger/base/check.h"
#include "ledger/log/genesis.h"
#include "ledger/reads/read_log.h"
#include "projections/model.h"
#include "tests/unit/log/fixture.h"

namespace relais::simulation {
namespace {

constexpr std::uint64_t kSeed = 7;
constexpr std::uint64_t kFoundingSeed = 8;
constexpr std::size_t kManyFactors = 5;
constexpr std::size_t kFactorBytes = 1'900;
constexpr std::size_t kNotes = 5;  // events of a case that an erasure may name

/// Two missions locales and an association, which detects adults.
struct Owner {
  const char* slug;
  const char* age_band;
  const char* other;  // whom it refers to
};
constexpr Owner kOwners[] = {
    {"ml1", "16_17", "aa1"}, {"ml2", "18_21", "ml1"}, {"aa1", "22_25", "ml2"}};

class Signing {
 public:
  Signing(Script& script, std::uint64_t seed)
      : script_(script), clock_(script.start), random_(seed) {}

  std::size_t sign(const std::string& slug, std::string_view event, const std::string& subject,
                   json::object data) {
    json::object o;
    o["type"] = "relais." + std::string(event) + ".v1";
    o["source"] = tests::Scene::source_of(slug);
    o["subject"] = subject;
    o["data"] = std::move(data);
    const auto text =
        statement::sign_event(json::serialize(o), tests::test_key(slug), clock_, random_);
    check(text.has_value(),
          text ? "" : "no form: " + std::string(event) + ": " + to_string(text.error()));
    const auto parsed = statement::parse_submission(*text);
    check(parsed.has_value(), "a statement of the script cannot be read");
    script_.acts.push_back({parsed->jwt, parsed->disclosures});
    return script_.acts.size() - 1;
  }

  std::size_t detect(const Owner& owner, const std::string& subject) {
    json::object d = tests::data(R"({"channel":"interview","territory":"69123","risk":"medium",
                                     "note":"said in confidence"})");
    d["age_band"] = owner.age_band;
    return sign(owner.slug, "case.detected", subject, std::move(d));
  }

 private:
  Script& script_;
  ManualClock clock_;
  crypto::SeededRandom random_;
};

std::vector<std::size_t> acts_of_case(Signing& signing, std::size_t n) {
  const Owner& owner = kOwners[n % std::size(kOwners)];
  const std::string subject = tests::case_subject(n);
  std::vector<std::size_t> acts{signing.detect(owner, subject)};
  const auto add = [&](const std::string& slug, std::string_view event, json::object data) {
    acts.push_back(signing.sign(slug, event, subject, std::move(data)));
  };
  const auto assess = [&](std::size_t factors) {
    json::object d = tests::data(R"({"risk":"high","grid_version":"2024-1"})");
    d["factors"] = json::array(factors, json::value(std::string(kFactorBytes, 'x')));
    add(owner.slug, "case.risk_assessed", std::move(d));
  };
  const auto refer = [&](std::uint64_t referral) {
    json::object d = tests::Scene::referral_data(referral, owner.other);
    d["payload"] = "what only the other needs to know";
    add(owner.slug, "referral.requested", std::move(d));
  };
  const auto erase = [&](std::size_t target) {
    json::object d = tests::data(R"({"basis":"art17"})");
    d["targets"] = json::array{target};
    add(owner.slug, "case.data_erased", std::move(d));
  };
  assess(1);
  assess(kManyFactors);
  erase(1);
  add(owner.slug, "case.consent_given", tests::Scene::consent_data());
  refer(10 * n);  // nobody answers: the clock ends it
  refer(10 * n + 1);
  add(owner.other, "referral.received", tests::Scene::on_referral(10 * n + 1));
  add(owner.other, "referral.accepted", tests::Scene::on_referral(10 * n + 1));
  assess(1);
  assess(kManyFactors);
  for (std::size_t target = 2; target <= kNotes; ++target) erase(target);
  add(owner.slug, "case.dismissed", tests::data(R"({"reason":"not_concerned"})"));
  add(owner.slug, "case.data_erased", tests::data(R"({"basis":"art17"})"));
  return acts;
}

struct SeededBytes {
  std::uint64_t state = 0;
  std::uint32_t next() {
    state = state * 6'364'136'223'846'793'005ULL + 1'442'695'040'888'963'407ULL;
    return static_cast<std::uint32_t>(state >> 32U);
  }
};
SeededBytes sodium_bytes;

void fill(void* const out, const std::size_t size) {
  for (std::size_t i = 0; i < size; ++i)
    static_cast<unsigned char*>(out)[i] = static_cast<unsigned char>(sodium_bytes.next());
}

}  // namespace

void seed_sodium(std::uint64_t seed) {
  static randombytes_implementation seeded{
      .implementation_name = [] { return "seeded"; },
      .random = [] { return sodium_bytes.next(); },
      .stir = nullptr,
      .uniform = nullptr,
      .buf = fill,
      .close = nullptr,
  };
  sodium_bytes.state = seed;
  check(randombytes_set_implementation(&seeded) == 0, "libsodium takes no other randomness");
}

std::string Act::whole() const {
  std::string text = bare();
  for (const std::string& d : disclosures) text += d + "~";
  return text;
}

Script make_script() {
  Script script;
  script.start = tests::kSceneStart;
  Signing signing(script, kSeed);
  for (std::size_t n = 0; n < kCases + kProbes; ++n) {
    script.ids.push_back(*parse_uuid(tests::test_uuid(n)));
    if (n < kCases)
      script.cases.push_back(acts_of_case(signing, n));
    else
      script.probes.push_back(signing.detect(kOwners[0], tests::case_subject(n)));
  }
  return script;
}

log::ModelFactory model_factory() {
  // So few decoded cases that some are always read back.
  return [](const RecordSource& base) { return projections::make_model(base, 3); };
}

std::filesystem::path data_of(const Disk& disk) {
  return std::filesystem::path(disk.folder()) / "data";
}

Files make_template(const Disk& disk, const Script& script) {
  const std::filesystem::path data = data_of(disk);
  const log::Genesis genesis = tests::scene_genesis();
  const ManualClock clock(script.start);
  crypto::SeededRandom random(kSeed);
  const auto done = [&]() -> Status {
    RELAIS_TRY(log::create_ledger(data, genesis, clock, random, model_factory()));
    log::Options options;
    options.data = data;
    RELAIS_ASSIGN(const auto ledger, log::Ledger::open(options, clock, model_factory()));
    Script founding;
    founding.start = script.start;
    Signing signing(founding, kFoundingSeed);
    for (const char* founder : {"pref", "udml", "ml1", "ml2", "aa1", "aa2"}) {
      json::object d;
      d["document_hash"] = log::document_hash(genesis.convention_file);
      const std::size_t place = signing.sign(founder, "convention.signed",
                                             tests::Scene::convention_subject(), std::move(d));
      std::vector<log::Submission> group(1);
      RELAIS_ASSIGN(group[0].statement, statement::parse_submission(founding.acts[place].whole()));
      for (const auto& outcome : ledger->submit_and_wait(std::move(group), false))
        if (!outcome) return fail(outcome.error());
    }
    RELAIS_ASSIGN(const auto key, log::load_own_key(data, "log.jwk"));
    return reads::create_log(data / "reads", ledger->vkey(), key);
  }();
  if (!done) check(false, to_string(done.error()));
  return disk.files();
}

}  // namespace relais::simulation
