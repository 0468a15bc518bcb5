#include "ledger/store/jobs_env.h"

#include <rocksdb/listener.h>
#include <rocksdb/system_clock.h>

namespace relais::store {
namespace {

/// A job that fails waits a second, which is for threads.
class NoWaiting final : public rocksdb::SystemClockWrapper {
 public:
  using SystemClockWrapper::SystemClockWrapper;
  const char* Name() const override { return "relais-no-waiting"; }
  void SleepForMicroseconds(int) override {}
};

class JobsEnv final : public rocksdb::EnvWrapper {
 public:
  JobsEnv(rocksdb::Env* files, Jobs& jobs) : EnvWrapper(files), jobs_(jobs) {
    // Or RocksDB takes the long way, through the interface of before.
    file_system_ = files->GetFileSystem();
    system_clock_ = std::make_shared<NoWaiting>(files->GetSystemClock());
  }
  const char* Name() const override { return "relais-jobs"; }
  void Schedule(void (*run)(void*), void* what, Priority, void*, void (*)(void*)) override {
    jobs_.add([run, what] { run(what); });
  }
  // What was scheduled is run: a database that is being closed finds nothing to do in it.
  int UnSchedule(void*, Priority) override { return 0; }
  void SetBackgroundThreads(int, Priority) override {}
  void IncBackgroundThreadsIfNeeded(int, Priority) override {}
  unsigned int GetThreadPoolQueueLen(Priority) const override { return 0; }

 private:
  Jobs& jobs_;
};

class NoRecovery final : public rocksdb::EventListener {
 public:
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                            bool* by_itself) override {
    *by_itself = false;
  }
};

}  // namespace

std::shared_ptr<rocksdb::Env> env_with_jobs(rocksdb::Env* files, Jobs& jobs) {
  return std::make_shared<JobsEnv>(files, jobs);
}

void start_no_threads(rocksdb::DBOptions& options) {
  options.max_file_opening_threads = 1;  // the caller
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
}

void recover_never(rocksdb::DBOptions& options) {
  options.max_bgerror_resume_count = 0;
  options.listeners.push_back(std::make_shared<NoRecovery>());
}

}  // namespace relais::store
