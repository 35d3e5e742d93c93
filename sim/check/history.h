// Histories: what clients asked, what they were told, and when.
//
// The vocabulary is Jepsen's. An operation is invoked by a process and completes as
//   ok    it took effect, exactly once, between its invocation and its completion;
//   fail  it did not take effect. A compare-and-set that fails found another value: in our own
//         dialect (check.h) that is an observation of the state. Record `refused` for an operation
//         that nobody executed (queue full, not sent): it says nothing at all;
//   info  nobody knows: it may take effect at any time after its invocation, or never.
// An operation that has no completion counts as info.
//
// Order is decided by event numbers, never by times: every invocation and completion gets the next
// number when it is recorded, so two events at the same nanosecond are still ordered, and a clock
// that was wrong convicts nobody. Times are kept for people and plots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace synchrodb::check {

// A value of 16 bytes: nothing recorded, absent (Jepsen's nil), a 64-bit integer, or a string.
// The bytes of a string live in the history that made it (`History::text`); two values may be
// compared only within one history.
class Value {
 public:
  enum class Kind : std::uint8_t { kNone, kAbsent, kInteger, kText };

  // Nothing recorded: constrains nothing.
  constexpr Value() = default;
  // The key does not exist.
  static constexpr Value absent() { return Value(Kind::kAbsent, 0); }
  static constexpr Value integer(std::int64_t number) { return Value(Kind::kInteger, number); }
  // For `History::text` and readers; workloads call `History::text`.
  static constexpr Value text_id(std::uint32_t id) { return Value(Kind::kText, id); }

  constexpr Kind kind() const { return kind_; }
  constexpr bool is_none() const { return kind_ == Kind::kNone; }
  constexpr bool is_absent() const { return kind_ == Kind::kAbsent; }
  constexpr bool is_integer() const { return kind_ == Kind::kInteger; }
  constexpr bool is_text() const { return kind_ == Kind::kText; }
  // Only if is_integer().
  constexpr std::int64_t number() const { return payload_; }
  // Only if is_text().
  constexpr std::uint32_t id() const { return static_cast<std::uint32_t>(payload_); }

  friend constexpr bool operator==(const Value&, const Value&) = default;

 private:
  constexpr Value(Kind kind, std::int64_t payload) : payload_(payload), kind_(kind) {}

  std::int64_t payload_ = 0;
  Kind kind_ = Kind::kNone;
};

// What an operation asks. `argument`, `expected` and `result` below are the operation's values.
//   kRead       result: the value seen (Value::absent() if the key did not exist)
//   kWrite      argument: the new value
//   kCas        expected -> argument; ok: it held `expected` and was replaced; fail: it did not
//               (result: the value that it held instead, if known).
//               expected = Value::absent() is "set if it does not exist"
//   kAppend     argument: the string appended; result: nothing, the new length (integer), or the
//               new string (text)
//   kIncrement  argument: the integer added (negative to decrement); result: nothing or the new
//               integer
//   kDelete     result: nothing, or 1 if the key existed and 0 if it did not
//   kAcquire, kRelease   a mutex
enum class Function : std::uint8_t {
  kRead,
  kWrite,
  kCas,
  kAppend,
  kIncrement,
  kDelete,
  kAcquire,
  kRelease,
};

// kRefused is written to files as a fail with the error `:refused`.
enum class Outcome : std::uint8_t { kInfo, kOk, kFail, kRefused };

// Jepsen's word for it: "read", "write", "cas", "append", "increment", "delete", …
std::string_view name(Function function);
// Also understands the synonyms get, r, put, set, w, add, incr, del, lock, unlock.
std::optional<Function> parse_function(std::string_view word);
std::string_view name(Outcome outcome);

using OperationId = std::uint32_t;  // position in the history, in order of invocation
using KeyId = std::uint32_t;
using EventOrder = std::uint32_t;

// The key of a history of one object.
inline constexpr KeyId kOnlyKey = 0;
// The completion of an operation that never completed.
inline constexpr EventOrder kNeverCompleted = std::numeric_limits<EventOrder>::max();

