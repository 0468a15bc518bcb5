// Every endpoint × every reader, over the story with all event types: what is answered is what the
// matrix says. Relations to a case are taken from its state as the rules derive it, files and
// recusals from the events once more; an endpoint without an entry in the table below fails.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>
#include <functional>

#include "api/reading/matrix.h"
#include "ledger/rules/relation.h"
#include "ledger/rules/rules.h"
#include "tests/unit/api/pulled.h"
#include "tests/unit/api/story.h"

namespace relais::tests {
namespace {

using api::Kind;
using api::Verdict;
using rules::Relation;

class Endpoints : public StoryTest {
 protected:
  // --- what the matrix says

  static rules::Relations relations(const ReaderOf& r, const Uuid& id) {
    if (r.roles.has(schema::Role::ANALYST)) return rules::Relations(Relation::analyst);
    const rules::CaseState& c = story_->cases.at(id);
    auto out = rules::relations_of(c, r.id, r.roles, clock_->now());
    if (out.empty() && story_->sits.contains({r.id, id}))
      out.add(story_->stepped_back.contains({r.id, id}) ? Relation::stepped_back
                                                        : Relation::member);
    if (out.empty()) out.add(Relation::none);
    return out;
  }
  static bool holds(const ReaderOf& r, const rules::CaseState& c, api::When when, const Fact& f) {
    const auto mine = [&](bool own) {
      return std::ranges::any_of(c.referrals, [&](const rules::Referral& x) {
        if (x.to != r.id || (own && to_string(x.id) != f.referral)) return false;
        if (x.pending()) return own && rules::basis_holds(c, x, rules::legal_day(clock_->now()));
        return (x.phase == rules::ReferralPhase::accepted || x.completed != 0) &&
               x.covers(f.version, rules::legal_day(f.received));
      });
    };
    switch (when) {
      case api::When::always:
        return true;
      case api::When::until_its_end:
        return f.version <= rules::known_until(c, r.id);
      case api::When::while_grounded:
        return mine(false);
      case api::When::own_referral:
        return mine(true);
      case api::When::in_parcours:
        return c.psp.ended == 0 || f.version < c.psp.ended;
      case api::When::consent_psp:
        return std::ranges::any_of(c.consents, [&](const rules::Consent& k) {
          return k.scope == schema::ConsentScope::PSP && k.covers(r.id, clock_->now());
        });
      case api::When::convened:
        return convened(r, f);
      case api::When::agreed:
        return (c.psp.ended == 0 || f.version < c.psp.ended) &&
               std::ranges::any_of(c.consents, [&](const rules::Consent& k) {
                 return k.scope == schema::ConsentScope::PSP &&
                        (!k.expires_on || rules::legal_day(clock_->now()).value <= *k.expires_on);
               });
    }
    return false;
  }
  static bool convened(const ReaderOf& r, const Fact& f) {
    const std::string name = f.subject.substr(f.subject.find('/') + 1);
    return members_[name].contains(r.id) || std::ranges::any_of(files_[name], [&](const Uuid& id) {
             const auto c = story_->cases.find(id);
             return c != story_->cases.end() && c->second.participants.contains(r.id);
           });
  }
  static Verdict verdict(const ReaderOf& r, rules::Relations is, const rules::CaseState& c,
                         Kind kind, const Fact& f) {
    auto best = Verdict::absent;
    for (unsigned role = 0; role < 8; ++role)
      for (std::size_t n = 0; n <= static_cast<std::size_t>(rules::kLastRelation); ++n) {
        if (!r.roles.has(static_cast<schema::Role>(role)) || !is.has(static_cast<Relation>(n)))
          continue;
        const api::Cell& cell =
            api::cell(static_cast<schema::Role>(role), static_cast<Relation>(n), kind);
        if (cell.verdict > best && holds(r, c, cell.when, f)) best = cell.verdict;
      }
    return best;
  }
  static Verdict of_kind(const ReaderOf& r, const Uuid& id, Kind kind) {
    return verdict(r, relations(r, id), story_->cases.at(id), kind, {});
  }
  static Verdict of_act(const ReaderOf& r, const Fact& f) {
    if (!f.case_id) {
      const Kind kind = f.subject.starts_with("session/") ? Kind::sessions : Kind::shared;
      return verdict(r, rules::Relations(Relation::none), {}, kind, f);
    }
    const rules::CaseState& c = story_->cases.at(*f.case_id);
    const auto is = relations(r, *f.case_id);
    const Verdict by_kind = verdict(r, is, c, api::kind_of(*f.type), f);
    return f.by == r.id ? std::max(by_kind, verdict(r, is, c, Kind::own_acts, f)) : by_kind;
  }
  static std::size_t opens(const ReaderOf& r, const Fact& f) {
    if (!f.case_id || of_act(r, f) != Verdict::allowed) return 0;
    const rules::CaseState& c = story_->cases.at(*f.case_id);
    const auto is = relations(r, *f.case_id);
    if (f.by == r.id && verdict(r, is, c, Kind::own_acts, f) == Verdict::allowed)
      return f.disclosed.size();
    return static_cast<std::size_t>(
        std::ranges::count_if(f.disclosed, [&](const std::string& name) {
          return verdict(r, is, c, api::group_of(*f.type, name), f) == Verdict::allowed;
        }));
  }
  static std::vector<std::string> visible(const ReaderOf& r) {
    std::vector<std::string> out;
    for (const Fact& f : story_->facts)
      if (of_act(r, f) != Verdict::absent) out.push_back(std::to_string(f.index.value));
    return out;
  }
  static void expect_absent(const ReaderOf& r, const api::Response& answer,
                            const std::string& path) {
    static const std::string kAbsent = get(r.slug, "/v1/cases/none").body;
    EXPECT_EQ(answer.status, 404U) << r.slug << path;
    EXPECT_EQ(answer.body, kAbsent) << r.slug << path;
    EXPECT_TRUE(answer.headers.empty()) << r.slug << path;
  }

