#include "cli/reads.h"

#include <fstream>

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

/// Makes the log where there never was one, and keeps that there is.
Status make(const std::filesystem::path& data, const merkle::NoteKey& ledger,
            const crypto::SigningKey& key) {
  const bool there = std::filesystem::exists(data / "reads");
  if (std::filesystem::exists(vkey_file(data)))
    return there ? Status() : fail(lost(data / "reads"));
  if (!there) RELAIS_TRY(reads::create_log(data / "reads", ledger, key));
  std::ofstream out(vkey_file(data));
  out << merkle::to_vkey(reads::vkey_of(ledger)) << '\n';
  out.close();
  if (!out) return fail(Errc::io, "file-write", "cannot write " + vkey_file(data).string());
  return {};
}

/// The public key under the name of the log of reads is the ledger's.
Status check_vkey(const std::filesystem::path& data, const merkle::NoteKey& ledger) {
  std::ifstream in(vkey_file(data));
  std::string line;
  std::getline(in, line);
  const std::string expected = merkle::to_vkey(reads::vkey_of(ledger));
  if (line == expected) return {};
  return fail(error(Errc::corrupt, "self-check-reads",
                    vkey_file(data).string() + " is not the key of the log of reads")
                  .at("reads.vkey")
                  .accepts(expected));
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

bool has_reads(const std::filesystem::path& data) {
  return std::filesystem::exists(vkey_file(data)) || std::filesystem::exists(data / "reads");
}

Result<std::unique_ptr<reads::ReadLog>> open_reads(const std::filesystem::path& data,
                                                   const log::Ledger& ledger, const Clock& clock,
                                                   const OpenReads& how) {
  reads::Options options;
  options.path = data / "reads";
  options.ledger = ledger.vkey();
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
    RELAIS_TRY(make(data, ledger.vkey(), key));
    RELAIS_TRY(check_vkey(data, ledger.vkey()));
    options.key = key;
    auto opened = reads::ReadLog::open(options, clock);
    if (opened || !takes_no_writes(opened.error())) return opened;
    options.key.reset();
    options.unwritable = opened.error();
  }
  if (!std::filesystem::exists(options.path)) return fail(lost(options.path));
  RELAIS_TRY(check_vkey(data, ledger.vkey()));
  return reads::ReadLog::open(options, clock);
}

}  // namespace relais::cli
