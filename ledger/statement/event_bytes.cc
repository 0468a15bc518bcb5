// The stored form of a typed event.
#include <kj/exception.h>

#include <cstring>

#include "ledger/statement/statement.h"

namespace relais::statement {

std::string encode_event(schema::Event::Builder event) {
  // A copy into one segment that it fills: the bytes depend on the values alone, not on the order
  // in which they were set, and an event rebuilt from its entry is the same to the byte.
  const auto reader = event.asReader();
  const std::size_t size = reader.totalSize().wordCount + 1;  // and the root pointer
  auto words = kj::heapArray<capnp::word>(size);
  std::memset(static_cast<void*>(words.begin()), 0, size * sizeof(capnp::word));
  capnp::FlatMessageBuilder message(words);
  message.setRoot(reader);
  message.requireFilled();
  // Segment table of the framing: number of segments less one, and the segment's words, both in 32
  // bits little-endian.
  std::string out(4, '\0');
  for (int shift = 0; shift < 32; shift += 8)
    out.push_back(static_cast<char>((size >> shift) & 0xff));
  out.append(reinterpret_cast<const char*>(words.begin()), size * sizeof(capnp::word));
  return out;
}

bool EventView::load(std::string_view bytes) {
  reader_.reset();
  if (bytes.empty() || bytes.size() % sizeof(capnp::word) != 0) return false;
  const std::size_t size = bytes.size() / sizeof(capnp::word);
  if (words_.size() < size) words_ = kj::heapArray<capnp::word>(size);
  std::memcpy(static_cast<void*>(words_.begin()), bytes.data(), bytes.size());
  try {
    event_ = reader_.emplace(words_.slice(0, size)).getRoot<schema::Event>();
    const auto type = static_cast<std::size_t>(event_.getData().which());
    if (type < catalogue().all().size()) return true;
    reader_.reset();
    return false;
  } catch (const kj::Exception&) {
    reader_.reset();  // the segment table or the root pointer does not hold together
    return false;
  }
}

}  // namespace relais::statement
