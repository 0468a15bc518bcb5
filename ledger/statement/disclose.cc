// The processing of an SD-JWT's payload and disclosures (RFC 9901, section 7.1).
#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include "ledger/crypto/base64.h"
#include "ledger/statement/formats.h"
#include "ledger/statement/sd_jwt.h"

namespace relais::statement {
namespace {

constexpr std::string_view kDigests = "_sd";
constexpr std::string_view kAlgorithm = "_sd_alg";
constexpr std::string_view kElement = "...";
constexpr std::string_view kSource = "RFC 9901, section 7.1";
/// 128 bits at six a character of base64url (section 9.3).
constexpr std::size_t kMinSaltText = 22;

std::string_view view_of(const boost::json::string& s) {
  return {s.data(), s.size()};
}

std::unexpected<Error> bad(std::string rule, std::string message, std::string field,
                           std::string accepted = {}) {
  return fail(error(Errc::malformed, std::move(rule), std::move(message))
                  .at(std::move(field))
                  .accepts(std::move(accepted))
                  .from(std::string(kSource)));
}

/// A disclosure taken apart.
struct Parsed {
  std::string_view text;
  bool member = false;  ///< [salt, name, value]; otherwise [salt, value]
  boost::json::string name;
  json::value value;
  bool placed = false;
  std::string path;  ///< where it was put
};

Result<Parsed> parse_disclosure(std::string_view text, const std::string& field) {
  if (text.size() > kMaxDisclosureBytes)
    return fail(error(Errc::too_large, "sd-disclosure-size", "a disclosure is too long").at(field));
  const auto bytes = crypto::base64url_decode(text);
  if (!bytes || !is_ascii(text))
    return bad("sd-disclosure-form", "a disclosure is not base64url", field,
               "unpadded base64url of a JSON array");
  auto parsed = json::parse(*bytes);
  if (!parsed) return fail(std::move(parsed.error()).at(field));
  json::array* parts = parsed->if_array();
  if (parts == nullptr || (parts->size() != 2 && parts->size() != 3))
    return bad("sd-disclosure-form", "a disclosure is not an array of two or three", field,
               "[salt, name, value] or [salt, value]");
  const boost::json::string* salt = (*parts)[0].if_string();
  if (salt == nullptr || salt->size() < kMinSaltText)
    return bad("sd-salt", "the salt of a disclosure is no text of 128 bits", field,
               "base64url of at least 16 random bytes");
  Parsed out;
  out.text = text;
  out.member = parts->size() == 3;
  if (out.member) {
    boost::json::string* name = (*parts)[1].if_string();
    if (name == nullptr)
      return bad("sd-disclosure-form", "the name in a disclosure is not a string", field);
    if (*name == kDigests || *name == kElement || *name == kAlgorithm)
      return bad("sd-name", "a disclosure takes a reserved name", field,
                 "any name but _sd, _sd_alg and ...");
    out.name = std::move(*name);
  }
  out.value = std::move(parts->back());
  return out;
}

class Processor {
 public:
  Status read_disclosures(const std::vector<std::string_view>& disclosures) {
    if (disclosures.size() > kMaxDisclosures)
      return fail(error(Errc::too_large, "sd-disclosure-count", "too many disclosures")
                      .accepts("at most " + std::to_string(kMaxDisclosures)));
    parsed_.reserve(disclosures.size());
    for (std::size_t i = 0; i < disclosures.size(); ++i) {
      RELAIS_ASSIGN(Parsed parsed, parse_disclosure(disclosures[i], field_of(i)));
      parsed_.push_back(std::move(parsed));
      if (!by_digest_.emplace(disclosure_digest(disclosures[i]), i).second)
        return bad("sd-disclosure-repeated", "a disclosure is given twice", field_of(i));
    }
    return {};
  }

  Status walk_top(json::object& payload) {
    if (const json::value* algorithm = payload.if_contains(kAlgorithm)) {
      const boost::json::string* name = algorithm->if_string();
      if (name == nullptr || *name != "sha-256")
        return bad("sd-algorithm", "the digests are of an algorithm that is not accepted",
                   std::string(kAlgorithm), "sha-256");
      payload.stable_erase(kAlgorithm);
    }
    return walk(payload, 1, true);
  }

  Result<Processed> finish(json::object payload) {
    std::ranges::sort(digests_);
    if (std::ranges::adjacent_find(digests_) != digests_.end()) return repeated();
    // Made with it, since an object that is given another one of other memory copies it.
    Processed out{.payload = std::move(payload), .digest_paths = std::move(digest_paths_)};
    for (std::size_t i = 0; i < parsed_.size(); ++i) {
      Parsed& p = parsed_[i];
      if (!p.placed)
        return bad("sd-disclosure-unreferenced", "no digest refers to a disclosure", field_of(i),
                   "disclosures whose digest is in the signed payload");
      out.disclosed.push_back({std::move(p.path), std::string(p.text)});
    }
    out.digests = digests_.size();
    out.withheld = digests_.size() - parsed_.size();
    return out;
  }

 private:
  static std::string field_of(std::size_t index) {
    return "disclosure " + std::to_string(index + 1);
  }

  std::unexpected<Error> repeated() const {
    return bad("sd-digest-repeated", "a digest appears twice", path_, "each digest once");
  }

  /// `is_signed`: the value stands in the payload itself, not in a disclosure.
  Status walk(json::value& value, std::size_t depth, bool is_signed) {
    if (!value.is_structured()) return {};
    if (depth > json::kMaxDepth)
      return bad("json-depth", "disclosures nest values too deep", path_, "at most 32 levels");
    if (json::object* object = value.if_object()) return walk(*object, depth, is_signed);
    return walk(value.get_array(), depth, is_signed);
  }

