// RocksDB's table files (.sst) as bytes, against the checksum of the whole file in the MANIFEST.
// Its reads compare the checksum of a block, and only of blocks that somebody asks for.
#pragma once

#include <rocksdb/db.h>

#include <filesystem>

#include "ledger/base/error.h"
#include "ledger/store/store.h"

namespace relais::store {

/// Reads every live table and adds to `read`. "store-file-damaged" names the first that does not
/// hold. A file that is gone since the store was opened was let go of by a server beside.
Status check_tables(rocksdb::DB& db, FilesRead& read);

/// The first table of a folder of which a block does not hold, for a store that does not open:
/// RocksDB then names the MANIFEST, not the table. Nothing where all hold.
Status find_damaged_table(const std::filesystem::path& folder);

}  // namespace relais::store
