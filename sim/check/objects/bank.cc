// Banks: transfers move money between accounts, so that what all reads see adds up to the same.
// After Jepsen's bank.
#include "sim/check/objects/findings.h"

namespace synchrodb::check {
namespace {

// Nothing where it does not fit 64 bits: no bank's total does not.
std::optional<std::int64_t> total_of(std::span<const Value> balances) {
  __extension__ __int128 sum = 0;
  for (std::size_t i = 1; i < balances.size(); i += 2) {
    if (balances[i].is_integer()) sum += balances[i].number();
  }
  const auto total = static_cast<std::int64_t>(sum);
  return total == sum ? std::optional(total) : std::nullopt;
}

class BankCheck {
 public:
  BankCheck(const ObjectHistory& history, const ObjectOptions& options, Findings& findings)
      : history_(history), options_(options), findings_(findings), total_(options.initial) {}

  void run() {
    std::size_t reads = 0;
    for (OperationId id = 0; id < history_.size(); ++id) {
      if (!history_[id].is_ok(ObjectFunction::kRead)) continue;
      ++reads;
      check_balances(id);
      check_total(id);
    }
    findings_.count("reads", reads);
  }

 private:
  void check_balances(OperationId id) {
    const std::span<const Value> balances = history_.results(history_[id]);
    for (std::size_t i = 0; i + 1 < balances.size(); i += 2) {
      const Value account = balances[i];
      const Value balance = balances[i + 1];
      const bool negative =
          balance.is_integer() && balance.number() < 0 && !options_.negative_balances;
      if (balance.is_integer() && !negative) continue;
      const FindingKind kind = negative ? FindingKind::kNegativeBalance : FindingKind::kNilBalance;
      findings_.add({kind, account, {id}}, [&] {
        return history_.describe(id) + ", saw account " + history_.print(account) + " at " +
               history_.print(balance);
      });
    }
  }

  void check_total(OperationId id) {
    const std::optional<std::int64_t> total = total_of(history_.results(history_[id]));
    if (!total_ && total) {
      total_ = total;
      first_ = id;
    }
    if (total && total == total_) return;
    std::vector<OperationId> operations = {id};
    if (!options_.initial && first_) operations.push_back(*first_);
    findings_.add({FindingKind::kWrongTotal, Value(), std::move(operations)}, [&] {
      const std::string expected = total_ ? std::to_string(*total_) : "something that fits 64 bits";
      return history_.describe(id) + ", saw balances of " +
             (total ? std::to_string(*total) : "more than fits 64 bits") +
             " in all, but the total is " + expected +
             (first_ ? ", as seen first by " + history_.describe(*first_) : "");
    });
  }

  const ObjectHistory& history_;
  const ObjectOptions& options_;
  Findings& findings_;
  std::optional<std::int64_t> total_;
  std::optional<OperationId> first_;
};

}  // namespace

void check_bank(const ObjectHistory& history, const ObjectOptions& options, Findings& findings) {
  BankCheck(history, options, findings).run();
}

}  // namespace synchrodb::check
