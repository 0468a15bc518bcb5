// One initialisation of libsodium for the process. Internal to this module.
#pragma once

namespace relais::crypto {

/// To be called before any use of libsodium; thread-safe and cheap after the first time. Ends the
/// process when libsodium cannot start.
void use_sodium();

}  // namespace relais::crypto
