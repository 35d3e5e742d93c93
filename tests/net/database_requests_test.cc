// Parameters of the client API as strangers send them, and what the state machine is asked for.
#include "net/server/database_requests.h"

#include <capnp/message.h>
#include <gtest/gtest.h>

#include <rapidcheck/gtest.h>
#include <functional>
#include <string>

#include "consensus/entry.h"
#include "engine/kv/state_machine.h"

namespace synchrodb::net {
namespace {

using wire::Database;

capnp::Data::Reader data(const std::string& text) {
  return {reinterpret_cast<const kj::byte*>(text.data()), text.size()};
}

// Builds the parameters of a call.
template <class Params, class Fill>
struct Built {
  explicit Built(Fill fill) { fill(message.initRoot<Params>()); }
  typename Params::Reader read() { return message.getRoot<Params>().asReader(); }
  capnp::MallocMessageBuilder message;
};
template <class Params, class Fill>
Built<Params, Fill> build(Fill fill) {
  return Built<Params, Fill>(fill);
}

std::string lines_of(const Result<Request>& request) {
  if (!request) return request.error().message;
  std::string lines;
  for (const auto& argv : request.value().commands) {
    for (const std::string& word : argv) lines += word + " ";
    lines += "/ ";
  }
  return lines;
}

std::string put(
    const std::string& key, const std::string& value,
    const std::function<void(Database::PutParams::Builder)>& more = [](auto) {}) {
  auto params = build<Database::PutParams>([&](auto out) {
    out.setKey(data(key));
    out.setValue(data(value));
    more(out);
  });
  return lines_of(put_request(params.read()));
}

TEST(DatabaseRequests, APutIsItsConditionThenItselfThenItsVersion) {
  EXPECT_EQ(put("k", "v"), "SET k v / SYNCHRODB.VERSIONS k / ");
  EXPECT_EQ(put("k", "v", [](auto out) { out.initCondition().setVersion(7); }),
            "SYNCHRODB.REQUIRE k VERSION 7 / SET k v / SYNCHRODB.VERSIONS k / ");
  EXPECT_EQ(put("k", "v", [](auto out) { out.initExpiry().setKeep(); }),
            "SET k v KEEPTTL / SYNCHRODB.VERSIONS k / ");
  EXPECT_EQ(put("k", "v", [](auto out) { out.initExpiry().setAfterMs(5); }),
            "SET k v PX 5 / SYNCHRODB.VERSIONS k / ");
}

TEST(DatabaseRequests, NameWhatIsWrongWithThem) {
  EXPECT_EQ(put("", "v"), "key: it is empty");
  EXPECT_EQ(put(std::string(65537, 'k'), "v"), "key: it has 65537 bytes, more than 65536");
  EXPECT_EQ(put("k", std::string(kMaxCallBytes, 'v')),
            "the call carries more than 8388608 bytes of keys and values");
  EXPECT_EQ(put("k", "v", [](auto out) { out.initExpiry().setAfterMs(0); }),
            "expiry: it must be positive");
  EXPECT_EQ(put("k", "v", [](auto out) { out.initExpiry().setAtMs(-1); }),
            "expiry: it must be positive");
  EXPECT_EQ(put("k", "v", [](auto out) { out.initExpiry().setAfterMs(~0ull); }),
            "expiry: it is too far away");
  EXPECT_EQ(put("k", "v", [](auto out) { out.initCondition().setVersion(~0ull); }),
            "condition: there is no such version");
}

TEST(DatabaseRequests, OfATransactionAreBoundedInNumberAndInAll) {
  const auto many = [](unsigned operations, const std::string& value) {
    auto params = build<Database::TransactionParams>([&](auto out) {
      for (auto operation : out.initOperations(operations)) {
        operation.setKey(data("k"));
        operation.initPut().setValue(data(value));
      }
    });
    return transaction_request(params.read());
  };
  EXPECT_TRUE(many(1024, "v").ok());
  EXPECT_EQ(many(1025, "v").error().message,
            "transaction: 1025 conditions and operations, more than 1024");
  EXPECT_EQ(many(9, std::string(1 << 20, 'v')).error().message,
            "the call carries more than 8388608 bytes of keys and values");
}

TEST(DatabaseRequests, OfKindsFromTheFutureAreRefused) {
  auto params = build<Database::TransactionParams>(
      [](auto out) { out.initOperations(1)[0].setKey(data("k")); });
  // The discriminant of the operation's union.
  auto operation =
      capnp::toAny(params.message.getRoot<Database::TransactionParams>().getOperations()[0]);
  operation.getDataSection()[0] = 99;
  EXPECT_EQ(lines_of(transaction_request(params.read())),
            "operation: of a kind that this server does not know");
  EXPECT_FALSE(read_consistency(static_cast<wire::Consistency>(9)).ok());
}

TEST(DatabaseRequests, APrefixIsARange) {
  const auto range = [](const std::string& prefix) {
    auto params = build<wire::KeyRange>([&](auto out) { out.setPrefix(data(prefix)); });
    return read_range(params.read()).value();
  };
  EXPECT_EQ(range("ab").from, "ab");
  EXPECT_EQ(range("ab").to, "ac");
  EXPECT_EQ(range(std::string("a\xff\xff")).to, "b");
  EXPECT_EQ(range("\xff").to, "");
  EXPECT_EQ(range("").to, "");
  EXPECT_TRUE(range("ab").contains("ab"));
  EXPECT_TRUE(range("ab").contains("ab\xff\xff"));
  EXPECT_FALSE(range("ab").contains("ac"));
  EXPECT_FALSE(range("ab").contains("aa"));
  EXPECT_TRUE(range("\xff").contains("\xff\xff"));
}

// The law: whatever comes, an answer that does not fit its request is noticed, and nothing is read
// past its end.
TEST(DatabaseRequests, RepliesThatDoNotFitAreNoticed) {
  const Reply version = Reply::array({Reply::integer(3)});
  const std::vector<Reply> wrong = {
      Reply::nil(),
      Reply::ok(),
      Reply::integer(1),
      Reply::array({}),
      Reply::array({Reply::ok()}),
      Reply::array({Reply::ok(), Reply::integer(3)}),
      Reply::array({Reply::ok(), Reply::array({})}),
      Reply::array({Reply::ok(), Reply::array({Reply::ok()})}),
      Reply::array({Reply::error("ERR"), version}),
  };
  for (const Reply& reply : wrong) {
    capnp::MallocMessageBuilder message;
    EXPECT_FALSE(write_results(reply, message.initRoot<Database::PutResults>()))
        << to_string(reply);
    EXPECT_FALSE(write_results(reply, message.initRoot<Database::ScanResults>()))
        << to_string(reply);
    EXPECT_FALSE(write_results(reply, message.initRoot<Database::GetResults>()))
        << to_string(reply);
  }
  capnp::MallocMessageBuilder message;
  auto out = message.initRoot<Database::PutResults>();
  EXPECT_TRUE(write_results(Reply::array({Reply::integer(1), Reply::ok(), version}), out));
  EXPECT_TRUE(out.getApplied());
  EXPECT_EQ(out.getVersion(), 3u);
}

// ---- Any parameters at all ---------------------------------------------------------------------

std::string any_key() {
  return *rc::gen::element<std::string>("", "a", "b", std::string("\0\xff", 2));
}

void any_expiry(wire::Expiry::Builder out) {
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return out.setNone();
    case 1:
      return out.setKeep();
    case 2:
      return out.setAfterMs(*rc::gen::arbitrary<std::uint64_t>());
    default:
      return out.setAtMs(*rc::gen::arbitrary<std::int64_t>());
  }
}

void any_condition(wire::Condition::Builder out) {
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      return out.setAlways();
    case 1:
      return out.setAbsent();
    case 2:
      return out.setPresent();
    case 3:
      return out.setValue(data(any_key()));
    default:
      return out.setVersion(*rc::gen::arbitrary<std::uint64_t>());
  }
}

