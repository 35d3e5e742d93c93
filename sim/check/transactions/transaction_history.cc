#include "sim/check/transactions/transaction_history.h"

#include <algorithm>
#include <utility>

#include "sim/check/assert.h"
#include "sim/check/edn.h"

namespace synchrodb::check {
namespace {

std::string print_pooled(char prefix, std::int64_t number, const std::string& text) {
  if (prefix == 0) return std::to_string(number);
  Edn form;
  form.kind = prefix == ':' ? Edn::Kind::kKeyword : Edn::Kind::kString;
  form.text = text;
  return form.print();
}

}  // namespace

ValueId TransactionHistory::value(std::int64_t number) {
  if (number >= 0 && number < std::int64_t{kPooled}) return static_cast<ValueId>(number);
  return pool({number, "", 0});
}

ValueId TransactionHistory::value(std::string_view text) {
  return pool({0, std::string(text), '"'});
}

ValueId TransactionHistory::keyword(std::string_view text) {
  return pool({0, std::string(text), ':'});
}

ValueId TransactionHistory::pool(Pooled value) {
  std::string print = print_pooled(value.prefix, value.number, value.text);
  const auto next = static_cast<ValueId>(kPooled | values_.size());
  SYNCHRODB_CHECK_ASSERT(next < MicroOperation::kUnknown, "a history of too many values");
  const auto [found, fresh] = value_numbers_.try_emplace(std::move(print), next);
  if (fresh) values_.push_back(std::move(value));
  return found->second;
}

std::string TransactionHistory::print(ValueId value) const {
  if (value == kAbsentValue) return "nil";
  if ((value & kPooled) == 0) return std::to_string(value);
  SYNCHRODB_CHECK_ASSERT((value & ~kPooled) < values_.size(), "a value of another history");
  const Pooled& pooled = values_[value & ~kPooled];
  return print_pooled(pooled.prefix, pooled.number, pooled.text);
}

std::uint32_t TransactionHistory::key(ValueId name) {
  const auto next = static_cast<std::uint32_t>(keys_.size());
  SYNCHRODB_CHECK_ASSERT(next < MicroOperation::kMostKeys, "a history of too many keys");
  const auto [found, fresh] = key_numbers_.try_emplace(name, next);
  if (fresh) {
    keys_.push_back(name);
    trunks_.emplace_back();
    is_divergent_.push_back(false);
  }
  return found->second;
}

TransactionId TransactionHistory::invoke(std::int32_t process, std::int64_t time_ns) {
  SYNCHRODB_CHECK_ASSERT(next_event_ < kNeverCompleted - 1,
                         "a history holds at most 2^32 - 2 events");
  Transaction& one = transactions_.emplace_back();
  one.process = process;
  one.invoke_time = time_ns;
  one.invoke_order = next_event_++;
  return static_cast<TransactionId>(transactions_.size() - 1);
}

void TransactionHistory::begin_micros(TransactionId id) {
  SYNCHRODB_CHECK_ASSERT(id < transactions_.size(), "no such transaction");
  SYNCHRODB_CHECK_ASSERT(transactions_[id].micro_count == 0, "it has its micro-operations");
  SYNCHRODB_CHECK_ASSERT(micros_.size() < 0xffffffffU, "a history of too many micro-operations");
  adding_ = id;
  transactions_[id].first_micro = static_cast<std::uint32_t>(micros_.size());
}

void TransactionHistory::add(std::uint32_t key, MicroKind kind, std::uint32_t value) {
  SYNCHRODB_CHECK_ASSERT(adding_ != kNoTransaction, "begin_micros first");
  SYNCHRODB_CHECK_ASSERT(key < keys_.size(), "a key of another history");
  ++transactions_[adding_].micro_count;
  micros_.emplace_back(kind, key, value);
}

void TransactionHistory::append(std::uint32_t key, ValueId element) {
  SYNCHRODB_CHECK_ASSERT(kind_ == TransactionKind::kListAppend, "registers know no append");
  add(key, MicroKind::kAppend, element);
}

void TransactionHistory::write(std::uint32_t key, ValueId value) {
  SYNCHRODB_CHECK_ASSERT(kind_ == TransactionKind::kRwRegister, "lists know no write");
  add(key, MicroKind::kWrite, value);
}

void TransactionHistory::read_list(std::uint32_t key, std::span<const ValueId> elements) {
  SYNCHRODB_CHECK_ASSERT(kind_ == TransactionKind::kListAppend, "a register holds no list");
  std::vector<ValueId>& trunk = trunks_[key];
  const std::size_t common = std::min(trunk.size(), elements.size());
  if (std::equal(elements.begin(), elements.begin() + static_cast<std::ptrdiff_t>(common),
                 trunk.begin())) {
    trunk.insert(trunk.end(), elements.begin() + static_cast<std::ptrdiff_t>(common),
                 elements.end());
    add(key, MicroKind::kRead, static_cast<std::uint32_t>(elements.size()));
    return;
  }
  add(key, MicroKind::kRead, kDivergent | static_cast<std::uint32_t>(divergent_.size()));
  is_divergent_[key] = true;
  divergent_.emplace_back(elements.begin(), elements.end());
}

void TransactionHistory::read_register(std::uint32_t key, ValueId value) {
  SYNCHRODB_CHECK_ASSERT(kind_ == TransactionKind::kRwRegister, "a list holds no single value");
  add(key, MicroKind::kRead, value);
}

void TransactionHistory::read_unknown(std::uint32_t key) {
  add(key, MicroKind::kRead, MicroOperation::kUnknown);
}

void TransactionHistory::complete(TransactionId id, Outcome outcome, std::int64_t time_ns) {
  SYNCHRODB_CHECK_ASSERT(id < transactions_.size(), "no such transaction");
  Transaction& one = transactions_[id];
  SYNCHRODB_CHECK_ASSERT(one.complete_order == kNeverCompleted, "completed twice");
  SYNCHRODB_CHECK_ASSERT(next_event_ < kNeverCompleted - 1,
                         "a history holds at most 2^32 - 2 events");
  one.outcome = outcome;
  one.complete_time = time_ns;
  const EventOrder order = next_event_++;
  if (outcome != Outcome::kInfo) one.complete_order = order;
  adding_ = kNoTransaction;
}

std::size_t TransactionHistory::count(Outcome outcome) const {
  return static_cast<std::size_t>(
      std::count_if(transactions_.begin(), transactions_.end(),
                    [outcome](const Transaction& one) { return one.outcome == outcome; }));
}

std::span<const ValueId> TransactionHistory::list(const MicroOperation& read) const {
  SYNCHRODB_CHECK_ASSERT(read.is_known_read(), "nobody knows what it read");
  if (diverges(read)) return divergent_[read.value() & ~kDivergent];
  return std::span(trunks_[read.key()]).first(read.value());
}

std::size_t TransactionHistory::memory_bytes() const {
  std::size_t bytes =
      transactions_.capacity() * sizeof(Transaction) + micros_.capacity() * sizeof(MicroOperation) +
      trunks_.capacity() * sizeof(std::vector<ValueId>) + keys_.capacity() * sizeof(ValueId) +
      key_numbers_.capacity() * (sizeof(ValueId) + sizeof(std::uint32_t) + 1) +
      values_.capacity() * (sizeof(Pooled) + sizeof(std::string));
  for (const auto& trunk : trunks_) bytes += trunk.capacity() * sizeof(ValueId);
  for (const auto& list : divergent_)
    bytes += sizeof(std::vector<ValueId>) + list.capacity() * sizeof(ValueId);
  return bytes;
}

void TransactionHistory::reserve(std::size_t transactions, std::size_t micros) {
  transactions_.reserve(transactions);
  micros_.reserve(micros);
}

}  // namespace synchrodb::check
