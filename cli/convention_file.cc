#include "cli/convention_file.h"

#include <fmt/core.h>
#include <toml++/toml.h>

#include <algorithm>
#include <initializer_list>
#include <optional>

#include "cli/files.h"
#include "ledger/base/clock.h"
#include "ledger/base/json.h"
#include "ledger/crypto/jwk.h"

namespace relais::cli {
namespace {

constexpr std::string_view kRoles[] = {"pref", "ml", "udml", "aa", "sec", "member", "analyst"};
constexpr std::int64_t kMaxNumber = 1'000'000;

/// One table of the file, and where it is for messages.
class Reader {
 public:
  Reader(const toml::table& table, std::string file, std::string path)
      : table_(table), file_(std::move(file)), path_(std::move(path)) {}

  Error wrong(const toml::node* node, std::string_view key, std::string message) const {
    const auto line = node != nullptr ? node->source().begin.line : table_.source().begin.line;
    return error(Errc::malformed, "convention-form",
                 file_ + ":" + std::to_string(line) + ": " + std::move(message))
        .at(path_ + std::string(key));
  }

  Status only(std::initializer_list<std::string_view> known) const {
    for (const auto& [key, node] : table_) {
      if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
      std::string accepted;
      for (const auto k : known) accepted.append(accepted.empty() ? "" : ", ").append(k);
      return fail(
          wrong(&node, key.str(), "a convention has no member of this name").accepts(accepted));
    }
    return {};
  }

  Result<const toml::node*> need(std::string_view key) const {
    if (const toml::node* node = table_.get(key)) return node;
    return fail(wrong(nullptr, key, "the member " + std::string(key) + " is missing"));
  }

  Result<std::string> text(std::string_view key) const {
    RELAIS_ASSIGN(const toml::node* node, need(key));
    const auto value = node->value_exact<std::string>();
    if (!value || value->empty())
      return fail(wrong(node, key, "this is not a text").accepts("a text in quotes"));
    return *value;
  }

  Result<std::string> slug(std::string_view key) const {
    RELAIS_ASSIGN(std::string value, text(key));
    if (!is_slug(value))
      return fail(wrong(table_.get(key), key, "\"" + value + "\" is not a short name")
                      .accepts("1 to 64 of a-z, 0-9, -"));
    return value;
  }

  Result<std::vector<std::string>> texts(std::string_view key) const {
    RELAIS_ASSIGN(const toml::node* node, need(key));
    std::vector<std::string> values;
    const toml::array* array = node->as_array();
    if (array == nullptr) return fail(wrong(node, key, "this is not a list").accepts("[\"…\", …]"));
    for (const toml::node& element : *array) {
      const auto value = element.value_exact<std::string>();
      if (!value)
        return fail(
            wrong(&element, key, "an element is not a text").accepts("a list of texts in quotes"));
      values.push_back(*value);
    }
    return values;
  }

  Result<json::array> roles() const {
    RELAIS_ASSIGN(const auto names, texts("roles"));
    json::array roles;
    for (const std::string& name : names) {
      if (std::find(std::begin(kRoles), std::end(kRoles), name) == std::end(kRoles))
        return fail(wrong(table_.get("roles"), "roles", "there is no role \"" + name + "\"")
                        .accepts("pref, ml, udml, aa, sec, member, analyst"));
      roles.emplace_back(name);
    }
    return roles;
  }

  Result<std::int64_t> number(std::string_view key) const {
    RELAIS_ASSIGN(const toml::node* node, need(key));
    const auto value = node->value_exact<std::int64_t>();
    if (!value || *value < 0 || *value > kMaxNumber)
      return fail(
          wrong(node, key, "this is not a whole number in range").accepts("0 to 1,000,000"));
    return *value;
  }

  Result<std::string> day(std::string_view key) const {
    RELAIS_ASSIGN(const toml::node* node, need(key));
    const auto value = node->value_exact<toml::date>();
    if (!value) return fail(wrong(node, key, "this is not a date").accepts("a date as 2023-06-09"));
    const std::string text =
        fmt::format("{:04}-{:02}-{:02}", value->year, value->month, value->day);
    if (!parse_date(text))
      return fail(wrong(node, key, "this is not a day of a convention").accepts("1970 to 9999"));
    return text;
  }

  static bool is_slug(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
  }