void any_operation(wire::Operation::Builder out) {
  out.setKey(data(any_key()));
  switch (*rc::gen::inRange(0, 3)) {
    case 0:
      return out.setGet();
    case 1:
      return out.setDelete();
    default: {
      auto put = out.initPut();
      put.setValue(data(any_key()));
      any_expiry(put.initExpiry());
    }
  }
}

// The law: whatever is accepted can be executed, and its answer is understood.
RC_GTEST_PROP(DatabaseRequestsProperty, WhatIsAcceptedIsAnswered, ()) {
  StateMachine machine;
  const auto execute = [&](const Request& request) {
    return machine.apply(*make_entry(Term{1}, machine.applied().next(), EntryKind::kCommand,
                                     {WallTime{1'000'000'000}, WallTime{1'000'000'000}, true},
                                     encode(request)));
  };
  const int calls = *rc::gen::inRange(1, 12);
  for (int i = 0; i < calls; ++i) {
    auto params = build<Database::TransactionParams>([](auto out) {
      for (auto condition : out.initConditions(*rc::gen::inRange(0u, 3u))) {
        condition.setKey(data(any_key()));
        any_condition(condition.initCondition());
      }
      for (auto operation : out.initOperations(*rc::gen::inRange(0u, 5u))) {
        any_operation(operation);
      }
    });
    const Result<Request> request = transaction_request(params.read());
    if (request) {
      const Reply reply = execute(request.value());
      capnp::MallocMessageBuilder message;
      auto out = message.initRoot<Database::TransactionResults>();
      RC_ASSERT(write_results(request.value(), reply, out));
      RC_ASSERT(out.getResults().size() ==
                (out.getApplied() ? params.read().getOperations().size() : 0));
    }
    auto one = build<Database::PutParams>([](auto out) {
      out.setKey(data(any_key()));
      any_expiry(out.initExpiry());
      any_condition(out.initCondition());
    });
    if (const Result<Request> put = put_request(one.read()); put) {
      capnp::MallocMessageBuilder message;
      RC_ASSERT(write_results(execute(put.value()), message.initRoot<Database::PutResults>()));
    }
  }
}

}  // namespace
}  // namespace synchrodb::net
