#include "sim/check/state_space.h"

#include <algorithm>
#include <charconv>

#include "sim/check/assert.h"

namespace synchrodb::check {
namespace {

// The integer that `text` spells in the only way Redis would print it.
std::optional<std::int64_t> canonical_integer(std::string_view text) {
  if (text.empty() || text.size() > 20) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  const std::size_t sign = text[0] == '-' ? 1 : 0;
  const bool padded = text[sign] == '0' && (text.size() > sign + 1 || sign == 1);
  if (padded) return std::nullopt;
  return number;
}

}  // namespace

void StateSpace::reset(const History& history, bool trie, bool canonical, bool track_lengths) {
  history_ = &history;
  trie_ = trie;
  canonical_ = canonical;
  track_lengths_ = track_lengths;
  ignore_lengths_ = false;
  integers_.clear();
  texts_.clear();
  values_.assign(1, Value::absent());
  edges_.clear();
  rendered_.clear();
  appended_.clear();
  if (canonical) strings_ = StringPool();
  if (trie) edges_.push_back({nullptr, 0, 0, 0, 0});
}

std::string_view StateSpace::bytes_of(Value value) {
  if (value.is_text()) return history_->bytes(value);
  return rendered_.emplace_back(std::to_string(value.number()));
}

std::uint32_t StateSpace::child(std::uint32_t edge, char first) const {
  std::uint32_t next = edges_[edge].first_child;
  while (next != 0 && edges_[next].bytes[edges_[next].begin] != first) {
    next = edges_[next].next_sibling;
  }
  return next;
}

void StateSpace::observe(Value value) {
  if (!value.is_text() && !value.is_integer()) return;
  const std::string_view text = bytes_of(value);
  const auto size = static_cast<std::uint32_t>(text.size());
  std::uint32_t edge = 0;
  std::uint32_t length = 0;
  while (length < size) {
    const std::uint32_t below = child(edge, text[length]);
    const auto created = static_cast<std::uint32_t>(edges_.size());
    if (below == 0) {
      edges_.push_back({text.data(), length, size, 0, edges_[edge].first_child});
      edges_[edge].first_child = created;
      return;
    }
    const Edge found = edges_[below];
    const std::uint32_t span = std::min(found.end, size) - length;
    const auto same = static_cast<std::uint32_t>(
        std::mismatch(text.data() + length, text.data() + length + span, found.bytes + length)
            .first -
        (text.data() + length));
    if (same == found.end - found.begin) {
      edge = below;
      length = found.end;
      continue;
    }
    // Split: `below` keeps the common part, a new edge takes its rest and its children.
    edges_.push_back({found.bytes, length + same, found.end, found.first_child, 0});
    edges_[below].end = length + same;
    edges_[below].first_child = created;
    edge = below;
    length += same;
  }
}

State StateSpace::walk(State from, std::string_view text) const {
  const std::uint32_t start = length_of(from);
  const auto total = start + static_cast<std::uint32_t>(text.size());
  const State sink = kSinkEdge << 32 | (track_lengths_ && !ignore_lengths_ ? total : 0);
  if (is_sink(from)) return sink;
  auto edge = static_cast<std::uint32_t>((from >> 32) - 1);
  std::uint32_t length = start;
  while (length < total) {
    if (length == edges_[edge].end) {
      edge = child(edge, text[length - start]);
      if (edge == 0) return sink;
    }
    const Edge& here = edges_[edge];
    const std::uint32_t until = std::min(here.end, total);
    if (!std::equal(here.bytes + length, here.bytes + until, text.data() + (length - start))) {
      return sink;
    }
    length = until;
  }
  return (State{edge} + 1) << 32 | total;
}

State StateSpace::state_of(Value value) {
  if (value.is_none()) return kAnyState;
  if (value.is_absent()) return kAbsentState;
  if (trie_) return walk(kRootState, bytes_of(value));
  return intern(value);
}

State StateSpace::intern(Value value) {
  if (canonical_ && value.is_text()) {
    const std::string_view text = history_->bytes(value);
    if (const auto number = canonical_integer(text)) {
      value = Value::integer(*number);
    } else {
      value = Value::text_id(strings_.intern(text));
    }
  }
  const State fresh = values_.size();
  const State found = value.is_integer()
                          ? integers_.try_emplace(value.number(), fresh).first->second
                          : texts_.try_emplace(value.id(), fresh).first->second;
  if (found == fresh) values_.push_back(value);
  return found;
}

State StateSpace::appended(Value text) {
  appended_.push_back(text.is_none() || text.is_absent() ? std::string_view() : bytes_of(text));
  return appended_.size() - 1;
}

bool StateSpace::append(const Step& step, State state, State* next) {
  if (!trie_) return append_in_table(step, state, next);
  *next = walk(state == kAbsentState ? kRootState : state, appended_[step.b]);
  if (step.a != kAnyState && *next != step.a) return false;
  if (ignore_lengths_ && is_sink(*next)) return true;
  return step.length == kAnyLength || length_of(*next) == step.length;
}

bool StateSpace::append_in_table(const Step& step, State state, State* next) {
  const Value before = values_[state];
  std::string text;
  if (before.is_integer()) text = std::to_string(before.number());
  if (before.is_text()) text = strings_.at(before.id());
  text += appended_[step.b];
  if (step.length != kAnyLength && text.size() != step.length) return false;
  const auto number = canonical_integer(text);
  const Value after = number ? Value::integer(*number) : Value::text_id(strings_.intern(text));
  const State fresh = values_.size();
  *next = number ? integers_.try_emplace(*number, fresh).first->second
                 : texts_.try_emplace(after.id(), fresh).first->second;
  if (*next == fresh) values_.push_back(after);
  return step.a == kAnyState || *next == step.a;
}

bool StateSpace::add(const Step& step, State state, State* next) {
  const Value before = values_[state];
  if (before.is_text()) return false;
  const std::int64_t start = before.is_integer() ? before.number() : 0;
  std::int64_t sum = 0;
  if (__builtin_add_overflow(start, static_cast<std::int64_t>(step.b), &sum)) return false;
  const State fresh = values_.size();
  *next = integers_.try_emplace(sum, fresh).first->second;
  if (*next == fresh) values_.push_back(Value::integer(sum));
  return step.a == kAnyState || *next == step.a;
}

bool StateSpace::is_path() const {
  for (const Edge& edge : edges_) {
    if (edge.first_child != 0 && edges_[edge.first_child].next_sibling != 0) return false;
  }
  return true;
}

std::size_t StateSpace::memory_bytes() const {
  return values_.capacity() * 48 + edges_.capacity() * sizeof(Edge);
}

}  // namespace synchrodb::check
