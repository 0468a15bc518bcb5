#include "ledger/crypto/base64.h"

#include <sodium.h>

#include <algorithm>

#include "ledger/crypto/sodium.h"

namespace relais::crypto {
namespace {

std::string encode(std::string_view bytes, int variant) {
  use_sodium();
  std::string text(sodium_base64_encoded_len(bytes.size(), variant), '\0');
  sodium_bin2base64(text.data(), text.size(), reinterpret_cast<const unsigned char*>(bytes.data()),
                    bytes.size(), variant);
  text.pop_back();  // the NUL that libsodium writes and counts
  return text;
}

/// Without characters to ignore and without an end pointer, libsodium refuses whatever is not the
/// one encoding, but for one thing: 1.0.18 takes every byte from 0x80 up for the last letter of the
/// alphabet. A signature, a key or a token would then have many texts.
std::optional<std::string> decode(std::string_view text, int variant) {
  use_sodium();
  if (std::ranges::any_of(text, [](char c) { return (static_cast<unsigned char>(c) & 0x80) != 0; }))
    return std::nullopt;
  std::string bytes(text.size() / 4 * 3 + 3, '\0');
  std::size_t size = 0;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(),
                        text.size(), nullptr, &size, nullptr, variant) != 0)
    return std::nullopt;
  bytes.resize(size);
  return bytes;
}

}  // namespace

std::string base64url_encode(std::string_view bytes) {
  return encode(bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

std::optional<std::string> base64url_decode(std::string_view text) {
  return decode(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

std::string base64_encode(std::string_view bytes) {
  return encode(bytes, sodium_base64_VARIANT_ORIGINAL);
}

std::optional<std::string> base64_decode(std::string_view text) {
  return decode(text, sodium_base64_VARIANT_ORIGINAL);
}

}  // namespace relais::crypto