  using Check = std::function<void(const ReaderOf&)>;
  static const std::map<std::string, Check>& checks();
  static void one_case(const ReaderOf& r);
  static void timelines(const ReaderOf& r);
  static void one_event(const ReaderOf& r);
  static void receipts(const ReaderOf& r);
  static void live(const ReaderOf& r);
  static void referrals(const ReaderOf& r);
  static void deadlines(const ReaderOf& r);
  static void parcours(const ReaderOf& r);
  static void sessions(const ReaderOf& r);
  static void session(const ReaderOf& r);
  static void expect_parcours(const ReaderOf& r, const Uuid& id, const json::object& line);
  static bool sees_session(const ReaderOf& r, const std::string& name) {
    Fact f;
    f.subject = "session/" + name;
    return verdict(r, rules::Relations(Relation::none), {}, Kind::sessions, f) != Verdict::absent;
  }

  static inline std::size_t allowed_ = 0, absent_ = 0, opened_ = 0, parcours_ = 0;
};

void Endpoints::one_case(const ReaderOf& r) {
  for (const auto& [id, c] : story_->cases) {
    const std::string path = "/v1/cases/" + to_string(id);
    const auto answer = get(r.slug, path);
    if (of_kind(r, id, Kind::state) == Verdict::absent) {
      expect_absent(r, answer, path);
      continue;
    }
    const json::object o = body(answer);
    const std::uint32_t counted = rules::count_of(c, r.roles, c.version);
    EXPECT_EQ(o.at("version").to_number<std::uint32_t>(), counted) << r.slug << path;
    if (const auto* psp = o.if_contains("psp"); psp != nullptr && !rules::deliberates(r.roles)) {
      EXPECT_FALSE(psp->as_object().contains("session")) << r.slug << path;
      EXPECT_FALSE(psp->as_object().contains("opinion")) << r.slug << path;
    }
  }
}

void Endpoints::timelines(const ReaderOf& r) {
  for (const auto& [id, c] : story_->cases) {
    const std::string path = "/v1/cases/" + to_string(id) + "/timeline";
    if (of_kind(r, id, Kind::timeline) == Verdict::absent) {
      expect_absent(r, get(r.slug, path), path);
      continue;
    }
    std::vector<std::string> expected, versions;
    for (const Fact& f : story_->facts) {
      if (f.case_id != id || of_act(r, f) == Verdict::absent) continue;
      expected.push_back(std::to_string(f.index.value));
      versions.push_back(std::to_string(rules::count_of(c, r.roles, f.version)));
    }
    EXPECT_EQ(all(r.slug, path + "?limit=3", "items", "index"), expected) << r.slug << path;
    EXPECT_EQ(all(r.slug, path + "?limit=500", "items", "version"), versions) << r.slug << path;
  }
}

void Endpoints::one_event(const ReaderOf& r) {
  for (const Fact& f : story_->facts) {
    const std::string path = "/v1/events/" + f.id + "?format=sd-jwt&source=" + f.source;
    const auto answer = get(r.slug, path);
    if (of_act(r, f) == Verdict::absent) {
      expect_absent(r, answer, path);
      ++absent_;
      continue;
    }
    ASSERT_EQ(answer.status, 200U) << r.slug << path << answer.body;
    const auto parts = statement::split_sd_jwt(answer.body);
    EXPECT_EQ(parts->disclosures.size(), opens(r, f)) << r.slug << " " << f.type->name << path;
    opened_ += parts->disclosures.size();
    ++allowed_;
  }
}

void Endpoints::receipts(const ReaderOf& r) {
  for (const Fact& f : story_->facts) {
    const std::string path = "/v1/events/" + f.id + "/receipt?source=" + f.source;
    const auto answer = get(r.slug, path);
    const bool seen = of_act(r, f) != Verdict::absent &&
                      (!f.case_id || of_kind(r, *f.case_id, Kind::receipts) != Verdict::absent);
    if (seen)
      EXPECT_EQ(answer.status, 200U) << r.slug << path;
    else
      expect_absent(r, answer, path);
  }
}

void Endpoints::live(const ReaderOf& r) {
  const auto answer = get(r.slug, "/v1/events/live?from=0");
  ASSERT_EQ(answer.status, 200U);
  const std::uint64_t last = ledger_->head()->size().value - 1;
  const std::string all = Pulled(answer.stream).until("id: " + std::to_string(last) + "\n");
  std::vector<std::string> told;
  for (std::size_t at = 0; (at = all.find("data: {\"index\":", at)) != std::string::npos; ++at)
    told.push_back(all.substr(at + 15, all.find(',', at) - at - 15));
  EXPECT_EQ(told, visible(r)) << r.slug;
}

void Endpoints::referrals(const ReaderOf& r) {
  std::vector<std::string> inbox, outbox;
  for (const auto& [id, c] : story_->cases)
    for (const rules::Referral& x : c.referrals) {
      if (x.to == r.id) inbox.push_back("\"" + to_string(x.id) + "\"");
      if (x.from == r.id) outbox.push_back("\"" + to_string(x.id) + "\"");
      if (x.to == r.id || x.from == r.id)
        EXPECT_EQ(of_kind(r, id, Kind::referrals), Verdict::allowed) << r.slug;
    }
  EXPECT_THAT(all(r.slug, "/v1/referrals?limit=500", "referrals", "id"),
              testing::UnorderedElementsAreArray(inbox));
  EXPECT_THAT(all(r.slug, "/v1/referrals?box=outbox", "referrals", "id"),
              testing::UnorderedElementsAreArray(outbox));
}

void Endpoints::deadlines(const ReaderOf& r) {
  for (const std::string& stream : all(r.slug, "/v1/deadlines?limit=2", "deadlines", "stream")) {
    if (!stream.starts_with("\"case/")) continue;
    const Uuid id = *parse_uuid(stream.substr(6, 36));
    EXPECT_EQ(of_kind(r, id, Kind::deadlines), Verdict::allowed) << r.slug << stream;
  }
}

/// What the commission said among itself is there for who hears the debates, and for nobody else;
/// who the person is, for nobody.
void Endpoints::expect_parcours(const ReaderOf& r, const Uuid& id, const json::object& line) {
  const rules::CaseState& c = story_->cases.at(id);
  EXPECT_NE(of_kind(r, id, Kind::parcours), Verdict::absent) << r.slug << to_string(id);
  const bool hears = of_kind(r, id, Kind::debates) != Verdict::absent;
  EXPECT_EQ(line.contains("session"), hears && !c.psp.session.empty()) << r.slug;
  EXPECT_EQ(line.contains("opinion"), hears && c.psp.opinion != schema::OpinionKind::UNSPECIFIED);
  EXPECT_EQ(line.contains("votes"), hears && !c.psp.session.empty()) << r.slug;
  if (!hears) {
    EXPECT_NE(json::serialize(line.at("phase")), "\"OPINED\"") << r.slug;
    EXPECT_NE(json::serialize(line.at("phase")), "\"ADJOURNED\"") << r.slug;
  }
  for (const char* never : {"identity", "reasons", "holder", "territory", "ageBand"})
    EXPECT_FALSE(line.contains(never)) << r.slug << never;
}

void Endpoints::parcours(const ReaderOf& r) {
  std::vector<std::string> expected;
  for (const auto& [id, c] : story_->cases)
    if (c.psp.phase != rules::PspPhase::none && of_kind(r, id, Kind::parcours) != Verdict::absent)
      expected.push_back("\"" + to_string(id) + "\"");
  EXPECT_EQ(all(r.slug, "/v1/psp?limit=1", "parcours", "case"), expected) << r.slug;
  parcours_ += expected.size();
  for (const auto& line : body(get(r.slug, "/v1/psp?limit=500")).at("parcours").as_array()) {
    const json::object& o = line.as_object();
    expect_parcours(r, *parse_uuid(std::string(o.at("case").as_string())), o);
  }
}

void Endpoints::sessions(const ReaderOf& r) {
  std::vector<std::string> expected;
  for (const auto& [name, members] : members_)
    if (sees_session(r, name)) expected.push_back("\"" + name + "\"");
  EXPECT_THAT(all(r.slug, "/v1/sessions?limit=1", "sessions", "name"),
              testing::UnorderedElementsAreArray(expected))
      << r.slug;
}

void Endpoints::session(const ReaderOf& r) {
  for (const auto& [name, members] : members_) {
    const std::string path = "/v1/sessions/" + name;
    if (!sees_session(r, name)) {
      expect_absent(r, get(r.slug, path), path);
      continue;
    }
    std::set<std::string> files;
    for (const Uuid& id : files_[name]) files.insert("\"" + to_string(id) + "\"");
    const std::vector<std::string> listed = all(r.slug, path + "?limit=1", "files", "case");
    EXPECT_TRUE(std::ranges::includes(listed, files)) << r.slug << path;
    for (const auto& file : body(get(r.slug, path)).at("files").as_array()) {
      const json::object& o = file.as_object();
      const Uuid id = *parse_uuid(std::string(o.at("case").as_string()));
      const bool there = story_->cases.contains(id);
      const bool sees = there && of_kind(r, id, Kind::parcours) != Verdict::absent &&
                        story_->cases.at(id).psp.phase != rules::PspPhase::none;
      EXPECT_EQ(o.contains("parcours"), sees) << r.slug << path;
      if (!sees || of_kind(r, id, Kind::debates) == Verdict::absent)
        EXPECT_FALSE(o.contains("opinion")) << r.slug << path;
      if (sees) expect_parcours(r, id, o.at("parcours").as_object());
    }
  }
}

/// One entry a route. Those without a reader are asked in AtTheDoors.
const std::map<std::string, Endpoints::Check>& Endpoints::checks() {
  const auto status = [](const char* path, unsigned expected) {
    return
        [=](const ReaderOf& r) { EXPECT_EQ(get(r.slug, path).status, expected) << r.slug << path; };
  };
  const auto events = [](const char* path) {
    return [=](const ReaderOf& r) {
      EXPECT_EQ(all(r.slug, std::string(path) + "?limit=50", "events", "index"), visible(r))
          << r.slug << path;
    };
  };
  static const std::map<std::string, Check> kChecks{
      {"GET /v1/cases/{id}", one_case},
      {"GET /v1/cases/{id}/timeline", timelines},
      {"GET /v1/cases",
       [](const ReaderOf& r) {
         std::vector<std::string> expected;
         for (const auto& [id, c] : story_->cases)
           if (of_kind(r, id, Kind::state) != Verdict::absent)
             expected.push_back("\"" + to_string(id) + "\"");
         EXPECT_EQ(all(r.slug, "/v1/cases?limit=2", "cases", "id"), expected) << r.slug;
       }},
      {"GET /v1/events", events("/v1/events")},
      {"GET /v1/audit", events("/v1/audit")},
      {"GET /v1/events/{id}", one_event},
      {"GET /v1/events/{id}/receipt", receipts},
      {"GET /v1/events/live", live},
      {"GET /v1/referrals", referrals},
      {"GET /v1/deadlines", deadlines},
      {"GET /v1/psp", parcours},
      {"GET /v1/sessions", sessions},
      {"GET /v1/sessions/{name}", session},
      {"GET /v1/accreditations", status("/v1/accreditations", 200)},
      {"GET /v1/library", status("/v1/library", 200)},
      {"GET /v1/network", status("/v1/network", 200)},
      {"GET /v1/convention", status("/v1/convention", 200)},
      // Each sees its own looks; more of it in reads_test.cc.
      {"GET /v1/audit/reads",
       [](const ReaderOf& r) {
         for (const std::string& by :
              all(r.slug, "/v1/audit/reads?limit=500", "reads", "signatory"))
           EXPECT_EQ(by, "\"" + r.slug + "\"");
       }},
      {"GET /v1/audit/reads/{index}/receipt", status("/v1/audit/reads/999999/receipt", 404)},
      {"GET /log/reads/checkpoint", status("/log/reads/checkpoint", 200)},
      {"GET /log/reads/vkey", status("/log/reads/vkey", 200)},
      {"GET /log/reads/tile/{*}", status("/log/reads/tile/9/000", 404)},
      {"GET /v1/capabilities", status("/v1/capabilities?need=shelter", 200)},
      {"GET /v1/indicators", status("/v1/indicators", 200)},
      {"GET /v1/indicators/{name}", status("/v1/indicators/trainings", 200)},
      {"GET /v1/signatories", status("/v1/signatories", 200)},
      {"GET /v1/keys", status("/v1/keys", 200)},
      {"GET /log/checkpoint", status("/log/checkpoint", 200)},
      {"GET /log/vkey", status("/log/vkey", 200)},
      {"GET /log/keys", status("/log/keys", 200)},
      {"GET /log/tile/{*}", status("/log/tile/0/000.p/1", 200)},
      {"GET /log/tile/entries/{*}",
       [](const ReaderOf& r) {
         const Fact none;
         const bool may = verdict(r, rules::Relations(Relation::none), {}, Kind::log_entries,
                                  none) != Verdict::absent;
         EXPECT_EQ(get(r.slug, "/log/tile/entries/000.p/1").status, may ? 200U : 403U) << r.slug;
       }},
      {"GET /openapi.json", status("/openapi.json", 200)},
      {"GET /livez", status("/livez", 200)},
      {"GET /readyz", status("/readyz", 200)},
      {"GET /metrics", status("/metrics", 401)},
      {"POST /admin/confirm-clock", status("/admin/confirm-clock", 404)},
      {"POST /admin/rebuild", status("/admin/rebuild", 404)},
      {"POST /admin/rotate-wrapping-key", status("/admin/rotate-wrapping-key", 404)},
      // Writes: the rules answer (tests/security/attempts). Nothing can be read by its path.
      {"POST /v1/events",
       [](const ReaderOf& r) {
         EXPECT_EQ(send(api::Method::options, "/v1/events", {}, false).status, 204U) << r.slug;
       }},
      {"POST /v1/break-glass",
       [](const ReaderOf& r) {
         EXPECT_EQ(send(api::Method::options, "/v1/break-glass", {}, false).status, 204U) << r.slug;
       }},
  };
  return kChecks;
}

TEST_F(Endpoints, EveryRouteIsInTheTable) {
  std::vector<std::string> known;
  for (const auto& [route, check] : checks()) known.push_back(route);
  std::vector<std::string> there;
  for (const api::RouteSummary& route : service_->route_summaries()) there.push_back(route.label);
  EXPECT_THAT(there, testing::UnorderedElementsAreArray(known))
      << "an endpoint says here what each reader gets of it (api/reading/matrix_rows.h)";
}

TEST_F(Endpoints, EveryReaderGetsWhatTheMatrixSays) {
  ASSERT_GE(readers_.size(), 20U);
  std::set<Relation> met;
  for (const ReaderOf& r : readers_) {
    for (const auto& [id, c] : story_->cases)
      for (std::size_t n = 0; n <= static_cast<std::size_t>(rules::kLastRelation); ++n)
        if (relations(r, id).has(static_cast<Relation>(n))) met.insert(static_cast<Relation>(n));
    for (const auto& [route, check] : checks()) {
      SCOPED_TRACE(r.slug + " " + route);
      check(r);
    }
  }
  EXPECT_GT(allowed_, 1'000U);
  EXPECT_GT(absent_, 1'000U);
  EXPECT_GT(opened_, 50U);
  EXPECT_GT(parcours_, 10U);
  for (const Relation relation :
       {Relation::holder, Relation::completed, Relation::unanswered, Relation::former_holder,
        Relation::applicant, Relation::former_applicant, Relation::prefecture, Relation::member,
        Relation::none, Relation::analyst})
    EXPECT_TRUE(met.contains(relation)) << to_string(relation);
}

TEST_F(Endpoints, AtTheDoors) {
  ASSERT_EQ(get("observatoire", "/v1/events?limit=1").status, 200U);  // so that there is a look
  for (const api::RouteSummary& route : service_->route_summaries()) {
    if (!route.label.starts_with("GET ")) continue;
    std::string path = route.label.substr(4);
    for (const auto& [from, to] : {std::pair{"{id}", "x"},
                                   {"{name}", "trainings"},
                                   {"entries/{*}", "entries/000.p/1"},
                                   {"{*}", "0/000.p/1"}})
      if (const auto at = path.find(from); at != std::string::npos)
        path.replace(at, std::strlen(from), to);
    const bool open = path.starts_with("/log/") && path.find("entries") == std::string::npos;
    const bool probe = path == "/livez" || path == "/readyz" || path == "/openapi.json";
    EXPECT_EQ(send(api::Method::get, path, {}, false).status, open || probe ? 200U : 401U) << path;
    // Who administers the machine reads no more than its figures.
    const bool figures = path == "/metrics";
    EXPECT_EQ(send(api::Method::get, path, {}, true).status, open || probe || figures ? 200U : 401U)
        << path;
  }
}

}  // namespace
}  // namespace relais::tests
