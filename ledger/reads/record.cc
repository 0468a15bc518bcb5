#include "ledger/reads/record.h"

#include "ledger/base/archive.h"
#include "ledger/base/json.h"
#include "ledger/base/json_writer.h"
#include "ledger/crypto/base64.h"
#include "ledger/crypto/sha256.h"
#include "ledger/merkle/tile.h"

namespace relais::reads {
namespace {

constexpr std::size_t kSaltBytes = 16;
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kTimeBytes = 8;

std::string digest_of(std::string_view part) {
  return crypto::base64url_encode(view(crypto::sha256(part)));
}

void write_indices(JsonWriter& json, std::string_view name, const std::vector<LogIndex>& indices) {
  json.key(name).begin_array();
  for (const LogIndex index : indices) json.number(index.value);
  json.end_array();
}

std::string write_look(std::string_view salt, const CaseLook& look) {
  std::string text;
  JsonWriter json(text);
  json.begin_object().member("salt", salt);
  if (look.case_id) json.member("case", *look.case_id);
  if (look.emergency) json.member("emergency", look.emergency->value);
  json.end_object();
  return text;
}

std::string write_detail(std::string_view salt, const CaseLook& look) {
  std::string text;
  text.reserve(96 + 8 * look.events.size());
  JsonWriter json(text);
  json.begin_object().member("salt", salt).member("items", look.items);
  write_indices(json, "events", look.events);
  write_indices(json, "disclosed", look.disclosed);
  json.end_object();
  return text;
}

void write_texts(JsonWriter& json, std::string_view name, const std::vector<std::string>& texts) {
  json.key(name).begin_array();
  for (const std::string& text : texts) json.text(text);
  json.end_array();
}

std::string write_text(const RecordText& record) {
  const Reader& r = record.reader;
  std::string text;
  text.reserve(320 + 92 * record.looks.size());
  JsonWriter json(text);
  json.begin_object().member("v", kVersion).member("nonce", record.nonce);
  json.member("kid", crypto::base64url_encode(view(r.kid.bytes)));
  json.member("signatory", r.signatory).member("token", r.token).member("purpose", r.purpose);
  json.member("route", r.route).member("status", r.status);
  write_texts(json, "looks", record.looks);
  write_texts(json, "details", record.details);
  json.end_object();
  return text;
}

std::unexpected<Error> bad_form(std::string rule, std::string what) {
  return fail(Errc::corrupt, std::move(rule), std::move(what));
}

/// Members of a JSON object as they are expected; what is missing or of another kind is noticed
/// when the bytes are compared with those that the values give.
class Members {
 public:
  explicit Members(const json::object& o) : o_(o) {}
  std::string text(std::string_view name) const {
    const auto* found = json::find_string(o_, name);
    return found == nullptr ? std::string() : std::string(found->data(), found->size());
  }
  std::optional<std::uint64_t> number(std::string_view name) const {
    const json::value* found = o_.if_contains(name);
    return found == nullptr ? std::nullopt : to_number(*found);
  }
  std::vector<LogIndex> indices(std::string_view name) const {
    std::vector<LogIndex> indices;
    for (const json::value& v : array(name)) indices.emplace_back(to_number(v).value_or(0));
    return indices;
  }
  std::vector<std::string> texts(std::string_view name) const {
    std::vector<std::string> texts;
    for (const json::value& v : array(name)) {
      const auto* text = v.if_string();
      texts.emplace_back(text == nullptr ? std::string() : std::string(text->data(), text->size()));
    }
    return texts;
  }

