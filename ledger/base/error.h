// Errors as values. One shape for the whole project, so that what a rule says reaches the problem
// document of the API (RFC 9457) unchanged.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace relais {

/// What went wrong, in terms that need no knowledge of HTTP. The API maps each to one status.
enum class Errc {
  malformed,        ///< the bytes do not have the form they claim (400)
  unauthenticated,  ///< signature or key does not hold (401)
  forbidden,        ///< who signed may not do this (403)
  not_found,        ///< no such thing, or not for this reader (404)
  conflict,         ///< same id with other bytes, or a transition that is not drawn (409)
  stale,            ///< the stream has moved since the version that was named (412)
  too_large,        ///< over a limit of size (413)
  unsupported,      ///< media type or format that is not spoken here (415)
  invalid,          ///< well formed, but against the schema or a rule (422)
  limited,          ///< too many at once; try again later (429)
  unavailable,      ///< the ledger cannot answer now (503)
  storage_full,     ///< there is no room to store it (507)
  corrupt,          ///< stored bytes do not hold together
  io,               ///< the disk or the network failed
  internal,         ///< a broken invariant of ours (500)
};

/// An expected failure. `rule` is a stable slug (the last part of the problem document's type URI),
/// the rest is for people.
struct Error {
  Errc code = Errc::internal;
  std::string rule;      ///< stable slug: "signature-invalid"
  std::string message;   ///< what is wrong, in a sentence
  std::string field;     ///< member or attribute that is concerned, as a path: "data.risk"
  std::string accepted;  ///< what would be accepted
  std::string source;    ///< law article, RFC clause or part of the convention the rule comes from
  std::string state;     ///< current state of the thing acted on, where a transition was refused

  Error& at(std::string f) & {
    field = std::move(f);
    return *this;
  }
  Error&& at(std::string f) && {
    field = std::move(f);
    return std::move(*this);
  }
  Error&& accepts(std::string a) && {
    accepted = std::move(a);
    return std::move(*this);
  }
  Error&& from(std::string s) && {
    source = std::move(s);
    return std::move(*this);
  }
  Error&& in_state(std::string s) && {
    state = std::move(s);
    return std::move(*this);
  }
};

inline Error error(Errc code, std::string rule, std::string message) {
  return Error{code, std::move(rule), std::move(message), {}, {}, {}, {}};
}

/// One line for a terminal or a log: "rule: message (field …; accepted …; source …; state …)".
std::string to_string(const Error& e);

template <class T>
using Result = std::expected<T, Error>;

using Status = Result<void>;

inline std::unexpected<Error> fail(Error e) {
  return std::unexpected<Error>(std::move(e));
}
inline std::unexpected<Error> fail(Errc code, std::string rule, std::string message) {
  return std::unexpected<Error>(error(code, std::move(rule), std::move(message)));
}

}  // namespace relais

/// Evaluates a Result; returns its error from the enclosing function, or goes on.
#define RELAIS_TRY(expr)                                        \
  do {                                                          \
    if (auto relais_try_ = (expr); !relais_try_)                \
      return ::std::unexpected(std::move(relais_try_).error()); \
  } while (false)

#define RELAIS_CONCAT_(a, b) a##b
#define RELAIS_CONCAT(a, b) RELAIS_CONCAT_(a, b)
/// RELAIS_ASSIGN(auto x, expr): binds the value of a Result, or returns its error from the
/// enclosing function.
#define RELAIS_ASSIGN(decl, expr) \
  RELAIS_ASSIGN_(decl, expr, RELAIS_CONCAT(relais_result_, __LINE__))
#define RELAIS_ASSIGN_(decl, expr, tmp)                       \
  auto tmp = (expr);                                          \
  if (!tmp) return ::std::unexpected(std::move(tmp).error()); \
  decl = std::move(*tmp)