 private:
  const toml::table& table_;
  std::string file_;
  std::string path_;
};

Result<json::object> read_signatory(const Reader& r) {
  RELAIS_TRY(r.only({"id", "name", "roles", "public_key"}));
  json::object o;
  RELAIS_ASSIGN(o["id"], r.slug("id"));
  RELAIS_ASSIGN(o["name"], r.text("name"));
  RELAIS_ASSIGN(o["roles"], r.roles());
  RELAIS_ASSIGN(const std::string key, r.text("public_key"));
  if (!crypto::parse_public_key(key)) {
    const bool placeholder = key.starts_with('@') && key.ends_with('@');
    return fail(r.wrong(nullptr, "public_key",
                        placeholder ? "the key of this signatory is not filled in: " + key
                                    : "this is not an Ed25519 public key")
                    .accepts("what `relais key show --file KEY --field x` prints"));
  }
  o["public_key"] = key;
  return o;
}

Result<json::object> read_quorum(const Reader& r) {
  RELAIS_TRY(r.only({"act", "approvals", "roles"}));
  json::object o;
  RELAIS_ASSIGN(o["act"], r.slug("act"));
  RELAIS_ASSIGN(o["approvals"], r.number("approvals"));
  RELAIS_ASSIGN(o["roles"], r.roles());
  return o;
}

Result<json::array> read_tables(const toml::table& root, const Reader& top, std::string_view key,
                                const std::string& file,
                                Result<json::object> (*read)(const Reader&)) {
  json::array out;
  const toml::node* node = root.get(key);
  if (node == nullptr) return out;
  if (!node->is_array_of_tables())
    return fail(top.wrong(node, key, "this is not a list of tables")
                    .accepts("[[" + std::string(key) + "]] before each"));
  for (std::size_t i = 0; const toml::node& element : *node->as_array()) {
    const std::string path = std::string(key) + "[" + std::to_string(i++) + "].";
    RELAIS_ASSIGN(json::object o, read(Reader(*element.as_table(), file, path)));
    out.emplace_back(std::move(o));
  }
  return out;
}

Result<json::array> read_terms(const toml::table& root, const Reader& top,
                               const std::string& file) {
  json::array out;
  const toml::node* node = root.get("terms");
  if (node == nullptr) return out;
  const toml::table* terms = node->as_table();
  if (terms == nullptr)
    return fail(top.wrong(node, "terms", "this is not a table").accepts("[terms]"));
  const Reader reader(*terms, file, "terms.");
  for (const auto& [key, value] : *terms) {
    if (!Reader::is_slug(key.str()))
      return fail(reader.wrong(&value, key.str(), "this is not the name of a term")
                      .accepts("1 to 64 of a-z, 0-9, -"));
    RELAIS_ASSIGN(const std::int64_t number, reader.number(key.str()));
    out.emplace_back(json::object{{"name", key.str()}, {"value", number}});
  }
  return out;
}

Result<log::Genesis> read_root(const toml::table& root, const std::string& file) {
  const Reader r(root, file, "");
  RELAIS_TRY(r.only(
      {"id", "title", "signed_on", "origin", "territories", "terms", "quorum", "signatory"}));
  log::Genesis genesis;
  json::object data;
  RELAIS_ASSIGN(genesis.slug, r.slug("id"));
  RELAIS_ASSIGN(genesis.origin, r.text("origin"));
  if (!merkle::is_note_name(genesis.origin))
    return fail(r.wrong(root.get("origin"), "origin", "this cannot name a log")
                    .accepts("a text without white space and +, as relais.example/rhone-2023"));
  RELAIS_ASSIGN(data["title"], r.text("title"));
  RELAIS_ASSIGN(data["signed_on"], r.day("signed_on"));
  RELAIS_ASSIGN(const auto territories, r.texts("territories"));
  data["territories"] = json::array(territories.begin(), territories.end());
  RELAIS_ASSIGN(data["signatories"], read_tables(root, r, "signatory", file, read_signatory));
  RELAIS_ASSIGN(data["quorums"], read_tables(root, r, "quorum", file, read_quorum));
  RELAIS_ASSIGN(data["terms"], read_terms(root, r, file));
  genesis.data_json = json::serialize(json::value(std::move(data)));
  return genesis;
}

/// Dots between the parts of one key, wherever a key may stand. Each is a table in the one before,
/// and toml++, which bounds what is nested otherwise, follows them by recursion, as deep as the
/// file says.
class KeyDepth {
 public:
  explicit KeyDepth(std::string_view text) : text_(text) {}

  /// Where a key begins that has more than `most` dots; nothing where none has.
  std::optional<std::size_t> find(std::size_t most) {
    std::size_t dots = 0;
    std::size_t begin = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '"' || c == '\'') {
        skip_text(c);
      } else if (kEnds.find(c) != std::string_view::npos) {
        dots = 0;
        begin = ++at_;
      } else {
        if (c == '.' && ++dots > most) return begin;
        ++at_;
      }
    }
    return std::nullopt;
  }

 private:
  static constexpr std::string_view kEnds = "\n=,[]{}";

  /// A text in quotes of either kind, of one line or more (TOML 1.0, section String).
  void skip_text(char quote) {
    const std::string three(3, quote);
    const bool lines = text_.substr(at_, 3) == three;
    at_ += lines ? 3 : 1;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\' && quote == '"') {
        ++at_;
      } else if (lines ? text_.substr(at_, 3) == three : text_[at_] == quote) {
        at_ += lines ? 3 : 1;
        return;
      } else if (!lines && text_[at_] == '\n') {
        return;  // no text: toml++ says so
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

Status check_depth(std::string_view text, const std::string& name) {
  constexpr std::size_t kMostDots = 16;
  constexpr std::size_t kShown = 40;
  const auto begin = KeyDepth(text).find(kMostDots);
  if (!begin) return {};
  const auto line = 1 + std::ranges::count(text.substr(0, *begin), '\n');
  return fail(error(Errc::malformed, "convention-toml",
                    name + ":" + std::to_string(line) + ": a key of too many parts")
                  .at(std::string(text.substr(*begin, kShown)) + "…")
                  .accepts("keys of few parts: a convention's members are one or two deep"));
}

}  // namespace

Result<log::Genesis> parse_convention(std::string_view text, const std::string& name) {
  RELAIS_TRY(check_depth(text, name));
  try {
    const toml::table root = toml::parse(text, name);
    RELAIS_ASSIGN(log::Genesis genesis, read_root(root, name));
    genesis.convention_file = text;
    return genesis;
  } catch (const toml::parse_error& e) {
    return fail(error(Errc::malformed, "convention-toml",
                      name + ":" + std::to_string(e.source().begin.line) + ": " +
                          std::string(e.description()))
                    .accepts("TOML 1.0")
                    .from("https://toml.io/en/v1.0.0"));
  }
}

Result<log::Genesis> load_convention(const std::filesystem::path& file) {
  RELAIS_ASSIGN(const std::string text, read_file(file, kMaxConventionBytes));
  return parse_convention(text, file.string());
}

}  // namespace relais::cli
