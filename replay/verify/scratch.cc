#include "replay/verify/scratch.h"

#include <algorithm>
#include <future>
#include <string_view>
#include <vector>

#include "ledger/statement/statement.h"

namespace relais::replay {
namespace {

constexpr std::uint64_t kFlushEvery = 50'000;  // events
constexpr std::size_t kCompareChunk = 4'096;   // records

std::filesystem::path fresh_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "relais-replay-XXXXXX").string();
  const char* made = ::mkdtemp(pattern.data());
  return made != nullptr ? std::filesystem::path(made) : std::filesystem::path();
}

}  // namespace

Result<std::unique_ptr<Scratch>> Scratch::make(const log::ModelFactory& factory) {
  std::unique_ptr<Scratch> scratch(new Scratch());
  scratch->folder_ = fresh_folder();
  if (scratch->folder_.empty())
    return fail(Errc::io, "scratch-folder", "cannot make a folder for temporary files");
  store::Options options;
  options.path = scratch->folder_ / "store";
  options.create = true;
  options.block_cache_bytes = 64u << 20;
  RELAIS_ASSIGN(scratch->store_, store::Store::open(options));
  scratch->records_ = std::make_unique<store::BulkRecords>(*scratch->store_, 1);
  scratch->model_ = factory(*scratch->records_);
  return scratch;
}

Scratch::~Scratch() {
  model_.reset();
  records_.reset();
  store_.reset();
  std::error_code ec;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ec);
}

Status Scratch::flush(TreeSize size) {
  return records_->write(model_->drain(size));
}

Status fold_until(const log::Ledger& ledger, TreeSize until, Scratch& scratch,
                  const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  statement::EventView view;
  Status status;
  std::uint64_t next = 0;
  RELAIS_TRY(ledger.scan_events(LogIndex{0}, [&](LogIndex index, std::string_view bytes) {
    if (index.value >= until.value) return false;
    if (index.value != next || !view.load(bytes)) {
      status = fail(
          error(Errc::corrupt, "event-unreadable", "a typed event is missing or cannot be read")
              .at("event " + std::to_string(next)));
      return false;
    }
    scratch.model().fold(rules::act_of(index, view.get()));
    if (++next % kFlushEvery == 0) {
      status = scratch.flush(TreeSize{next});
      progress(next, until.value);
    }
    return status.has_value();
  }));
  RELAIS_TRY(status);
  if (next != until.value)
    return fail(error(Errc::corrupt, "event-unreadable", "a typed event is missing")
                    .at("event " + std::to_string(next)));
  progress(next, until.value);
  RELAIS_TRY(scratch.flush(until));
  return scratch.finish();
}

namespace {

/// Records in order, one behind the other in one text.
class Page {
 public:
  std::size_t size() const { return ends_.size(); }
  std::string_view key(std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1].value;
    return std::string_view(bytes_).substr(begin, ends_[i].key - begin);
  }
  std::string_view value(std::size_t i) const {
    return std::string_view(bytes_).substr(ends_[i].key, ends_[i].value - ends_[i].key);
  }
  void add(std::string_view key, std::string_view value) {
    bytes_.append(key);
    const std::size_t end = bytes_.size();
    bytes_.append(value);
    ends_.push_back({end, bytes_.size()});
  }

 private:
  struct Ends {
    std::size_t key;
    std::size_t value;
  };
  std::string bytes_;
  std::vector<Ends> ends_;
};

/// Reads records in order, a page at a time: the next one while this one is compared.
class Cursor {
 public:
  explicit Cursor(const RecordSource& source) : source_(source) {
    read_from({});
    turn();
  }
  bool end() const { return at_ == page_.size(); }
  std::string_view key() const { return page_.key(at_); }
  std::string_view value() const { return page_.value(at_); }
  void next() {
    if (++at_ == page_.size()) turn();
  }

 private:
  void turn() {
    page_ = next_.valid() ? next_.get() : Page();
    at_ = 0;
    if (page_.size() == kCompareChunk) read_from(std::string(page_.key(page_.size() - 1)) + '\0');
  }
  void read_from(std::string from) {
    next_ = std::async(std::launch::async, [this, first = std::move(from)] {
      Page page;
      source_.scan({}, first, [&page](std::string_view key, std::string_view value) {
        page.add(key, value);
        return page.size() < kCompareChunk;
      });
      return page;
    });
  }

  const RecordSource& source_;
  Page page_;
  std::size_t at_ = 0;
  std::future<Page> next_;
};

}  // namespace

std::optional<Difference> first_difference(const RecordSource& left, const RecordSource& right,
                                           std::uint64_t& equal) {
  Cursor a(left);
  Cursor b(right);
  while (!a.end() && !b.end() && a.key() == b.key()) {
    if (a.value() != b.value()) return Difference{std::string(a.key()), true, true};
    ++equal;
    a.next();
    b.next();
  }
  if (a.end() && b.end()) return std::nullopt;
  if (b.end() || (!a.end() && a.key() < b.key()))
    return Difference{std::string(a.key()), true, false};
  return Difference{std::string(b.key()), false, true};
}

}  // namespace relais::replay
