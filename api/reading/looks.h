// Who may see who looked.
//
//   looks at a case       its holder; the commission (préfecture, secretariat, members), of the
//                         cases whose files it may see
//   a signatory's own     that signatory
//
// Nobody else; what is not visible is left out as if it did not exist.
#pragma once

#include <unordered_map>

#include "api/reading/auth.h"
#include "ledger/base/id.h"
#include "ledger/base/records.h"

namespace relais::api {

/// For one answer: remembers what it has looked up. The records outlive it. One thread.
class LooksView {
 public:
  LooksView(const Reader& reader, const RecordSource& records)
      : reader_(reader), records_(records) {}
  /// Whether all looks at the case may be seen, whoever looked.
  bool sees(const Uuid& case_id);

 private:
  bool look_up(const Uuid& case_id) const;

  const Reader& reader_;
  const RecordSource& records_;
  std::unordered_map<Uuid, bool, UuidHash> known_;
};

}  // namespace relais::api
