#include "sim/check/transactions/read_transactions.h"

#include <absl/container/flat_hash_map.h>

#include <utility>
#include <vector>

#include "sim/check/event_fields.h"

namespace synchrodb::check {
namespace {

class TransactionReader : public FormSink {
 public:
  explicit TransactionReader(TransactionKind kind) : kind_(kind), history_(kind) {}

  TransactionsResult run(std::string_view bytes, Format format) {
    TransactionsResult result;
    FormsResult forms = read_forms(bytes, format, *this);
    result.format = forms.format;
    result.error = std::move(forms.error);
    if (result.error.empty()) {
      for (const TransactionId id : never_completed()) {
        const Open& open = open_.at(history_[id].process);
        const std::string problem = micros(id, open.value, false);
        if (problem.empty()) continue;
        result.error = "line " + std::to_string(open.line) + ": " + problem;
        break;
      }
    }
    if (!result.error.empty()) return result;
    if (!saw_invocation_) history_.forget_real_time();
    result.history = std::move(history_);
    return result;
  }

 private:
  struct Open {
    TransactionId id = 0;
    std::size_t line = 0;
    Edn value;
  };

  // In order of invocation, whatever the order of the table.
  std::vector<TransactionId> never_completed() const {
    std::vector<TransactionId> ids;
    for (TransactionId id = 0; id < history_.size(); ++id) {
      const auto open = open_.find(history_[id].process);
      if (open != open_.end() && open->second.id == id) ids.push_back(id);
    }
    return ids;
  }

  std::string form(const Edn& map, std::size_t line) override {
    EventFields event;
    bool skip = false;
    std::string problem = read_event_fields(map, &event, &skip);
    if (!problem.empty() || skip) return problem;
    if (event.function != nullptr && *event.function != "txn") {
      return "the operation is a " + event.function->substr(0, 40) + ", not a txn";
    }
    return event.type == EventType::kInvoke ? invoke(event, line) : complete(event);
  }

  std::string invoke(const EventFields& event, std::size_t line) {
    if (!saw_invocation_ && history_.size() > 0) {
      return "this is an invocation, but the transactions before it have none";
    }
    saw_invocation_ = true;
    const auto [open, fresh] = open_.try_emplace(event.process);
    if (!fresh) return invokes_while_open(event.process, open->second.line);
    open->second.id = history_.invoke(event.process, event.time_ns);
    open->second.line = line;
    if (event.value != nullptr) open->second.value = *event.value;
    return "";
  }

  std::string complete(const EventFields& event) {
    const auto open = open_.find(event.process);
    if (open == open_.end() && saw_invocation_) {
      // Jepsen's threads may report on themselves.
      if (event.type == EventType::kInfo) return "";
      return completes_without_invocation(event.process);
    }
    const TransactionId id =
        open == open_.end() ? history_.invoke(event.process, event.time_ns) : open->second.id;
    const bool ok = event.type == EventType::kOk;
    if (ok && event.value == nullptr) return "the completed transaction has no :value";
    static const Edn nothing;
    const Edn& what = ok || open == open_.end() ? (event.value == nullptr ? nothing : *event.value)
                                                : open->second.value;
    std::string problem = micros(id, what, ok);
    if (!problem.empty()) return problem;
    history_.complete(id, outcome_of(event.type), event.time_ns);
    if (open != open_.end()) open_.erase(open);
    return "";
  }

  ValueId to_value(const Edn& form) {
    if (form.is_integer()) return history_.value(form.integer);
    if (form.kind == Edn::Kind::kKeyword) return history_.keyword(form.text);
    if (form.kind == Edn::Kind::kString) return history_.value(form.text);
    return history_.value(form.print());
  }

  std::string micros(TransactionId id, const Edn& value, bool answered) {
    if (value.kind != Edn::Kind::kVector && !value.is_nil()) {
      return "the :value of a transaction must be a vector of micro-operations";
    }
    history_.begin_micros(id);
    for (const Edn& one : value.items) {
      std::string problem = micro(one, answered);
      if (!problem.empty()) return problem;
    }
    return "";
  }

  std::string micro(const Edn& form, bool answered) {
    const auto refuse = [&form](std::string_view why) {
      return "the micro-operation " + form.print().substr(0, 80) + " " + std::string(why);
    };
    if (form.kind != Edn::Kind::kVector || form.items.size() < 2 || form.items.size() > 3) {
      return refuse("is not of the form [f key value]");
    }
    const Edn& function = form.items[0];
    if (function.kind != Edn::Kind::kKeyword && function.kind != Edn::Kind::kString) {
      return refuse("begins with no name");
    }
    if (form.items[1].is_nil()) return refuse("has no key");
    const std::uint32_t key = history_.key(to_value(form.items[1]));
    const Edn value = form.items.size() == 3 ? form.items[2] : Edn();
    if (function.text == "r") return read(form, key, value, answered);
    const bool lists = kind_ == TransactionKind::kListAppend;
    if (function.text != (lists ? "append" : "w")) {
      return refuse(lists ? "is neither an append nor an r" : "is neither a w nor an r");
    }
    if (value.is_nil()) return refuse("needs a value");
    if (lists) {
      history_.append(key, to_value(value));
    } else {
      history_.write(key, to_value(value));
    }
    return "";
  }

  std::string read(const Edn& form, std::uint32_t key, const Edn& value, bool answered) {
    if (!answered) {
      history_.read_unknown(key);
      return "";
    }
    if (kind_ == TransactionKind::kRwRegister) {
      history_.read_register(key, value.is_nil() ? kAbsentValue : to_value(value));
      return "";
    }
    if (value.kind != Edn::Kind::kVector && !value.is_nil()) {
      return "the micro-operation " + form.print().substr(0, 80) + " has read no list";
    }
    elements_.clear();
    for (const Edn& element : value.items) elements_.push_back(to_value(element));
    history_.read_list(key, elements_);
    return "";
  }

  TransactionKind kind_;
  TransactionHistory history_;
  absl::flat_hash_map<std::int32_t, Open> open_;
  std::vector<ValueId> elements_;
  bool saw_invocation_ = false;
};

}  // namespace

TransactionsResult read_transactions(std::string_view bytes, TransactionKind kind, Format format) {
  return TransactionReader(kind).run(bytes, format);
}

}  // namespace synchrodb::check
