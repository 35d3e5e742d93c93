#include "sim/check/transactions/words.h"

#include <array>
#include <cstdio>

#include "sim/check/assert.h"
#include "sim/check/transactions/next_versions.h"

namespace synchrodb::check {
namespace {

std::string_view function_word(MicroKind kind) {
  switch (kind) {
    case MicroKind::kRead:
      return ":r";
    case MicroKind::kAppend:
      return ":append";
    case MicroKind::kWrite:
      return ":w";
  }
  return "";
}

std::string print_micro(const TransactionHistory& history, const MicroOperation& micro) {
  std::string out = "[" + std::string(function_word(micro.kind())) + " " +
                    history.print(history.key_name(micro.key())) + " ";
  if (!micro.is_read()) return out + history.print(micro.value()) + "]";
  if (!micro.is_known_read()) return out + "nil]";
  const bool lists = history.kind() == TransactionKind::kListAppend;
  return out + (lists ? print_list(history, history.list(micro)) : history.print(micro.value())) +
         "]";
}

std::string print_seconds(std::int64_t time_ns) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.6f s", static_cast<double>(time_ns) / 1e9);
  return text.data();
}

std::string list_words(const TransactionHistory& history, const DependencyStep& step,
                       const std::string& from, const std::string& to) {
  const std::string key = print_key(history, *step.key);
  const std::string value = history.print(step.value);
  const std::string next = history.print(step.next_value);
  switch (step.dependency) {
    case Dependency::kWw:
      return to + " appended " + next + " to " + key + " after " + from + " appended " + value;
    case Dependency::kWr:
      return to + " saw " + from + "'s append of " + value + " to " + key;
    default:
      if (step.value == kAbsentValue) {
        return from + " saw " + key + " in its initial state, to which " + to + " appended " + next;
      }
      return from + " did not see " + to + "'s append of " + next + " to " + key;
  }
}

std::string register_words(const TransactionHistory& history, const DependencyStep& step,
                           const std::string& from, const std::string& to) {
  const std::string key = print_key(history, *step.key);
  const std::string value = history.print(step.value);
  const std::string next = history.print(step.next_value);
  switch (step.dependency) {
    case Dependency::kWw:
      return from + " set " + key + " to " + value + ", and " + to + " set it to " + next +
             ", which came later";
    case Dependency::kWr:
      return from + " set " + key + " to " + value + ", which " + to + " read";
    default:
      return from + " read " + key + " as " + value + ", and " + to + " set it to " + next +
             ", which came later";
  }
}

// Why one version of a register came later than another.
std::string basis_words(const DependencyStep& step, const CaseNames& names) {
  if (step.earlier == kNoTransaction) return "";
  const std::string earlier = names(step.earlier);
  const std::string later = names(step.later);
  switch (step.basis) {
    case Basis::kObserved:
      return "";
    case Basis::kUpdate:
      return " (" + earlier + " read the one and wrote the other)";
    case Basis::kProcess:
      return " (" + earlier + " met the one, and its process the other with " + later + ")";
    case Basis::kRealtime:
      return " (" + earlier + " met the one and had completed when " + later +
             " began, which met the other)";
  }
  return "";
}

std::string step_words(const TransactionHistory& history, const DependencyStep& step,
                       const CaseNames& names) {
  const std::string from = names(step.from);
  const std::string to = names(step.to);
  const Transaction& before = history[step.from];
  const Transaction& after = history[step.to];
  if (step.dependency == Dependency::kProcess) {
    return "process " + std::to_string(before.process) + " did " + from + " before " + to;
  }
  if (step.dependency == Dependency::kRealtime) {
    std::string words = from + " had completed (event " + std::to_string(before.complete_order) +
                        ") when " + to + " began (event " + std::to_string(after.invoke_order) +
                        ")";
    const bool times = before.complete_time != 0 || after.invoke_time != 0;
    if (times) {
      words += ", at " + print_seconds(before.complete_time) + " and " +
               print_seconds(after.invoke_time);
    }
    return words;
  }
  const bool lists = history.kind() == TransactionKind::kListAppend;
  return (lists ? list_words(history, step, from, to) : register_words(history, step, from, to)) +
         basis_words(step, names);
}

// Looks for a version of `from` (that it wrote, or else read) that `to` wrote the next of.
bool explain_next(const VersionIndex& index, const RegisterOrder* order, DependencyStep* step) {
  const TransactionHistory& history = index.history();
  const Transaction& from = history[step->from];
  const bool read = step->dependency == Dependency::kRw;
  for (std::uint32_t i = 0; i < from.micro_count; ++i) {
    const std::uint32_t place = from.first_micro + i;
    const MicroOperation& micro = history.micros()[place];
    const VersionId version = index.version_of(place);
    if (micro.is_read() != read || version == kNoVersion || !index.is_external(place)) continue;
    std::optional<RegisterOrder::Next> found;
    for_each_next(index, order, micro.key(), version, [&](const RegisterOrder::Next& next) {
      const bool wanted = next.basis == step->basis;
      if (!found && wanted && index.possible_writer(next.version) == step->to) found = next;
    });
    if (!found) continue;
    step->key = micro.key();
    step->value = index.value(version);
    step->next_value = index.value(found->version);
    if (order == nullptr) return true;
    if (const auto reason = order->reason(version, *found)) {
      step->earlier = reason->earlier;
      step->later = reason->later;
    }
    return true;
  }
  return false;
}

bool explain_read(const VersionIndex& index, DependencyStep* step) {
  const TransactionHistory& history = index.history();
  const Transaction& to = history[step->to];
  for (std::uint32_t place = to.first_micro; place < to.first_micro + to.micro_count; ++place) {
    const MicroOperation& micro = history.micros()[place];
    const VersionId version = index.version_of(place);
    if (!micro.is_read() || version == kNoVersion || !index.is_external(place)) continue;
    if (index.writer(version) != step->from) continue;
    step->key = micro.key();
    step->value = index.value(version);
    return true;
  }
  return false;
}

}  // namespace

