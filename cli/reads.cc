#include "cli/reads.h"

#include "ledger/base/file.h"
#include "ledger/log/genesis.h"

namespace relais::cli {
namespace {

Error lost(const std::filesystem::path& path) {
  return error(Errc::corrupt, "self-check-reads",
               path.string() + " is missing, and this ledger has had a log of reads")
      .at("reads")
      .accepts(
          "the folder as the server left it, or from a backup: who looked at what is not begun "
          "anew");
}

std::filesystem::path vkey_file(const std::filesystem::path& data) {
  return data / "reads.vkey";
}

/// Makes the log where there never was one, and keeps that there is. Where the ledger's key was
/// replaced, there was one.
Status make(const std::filesystem::path& data, const merkle::LogKeys& ledger,
            const crypto::SigningKey& key) {
  const bool there = std::filesystem::exists(data / "reads");
  const bool ever = std::filesystem::exists(vkey_file(data));
  if (!there && (ever || ledger.all().size() > 1)) return fail(lost(data / "reads"));
  if (!there) RELAIS_TRY(reads::create_log(data / "reads", ledger.newest(), key));
  return ever ? Status() : save_reads_keys(data, ledger);
}

/// The public keys under the name of the log of reads are the ledger's. One that was replaced
/// stands there alone where a rotation was interrupted: `mend` writes the others.
Status check_vkey(const std::filesystem::path& data, const merkle::LogKeys& ledger, bool mend) {
  constexpr std::size_t kMostBytes = std::size_t{64} * 1024;
  const merkle::LogKeys expected = reads::keys_of(ledger);
  const auto text = read_file(vkey_file(data), kMostBytes);
  const auto keys = text ? merkle::parse_log_keys(*text) : fail(text.error());
  if (keys && *keys == expected) return {};
  if (mend && keys && expected.extends(*keys)) return save_reads_keys(data, ledger);
  return fail(error(Errc::corrupt, "self-check-reads",
                    vkey_file(data).string() + " is not the key of the log of reads")
                  .at("reads.vkey")
                  .accepts(merkle::to_text(expected)));
}

/// Why nothing more of reads is written: `reserve`, and what a purge of the disclosures writes a
/// second time, stay free for erasures.
std::optional<Error> shortage(const store::Store& store, std::uint64_t reserve) {
  if (reserve == 0) return std::nullopt;
  const auto free = store.free_bytes();
  if (!free || *free >= reserve + store.file_bytes(store::Family::disclosures)) return std::nullopt;
  return error(Errc::storage_full, "storage-low", "the rest of the disk is kept for erasures");
}

bool takes_no_writes(const Error& e) {
  return e.code == Errc::storage_full || e.rule == "storage-read-only";
}

}  // namespace

Status save_reads_keys(const std::filesystem::path& data, const merkle::LogKeys& ledger) {
  return replace_file(vkey_file(data), merkle::to_text(reads::keys_of(ledger)));
}

bool has_reads(const std::filesystem::path& data) {
  return std::filesystem::exists(vkey_file(data)) || std::filesystem::exists(data / "reads");
}

Result<std::unique_ptr<reads::ReadLog>> open_reads(const std::filesystem::path& data,
                                                   const log::Ledger& ledger, const Clock& clock,
                                                   const OpenReads& how) {
  reads::Options options;
  options.path = data / "reads";
  const merkle::LogKeys keys = ledger.keys().reads;
  options.ledger = keys;
  options.strict = how.read_only;
  options.accept_head = how.accept_head;
  options.max_open_files = how.max_open_files;
  options.report = how.report;
  options.shortage = [&ledger, reserve = how.reserve_bytes] {
    return shortage(ledger.store(), reserve);
  };
  options.unwritable = ledger.failure();
  if (!how.read_only && !options.unwritable) {
    RELAIS_ASSIGN(const auto key, log::load_own_key(data, "log.jwk"));
    RELAIS_TRY(make(data, keys, key));
    RELAIS_TRY(check_vkey(data, keys, true));
    options.key = key;
    auto opened = reads::ReadLog::open(options, clock);
    if (opened || !takes_no_writes(opened.error())) return opened;
    options.key.reset();
    options.unwritable = opened.error();
  }
  if (!std::filesystem::exists(options.path)) return fail(lost(options.path));
  RELAIS_TRY(check_vkey(data, keys, false));
  return reads::ReadLog::open(options, clock);
}

}  // namespace relais::cli