  Status walk(json::object& object, std::size_t depth, bool is_signed) {
    if (object.contains(kElement))
      return bad("sd-form", "a member is named ...", path_, "... only in place of an element");
    std::optional<json::value> digests;
    if (json::value* found = object.if_contains(kDigests)) {
      digests = std::move(*found);
      object.stable_erase(kDigests);
    }
    const std::size_t length = path_.size();
    for (auto& member : object) {
      if (!member.value().is_structured()) continue;
      push_name({member.key().data(), member.key().size()}, depth);
      RELAIS_TRY(walk(member.value(), depth + 1, is_signed));
      path_.resize(length);
    }
    return digests ? place_members(object, *digests, depth, is_signed) : Status{};
  }

  Status place_members(json::object& object, const json::value& digests, std::size_t depth,
                       bool is_signed) {
    const json::array* list = digests.if_array();
    if (list == nullptr) return bad("sd-form", "_sd is not an array", path_, "an array of digests");
    const std::size_t length = path_.size();
    for (const json::value& digest : *list) {
      RELAIS_ASSIGN(Parsed * found, take_digest(digest, is_signed));
      if (found == nullptr) continue;
      if (!found->member)
        return bad("sd-disclosure-form", "a member's disclosure has no name", path_,
                   "[salt, name, value]");
      if (object.contains(found->name))
        return bad("sd-name-collision", "a disclosure names a member that stands there already",
                   path_);
      push_name({found->name.data(), found->name.size()}, depth);
      RELAIS_TRY(place(*found, depth));
      path_.resize(length);
      object.emplace(found->name, std::move(found->value));
    }
    return {};
  }

  Status walk(json::array& array, std::size_t depth, bool is_signed) {
    const std::size_t length = path_.size();
    std::size_t kept = 0;
    for (std::size_t i = 0; i < array.size(); ++i) {
      path_.append("[").append(std::to_string(kept)).append("]");
      const json::object* object = array[i].if_object();
      if (object != nullptr && object->contains(kElement)) {
        RELAIS_ASSIGN(Parsed * found, take_element(*object, length, is_signed));
        if (found != nullptr) {
          RELAIS_TRY(place(*found, depth));
          array[kept++] = std::move(found->value);
        }
      } else {
        RELAIS_TRY(walk(array[i], depth + 1, is_signed));
        if (kept != i) array[kept] = std::move(array[i]);
        ++kept;
      }
      path_.resize(length);
    }
    array.erase(array.begin() + static_cast<std::ptrdiff_t>(kept), array.end());
    return {};
  }

  /// {"...": digest} with nothing beside it (section 4.2.4.2). The digest's path is the array's, of
  /// `length` bytes.
  Result<Parsed*> take_element(const json::object& object, std::size_t length, bool is_signed) {
    if (object.size() != 1)
      return bad("sd-form", "something stands beside an element's digest", path_,
                 "{\"...\": digest}");
    const std::string element = path_;
    path_.resize(length);
    RELAIS_ASSIGN(Parsed * found, take_digest(object.begin()->value(), is_signed));
    path_ = element;
    if (found != nullptr && found->member)
      return bad("sd-disclosure-form", "an element's disclosure has a name", path_,
                 "[salt, value]");
    return found;
  }

  /// Notes a digest; gives the disclosure it stands for, or nullptr where it is withheld.
  Result<Parsed*> take_digest(const json::value& digest, bool is_signed) {
    const boost::json::string* text = digest.if_string();
    if (text == nullptr)
      return bad("sd-form", "a digest is not a string", path_, "base64url of a SHA-256 digest");
    const auto bytes = crypto::base64url_decode(view_of(*text));
    if (!bytes || bytes->size() != sizeof(Hash) || !is_ascii(view_of(*text)))
      return bad("sd-digest-form", "a digest is not that of SHA-256", path_,
                 "base64url of 32 bytes");
    digests_.push_back(to_hash(*bytes));
    if (is_signed) digest_paths_.push_back(path_);
    if (by_digest_.empty()) return nullptr;
    const auto found = by_digest_.find(std::string(view_of(*text)));
    if (found == by_digest_.end()) return nullptr;
    Parsed& parsed = parsed_[found->second];
    if (parsed.placed) return repeated();
    return &parsed;
  }

  /// The path is that of the value's place; what stands in the value is processed in its turn.
  Status place(Parsed& parsed, std::size_t depth) {
    parsed.placed = true;
    parsed.path = path_;
    return walk(parsed.value, depth + 1, false);
  }

  void push_name(std::string_view name, std::size_t depth) {
    if (depth > 1) path_.push_back('.');
    path_.append(name);
  }

  std::vector<Parsed> parsed_;
  std::unordered_map<std::string, std::size_t> by_digest_;
  std::vector<Hash> digests_;
  std::vector<std::string> digest_paths_;
  std::string path_;
};

}  // namespace

std::optional<std::string> disclosed_name(std::string_view text) {
  const auto parsed = parse_disclosure(text, {});
  if (!parsed || !parsed->member) return std::nullopt;
  return std::string(parsed->name.data(), parsed->name.size());
}

Result<Processed> process_sd_jwt(json::object payload,
                                 const std::vector<std::string_view>& disclosures) {
  Processor processor;
  RELAIS_TRY(processor.read_disclosures(disclosures));
  RELAIS_TRY(processor.walk_top(payload));
  return processor.finish(std::move(payload));
}

}  // namespace relais::statement
