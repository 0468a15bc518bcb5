#include "cli/sealing.h"

#include "cli/files.h"
#include "ledger/base/json.h"

namespace relais::cli {
namespace {

constexpr std::size_t kMaxSealingKeyFile = std::size_t{16} * 1024;

Result<crypto::SealingKey> sealing_key(const std::string& name) {
  if (auto key = crypto::parse_sealing_key(name)) return key;
  RELAIS_ASSIGN(const std::string text, read_file(name, kMaxSealingKeyFile));
  auto key = crypto::parse_sealing_jwk(text);
  if (!key) return fail(std::move(key.error()).at(name));
  return key;
}

bool is_json(std::string_view line) {
  return line.starts_with('{');
}

}  // namespace

Result<std::vector<crypto::SealingKey>> sealing_keys(const std::vector<std::string>& names) {
  std::vector<crypto::SealingKey> keys;
  for (const std::string& name : names) {
    RELAIS_ASSIGN(const crypto::SealingKey key, sealing_key(name));
    keys.push_back(key);
  }
  return keys;
}

Result<statement::Statement> read_submission(std::string_view line) {
  while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
  RELAIS_ASSIGN(const std::string sd_jwt, sd_jwt_of(std::string(line)));
  RELAIS_ASSIGN(statement::Statement out, statement::parse_submission(sd_jwt));
  if (!is_json(line)) return out;
  RELAIS_ASSIGN(const json::value value, json::parse(line));
  const json::value* list = value.get_object().if_contains("sealed");
  if (list == nullptr || !list->is_array())
    return fail(error(Errc::malformed, "submission-form", "there is nothing sealed in the file")
                    .at("sealed")
                    .accepts("a list of JWEs"));
  // One by one: more copies are kept than a statement may come with.
  for (const json::value& jwe : list->get_array()) {
    RELAIS_ASSIGN(statement::Sealed sealed, statement::parse_sealed(jwe));
    RELAIS_TRY(statement::check_sealed(out, sealed));
    out.sealed.push_back(std::move(sealed));
  }
  return out;
}

Result<std::string> sd_jwt_of(const std::string& line) {
  if (!is_json(line)) return line;
  RELAIS_ASSIGN(const json::value value, json::parse(line));
  const json::object* o = value.if_object();
  const auto* text = o == nullptr ? nullptr : json::find_string(*o, "statement");
  if (text == nullptr)
    return fail(error(Errc::malformed, "submission-form", "a line of JSON is no statement")
                    .accepts(R"({"statement":"<sd-jwt>","sealed":[<JWE>, …]})"));
  return std::string(text->data(), text->size());
}

}  // namespace relais::cli
