#include "tests/check/support/transaction_script.h"

#include <cctype>
#include <stdexcept>

namespace synchrodb::check::testing {
namespace {

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else if (c != ' ') {
      parts.back() += c;
    }
  }
  return parts;
}

std::vector<MicroDraft> parse_micros(TransactionKind kind, std::string_view text) {
  std::vector<MicroDraft> micros;
  while (!text.empty()) {
    MicroDraft micro;
    micro.function = text[0];
    if (text.size() < 2 || std::string_view("awr").find(text[0]) == std::string_view::npos) {
      throw std::invalid_argument("no micro-operation: " + std::string(text));
    }
    micro.key = text[1];
    text.remove_prefix(2);
    while (!text.empty() && is_digit(text[0])) {
      micro.value = text[0] - '0';
      if (micro.function == 'r') micro.list.push_back(micro.value);
      text.remove_prefix(1);
    }
    if (kind == TransactionKind::kRwRegister) micro.list.clear();
    micros.push_back(micro);
  }
  return micros;
}

void add_micro(const MicroDraft& micro, bool answered, const Shifts& shifts,
               TransactionHistory* history) {
  const std::uint32_t key = history->key(history->value(std::int64_t{micro.key} + shifts.key));
  const auto value = [&](int number) {
    return history->value(std::int64_t{number} + shifts.value);
  };
  if (micro.function == 'a') return history->append(key, value(micro.value));
  if (micro.function == 'w') return history->write(key, value(micro.value));
  if (!answered) return history->read_unknown(key);
  if (history->kind() == TransactionKind::kRwRegister) {
    return history->read_register(key, micro.value == 0 ? kAbsentValue : value(micro.value));
  }
  std::vector<ValueId> list;
  for (const int element : micro.list) list.push_back(value(element));
  history->read_list(key, list);
}

}  // namespace

TransactionHistory record(const TransactionsDraft& draft, const Shifts& shifts) {
  TransactionHistory history(draft.kind);
  std::vector<TransactionId> ids(draft.transactions.size(), kNoTransaction);
  std::int64_t now = 1'000'000 + shifts.time;
  for (const std::size_t number : draft.events) {
    const TransactionDraft& one = draft.transactions[number];
    now += 1'000'000;
    if (ids[number] != kNoTransaction) {
      history.complete(ids[number], one.outcome, now);
      continue;
    }
    ids[number] = history.invoke(one.process, now);
    history.begin_micros(ids[number]);
    for (const MicroDraft& micro : one.micros) {
      add_micro(micro, one.outcome == Outcome::kOk, shifts, &history);
    }
  }
  return history;
}

TransactionsDraft parse_script(TransactionKind kind, std::string_view script) {
  TransactionsDraft draft;
  draft.kind = kind;
  std::vector<std::size_t> begin;
  std::vector<std::size_t> end;
  std::vector<std::size_t> middle;
  for (const std::string& group : split(script, ';')) {
    std::vector<std::size_t> members;
    for (const std::string& part : split(group, '|')) {
      std::string_view text = part;
      TransactionDraft one;
      const std::size_t number = draft.transactions.size();
      one.process = static_cast<std::int32_t>(100 + number);
      bool all_along = false;
      for (; !text.empty(); text.remove_prefix(1)) {
        if (text[0] == '!') {
          one.outcome = Outcome::kFail;
        } else if (text[0] == '?') {
          one.outcome = Outcome::kInfo;
        } else if (text[0] == '~') {
          all_along = true;
        } else if (text[0] == 'p') {
          one.process = text[1] - '0';
          text.remove_prefix(1);
        } else {
          break;
        }
      }
      one.micros = parse_micros(kind, text);
      draft.transactions.push_back(one);
      if (all_along) {
        begin.push_back(number);
        end.push_back(number);
      } else {
        members.push_back(number);
      }
    }
    middle.insert(middle.end(), members.begin(), members.end());
    middle.insert(middle.end(), members.begin(), members.end());
  }
  draft.events = begin;
  draft.events.insert(draft.events.end(), middle.begin(), middle.end());
  draft.events.insert(draft.events.end(), end.begin(), end.end());
  return draft;
}

}  // namespace synchrodb::check::testing
