// In what order a register went through its values, as far as the transactions tell.
//
// Values say nothing of their order by themselves. What does:
//   observed  the initial state comes first
//   update    who reads one value and writes another puts them in that order
//   process   a process meets values in their order
//   realtime  who had completed when another began met no later value
// All but the first hold of databases that promise as much, and what follows from them counts only
// against such promises: see dependency.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "sim/check/transactions/dependency.h"
#include "sim/check/transactions/version_index.h"

namespace synchrodb::check {

class RegisterOrder {
 public:
  struct Next {
    VersionId version;
    Basis basis;
  };

  // Two transactions that put two versions in order; the same one twice for an update.
  struct Reason {
    TransactionId earlier;
    TransactionId later;
  };

  // What puts versions in order besides the initial state.
  struct Use {
    bool updates;  // what a transaction read and wrote
    bool time;     // processes and real time
  };

  // At most `most_pairs` pairs of versions are kept; if there are more, `complete` is false.
  // `index` must outlive it.
  RegisterOrder(const VersionIndex& index, Use use, std::size_t most_pairs);

  // What certainly came later than `version`, of each key as few as say all (by transitivity).
  std::span<const Next> next(VersionId version) const {
    return std::span(next_).subspan(first_[version], first_[version + 1] - first_[version]);
  }
  // Why. Nothing for the initial state, which needs no reason.
  std::optional<Reason> reason(VersionId earlier, const Next& later) const;

  bool complete() const { return complete_; }
  std::size_t memory_bytes() const;

 private:
  // What a transaction met of a key: the first value certain to be there and the last.
  struct Touch {
    TransactionId transaction;
    VersionId first;  // kNoVersion if unknown
    VersionId last;
    bool read_then_wrote;
  };
  struct Pair {
    VersionId from;
    VersionId to;
    Basis basis;
  };

  void find_touches();
  std::span<const Touch> touches(std::uint32_t key) const {
    return std::span(touches_).subspan(first_touch_[key],
                                       first_touch_[key + 1] - first_touch_[key]);
  }
  std::uint32_t key_of(VersionId version) const;
  void add(VersionId from, VersionId to, Basis basis);
  void add_data(std::uint32_t key, bool updates);
  void add_processes(std::uint32_t key);
  void add_realtime(std::uint32_t key);
  void sort_pairs();

  const VersionIndex& index_;
  const std::size_t most_pairs_;
  bool complete_ = true;
  std::vector<Touch> touches_;
  std::vector<std::uint32_t> first_touch_;  // by key
  std::vector<Pair> pairs_;
  std::vector<std::uint32_t> first_;  // by version
  std::vector<Next> next_;
};

}  // namespace synchrodb::check