// Where the system itself says that the operation took effect. It only speeds checking up: a
// wrong witness convicts nobody, and acquits nobody, since the order that it suggests is checked.
struct Witness {
  std::uint64_t term = 0;
  std::uint64_t index = 0;       // log index of the entry; 0 for a read that is not in the log
  std::uint64_t read_index = 0;  // for a read: the last log index whose effect it saw
  std::uint32_t group = 0;
  std::uint32_t position = 0;  // rank within the entry, if one entry holds several operations
};

struct Operation {
  Value argument;
  Value expected;
  Value result;
  std::int64_t invoke_time = 0;    // nanoseconds since the start of the run
  std::int64_t complete_time = 0;  // meaningless until there is a completion (info included)
  EventOrder invoke_order = 0;
  EventOrder complete_order = kNeverCompleted;  // kNeverCompleted for info
  EventOrder given_up_order = kNeverCompleted;  // for info: when the client gave up, if it did
  std::int32_t process = 0;
  KeyId key = kOnlyKey;
  std::uint32_t witness = 0;  // 1 + position among the history's witnesses, 0 for none
  Function function = Function::kRead;
  Outcome outcome = Outcome::kInfo;
};

// What a client is about to ask.
struct Invocation {
  std::int32_t process = 0;
  Function function = Function::kRead;
  KeyId key = kOnlyKey;
  Value argument{};
  Value expected{};  // only for kCas
};

// Strings by number, each kept once.
class StringPool {
 public:
  std::uint32_t intern(std::string_view text);
  // Valid until the next intern().
  std::string_view at(std::uint32_t id) const;
  std::size_t size() const { return ends_.size(); }

 private:
  void grow();

  std::string bytes_;
  std::vector<std::size_t> ends_;
  std::vector<std::uint32_t> slots_;  // 1 + id, 0 for free; a power of two of them
};

// Operations in order of invocation. A recorder calls `invoke` when the request leaves the client
// and `complete` when the client has its answer (or has given up: info). Copyable.
class History {
 public:
  History();

  // A string value. Equal strings give equal values.
  Value text(std::string_view bytes) { return Value::text_id(strings_.intern(bytes)); }
  // The bytes of a text value of this history; valid until the next call of `text`.
  std::string_view bytes(Value text) const { return strings_.at(text.id()); }

  // The number of a key, made at its first mention.
  KeyId key(Value name);
  KeyId key(std::string_view name) { return key(text(name)); }
  KeyId key(std::int64_t name) { return key(Value::integer(name)); }
  // The name of a key; Value() for kOnlyKey.
  Value key_name(KeyId key) const { return keys_[key]; }
  std::size_t key_count() const { return keys_.size(); }

  OperationId invoke(const Invocation& invocation, std::int64_t time_ns);
  // At most once for each operation. `result` as described at Function; Value() for nothing.
  void complete(OperationId id, Outcome outcome, Value result, std::int64_t time_ns,
                const std::optional<Witness>& witness = std::nullopt);
  // For a recorder that learns later where an operation took effect (also for info operations:
  // with them the witness explains what an unanswered write did).
  void set_witness(OperationId id, const Witness& witness);

  std::size_t size() const { return operations_.size(); }
  bool empty() const { return operations_.empty(); }
  const Operation& operator[](OperationId id) const { return operations_[id]; }
  std::span<const Operation> operations() const { return operations_; }
  // Null if the operation has none.
  const Witness* witness(const Operation& operation) const {
    return operation.witness == 0 ? nullptr : &witnesses_[operation.witness - 1];
  }
  std::size_t count(Outcome outcome) const;
  // One more than the greatest event number given out.
  EventOrder event_count() const { return next_event_; }

  void reserve(std::size_t operations);

 private:
  std::vector<Operation> operations_;
  std::vector<Witness> witnesses_;
  StringPool strings_;
  std::vector<Value> keys_;               // name of each key
  std::vector<KeyId> text_keys_;          // by string id: 1 + key, 0 for none
  std::vector<std::uint32_t> int_slots_;  // open addressing over integer keys: 1 + key
  EventOrder next_event_ = 0;
};

}  // namespace synchrodb::check
