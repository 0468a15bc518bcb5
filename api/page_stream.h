// A list as lines (application/x-ndjson): page after page, an item a line. Neither side holds more
// than a page.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/contract/endpoint.h"
#include "api/http/http.h"

namespace relais::api {

/// Whether a request asks for lines, of a list that comes so.
bool asks_for_lines(const Request& request, const Endpoint& endpoint);

/// Each page is an answer of its own, with the rights of its moment, its trace and its share of
/// what is limited. Where one is refused on the way, the problem is the last line, with the cursor
/// to go on by as its member "next", and the body ends as one that was cut off.
///
/// Concurrency: as BodyStream; pages may be answered from any thread, after the stream has gone
/// too.
class PageStream final : public BodyStream {
 public:
  /// Answers with the page behind a cursor, now or later, from any thread.
  using Ask = std::function<void(const std::string& cursor, Respond)>;
  PageStream(Response first, Ask ask);

  void start(std::function<void()> wake) override;
  Piece pull() override;
  std::string heartbeat() override { return "\n"; }

 private:
  struct State;
  Piece refused(const Response& page) const;

  Ask ask_;
  std::string cursor_;
  bool asked_ = true;
  std::shared_ptr<State> state_;
};

}  // namespace relais::api
