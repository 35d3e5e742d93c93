#include "sim/workload/workload.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "sim/marks.h"
#include "sim/workload/workload_table.h"

namespace synchrodb::sim {
namespace {

using check::Function;

check::Model model_of(const std::string& workload) {
  if (workload == "register") return check::Model::kRegister;
  if (workload == "cas-register") return check::Model::kCasRegister;
  return check::Model::kKeyValue;
}

std::int64_t parse(const std::string& text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

Workload::Kind Workload::kind_of(const std::string& name) {
  if (name == "read" || name == "get") return Kind::kRead;
  if (name == "lease-read" || name == "lease-get") return Kind::kLeaseRead;
  if (name == "write" || name == "put") return Kind::kWrite;
  if (name == "cas") return Kind::kCas;
  if (name == "append") return Kind::kAppend;
  if (name == "increment") return Kind::kIncrement;
  SYNCHRODB_ASSERT(name == "delete", "the workload table names a kind of operation unknown here");
  return Kind::kDelete;
}

Workload::Workload(const WorkloadPlan& plan, std::size_t value_bytes,
                   std::function<std::int64_t()> now, Witnesses witnesses)
    : now_(std::move(now)),
      witnesses_(std::move(witnesses)),
      value_bytes_(value_bytes),
      model_(model_of(plan.name)),
      text_values_(plan.name == "kv" || plan.name == "append") {
  for (const auto& [kind, weight] : plan.mix) {
    if (weight <= 0) continue;
    mix_.push_back(Weighted{kind_of(kind), static_cast<std::uint64_t>(weight)});
    total_weight_ += static_cast<std::uint64_t>(weight);
  }
  SYNCHRODB_ASSERT(total_weight_ > 0, "a plan's mix has at least one kind of operation");
  const bool counters = plan.name == "counter";
  for (std::uint32_t i = 0; i < plan.keys; ++i) {
    const std::string name = "k" + std::to_string(i);
    // In the key-value workload every other key is a counter.
    const bool numeric = !text_values_ || counters || (plan.name == "kv" && i % 2 == 1);
    keys_.push_back(Key{name, history_.key(name), numeric});
  }
}

std::string Workload::text_of(std::int64_t value) const {
  std::string text = std::to_string(value);
  if (text.size() < value_bytes_) text.resize(value_bytes_, '.');
  return text;
}

Workload::Kind Workload::pick(RandomStream& random) const {
  std::uint64_t left = random.below(total_weight_);
  for (const Weighted& choice : mix_) {
    if (left < choice.weight) return choice.kind;
    left -= choice.weight;
  }
  return mix_.back().kind;
}

bool Workload::step(Client& client, RandomStream& random, std::int32_t process) {
  const Kind kind = pick(random);
  Key& key = keys_[random.below(keys_.size())];
  return perform(client, random, process, key, kind);
}

void Workload::read_step(Client& client, RandomStream& random, std::int32_t process) {
  const bool trusting = std::any_of(mix_.begin(), mix_.end(), [](const Weighted& choice) {
    return choice.kind == Kind::kLeaseRead;
  });
  Key& key = keys_[random.below(keys_.size())];
  read(client, process, key, trusting ? ReadConsistency::kLease : ReadConsistency::kLinearizable);
}

bool Workload::perform(Client& client, RandomStream& random, std::int32_t process, Key& key,
                       Kind kind) {
  // A counter takes no strings and a string no increments.
  if (model_ == check::Model::kKeyValue) {
    if (key.numeric && (kind == Kind::kAppend || kind == Kind::kWrite)) kind = Kind::kIncrement;
    if (!key.numeric && kind == Kind::kIncrement) kind = Kind::kAppend;
  }
  check::Invocation what;
  what.process = process;
  what.key = key.id;
  switch (kind) {
    case Kind::kRead:
      return read(client, process, key, ReadConsistency::kLinearizable);
    case Kind::kLeaseRead:
      return read(client, process, key, ReadConsistency::kLease);
    case Kind::kWrite: {
      const std::string value = text_of(next_value_);
      what.function = Function::kWrite;
      what.argument = key.numeric ? check::Value::integer(next_value_) : history_.text(value + ".");
      ++next_value_;
      return write(client, process, key, what,
                   {"SET", key.name, key.numeric ? value : value + "."});
    }
    case Kind::kCas: {
      // Two in three expect what was seen last; the others must fail.
      const std::int64_t expected =
          random.chance(2, 3) ? key.last_seen : static_cast<std::int64_t>(random.below(1'000));
      what.function = Function::kCas;
      what.expected = check::Value::integer(expected);
      what.argument = check::Value::integer(next_value_);
      const std::string value = text_of(next_value_++);
      return write(client, process, key, what, {"SET", key.name, value, "IFEQ", text_of(expected)});
    }
    case Kind::kAppend: {
      const std::string piece = std::to_string(next_value_++) + ".";
      what.function = Function::kAppend;
      what.argument = history_.text(piece);
      return write(client, process, key, what, {"APPEND", key.name, piece});
    }
    case Kind::kIncrement: {
      const auto by = static_cast<std::int64_t>(random.below(9)) + 1;
      what.function = Function::kIncrement;
      what.argument = check::Value::integer(by);
      return write(client, process, key, what, {"INCRBY", key.name, std::to_string(by)});
    }
    case Kind::kDelete:
      what.function = Function::kDelete;
      return write(client, process, key, what, {"DEL", key.name});
  }
  return true;
}

check::Value Workload::value_of(const Key& key, const Reply& reply) {
  if (reply.kind() != Reply::Kind::kBulk) return check::Value::absent();
  if (key.numeric) return check::Value::integer(parse(reply.text()));
  return history_.text(reply.text());
}

bool Workload::read(Client& client, std::int32_t process, Key& key, ReadConsistency consistency) {
  check::Invocation what;
  what.process = process;
  what.key = key.id;
  what.function = Function::kRead;
  const check::OperationId id = history_.invoke(what, now_());
  const Index floor = witnesses_.committed();
  const Outcome outcome = client.read({"GET", key.name}, consistency);
  if (outcome.kind != Outcome::Kind::kOk || outcome.reply.is_error()) {
    history_.complete(id, check::Outcome::kRefused, {}, now_());
    ++count_.fail;
    return true;
  }
  witnesses_.read(floor, outcome.index);
  SOMETIMES(now_() - history_[id].invoke_time > 1'000'000'000, "a read took longer than a second");
  SOMETIMES(outcome.index.value > floor.value + 20, "a read saw far more than it had to");
  const check::Value value = value_of(key, outcome.reply);
  if (value.is_integer()) key.last_seen = value.number();
  check::Witness witness;
  witness.term = outcome.term.value;
  witness.read_index = outcome.index.value;
  history_.complete(id, check::Outcome::kOk, value, now_(), witness);
  ++count_.ok;
  return true;
}

check::Value Workload::result_of(Function function, const Reply& reply) {
  const bool counted = function == Function::kAppend || function == Function::kIncrement ||
                       function == Function::kDelete;
  if (counted && reply.kind() == Reply::Kind::kInteger) {
    return check::Value::integer(reply.number());
  }
  return {};
}

bool Workload::write(Client& client, std::int32_t process, const Key&, check::Invocation what,
                     std::vector<std::string> argv) {
  what.process = process;
  const check::OperationId id = history_.invoke(what, now_());
  const Outcome outcome = client.write(std::move(argv));
  if (outcome.session) sent_writes_.push_back({id, outcome.session, outcome.sequence});
  if (outcome.kind == Outcome::Kind::kUnknown) {
    history_.complete(id, check::Outcome::kInfo, {}, now_());
    ++count_.info;
    SOMETIMES(true, "a write's outcome was unknown");
    return false;
  }
  if (outcome.kind == Outcome::Kind::kFailed || outcome.reply.is_error()) {
    SOMETIMES(outcome.kind == Outcome::Kind::kFailed, "a write was certainly not executed");
    history_.complete(id, check::Outcome::kRefused, {}, now_());
    ++count_.fail;
    return true;
  }
  SOMETIMES(now_() - history_[id].invoke_time > 1'000'000'000, "a write took longer than a second");
  witnesses_.acknowledged(outcome.term, outcome.index);
  SOMETIMES(what.function == Function::kCas && outcome.reply.is_nil(),
            "a compare-and-set found another value");
  const bool refused_cas = what.function == Function::kCas && outcome.reply.is_nil();
  history_.complete(id, refused_cas ? check::Outcome::kFail : check::Outcome::kOk,
                    result_of(what.function, outcome.reply), now_());
  ++(refused_cas ? count_.fail : count_.ok);
  return true;
}

void Workload::locate_writes(const CommandPlaces& places) {
  for (const SentWrite& write : sent_writes_) {
    const auto place = places.find(write.session, write.sequence);
    if (!place) continue;
    check::Witness witness;
    witness.term = place->term.value;
    witness.index = place->index.value;
    history_.set_witness(write.id, witness);
  }
}

bool Workload::read_all(Client& client, std::int32_t process) {
  for (Key& key : keys_) {
    const std::uint64_t before = count_.ok;
    read(client, process, key, ReadConsistency::kLinearizable);
    if (count_.ok == before) return false;
  }
  return true;
}

}  // namespace synchrodb::sim
