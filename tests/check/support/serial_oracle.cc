#include "tests/check/support/serial_oracle.h"

#include <map>
#include <stdexcept>

namespace synchrodb::check::testing {
namespace {

class Oracle {
 public:
  Oracle(const TransactionsDraft& draft, OracleOrder order) : draft_(draft), order_(order) {
    constexpr std::size_t kNever = ~std::size_t{0};
    const std::size_t count = draft.transactions.size();
    begin_.assign(count, kNever);
    end_.assign(count, kNever);
    for (std::size_t at = 0; at < draft.events.size(); ++at) {
      const std::size_t number = draft.events[at];
      const bool info = draft.transactions[number].outcome == Outcome::kInfo;
      if (begin_[number] == kNever) {
        begin_[number] = at;
      } else if (!info) {
        end_[number] = at;
      }
    }
    for (std::size_t i = 0; i < count; ++i) {
      if (draft.transactions[i].outcome != Outcome::kFail) nodes_.push_back(i);
    }
    if (nodes_.size() > kOracleMost) throw std::invalid_argument("too many transactions");
    done_.assign(count, false);
  }

  bool search() {
    bool complete = true;
    for (const std::size_t i : nodes_) {
      if (done_[i]) continue;
      const bool must = draft_.transactions[i].outcome == Outcome::kOk;
      complete = complete && !must;
      if (!may_be_next(i)) continue;
      const auto before = state_;
      if (apply(draft_.transactions[i])) {
        done_[i] = true;
        if (search()) return true;
        done_[i] = false;
      }
      state_ = before;
    }
    return complete;
  }

 private:
  bool precedes(std::size_t a, std::size_t b) const {
    if (order_ == OracleOrder::kAny || end_[a] >= begin_[b]) return false;
    return order_ == OracleOrder::kRealtime ||
           draft_.transactions[a].process == draft_.transactions[b].process;
  }

  bool may_be_next(std::size_t i) const {
    for (const std::size_t other : nodes_) {
      if (other != i && !done_[other] && precedes(other, i)) return false;
      // What is done before it must not have to come after.
      if (done_[other] && precedes(i, other)) return false;
    }
    return true;
  }

  bool apply(const TransactionDraft& one) {
    for (const MicroDraft& micro : one.micros) {
      std::vector<int>& value = state_[micro.key];
      if (micro.function == 'a') {
        value.push_back(micro.value);
      } else if (micro.function == 'w') {
        value = {micro.value};
      } else if (one.outcome == Outcome::kOk) {
        const bool lists = draft_.kind == TransactionKind::kListAppend;
        const bool same =
            lists ? value == micro.list : (value.empty() ? 0 : value.front()) == micro.value;
        if (!same) return false;
      }
    }
    return true;
  }

  const TransactionsDraft& draft_;
  const OracleOrder order_;
  std::vector<std::size_t> nodes_;
  std::vector<std::size_t> begin_;
  std::vector<std::size_t> end_;
  std::vector<bool> done_;
  std::map<int, std::vector<int>> state_;
};

}  // namespace

bool is_serializable(const TransactionsDraft& draft, OracleOrder order) {
  return Oracle(draft, order).search();
}

}  // namespace synchrodb::check::testing
