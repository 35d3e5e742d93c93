// The versions that each key went through, who wrote each and who read it.
//
// Versions have numbers, those of a key in a row; the first of each key is the initial one. Lists
// have a version for each beginning of the key's trunk, in order, then one for each append that is
// not in it: each of those comes after the longest list read, in what order nobody knows. The
// values of a register are versions in order of their first mention.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/check/transactions/transaction_history.h"

namespace synchrodb::check {

using VersionId = std::uint32_t;

inline constexpr VersionId kNoVersion = 0xffffffffU;

// Views the history, which must outlive it.
class VersionIndex {
 public:
  explicit VersionIndex(const TransactionHistory& history);

  // Empty, or why nothing can be said: a value is written to one key twice.
  const std::string& error() const { return error_; }

  const TransactionHistory& history() const { return history_; }
  std::size_t version_count() const { return writer_.size(); }
  VersionId initial(std::uint32_t key) const { return first_[key]; }
  // One past the last version of the key.
  VersionId end(std::uint32_t key) const { return first_[key + 1]; }
  // Of lists: the longest that was read. Versions after it are in no order.
  VersionId last_ordered(std::uint32_t key) const;

  // Whether others can tell that the micro-operation took place, if all is well: of what a
  // transaction does to a register, a read before all else, and the last write. To lists all is.
  bool is_external(std::size_t micro) const { return external_.empty() || external_[micro]; }
  // What micro-operation `micro` (its place in `history().micros()`) wrote or saw; kNoVersion if
  // that is unknown, or a list that diverges from the trunk.
  VersionId version_of(std::size_t micro) const { return version_of_[micro]; }
  // kNoTransaction for the initial version and for garbage. Whatever its outcome.
  TransactionId writer(VersionId version) const { return writer_[version]; }
  // The same unless it failed.
  TransactionId possible_writer(VersionId version) const;
  // Whether its writer wrote the key again.
  bool is_intermediate(VersionId version) const { return intermediate_[version]; }
  // Transactions that certainly saw it: completed ones, once for each external read.
  std::span<const TransactionId> readers(VersionId version) const {
    return std::span(readers_).subspan(first_reader_[version],
                                       first_reader_[version + 1] - first_reader_[version]);
  }
  // Of lists: where in its key's trunk an element stands that stood there before; else kNoVersion.
  VersionId first_duplicate(std::uint32_t key) const;
  std::size_t memory_bytes() const;
  // The value that made the version; kAbsentValue for the initial one.
  ValueId value(VersionId version) const { return value_[version]; }

 private:
  void number_lists();
  void number_registers();
  void find_external();
  void find_writers();
  void find_readers();
  bool is_read_of(std::size_t micro, const Transaction& reader) const;

  const TransactionHistory& history_;
  std::string error_;
  std::vector<VersionId> first_;  // by key
  std::vector<VersionId> version_of_;
  std::vector<ValueId> value_;
  std::vector<std::pair<std::uint32_t, VersionId>> duplicates_;  // by key, few
  std::vector<TransactionId> writer_;
  std::vector<bool> intermediate_;
  std::vector<bool> external_;  // by micro-operation; empty: all
  std::vector<std::uint32_t> first_reader_;
  std::vector<TransactionId> readers_;
};

}  // namespace synchrodb::check
