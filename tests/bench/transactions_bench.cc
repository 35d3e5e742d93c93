// How fast histories of transactions are judged, and what they take. Transactions as Elle generates
// them: 1 to 4 micro-operations on a few keys at a time, each key retired after 32 writes.
// Counter `txns` is transactions a second; `history` and `checker` are bytes a transaction.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "sim/check/transactions/check_transactions.h"
#include "sim/check/transactions/transaction_history.h"

namespace synchrodb::check {
namespace {

constexpr std::size_t kActiveKeys = 10;
constexpr std::int64_t kMostWrites = 32;

// Clients of a strictly serializable database: each transaction takes effect as a whole at a moment
// of its own.
class TransactionRecorder {
 public:
  TransactionRecorder(TransactionKind kind, std::size_t clients)
      : history_(kind), clients_(clients), keys_(kActiveKeys) {
    for (Key& key : keys_) renew(key);
    for (Client& client : clients_) {
      client.process = static_cast<std::int32_t>(&client - clients_.data());
    }
  }

  // Of a thousand transactions, `crash_permille` get no answer, and `stale_permille` read as of
  // before the last that took effect. With an `omen` the first one sees what the last one does.
  TransactionHistory run(std::size_t transactions, std::uint64_t crash_permille,
                         std::uint64_t stale_permille, bool omen = false) {
    const std::array<ValueId, 1> seen = {history_.value(std::int64_t{1})};
    const std::uint32_t key = history_.key(history_.value(std::string_view("omen")));
    if (omen) by_itself([&] { history_.read_list(key, seen); });
    history_.reserve(transactions, transactions * 5 / 2);
    for (std::size_t begun = 0; begun < transactions;) {
      Client& client = clients_[roll(clients_.size())];
      now_ += 1'000;
      if (client.open) {
        complete(client, roll(1'000) < crash_permille, roll(1'000) < stale_permille);
      } else {
        client.id = history_.invoke(client.process, now_);
        client.open = true;
        ++begun;
      }
    }
    if (omen) by_itself([&] { history_.append(key, seen[0]); });
    return std::move(history_);
  }

 private:
  struct Client {
    std::int32_t process = 0;
    TransactionId id = 0;
    bool open = false;
  };
  struct Key {
    std::uint32_t number = 0;
    std::vector<ValueId> values;
  };

  // A transaction of a process of its own.
  template <typename Micros>
  void by_itself(Micros micros) {
    const TransactionId id =
        history_.invoke(-static_cast<std::int32_t>(history_.size()) - 1, ++now_);
    history_.begin_micros(id);
    micros();
    history_.complete(id, Outcome::kOk, ++now_);
  }

  std::uint64_t roll(std::uint64_t sides) {
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    return (random_ >> 33) % sides;
  }

  void renew(Key& key) {
    key.number = history_.key(history_.value(next_key_++));
    key.values.clear();
  }

  // It takes effect when its answer is on the way: strictly serializable.
  void complete(Client& client, bool crashed, bool stale) {
    history_.begin_micros(client.id);
    const std::uint64_t micros = 1 + roll(4);
    for (std::uint64_t i = 0; i < micros; ++i) micro(crashed, stale);
    history_.complete(client.id, crashed ? Outcome::kInfo : Outcome::kOk, now_);
    client.open = false;
    if (crashed) client.process += static_cast<std::int32_t>(clients_.size());
    for (Key& key : keys_) {
      if (key.values.size() >= kMostWrites) renew(key);
    }
  }

  void micro(bool crashed, bool stale) {
    Key& key = keys_[roll(keys_.size())];
    const bool lists = history_.kind() == TransactionKind::kListAppend;
    if (roll(2) == 0) {
      key.values.push_back(history_.value(static_cast<std::int64_t>(key.values.size() + 1)));
      if (lists) return history_.append(key.number, key.values.back());
      return history_.write(key.number, key.values.back());
    }
    if (crashed) return history_.read_unknown(key.number);
    const std::span<const ValueId> seen =
        std::span(key.values).first(key.values.size() - (stale && !key.values.empty() ? 1 : 0));
    if (lists) return history_.read_list(key.number, seen);
    history_.read_register(key.number, seen.empty() ? kAbsentValue : seen.back());
  }

  TransactionHistory history_;
  std::vector<Client> clients_;
  std::vector<Key> keys_;
  std::uint64_t random_ = 42;
  std::int64_t now_ = 0;
  std::int64_t next_key_ = 0;
};

void judge(benchmark::State& state, TransactionKind kind, std::uint64_t stale_permille,
           Verdict expected) {
  const auto transactions = static_cast<std::size_t>(state.range(0));
  TransactionRecorder recorder(kind, static_cast<std::size_t>(state.range(1)));
  const TransactionHistory history = recorder.run(transactions, 5, stale_permille);
  TransactionJudgement judgement;
  for (auto _ : state) {
    judgement = check_transactions(history);
    benchmark::DoNotOptimize(judgement);
  }
  if (judgement.verdict != expected) state.SkipWithError("another verdict than expected");
  const auto count = static_cast<double>(history.size());
  state.counters["txns"] = benchmark::Counter(count, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["history"] = static_cast<double>(history.memory_bytes()) / count;
  state.counters["checker"] = static_cast<double>(judgement.memory_bytes) / count;
  state.counters["components"] = static_cast<double>(judgement.components);
}

void BM_ListAppend(benchmark::State& state) {
  judge(state, TransactionKind::kListAppend, 0, Verdict::kValid);
}
BENCHMARK(BM_ListAppend)
    ->ArgsProduct({{1'000, 10'000, 100'000, 1'000'000}, {5, 20, 100}})
    ->Unit(benchmark::kMillisecond);

void BM_RwRegister(benchmark::State& state) {
  judge(state, TransactionKind::kRwRegister, 0, Verdict::kValid);
}
BENCHMARK(BM_RwRegister)
    ->ArgsProduct({{1'000, 10'000, 100'000, 1'000'000}, {5, 20, 100}})
    ->Unit(benchmark::kMillisecond);

// One transaction in a hundred reads what was true before the last write: many small cycles.
void BM_StaleReads(benchmark::State& state) {
  judge(state, TransactionKind::kListAppend, 10, Verdict::kInvalid);
}
BENCHMARK(BM_StaleReads)
    ->ArgsProduct({{1'000, 10'000, 100'000}, {5, 20}})
    ->Unit(benchmark::kMillisecond);

BENCHMARK(BM_StaleReads)->Args({100'000, 100})->Unit(benchmark::kMillisecond);

// The first transaction sees what the last one appends: all are in one cyclic component.
void BM_OneComponent(benchmark::State& state) {
  const auto transactions = static_cast<std::size_t>(state.range(0));
  TransactionRecorder recorder(TransactionKind::kListAppend,
                               static_cast<std::size_t>(state.range(1)));
  const TransactionHistory history = recorder.run(transactions, 5, 0, true);
  TransactionJudgement judgement;
  for (auto _ : state) judgement = check_transactions(history);
  if (judgement.verdict != Verdict::kInvalid) state.SkipWithError("not convicted");
  state.counters["txns"] = benchmark::Counter(static_cast<double>(history.size()),
                                              benchmark::Counter::kIsIterationInvariantRate);
  state.counters["components"] = static_cast<double>(judgement.components);
  state.SetLabel(judgement.exhausted.empty() ? "decided" : "exhausted: " + judgement.exhausted);
}
BENCHMARK(BM_OneComponent)
    ->ArgsProduct({{1'000, 10'000, 100'000, 1'000'000}, {20}})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace synchrodb::check
