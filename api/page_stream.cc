#include "api/page_stream.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "ledger/base/json.h"

namespace relais::api {
namespace {

struct Lines {
  std::string text;
  std::string next;  ///< where the page that follows begins; empty: there is none
};

/// Of a page: an object of one list, and its member "next".
std::optional<Lines> lines_of(const Response& page) {
  const auto body = json::parse(page.body);
  const json::object* members = body ? body->if_object() : nullptr;
  if (members == nullptr) return std::nullopt;
  Lines lines;
  lines.text.reserve(page.body.size());
  for (const auto& member : *members) {
    const json::array* items = member.value().if_array();
    if (items == nullptr) continue;
    for (const json::value& item : *items) lines.text.append(json::serialize(item)).append("\n");
  }
  if (const auto* next = json::find_string(*members, "next")) lines.next = *next;
  return lines;
}

}  // namespace

/// The page that has come; its maker may outlive the stream.
struct PageStream::State {
  std::mutex mutex;
  std::optional<Response> page;
  std::function<void()> wake;

  std::optional<Response> take() {
    const std::lock_guard lock(mutex);
    return std::exchange(page, std::nullopt);
  }
  void give(Response response) {
    const std::lock_guard lock(mutex);
    page = std::move(response);
    if (wake) wake();
  }
};

bool asks_for_lines(const Request& request, const Endpoint& endpoint) {
  if (media_type(request.header("accept")) != kLines) return false;
  return std::ranges::any_of(endpoint.replies, [](const Reply& reply) {
    return std::ranges::find(reply.bodies, kLines, &Body::media_type) != reply.bodies.end();
  });
}

PageStream::PageStream(Response first, Ask ask)
    : ask_(std::move(ask)), state_(std::make_shared<State>()) {
  state_->page = std::move(first);
}

void PageStream::start(std::function<void()> wake) {
  const std::lock_guard lock(state_->mutex);
  state_->wake = std::move(wake);
}

BodyStream::Piece PageStream::refused(const Response& page) const {
  Piece piece;
  piece.broken = true;
  auto problem = json::parse(page.body);
  if (!problem || !problem->is_object()) return piece;
  problem->get_object()["next"] = cursor_;
  piece.bytes = json::serialize(*problem) + "\n";
  return piece;
}

BodyStream::Piece PageStream::pull() {
  std::optional<Response> page = state_->take();
  if (!page && !asked_) {
    asked_ = true;
    ask_(cursor_, [state = state_](Response response) { state->give(std::move(response)); });
    page = state_->take();
  }
  if (!page) return {};
  asked_ = false;
  if (page->status != 200) return refused(*page);
  auto lines = lines_of(*page);
  Piece piece;
  piece.broken = !lines;
  if (!lines) return piece;
  cursor_ = std::move(lines->next);
  piece.bytes = std::move(lines->text);
  piece.end = cursor_.empty();
  piece.more = !piece.end;
  return piece;
}

}  // namespace relais::api
