// A program's connection to a SynchroDB cluster: engine/wire/database.capnp with plain structs, and
// with what a client has to do about nodes that fail.
//
// The client finds a node that answers among those it was given, moves on when one does not, and
// asks again what it may: reads always, writes because it numbers them in sessions of its own, so
// that each is applied exactly once. What is still open at the deadline is reported as it is, not
// executed or unknown.
//
// Every call gives a promise, for both ways of waiting: on a plain thread with a KJ loop of its own
//
//   kj::AsyncIoContext io = kj::setupAsyncIo();
//   auto dialer = std::move(Dialer::make(io, {})).value();
//   Database database(*dialer, nodes);
//   const PutAnswer put = database.put("greeting", "hello").wait(io.waitScope);
//   if (!put.ok()) std::cerr << put.why << "\n";
//   const GetAnswer got = database.get("greeting").wait(io.waitScope);
//   if (got.ok() && got.record) std::cout << got.record->value << "\n";
//
//   kj::Own<DatabaseWatch> watch = database.watch(KeysOf::prefix("user:"));
//   for (const WatchedChange& change : watch->next().wait(io.waitScope).changes) …
//
// and on a fiber of a Loop with `loop.await(database.get("greeting"))`. All of it belongs to the
// thread of `io`. Promises are rejected only by what is wrong with the program, never because of
// the cluster. (tests/net/database_single_test.cc compiles and runs this example.)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "net/client/dialer.h"

namespace synchrodb::net {

struct DatabaseOptions {
  std::string password;  // the server's `requirepass`
  // Until a call is answered, or given up.
  kj::Duration call_timeout = 10 * kj::SECONDS;
  // Until a node that says nothing is given up for another.
  kj::Duration attempt_timeout = 3 * kj::SECONDS;
  // Between attempts, while there is no leader.
  kj::Duration pause = 20 * kj::MILLISECONDS;
  // Sessions kept for later writes; more are open while more writes are under way.
  std::size_t idle_sessions = 16;
};

// How a call ended.
struct Answer {
  enum class Kind : std::uint8_t {
    kOk,           // executed, exactly once
    kNotExecuted,  // certainly not executed, now or later
    kUnknown,      // a write: executed once or not at all, now or later
  } kind = Kind::kUnknown;
  std::string why;     // in words; empty if ok
  bool final = false;  // kNotExecuted: it breaks a rule, and will never succeed

  bool ok() const { return kind == Kind::kOk; }
};

struct KeyRecord {
  std::string key;
  std::string value;
  std::uint64_t version = 0;    // the log entry that wrote it
  std::int64_t expiry_ms = -1;  // since the Unix epoch; -1: never
  bool operator==(const KeyRecord&) const = default;
};

struct GetAnswer : Answer {
  std::optional<KeyRecord> record;  // none: there is no such key
};
// `applied` false: the condition did not hold, and nothing was changed.
struct PutAnswer : Answer {
  bool applied = false;
  std::uint64_t version = 0;  // the key's new one; 0 where there is none
};
struct DeleteAnswer : Answer {
  bool applied = false;
  bool existed = false;
};
struct OperationAnswer {
  bool found = false;  // get, remove: whether there was such a key
  KeyRecord record;    // get: where found; put: its version alone
};
struct TransactionAnswer : Answer {
  bool applied = false;
  std::vector<OperationAnswer> results;  // one for each operation, if applied
};
struct ScanAnswer : Answer {
  std::vector<KeyRecord> records;
  std::uint64_t cursor = 0;  // to go on with; 0: that was all
  std::uint64_t index = 0;   // of the state that this is
};

enum class Freshness : std::uint8_t { kLinearizable, kLease, kStale };

// What must hold for a write to happen.
struct KeyIs {
  struct Anything {};
  struct Absent {};
  struct Present {};
  struct Value {
    std::string value;
  };
  struct Version {
    std::uint64_t version;
  };
  std::variant<Anything, Absent, Present, Value, Version> what;
};

struct ExpiresNever {};
struct ExpiresAsBefore {};
struct ExpiresAfter {
  std::uint64_t ms;
};
struct ExpiresAt {
  std::int64_t ms;  // since the Unix epoch, on the cluster's clock
};
using WhenExpires = std::variant<ExpiresNever, ExpiresAsBefore, ExpiresAfter, ExpiresAt>;

struct Transaction {
  struct Get {};
  struct Put {
    std::string value;
    WhenExpires expires = {};
  };
  struct Remove {};
  struct Condition {
    std::string key;
    KeyIs is;
  };
  struct Step {
    std::string key;
    std::variant<Get, Put, Remove> what;
  };

