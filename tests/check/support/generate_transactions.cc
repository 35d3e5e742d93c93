#include "tests/check/support/generate_transactions.h"

#include <algorithm>
#include <map>
#include <optional>

namespace synchrodb::check::testing {
namespace {

using State = std::map<int, std::vector<int>>;

class Database {
 public:
  Database(Dice& dice, const TransactionShape& shape) : dice_(dice), shape_(shape) {
    draft_.kind = shape.kind;
    open_.resize(shape.processes);
  }

  TransactionsDraft run() {
    for (std::size_t begun = 0; begun < shape_.transactions || any_open();) {
      const std::size_t process = dice_.roll(shape_.processes);
      if (open_[process]) {
        proceed(process);
      } else if (begun < shape_.transactions) {
        begin(process, some_micros());
        ++begun;
      }
    }
    if (shape_.final_read) read_all();
    return std::move(draft_);
  }

 private:
  struct Open {
    std::size_t number = 0;
    std::size_t next = 0;  // micro-operation
    State snapshot;
    bool effective = false;
    bool lost = false;    // its client gets no answer
    bool failed = false;  // and it has no effect
  };

  bool any_open() const {
    return std::any_of(open_.begin(), open_.end(), [](const auto& one) { return one.has_value(); });
  }

  std::vector<MicroDraft> some_micros() {
    std::vector<MicroDraft> micros;
    const std::size_t count = 1 + dice_.roll(shape_.most_micros);
    for (std::size_t i = 0; i < count; ++i) {
      MicroDraft micro;
      micro.key = 1 + static_cast<int>(dice_.roll(static_cast<std::uint64_t>(shape_.keys)));
      const bool lists = shape_.kind == TransactionKind::kListAppend;
      if (dice_.chance(50)) {
        const auto touched = [&micro](const MicroDraft& other) { return other.key == micro.key; };
        if (shape_.updates_only && std::none_of(micros.begin(), micros.end(), touched)) {
          micros.push_back(micro);
        }
        micro.function = lists ? 'a' : 'w';
        micro.value = ++last_value_;
      }
      micros.push_back(micro);
    }
    return micros;
  }

  void begin(std::size_t process, std::vector<MicroDraft> micros) {
    Open open;
    open.number = draft_.transactions.size();
    open.snapshot = state_;
    open.failed = dice_.chance(shape_.fail_percent);
    open.lost = dice_.chance(shape_.crash_percent);
    draft_.events.push_back(open.number);
    draft_.transactions.push_back(
        {static_cast<std::int32_t>(process + shape_.processes * generation_[process]), Outcome::kOk,
         std::move(micros)});
    open_[process] = std::move(open);
  }

  void apply(MicroDraft& micro, State* state) const {
    std::vector<int>& value = (*state)[micro.key];
    if (micro.function == 'a') {
      value.push_back(micro.value);
    } else if (micro.function == 'w') {
      value = {micro.value};
    } else if (shape_.kind == TransactionKind::kListAppend) {
      micro.list = value;
    } else {
      micro.value = value.empty() ? 0 : value.front();
    }
  }

  void proceed(std::size_t process) {
    Open& open = *open_[process];
    std::vector<MicroDraft>& micros = draft_.transactions[open.number].micros;
    if (open.effective || open.failed) return finish(process);
    switch (shape_.isolation) {
      case Isolation::kStrictSerial:
        for (MicroDraft& micro : micros) apply(micro, &state_);
        open.effective = true;
        return;
      case Isolation::kSnapshot:
        commit_snapshot(open, micros);
        return;
      case Isolation::kNone:
        apply(micros[open.next++], &state_);
        open.effective = open.next == micros.size();
        return;
    }
  }

  // The first committer wins.
  void commit_snapshot(Open& open, std::vector<MicroDraft>& micros) {
    for (const MicroDraft& micro : micros) {
      if (micro.function != 'r' && state_[micro.key] != open.snapshot[micro.key]) {
        open.failed = true;
        return;
      }
    }
    for (MicroDraft& micro : micros) apply(micro, &open.snapshot);
    for (const MicroDraft& micro : micros) {
      if (micro.function != 'r') state_[micro.key] = open.snapshot[micro.key];
    }
    open.effective = true;
  }

  void finish(std::size_t process) {
    const Open open = *open_[process];
    open_[process].reset();
    TransactionDraft& one = draft_.transactions[open.number];
    if (open.lost) {
      one.outcome = Outcome::kInfo;
      ++generation_[process];  // Jepsen's processes do not return from that
    } else if (open.failed) {
      one.outcome = Outcome::kFail;
    }
    draft_.events.push_back(open.number);
  }

  void read_all() {
    std::vector<MicroDraft> micros;
    for (int key = 1; key <= shape_.keys; ++key) micros.push_back({'r', key, 0, {}});
    for (MicroDraft& micro : micros) apply(micro, &state_);
    const std::size_t number = draft_.transactions.size();
    draft_.transactions.push_back({-1, Outcome::kOk, std::move(micros)});
    draft_.events.push_back(number);
    draft_.events.push_back(number);
  }

  Dice& dice_;
  const TransactionShape& shape_;
  TransactionsDraft draft_;
  State state_;
  std::vector<std::optional<Open>> open_;
  std::map<std::size_t, std::size_t> generation_;
  int last_value_ = 0;
};

// What a read might have seen instead: another state of the key, or one that never was.
void change_read(Dice& dice, TransactionsDraft* draft, MicroDraft* read) {
  std::vector<const MicroDraft*> others;
  for (const TransactionDraft& one : draft->transactions) {
    for (const MicroDraft& micro : one.micros) {
      if (micro.key == read->key && &micro != read) others.push_back(&micro);
    }
  }
  if (draft->kind == TransactionKind::kRwRegister) {
    read->value = others.empty() ? 0 : others[dice.roll(others.size())]->value;
    return;
  }
  if (!read->list.empty() && dice.chance(50)) {
    read->list.pop_back();
  } else if (read->list.size() > 1 && dice.chance(20)) {
    std::swap(read->list[0], read->list[1]);
  } else if (!others.empty()) {
    const MicroDraft& other = *others[dice.roll(others.size())];
    if (other.function == 'r') {
      read->list = other.list;
    } else {
      read->list.push_back(other.value);
    }
  }
}

}  // namespace

TransactionsDraft generate(Dice& dice, const TransactionShape& shape) {
  return Database(dice, shape).run();
}

void mutate(Dice& dice, TransactionsDraft* draft) {
  TransactionDraft& one = draft->transactions[dice.roll(draft->transactions.size())];
  const std::uint64_t what = dice.roll(10);
  if (what < 6 && !one.micros.empty()) {
    MicroDraft& micro = one.micros[dice.roll(one.micros.size())];
    if (micro.function == 'r') change_read(dice, draft, &micro);
  } else if (what < 8) {
    // Two events in a row, of different processes: no process does two things at a time.
    const std::size_t at = dice.roll(draft->events.size() - 1);
    std::size_t& a = draft->events[at];
    std::size_t& b = draft->events[at + 1];
    if (draft->transactions[a].process != draft->transactions[b].process) std::swap(a, b);
  } else if (what == 8) {
    one.outcome = one.outcome == Outcome::kFail ? Outcome::kOk : Outcome::kFail;
  } else if (one.micros.size() > 1) {
    std::swap(one.micros[0], one.micros[1]);
  }
}

}  // namespace synchrodb::check::testing
