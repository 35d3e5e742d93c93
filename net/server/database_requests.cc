#include "net/server/database_requests.h"

#include <charconv>
#include <limits>
#include <optional>
#include <utility>

namespace synchrodb::net {
namespace {

using Argv = std::vector<std::string>;

// Beyond it a relative expiry might not fit when it becomes absolute.
constexpr std::uint64_t kMaxExpiryMs = std::uint64_t{1} << 60;

constexpr std::string_view kRequire = "SYNCHRODB.REQUIRE";
constexpr std::string_view kVersions = "SYNCHRODB.VERSIONS";

std::string text(capnp::Data::Reader bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
}

capnp::Data::Reader bytes(const std::string& text) {
  return {reinterpret_cast<const kj::byte*>(text.data()), text.size()};
}

Error invalid(std::string why) {
  return Error{ErrorCode::kInvalid, std::move(why)};
}

// Gathers one request, and the first thing that is wrong with it.
class Composer {
 public:
  explicit Composer(bool transaction) { request_.transaction = transaction; }

  void fail(const std::string& why) {
    if (!error_) error_ = invalid(why);
  }

  std::string key(capnp::Data::Reader key) {
    if (key.size() == 0) fail("key: it is empty");
    if (key.size() > kMaxKeyBytes) {
      fail("key: it has " + std::to_string(key.size()) + " bytes, more than 65536");
      return {};
    }
    return take(key);
  }

  std::string value(capnp::Data::Reader value) { return take(value); }

  void command(Argv argv) { request_.commands.push_back(std::move(argv)); }

  // A key's present value, version and expiry.
  void get(const std::string& key) {
    command({"GET", key});
    command({std::string(kVersions), key});
    command({"PEXPIRETIME", key});
  }

  void put(const std::string& key, std::string value, wire::Expiry::Reader expiry) {
    Argv set{"SET", key, std::move(value)};
    switch (expiry.which()) {
      case wire::Expiry::NONE:
        break;
      case wire::Expiry::KEEP:
        set.emplace_back("KEEPTTL");
        break;
      case wire::Expiry::AFTER_MS:
        expire(set, "PX", expiry.getAfterMs(), expiry.getAfterMs() > 0);
        break;
      case wire::Expiry::AT_MS:
        expire(set, "PXAT", static_cast<std::uint64_t>(expiry.getAtMs()), expiry.getAtMs() > 0);
        break;
      default:
        fail("expiry: of a kind that this server does not know");
    }
    command(std::move(set));
    // The entry's own index is the new version; after a repetition only the session still knows it.
    command({std::string(kVersions), key});
  }

  void remove(const std::string& key) { command({"DEL", key}); }

  void require(const std::string& key, wire::Condition::Reader condition) {
    switch (condition.which()) {
      case wire::Condition::ALWAYS:
        return;
      case wire::Condition::ABSENT:
        return command({std::string(kRequire), key, "ABSENT"});
      case wire::Condition::PRESENT:
        return command({std::string(kRequire), key, "PRESENT"});
      case wire::Condition::VALUE:
        return command({std::string(kRequire), key, "VALUE", value(condition.getValue())});
      case wire::Condition::VERSION:
        return require_version(key, condition.getVersion());
    }
    fail("condition: of a kind that this server does not know");
  }

  Result<Request> finish() && {
    if (error_) return std::move(*error_);
    return std::move(request_);
  }

 private:
  std::string take(capnp::Data::Reader bytes) {
    total_ += bytes.size();
    if (total_ <= kMaxCallBytes) return text(bytes);
    fail("the call carries more than " + std::to_string(kMaxCallBytes) +
         " bytes of keys and values");
    return {};
  }

  void expire(Argv& set, const char* option, std::uint64_t ms, bool positive) {
    if (!positive) fail("expiry: it must be positive");
    if (positive && ms > kMaxExpiryMs) fail("expiry: it is too far away");
    set.emplace_back(option);
    set.push_back(std::to_string(ms));
  }

  void require_version(const std::string& key, std::uint64_t version) {
    if (version > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
      return fail("condition: there is no such version");
    }
    command({std::string(kRequire), key, "VERSION", std::to_string(version)});
  }

  Request request_;
  std::size_t total_ = 0;
  std::optional<Error> error_;
};

void compose(Composer& composer, wire::Operation::Reader operation) {
  const std::string key = composer.key(operation.getKey());
  switch (operation.which()) {
    case wire::Operation::GET:
      return composer.get(key);
    case wire::Operation::PUT:
      return composer.put(key, composer.value(operation.getPut().getValue()),
                          operation.getPut().getExpiry());
    case wire::Operation::DELETE:
      return composer.remove(key);
  }
  composer.fail("operation: of a kind that this server does not know");
}

// The first string that is greater than all that begin with `prefix`; empty: there is none.
std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
  if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
  return prefix;
}

// ---- Replies

// Walks over the replies of a transaction's commands; whatever is not as expected turns it bad.
class Walk {
 public:
  explicit Walk(const Reply& reply) {
    if (reply.kind() == Reply::Kind::kArray) elements_ = &reply.elements();
  }

