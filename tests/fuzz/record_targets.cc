// What is read back from a store: entries, typed events, records of the read models, the log of
// reads.
#include <kj/exception.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/base/archive.h"
#include "ledger/base/check.h"
#include "ledger/base/json.h"
#include "ledger/base/records.h"
#include "ledger/log/ledger.h"
#include "ledger/reads/index.h"
#include "ledger/reads/record.h"
#include "ledger/rules/case_state.h"
#include "ledger/rules/registry.h"
#include "ledger/rules/stream_states.h"
#include "ledger/rules/time/deadlines.h"
#include "ledger/statement/statement.h"
#include "projections/records.h"
#include "tests/fuzz/target.h"

namespace relais::fuzz {
namespace {

/// A value has one encoding; `lenient`: but for what an older program left out.
template <class T, bool kLenient = false>
void try_record(std::string_view bytes) {
  auto record = decode<T>(bytes);
  if (!record) return;
  const std::string again = encode(*record);
  check(kLenient || again == bytes, "a record has one encoding");
  const auto same = decode<T>(again);
  check(same.has_value() && encode(*same) == again, "a record reads back");
}

using TryRecord = void (*)(std::string_view);
constexpr std::array<TryRecord, 12> kRecords = {
    try_record<std::uint32_t>,
    try_record<std::vector<std::string>>,
    try_record<rules::CaseState, true>,  // flags of an act
    try_record<rules::Referral>,
    try_record<rules::Registry, true>,  // parameters that are newer
    try_record<rules::SignatoryState>,
    try_record<rules::SessionState>,
    try_record<rules::LibraryState>,
    try_record<rules::Deadline>,
    try_record<projections::TimelineItem>,
    try_record<projections::Count>,
    try_record<reads::StoredSummary>,
};

/// The first byte says which.
void record(std::string_view input) {
  if (input.empty()) return;
  kRecords[static_cast<unsigned char>(input[0]) % kRecords.size()](input.substr(1));
}

void entry(std::string_view bytes) {
  if (const auto view = log::parse_entry(bytes))
    check(log::entry_bytes(view->received_at, view->jwt) == bytes, "an entry reads back");
  if (const auto view = reads::parse_entry(bytes))
    check(reads::entry_bytes(view->received_at, view->text) == bytes, "and one of the reads");
}

/// Whatever the bytes are, reading them ends in a value or in an exception.
void event(std::string_view bytes) {
  statement::EventView view;
  if (!view.load(bytes)) return;
  try {
    const std::string text = json::serialize(statement::payload_json(view.get()));
    check(!text.empty(), "a payload has a text");
    static_cast<void>(statement::to_subject(statement::stream_of(view.get())));
    check(!statement::type_of(view.get()).name.empty(), "an event has a type");
  } catch (const kj::Exception&) {
    return;  // a pointer that leads nowhere
  } catch (const std::out_of_range&) {
    return;  // a value of an enum that has no such
  }
}

/// Texts, one a line: the record, then its looks, then as many details.
void read(std::string_view input) {
  std::vector<std::string> lines;
  while (!input.empty() && lines.size() < 64) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    lines.emplace_back(input.substr(0, end));
    input.remove_prefix(std::min(end + 1, input.size()));
  }
  if (lines.empty()) return;
  const auto text = reads::parse_record_text(lines[0]);
  if (!text) return check(text.error().rule == "read-form", "a refusal names its rule");
  const std::size_t half = (lines.size() - 1) / 2;
  const auto middle = lines.begin() + 1 + static_cast<std::ptrdiff_t>(half);
  const std::vector<std::string> looks(lines.begin() + 1, middle);
  const std::vector<std::string> details(middle, middle + static_cast<std::ptrdiff_t>(half));
  const auto record = reads::parse_record(lines[0], looks, details);
  if (!record) return;
  check(record->reader == text->reader && record->cases.size() == looks.size(), "of one reader");
  const auto parts = reads::decode_parts(reads::encode_parts(*record));
  check(parts && parts->looks == looks && parts->details == details, "parts read back");
}

/// Rows of the index of reads, in pieces: key length, value length, key, value.
void read_rows(std::string_view input) {
  MemoryRecords rows;
  constexpr Uuid kCase{0x4141414141414141, 0x4141414141414141};  // "AAAAAAAAAAAAAAAA"
  while (input.size() > 2) {
    const std::size_t key = static_cast<unsigned char>(input[0]) % 64;
    const std::size_t value = static_cast<unsigned char>(input[1]);
    input.remove_prefix(2);
    const std::string_view name = input.substr(0, key);
    input.remove_prefix(name.size());
    rows.put(name, input.substr(0, value));
    input.remove_prefix(std::min(value, input.size()));
  }
  const auto shared = std::shared_ptr<const RecordSource>(&rows, [](const RecordSource*) {});
  reads::Index index(shared);
  index.start(1 << 20);
  std::size_t left = 4'096;
  const auto visit = [&left](LogIndex at) {
    check(at.value < (1 << 20), "nothing is found behind the end");
    return --left > 0;
  };
  const auto pass = [&](LogIndex at, bool) { return visit(at); };
  const auto look = [](const auto& what) {
    try {
      what();
    } catch (const DamagedRecords&) {
      return;
    }
  };
  constexpr LogIndex kEnd{1 << 20};
  look([&] { index.scan_case(kCase, kEnd, visit); });
  look([&] { index.scan_signatory("ml1", kEnd, visit); });
  look([&] { index.scan_both(kCase, "ml1", reads::Along::signatory, kEnd, pass); });
  look([&] { index.scan_both(kCase, "ml1", reads::Along::looks_at_case, kEnd, pass); });
  look([&] { static_cast<void>(index.summary(kCase)); });
}

}  // namespace

std::span<const Target> record_targets() {
  static constexpr Target kTargets[] = {{"record", record},
                                        {"entry", entry},
                                        {"event", event},
                                        {"read", read},
                                        {"read-rows", read_rows}};
  return kTargets;
}

}  // namespace relais::fuzz
