#include "replay/verify/fork.h"

#include <algorithm>

#include "ledger/base/json.h"
#include "ledger/crypto/base64.h"
#include "ledger/merkle/tree.h"

namespace relais::replay {
namespace {

constexpr std::size_t kMostHashes = 128;  // a proof between trees of 2^64 entries has fewer

std::unexpected<Error> not_a_fork(const std::string& field) {
  return fail(error(Errc::malformed, "fork-form", "this is not the evidence of a fork")
                  .at(field)
                  .accepts("the file as relais submit or relais verify has kept it"));
}

std::string to_text(const SignedTree& older, const SignedTree& newer, const Growth& growth) {
  json::array proof;
  for (const Hash& hash : growth.proof) proof.emplace_back(crypto::base64_encode(view(hash)));
  const json::object fork{{"older", older.note},
                          {"newer", newer.note},
                          {"newer_begins_with", crypto::base64_encode(view(growth.begins_with))},
                          {"proof", std::move(proof)}};
  return json::serialize(fork) + "\n";
}

Result<Hash> hash_of(const json::value* value, const std::string& field) {
  if (value == nullptr || !value->is_string()) return not_a_fork(field);
  const auto bytes = crypto::base64_decode(std::string_view(value->get_string()));
  if (!bytes || bytes->size() != sizeof(Hash)) return not_a_fork(field);
  return to_hash(*bytes);
}

Result<merkle::Checkpoint> tree_of(const json::object& fork, const char* name,
                                   const merkle::LogKeys& log) {
  const auto* note = json::find_string(fork, name);
  if (note == nullptr) return not_a_fork(name);
  auto opened = merkle::open_checkpoint(std::string_view(*note), log);
  if (!opened) return fail(std::move(opened.error()).at(name));
  return opened;
}

bool is_own(const merkle::NoteSignature& s, const std::string& body, const merkle::LogKeys& log) {
  return s.name == log.name() && std::ranges::any_of(log.all(), [&](const merkle::LogKey& own) {
           return own.key.id() == s.key_id && crypto::verify(own.key.key, body, s.signature);
         });
}

}  // namespace

SignedTree signed_tree(merkle::Checkpoint checkpoint, std::string_view note,
                       const merkle::LogKeys& log) {
  const auto parsed = merkle::parse_note(note);
  if (!parsed) return {std::move(checkpoint), std::string(note)};
  SignedTree tree{std::move(checkpoint), parsed->body + "\n"};
  std::string_view lines = note.substr(tree.note.size());
  for (const merkle::NoteSignature& s : parsed->signatures) {
    const std::string_view line = lines.substr(0, lines.find('\n') + 1);
    lines.remove_prefix(line.size());
    if (is_own(s, parsed->body, log)) tree.note += line;
  }
  return tree;
}

Status compare_trees(const Fetch& fetch, const SignedTree& one, const SignedTree& other,
                     std::string& fork) {
  const bool in_order = one.checkpoint.size <= other.checkpoint.size;
  const SignedTree& older = in_order ? one : other;
  const SignedTree& newer = in_order ? other : one;
  Growth growth;
  const Status grown = verify_growth(fetch, older.checkpoint, newer.checkpoint, &growth);
  if (!grown && grown.error().rule == "verify-growth") fork = to_text(older, newer, growth);
  return grown;
}

Result<ForkReport> verify_fork(std::string_view text, const merkle::LogKeys& log) {
  RELAIS_ASSIGN(const json::value parsed, json::parse(text));
  if (!parsed.is_object()) return not_a_fork("fork");
  const json::object& fork = parsed.get_object();
  ForkReport report;
  RELAIS_ASSIGN(report.older, tree_of(fork, "older", log));
  RELAIS_ASSIGN(report.newer, tree_of(fork, "newer", log));
  RELAIS_ASSIGN(const Hash begins,
                hash_of(fork.if_contains("newer_begins_with"), "newer_begins_with"));
  const json::value* hashes = fork.if_contains("proof");
  if (hashes == nullptr || !hashes->is_array() || hashes->get_array().size() > kMostHashes)
    return not_a_fork("proof");
  std::vector<Hash> proof;
  for (const json::value& hash : hashes->get_array()) {
    RELAIS_ASSIGN(const Hash bytes, hash_of(&hash, "proof"));
    proof.push_back(bytes);
  }
  const std::uint64_t size = report.older.size;
  const bool one_size = size == report.newer.size;
  const bool tied = one_size ? begins == report.newer.root && proof.empty()
                             : size > 0 && size < report.newer.size &&
                                   merkle::verify_consistency(size, report.newer.size, begins,
                                                              report.newer.root, proof)
                                       .has_value();
  if (tied && begins != report.older.root) return report;
  return fail(error(Errc::invalid, "fork-unproven",
                    "the two signed trees are not shown to contradict each other")
                  .accepts("a proof that the larger tree begins with another tree of the smaller "
                           "one's size"));
}

}  // namespace relais::replay
