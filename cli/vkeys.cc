#include "cli/vkeys.h"

#include <filesystem>

#include "ledger/base/file.h"
#include "ledger/base/utf8.h"

namespace relais::cli {
namespace {

constexpr std::size_t kMaxSmallFile = std::size_t{64} * 1024;

/// `where`: what an error is about, the option or the file.
Result<merkle::LogKeys> vkey_of(const std::string& text, const std::string& where) {
  auto keys = merkle::parse_log_keys(text);
  if (!keys) return fail(std::move(keys.error()).at(where).accepts(kVkeyAccepted));
  if (keys->newest().algorithm != 0x01)
    return fail(error(Errc::invalid, "note-key", "the key is a witness's, not a log's")
                    .at(where)
                    .accepts(kVkeyAccepted));
  return keys;
}

Result<merkle::LogKeys> vkey_in(const std::filesystem::path& file, const std::string& where) {
  auto text = read_file(file, kMaxSmallFile);
  if (!text) return fail(std::move(text.error()).at(where));
  return vkey_of(*text, where);
}

}  // namespace

Result<merkle::LogKeys> read_vkey(const std::string& file_or_text, const std::string& where) {
  std::error_code ec;
  if (std::filesystem::exists(std::filesystem::symlink_status(file_or_text, ec)))
    return vkey_in(file_or_text, where);
  return vkey_of(file_or_text, where);
}

Result<std::vector<replay::KeyLink>> follow_keys(merkle::LogKeys& known,
                                                 const replay::Fetch& fetch) {
  RELAIS_ASSIGN(const std::string text, fetch("keys"));
  RELAIS_ASSIGN(const replay::KeyChain chain, replay::read_key_chain(text));
  RELAIS_ASSIGN(merkle::LogKeys keys, replay::follow(known, chain));
  std::vector<replay::KeyLink> fresh;
  for (const replay::KeyLink& link : chain.links)
    if (!known.has(link.new_key.key) || !known.has(link.old_key.key)) fresh.push_back(link);
  known = std::move(keys);
  return fresh;
}

std::string to_text(const replay::KeyLink& link) {
  return "the log's key was replaced with entry " + std::to_string(link.index.value) +
         " (decision " + printable(link.proposal) + "), as both keys have signed:\n  " +
         merkle::to_vkey(link.old_key) + "\n  " + merkle::to_vkey(link.new_key);
}

}  // namespace relais::cli
