#include "cli/own_files.h"

namespace relais::cli {
namespace {

struct OwnFile {
  const char* name;
  const char* instead;  ///< where it comes from
};
constexpr OwnFile kOwnFiles[] = {
    {"keys/log.jwk", "put it back from its backup before the server ends"},
    {"keys/system.jwk", "put it back from its backup before the server ends"},
    {"log.vkey", "put it back: its text is that of GET /log/vkey"},
    {"convention.toml", "put it back: it is the text that the founders have signed"},
    {"head", "the next start asks for relais rebuild --head, with a checkpoint that others keep"},
    {"store/CURRENT", "the next start needs a restored backup"},
    {"reads/head", "the next start asks for a restored backup of the log of reads"},
};

}  // namespace

void OwnFilesWatch::look() {
  for (const OwnFile& file : kOwnFiles) {
    std::error_code ec;
    const bool there = std::filesystem::exists(data_ / file.name, ec);
    if (there || ec) {
      gone_.erase(file.name);
    } else if (gone_.insert(file.name).second) {
      tell_((data_ / file.name).string() + " is gone: " + file.instead);
    }
  }
}

}  // namespace relais::cli
