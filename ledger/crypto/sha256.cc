#include "ledger/crypto/sha256.h"

#include <openssl/evp.h>

#include <memory>

#include "ledger/base/check.h"

namespace relais::crypto {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

/// Looking the algorithm up costs more than hashing a node does: once a process, and kept until it
/// ends.
const EVP_MD* algorithm() {
  static const EVP_MD* const md = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  check(md != nullptr, "OpenSSL offers no SHA-256");
  return md;
}

}  // namespace

Hash sha256(std::initializer_list<std::string_view> parts) {
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  Hash digest;
  bool ok = context && EVP_DigestInit_ex2(context.get(), algorithm(), nullptr) == 1;
  for (const std::string_view part : parts)
    ok = ok && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  ok = ok && EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1;
  check(ok, "SHA-256 failed");
  return digest;
}

}  // namespace relais::crypto
