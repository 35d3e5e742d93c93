// The small parts: numbers, glob patterns, hash slots, replies, requests, the command table.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "engine/kv/ascii.h"
#include "engine/kv/command.h"
#include "engine/kv/command_table.h"
#include "engine/kv/glob.h"
#include "engine/kv/hash_slot.h"
#include "engine/kv/numbers.h"
#include "engine/kv/reply.h"
#include "tests/engine/kv_support.h"

namespace synchrodb::testing {
namespace {

TEST(Numbers, IntegersHaveOneForm) {
  EXPECT_EQ(parse_integer("0"), 0);
  EXPECT_EQ(parse_integer("-1"), -1);
  EXPECT_EQ(parse_integer("9223372036854775807"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(parse_integer("-9223372036854775808"), std::numeric_limits<std::int64_t>::min());
  for (const char* bad : {"", "-", "+1", " 1", "1 ", "01", "-0", "-01", "1.0", "0x1", "1e3", "a",
                          "9223372036854775808", "-9223372036854775809", "99999999999999999999"}) {
    EXPECT_EQ(parse_integer(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(parse_integer(std::string_view("1\0", 2)), std::nullopt);
}

RC_GTEST_PROP(Numbers, EveryIntegerSurvivesPrintingAndParsing, (std::int64_t value)) {
  RC_ASSERT(parse_integer(std::to_string(value)) == value);
}

TEST(Numbers, LongDoublesPrintWithoutTrailingZeros) {
  EXPECT_EQ(format_long_double(0), "0");
  EXPECT_EQ(format_long_double(-0.0L), "0");
  EXPECT_EQ(format_long_double(10.5L), "10.5");
  EXPECT_EQ(format_long_double(3000), "3000");
  EXPECT_EQ(format_long_double(0.1L + 0.2L), "0.3");
  EXPECT_EQ(parse_long_double("nan"), std::nullopt);
  EXPECT_EQ(parse_long_double(std::string_view("1\0", 2)), std::nullopt);
  EXPECT_EQ(parse_long_double("1e5000"), std::nullopt);
  EXPECT_EQ(parse_long_double(std::string(6000, '1')), std::nullopt);
  EXPECT_TRUE(std::isinf(parse_long_double("-inf").value()));
}

// Redis 7.0's algorithm, transcribed: recursive, as an oracle.
bool reference_match(std::string_view p, std::string_view s) {
  while (!p.empty() && !s.empty()) {
    switch (p[0]) {
      case '*':
        while (p.size() > 1 && p[1] == '*') p.remove_prefix(1);
        if (p.size() == 1) return true;
        for (; !s.empty(); s.remove_prefix(1)) {
          if (reference_match(p.substr(1), s)) return true;
        }
        return false;
      case '?':
        s.remove_prefix(1);
        break;
      case '[': {
        p.remove_prefix(1);
        const bool negated = !p.empty() && p[0] == '^';
        if (negated) p.remove_prefix(1);
        bool match = false;
        bool closed = false;
        while (!p.empty() && !closed) {
          if (p[0] == '\\' && p.size() >= 2) {
            match |= p[1] == s[0];
            p.remove_prefix(2);
          } else if (p[0] == ']') {
            closed = true;
          } else if (p.size() >= 3 && p[1] == '-') {
            match |= std::min(p[0], p[2]) <= s[0] && s[0] <= std::max(p[0], p[2]);
            p.remove_prefix(3);
          } else {
            match |= p[0] == s[0];
            p.remove_prefix(1);
          }
        }
        if (match == negated) return false;
        s.remove_prefix(1);
        if (p.empty()) return s.empty();
        break;
      }
      case '\\':
        if (p.size() >= 2) p.remove_prefix(1);
        [[fallthrough]];
      default:
        if (p[0] != s[0]) return false;
        s.remove_prefix(1);
        break;
    }
    p.remove_prefix(1);
    if (s.empty()) {
      while (!p.empty() && p[0] == '*') p.remove_prefix(1);
      break;
    }
  }
  return p.empty() && s.empty();
}

RC_GTEST_PROP(Glob, AgreesWithRedisAlgorithm, ()) {
  const auto pattern = *rc::gen::container<std::string>(
      rc::gen::elementOf(std::string("aabbc***??[[]]^^--\\\x80\xff")));
  const auto text =
      *rc::gen::container<std::string>(rc::gen::elementOf(std::string("aaabbbc]-^[\\*?\x80\xff")));
  RC_ASSERT(glob_match(pattern, text) == reference_match(pattern, text));
}

TEST(Glob, TakesNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "a*";
  EXPECT_FALSE(glob_match(pattern + "b", std::string(20'000, 'a')));
}

TEST(HashSlot, IsRedisClusters) {
  EXPECT_EQ(crc16("123456789"), 0x31C3);
  EXPECT_EQ(crc16(""), 0);
  EXPECT_EQ(hash_slot("foo"), 12182);
  EXPECT_EQ(hash_slot("123456789"), 12739);
  EXPECT_EQ(hash_slot("{user1000}.following"), hash_slot("user1000"));
  EXPECT_EQ(hash_slot("foo{}{bar}"), crc16("foo{}{bar}") % 16384);
  EXPECT_EQ(hash_slot("foo{{bar}}zap"), hash_slot("{bar"));
  EXPECT_EQ(hash_slot("foo{bar}{zap}"), hash_slot("bar"));
  EXPECT_EQ(hash_slot("foo{bar"), crc16("foo{bar") % 16384);
}

RC_GTEST_PROP(HashSlot, EightBytesAtATimeAreTheSameAsOne, (const std::string& bytes)) {
  std::uint32_t crc = 0;
  for (const char c : bytes) {
    crc ^= static_cast<std::uint32_t>(static_cast<unsigned char>(c)) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  RC_ASSERT(crc16(bytes) == (crc & 0xffff));
}

rc::Gen<Reply> any_reply(int depth) {
  using rc::gen::arbitrary;
  using rc::gen::map;
  const auto text = arbitrary<std::string>();
  if (depth == 0) {
    return rc::gen::oneOf(
        rc::gen::element(Reply::nil(), Reply::nil_array(), Reply::ok(), Reply::boolean(false),
                         Reply::boolean(true)),
        map(text, [](std::string s) { return Reply::verbatim(std::move(s)); }),
        map(text, [](std::string s) { return Reply::status(std::move(s)); }),
        map(text, [](std::string s) { return Reply::error(std::move(s)); }),
        map(text, [](std::string s) { return Reply::bulk(std::move(s)); }),
        map(arbitrary<std::int64_t>(), [](std::int64_t i) { return Reply::integer(i); }),
        map(arbitrary<double>(), [](double d) { return Reply::real(d); }));
  }
  return rc::gen::oneOf(
      any_reply(0),
      map(rc::gen::resize(4, rc::gen::container<std::vector<Reply>>(any_reply(depth - 1))),
          [](std::vector<Reply> elements) { return Reply::array(std::move(elements)); }),
      map(rc::gen::pair(any_reply(depth - 1), rc::gen::inRange(0, 2)),
          [](const std::pair<Reply, int>& pair) {
            return pair.second == 0 ? Reply::set({pair.first}) : Reply::push({pair.first});
          }),
      map(rc::gen::pair(any_reply(depth - 1), any_reply(depth - 1)),
          [](const std::pair<Reply, Reply>& pair) {
            return Reply::map({pair.first, pair.second});
          }));
}

RC_GTEST_PROP(Replies, SurviveEncoding, ()) {
  const Reply reply = *any_reply(3);
  std::string bytes;
  encode(reply, bytes);
  const auto decoded = decode_reply(bytes);
  RC_ASSERT(decoded.ok());
  RC_ASSERT(decoded.value() == reply);
  const auto cut = *rc::gen::inRange<std::size_t>(0, bytes.size());
  RC_ASSERT(!decode_reply(bytes.substr(0, cut)).ok());
  RC_ASSERT(!decode_reply(bytes + "x").ok());
}

RC_GTEST_PROP(Replies, HostileBytesAreRefusedOrMeanSomething, (const std::string& bytes)) {
  const auto decoded = decode_reply(bytes);
  if (!decoded.ok()) return;
  std::string again;
  encode(decoded.value(), again);
  RC_ASSERT(again == bytes);
}

TEST(Replies, ABooleanIsZeroOrOne) {
  EXPECT_EQ(decode_reply(std::string("\x09\x00", 2)).value(), Reply::boolean(false));
  EXPECT_EQ(decode_reply("\x09\x01").value(), Reply::boolean(true));
  EXPECT_FALSE(decode_reply("\x09\x02").ok());
  EXPECT_FALSE(decode_reply("\x09").ok());
}

TEST(Replies, NestingIsBounded) {
  std::string deep;
  for (int i = 0; i < kMaxReplyDepth; ++i) deep += std::string("\x06\x01", 2);
  EXPECT_TRUE(decode_reply(deep + std::string(1, '\0')).ok());
  EXPECT_FALSE(decode_reply(std::string("\x06\x01", 2) + deep + std::string(1, '\0')).ok());
  std::string bomb(1'000'000, '\x06');
  EXPECT_FALSE(decode_reply(bomb).ok());
  // A count far beyond the bytes that follow must not buy memory.
  EXPECT_FALSE(decode_reply("\x06\xff\xff\xff\xff\x0f").ok());
}

TEST(Replies, PrintAsInATerminal) {
  EXPECT_EQ(
      to_string(Reply::array({Reply::integer(1), Reply::bulk("a\n"),
                              Reply::array({Reply::nil(), Reply::ok()}), Reply::error("ERR x")})),
      "1) (integer) 1\n2) \"a\\x0a\"\n3) 1) (nil)\n   2) OK\n4) (error) ERR x");
  EXPECT_TRUE(Reply::error("SESSIONEXPIRED gone").has_error_code("SESSIONEXPIRED"));
  EXPECT_TRUE(Reply::error("SESSIONEXPIRED").has_error_code("SESSIONEXPIRED"));
  EXPECT_FALSE(Reply::error("SESSIONEXPIREDX").has_error_code("SESSIONEXPIRED"));
  EXPECT_FALSE(Reply::bulk("SESSIONEXPIRED").has_error_code("SESSIONEXPIRED"));
}

rc::Gen<Request> any_request() {
  const auto argv = rc::gen::nonEmpty(rc::gen::resize(5, rc::gen::arbitrary<Argv>()));
  return rc::gen::apply(
      [](RequestKind kind, std::uint64_t session, std::uint64_t sequence,
         std::vector<Argv> commands, bool transaction,
         const std::vector<std::pair<std::string, std::uint64_t>>& watched) {
        Request request;
        request.kind = kind;
        request.session = SessionId{session};
        request.sequence = sequence;
        if (kind != RequestKind::kExecute) return request;
        request.transaction = transaction || commands.empty();
        request.commands = std::move(commands);
        for (const auto& [key, version] : watched) request.watched.push_back({key, version});
        return request;
      },
      rc::gen::element(RequestKind::kOpenSession, RequestKind::kCloseSession, RequestKind::kExecute,
                       RequestKind::kExecute, RequestKind::kStamp),
      rc::gen::arbitrary<std::uint64_t>(), rc::gen::arbitrary<std::uint64_t>(),
      rc::gen::resize(5, rc::gen::container<std::vector<Argv>>(argv)), rc::gen::arbitrary<bool>(),
      rc::gen::resize(5, rc::gen::arbitrary<std::vector<std::pair<std::string, std::uint64_t>>>()));
}

RC_GTEST_PROP(Requests, SurviveEncodingAndNoPrefixDoes, ()) {
  const Request request = *any_request();
  const std::string bytes = encode(request);
  const auto decoded = decode(bytes);
  RC_ASSERT(decoded.ok());
  RC_ASSERT(decoded.value() == request);
  const auto cut = *rc::gen::inRange<std::size_t>(0, bytes.size());
  RC_ASSERT(!decode(bytes.substr(0, cut)).ok());
  RC_ASSERT(!decode(bytes + std::string(1, '\0')).ok());
}

RC_GTEST_PROP(Requests, DamagedBytesAreRefusedOrMeanSomethingElse, ()) {
  std::string bytes = encode(*any_request());
  const auto changes = *rc::gen::inRange(1, 4);
  for (int i = 0; i < changes; ++i) {
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
  }
  const auto decoded = decode(bytes);
  if (decoded.ok()) RC_ASSERT(encode(decoded.value()) == bytes);
  Machine machine;
  machine.apply_payload(bytes);  // whatever it means, it must not end the program
}

RC_GTEST_PROP(Requests, NoiseIsRefusedOrMeansSomething, (std::string bytes)) {
  if (*rc::gen::arbitrary<bool>()) bytes = std::string("\x01\x02", 2) + bytes;
  const auto decoded = decode(bytes);
  if (decoded.ok()) RC_ASSERT(encode(decoded.value()) == bytes);
}

TEST(Requests, CountsCannotBuyMemory) {
  const std::string head("\x01\x02\x00\x00\x00", 5);
  EXPECT_FALSE(decode(head + "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01").ok());
  EXPECT_FALSE(decode(head + "\x01\xff\xff\xff\x7f").ok());
  EXPECT_FALSE(decode(head + "\x01\x01\xff\xff\xff\xff\x0f").ok());
  std::string many = head + "\x01\x81\x80\x40";  // one argument more than allowed, all there
  many += std::string(kMaxRequestArguments + 1, '\0') + std::string(1, '\0');
  EXPECT_FALSE(decode(many).ok());
}

TEST(CommandTable, NamesAreFoundInAnyCase) {
  for (const CommandSpec& command : command_table()) {
    std::string upper(command.name);
    for (char& c : upper) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    EXPECT_EQ(find_command(command.name), &command);
    EXPECT_EQ(find_command(upper), &command);
    EXPECT_EQ(find_command(std::string(command.name) + "x"), nullptr);
  }
  EXPECT_EQ(find_command(""), nullptr);
  EXPECT_EQ(find_command(std::string(1000, 'x')), nullptr);
}

TEST(CommandTable, IsComplete) {
  std::set<std::string_view> names;
  for (const CommandSpec& command : command_table()) {
    names.insert(command.name);
    EXPECT_NE(command.arity, 0);
    EXPECT_FALSE(command.summary.empty());
    EXPECT_FALSE(command.complexity.empty());
    EXPECT_FALSE(to_string(command.group).empty());
    const int paths =
        command.has(kWrite) + command.has(kRead) + command.has(kStateless) + command.has(kSession);
    EXPECT_EQ(paths, 1) << command.name;
    EXPECT_EQ(command.has(kWrite), command.write != nullptr) << command.name;
    if (!command.has(kSession)) {
      EXPECT_EQ(command.has(kWrite), command.read == nullptr) << command.name;
    }
  }
  for (const char* name :
       {"get",     "set",      "getdel",      "getex",    "mget",      "mset",       "msetnx",
        "setnx",   "append",   "strlen",      "getrange", "setrange",  "incr",       "decr",
        "incrby",  "decrby",   "incrbyfloat", "del",      "unlink",    "exists",     "expire",
        "pexpire", "expireat", "pexpireat",   "ttl",      "pttl",      "expiretime", "pexpiretime",
        "persist", "type",     "keys",        "scan",     "randomkey", "rename",     "renamenx",
        "copy",    "dbsize",   "flushall",    "flushdb",  "touch",     "multi",      "exec",
        "discard", "watch",    "unwatch"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST(CommandTable, KnowsWhereTheKeysAre) {
  const auto keys = [](std::string_view name, std::size_t argc) {
    return key_positions(*find_command(name), argc);
  };
  using Positions = std::vector<std::size_t>;
  EXPECT_EQ(keys("get", 2), Positions({1}));
  EXPECT_EQ(keys("set", 7), Positions({1}));
  EXPECT_EQ(keys("mset", 5), Positions({1, 3}));
  EXPECT_EQ(keys("mget", 4), Positions({1, 2, 3}));
  EXPECT_EQ(keys("rename", 3), Positions({1, 2}));
  EXPECT_EQ(keys("copy", 6), Positions({1, 2}));
  EXPECT_EQ(keys("keys", 2), Positions());
}

}  // namespace
}  // namespace synchrodb::testing
