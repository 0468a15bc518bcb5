// relais verify --url: a log as a server shows it, and as it was shown before.
#pragma once

#include <cstdint>
#include <string>

#include "cli/command.h"
#include "cli/remote.h"

namespace relais::cli {

struct VerifyUrlOptions {
  RemoteOptions remote;
  std::string vkey;
  std::string token;
  std::string checkpoint;  ///< file of the newest checkpoint that was seen; may be empty
  /// What a signed tree may have to be read: a host signs any size.
  std::uint64_t max_entries = 100'000'000;
};

int verify_url(Context& context, const VerifyUrlOptions& o);

}  // namespace relais::cli