 private:
  static std::optional<std::uint64_t> to_number(const json::value& v) {
    if (const auto* i = v.if_int64(); i != nullptr && *i >= 0)
      return static_cast<std::uint64_t>(*i);
    if (const auto* u = v.if_uint64()) return *u;
    return std::nullopt;
  }
  const json::array& array(std::string_view name) const {
    static const json::array kNone;
    const json::value* found = o_.if_contains(name);
    return found != nullptr && found->is_array() ? found->get_array() : kNone;
  }
  const json::object& o_;
};

bool is_salt(const std::string& text) {
  const auto bytes = crypto::base64url_decode(text);
  return bytes && bytes->size() == kSaltBytes;
}

std::unexpected<Error> bad_part() {
  return bad_form("read-part-form", "a part of a read is not of the form that is written");
}

/// Reads both parts of a case into one.
Result<CaseLook> parse_parts(std::string_view look_text, std::string_view detail_text) {
  const auto look_value = json::parse(look_text);
  const auto detail_value = json::parse(detail_text);
  if (!look_value || !look_value->is_object() || !detail_value || !detail_value->is_object())
    return bad_part();
  CaseLook look;
  const Members which(look_value->as_object());
  if (const std::string id = which.text("case"); !id.empty()) look.case_id = parse_uuid(id);
  if (const auto index = which.number("emergency")) look.emergency = LogIndex{*index};
  const Members what(detail_value->as_object());
  look.items = what.number("items").value_or(0);
  look.events = what.indices("events");
  look.disclosed = what.indices("disclosed");
  const std::string salts[2] = {which.text("salt"), what.text("salt")};
  if (!is_salt(salts[0]) || !is_salt(salts[1]) || write_look(salts[0], look) != look_text ||
      write_detail(salts[1], look) != detail_text)
    return bad_part();
  return look;
}

bool have_digests(const std::vector<std::string>& parts, const std::vector<std::string>& digests) {
  if (parts.size() != digests.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i)
    if (digest_of(parts[i]) != digests[i]) return false;
  return true;
}

}  // namespace

Result<Record> make_record(Reader reader, std::vector<CaseLook> cases, Random& random) {
  const auto too_large = [](const std::string& what) {
    return fail(error(Errc::too_large, "read-record-size", "an answer gives too much: " + what)
                    .accepts("smaller pages"));
  };
  if (cases.size() > kMaxCases) return too_large("too many cases");
  std::vector<std::uint8_t> bytes(kSaltBytes * (2 * cases.size() + 1));
  random.fill(bytes);
  const auto salt = [&](std::size_t i) {
    return crypto::base64url_encode(
        {reinterpret_cast<const char*>(bytes.data()) + kSaltBytes * i, kSaltBytes});
  };
  Record record{std::move(reader), std::move(cases), {}, {}, {}};
  RecordText text{record.reader, salt(0), {}, {}};
  for (std::size_t i = 0; i < record.cases.size(); ++i) {
    const CaseLook& look = record.cases[i];
    if (look.events.size() > kMaxEvents) return too_large("too many events");
    record.looks.push_back(write_look(salt(2 * i + 1), look));
    record.details.push_back(write_detail(salt(2 * i + 2), look));
    text.looks.push_back(digest_of(record.looks.back()));
    text.details.push_back(digest_of(record.details.back()));
  }
  record.text = write_text(text);
  if (record.text.size() > merkle::kMaxEntryBytes - kTimeBytes) return too_large("its record");
  return record;
}

Result<RecordText> parse_record_text(std::string_view text) {
  const auto value = json::parse(text);
  if (!value || !value->is_object())
    return bad_form("read-form", "an entry of the log of reads is not a JSON object");
  const Members members(value->as_object());
  RecordText record;
  Reader& r = record.reader;
  const auto kid = crypto::base64url_decode(members.text("kid"));
  if (!kid || kid->size() != sizeof(Hash)) return bad_form("read-form", "it names no key");
  r.kid = KeyId{to_hash(*kid)};
  r.signatory = members.text("signatory");
  r.token = members.text("token");
  r.purpose = members.text("purpose");
  r.route = members.text("route");
  r.status = static_cast<std::uint32_t>(members.number("status").value_or(0));
  record.nonce = members.text("nonce");
  record.looks = members.texts("looks");
  record.details = members.texts("details");
  if (!is_salt(record.nonce) || record.looks.size() != record.details.size() ||
      write_text(record) != text)
    return bad_form("read-form", "it is not of the form that is written");
  return record;
}

Result<Record> parse_record(std::string_view text, std::vector<std::string> looks,
                            std::vector<std::string> details) {
  RELAIS_ASSIGN(RecordText parsed, parse_record_text(text));
  if (!have_digests(looks, parsed.looks) || !have_digests(details, parsed.details))
    return bad_form("read-part-digest", "the parts of a read are not those that it signs");
  Record record{
      std::move(parsed.reader), {}, std::string(text), std::move(looks), std::move(details)};
  for (std::size_t i = 0; i < record.looks.size(); ++i) {
    RELAIS_ASSIGN(CaseLook look, parse_parts(record.looks[i], record.details[i]));
    record.cases.push_back(std::move(look));
  }
  return record;
}

std::string encode_parts(const Record& record) {
  std::vector<std::string> all = record.looks;
  all.insert(all.end(), record.details.begin(), record.details.end());
  return encode(all);
}

std::optional<Parts> decode_parts(std::string_view bytes) {
  auto all = decode<std::vector<std::string>>(bytes);
  if (!all || all->size() % 2 != 0) return std::nullopt;
  const auto half = all->begin() + static_cast<std::ptrdiff_t>(all->size() / 2);
  return Parts{{all->begin(), half}, {half, all->end()}};
}

std::string entry_bytes(Timestamp received_at, std::string_view text) {
  std::string entry;
  entry.reserve(kTimeBytes + text.size());
  append_be(entry, static_cast<std::uint64_t>(received_at.value));
  entry.append(text);
  return entry;
}

Result<EntryView> parse_entry(std::string_view entry) {
  if (entry.size() <= kTimeBytes || entry.size() > merkle::kMaxEntryBytes)
    return bad_form("read-form", "an entry has an impossible size");
  return EntryView{Timestamp{static_cast<std::int64_t>(load_be<std::uint64_t>(entry))},
                   entry.substr(kTimeBytes)};
}

}  // namespace relais::reads
