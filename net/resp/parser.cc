#include "net/resp/parser.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "consensus/assert.h"
#include "engine/kv/numbers.h"

namespace synchrodb::net {
namespace {

// Lists of arguments beyond this are not kept for the next command.
constexpr std::size_t kKeptArguments = 1024;

template <class T>
void empty(std::vector<T>& list) {
  if (list.capacity() > kKeptArguments) {
    std::vector<T>().swap(list);
  } else {
    list.clear();
  }
}

}  // namespace

RequestParser::RequestParser(RequestLimits limits) : limits_(limits) {
  SYNCHRODB_ASSERT(limits.request_bytes <= std::numeric_limits<std::uint32_t>::max(),
                   "places in a command have 32 bits");
}

std::span<char> RequestParser::writable() {
  drop_taken();
  return buffer_.writable();
}

void RequestParser::feed(std::string_view bytes) {
  drop_taken();
  buffer_.append(bytes);
}

void RequestParser::release() {
  drop_taken();
  buffer_.release();
}

std::size_t RequestParser::memory_bytes() const {
  return buffer_.capacity() + places_.capacity() * sizeof(ArgumentPlace) +
         argv_.capacity() * sizeof(std::string_view);
}

// The command that was given out last: its views die here.
void RequestParser::drop_taken() {
  if (taken_ == 0) return;
  buffer_.consume(taken_);
  taken_ = at_ = searched_ = 0;
  empty(places_);
  empty(argv_);
}

RequestParser::Outcome RequestParser::next() {
  if (!error_.empty()) return Outcome::kError;
  for (;;) {
    drop_taken();
    switch (advance()) {
      case Progress::kDone:
        taken_ = at_;
        return Outcome::kCommand;
      case Progress::kNothing:
        taken_ = at_;
        break;
      case Progress::kNeedMore:
        return Outcome::kNeedMore;
      case Progress::kError:
        return Outcome::kError;
    }
  }
}

RequestParser::Progress RequestParser::advance() {
  const std::string_view bytes = buffer_.pending();
  if (bytes.empty()) return Progress::kNeedMore;
  return bytes.front() == '*' ? read_multibulk() : read_inline();
}

RequestParser::Progress RequestParser::read_inline() {
  const Progress found = find_line('\n', "too big inline request");
  if (found != Progress::kDone) return found;
  std::size_t size = line_end_;
  if (size > 0 && buffer_.data()[size - 1] == '\r') --size;
  if (!split_inline_command({buffer_.data(), size}, places_)) {
    return fail("unbalanced quotes in request");
  }
  at_ = line_end_ + 1;
  return places_.empty() ? Progress::kNothing : finish();
}

RequestParser::Progress RequestParser::read_multibulk() {
  if (at_ == 0) {
    const Progress counted = read_count();
    if (counted != Progress::kDone) return counted;
  }
  while (elements_left_ > 0) {
    if (!bulk_) {
      const Progress measured = read_bulk_length();
      if (measured != Progress::kDone) return measured;
    }
    const std::size_t needed = at_ + *bulk_ + 2;
    if (buffer_.pending().size() < needed) return Progress::kNeedMore;
    places_.push_back({static_cast<std::uint32_t>(at_), *bulk_});
    bulk_.reset();
    at_ = needed;
    --elements_left_;
  }
  return finish();
}

RequestParser::Progress RequestParser::read_count() {
  const Progress found = find_line('\r', "too big mbulk count string");
  if (found != Progress::kDone) return found;
  const std::optional<std::int64_t> count = parse_integer(line().substr(1));
  if (!count || *count > static_cast<std::int64_t>(limits_.elements)) {
    return fail("invalid multibulk length");
  }
  if (!authenticated_ && *count > static_cast<std::int64_t>(limits_.unauthenticated_elements)) {
    return fail("unauthenticated multibulk length");
  }
  at_ = line_end_ + 2;
  if (*count <= 0) return Progress::kNothing;
  elements_left_ = static_cast<std::uint64_t>(*count);
  return Progress::kDone;
}

RequestParser::Progress RequestParser::read_bulk_length() {
  const Progress found = find_line('\r', "too big bulk count string");
  if (found != Progress::kDone) return found;
  // An empty line still has a first character: the "\r" that ends it. An error is one line.
  if (const char first = buffer_.data()[at_]; first != '$') {
    return fail(std::string("expected '$', got '") +
                (first == '\r' || first == '\n' ? ' ' : first) + "'");
  }
  const std::optional<std::int64_t> length = parse_integer(line().substr(1));
  if (!length || *length < 0 || *length > static_cast<std::int64_t>(limits_.bulk_bytes)) {
    return fail("invalid bulk length");
  }
  if (!authenticated_ && *length > static_cast<std::int64_t>(limits_.unauthenticated_bulk_bytes)) {
    return fail("unauthenticated bulk length");
  }
  at_ = line_end_ + 2;
  const auto bytes = static_cast<std::uint64_t>(*length);
  if (at_ + bytes + 2 > limits_.request_bytes) return fail("too big request");
  bulk_ = static_cast<std::uint32_t>(bytes);
  return Progress::kDone;
}

RequestParser::Progress RequestParser::finish() {
  const char* start = buffer_.data();
  for (const ArgumentPlace& place : places_) argv_.emplace_back(start + place.offset, place.size);
  return Progress::kDone;
}

// A "\r" counts once the byte behind it, which is taken for "\n", is there.
RequestParser::Progress RequestParser::find_line(char end, std::string_view too_long) {
  const std::string_view bytes = buffer_.pending();
  const std::size_t tail = end == '\r' ? 1 : 0;
  const std::size_t from = std::max(searched_, at_);
  const std::size_t to = std::min(bytes.size(), at_ + limits_.line_bytes + 1);
  const void* found = from < to ? std::memchr(bytes.data() + from, end, to - from) : nullptr;
  if (found == nullptr) {
    if (to - at_ > limits_.line_bytes) return fail(too_long);
    searched_ = to;
    return Progress::kNeedMore;
  }
  line_end_ = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
  searched_ = line_end_;
  return bytes.size() > line_end_ + tail ? Progress::kDone : Progress::kNeedMore;
}

std::string_view RequestParser::line() const {
  return buffer_.pending().substr(at_, line_end_ - at_);
}

RequestParser::Progress RequestParser::fail(std::string_view what) {
  error_.assign("ERR Protocol error: ").append(what);
  return Progress::kError;
}

}  // namespace synchrodb::net