  const Reply& next(Reply::Kind kind) {
    static const Reply kNone;
    if (elements_ == nullptr || at_ >= elements_->size() || (*elements_)[at_].kind() != kind) {
      sound_ = false;
      return kNone;
    }
    return (*elements_)[at_++];
  }
  const std::string& bulk() {
    static const std::string kNothing;
    const Reply& reply = next(Reply::Kind::kBulk);
    return reply.kind() == Reply::Kind::kBulk ? reply.text() : kNothing;
  }
  std::int64_t integer() {
    const Reply& reply = next(Reply::Kind::kInteger);
    return reply.kind() == Reply::Kind::kInteger ? reply.number() : 0;
  }
  std::uint64_t version() {
    Walk inside(next(Reply::Kind::kArray));
    const std::int64_t version = inside.integer();
    sound_ = sound_ && inside.sound() && inside.left() == 0;
    return static_cast<std::uint64_t>(version);
  }
  bool at_nil() const {
    return elements_ != nullptr && at_ < elements_->size() &&
           (*elements_)[at_].kind() == Reply::Kind::kNil;
  }
  void skip_conditions(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) integer();
  }
  std::size_t left() const { return elements_ != nullptr ? elements_->size() - at_ : 0; }
  bool sound() const { return sound_; }

 private:
  const std::vector<Reply>* elements_ = nullptr;
  std::size_t at_ = 0;
  bool sound_ = true;
};

// What Composer::get asked for; false: there is no such key.
bool read_record(Walk& walk, wire::Record::Builder out) {
  const bool found = !walk.at_nil();
  if (found) {
    out.setValue(bytes(walk.bulk()));
  } else {
    walk.next(Reply::Kind::kNil);
  }
  out.setVersion(walk.version());
  const std::int64_t expiry = walk.integer();
  out.setExpiryMs(found ? expiry : -1);
  return found;
}

std::uint64_t read_put(Walk& walk) {
  walk.next(Reply::Kind::kStatus);
  return walk.version();
}

bool not_applied(const Reply& reply) {
  return reply.kind() == Reply::Kind::kNilArray;
}

}  // namespace

Result<KeyRange> read_range(wire::KeyRange::Reader range) {
  KeyRange read;
  switch (range.which()) {
    case wire::KeyRange::PREFIX: {
      if (range.getPrefix().size() > kMaxKeyBytes) return invalid("prefix: it is too long");
      read.from = text(range.getPrefix());
      read.to = after_prefix(read.from);
      return read;
    }
    case wire::KeyRange::BETWEEN: {
      const auto between = range.getBetween();
      if (between.getFrom().size() > kMaxKeyBytes || between.getTo().size() > kMaxKeyBytes) {
        return invalid("range: a bound is too long");
      }
      read.from = text(between.getFrom());
      read.to = text(between.getTo());
      if (!read.to.empty() && read.to < read.from)
        return invalid("range: it ends before it begins");
      return read;
    }
  }
  return invalid("range: of a kind that this server does not know");
}

Result<ReadConsistency> read_consistency(wire::Consistency consistency) {
  switch (consistency) {
    case wire::Consistency::LINEARIZABLE:
      return ReadConsistency::kLinearizable;
    case wire::Consistency::LEASE:
      return ReadConsistency::kLease;
    case wire::Consistency::STALE:
      return ReadConsistency::kStale;
  }
  return invalid("consistency: of a kind that this server does not know");
}

Result<Request> get_request(capnp::Data::Reader key) {
  Composer composer(false);
  composer.get(composer.key(key));
  return std::move(composer).finish();
}

Result<Request> scan_request(const wire::Database::ScanParams::Reader& params) {
  const Result<KeyRange> range = read_range(params.getRange());
  if (!range) return range.error();
  if (params.getLimit() > kMaxScanKeys) return invalid("limit: more than 10000");
  const std::uint32_t limit = params.getLimit() == 0 ? kDefaultScanKeys : params.getLimit();
  Argv argv{"SYNCHRODB.SCAN", std::to_string(params.getCursor()), range.value().from,
            range.value().to, std::to_string(limit)};
  if (params.getKeysOnly()) argv.emplace_back("KEYSONLY");
  Request request;
  request.commands.push_back(std::move(argv));
  return request;
}

Result<Request> put_request(const wire::Database::PutParams::Reader& params) {
  Composer composer(true);
  const std::string key = composer.key(params.getKey());
  composer.require(key, params.getCondition());
  composer.put(key, composer.value(params.getValue()), params.getExpiry());
  return std::move(composer).finish();
}

Result<Request> delete_request(const wire::Database::DeleteParams::Reader& params) {
  Composer composer(true);
  const std::string key = composer.key(params.getKey());
  composer.require(key, params.getCondition());
  composer.remove(key);
  return std::move(composer).finish();
}

