#include "ledger/merkle/receipt.h"

#include "ledger/crypto/base64.h"
#include "ledger/merkle/text.h"

namespace relais::merkle {
namespace {

constexpr std::string_view kHeader = "c2sp.org/tlog-proof@v1";
constexpr std::string_view kExtra = "extra ";
constexpr std::string_view kIndex = "index ";
/// No tree of 64-bit size is higher.
constexpr std::size_t kMaxProofHashes = 64;
constexpr std::size_t kMaxExtraBytes = 64 * 1024;
constexpr std::size_t kMaxReceiptBytes = kMaxNoteBytes + kMaxExtraBytes / 3 * 4 + 8 * 1024;

std::unexpected<Error> bad_receipt(std::string message) {
  return fail(error(Errc::malformed, "receipt-form", std::move(message))
                  .accepts("a c2sp.org/tlog-proof@v1 file")
                  .from("c2sp.org/tlog-proof, Format"));
}

/// Takes the proof lines and the empty line behind them.
Result<std::vector<Hash>> take_proof(std::string_view& text) {
  std::vector<Hash> proof;
  for (;;) {
    const auto line = take_line(text);
    if (!line) return bad_receipt("no empty line behind the proof");
    if (line->empty()) return proof;
    const auto hash = crypto::base64_decode(*line);
    if (!hash || hash->size() != std::tuple_size_v<Hash>)
      return bad_receipt("a proof line is not base64 of 32 bytes");
    if (proof.size() == kMaxProofHashes) return bad_receipt("the proof is too long");
    proof.push_back(to_hash(*hash));
  }
}

}  // namespace

std::string to_text(const Receipt& r) {
  std::string out(kHeader);
  out += '\n';
  if (!r.extra.empty()) out.append(kExtra).append(crypto::base64_encode(r.extra)).append("\n");
  out.append(kIndex).append(std::to_string(r.index)).append("\n");
  for (const Hash& hash : r.proof) out.append(crypto::base64_encode(view(hash))).append("\n");
  return out.append("\n").append(r.checkpoint);
}

Result<Receipt> parse_receipt(std::string_view text) {
  if (text.size() > kMaxReceiptBytes)
    return fail(error(Errc::too_large, "receipt-size", "the receipt is too long")
                    .accepts("at most " + std::to_string(kMaxReceiptBytes) + " bytes"));
  if (take_line(text) != kHeader) return bad_receipt("the first line is not the format's name");
  Receipt receipt;
  auto line = take_line(text);
  if (line && line->starts_with(kExtra)) {
    auto extra = crypto::base64_decode(line->substr(kExtra.size()));
    if (!extra || extra->empty()) return bad_receipt("the extra line is not base64 of some bytes");
    receipt.extra = std::move(*extra);
    line = take_line(text);
  }
  if (!line || !line->starts_with(kIndex)) return bad_receipt("the index line is missing");
  const auto index = parse_decimal(line->substr(kIndex.size()));
  if (!index) return bad_receipt("the index is not a decimal number");
  receipt.index = *index;
  RELAIS_ASSIGN(receipt.proof, take_proof(text));
  RELAIS_TRY(parse_note(text));
  receipt.checkpoint = std::string(text);
  return receipt;
}

Result<Checkpoint> verify_receipt(const Receipt& r, std::string_view entry, const LogKeys& log) {
  RELAIS_ASSIGN(Checkpoint checkpoint, open_checkpoint(r.checkpoint, log));
  RELAIS_TRY(
      verify_inclusion(r.index, checkpoint.size, leaf_hash(entry), r.proof, checkpoint.root));
  return checkpoint;
}

}  // namespace relais::merkle
