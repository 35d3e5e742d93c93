#include "sim/check/transactions/version_index.h"

#include <algorithm>

#include "sim/check/transactions/for_each_key.h"
#include "sim/check/transactions/value_table.h"

namespace synchrodb::check {
namespace {

// The places of micro-operations, those of each key together.
struct ByKey {
  std::vector<std::uint32_t> first;  // by key
  std::vector<std::uint32_t> micros;

  template <typename Wanted>
  ByKey(const TransactionHistory& history, Wanted wanted) : first(history.key_count() + 1, 0) {
    for (const MicroOperation& one : history.micros()) {
      if (wanted(one)) ++first[one.key() + 1];
    }
    for (std::size_t key = 1; key < first.size(); ++key) first[key] += first[key - 1];
    micros.resize(first.back());
    std::vector<std::uint32_t> next(first.begin(), first.end() - 1);
    for (std::uint32_t at = 0; at < history.micros().size(); ++at) {
      const MicroOperation& one = history.micros()[at];
      if (wanted(one)) micros[next[one.key()]++] = at;
    }
  }

  std::span<const std::uint32_t> of(std::uint32_t key) const {
    return std::span(micros).subspan(first[key], first[key + 1] - first[key]);
  }
};

}  // namespace

VersionIndex::VersionIndex(const TransactionHistory& history) : history_(history) {
  version_of_.assign(history.micros().size(), kNoVersion);
  first_.reserve(history.key_count() + 1);
  first_.push_back(0);
  if (history.kind() == TransactionKind::kListAppend) {
    number_lists();
  } else {
    number_registers();
    find_external();
  }
  find_writers();
  if (error_.empty()) find_readers();
}

VersionId VersionIndex::last_ordered(std::uint32_t key) const {
  return first_[key] + static_cast<VersionId>(history_.trunk(key).size());
}

VersionId VersionIndex::first_duplicate(std::uint32_t key) const {
  const auto found = std::lower_bound(duplicates_.begin(), duplicates_.end(),
                                      std::pair<std::uint32_t, VersionId>{key, 0});
  return found != duplicates_.end() && found->first == key ? found->second : kNoVersion;
}

TransactionId VersionIndex::possible_writer(VersionId version) const {
  const TransactionId writer = writer_[version];
  if (writer == kNoTransaction) return kNoTransaction;
  const Outcome outcome = history_[writer].outcome;
  return outcome == Outcome::kOk || outcome == Outcome::kInfo ? writer : kNoTransaction;
}

void VersionIndex::number_lists() {
  const ByKey appends(history_,
                      [](const MicroOperation& one) { return one.kind() == MicroKind::kAppend; });
  ValueTable positions;
  for (std::uint32_t key = 0; key < history_.key_count(); ++key) {
    const std::span<const ValueId> trunk = history_.trunk(key);
    const VersionId initial = first_[key];
    positions.reset(trunk.size() + appends.of(key).size());
    value_.push_back(kAbsentValue);
    for (std::uint32_t i = 0; i < trunk.size(); ++i) {
      const VersionId version = initial + 1 + i;
      const bool fresh = positions.find_or_add(trunk[i], version) == version;
      const bool first = duplicates_.empty() || duplicates_.back().first != key;
      if (!fresh && first) duplicates_.emplace_back(key, version);
      value_.push_back(trunk[i]);
    }
    for (const std::uint32_t micro : appends.of(key)) {
      const ValueId element = history_.micros()[micro].value();
      const auto next = static_cast<std::uint32_t>(value_.size());
      version_of_[micro] = positions.find_or_add(element, next);
      if (version_of_[micro] == next) value_.push_back(element);
    }
    first_.push_back(static_cast<VersionId>(value_.size()));
  }
  for (std::size_t micro = 0; micro < version_of_.size(); ++micro) {
    const MicroOperation& one = history_.micros()[micro];
    if (one.is_known_read() && !TransactionHistory::diverges(one)) {
      version_of_[micro] = first_[one.key()] + one.value();
    }
  }
}

void VersionIndex::number_registers() {
  const ByKey accesses(history_, [](const MicroOperation&) { return true; });
  ValueTable versions;
  for (std::uint32_t key = 0; key < history_.key_count(); ++key) {
    versions.reset(accesses.of(key).size() + 1);
    versions.find_or_add(kAbsentValue, first_[key]);
    value_.push_back(kAbsentValue);
    for (const std::uint32_t micro : accesses.of(key)) {
      const MicroOperation& one = history_.micros()[micro];
      if (one.is_read() && !one.is_known_read()) continue;
      const auto next = static_cast<std::uint32_t>(value_.size());
      version_of_[micro] = versions.find_or_add(one.value(), next);
      if (version_of_[micro] == next) value_.push_back(one.value());
    }
    first_.push_back(static_cast<VersionId>(value_.size()));
  }
}

void VersionIndex::find_external() {
  external_.assign(version_of_.size(), false);
  for_each_key(history_, [this](TransactionId /*id*/, std::span<const std::uint32_t> micros) {
    if (history_.micros()[micros.front()].is_read()) external_[micros.front()] = true;
    for (std::size_t i = micros.size(); i-- > 0;) {
      if (history_.micros()[micros[i]].is_read()) continue;
      external_[micros[i]] = true;
      break;
    }
  });
}

void VersionIndex::find_writers() {
  writer_.assign(value_.size(), kNoTransaction);
  intermediate_.assign(value_.size(), false);
  for (TransactionId id = 0; id < history_.size(); ++id) {
    const Transaction& one = history_[id];
    for (std::uint32_t i = 0; i < one.micro_count; ++i) {
      const MicroOperation& write = history_.micros()[one.first_micro + i];
      if (write.is_read()) continue;
      TransactionId& writer = writer_[version_of_[one.first_micro + i]];
      if (writer != kNoTransaction && error_.empty()) {
        error_ = "the value " + history_.print(write.value()) + " goes to key " +
                 history_.print(history_.key_name(write.key())) +
                 " twice, so that nobody can tell who made which version";
      }
      writer = id;
    }
  }
  for_each_key(history_, [this](TransactionId /*id*/, std::span<const std::uint32_t> micros) {
    VersionId last = kNoVersion;
    for (const std::uint32_t micro : micros) {
      if (history_.micros()[micro].is_read()) continue;
      if (last != kNoVersion) intermediate_[last] = true;
      last = version_of_[micro];
    }
  });
}

bool VersionIndex::is_read_of(std::size_t micro, const Transaction& reader) const {
  return reader.outcome == Outcome::kOk && history_.micros()[micro].is_read() &&
         version_of_[micro] != kNoVersion && is_external(micro);
}

void VersionIndex::find_readers() {
  first_reader_.assign(writer_.size() + 1, 0);
  const auto visit = [this](auto found) {
    for (TransactionId id = 0; id < history_.size(); ++id) {
      const Transaction& one = history_[id];
      for (std::uint32_t micro = one.first_micro; micro < one.first_micro + one.micro_count;
           ++micro) {
        if (is_read_of(micro, one)) found(id, version_of_[micro]);
      }
    }
  };
  visit([this](TransactionId, VersionId version) { ++first_reader_[version + 1]; });
  for (std::size_t i = 1; i < first_reader_.size(); ++i) first_reader_[i] += first_reader_[i - 1];
  readers_.resize(first_reader_.back());
  std::vector<std::uint32_t> next(first_reader_.begin(), first_reader_.end() - 1);
  visit([this, &next](TransactionId id, VersionId version) { readers_[next[version]++] = id; });
}

std::size_t VersionIndex::memory_bytes() const {
  const std::size_t numbers = first_.capacity() + version_of_.capacity() + value_.capacity() +
                              writer_.capacity() + first_reader_.capacity() + readers_.capacity();
  return numbers * sizeof(std::uint32_t) + (intermediate_.capacity() + external_.capacity()) / 8;
}

}  // namespace synchrodb::check
