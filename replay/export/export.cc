#include "replay/export/export.h"

#include "replay/export/csv_writer.h"
#include "replay/export/ndjson_writer.h"
#include "replay/export/ocel_json_writer.h"
#include "replay/export/ocel_sqlite_writer.h"
#include "replay/export/output.h"
#include "replay/export/rows.h"
#include "replay/export/xes_writer.h"

namespace relais::replay::exports {
namespace {

/// Reads the events and hands their rows to a writer.
class Walk {
 public:
  Walk(const log::Ledger& ledger, const ExportOptions& options, Rows& rows, Writer& writer,
       const ExportProgress& progress)
      : ledger_(ledger), options_(options), rows_(rows), writer_(writer), progress_(progress) {}

  /// Every event, or those of cases, case by case. Gives how many rows there were.
  Result<std::uint64_t> run() {
    Status status;
    RELAIS_TRY(ledger_.scan_events(LogIndex{0}, [&](LogIndex index, std::string_view bytes) {
      if (index >= LogIndex{options_.until.value}) return false;
      progress_(index.value, options_.until.value);
      status = options_.format->by_case ? case_from(bytes) : give(index, bytes);
      return status.has_value();
    }));
    RELAIS_TRY(status);
    return count_;
  }

 private:
  Status give(LogIndex index, std::string_view bytes) {
    RELAIS_ASSIGN(const auto row, rows_.row(index, bytes));
    if (!row) return {};
    ++count_;
    return writer_.row(*row);
  }

  /// All events of a case that begins here.
  Status case_from(std::string_view bytes) {
    if (!view_.load(bytes)) return {};  // said by verification, and no beginning of a case
    const auto event = view_.get();
    if (event.getStreamKind() != schema::StreamKind::CASE || event.getVersion() != 1) return {};
    const statement::StreamId stream = statement::stream_of(event);
    for (std::uint32_t version = 1;; ++version) {
      RELAIS_ASSIGN(const auto index, ledger_.find(stream, StreamVersion{version}));
      if (!index || index->value >= options_.until.value) return {};
      RELAIS_ASSIGN(const std::string stored, ledger_.event(*index));
      RELAIS_TRY(give(*index, stored));
    }
  }

  const log::Ledger& ledger_;
  const ExportOptions& options_;
  Rows& rows_;
  Writer& writer_;
  const ExportProgress& progress_;
  statement::EventView view_;
  std::uint64_t count_ = 0;
};

Status write_small(const std::filesystem::path& file, std::string bytes) {
  RELAIS_ASSIGN(Output out, Output::open(file));
  RELAIS_TRY(out.take(bytes));
  return out.finish();
}

}  // namespace

const std::vector<Format>& formats() {
  static const std::vector<Format> all = {
      {"ndjson", {kNdjsonFile}, {}, false, make_ndjson_writer},
      {"csv", {kCsvFile, kCsvSignatories}, {}, false, make_csv_writer},
      {"ocel-json", {kOcelJsonFile}, {kOcelObjects}, false, make_ocel_json_writer},
      {"ocel-sqlite", {kOcelSqliteFile}, {}, false, make_ocel_sqlite_writer},
      {"xes", {kXesFile}, {}, true, make_xes_writer},
  };
  return all;
}

const Format* find_format(std::string_view name) {
  for (const Format& format : formats())
    if (format.name == name) return &format;
  return nullptr;
}

std::vector<std::string> export_file_names() {
  std::vector<std::string> names = {kManifestFile, kManifestNote};
  for (const Format& format : formats()) {
    names.insert(names.end(), format.files.begin(), format.files.end());
    names.insert(names.end(), format.scratch.begin(), format.scratch.end());
  }
  return names;
}

Result<Manifest> export_log(const log::Ledger& ledger, const ExportOptions& options,
                            crypto::SecretKey pseudonym_key, const crypto::SigningKey& log_key,
                            const ExportProgress& progress) {
  for (const std::string& name : export_file_names()) {
    std::error_code ec;
    std::filesystem::remove(options.folder / name, ec);  // what an interrupted one has left
  }
  const auto head = ledger.head();
  Rows rows(ledger, options.until, Pseudonyms(std::move(pseudonym_key)));
  RELAIS_ASSIGN(const auto writer, options.format->make(options.folder));
  RELAIS_TRY(writer->begin(rows.signatories()));
  Manifest manifest;
  RELAIS_ASSIGN(manifest.rows, Walk(ledger, options, rows, *writer, progress).run());
  RELAIS_TRY(writer->end());
  manifest.format = options.format->name;
  manifest.checkpoint = head->note;
  manifest.entries = options.until.value;
  manifest.kept_key = options.kept_key;
  manifest.made_at = options.made_at;
  for (const std::string& name : options.format->files) {
    RELAIS_ASSIGN(const FileDigest digest, digest_file(options.folder / name));
    manifest.files.push_back({name, digest.bytes, digest.sha256});
  }
  const std::string text = to_json(manifest);
  RELAIS_TRY(write_small(options.folder / kManifestFile, text));
  RELAIS_TRY(
      write_small(options.folder / kManifestNote,
                  sign_manifest(text, head->checkpoint.origin, head->checkpoint.size, log_key)));
  RELAIS_TRY(sync_path(options.folder));
  return manifest;
}

}  // namespace relais::replay::exports
