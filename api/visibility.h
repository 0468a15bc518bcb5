// What a reader may see: the reading rights in one place.
//
//   events of a case               who takes part in it; the analyst, without disclosures
//   the case, its timeline,        who takes part in it
//   its referrals and receipts
//   all other events               every reader
//   disclosures                    who takes part in the case and is no analyst; the préfecture and
//   the
//                                  commission: those of the commission's own acts
//
// What is not visible answers as if it did not exist.
#pragma once

#include <unordered_map>

#include "api/auth.h"
#include "ledger/base/records.h"
#include "ledger/statement/stream_id.h"

namespace relais::api {

/// For one answer: remembers what it has looked up. The records outlive it. One thread.
class Visibility {
 public:
  Visibility(const Reader& reader, const RecordSource& records)
      : reader_(reader), records_(records) {}

  bool takes_part(const Uuid& id);
  bool sees_event(schema::Event::Reader event);
  bool sees_receipt(schema::Event::Reader event);
  bool sees_disclosures(schema::Event::Reader event);

 private:
  const Reader& reader_;
  const RecordSource& records_;
  std::unordered_map<Uuid, bool, UuidHash> known_;
};

}  // namespace relais::api
