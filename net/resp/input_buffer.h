// Bytes that have arrived on a connection and are not consumed yet, in one piece.
//
// Memory follows what arrives, never what the other side announces: room grows by doubling, and is
// given back when it is more than four times what is in use. Nothing here is copied but by growth:
// a connection reads from its socket straight into writable().
#pragma once

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <span>
#include <string_view>

namespace synchrodb::net {

class InputBuffer {
 public:
  // How much a connection is offered to read at once: the least at first, doubled whenever a read
  // fills it, halved when some in a row are much smaller.
  static constexpr std::size_t kSmallestWindow = 2 * 1024;
  static constexpr std::size_t kLargestWindow = 256 * 1024;
  // No more than this stays of it over release(): a pipeline that comes again and again is read at
  // once, and becomes one log entry; and what waits for a client that is silent is bounded.
  static constexpr std::size_t kKeptWindow = 16 * 1024;

  // Room behind the pending bytes, at least kSmallestWindow. Moves the pending bytes: whatever
  // pointed into them is void.
  std::span<char> writable();
  // The first `bytes` of the last writable() have been filled.
  void commit(std::size_t bytes);
  // The same for bytes that are elsewhere; copies them.
  void append(std::string_view bytes);

  std::string_view pending() const { return {memory_.get() + begin_, end_ - begin_}; }
  // The pending bytes, to be changed in place.
  char* data() { return memory_.get() + begin_; }
  // Drops bytes from the front; their memory stays until the next writable() or append().
  void consume(std::size_t bytes);

  // Gives all memory back if nothing is pending: for connections that have gone idle.
  void release();
  std::size_t capacity() const { return capacity_; }

 private:
  struct Free {
    void operator()(char* memory) const { std::free(memory); }
  };

  void make_room(std::size_t bytes);
  void move_to_front();

  // Not a string: it would write zeros first, and could not grow in place.
  std::unique_ptr<char, Free> memory_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t window_ = kSmallestWindow;
  unsigned small_reads_ = 0;  // in a row
};

}  // namespace synchrodb::net
