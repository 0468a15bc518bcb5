#include "ledger/crypto/sodium.h"

#include <sodium.h>

#include "ledger/base/check.h"

namespace relais::crypto {

void use_sodium() {
  static const bool ready = sodium_init() >= 0;
  check(ready, "libsodium could not be initialised");
}

}  // namespace relais::crypto
