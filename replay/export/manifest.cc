#include "replay/export/manifest.h"

#include <algorithm>

#include "ledger/base/clock.h"
#include "ledger/base/file.h"
#include "ledger/base/json.h"
#include "ledger/base/json_writer.h"
#include "ledger/crypto/sha256.h"
#include "replay/export/output.h"

namespace relais::replay::exports {
namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kMaxFiles = 16;

std::string export_name(const std::string& origin) {
  return origin + "/export";
}

Error bad_manifest(const std::string& message) {
  return error(Errc::invalid, "export-manifest", message)
      .accepts("manifest.json as relais export wrote it, with manifest.note beside it");
}

Error bad_file(const std::string& name, const std::string& message) {
  return error(Errc::invalid, "export-file", name + " " + message)
      .at(name)
      .accepts("the file as it was exported");
}

std::optional<std::string> text_of(const json::object& o, std::string_view name) {
  const auto* text = json::find_string(o, name);
  if (text == nullptr) return std::nullopt;
  return std::string(text->data(), text->size());
}

std::optional<std::uint64_t> count_of(const json::object& o, std::string_view name) {
  const auto found = o.find(name);
  if (found == o.end() || !found->value().is_int64() || found->value().get_int64() < 0)
    return std::nullopt;
  return static_cast<std::uint64_t>(found->value().get_int64());
}

std::optional<Hash> hash_of(const std::string& hex) {
  if (hex.size() != 2 * sizeof(Hash)) return std::nullopt;
  Hash hash;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const auto digits = hex.substr(2 * i, 2);
    if (digits.find_first_not_of("0123456789abcdef") != std::string::npos) return std::nullopt;
    hash[i] = static_cast<std::uint8_t>(std::stoul(digits, nullptr, 16));
  }
  return hash;
}

/// In the manifest's own folder.
bool is_plain(const std::string& name) {
  return !name.empty() && name.front() != '.' && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

std::optional<ManifestFile> read_file_line(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  const auto& o = value.get_object();
  const auto name = text_of(o, "name");
  const auto bytes = count_of(o, "bytes");
  const auto sha256 = text_of(o, "sha256");
  const auto hash = sha256 ? hash_of(*sha256) : std::nullopt;
  if (!name || !is_plain(*name) || !bytes || !hash) return std::nullopt;
  return ManifestFile{*name, *bytes, *hash};
}

Result<Manifest> parse_manifest(std::string_view text) {
  const auto parsed = json::parse(text);
  if (!parsed) return fail(parsed.error());
  if (!parsed->is_object()) return fail(bad_manifest("the manifest is no object"));
  const json::object& o = parsed->get_object();
  const auto version = count_of(o, "relais_export");
  const auto format = text_of(o, "format");
  const auto checkpoint = text_of(o, "checkpoint");
  const auto entries = count_of(o, "entries");
  const auto rows = count_of(o, "rows");
  const auto pseudonyms = text_of(o, "pseudonyms");
  const auto made_at = text_of(o, "made_at");
  const auto time = made_at ? parse_rfc3339(*made_at) : std::nullopt;
  const auto files = o.find("files");
  if (version != kVersion || !format || !checkpoint || !entries || !rows || !pseudonyms || !time ||
      files == o.end() || !files->value().is_array() ||
      files->value().get_array().size() > kMaxFiles)
    return fail(bad_manifest("the manifest lacks a member, or is of another version"));
  Manifest manifest{*format, *checkpoint, *entries, *rows, *pseudonyms == "kept", *time, {}};
  for (const json::value& value : files->value().get_array()) {
    auto file = read_file_line(value);
    if (!file) return fail(bad_manifest("a file of the manifest has another form"));
    manifest.files.push_back(std::move(*file));
  }
  return manifest;
}

Status check_file_of(const std::filesystem::path& folder, const ManifestFile& file) {
  const auto found = digest_file(folder / file.name);
  if (!found) return fail(bad_file(file.name, "cannot be read: " + found.error().message));
  if (found->bytes != file.bytes)
    return fail(bad_file(file.name, "has " + std::to_string(found->bytes) + " bytes and not " +
                                        std::to_string(file.bytes)));
  if (found->sha256 != file.sha256)
    return fail(bad_file(
        file.name, "is not what was exported: its SHA-256 is " + to_hex(view(found->sha256))));
  return {};
}

}  // namespace

std::string to_json(const Manifest& manifest) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().member("relais_export", kVersion).member("format", manifest.format);
  json.member("checkpoint", manifest.checkpoint).member("entries", manifest.entries);
  json.member("rows", manifest.rows);
  json.member("pseudonyms", manifest.kept_key ? "kept" : "once");
  json.member("made_at", manifest.made_at).key("files").begin_array();
  for (const ManifestFile& file : manifest.files)
    json.begin_object()
        .member("name", file.name)
        .member("bytes", file.bytes)
        .member("sha256", to_hex(view(file.sha256)))
        .end_object();
  json.end_array().end_object();
  return text + "\n";
}

std::string sign_manifest(std::string_view manifest_json, const std::string& origin,
                          std::uint64_t size, const crypto::SigningKey& key) {
  return merkle::sign_checkpoint({export_name(origin), size, crypto::sha256(manifest_json)}, key);
}

namespace {

/// What is not of the export would pass for a part of it: a table more, or a journal, by which
/// SQLite makes another content of a file that was as it was exported.
Status check_nothing_beside(const std::filesystem::path& folder,
                            const std::filesystem::path& manifest_name, const Manifest& manifest) {
  std::error_code ec;
  for (const auto& entry : std::filesystem::directory_iterator(
           folder.empty() ? std::filesystem::path(".") : folder, ec)) {
    const std::filesystem::path name = entry.path().filename();
    const bool of_it =
        name == manifest_name || name == kManifestNote ||
        std::ranges::any_of(manifest.files, [&](const ManifestFile& f) { return name == f.name; });
    if (of_it) continue;
    return fail(error(Errc::invalid, "export-stray",
                      entry.path().string() + " is not of the export that the manifest names")
                    .at(name.string())
                    .accepts("a folder with nothing in it but what was exported"));
  }
  if (ec) return fail(Errc::io, "export-file", folder.string() + ": " + ec.message());
  return {};
}

}  // namespace

Result<VerifiedExport> verify_export(const std::filesystem::path& manifest,
                                     const merkle::LogKeys& log) {
  const std::filesystem::path folder = manifest.parent_path();
  RELAIS_ASSIGN(const std::string text, read_file(manifest, kMaxManifestBytes));
  RELAIS_ASSIGN(const std::string note, read_file(folder / kManifestNote, merkle::kMaxNoteBytes));
  RELAIS_ASSIGN(const auto signed_hash,
                merkle::open_checkpoint(note, log.renamed(export_name(log.name()))));
  if (signed_hash.root != crypto::sha256(text))
    return fail(bad_manifest(manifest.string() + " is not what the log's key has signed"));
  VerifiedExport verified;
  RELAIS_ASSIGN(verified.manifest, parse_manifest(text));
  RELAIS_ASSIGN(verified.checkpoint, merkle::open_checkpoint(verified.manifest.checkpoint, log));
  if (verified.checkpoint.size != signed_hash.size ||
      verified.manifest.entries > verified.checkpoint.size)
    return fail(bad_manifest("the manifest is of another tree than its note"));
  for (const ManifestFile& file : verified.manifest.files) RELAIS_TRY(check_file_of(folder, file));
  RELAIS_TRY(check_nothing_beside(folder, manifest.filename(), verified.manifest));
  return verified;
}

}  // namespace relais::replay::exports
