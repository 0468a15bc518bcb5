// What an answer gave of cases, on its way into the log of reads (ledger/reads). Who makes the
// answer fills it; the service writes it, and only then lets the answer go.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "api/http/problem.h"
#include "ledger/base/error.h"
#include "ledger/base/id.h"
#include "ledger/reads/index.h"
#include "ledger/reads/record.h"
#include "ledger/statement/stream_id.h"

namespace relais::api {

struct Context;
struct Reader;

class Trace {
 public:
  /// Something of a case was given, if only that it has not changed.
  void look(const Uuid& case_id) { ++part(case_id).items; }
  /// An event was given; `disclosed`: with disclosures.
  void event(const statement::StreamId& stream, LogIndex index, bool disclosed = false);
  /// The reader sees the case by this emergency access: the index of its opening. Of a case that
  /// was not looked at it says nothing.
  void emergency(const Uuid& case_id, LogIndex opened) { emergencies_[case_id] = opened; }

  /// The answer says who looked, and for which purpose.
  void tell_of_looks() { tells_of_looks_ = true; }
  bool tells_of_looks() const { return tells_of_looks_; }

  bool empty() const { return parts_.empty(); }
  /// An event was given with disclosures.
  bool discloses() const;
  std::vector<Uuid> cases() const;
  /// What was given, by case; events of no case first.
  std::vector<reads::CaseLook> take();

 private:
  reads::CaseLook& part(const std::optional<Uuid>& case_id);

  std::map<std::optional<Uuid>, reads::CaseLook> parts_;
  std::map<Uuid, LogIndex> emergencies_;
  bool tells_of_looks_ = false;
};

/// Writes what an answer gave, with the emergency accesses by which the reader was given it. `kept`
/// is called once, now or later, from any thread: an answer may leave, or the error that takes its
/// place: "trace-failed" (Errc::unavailable), or "too-much-read" (Errc::limited) where the reader
/// has used up what its reads may take on the disk.
void keep_trace(Context& context, const Reader& reader, std::string_view route, unsigned status,
                Trace trace, std::function<void(const Admitted&)> kept);

/// What the indices of the log of reads took on the disk, once it is known: from the shares of
/// those whose looks they are of.
void charge_rows(Context& context, const reads::RowBytes& rows);

}  // namespace relais::api
