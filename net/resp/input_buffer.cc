#include "net/resp/input_buffer.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "consensus/assert.h"

namespace synchrodb::net {
namespace {

constexpr std::size_t kTooRoomy = 4;
constexpr unsigned kSmallReads = 8;

}  // namespace

std::span<char> InputBuffer::writable() {
  make_room(window_);
  return {memory_.get() + end_, window_};
}

void InputBuffer::commit(std::size_t bytes) {
  SYNCHRODB_ASSERT(bytes <= window_ && bytes <= capacity_ - end_, "more than was offered");
  end_ += bytes;
  // The rest of what did not fit into a window is a small read, too: one alone says nothing.
  small_reads_ = bytes < window_ / 4 ? small_reads_ + 1 : 0;
  if (bytes == window_) {
    window_ = std::min(window_ * 2, kLargestWindow);
  } else if (small_reads_ == kSmallReads) {
    window_ = std::max(window_ / 2, kSmallestWindow);
    small_reads_ = 0;
  }
}

void InputBuffer::append(std::string_view bytes) {
  if (bytes.empty()) return;
  make_room(bytes.size());
  std::memcpy(memory_.get() + end_, bytes.data(), bytes.size());
  end_ += bytes.size();
}

void InputBuffer::consume(std::size_t bytes) {
  SYNCHRODB_ASSERT(bytes <= end_ - begin_, "more than is pending");
  begin_ += bytes;
}

void InputBuffer::release() {
  if (begin_ != end_) return;
  memory_.reset();
  capacity_ = begin_ = end_ = 0;
  window_ = std::min(window_, kKeptWindow);
}

// Each byte is moved about once for each time that the buffer grows: moving to the front is only
// worth it when that gains as much room as it costs.
void InputBuffer::make_room(std::size_t bytes) {
  const std::size_t pending = end_ - begin_;
  const std::size_t needed = pending + bytes;
  if (begin_ >= pending) move_to_front();
  const bool too_roomy = capacity_ / kTooRoomy > std::max(needed, kSmallestWindow);
  if (capacity_ - end_ >= bytes && !too_roomy) return;

  move_to_front();
  const std::size_t least = std::max(needed, kSmallestWindow);
  const std::size_t capacity = too_roomy ? least : std::max(least, capacity_ * 2);
  auto* moved = static_cast<char*>(std::realloc(memory_.get(), capacity));
  if (moved == nullptr) throw std::bad_alloc();
  static_cast<void>(memory_.release());  // realloc() has freed it
  memory_.reset(moved);
  capacity_ = capacity;
}

void InputBuffer::move_to_front() {
  if (begin_ == 0) return;
  if (begin_ != end_) std::memmove(memory_.get(), memory_.get() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
}

}  // namespace synchrodb::net
