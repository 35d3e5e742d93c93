// Commands out of bytes: what is accepted, what is refused and how, and that the way the bytes
// arrive makes no difference.
#include "net/resp/parser.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/net/support/commands.h"

namespace synchrodb::net {
namespace {

using namespace std::string_literals;
using testing::Argv;
using testing::multibulk;
using testing::parse;
using testing::parse_bytewise;
using testing::parse_in_pieces;
using testing::Parsed;

std::vector<Argv> commands(std::string_view bytes) {
  const Parsed parsed = parse(bytes);
  EXPECT_EQ(parsed.error, "");
  EXPECT_EQ(parsed, parse_bytewise(bytes));
  return parsed.commands;
}

std::string error(std::string_view bytes, RequestLimits limits = {}) {
  const Parsed parsed = parse(bytes, limits);
  EXPECT_EQ(parsed, parse_bytewise(bytes, limits));
  return parsed.error;
}

const std::string kProtocolError = "ERR Protocol error: ";

// ---- Arrays of bulk strings

TEST(RespParser, ArraysOfBulkStrings) {
  EXPECT_EQ(commands("*1\r\n$4\r\nPING\r\n"), (std::vector<Argv>{{"PING"}}));
  EXPECT_EQ(commands("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"),
            (std::vector<Argv>{{"SET", "k", ""}, {"GET", "k"}}));
}

TEST(RespParser, ArgumentsAreAnyBytes) {
  const Argv argv{"SET", "\0\r\n$*"s, "*1\r\n$4\r\nPING\r\n"};
  EXPECT_EQ(commands(multibulk(argv)), (std::vector<Argv>{argv}));
}

TEST(RespParser, NoElementsAreNoCommand) {
  EXPECT_EQ(commands("*0\r\n*-1\r\n*-9223372036854775808\r\n*1\r\n$4\r\nPING\r\n"),
            (std::vector<Argv>{{"PING"}}));
}

TEST(RespParser, WhatEndsALineOrABulkIsNotLookedAt) {
  EXPECT_EQ(commands("*1\rX$4\rYPINGZZ*1\r\n$1\r\na\n\n"), (std::vector<Argv>{{"PING"}, {"a"}}));
}

TEST(RespParser, EveryPrefixOfACommandNeedsMore) {
  for (const std::string& command :
       {multibulk({"SET", "key", "value"}), multibulk({""}), multibulk(Argv(12, "a")),
        "SET key 'a value'\r\n"s, "GET \"\\x41\"\n"s}) {
    for (std::size_t size = 0; size < command.size(); ++size) {
      const Parsed parsed = parse(command.substr(0, size));
      EXPECT_EQ(parsed, (Parsed{{}, "", size})) << command << " cut at " << size;
      // And it goes on from there.
      EXPECT_EQ(parse_in_pieces(command, {size}).commands.size(), 1u);
    }
  }
}

// ---- Inline commands

TEST(RespParser, InlineCommands) {
  EXPECT_EQ(commands("PING\r\nSET  k\tv \nGET k\r\n"),
            (std::vector<Argv>{{"PING"}, {"SET", "k", "v"}, {"GET", "k"}}));
}

TEST(RespParser, EmptyLinesAreNoCommand) {
  EXPECT_EQ(commands("\r\n\n  \t \r\nPING\r\n\r\n"), (std::vector<Argv>{{"PING"}}));
}

TEST(RespParser, DoubleQuotes) {
  EXPECT_EQ(commands(R"(SET "a b" "\x00\xfF\n\r\t\b\a\\\"\'\q\x4\xg0")"
                     "\n"),
            (std::vector<Argv>{{"SET", "a b", "\0\xff\n\r\t\b\a\\\"'qx4xg0"s}}));
  EXPECT_EQ(commands("a\"b c\" \"\"\n"), (std::vector<Argv>{{"ab c", ""}}));
}

TEST(RespParser, SingleQuotes) {
  EXPECT_EQ(commands(R"(SET 'it\'s' '\n"\x41' '')"
                     "\n"),
            (std::vector<Argv>{{"SET", "it's", "\\n\"\\x41", ""}}));
}

TEST(RespParser, UnbalancedQuotes) {
  const std::string unbalanced = kProtocolError + "unbalanced quotes in request";
  for (const char* line : {"\"a", "'a", "\"a\"b", "'a'b", "SET \"a\\\"", "SET 'a\\'", "\"\\", "\"",
                           "a\"", "\"a\"\"b\"", "\"\\x4"}) {
    EXPECT_EQ(error(std::string(line) + "\r\n"), unbalanced) << line;
  }
}

TEST(RespParser, AnInlineCommandMayHoldTheByteZero) {
  EXPECT_EQ(commands("GET a\0b\r\n"s), (std::vector<Argv>{{"GET", "a\0b"s}}));
}

// ---- Errors

TEST(RespParser, LengthsThatAreNoNumbers) {
  for (const char* count : {"", "a", "+1", "01", "1a", " 1", "-", "-0", "1048577",
                            "9223372036854775808", "99999999999999999999"}) {
    EXPECT_EQ(error("*"s + count + "\r\n"), kProtocolError + "invalid multibulk length") << count;
  }
  for (const char* length :
       {"", "a", "+1", "01", "1a", "-1", "-0", "536870913", "9223372036854775808"}) {
    EXPECT_EQ(error("*1\r\n$"s + length + "\r\n"), kProtocolError + "invalid bulk length")
        << length;
  }
}

TEST(RespParser, SomethingElseThanABulk) {
  EXPECT_EQ(error("*1\r\nPING\r\n"), kProtocolError + "expected '$', got 'P'");
  EXPECT_EQ(error("*2\r\n$3\r\nGET\r\n:1\r\n"), kProtocolError + "expected '$', got ':'");
  EXPECT_EQ(error("*1\r\n\r\n"), kProtocolError + "expected '$', got ' '");
  EXPECT_EQ(error("*1\r\n\n\r\n"), kProtocolError + "expected '$', got ' '");
}

TEST(RespParser, WhatCameBeforeAnErrorIsServed) {
  const Parsed parsed = parse("PING\r\n*1\r\n$1\r\na\r\n*x\r\nPING\r\n");
  EXPECT_EQ(parsed.commands, (std::vector<Argv>{{"PING"}, {"a"}}));
  EXPECT_EQ(parsed.error, kProtocolError + "invalid multibulk length");
}

TEST(RespParser, AnErrorIsFinal) {
  RequestParser parser;
  parser.feed("*x\r\n");
  ASSERT_EQ(parser.next(), RequestParser::Outcome::kError);
  parser.feed("PING\r\n");
  EXPECT_EQ(parser.next(), RequestParser::Outcome::kError);
}

// ---- Limits

TEST(RespParser, LinesAreBounded) {
  const std::size_t limit = RequestLimits{}.line_bytes;
  ASSERT_EQ(limit, 65'536u);
  EXPECT_EQ(commands(std::string(limit, 'a') + "\n"),
            (std::vector<Argv>{{std::string(limit, 'a')}}));
  EXPECT_EQ(error(std::string(limit + 1, 'a')), kProtocolError + "too big inline request");
  EXPECT_EQ(error(std::string(limit + 1, 'a') + "\n"), kProtocolError + "too big inline request");
  EXPECT_EQ(error("*" + std::string(limit, '1')), kProtocolError + "too big mbulk count string");
  EXPECT_EQ(error("*" + std::string(limit - 1, '1')), "");
  EXPECT_EQ(error("*1\r\n$" + std::string(limit, '1')),
            kProtocolError + "too big bulk count string");
  EXPECT_EQ(error("*1\r\n$" + std::string(limit - 1, '1')), "");
}

TEST(RespParser, ARequestIsBounded) {
  RequestLimits limits;
  limits.request_bytes = 40;
  const Argv fits{"12345678901234567", "1"};  // "*2\r\n" "$17\r\n" 17 "\r\n" "$1\r\n" 1 "\r\n"
  ASSERT_EQ(multibulk(fits).size(), 35u);
  EXPECT_EQ(parse(multibulk(fits), limits).commands, (std::vector<Argv>{fits}));
  EXPECT_EQ(error("*2\r\n$17\r\n12345678901234567\r\n$7\r\n", limits),
            kProtocolError + "too big request");
}

TEST(RespParser, SmallerLimitsBeforeAuthentication) {
  const auto outcome = [](std::string_view bytes) {
    RequestParser parser;
    parser.set_authenticated(false);
    parser.feed(bytes);
    parser.next();
    return parser.error();
  };
  EXPECT_EQ(outcome("*10\r\n$16384\r\n"), "");
  EXPECT_EQ(outcome("*11\r\n"), kProtocolError + "unauthenticated multibulk length");
  EXPECT_EQ(outcome("*1\r\n$16385\r\n"), kProtocolError + "unauthenticated bulk length");
  EXPECT_EQ(outcome("*1048577\r\n"), kProtocolError + "invalid multibulk length");
}

TEST(RespParser, AuthenticationCountsFromTheNextCommand) {
  RequestParser parser;
  parser.set_authenticated(false);
  parser.feed("AUTH secret\r\n*11\r\n");
  ASSERT_EQ(parser.next(), RequestParser::Outcome::kCommand);
  parser.set_authenticated(true);
  EXPECT_EQ(parser.next(), RequestParser::Outcome::kNeedMore);
}

// ---- Memory

TEST(RespParser, AnAnnouncedLengthBuysNoMemory) {
  RequestParser parser;
  parser.feed("*1048576\r\n$536870912\r\nabc");
  ASSERT_EQ(parser.next(), RequestParser::Outcome::kNeedMore);
  EXPECT_LE(parser.memory_bytes(), 16u * 1024);
  EXPECT_LE(parser.writable().size(), 16u * 1024);
}

TEST(RespParser, MemoryIsGivenBackAfterALargeCommand) {
  RequestParser parser;
  parser.feed(multibulk({"SET", "k", std::string(8 << 20, 'v')}));
  parser.feed(multibulk(Argv(100'000, "a")));
  ASSERT_EQ(parser.next(), RequestParser::Outcome::kCommand);
  ASSERT_EQ(parser.next(), RequestParser::Outcome::kCommand);
  EXPECT_GT(parser.memory_bytes(), 8u << 20);
  ASSERT_EQ(parser.next(), RequestParser::Outcome::kNeedMore);
  parser.writable();
  EXPECT_LE(parser.memory_bytes(), 64u * 1024);
  parser.release();
  EXPECT_LE(parser.memory_bytes(), 32u * 1024);  // short lists of arguments are kept
}

TEST(RespParser, AnIdleConnectionHoldsLittle) {
  RequestParser parser;
  EXPECT_EQ(parser.memory_bytes(), 0u);
  for (int i = 0; i < 100; ++i) {
    const std::string command = multibulk({"SET", "key", "value"});
    const std::span<char> room = parser.writable();
    std::copy(command.begin(), command.end(), room.begin());
    parser.commit(command.size());
    ASSERT_EQ(parser.next(), RequestParser::Outcome::kCommand);
    ASSERT_EQ(parser.next(), RequestParser::Outcome::kNeedMore);
  }
  parser.writable();
  EXPECT_LE(parser.memory_bytes(), 4u * 1024);
  parser.release();
  EXPECT_LE(parser.memory_bytes(), 1u * 1024);
}

// One read, one log entry: see how much a client sends, and offer that much room.
TEST(RespParser, APipelineThatComesAgainIsReadAtOnce) {
  RequestParser parser;
  const std::string pipeline(2'304, '\n');  // empty inline commands
  std::size_t reads = 0;
  for (int round = 0; round < 10; ++round) {
    reads = 0;
    for (std::string_view left = pipeline; !left.empty(); ++reads) {
      const std::span<char> room = parser.writable();
      const std::size_t bytes = std::min(room.size(), left.size());
      std::copy_n(left.begin(), bytes, room.begin());
      parser.commit(bytes);
      left.remove_prefix(bytes);
      ASSERT_EQ(parser.next(), RequestParser::Outcome::kNeedMore);
      parser.release();
    }
  }
  EXPECT_EQ(reads, 1u);
  // Whoever sends little from then on is offered little.
  for (int i = 0; i < 100; ++i) {
    parser.writable()[0] = '\n';
    parser.commit(1);
    ASSERT_EQ(parser.next(), RequestParser::Outcome::kNeedMore);
    parser.release();
  }
  EXPECT_EQ(parser.writable().size(), 2u * 1024);
}

// What waits for a client that is silent is bounded, whatever it sent before.
TEST(RespParser, LittleRoomIsKeptForAClientThatSentMuch) {
  RequestParser parser;
  for (int i = 0; i < 20; ++i) {
    const std::span<char> room = parser.writable();
    std::fill(room.begin(), room.end(), '\n');
    parser.commit(room.size());
    ASSERT_EQ(parser.next(), RequestParser::Outcome::kNeedMore);
  }
  EXPECT_EQ(parser.writable().size(), 256u * 1024);
  parser.release();
  EXPECT_EQ(parser.writable().size(), 16u * 1024);
}

// A whole pipeline stays where it was read.
TEST(RespParser, ArgumentsAreNotCopied) {
  RequestParser parser;
  const std::string pipeline = multibulk({"GET", "a"}) + multibulk({"GET", "b"});
  const std::span<char> room = parser.writable();
  std::copy(pipeline.begin(), pipeline.end(), room.begin());
  parser.commit(pipeline.size());
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(parser.next(), RequestParser::Outcome::kCommand);
    for (const std::string_view argument : parser.argv()) {
      EXPECT_GE(argument.data(), room.data());
      EXPECT_LT(argument.data(), room.data() + pipeline.size());
    }
  }
}

// ---- Laws

Argv any_argv() {
  return *rc::gen::nonEmpty(rc::gen::container<Argv>(rc::gen::arbitrary<std::string>()));
}

std::vector<std::size_t> any_cuts(std::size_t size) {
  auto cuts =
      *rc::gen::container<std::vector<std::size_t>>(rc::gen::inRange<std::size_t>(0, size + 1));
  std::sort(cuts.begin(), cuts.end());
  return cuts;
}

RC_GTEST_PROP(RespParser, CommandsSurviveTheWayThere, ()) {
  std::vector<Argv> sent;
  std::string bytes;
  for (int n = *rc::gen::inRange(0, 8); n > 0; --n) {
    sent.push_back(any_argv());
    bytes += multibulk(sent.back());
    if (*rc::gen::inRange(0, 3) == 0) bytes += *rc::gen::element("\r\n"s, "*0\r\n"s, "*-1\r\n"s);
  }
  RC_ASSERT(parse_in_pieces(bytes, any_cuts(bytes.size())) == (Parsed{sent, "", 0}));
}

// Likely to be nearly right, and to hit small limits.
std::string any_noise() {
  static const std::vector<std::string> kPieces{"*",
                                                "$",
                                                "\r\n",
                                                "\r",
                                                "\n",
                                                "-1",
                                                "0",
                                                "1",
                                                "2",
                                                "3",
                                                "11",
                                                "\"",
                                                "'",
                                                "\\",
                                                "\\x4",
                                                " ",
                                                "a",
                                                "GET",
                                                "*1\r\n",
                                                "*2\r\n",
                                                "\0"s,
                                                "\xff",
                                                "$1\r\n",
                                                "$3\r\nGET\r\n",
                                                "*1\r\n$4\r\nPING\r\n",
                                                "aaaaaaaaaaaaaaaa"};
  std::string noise;
  for (int n = *rc::gen::inRange(0, 30); n > 0; --n) noise += *rc::gen::elementOf(kPieces);
  return noise;
}

RequestLimits small_limits() {
  RequestLimits limits;
  limits.line_bytes = 24;
  limits.bulk_bytes = 40;
  limits.elements = 10;
  limits.request_bytes = 64;
  return limits;
}

RC_GTEST_PROP(RespParser, HowBytesArriveMakesNoDifference, ()) {
  const std::string noise = any_noise();
  const RequestLimits limits = *rc::gen::element(0, 1) == 0 ? RequestLimits{} : small_limits();
  const Parsed whole = parse(noise, limits);
  RC_ASSERT(parse_bytewise(noise, limits) == whole);
  RC_ASSERT(parse_in_pieces(noise, any_cuts(noise.size()), limits) == whole);
}

// What Redis' own clients would write for the arguments, read back.
RC_GTEST_PROP(RespParser, QuotedArgumentsSurvive, ()) {
  const Argv argv = any_argv();
  std::string line;
  for (const std::string& argument : argv) {
    line += '"';
    for (const char c : argument) {
      char hex[8];
      std::snprintf(hex, sizeof hex, "\\x%02X", static_cast<unsigned char>(c));
      line += hex;
    }
    line += "\" ";
  }
  RC_ASSERT(parse(line + "\r\n") == (Parsed{{argv}, "", 0}));
}

}  // namespace
}  // namespace synchrodb::net