std::string print_list(const TransactionHistory& history, std::span<const ValueId> list) {
  std::string out = "[";
  for (const ValueId element : list) out += (out.size() == 1 ? "" : " ") + history.print(element);
  return out + "]";
}

std::string print_key(const TransactionHistory& history, std::uint32_t key) {
  return "key " + history.print(history.key_name(key));
}

std::string print_micros(const TransactionHistory& history, TransactionId id) {
  std::string out = "[";
  for (const MicroOperation& micro : history.micros(id)) {
    out += (out.size() == 1 ? "" : " ") + print_micro(history, micro);
  }
  return out + "]";
}

std::string print_transaction(const TransactionHistory& history, TransactionId id) {
  const Transaction& one = history[id];
  const bool refused = one.outcome == Outcome::kRefused;
  return "{:process " + std::to_string(one.process) +
         ", :type :" + std::string(refused ? "fail" : name(one.outcome)) + ", :f :txn, :value " +
         print_micros(history, id) + "}";
}

CaseNames::CaseNames(const AnomalyCase& one) {
  for (const TransactionId id : one.transactions) add(id);
  for (const DependencyStep& step : one.steps) {
    for (const TransactionId id : {step.earlier, step.later}) {
      if (id != kNoTransaction) add(id);
    }
  }
}

void CaseNames::add(TransactionId id) {
  if (numbers_.try_emplace(id, transactions_.size() + 1).second) transactions_.push_back(id);
}

std::string CaseNames::operator()(TransactionId id) const {
  const auto found = numbers_.find(id);
  SYNCHRODB_CHECK_ASSERT(found != numbers_.end(), "a transaction without a name");
  return "T" + std::to_string(found->second);
}

std::string introduce(const TransactionHistory& history, const CaseNames& names) {
  std::string out = "Let:\n";
  for (const TransactionId id : names.transactions()) {
    out += "  " + names(id) + " = " + print_transaction(history, id) + "\n";
  }
  return out;
}

DependencyStep explain_step(const VersionIndex& index, const RegisterOrder* order,
                            TransactionId from, TransactionId to, EdgeKind kind) {
  DependencyStep step{from, to, kind.dependency(), kind.basis()};
  bool explained = true;
  if (step.dependency == Dependency::kWw || step.dependency == Dependency::kRw) {
    explained = explain_next(index, order, &step);
  } else if (step.dependency == Dependency::kWr) {
    explained = explain_read(index, &step);
  }
  SYNCHRODB_CHECK_ASSERT(explained, "an edge without a reason");
  return step;
}

void explain_cycle(const VersionIndex& index, AnomalyCase* cycle) {
  const TransactionHistory& history = index.history();
  const CaseNames names(*cycle);
  cycle->words = introduce(history, names) + "\nThen:\n";
  for (std::size_t i = 0; i < cycle->steps.size(); ++i) {
    DependencyStep& step = cycle->steps[i];
    step.words = step_words(history, step, names);
    const bool last = i + 1 == cycle->steps.size();
    cycle->words += std::string("  - ") + (last ? "However, " : "") + names(step.from) + " < " +
                    names(step.to) + ", because " + step.words +
                    (last ? ": a contradiction!\n" : ".\n");
  }
}

}  // namespace synchrodb::check
