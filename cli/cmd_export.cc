// relais export: the log for those who analyse it, pseudonymised.
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/progress.h"
#include "cli/until.h"
#include "ledger/base/path_lock.h"
#include "ledger/crypto/private_file.h"
#include "ledger/log/own_keys.h"
#include "replay/export/export.h"
#include "replay/export/output.h"

namespace relais::cli {
namespace {

namespace fs = std::filesystem;
namespace exports = replay::exports;

struct ExportOptions {
  std::string data;
  std::string format;
  std::string out;
  std::string until;
  std::string pseudonym_key;
};

/// Of a file; or one that nobody ever has again.
Result<crypto::SecretKey> pseudonym_key(const std::string& file) {
  if (file.empty()) return crypto::SecretKey::random();
  std::string text;
  if (Status read = crypto::read_private_file(file, text); !read)
    return fail(std::move(read.error()).at("--pseudonym-key"));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  constexpr std::size_t kDigits = 2 * crypto::SecretKey::kBytes;
  const bool hex =
      text.size() == kDigits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!hex)
    return fail(error(Errc::malformed, "pseudonym-key", file + " holds no key for pseudonyms")
                    .at("--pseudonym-key")
                    .accepts("64 hexadecimal digits: openssl rand -hex 32"));
  std::string bytes;
  for (std::size_t i = 0; i < kDigits; i += 2)
    bytes.push_back(static_cast<char>(std::stoul(text.substr(i, 2), nullptr, 16)));
  return crypto::SecretKey(bytes);
}

/// Where an export is until it is whole: a folder beside the one that it becomes.
class Unfinished {
 public:
  static Result<Unfinished> begin(const fs::path& out) {
    if (std::error_code none; fs::exists(fs::symlink_status(out, none)))
      return fail(error(Errc::conflict, "file-exists", out.string() + " is there already")
                      .at("--out")
                      .accepts("a path where nothing is yet"));
    RELAIS_TRY(check_outside_ledger(out, "--out"));
    fs::path part = out;
    part += ".part";
    RELAIS_TRY(make_folder(part));
    RELAIS_ASSIGN(PathLock lock, PathLock::take(part));
    const auto known = exports::export_file_names();
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(part, ec))
      if (std::ranges::find(known, entry.path().filename().string()) == known.end())
        return fail(error(Errc::conflict, "file-exists",
                          entry.path().string() + " is in the way: it is no file of an export")
                        .at("--out")
                        .accepts("a path beside which there is no folder " + part.string()));
    return Unfinished(out, part, std::move(lock));
  }
  const fs::path& folder() const { return part_; }

  /// Gives it its name, unless something has it by now. On disk when this returns.
  Status finish() {
    int failed = 0;
    if (::renameat2(AT_FDCWD, part_.c_str(), AT_FDCWD, out_.c_str(), RENAME_NOREPLACE) != 0)
      failed = errno;
    if (failed == EEXIST || failed == ENOTEMPTY)
      return fail(error(Errc::conflict, "file-exists", out_.string() + " is there by now")
                      .at("--out")
                      .accepts("another path; the export is in " + part_.string()));
    if (failed == EINVAL)  // a file system that knows no such renaming
      failed = ::rename(part_.c_str(), out_.c_str()) == 0 ? 0 : errno;
    if (failed != 0) return fail(file_error("file-write", out_, failed).at("--out"));
    const fs::path parent = fs::absolute(out_).parent_path();
    return exports::sync_path(parent);
  }

 private:
  Unfinished(fs::path out, fs::path part, PathLock lock)
      : out_(std::move(out)), part_(std::move(part)), lock_(std::move(lock)) {}
  fs::path out_;
  fs::path part_;
  PathLock lock_;
};

Result<exports::Manifest> export_all(Context& context, const ExportOptions& o,
                                     const fs::path& out) {
  RELAIS_ASSIGN(crypto::SecretKey key, pseudonym_key(o.pseudonym_key));
  RELAIS_ASSIGN(Unfinished unfinished, Unfinished::begin(out));
  log::Options options;
  options.data = o.data;
  options.read_only = true;
  RELAIS_ASSIGN(const auto ledger, log::Ledger::open(options, context.clock, models()));
  RELAIS_ASSIGN(const TreeSize until, size_until(*ledger, o.until));
  RELAIS_ASSIGN(const auto log_key, log::load_log_key(o.data, ledger->keys().log));
  exports::ExportOptions how;
  how.format = exports::find_format(o.format);
  how.until = until;
  how.folder = unfinished.folder();
  how.kept_key = !o.pseudonym_key.empty();
  how.made_at = context.clock.now();
  Progress progress(context, "exporting");
  RELAIS_ASSIGN(auto manifest, exports::export_log(*ledger, how, std::move(key), log_key,
                                                   [&](std::uint64_t done, std::uint64_t total) {
                                                     progress(done, total);
                                                   }));
  progress.clear();
  RELAIS_TRY(unfinished.finish());
  return manifest;
}

int run_export(Context& context, const ExportOptions& o) {
  const Timestamp start = context.clock.now();
  fs::path out(o.out);
  if (!out.has_filename()) out = out.parent_path();  // "folder/"
  const auto made = export_all(context, o, out);
  if (!made) return report(context, made.error());
  json::array files;
  std::string names;
  for (const exports::ManifestFile& file : made->files) {
    files.emplace_back(json::object{
        {"name", file.name}, {"bytes", file.bytes}, {"sha256", to_hex(view(file.sha256))}});
    names += (names.empty() ? "" : ", ") + file.name;
  }
  print(context,
        {{"rows", made->rows},
         {"entries", made->entries},
         {"files", std::move(files)},
         {"manifest", (out / exports::kManifestFile).string()},
         {"seconds", seconds_since(context, start)}},
        std::to_string(made->rows) + " rows of the first " + std::to_string(made->entries) +
            " entries in " + out.string() + ": " + names + ", " + exports::kManifestFile);
  return kOk;
}

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const exports::Format& format : exports::formats()) names.emplace_back(format.name);
  return names;
}

}  // namespace

void add_export(Command app, Context& context, Run& run) {
  const auto o = std::make_shared<ExportOptions>();
  Command c = add_command(
      app, context, "export",
      "Write the log for analysis: pseudonymised, nothing sensitive, nothing of debates; with a "
      "signed manifest. docs/EXPORTS.md says what is in it.",
      "  relais export --data data --format csv --out export\n"
      "  relais export --data data --format ocel-sqlite --until 2026-01-01 --out year\n"
      "  (umask 077; openssl rand -hex 32 > pseudonym.key)\n"
      "  relais export --data data --format ndjson --pseudonym-key pseudonym.key --out monthly\n"
      "  relais verify --export export/manifest.json --vkey data/log.vkey\n"
      "Until it is whole it is in OUT.part; one that was interrupted begins again there.");
  c.option("--data", o->data, "Folder of the ledger; may be in use")
      .required()
      .existing_directory();
  c.option("--format", o->format, "Form of the rows").required().one_of(format_names());
  c.option("--out", o->out, "Folder to make, with the files").required();
  c.option("--until", o->until, kUntilHelp);
  c.option("--pseudonym-key", o->pseudonym_key,
           "Key of the pseudonyms, for exports that can be joined (one for this export, thrown "
           "away)")
      .existing_file();
  c.callback([&context, &run, o] { run = [&context, o] { return run_export(context, *o); }; });
}

}  // namespace relais::cli
