#include "ledger/vault/pkcs11_key.h"

#include <array>
#include <charconv>
#include <vector>

#include "ledger/base/bytes.h"
#include "ledger/crypto/private_file.h"
#include "ledger/crypto/seal.h"

namespace relais::vault {
namespace {

constexpr std::size_t kKeyNumberBytes = 8;
constexpr std::size_t kIvBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kMaxPin = 256;
constexpr std::size_t kMaxTokenKeys = 16;

Error token_error(std::string what, CK_RV code) {
  std::array<char, 16> hex{};
  std::to_chars(hex.data(), hex.data() + hex.size() - 1, code, 16);
  return error(Errc::unavailable, "pkcs11-failed",
               std::move(what) + " (PKCS#11 error 0x" + hex.data() + ")")
      .at("--wrapping-key");
}

Error bad_uri(std::string what) {
  return error(Errc::invalid, "pkcs11-uri", std::move(what))
      .at("--wrapping-key")
      .accepts(
          "pkcs11:token=…;object=…?module-path=/…/module.so&pin-source=/…/file, the PIN in a file "
          "of mode 0600")
      .from("RFC 7512");
}

unsigned char* bytes_of(std::string_view s) {
  return reinterpret_cast<unsigned char*>(const_cast<char*>(s.data()));
}

struct Uri {
  P11KitUri* uri = p11_kit_uri_new();
  Uri() = default;
  Uri(const Uri&) = delete;
  Uri& operator=(const Uri&) = delete;
  ~Uri() { p11_kit_uri_free(uri); }
};

std::string label_of(P11KitUri* uri) {
  const CK_ATTRIBUTE* label = p11_kit_uri_get_attribute(uri, CKA_LABEL);
  if (label == nullptr || label->pValue == nullptr) return {};
  return {static_cast<const char*>(label->pValue), label->ulValueLen};
}

Result<std::string> read_pin(const char* source) {
  std::string path(source);
  if (path.starts_with("file:")) path.erase(0, 5);
  std::string pin;
  RELAIS_TRY(crypto::read_private_file(path, pin));
  while (!pin.empty() && (pin.back() == '\n' || pin.back() == '\r')) pin.pop_back();
  if (pin.empty() || pin.size() > kMaxPin) return fail(bad_uri("no PIN is in " + path));
  return pin;
}

/// The parameters of AES-GCM; what they point to outlives them.
CK_GCM_PARAMS gcm(std::string_view iv, std::string_view context) {
  return {bytes_of(iv), iv.size(), iv.size() * 8, bytes_of(context), context.size(), kTagBytes * 8};
}

}  // namespace

void Pkcs11Key::end_session() {
  if (in_session_) module_->C_CloseSession(session_);
  in_session_ = false;
}

Pkcs11Key::~Pkcs11Key() {
  end_session();
  if (initialized_) p11_kit_module_finalize(module_);
  if (module_ != nullptr) p11_kit_module_release(module_);
}

Result<std::unique_ptr<Pkcs11Key>> Pkcs11Key::connect(const std::string& text) {
  const Uri uri;
  if (p11_kit_uri_parse(text.c_str(), P11_KIT_URI_FOR_ANY, uri.uri) != P11_KIT_URI_OK)
    return fail(bad_uri("this is not a PKCS#11 URI"));
  std::unique_ptr<Pkcs11Key> key(new Pkcs11Key);
  key->label_ = label_of(uri.uri);
  const char* module = p11_kit_uri_get_module_path(uri.uri);
  const char* pin_source = p11_kit_uri_get_pin_source(uri.uri);
  if (key->label_.empty()) return fail(bad_uri("the URI names no object"));
  if (module == nullptr) return fail(bad_uri("the URI has no module-path"));
  if (p11_kit_uri_get_pin_value(uri.uri) != nullptr)
    return fail(bad_uri("a PIN in a command line is seen by everybody on the machine"));
  if (pin_source == nullptr) return fail(bad_uri("the URI has no pin-source"));
  RELAIS_TRY(read_pin(pin_source));
  key->uri_ = text;
  key->module_ = p11_kit_module_load(module, 0);
  if (key->module_ == nullptr)
    return fail(error(Errc::unavailable, "pkcs11-module", std::string("cannot load ") + module)
                    .at("--wrapping-key"));
  if (const CK_RV code = p11_kit_module_initialize(key->module_); code != CKR_OK)
    return fail(token_error("the module does not start", code));
  key->initialized_ = true;
  RELAIS_TRY(key->begin_session());
  return key;
}

/// The PIN is read for the moment that it takes, at every session anew: nothing keeps it.
Status Pkcs11Key::begin_session() {
  const Uri uri;
  if (p11_kit_uri_parse(uri_.c_str(), P11_KIT_URI_FOR_ANY, uri.uri) != P11_KIT_URI_OK)
    return fail(bad_uri("this is not a PKCS#11 URI"));
  RELAIS_ASSIGN(const std::string pin, read_pin(p11_kit_uri_get_pin_source(uri.uri)));
  CK_ULONG count = 0;
  if (const CK_RV code = module_->C_GetSlotList(CK_TRUE, nullptr, &count); code != CKR_OK)
    return fail(token_error("the tokens cannot be listed", code));
  std::vector<CK_SLOT_ID> slots(count);
  if (const CK_RV code = module_->C_GetSlotList(CK_TRUE, slots.data(), &count); code != CKR_OK)
    return fail(token_error("the tokens cannot be listed", code));
  for (const CK_SLOT_ID slot : slots) {
    CK_TOKEN_INFO info{};
    if (module_->C_GetTokenInfo(slot, &info) != CKR_OK) continue;
    if (p11_kit_uri_match_token_info(uri.uri, &info) == 0) continue;
    const CK_FLAGS flags = CKF_SERIAL_SESSION | CKF_RW_SESSION;
    if (const CK_RV code = module_->C_OpenSession(slot, flags, nullptr, nullptr, &session_);
        code != CKR_OK)
      return fail(token_error("the token takes no session", code));
    in_session_ = true;
    const CK_RV code = module_->C_Login(session_, CKU_USER, bytes_of(pin), pin.size());
    if (code == CKR_OK || code == CKR_USER_ALREADY_LOGGED_IN) return {};
    return fail(token_error("the token does not take the PIN", code));
  }
  return fail(bad_uri("no token is there that the URI names"));
}

namespace {

/// That the session, or the token, is not there any more; what was asked for was not done.
bool dropped(CK_RV code) {
  switch (code) {
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_DEVICE_REMOVED:
    case CKR_DEVICE_ERROR:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_KEY_HANDLE_INVALID:
    case CKR_OBJECT_HANDLE_INVALID:
      return true;
    default:
      return false;
  }
}

}  // namespace

Status Pkcs11Key::begin_again() {
  end_session();
  RELAIS_TRY(begin_session());
  return find_keys();
}

Status Pkcs11Key::with_session(std::string_view what, const std::function<CK_RV()>& work) {
  CK_RV code = work();
  if (dropped(code)) {
    RELAIS_TRY(begin_again());
    code = work();
  }
  if (code != CKR_OK) return fail(token_error(std::string(what), code));
  return {};
}

Status Pkcs11Key::find_keys() {
  CK_OBJECT_CLASS kind = CKO_SECRET_KEY;
  std::array<CK_ATTRIBUTE, 2> wanted{
      CK_ATTRIBUTE{CKA_CLASS, &kind, sizeof kind},
      CK_ATTRIBUTE{CKA_LABEL, bytes_of(label_), label_.size()},
  };
  if (const CK_RV code = module_->C_FindObjectsInit(session_, wanted.data(), wanted.size());
      code != CKR_OK)
    return fail(token_error("the token's keys cannot be listed", code));
  std::array<CK_OBJECT_HANDLE, kMaxTokenKeys> found{};
  CK_ULONG count = 0;
  const CK_RV code = module_->C_FindObjects(session_, found.data(), found.size(), &count);
  module_->C_FindObjectsFinal(session_);
  if (code != CKR_OK) return fail(token_error("the token's keys cannot be listed", code));
  keys_.clear();
  for (CK_ULONG i = 0; i < count; ++i) {
    std::array<char, kKeyNumberBytes> id{};
    CK_ATTRIBUTE attribute{CKA_ID, id.data(), id.size()};
    const CK_RV got = module_->C_GetAttributeValue(session_, found[i], &attribute, 1);
    if (got == CKR_OK && attribute.ulValueLen == id.size())
      keys_.emplace(load_be<std::uint64_t>({id.data(), id.size()}), found[i]);
  }
  return {};
}

Status Pkcs11Key::create(std::uint64_t number) {
  std::string id;
  append_be(id, number);
  CK_BBOOL yes = CK_TRUE;
  CK_BBOOL no = CK_FALSE;
  CK_ULONG bytes = crypto::SecretKey::kBytes;
  std::array<CK_ATTRIBUTE, 9> attributes{
      CK_ATTRIBUTE{CKA_TOKEN, &yes, sizeof yes},
      CK_ATTRIBUTE{CKA_PRIVATE, &yes, sizeof yes},
      CK_ATTRIBUTE{CKA_SENSITIVE, &yes, sizeof yes},
      CK_ATTRIBUTE{CKA_EXTRACTABLE, &no, sizeof no},
      CK_ATTRIBUTE{CKA_ENCRYPT, &yes, sizeof yes},
      CK_ATTRIBUTE{CKA_DECRYPT, &yes, sizeof yes},
      CK_ATTRIBUTE{CKA_VALUE_LEN, &bytes, sizeof bytes},
      CK_ATTRIBUTE{CKA_LABEL, bytes_of(label_), label_.size()},
      CK_ATTRIBUTE{CKA_ID, bytes_of(id), id.size()},
  };
  CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
  CK_OBJECT_HANDLE handle = 0;
  RELAIS_TRY(with_session("the token makes no key", [&]() -> CK_RV {
    // Made, and then the session was dropped: two of one number would not be told apart.
    if (const auto made = keys_.find(number); made != keys_.end()) {
      handle = made->second;
      return CKR_OK;
    }
    return module_->C_GenerateKey(session_, &mechanism, attributes.data(), attributes.size(),
                                  &handle);
  }));
  keys_[number] = handle;
  return {};
}

Result<std::unique_ptr<WrappingKey>> Pkcs11Key::open(const std::string& uri) {
  RELAIS_ASSIGN(auto key, connect(uri));
  RELAIS_TRY(key->find_keys());
  if (key->keys_.empty())
    return fail(error(Errc::not_found, "key-file", "there is no wrapping key " + key->label_)
                    .at("--wrapping-key")
                    .accepts("the token and the object that this ledger was made with"));
  return std::unique_ptr<WrappingKey>(std::move(key));
}

Result<std::unique_ptr<WrappingKey>> Pkcs11Key::make(const std::string& uri) {
  RELAIS_ASSIGN(auto key, connect(uri));
  RELAIS_TRY(key->find_keys());
  if (!key->keys_.empty())
    return fail(
        error(Errc::conflict, "wrapping-key-exists",
              "the token has a key " + key->label_ + " already, and it may be another ledger's")
            .at("--wrapping-key")
            .accepts("an object that is not there yet"));
  RELAIS_TRY(key->create(1));
  return std::unique_ptr<WrappingKey>(std::move(key));
}

Error Pkcs11Key::not_there() const {
  return error(Errc::unavailable, "wrapping-key-other",
               place() + " does not have the key that wrapped this ledger's")
      .at("--wrapping-key")
      .accepts("the token and the object that this ledger last used");
}

/// There is one, but where another token has come back in the place of the one that was pulled out.
Result<std::uint64_t> Pkcs11Key::newest() const {
  if (keys_.empty()) return fail(not_there());
  return keys_.rbegin()->first;
}

Result<std::string> Pkcs11Key::wrap(std::string_view secret, std::string_view context) {
  RELAIS_ASSIGN(const std::uint64_t number, newest());
  std::string out;
  append_be(out, number);
  out.append(crypto::SecretKey::random().view().substr(0, kIvBytes));
  const std::string bound = out.substr(0, kKeyNumberBytes) + std::string(context);
  CK_GCM_PARAMS parameters = gcm(std::string_view(out).substr(kKeyNumberBytes, kIvBytes), bound);
  CK_MECHANISM mechanism{CKM_AES_GCM, &parameters, sizeof parameters};
  std::string sealed(secret.size() + kTagBytes, '\0');
  CK_ULONG size = 0;
  RELAIS_TRY(with_session("the token does not wrap", [&]() -> CK_RV {
    const auto key = keys_.find(number);
    if (key == keys_.end()) return CKR_KEY_HANDLE_INVALID;
    const CK_RV begun = module_->C_EncryptInit(session_, &mechanism, key->second);
    if (begun != CKR_OK) return begun;
    size = sealed.size();
    return module_->C_Encrypt(session_, bytes_of(secret), secret.size(), bytes_of(sealed), &size);
  }));
  if (size != sealed.size()) return fail(token_error("the token does not wrap", CKR_OK));
  return out + sealed;
}

Result<std::string> Pkcs11Key::unwrap(std::string_view wrapped, std::string_view context) {
  const std::size_t head = kKeyNumberBytes + kIvBytes;
  if (wrapped.size() < head + kTagBytes || wrapped.size() > head + kTagBytes + kMaxWrapped)
    return fail(Errc::corrupt, "wrapping-key-broken", "what a token wrapped has another size");
  const auto number = load_be<std::uint64_t>(wrapped);
  if (!keys_.contains(number)) return fail(not_there());
  const std::string bound = std::string(wrapped.substr(0, kKeyNumberBytes)) + std::string(context);
  CK_GCM_PARAMS parameters = gcm(wrapped.substr(kKeyNumberBytes, kIvBytes), bound);
  CK_MECHANISM mechanism{CKM_AES_GCM, &parameters, sizeof parameters};
  const std::string_view sealed = wrapped.substr(head);
  std::string secret(sealed.size(), '\0');  // the module may want the room of the tag too
  CK_ULONG size = 0;
  CK_RV opened = CKR_OK;  // of what was sealed: that it is broken says nothing of the session
  RELAIS_TRY(with_session("the token does not unwrap", [&]() -> CK_RV {
    const auto key = keys_.find(number);
    if (key == keys_.end()) return CKR_KEY_HANDLE_INVALID;
    const CK_RV begun = module_->C_DecryptInit(session_, &mechanism, key->second);
    if (begun != CKR_OK) return begun;
    size = secret.size();
    opened = module_->C_Decrypt(session_, bytes_of(sealed), sealed.size(), bytes_of(secret), &size);
    return dropped(opened) ? opened : CKR_OK;
  }));
  if (opened != CKR_OK || size + kTagBytes != sealed.size())
    return fail(Errc::corrupt, "wrapping-key-broken", "what the token wrapped is not what it was");
  secret.resize(size);
  return secret;
}

Status Pkcs11Key::renew() {
  if (keys_.size() >= kMaxTokenKeys - 1)
    return fail(Errc::conflict, "wrapping-key-old", "too many old keys are in the token still");
  RELAIS_ASSIGN(const std::uint64_t number, newest());
  return create(number + 1);
}

Status Pkcs11Key::destroy_one(std::uint64_t number) {
  RELAIS_TRY(with_session("the token does not destroy a key", [&]() -> CK_RV {
    const auto key = keys_.find(number);
    // Gone: it was destroyed, and then the session was dropped.
    return key == keys_.end() ? CKR_OK : module_->C_DestroyObject(session_, key->second);
  }));
  keys_.erase(number);
  return {};
}

Status Pkcs11Key::destroy_others(std::string_view wrapped) {
  const std::uint64_t kept = wrapped.size() < kKeyNumberBytes
                                 ? 0
                                 : load_be<std::uint64_t>(wrapped.substr(0, kKeyNumberBytes));
  if (!keys_.contains(kept))
    return fail(Errc::corrupt, "wrapping-key-other", "none of the keys has wrapped this");
  while (keys_.size() > 1)
    RELAIS_TRY(
        destroy_one(keys_.begin()->first == kept ? keys_.rbegin()->first : keys_.begin()->first));
  return {};
}

Status Pkcs11Key::destroy() {
  while (!keys_.empty()) RELAIS_TRY(destroy_one(keys_.begin()->first));
  return {};
}

}  // namespace relais::vault
