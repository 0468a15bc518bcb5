// The wrapping key in a file: a JWK Set (RFC 7517) of symmetric keys, newest first, mode 0600.
#pragma once

#include <deque>

#include "ledger/base/path_lock.h"
#include "ledger/crypto/seal.h"
#include "ledger/vault/wrapping_key.h"

namespace relais::vault {

class FileKey final : public WrappingKey {
 public:
  static Result<std::unique_ptr<WrappingKey>> open(const std::filesystem::path& file, Use use);
  static Result<std::unique_ptr<WrappingKey>> make(const std::filesystem::path& file);

  Result<std::string> wrap(std::string_view secret, std::string_view context) override;
  Result<std::string> unwrap(std::string_view wrapped, std::string_view context) override;
  Status renew() override;
  Status destroy_others(std::string_view wrapped) override;
  Status destroy() override;
  /// Somebody else's change would be lost, and with it what only its keys open.
  Status check_unchanged() override;
  std::string place() const override { return file_.string(); }

 private:
  struct Key {
    std::string id;  // kIdBytes random bytes
    crypto::SecretKey key;
  };
  explicit FileKey(std::filesystem::path file) : file_(std::move(file)) {}
  Status lock();
  Status check_replaceable();
  Status replace();
  static Key new_key();
  Status read(std::string_view text);
  std::string text() const;

  const std::filesystem::path file_;
  PathLock lock_;  // of who renews it: of the file that has the name, whichever that is
  std::deque<Key> keys_;
};

}  // namespace relais::vault
