#include "ledger/log/model.h"

#include "ledger/base/write_log.h"

namespace relais::log {

void Model::flush(RecordSink& out, TreeSize size) {
  WriteLog writes = drain(size);
  writes.sort();
  writes.each(out);
}

}  // namespace relais::log
