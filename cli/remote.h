// A server as the commands speak to it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/arguments.h"
#include "ledger/base/error.h"
#include "ledger/base/json.h"

namespace relais::cli {

/// What a server answered to one statement.
struct Submitted {
  std::optional<Error> refused;
  std::string id;
  std::string source;
  std::uint64_t index = 0;
  bool duplicate = false;
  std::string receipt;  ///< tlog-proof text
  std::string body;     ///< the answer as JSON
};

struct RemoteOptions {
  std::string url;          ///< http:// or https://, without a path
  std::string ca;           ///< certificates (PEM) that the server is checked with
  std::string client_cert;  ///< for servers that ask for one
  std::string client_key;
  std::string token;  ///< of who brings statements, where that matters; may be empty
};
/// --ca, --client-cert and --client-key; `url` is the option they go with.
void add_remote_options(Command command, Option url, RemoteOptions& options);

class Remote {
 public:
  static Result<std::unique_ptr<Remote>> open(const RemoteOptions& options);
  /// The local administration of a running server: DATA/control.sock.
  static Result<std::unique_ptr<Remote>> open_control(const std::filesystem::path& data);
  ~Remote();

  /// The body of a 2xx answer; a problem document becomes its Error, no answer Errc::unavailable.
  Result<std::string> get(const std::string& path, const std::string& token = {});
  Result<std::string> post(const std::string& path);

  /// One statement: an SD-JWT, or JSON with what is sealed beside it. An error means that there was
  /// no answer about it.
  Result<Submitted> submit(const std::string& statement, std::optional<std::uint32_t> if_match);
  /// A list; one answer a statement, in order, or another number of them where the server is wrong.
  Result<std::vector<Submitted>> submit_list(const std::vector<std::string>& statements,
                                             bool atomic);

 private:
  struct Impl;
  explicit Remote(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Has a running server do what this command could not, since somebody else has the ledger `why`
/// ("store-locked"): POST `path` to its local administration
/// (docs/decisions/0006-local-administration.md). Errors: `why` where it is another, or where no
/// server answers, since another command has the ledger then; the server's own.
Status ask_server(const std::filesystem::path& data, const std::string& path, const Error& why);

}  // namespace relais::cli
