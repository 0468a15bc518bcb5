// The wrapping key in a token that gives no key away: PKCS#11 2.40, by p11-kit. Each key is an
// AES-256 object that cannot be extracted, with the URI's label and its number as CKA_ID; the
// highest number wraps (CKM_AES_GCM).
#pragma once

#include <p11-kit/p11-kit.h>
#include <p11-kit/uri.h>

#include <functional>
#include <map>

#include "ledger/vault/wrapping_key.h"

namespace relais::vault {

class Pkcs11Key final : public WrappingKey {
 public:
  static Result<std::unique_ptr<WrappingKey>> open(const std::string& uri);
  static Result<std::unique_ptr<WrappingKey>> make(const std::string& uri);
  ~Pkcs11Key() override;

  Result<std::string> wrap(std::string_view secret, std::string_view context) override;
  Result<std::string> unwrap(std::string_view wrapped, std::string_view context) override;
  Status renew() override;
  Status destroy_others(std::string_view wrapped) override;
  Status destroy() override;
  std::string place() const override { return "the token of the object " + label_; }

 private:
  Pkcs11Key() = default;
  /// Opens a session, without a key yet.
  static Result<std::unique_ptr<Pkcs11Key>> connect(const std::string& uri);
  Status begin_session();
  void end_session();
  /// A session that the token has dropped (it was pulled out, or restarted) is opened anew, and the
  /// keys found again.
  Status begin_again();
  /// Does it, and once more in a new session where the token has dropped the one that there was.
  /// `what`: of the error. `work` sees the keys by find_handle(): handles are a session's.
  Status with_session(std::string_view what, const std::function<CK_RV()>& work);
  Status find_keys();
  Error not_there() const;
  Result<std::uint64_t> newest() const;
  Status create(std::uint64_t number);
  Status destroy_one(std::uint64_t number);

  std::string uri_;
  std::string label_;
  CK_FUNCTION_LIST* module_ = nullptr;
  bool initialized_ = false;
  CK_SESSION_HANDLE session_ = 0;
  bool in_session_ = false;
  std::map<std::uint64_t, CK_OBJECT_HANDLE> keys_;
};

}  // namespace relais::vault
