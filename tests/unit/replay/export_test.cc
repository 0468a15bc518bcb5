#include "replay/export/export.h"

#include <gmock/gmock.h>

#include <cctype>
#include <fstream>
#include <set>
#include <sstream>

#include "ledger/base/json.h"
#include "ledger/crypto/sha256.h"
#include "ledger/log/own_keys.h"
#include "ledger/statement/cloud_event.h"
#include "replay/export/csv_writer.h"
#include "replay/export/pseudonyms.h"
#include "replay/export/rows.h"
#include "replay/export/xes_writer.h"
#include "replay/workload/generate.h"
#include "tests/unit/replay/support.h"

namespace relais::replay::exports {
namespace {

using ::testing::HasSubstr;
using tests::kStart;
using tests::TempFolder;

constexpr std::uint64_t kExportSeed = 5;
const std::string kOneKey(32, 'k');
const std::string kOtherKey(32, 'o');

/// One ledger for all of these tests: a year of two hundred cases, parcours among them.
struct ExportStage {
  TempFolder folder;
  ManualClock clock{kStart};
  std::unique_ptr<log::Ledger> ledger;
  std::unique_ptr<crypto::SigningKey> key;
  ExportStage() {
    const auto genesis = tests::rhone_genesis(kExportSeed);
    const WorkloadOptions how{
        .cases = 200, .seed = kExportSeed, .start = kStart, .days = 500, .threads = 2};
    const auto made = generate_ledger(data(), genesis, tests::cast_of(genesis, kExportSeed), how,
                                      tests::model, [](std::uint64_t, std::uint64_t) {});
    if (!made) ADD_FAILURE() << to_string(made.error());
    check(made.has_value(), "the ledger of these tests is made");
    log::Options options;
    options.data = data();
    options.read_only = true;
    auto opened = log::Ledger::open(options, clock, tests::model);
    check(opened.has_value(), "the ledger of these tests opens");
    ledger = std::move(*opened);
    auto loaded = log::load_log_key(data(), ledger->keys().log);
    check(loaded.has_value(), "it has its key");
    key = std::make_unique<crypto::SigningKey>(std::move(*loaded));
  }
  std::filesystem::path data() const { return folder.path / "data"; }
};

ExportStage& stage() {
  static ExportStage made;
  return made;
}

Manifest export_to(const std::filesystem::path& folder, std::string_view format,
                   std::string_view key, std::uint64_t until) {
  std::filesystem::create_directories(folder);
  ExportOptions options;
  options.format = find_format(format);
  options.until = TreeSize{until};
  options.folder = folder;
  options.made_at = kStart;
  auto made = export_log(*stage().ledger, options, crypto::SecretKey(key), *stage().key,
                         [](std::uint64_t, std::uint64_t) {});
  EXPECT_TRUE(made) << to_string(made.error());
  return std::move(*made);
}

std::uint64_t whole() {
  return stage().ledger->head()->size().value;
}

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<json::object> lines(const std::filesystem::path& file) {
  std::vector<json::object> all;
  std::istringstream in(content(file));
  for (std::string line; std::getline(in, line);) {
    auto parsed = json::parse(line);
    EXPECT_TRUE(parsed) << line;
    all.push_back(parsed->as_object());
  }
  return all;
}

std::string str(const json::object& o, std::string_view name) {
  const auto* text = json::find_string(o, name);
  return text == nullptr ? std::string() : std::string(text->data(), text->size());
}

TEST(ExportPolicy, NothingSensitiveAndNoTextThatASignatoryWordsIsEverAColumn) {
  std::size_t told = 0;
  for (const auto& type : statement::catalogue().all()) {
    statement::RoleSet system;
    system.add(schema::Role::SYSTEM);
    for (const Column& column : columns_of(*type)) {
      const statement::Field& f = *type->payload.find(column.name);
      ++told;
      EXPECT_FALSE(f.sensitive) << type->name << " " << f.name;
      EXPECT_NE(f.kind, statement::Field::Kind::structure) << type->name << " " << f.name;
      if (!f.in_clear.empty()) EXPECT_EQ(type->emitters, system) << type->name << " " << f.name;
      for (const char* format : {"sha256", "kid", "ed25519", "x25519", "jwt", "email", "telephone",
                                 "siret", "link", "uri", "postal_code"})
        EXPECT_NE(f.format, format) << type->name << " " << f.name;
    }
  }
  EXPECT_GT(told, 100U);
}

TEST(ExportPolicy, WhatTheCommissionSaysAmongItselfIsLeftOut) {
  EXPECT_FALSE(is_exported(*statement::catalogue().find("relais.psp.opinion_given.v1")));
  EXPECT_FALSE(is_exported(*statement::catalogue().find("relais.member.recused.v1")));
  EXPECT_TRUE(is_exported(*statement::catalogue().find("relais.psp.decided.v1")));
}

TEST(ExportPolicy, AColumnMeansOneThingAndNoMemberHasTheNameOfAnother) {
  std::map<std::string, ValueType> types;
  const auto& fixed = csv_row_columns();
  for (const auto& type : statement::catalogue().all())
    for (const Column& column : columns_of(*type)) {
      EXPECT_EQ(types.emplace(column.name, column.type).first->second, column.type)
          << type->name << " " << column.name;
      EXPECT_EQ(std::ranges::count(fixed, column.name), 0) << column.name;
      for (const char* ours : {"ocel_id", "ocel_time", "index", "leaf", "author_time", "psp"})
        EXPECT_NE(column.name, ours) << type->name;
    }
}

TEST(ExportPseudonyms, AreOfTheKeyTheKindAndTheCase) {
  const Pseudonyms one{crypto::SecretKey(kOneKey)};
  const Pseudonyms again{crypto::SecretKey(kOneKey)};
  const Pseudonyms other{crypto::SecretKey(kOtherKey)};
  const Uuid id{1, 2};
  const Uuid elsewhere{1, 3};
  EXPECT_EQ(one.of("case", id), again.of("case", id));
  EXPECT_EQ(one.of("case", id).size(), 32U);
  EXPECT_NE(one.of("case", id), other.of("case", id));
  EXPECT_NE(one.of("case", id), one.of("referral", id));
  EXPECT_NE(one.of("referral", id, id), one.of("referral", elsewhere, id));
}

TEST(ExportPseudonyms, AreTheHmacOfRfc2104) {
  // By Python: hmac.new(b"k" * 32, b"session\0s-1", "sha256").hexdigest()[:32]
  const Pseudonyms one{crypto::SecretKey(kOneKey)};
  EXPECT_EQ(one.of("session", "s-1"), "1c59e5398ffb1fd1397dd90e096e0ba3");
}

TEST(ExportCsv, QuotesAndDisarms) {
  const auto csv = [](std::string_view text) {
    std::string out;
    append_csv(out, text);
    return out;
  };
  EXPECT_EQ(csv(""), "");
  EXPECT_EQ(csv("Préfecture du Rhône"), "Préfecture du Rhône");
  EXPECT_EQ(csv("« l'été », dit-elle"), "\"« l'été », dit-elle\"");
  EXPECT_EQ(csv("a \"b\""), "\"a \"\"b\"\"\"");
  EXPECT_EQ(csv("one\ntwo"), "\"one\ntwo\"");
  EXPECT_EQ(csv(" blank"), "\" blank\"");
  for (const char* formula : {"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r\n=1"})
    EXPECT_EQ(csv(formula), "\"'" + std::string(formula) + "\"") << formula;
  EXPECT_EQ(csv("1-2"), "1-2");
}

TEST(ExportXes, EscapesWhatXmlCannotHold) {
  const auto xml = [](std::string_view text) {
    std::string out;
    append_xml(out, text);
    return out;
  };
  EXPECT_EQ(xml("l'été & <b> \"x\""), "l'été &amp; &lt;b&gt; &quot;x&quot;");
  EXPECT_EQ(xml("a\nb\tc\rd"), "a&#10;b&#9;c&#13;d");
  EXPECT_EQ(xml(std::string_view("a\0b\x1f", 4)),
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd");
  EXPECT_EQ(xml("\xff\xef\xbf\xbf"), "\xef\xbf\xbd\xef\xbf\xbd");
}

TEST(ExportLog, RowsAreCloudEventsInTheOrderOfTheLog) {
  const TempFolder out;
  const auto manifest = export_to(out.path, "ndjson", kOneKey, whole());
  const auto rows = lines(out.path / "events.ndjson");
  EXPECT_EQ(manifest.rows, rows.size());
  EXPECT_LE(rows.size(), whole());
  std::uint64_t next = 0;
  std::set<std::string> ids;
  for (const json::object& row : rows) {
    const auto held = statement::check_cloud_event(row);
    ASSERT_TRUE(held) << to_string(held.error());
    const std::uint64_t index = std::stoull(str(row, "relaisindex"));
    EXPECT_GE(index, next);
    next = index + 1;
    EXPECT_TRUE(ids.insert(str(row, "id")).second);
    const auto entry = stage().ledger->entry(LogIndex{index});
    ASSERT_TRUE(entry);
    EXPECT_EQ(str(row, "relaisleaf"),
              to_hex(view(crypto::sha256({std::string_view("\0", 1), *entry}))));
  }
}

/// Every run of hexadecimal digits and dashes in a text, without the dashes.
std::set<std::string> runs_of(std::string_view text) {
  std::set<std::string> runs;
  std::string run;
  for (const char c : text) {
    if (std::isxdigit(static_cast<unsigned char>(c)) != 0) {
      run.push_back(c);
    } else if (c != '-') {
      if (run.size() >= 32) runs.insert(run);
      run.clear();
    }
  }
  return runs;
}

std::string without_dashes(std::string text) {
  std::erase(text, '-');
  return text;
}

/// Identifiers of cases and of what is in them, and of their events.
std::set<std::string> identifiers_in_the_log() {
  std::set<std::string> all;
  EXPECT_TRUE(stage().ledger->scan_events(LogIndex{0}, [&](LogIndex, std::string_view bytes) {
    statement::EventView view;
    EXPECT_TRUE(view.load(bytes));
    const auto event = view.get();
    if (event.getStreamKind() != schema::StreamKind::CASE) return true;
    all.insert(without_dashes(to_string(Uuid{event.getUuidHigh(), event.getUuidLow()})));
    all.insert(without_dashes(event.getId().cStr()));
    for (const auto& member : statement::payload_json(event))
      if (member.value().is_string() && parse_uuid(member.value().as_string().c_str()))
        all.insert(without_dashes(member.value().as_string().c_str()));
    return true;
  }));
  return all;
}

TEST(ExportLog, NothingThatIdentifiesInTheLogIsInAnyFormat) {
  const auto identifying = identifiers_in_the_log();
  ASSERT_GT(identifying.size(), 500U);
  for (const Format& format : formats()) {
    const TempFolder out;
    const auto manifest = export_to(out.path, format.name, kOneKey, whole());
    EXPECT_GT(manifest.rows, 500U) << format.name;
    for (const auto& file : manifest.files)
      for (const std::string& run : runs_of(content(out.path / file.name)))
        for (std::size_t at = 0; at + 32 <= run.size(); ++at)
          ASSERT_FALSE(identifying.contains(run.substr(at, 32))) << file.name << " " << run;
  }
}

TEST(ExportLog, AParcoursIsTheSameFromItsStartAndFromALookBack) {
  Rows rows(*stage().ledger, TreeSize{whole()}, Pseudonyms(crypto::SecretKey(kOneKey)));
  std::size_t compared = 0;
  ASSERT_TRUE(stage().ledger->scan_events(LogIndex{0}, [&](LogIndex index, std::string_view bytes) {
    const auto row = rows.row(index, bytes);
    EXPECT_TRUE(row) << to_string(row.error());
    if (!*row || (*row)->psp.empty()) return true;
    Rows fresh(*stage().ledger, TreeSize{whole()}, Pseudonyms(crypto::SecretKey(kOneKey)));
    const auto alone = fresh.row(index, bytes);
    EXPECT_EQ((*alone)->psp, (*row)->psp) << index.value;
    ++compared;
    return true;
  }));
  EXPECT_GT(compared, 3U);
}

TEST(ExportLog, EndsWhereItIsTold) {
  const TempFolder out;
  constexpr std::uint64_t kUntil = 100;
  const auto manifest = export_to(out.path, "ndjson", kOneKey, kUntil);
  EXPECT_EQ(manifest.entries, kUntil);
  for (const json::object& row : lines(out.path / "events.ndjson"))
    EXPECT_LT(std::stoull(str(row, "relaisindex")), kUntil);
  for (const Format& format : formats()) {
    const TempFolder none;
    EXPECT_EQ(export_to(none.path, format.name, kOneKey, 0).rows, 0U) << format.name;
  }
}

TEST(ExportLog, CasesInXesAreThoseOfTheOthers) {
  const TempFolder out;
  export_to(out.path / "n", "ndjson", kOneKey, whole());
  const auto xes = export_to(out.path / "x", "xes", kOneKey, whole());
  std::map<std::string, std::size_t> cases;
  std::size_t events = 0;
  for (const json::object& row : lines(out.path / "n" / "events.ndjson"))
    if (const auto subject = str(row, "subject"); subject.starts_with("case/")) {
      ++cases[subject.substr(5)];
      ++events;
    }
  const std::string text = content(out.path / "x" / "log.xes");
  EXPECT_EQ(xes.rows, events);
  for (const auto& [id, count] : cases)
    EXPECT_THAT(text, HasSubstr("\"concept:name\" value=\"case-" + id + "\"")) << count;
}

TEST(ExportLog, TheSameKeyGivesTheSameBytes) {
  const TempFolder out;
  for (const char* format : {"ndjson", "csv", "ocel-json", "xes"}) {
    const auto one = export_to(out.path / format / "1", format, kOneKey, whole());
    const auto two = export_to(out.path / format / "2", format, kOneKey, whole());
    const auto other = export_to(out.path / format / "3", format, kOtherKey, whole());
    EXPECT_EQ(one.files[0].sha256, two.files[0].sha256) << format;
    EXPECT_NE(one.files[0].sha256, other.files[0].sha256) << format;
  }
}

TEST(ExportManifest, HoldsAndConvictsWhatWasChanged) {
  const TempFolder out;
  export_to(out.path, "csv", kOneKey, whole());
  const auto log = stage().ledger->keys().log;
  const auto rule = [&] {
    const auto verified = verify_export(out.path / kManifestFile, log);
    return verified ? std::string("holds") : verified.error().rule;
  };
  EXPECT_EQ(rule(), "holds");
  const auto change = [&](const char* name, const auto& edit) {
    const std::string before = content(out.path / name);
    std::string after = before;
    edit(after);
    std::ofstream(out.path / name, std::ios::binary) << after;
    const std::string found = rule();
    std::ofstream(out.path / name, std::ios::binary) << before;
    return found;
  };
  EXPECT_EQ(change("events.csv", [](std::string& t) { t.back() ^= 1; }), "export-file");
  EXPECT_EQ(change("events.csv", [](std::string& t) { t += "x"; }), "export-file");
  EXPECT_EQ(change("signatories.csv", [](std::string& t) { t.pop_back(); }), "export-file");
  EXPECT_EQ(change(kManifestFile, [](std::string& t) { t[t.find("csv")] = 'x'; }),
            "export-manifest");
  EXPECT_EQ(change(kManifestNote, [](std::string& t) { t[t.size() - 10] ^= 1; }), "note-signature");
  // SQLite would make another content of a file by a journal beside it.
  for (const char* stray : {"events.csv-journal", "events-2.csv"}) {
    std::ofstream(out.path / stray) << "x";
    EXPECT_EQ(rule(), "export-stray");
    std::filesystem::remove(out.path / stray);
  }
  EXPECT_EQ(rule(), "holds");
  std::filesystem::remove(out.path / "signatories.csv");
  EXPECT_EQ(rule(), "export-file");
  const merkle::LogKeys another(
      merkle::NoteKey{log.name(), crypto::SigningKey::from_seed(Hash{}).public_key()});
  EXPECT_FALSE(verify_export(out.path / kManifestFile, another));
}

TEST(ExportManifest, IsNoCheckpointOfTheLogAndACheckpointIsNone) {
  const TempFolder out;
  export_to(out.path, "ndjson", kOneKey, whole());
  const auto log = stage().ledger->keys().log;
  EXPECT_FALSE(merkle::open_checkpoint(content(out.path / kManifestNote), log));
  std::ofstream(out.path / kManifestNote, std::ios::binary) << stage().ledger->head()->note;
  EXPECT_FALSE(verify_export(out.path / kManifestFile, log));
}

}  // namespace
}  // namespace relais::replay::exports
