#include "replay/verify/key_chain.h"

#include "ledger/base/json.h"
#include "ledger/crypto/jwk.h"
#include "ledger/log/ledger.h"
#include "ledger/merkle/receipt.h"
#include "ledger/statement/statement.h"
#include "schemas/text.h"

namespace relais::replay {
namespace {

constexpr std::size_t kMostBytes = std::size_t{8} * 1024 * 1024;

std::unexpected<Error> bad_chain(std::string message, std::size_t link) {
  return fail(error(Errc::unauthenticated, "key-chain", std::move(message))
                  .at("keys[" + std::to_string(link) + "]")
                  .accepts("what GET /log/keys of the log's server answers"));
}

std::string text_of(const json::value& v, std::string_view name) {
  const auto* text = v.is_object() ? json::find_string(v.get_object(), name) : nullptr;
  return text == nullptr ? std::string() : std::string(*text);
}

using schema::text;

/// A key of the statement, as this log's.
Result<merkle::NoteKey> key_of(capnp::Text::Reader x, const std::string& origin) {
  RELAIS_ASSIGN(const auto key, crypto::parse_public_key(text(x)));
  return merkle::NoteKey{origin, key};
}

/// Nothing of the link is believed but what the checkpoint covers, which both keys have signed.
Result<KeyLink> read_link(const json::value& v, const std::string& origin, std::size_t n) {
  KeyLink link;
  link.receipt = text_of(v, "receipt");
  RELAIS_ASSIGN(const merkle::Receipt receipt, merkle::parse_receipt(link.receipt));
  RELAIS_ASSIGN(const auto s, statement::parse_statement(text_of(v, "statement")));
  const auto data = s.event->getRoot<schema::Event>().asReader().getData();
  if (!data.isLogKeyRotated() || receipt.extra.size() != 8)
    return bad_chain("it is no receipt of a log.key_rotated", n);
  const auto rotated = data.getLogKeyRotated();
  RELAIS_ASSIGN(link.old_key, key_of(rotated.getOldKey(), origin));
  RELAIS_ASSIGN(link.new_key, key_of(rotated.getNewKey(), origin));
  link.index = LogIndex{receipt.index};
  link.proposal = text(rotated.getProposalId());
  const std::string entry = receipt.extra + s.jwt;
  RELAIS_ASSIGN(link.checkpoint, merkle::verify_receipt(receipt, entry, link.old_key));
  RELAIS_TRY(merkle::verify_receipt(receipt, entry, link.new_key));
  if (link.checkpoint.size != receipt.index + 1)
    return bad_chain("its checkpoint is not the first that covers the entry", n);
  return link;
}

}  // namespace

Result<KeyChain> read_key_chain(std::string_view text) {
  if (text.size() > kMostBytes) return bad_chain("it is too long", 0);
  RELAIS_ASSIGN(const json::value chain, json::parse(text));
  const json::value* list = chain.is_object() ? chain.get_object().if_contains("keys") : nullptr;
  if (list == nullptr || !list->is_array() || list->get_array().empty() ||
      list->get_array().size() > merkle::kMaxLogKeys)
    return bad_chain("there is no list of keys", 0);
  const json::array& keys = list->get_array();
  RELAIS_ASSIGN(merkle::NoteKey first, merkle::parse_vkey(text_of(keys[0], "vkey")));
  KeyChain read{merkle::LogKeys(std::move(first)), {}};
  for (std::size_t n = 1; n < keys.size(); ++n) {
    RELAIS_ASSIGN(KeyLink link, read_link(keys[n], read.keys.name(), n));
    if (link.old_key != read.keys.newest())
      return bad_chain("it does not go on from the key before", n);
    RELAIS_TRY(read.keys.add(link.new_key.key, link.checkpoint.size));
    read.links.push_back(std::move(link));
  }
  return read;
}

Result<merkle::LogKeys> follow(const merkle::LogKeys& known, const KeyChain& chain) {
  if (chain.keys.extends(known)) return chain.keys;
  return fail(error(Errc::conflict, "log-keys-differ",
                    "the keys that are served do not go on from the key that is known, " +
                        merkle::to_vkey(known.newest()))
                  .at("keys")
                  .accepts("a chain in which each known key signs what it is known to sign"));
}

}  // namespace relais::replay
