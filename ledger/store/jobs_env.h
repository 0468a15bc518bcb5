// RocksDB's flushes and compactions in the hands of whoever opened the store (store.h, Jobs).
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/options.h>

#include <memory>

#include "ledger/store/store.h"

namespace relais::store {

/// The same files and time as `files`; what is scheduled goes to `jobs`, and nothing waits for time
/// to pass. Both outlive it.
std::shared_ptr<rocksdb::Env> env_with_jobs(rocksdb::Env* files, Jobs& jobs);
/// What else would run beside the caller does not.
void start_no_threads(rocksdb::DBOptions& options);

/// RocksDB goes on by itself once there is room again: it moves to files what memory has of each
/// family, and lets go of the write-ahead log for those families alone. So of a write that failed,
/// and stands in that log, the next opening finds the half. Here it stays as it is until it is
/// opened anew.
void recover_never(rocksdb::DBOptions& options);

}  // namespace relais::store
