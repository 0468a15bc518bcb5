// The log itself, for whoever verifies it, and the log of who looked.
#include "api/contract/rows.h"

namespace relais::api::contract {
namespace {

constexpr std::string_view kImmutable = "public, max-age=31536000, immutable";
constexpr std::string_view kRevalidate = "no-cache";

constexpr std::string_view kCheckpointExample =
    "relais.example/rhone-2023\n42\nn4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=\n\n"
    "\u2014 relais.example/rhone-2023 ZXhlbXBsZSBpbnZlbnTDqQ==\n";
constexpr std::string_view kVkeyExample = "relais.example/rhone-2023+0a1b2c3d+ZXhlbXBsZQ==\n";
constexpr std::string_view kTileMeaning =
    "Level and number, the number in groups of three digits, all but the last behind an x: "
    "`0/x001/067`; of a tile that is not full with its width: `0/067.p/12`. Slashes may stand as "
    "they are, or as %2F.";

Given tile(std::string_view pattern, std::string_view example) {
  return {"tile", shape::text_like(pattern, example), kTileMeaning};
}

Given hash_tile() {
  return tile("^[0-9]+/(x[0-9]{3}/)*[0-9]{3}(\\.p/[0-9]{1,3})?$", "0/000.p/1");
}

/// Text that changes with the log.
Endpoint note(std::string_view path, std::string_view id, std::string_view tag,
              std::string_view summary, std::string_view example) {
  return {.pattern = path,
          .id = id,
          .tag = tag,
          .summary = summary,
          .description = "For everybody: it tells hashes and sizes (c2sp.org/signed-note).",
          .access = Access::open,
          .kinds = {Kind::log_hashes},
          .replies = {{200, {{kText, {}, example}}, "The text.", {}, {kRevalidate}}},
          .gives = Gives::no_case_data};
}

Endpoint tiles(std::string_view path, std::string_view id, std::string_view tag) {
  return {
      .pattern = path,
      .id = id,
      .tag = tag,
      .summary = "Hashes of the tree",
      .description =
          "A tile of c2sp.org/tlog-tiles: up to 256 hashes of 32 bytes. A full one "
          "never changes.",
      .access = Access::open,
      .kinds = {Kind::log_hashes},
      .segments = {hash_tile()},
      .replies = {{200, {{kOctetStream, {}, {}}}, "The hashes.", {}, {kImmutable, kRevalidate}}},
      .refusals = {404},
      .gives = Gives::no_case_data};
}

Endpoint list_reads() {
  return {
      .pattern = "/v1/audit/reads",
      .id = "listReads",
      .tag = "Who looked",
      .summary = "Who looked at what",
      .description =
          "The newest first. The holder of a case sees all looks at it, who decides on "
          "files those at these, and every reader its own (docs/HTTP.md, Who looked).",
      .kinds = {Kind::looks, Kind::own_looks},
      .parameters = in_pages(
          {{"case", uuid_form(), "Looks at this case; without it, the reader's own."},
           {"signatory", signatory_form(), "Looks by this signatory."},
           {"from", position_form(), "From this place of the log of reads on, or from this time."},
           {"to", position_form(), "Before this place, or before this time."}}),
      .replies = {page_of("ReadList", "A page of them.")},
      .refusals = {422},
      .gives = Gives::case_data,
      .looks_at_many = true};
}

}  // namespace

Rows look_rows() {
  constexpr std::string_view kTag = "Who looked";
  Rows rows;
  rows.push_back(list_reads());
  rows.push_back(
      {.pattern = "/v1/audit/reads/{index}/receipt",
       .id = "getReadReceipt",
       .tag = kTag,
       .summary = "The proof that a look is in the log of reads",
       .description = "Of one's own, or of one at the case that is named.",
       .kinds = {Kind::looks, Kind::own_looks},
       .segments = {{"index", shape::number(7), "The `index` of a look."}},
       .parameters = {{"case", uuid_form(),
                       "A case whose looks the reader sees; without it, the reader's own "
                       "look."}},
       .replies = {{200, {{kText, {}, kReceiptExample}}, "The receipt."}},
       .refusals = {404},
       .gives = Gives::case_data,
       .looks_at_many = true});
  rows.push_back(note("/log/reads/checkpoint", "getReadsCheckpoint", kTag,
                      "The newest signed head of the log of reads", kCheckpointExample));
  rows.push_back(
      note("/log/reads/vkey", "getReadsKey", kTag, "The key of the log of reads", kVkeyExample));
  rows.push_back(tiles("/log/reads/tile/{*}", "getReadsTile", kTag));
  return rows;
}

Rows log_rows() {
  constexpr std::string_view kTag = "Log";
  Rows rows;
  rows.push_back(note("/log/checkpoint", "getCheckpoint", kTag, "The newest signed head of the log",
                      kCheckpointExample));
  rows.push_back(
      note("/log/vkey", "getLogKey", kTag, "The key that signs heads now", kVkeyExample));
  rows.push_back({.pattern = "/log/keys",
                  .id = "getLogKeys",
                  .tag = kTag,
                  .summary = "The log's keys, each with what proves it by the one before",
                  .description = "docs/FORMATS.md, Chain of keys.",
                  .access = Access::open,
                  .kinds = {Kind::log_hashes},
                  .replies = {{200, {{kJson, "LogKeys"}}, "The keys.", {}, {kRevalidate}}},
                  .gives = Gives::no_case_data});
  rows.push_back(
      {.pattern = "/log/tile/entries/{*}",
       .id = "getEntries",
       .tag = kTag,
       .summary = "Entries, for who replays the log",
       .description = "A bundle of c2sp.org/tlog-tiles: entries, each behind its length in two "
                      "bytes. For signatories of the role analyst.",
       .kinds = {Kind::log_entries},
       .segments = {tile("^(x[0-9]{3}/)*[0-9]{3}(\\.p/[0-9]{1,3})?$", "000.p/1")},
       .replies = {{200, {{kOctetStream, {}, {}}}, "The entries.", {}, {"private, no-cache"}}},
       .refusals = {403, 404},
       .gives = Gives::case_data,
       .looks_at_many = true});
  rows.push_back(tiles("/log/tile/{*}", "getTile", kTag));
  return rows;
}

}  // namespace relais::api::contract
