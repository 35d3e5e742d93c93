// The states that one object can be in, as numbers.
//
// Two representations:
//   table  every state is a value with a number; integers that increments reach are added when met.
//   trie   strings that grow by appends. Only what somebody observed matters: the observed strings
//          form a radix trie, a state is a position in it, and every string that is a prefix of no
//          observed one is the same state, the sink (with its length, if lengths were observed).
//          Appending walks down the trie; what has left it never comes back but by a write.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/check/history.h"

namespace synchrodb::check {

using State = std::uint64_t;
inline constexpr State kAbsentState = 0;
// No constraint; equal to no state.
inline constexpr State kAnyState = ~State{0};
inline constexpr std::uint32_t kAnyLength = ~std::uint32_t{0};

// What an operation does to a state, after the dialect has been applied.
enum class Action : std::uint8_t {
  kRead,     // state must be a
  kDiffers,  // state must not be a
  kWrite,    // becomes b
  kCas,      // state must be a, becomes b
  kReplace,  // state must not be a, becomes b
  kAppend,   // text b is appended; the new state must be a, its length `length`
  kAdd,      // integer b is added; the new state must be a
};

// One operation on one key. `invoke` and `complete` are event orders.
struct Step {
  State a = kAnyState;
  State b = 0;
  EventOrder invoke = 0;
  EventOrder complete = kNeverCompleted;
  OperationId id = 0;
  std::uint32_t length = kAnyLength;
  Action action = Action::kRead;
  bool mandatory = true;  // false: it may also never have happened

  bool observes_only() const { return action == Action::kRead || action == Action::kDiffers; }
  // Whether it does the same; intervals apart.
  bool same_effect(const Step& other) const {
    return action == other.action && a == other.a && b == other.b && length == other.length;
  }
};

class StateSpace {
 public:
  // Starts afresh. With `canonical`, decimal strings are the integers that they spell.
  // `trie`: every string is to be observed with `observe` before the first `state_of`.
  void reset(const History& history, bool trie, bool canonical, bool track_lengths);

  // Trie only: this value was seen by somebody.
  void observe(Value value);
  State state_of(Value value);
  // Registers a text to append; its number goes into Step::b.
  State appended(Value text);

  std::size_t appended_length(const Step& append_step) const {
    return appended_[append_step.b].size();
  }

  // The state after `step`, or nothing if the step is illegal in `state`.
  bool apply(const Step& step, State state, State* next) {
    switch (step.action) {
      case Action::kRead:
        *next = state;
        return state == step.a;
      case Action::kDiffers:
        *next = state;
        return state != step.a;
      case Action::kWrite:
        *next = step.b;
        return true;
      case Action::kCas:
        *next = step.b;
        return state == step.a;
      case Action::kReplace:
        *next = step.b;
        return state != step.a;
      case Action::kAppend:
        return append(step, state, next);
      case Action::kAdd:
        return add(step, state, next);
    }
    return false;
  }

  // Table: states are less than this (until the next increment or append).
  std::size_t table_size() const { return values_.size(); }
  bool is_trie() const { return trie_; }
  // While set, what left the trie has no length and any length observed is right: fewer states, and
  // no answer is impossible that was possible before.
  void ignore_lengths(bool ignore) { ignore_lengths_ = ignore; }
  // Trie: true if the trie is a single path, as it must be where strings only grow.
  bool is_path() const;
  // Trie: length of the string at `state`.
  static std::uint32_t length_of(State state) { return static_cast<std::uint32_t>(state); }
  bool is_sink(State state) const { return trie_ && state >> 32 == kSinkEdge; }
  std::size_t memory_bytes() const;

 private:
  // The bytes [begin, end) of `bytes`, below the edge `parent`.
  struct Edge {
    const char* bytes;
    std::uint32_t begin;
    std::uint32_t end;
    std::uint32_t first_child;
    std::uint32_t next_sibling;
  };
  static constexpr State kSinkEdge = 0xfffffffeU;
  static constexpr State kRootState = State{1} << 32;

  bool append(const Step& step, State state, State* next);
  bool append_in_table(const Step& step, State state, State* next);
  bool add(const Step& step, State state, State* next);

  State intern(Value value);
  std::string_view bytes_of(Value value);
  std::uint32_t child(std::uint32_t edge, char first) const;
  State walk(State from, std::string_view text) const;

  const History* history_ = nullptr;
  bool trie_ = false;
  bool canonical_ = false;
  bool track_lengths_ = false;
  bool ignore_lengths_ = false;

  absl::flat_hash_map<std::int64_t, State> integers_;
  absl::flat_hash_map<std::uint32_t, State> texts_;
  std::vector<Value> values_;  // by state; texts are ids of `strings_` if canonical
  StringPool strings_;

  std::vector<Edge> edges_;
  std::deque<std::string> rendered_;  // decimal forms of integers
  std::vector<std::string_view> appended_;
};

}  // namespace synchrodb::check
