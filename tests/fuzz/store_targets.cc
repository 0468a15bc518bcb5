// Files that a program opens, and where lists go on: the convention file, the head of a log,
// RocksDB's files of records, cursors, addresses.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>

#include "api/client/client.h"
#include "api/contract/endpoint.h"
#include "api/http/target.h"
#include "api/resources/paging.h"
#include "cli/convention_file.h"
#include "ledger/base/archive.h"
#include "ledger/base/check.h"
#include "ledger/base/json.h"
#include "ledger/crypto/sha256.h"
#include "ledger/rules/world_state.h"
#include "ledger/store/record_file.h"
#include "ledger/tiles/head_file.h"
#include "projections/read.h"
#include "projections/records.h"
#include "tests/fuzz/target.h"
#include "tests/support/temp_folder.h"

namespace relais::fuzz {
namespace {

void convention(std::string_view text) {
  const auto genesis = cli::parse_convention(text, "convention.toml");
  if (!genesis) {
    check(genesis.error().rule.starts_with("convention-"), "a refusal names its rule");
    check(genesis.error().message.starts_with("convention.toml"), "and where");
    return;
  }
  check(genesis->convention_file == text, "what is signed is the file as it is");
  const auto data = json::parse(genesis->data_json);
  check(data.has_value() && data->is_object(), "what a convention says is JSON");
  check(merkle::is_note_name(genesis->origin), "its origin can name a log");
}

/// A file of these bytes, under a name that says what it is.
std::filesystem::path file_of(std::string_view bytes, const char* name) {
  static const tests::TempFolder folder;
  const std::filesystem::path path = folder.path / name;
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  check(fd >= 0 && ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
        "a file for a test can be written");
  ::close(fd);
  return path;
}

void head_file(std::string_view bytes) {
  static const auto key = crypto::SigningKey::from_seed(crypto::sha256("log"));
  static const merkle::LogKeys log(merkle::NoteKey{"relais.example/rhone", key.public_key()});
  const auto path = file_of(bytes, "head");
  const auto read = tiles::HeadFile::read(path, log);
  check(read.next < 2, "a head has two slots");
  check(!read.older || (read.newest && read.older->size <= read.newest->size),
        "the older one is not the newer");
  // Written once more, it has what was written.
  const merkle::Checkpoint next{log.name(), read.newest ? read.newest->size : 1, Hash{3}};
  auto file = tiles::HeadFile::open(path, read.next);
  check(
      file.has_value() && file->write(merkle::sign_checkpoint(next, key), read.written).has_value(),
      "a head can be written");
  const auto again = tiles::HeadFile::read(path, log);
  check(again.newest && again.newest->size == next.size && again.written == read.written,
        "what was written last is read");
}

/// The first byte: whether it is a write-ahead log, with zeros behind it.
void record_file(std::string_view input) {
  const bool log = !input.empty() && input[0] == 'L';
  input.remove_prefix(std::min<std::size_t>(1, input.size()));
  const auto flaw = store::find_flaw(file_of(input, log ? "000001.log" : "MANIFEST-000001"));
  check(flaw.has_value(), "a file that is there can be looked at");
  check(!*flaw || (*flaw)->at < input.size(), "a flaw has its place in the file");
}

/// A few cases of two readers, one of each kind of row, for who asks for a page.
MemoryRecords some_records() {
  MemoryRecords records;
  for (std::uint64_t n = 0; n < 4; ++n) {
    const Uuid id{n << 60, n};
    rules::CaseState state;
    state.id = id;
    records.put(rules::case_key(id), encode(state));
    const auto reader = static_cast<std::uint16_t>(n % 2 + 1);
    records.put(projections::make_key(projections::kParticipationPrefix, reader, id), "");
    rules::Referral referral;
    referral.id = id;
    records.put(projections::make_key(projections::kReferralPrefix, id, id), encode(referral));
    std::string line;
    append_uuid(line, id);
    append_uuid(line, id);
    const auto open = static_cast<std::uint8_t>(n / 2);
    records.put(projections::make_key(projections::kMailboxPrefix, reader, std::uint8_t{0}, open,
                                      ~n << (8 * n)),
                line);
    rules::Deadline deadline;
    deadline.due_at = Timestamp{static_cast<std::int64_t>(n << (10 * n))};
    std::string place = projections::make_key(projections::kDeadlineForPrefix, reader,
                                              static_cast<std::uint64_t>(deadline.due_at.value),
                                              std::uint8_t{0}, std::uint8_t{0}, id);
    records.put(place, encode(deadline));
  }
  return records;
}

/// Whether pages from a cursor on come to an end.
template <class Ask>
void turn_pages(std::string cursor, const Ask& ask) {
  for (int pages = 0; pages < 8; ++pages) {
    const std::string next = ask(cursor);
    if (next.empty()) return;
    check(pages < 5, "pages come to an end");
    cursor = next;
  }
}

void cursor(std::string_view text) {
  static const MemoryRecords records = some_records();
  const SignatoryId reader{1};
  const auto any = [](const rules::CaseState&) { return true; };
  turn_pages(std::string(text), [&](std::string_view at) {
    return projections::cases_of(records, reader, any, at, 1).next;
  });
  for (const bool open_only : {false, true})
    turn_pages(std::string(text), [&](std::string_view at) {
      const auto page =
          projections::referrals(records, reader, projections::Box::inbox, open_only, at, 1);
      return page.next;
    });
  turn_pages(std::string(text), [&](std::string_view at) {
    return projections::deadlines(records, reader, {}, at, 1).next;
  });
  static_cast<void>(api::number_cursor(text));
}

/// Headers and parameters that lists take: the target, then If-None-Match, one a line.
void query(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  const auto parsed = api::parse_target(line);
  if (!parsed) return;
  api::Request request;
  request.query = parsed->query;
  request.headers.push_back({"If-None-Match", text.substr(std::min(line.size() + 1, text.size()))});
  for (const api::Endpoint& e : api::endpoints()) {
    if (!api::check_parameters(e.parameters, request)) continue;
    const std::size_t limit = api::page_limit(request);
    check(limit >= 1 && limit <= projections::kMaxPage, "a page has its limit");
    const auto open = request.param("open");
    check(api::flag(request, "open") == (open == "true"),
          "what is neither true nor false is refused");
  }
  static_cast<void>(api::not_modified(request, api::etag_of(7)));
}

void url(std::string_view text) {
  const auto url = api::parse_client_url(text);
  check(!url || !url->host.empty(), "an address has a host");
}

}  // namespace

std::span<const Target> store_targets() {
  static constexpr Target kTargets[] = {
      {"convention", convention}, {"head-file", head_file}, {"record-file", record_file},
      {"cursor", cursor},         {"query", query},         {"url", url}};
  return kTargets;
}

}  // namespace relais::fuzz
