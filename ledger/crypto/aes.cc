#include "ledger/crypto/aes.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <limits>
#include <memory>

#include "ledger/base/check.h"
#include "ledger/crypto/sha256.h"

namespace relais::crypto {
namespace {

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

Context new_context() {
  Context context(EVP_CIPHER_CTX_new());
  check(context != nullptr, "OpenSSL gives no cipher context");
  return context;
}

/// Once a process, and kept until it ends, as the hash is.
const EVP_CIPHER* fetch(const char* name) {
  const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  check(cipher != nullptr, std::string("OpenSSL offers no ") + name);
  return cipher;
}
const EVP_CIPHER* key_wrap() {
  static const EVP_CIPHER* const cipher = fetch("AES-256-WRAP");
  return cipher;
}
const EVP_CIPHER* gcm() {
  static const EVP_CIPHER* const cipher = fetch("AES-256-GCM");
  return cipher;
}

const unsigned char* data_at(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* data_at(std::string& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

int length(std::string_view bytes) {
  check(bytes.size() <= std::size_t{std::numeric_limits<int>::max()}, "a text beyond 2 GiB");
  return static_cast<int>(bytes.size());
}

void append_field(std::string& out, std::string_view value) {
  append_be(out, static_cast<std::uint32_t>(value.size()));
  out.append(value);
}

}  // namespace

std::string concat_kdf(const Hash& secret, std::string_view algorithm, std::string_view apu,
                       std::string_view apv, std::uint32_t bits) {
  check(bits % 8 == 0 && bits / 8 <= sizeof(Hash), "a key of more than one block of the KDF");
  std::string counter;
  append_be(counter, std::uint32_t{1});
  std::string other;
  append_field(other, algorithm);
  append_field(other, apu);
  append_field(other, apv);
  append_be(other, bits);
  Hash block = sha256({counter, view(secret), other});
  std::string key(view(block).substr(0, bits / 8));
  sodium_memzero(block.data(), block.size());
  return key;
}

std::string wrap_key(const Hash& kek, const Hash& key) {
  const Context context = new_context();
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  std::string wrapped(kWrappedKeyBytes, '\0');
  int written = 0;
  const bool ok =
      EVP_EncryptInit_ex2(context.get(), key_wrap(), kek.data(), nullptr, nullptr) == 1 &&
      EVP_EncryptUpdate(context.get(), data_at(wrapped), &written, key.data(), length(view(key))) ==
          1;
  check(ok && written == length(wrapped), "AES key wrap failed");
  return wrapped;
}

std::optional<Hash> unwrap_key(const Hash& kek, std::string_view wrapped) {
  if (wrapped.size() != kWrappedKeyBytes) return std::nullopt;
  const Context context = new_context();
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  std::string key(kWrappedKeyBytes, '\0');
  int written = 0;
  check(EVP_DecryptInit_ex2(context.get(), key_wrap(), kek.data(), nullptr, nullptr) == 1,
        "AES key unwrap cannot start");
  const bool ok = EVP_DecryptUpdate(context.get(), data_at(key), &written, data_at(wrapped),
                                    length(wrapped)) == 1 &&
                  written == sizeof(Hash);
  std::optional<Hash> out;
  if (ok) out = to_hash(key);
  sodium_memzero(key.data(), key.size());
  return out;
}

GcmText gcm_encrypt(const Hash& key, std::string_view iv, std::string_view aad,
                    std::string_view plaintext) {
  check(iv.size() == kGcmIvBytes, "the iv of AES-GCM is of 12 bytes");
  const Context context = new_context();
  GcmText out{std::string(plaintext.size(), '\0'), std::string(kGcmTagBytes, '\0')};
  int written = 0;
  int last = 0;
  const bool ok =
      EVP_EncryptInit_ex2(context.get(), gcm(), key.data(), data_at(iv), nullptr) == 1 &&
      EVP_EncryptUpdate(context.get(), nullptr, &last, data_at(aad), length(aad)) == 1 &&
      EVP_EncryptUpdate(context.get(), data_at(out.ciphertext), &written, data_at(plaintext),
                        length(plaintext)) == 1 &&
      EVP_EncryptFinal_ex(context.get(), data_at(out.tag), &last) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes, out.tag.data()) == 1;
  check(ok && written == length(plaintext), "AES-GCM failed");
  return out;
}

std::optional<std::string> gcm_decrypt(const Hash& key, std::string_view iv, std::string_view aad,
                                       std::string_view ciphertext, std::string_view tag) {
  if (iv.size() != kGcmIvBytes || tag.size() != kGcmTagBytes) return std::nullopt;
  const Context context = new_context();
  std::string plaintext(ciphertext.size() + kGcmTagBytes, '\0');
  std::string expected(tag);
  int written = 0;
  int last = 0;
  const bool begun =
      EVP_DecryptInit_ex2(context.get(), gcm(), key.data(), data_at(iv), nullptr) == 1 &&
      EVP_DecryptUpdate(context.get(), nullptr, &last, data_at(aad), length(aad)) == 1 &&
      EVP_DecryptUpdate(context.get(), data_at(plaintext), &written, data_at(ciphertext),
                        length(ciphertext)) == 1 &&
      EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes, expected.data()) == 1;
  check(begun && written == length(ciphertext), "AES-GCM failed");
  if (EVP_DecryptFinal_ex(context.get(), data_at(plaintext) + written, &last) != 1) {
    sodium_memzero(plaintext.data(), plaintext.size());
    return std::nullopt;
  }
  plaintext.resize(ciphertext.size());
  return plaintext;
}

}  // namespace relais::crypto
