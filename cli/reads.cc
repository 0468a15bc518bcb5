#include "cli/reads.h"

#include "ledger/base/file.h"
#include "ledger/log/genesis.h"

namespace relais::cli {
namespace {

/// `had`: as the ledger has kept it. Where the log's key was replaced, an empty log is none of it.
Error lost(const std::filesystem::path& data, std::uint64_t had, bool rotated) {
  const std::string size = std::to_string(had);
  return error(Errc::corrupt, "self-check-reads",
               (data / "reads").string() +
                   " is missing, and this ledger has had a log of reads, of " + size +
                   " entries at least")
      .at("reads")
      .accepts("the folder as the server left it, or from a backup" +
               (rotated ? std::string()
                        : "; or, where it is lost: relais rebuild --data " + data.string() +
                              " --reads-anew " + size +
                              ", which gives up who looked at what until now"));
}

Error reads_there(const std::filesystem::path& data) {
  return error(Errc::conflict, "reads-there", (data / "reads").string() + " is there")
      .at("--reads-anew")
      .accepts(
          "nothing: this is for a log of reads that is lost, or is empty, by the entries that "
          "it had, and where the log's key was never replaced");
}

std::filesystem::path vkey_file(const std::filesystem::path& data) {
  return data / "reads.vkey";
}

using Had = std::optional<std::uint64_t>;

/// Makes the log where there never was one, or where it is to be begun anew, and keeps that there
/// is. Where the ledger's key was replaced, there was one.
Status make(const std::filesystem::path& data, const merkle::LogKeys& ledger,
            const crypto::SigningKey& key, const Had& had, const Had& anew) {
  const bool there = std::filesystem::exists(data / "reads");
  const bool named = std::filesystem::exists(vkey_file(data));
  const bool rotated = ledger.all().size() > 1;
  // One that was begun anew, and not kept by the ledger: what is there is empty, as open_reads()
  // looks.
  const bool interrupted = !rotated && anew == had.value_or(0);
  if (there && anew && !interrupted) return fail(reads_there(data));
  if (!there && (named || had || rotated) && (rotated || anew != had.value_or(0)))
    return fail(lost(data, had.value_or(0), rotated));
  if (!there) RELAIS_TRY(reads::create_log(data / "reads", ledger.newest(), key));
  return named ? Status() : save_reads_keys(data, ledger);
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

Result<bool> has_reads(const std::filesystem::path& data, const log::Ledger& ledger) {
  RELAIS_ASSIGN(const Had had, ledger.reads_size());
  return had || std::filesystem::exists(vkey_file(data)) || std::filesystem::exists(data / "reads");
}

Result<std::unique_ptr<reads::ReadLog>> open_reads(const std::filesystem::path& data,
                                                   log::Ledger& ledger, const Clock& clock,
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
  RELAIS_ASSIGN(const Had had, ledger.reads_size());
  options.least = how.anew ? 0 : had.value_or(0);
  options.unwritable = ledger.failure();
  if (!how.read_only && !options.unwritable) {
    RELAIS_ASSIGN(const auto key, log::load_own_key(data, "log.jwk"));
    RELAIS_TRY(make(data, keys, key, had, how.anew));
    RELAIS_TRY(check_vkey(data, keys, true));
    options.key = key;
    auto opened = reads::ReadLog::open(options, clock);
    if (opened && how.anew && (*opened)->head()->size().value > 0) return fail(reads_there(data));
    const Status kept = opened ? ledger.keep_reads_size((*opened)->head()->size().value)
                               : Status(fail(opened.error()));
    if (kept) return opened;
    if (!takes_no_writes(kept.error())) return fail(kept.error());
    if (opened) opened->reset();
    options.key.reset();
    options.unwritable = kept.error();
  }
  if (!std::filesystem::exists(options.path))
    return fail(lost(data, had.value_or(0), keys.all().size() > 1));
  RELAIS_TRY(check_vkey(data, keys, false));
  return reads::ReadLog::open(options, clock);
}

}  // namespace relais::cli
