// What is written of one answer that gave case data: who looked, at what, what for. One entry an
// answer (docs/FORMATS.md, "Log of reads").
//
// The entry names the reader and holds a salted digest for each case; which case it was, and what
// of it, stands in a part beside the entry. So the holder of one case can be shown, and proven, the
// look at it, and learns nothing of what else the same answer gave.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/bytes.h"
#include "ledger/base/clock.h"
#include "ledger/base/error.h"
#include "ledger/base/id.h"

namespace relais::reads {

/// Cases that one answer may give; lists have fewer (projections/read.h).
inline constexpr std::size_t kMaxCases = 600;
/// Events that one answer may give of one case.
inline constexpr std::size_t kMaxEvents = 1'000;

/// What one answer gave of one case.
struct CaseLook {
  std::optional<Uuid> case_id;        ///< nothing: events of no case
  std::vector<LogIndex> events;       ///< that were given, by their places in the ledger's log
  std::vector<LogIndex> disclosed;    ///< of them, those whose disclosures were opened
  std::uint64_t items = 0;            ///< things that the answer lists of it
  std::optional<LogIndex> emergency;  ///< the emergency access that the answer relied on
  bool operator==(const CaseLook&) const = default;
};

/// Who asked for what.
struct Reader {
  KeyId kid;
  std::string signatory;  ///< its slug
  std::string token;      ///< `jti` of the access token
  std::string purpose;    ///< as the token has it
  std::string route;      ///< "GET /v1/cases/{id}"
  std::uint32_t status = 200;
  bool operator==(const Reader&) const = default;
};

/// One answer, as it is stored.
struct Record {
  Reader reader;
  std::vector<CaseLook> cases;
  std::string text;                  ///< canonical JSON: the entry behind its time
  std::vector<std::string> looks;    ///< canonical JSON, one a case: which, and by what emergency
  std::vector<std::string> details;  ///< the same: what was given of it. The text has the digests
};

/// Errc::too_large "read-record-size" where an entry could not hold it. `random` is thread-safe
/// where this is called from several threads.
Result<Record> make_record(Reader reader, std::vector<CaseLook> cases, Random& random);

/// The inverse, strict: only what make_record() writes, byte for byte. Errc::corrupt, "read-form",
/// "read-part-form", "read-part-digest".
Result<Record> parse_record(std::string_view text, std::vector<std::string> looks,
                            std::vector<std::string> details);
/// The text alone: who, and the digests of the parts.
struct RecordText {
  Reader reader;
  std::string nonce;  ///< base64url
  std::vector<std::string> looks;
  std::vector<std::string> details;
};
Result<RecordText> parse_record_text(std::string_view text);

/// What stands beside an entry in the store: the looks, then the details.
std::string encode_parts(const Record& record);
struct Parts {
  std::vector<std::string> looks;
  std::vector<std::string> details;
};
std::optional<Parts> decode_parts(std::string_view bytes);

/// `received_at` (u64 big-endian, ms) ‖ text.
std::string entry_bytes(Timestamp received_at, std::string_view text);
struct EntryView {
  Timestamp received_at;
  std::string_view text;
};
Result<EntryView> parse_entry(std::string_view entry);

}  // namespace relais::reads