  std::vector<Condition> conditions;
  std::vector<Step> steps;
};

// Keys from `from` on, up to `to` exclusively (empty: no end); or those that begin with `from`.
struct KeysOf {
  bool by_prefix = true;
  std::string from;
  std::string to;

  static KeysOf prefix(std::string prefix) { return {true, std::move(prefix), {}}; }
  static KeysOf range(std::string from, std::string to) {
    return {false, std::move(from), std::move(to)};
  }
};

struct WatchedChange {
  enum class Kind : std::uint8_t {
    kPut,
    kDeleted,  // or expired; only record.key means anything
    kCleared,  // all keys are gone
  } kind = Kind::kPut;
  KeyRecord record;
  bool value_omitted = false;  // it is above 1 MiB: get it
  std::uint64_t index = 0;     // of the entry
};

// What happened since the last batch.
struct WatchedChanges {
  // Before these changes there were others that no node remembers: what is known from earlier
  // batches may be outdated, and must be read anew.
  bool missed = false;
  std::vector<WatchedChange> changes;  // may be empty if `missed`
  // All changes up to and including this entry have been told, or are those that were missed.
  std::uint64_t up_to = 0;
  // Not empty: the watch cannot go on, and this is the last batch.
  std::string failed;
  bool unreachable = false;  // `failed` says why no node can be connected to
};

// A watch that goes on at another node when the one it had is lost, without gap or repetition.
class DatabaseWatch {
 public:
  virtual ~DatabaseWatch() noexcept(false) = default;
  // Fulfilled when the watch has begun: every change from this entry on will be told.
  virtual kj::Promise<std::uint64_t> begun() = 0;
  // The next changes; one call at a time. Who does not call for long (30 seconds, or more changes
  // than a node remembers) may find that some were missed.
  virtual kj::Promise<WatchedChanges> next() = 0;
};

class Database {
 public:
  // `nodes`: RPC ports of some nodes, at least one; they are tried in turn. The dialer outlives the
  // database and its watches, and those the promises that they gave.
  Database(Dialer& dialer, std::vector<Destination> nodes, DatabaseOptions options = {});
  ~Database() noexcept(false);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  kj::Promise<GetAnswer> get(std::string key, Freshness freshness = Freshness::kLinearizable);
  kj::Promise<PutAnswer> put(std::string key, std::string value, WhenExpires expires = {},
                             KeyIs condition = {});
  kj::Promise<DeleteAnswer> remove(std::string key, KeyIs condition = {});
  // Nothing stands for a key that does not exist: what is expected, and what shall be.
  kj::Promise<PutAnswer> compare_and_set(std::string key, std::optional<std::string> expected,
                                         std::optional<std::string> value);
  kj::Promise<TransactionAnswer> transact(Transaction transaction);
  // Begin with cursor 0, go on with the answer's until that is 0. `limit` 0: as the server likes.
  kj::Promise<ScanAnswer> scan(KeysOf keys, std::uint64_t cursor = 0, std::uint32_t limit = 0,
                               bool keys_only = false,
                               Freshness freshness = Freshness::kLinearizable);
  // `from`: the first log entry that is of interest; 0: from now on.
  kj::Own<DatabaseWatch> watch(KeysOf keys, std::uint64_t from = 0);

 private:
  struct State;
  kj::Own<State> state_;
};

}  // namespace synchrodb::net
