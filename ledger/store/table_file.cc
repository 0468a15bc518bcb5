#include "ledger/store/table_file.h"

#include <rocksdb/file_checksum.h>
#include <rocksdb/metadata.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_reader.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "ledger/store/record_file.h"

namespace relais::store {
namespace {

constexpr std::size_t kReadAtOnce = std::size_t{1} << 20;

/// Against the checksum of the whole file.
Status check_bytes(std::ifstream& in, const std::filesystem::path& path,
                   const rocksdb::LiveFileMetaData& file) {
  const auto sum = rocksdb::GetFileChecksumGenCrc32cFactory()->CreateFileChecksumGenerator(
      {path.string(), file.file_checksum_func_name});
  if (sum == nullptr)
    return fail(Errc::unsupported, "store-file",
                path.string() + " has a checksum of another kind: " + file.file_checksum_func_name);
  std::string bytes(kReadAtOnce, '\0');
  while (in.read(bytes.data(), static_cast<std::streamsize>(bytes.size())) || in.gcount() > 0)
    sum->Update(bytes.data(), static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return fail(Errc::io, "store-file", path.string() + ": " + std::strerror(errno));
  sum->Finalize();
  if (sum->GetChecksum() == file.file_checksum) return {};
  return fail(damaged_file(path, "its bytes are not those that were written"));
}

/// Block by block, where the MANIFEST has no checksum of the file.
Status check_blocks(const std::filesystem::path& path) {
  rocksdb::SstFileReader reader{rocksdb::Options()};
  auto status = reader.Open(path.string());
  if (status.ok()) status = reader.VerifyChecksum();
  if (status.ok()) return {};
  return fail(damaged_file(path, status.ToString()));
}

}  // namespace

Status check_tables(rocksdb::DB& db, FilesRead& read) {
  std::vector<rocksdb::LiveFileMetaData> files;
  db.GetLiveFilesMetaData(&files);
  for (const auto& file : files) {
    const std::filesystem::path path = file.db_path + file.name;
    std::ifstream in(path, std::ios::binary);
    if (!in && errno == ENOENT) continue;
    if (!in) return fail(Errc::io, "store-file", path.string() + ": " + std::strerror(errno));
    const bool whole = file.file_checksum_func_name != rocksdb::kUnknownFileChecksumFuncName;
    RELAIS_TRY(whole ? check_bytes(in, path, file) : check_blocks(path));
    ++read.files;
    read.bytes += file.size;
    if (!whole) ++read.by_blocks;
  }
  return {};
}

Status find_damaged_table(const std::filesystem::path& folder) {
  std::error_code ec;
  for (const auto& file : std::filesystem::directory_iterator(folder, ec))
    if (file.path().extension() == ".sst") RELAIS_TRY(check_blocks(file.path()));
  return {};
}

}  // namespace relais::store
