#include "net/client/database_messages.h"

#include <utility>

namespace synchrodb::net {
namespace {

template <class... Cases>
struct Match : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Match(Cases...) -> Match<Cases...>;

std::string text(capnp::Data::Reader bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
}

void write_step(wire::Operation::Builder out, const Transaction::Step& step) {
  out.setKey(data_of(step.key));
  std::visit(Match{[&](const Transaction::Get&) { out.setGet(); },
                   [&](const Transaction::Put& put) {
                     auto to = out.initPut();
                     to.setValue(data_of(put.value));
                     write_expiry(to.initExpiry(), put.expires);
                   },
                   [&](const Transaction::Remove&) { out.setDelete(); }},
             step.what);
}

}  // namespace

void write_range(wire::KeyRange::Builder out, const KeysOf& keys) {
  if (keys.by_prefix) return out.setPrefix(data_of(keys.from));
  auto between = out.initBetween();
  between.setFrom(data_of(keys.from));
  between.setTo(data_of(keys.to));
}

void write_expiry(wire::Expiry::Builder out, const WhenExpires& expires) {
  std::visit(Match{[&](ExpiresNever) { out.setNone(); }, [&](ExpiresAsBefore) { out.setKeep(); },
                   [&](ExpiresAfter after) { out.setAfterMs(after.ms); },
                   [&](ExpiresAt at) { out.setAtMs(at.ms); }},
             expires);
}

void write_condition(wire::Condition::Builder out, const KeyIs& is) {
  std::visit(Match{[&](const KeyIs::Anything&) { out.setAlways(); },
                   [&](const KeyIs::Absent&) { out.setAbsent(); },
                   [&](const KeyIs::Present&) { out.setPresent(); },
                   [&](const KeyIs::Value& value) { out.setValue(data_of(value.value)); },
                   [&](const KeyIs::Version& version) { out.setVersion(version.version); }},
             is.what);
}

void write_maybe(wire::Maybe::Builder out, const std::optional<std::string>& value) {
  if (value) {
    out.setValue(data_of(*value));
  } else {
    out.setAbsent();
  }
}

void write_transaction(wire::Database::TransactionParams::Builder out, const Transaction& asked) {
  auto conditions = out.initConditions(static_cast<unsigned>(asked.conditions.size()));
  for (unsigned i = 0; i < conditions.size(); ++i) {
    conditions[i].setKey(data_of(asked.conditions[i].key));
    write_condition(conditions[i].initCondition(), asked.conditions[i].is);
  }
  auto operations = out.initOperations(static_cast<unsigned>(asked.steps.size()));
  for (unsigned i = 0; i < operations.size(); ++i) write_step(operations[i], asked.steps[i]);
}

wire::Consistency consistency_of(Freshness freshness) {
  switch (freshness) {
    case Freshness::kLinearizable:
      return wire::Consistency::LINEARIZABLE;
    case Freshness::kLease:
      return wire::Consistency::LEASE;
    case Freshness::kStale:
      return wire::Consistency::STALE;
  }
  return wire::Consistency::LINEARIZABLE;
}

Attempt read_outcome(wire::Outcome::Reader outcome) {
  using Reason = wire::Refusal::Reason;
  Attempt attempt;
  switch (outcome.which()) {
    case wire::Outcome::OK:
      attempt.answer.kind = Answer::Kind::kOk;
      return attempt;
    case wire::Outcome::NOT_EXECUTED: {
      const auto refusal = outcome.getNotExecuted();
      attempt.answer.kind = Answer::Kind::kNotExecuted;
      attempt.answer.why = refusal.getWhy();
      attempt.session_expired = refusal.getReason() == Reason::SESSION_EXPIRED;
      attempt.answer.final = refusal.getReason() != Reason::NO_LEADER &&
                             refusal.getReason() != Reason::OVERLOADED && !attempt.session_expired;
      return attempt;
    }
    case wire::Outcome::UNKNOWN:
      attempt.answer.why = outcome.getUnknown();
      return attempt;
  }
  attempt.answer.why = "the server's answer is of a kind that this program does not know";
  return attempt;
}

KeyRecord read_record(wire::Record::Reader record) {
  return {text(record.getKey()), text(record.getValue()), record.getVersion(),
          record.getExpiryMs()};
}

TransactionAnswer read_transaction(wire::Database::TransactionResults::Reader results,
                                   const Transaction& asked) {
  TransactionAnswer answer;
  answer.applied = results.getApplied();
  for (const auto result : results.getResults()) {
    answer.results.push_back({result.getFound(), read_record(result.getRecord())});
  }
  answer.results.resize(answer.applied ? asked.steps.size() : 0);
  for (std::size_t i = 0; i < answer.results.size(); ++i) {
    answer.results[i].record.key = asked.steps[i].key;
  }
  return answer;
}

ScanAnswer read_scan(wire::Database::ScanResults::Reader results) {
  ScanAnswer answer;
  for (const auto record : results.getRecords()) answer.records.push_back(read_record(record));
  answer.cursor = results.getCursor();
  answer.index = results.getIndex();
  return answer;
}

WatchedChange read_change(wire::Change::Reader change) {
  WatchedChange read;
  read.index = change.getIndex();
  read.value_omitted = change.getValueOmitted();
  switch (change.which()) {
    case wire::Change::PUT:
      read.record = read_record(change.getPut());
      break;
    case wire::Change::DELETED:
      read.kind = WatchedChange::Kind::kDeleted;
      read.record.key = text(change.getDeleted());
      break;
    case wire::Change::CLEARED:
      read.kind = WatchedChange::Kind::kCleared;
      break;
  }
  return read;
}

}  // namespace synchrodb::net