Result<Request> compare_and_set_request(const wire::Database::CompareAndSetParams::Reader& params) {
  Composer composer(true);
  const std::string key = composer.key(params.getKey());
  const auto expected = params.getExpected();
  const auto value = params.getValue();
  if (expected.which() > wire::Maybe::VALUE || value.which() > wire::Maybe::VALUE) {
    composer.fail("expected, value: of a kind that this server does not know");
  }
  if (expected.isValue()) {
    composer.command({std::string(kRequire), key, "VALUE", composer.value(expected.getValue())});
  } else {
    composer.command({std::string(kRequire), key, "ABSENT"});
  }
  if (value.isValue()) {
    composer.put(key, composer.value(value.getValue()), wire::Expiry::Reader());
  } else {
    composer.remove(key);
  }
  return std::move(composer).finish();
}

Result<Request> transaction_request(const wire::Database::TransactionParams::Reader& params) {
  const std::size_t size =
      std::size_t{params.getConditions().size()} + params.getOperations().size();
  if (size > kMaxTransactionSize) {
    return invalid("transaction: " + std::to_string(size) +
                   " conditions and operations, more than 1024");
  }
  Composer composer(true);
  for (const auto condition : params.getConditions()) {
    composer.require(composer.key(condition.getKey()), condition.getCondition());
  }
  for (const auto operation : params.getOperations()) compose(composer, operation);
  return std::move(composer).finish();
}

bool write_results(const Reply& reply, wire::Database::GetResults::Builder out) {
  Walk walk(reply);
  out.setFound(read_record(walk, out.initRecord()));
  return walk.sound();
}

bool write_results(const Reply& reply, wire::Database::ScanResults::Builder out) {
  Walk walk(reply);
  const std::string& cursor = walk.bulk();
  const Reply& found = walk.next(Reply::Kind::kArray);
  std::uint64_t rest = 0;
  const auto [end, error] = std::from_chars(cursor.data(), cursor.data() + cursor.size(), rest);
  if (!walk.sound() || error != std::errc() || end != cursor.data() + cursor.size()) return false;
  out.setCursor(rest);
  Walk fields(found);
  auto records = out.initRecords(static_cast<unsigned>(fields.left() / 4));
  for (auto record : records) {
    record.setKey(bytes(fields.bulk()));
    if (fields.at_nil()) {
      fields.next(Reply::Kind::kNil);
    } else {
      record.setValue(bytes(fields.bulk()));
    }
    record.setVersion(static_cast<std::uint64_t>(fields.integer()));
    record.setExpiryMs(fields.integer());
  }
  return fields.sound() && fields.left() == 0;
}

bool write_results(const Reply& reply, wire::Database::PutResults::Builder out) {
  if (not_applied(reply)) return true;
  Walk walk(reply);
  if (walk.left() > 2) walk.skip_conditions(walk.left() - 2);
  out.setApplied(true);
  out.setVersion(read_put(walk));
  return walk.sound();
}

bool write_results(const Reply& reply, wire::Database::DeleteResults::Builder out) {
  if (not_applied(reply)) return true;
  Walk walk(reply);
  if (walk.left() > 1) walk.skip_conditions(walk.left() - 1);
  out.setApplied(true);
  out.setExisted(walk.integer() > 0);
  return walk.sound();
}

bool write_results(const Reply& reply, wire::Database::CompareAndSetResults::Builder out) {
  if (not_applied(reply)) return true;
  Walk walk(reply);
  walk.skip_conditions(1);
  out.setApplied(true);
  if (walk.left() == 1) {
    walk.integer();  // a deletion
  } else {
    out.setVersion(read_put(walk));
  }
  return walk.sound();
}

bool write_results(const Request& request, const Reply& reply,
                   wire::Database::TransactionResults::Builder out) {
  if (not_applied(reply)) return true;
  out.setApplied(true);
  Walk walk(reply);
  std::size_t conditions = 0;
  unsigned operations = 0;
  for (const Argv& argv : request.commands) {
    if (argv[0] == kRequire) ++conditions;
    if (argv[0] == "GET" || argv[0] == "SET" || argv[0] == "DEL") ++operations;
  }
  walk.skip_conditions(conditions);
  auto results = out.initResults(operations);
  unsigned at = 0;
  for (const Argv& argv : request.commands) {
    if (argv[0] == "GET") {
      auto result = results[at++];
      auto record = result.initRecord();
      result.setFound(read_record(walk, record));
      record.setKey(bytes(argv[1]));
    } else if (argv[0] == "SET") {
      results[at++].initRecord().setVersion(read_put(walk));
    } else if (argv[0] == "DEL") {
      results[at++].setFound(walk.integer() > 0);
    }
  }
  return walk.sound() && walk.left() == 0;
}

}  // namespace synchrodb::net
