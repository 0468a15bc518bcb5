// What the tests of this folder share.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "ledger/crypto/ed25519.h"
#include "ledger/crypto/x25519.h"

namespace relais::crypto::test {

inline std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
}

inline Hash hash(std::string_view hex) {
  return to_hash(from_hex(hex));
}

inline std::string read_file(const std::filesystem::path& file) {
  const std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// The key of RFC 8032, section 7.1, test 1, which RFC 8037, appendix A, uses too.
inline SigningKey rfc_key() {
  return SigningKey::from_seed(
      hash("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
}

/// The keys of RFC 7748, section 6.1.
inline OpeningKey alice() {
  return OpeningKey::from_scalar(
      hash("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"));
}
inline OpeningKey bob() {
  return OpeningKey::from_scalar(
      hash("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"));
}

}  // namespace relais::crypto::test
