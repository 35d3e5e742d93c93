#include "sim/check/history.h"

#include <array>
#include <utility>

#include "sim/check/assert.h"

namespace synchrodb::check {
namespace {

constexpr std::array<std::string_view, 8> kFunctionNames = {
    "read", "write", "cas", "append", "increment", "delete", "acquire", "release"};

constexpr std::array<std::pair<std::string_view, Function>, 13> kSynonyms = {{
    {"r", Function::kRead},
    {"get", Function::kRead},
    {"w", Function::kWrite},
    {"put", Function::kWrite},
    {"set", Function::kWrite},
    {"compare-and-set", Function::kCas},
    {"add", Function::kIncrement},
    {"incr", Function::kIncrement},
    {"inc", Function::kIncrement},
    {"del", Function::kDelete},
    {"remove", Function::kDelete},
    {"lock", Function::kAcquire},
    {"unlock", Function::kRelease},
}};

std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9U;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

std::uint64_t hash_bytes(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U ^ text.size();
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    __builtin_memcpy(&word, text.data(), 8);
    hash = mix(hash ^ word);
    text.remove_prefix(8);
  }
  std::uint64_t tail = 0;
  if (!text.empty()) __builtin_memcpy(&tail, text.data(), text.size());
  return mix(hash ^ tail);
}

}  // namespace

std::string_view name(Function function) {
  return kFunctionNames[static_cast<std::size_t>(function)];
}

std::optional<Function> parse_function(std::string_view word) {
  for (std::size_t i = 0; i < kFunctionNames.size(); ++i) {
    if (kFunctionNames[i] == word) return static_cast<Function>(i);
  }
  for (const auto& [synonym, function] : kSynonyms) {
    if (synonym == word) return function;
  }
  return std::nullopt;
}

std::string_view name(Outcome outcome) {
  constexpr std::array<std::string_view, 4> kNames = {"info", "ok", "fail", "refused"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::uint32_t StringPool::intern(std::string_view text) {
  if (slots_.size() < 2 * (ends_.size() + 1)) grow();
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = hash_bytes(text) & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    if (at(slots_[slot] - 1) == text) return slots_[slot] - 1;
  }
  bytes_.append(text);
  ends_.push_back(bytes_.size());
  slots_[slot] = static_cast<std::uint32_t>(ends_.size());
  return slots_[slot] - 1;
}

std::string_view StringPool::at(std::uint32_t id) const {
  SYNCHRODB_CHECK_ASSERT(id < ends_.size(), "a text value of another history");
  const std::size_t begin = id == 0 ? 0 : ends_[id - 1];
  return std::string_view(bytes_).substr(begin, ends_[id] - begin);
}

void StringPool::grow() {
  slots_.assign(slots_.empty() ? 16 : 2 * slots_.size(), 0);
  const std::size_t mask = slots_.size() - 1;
  for (std::uint32_t id = 0; id < ends_.size(); ++id) {
    std::size_t slot = hash_bytes(at(id)) & mask;
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = id + 1;
  }
}

History::History() : keys_(1) {}

KeyId History::key(Value name) {
  if (name.is_none()) return kOnlyKey;
  if (name.is_text()) {
    if (text_keys_.size() <= name.id()) text_keys_.resize(name.id() + 1, 0);
    KeyId& entry = text_keys_[name.id()];
    if (entry == 0) {
      keys_.push_back(name);
      entry = static_cast<KeyId>(keys_.size());
    }
    return entry - 1;
  }
  if (int_slots_.size() < 2 * (keys_.size() + 1)) {
    int_slots_.assign(int_slots_.empty() ? 16 : 2 * int_slots_.size(), 0);
    for (KeyId id = 1; id < keys_.size(); ++id) {
      if (keys_[id].is_text()) continue;
      std::size_t slot =
          mix(static_cast<std::uint64_t>(keys_[id].number())) & (int_slots_.size() - 1);
      while (int_slots_[slot] != 0) slot = (slot + 1) & (int_slots_.size() - 1);
      int_slots_[slot] = id + 1;
    }
  }
  const std::size_t mask = int_slots_.size() - 1;
  std::size_t slot = mix(static_cast<std::uint64_t>(name.number())) & mask;
  for (; int_slots_[slot] != 0; slot = (slot + 1) & mask) {
    if (keys_[int_slots_[slot] - 1] == name) return int_slots_[slot] - 1;
  }
  keys_.push_back(name);
  int_slots_[slot] = static_cast<std::uint32_t>(keys_.size());
  return int_slots_[slot] - 1;
}

OperationId History::invoke(const Invocation& invocation, std::int64_t time_ns) {
  SYNCHRODB_CHECK_ASSERT(next_event_ < kNeverCompleted - 1,
                         "a history holds at most 2^32 - 2 events");
  SYNCHRODB_CHECK_ASSERT(invocation.key < keys_.size(), "a key of another history");
  Operation& operation = operations_.emplace_back();
  operation.argument = invocation.argument;
  operation.expected = invocation.expected;
  operation.invoke_time = time_ns;
  operation.invoke_order = next_event_++;
  operation.process = invocation.process;
  operation.key = invocation.key;
  operation.function = invocation.function;
  return static_cast<OperationId>(operations_.size() - 1);
}

void History::complete(OperationId id, Outcome outcome, Value result, std::int64_t time_ns,
                       const std::optional<Witness>& witness) {
  SYNCHRODB_CHECK_ASSERT(id < operations_.size(), "no such operation");
  SYNCHRODB_CHECK_ASSERT(operations_[id].complete_order == kNeverCompleted &&
                             operations_[id].given_up_order == kNeverCompleted,
                         "completed twice");
  SYNCHRODB_CHECK_ASSERT(next_event_ < kNeverCompleted - 1,
                         "a history holds at most 2^32 - 2 events");
  Operation& operation = operations_[id];
  operation.outcome = outcome;
  operation.result = result;
  operation.complete_time = time_ns;
  const EventOrder order = next_event_++;
  (outcome == Outcome::kInfo ? operation.given_up_order : operation.complete_order) = order;
  if (witness) set_witness(id, *witness);
}

void History::set_witness(OperationId id, const Witness& witness) {
  SYNCHRODB_CHECK_ASSERT(id < operations_.size(), "no such operation");
  Operation& operation = operations_[id];
  if (operation.witness != 0) {
    witnesses_[operation.witness - 1] = witness;
    return;
  }
  witnesses_.push_back(witness);
  operation.witness = static_cast<std::uint32_t>(witnesses_.size());
}

std::size_t History::count(Outcome outcome) const {
  std::size_t total = 0;
  for (const Operation& operation : operations_) total += operation.outcome == outcome;
  return total;
}

void History::reserve(std::size_t operations) {
  operations_.reserve(operations);
  witnesses_.reserve(operations);
}

}  // namespace synchrodb::check
