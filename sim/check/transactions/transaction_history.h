// Histories of transactions: what each asked, what it was told, and when.
//
// A transaction is a list of micro-operations on named keys, as in Jepsen and Elle:
//   read    a key: a list of elements, or a register's value (absent at first)
//   append  an element to a key's list; no element is appended to one key twice
//   write   a register's value; no value is written to one key twice
// One history holds either lists (append, read) or registers (write, read).
//
// Order is decided by event numbers, never by times, as in history.h. Made for a million
// transactions: 60 to 90 bytes each. A list that was read costs one number where it begins like, or
// continues, what others read.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/check/history.h"

namespace synchrodb::check {

using TransactionId = std::uint32_t;  // position in the history, in order of invocation

inline constexpr TransactionId kNoTransaction = 0xffffffffU;

enum class TransactionKind : std::uint8_t { kListAppend, kRwRegister };

// A value that was appended, written or read, or the name of a key, as a number.
using ValueId = std::uint32_t;
// The value of a register that nobody wrote.
inline constexpr ValueId kAbsentValue = 0xffffffffU;

enum class MicroKind : std::uint8_t { kRead, kAppend, kWrite };

class MicroOperation {
 public:
  // Of a read whose answer nobody knows.
  static constexpr std::uint32_t kUnknown = 0xfffffffeU;
  static constexpr std::uint32_t kMostKeys = 1U << 30;

  // `value` of append, write: the ValueId. Of a read of a register: the ValueId, kAbsentValue or
  // kUnknown. Of a read of a list: kUnknown, or what `TransactionHistory::list` understands.
  MicroOperation(MicroKind kind, std::uint32_t key, std::uint32_t value)
      : value_(value), key_and_kind_(key << 2 | static_cast<std::uint32_t>(kind)) {}

  MicroKind kind() const { return static_cast<MicroKind>(key_and_kind_ & 3); }
  std::uint32_t key() const { return key_and_kind_ >> 2; }
  bool is_read() const { return kind() == MicroKind::kRead; }
  bool is_known_read() const { return is_read() && value_ != kUnknown; }
  std::uint32_t value() const { return value_; }

 private:
  std::uint32_t value_;
  std::uint32_t key_and_kind_;
};

struct Transaction {
  std::int64_t invoke_time = 0;    // nanoseconds since the start of the run
  std::int64_t complete_time = 0;  // meaningless until there is a completion
  EventOrder invoke_order = 0;
  EventOrder complete_order = kNeverCompleted;  // kNeverCompleted for info
  std::int32_t process = 0;
  std::uint32_t first_micro = 0;
  std::uint32_t micro_count = 0;
  Outcome outcome = Outcome::kInfo;
};

class TransactionHistory {
 public:
  explicit TransactionHistory(TransactionKind kind = TransactionKind::kListAppend) : kind_(kind) {}

  TransactionKind kind() const { return kind_; }

  // The number of a value or key; equal ones get equal numbers.
  ValueId value(std::int64_t number);
  ValueId value(std::string_view text);
  // The same for a keyword, which is printed with its colon.
  ValueId keyword(std::string_view text);
  // As EDN: 5, "five", :five, nil.
  std::string print(ValueId value) const;
  std::uint32_t key(ValueId name);
  ValueId key_name(std::uint32_t key) const { return keys_[key]; }
  std::size_t key_count() const { return keys_.size(); }

  // A recorder calls `invoke` when the transaction begins (a process has one at a time) and
  // `complete` when its client has the answer or has given up (info). What it did is added between
  // the two, in its order: reads only if they were answered (of an info or failed transaction,
  // `read_unknown`).
  TransactionId invoke(std::int32_t process, std::int64_t time_ns);
  void append(std::uint32_t key, ValueId element);
  void write(std::uint32_t key, ValueId value);
  void read_list(std::uint32_t key, std::span<const ValueId> elements);
  void read_register(std::uint32_t key, ValueId value);
  void read_unknown(std::uint32_t key);
  // Since micro-operations of one transaction lie together, those of `id` must be the last that
  // were added, all of them since the `begin_micros` before.
  void begin_micros(TransactionId id);
  void complete(TransactionId id, Outcome outcome, std::int64_t time_ns);
  // Says that the invocations are not events of their own: nothing is known of real time.
  void forget_real_time() { real_time_ = false; }
  bool knows_real_time() const { return real_time_; }

  std::size_t size() const { return transactions_.size(); }
  const Transaction& operator[](TransactionId id) const { return transactions_[id]; }
  std::span<const Transaction> transactions() const { return transactions_; }
  std::span<const MicroOperation> micros() const { return micros_; }
  std::span<const MicroOperation> micros(TransactionId id) const {
    const Transaction& one = transactions_[id];
    return std::span(micros_).subspan(one.first_micro, one.micro_count);
  }
  EventOrder event_count() const { return next_event_; }
  std::size_t count(Outcome outcome) const;

  // The list that a known read saw. Valid until the next read is added.
  std::span<const ValueId> list(const MicroOperation& read) const;
  // The longest of the lists of a key that continue what was read of it first. All others are
  // beginnings of it, but for those that `diverges` tells of.
  std::span<const ValueId> trunk(std::uint32_t key) const { return trunks_[key]; }
  // Whether the list that a known read saw does not begin like its key's trunk.
  static bool diverges(const MicroOperation& read) { return (read.value() & kDivergent) != 0; }
  // Whether there is such a read of the key.
  bool has_divergent(std::uint32_t key) const { return is_divergent_[key]; }

  std::size_t memory_bytes() const;
  void reserve(std::size_t transactions, std::size_t micros);

 private:
  // Reads of lists hold the length of a beginning of the trunk, or this bit and a number of
  // `divergent_`. Values are small numbers as they are, or this bit and a place in `values_`.
  static constexpr std::uint32_t kDivergent = 0x80000000U;
  static constexpr std::uint32_t kPooled = 0x80000000U;

  struct Pooled {
    std::int64_t number = 0;
    std::string text;
    char prefix = 0;  // of a text: '"' or ':'; 0 for a number
  };

  void add(std::uint32_t key, MicroKind kind, std::uint32_t value);
  ValueId pool(Pooled value);

  TransactionKind kind_;
  bool real_time_ = true;
  TransactionId adding_ = kNoTransaction;
  EventOrder next_event_ = 0;
  std::vector<Transaction> transactions_;
  std::vector<MicroOperation> micros_;
  std::vector<std::vector<ValueId>> trunks_;  // by key
  std::vector<std::vector<ValueId>> divergent_;
  std::vector<bool> is_divergent_;  // by key
  std::vector<ValueId> keys_;
  absl::flat_hash_map<ValueId, std::uint32_t> key_numbers_;
  std::vector<Pooled> values_;
  absl::flat_hash_map<std::string, ValueId> value_numbers_;  // by print
};

}  // namespace synchrodb::check
