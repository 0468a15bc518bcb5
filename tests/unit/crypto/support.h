// What the tests of this folder share.
#pragma once

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

#include "ledger/crypto/ed25519.h"

namespace relais::crypto::test {

inline std::string from_hex(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  return out;
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
      to_hash(from_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")));
}

}  // namespace relais::crypto::test
