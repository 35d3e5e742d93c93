// Replies to bytes, and back.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "net/resp/printer.h"
#include "net/resp/reply_parser.h"

namespace synchrodb::net {
namespace {

using namespace std::string_literals;
using Outcome = ReplyParser::Outcome;

std::string resp2(const Reply& reply) {
  std::string out;
  print(reply, RespVersion::k2, out);
  return out;
}

std::string resp3(const Reply& reply) {
  std::string out;
  print(reply, RespVersion::k3, out);
  return out;
}

// ---- Printing

TEST(RespPrinter, WhatBothVersionsShare) {
  for (const auto& print_it : {resp2, resp3}) {
    EXPECT_EQ(print_it(Reply::ok()), "+OK\r\n");
    EXPECT_EQ(print_it(Reply::error("ERR no")), "-ERR no\r\n");
    EXPECT_EQ(print_it(Reply::integer(std::numeric_limits<std::int64_t>::min())),
              ":-9223372036854775808\r\n");
    EXPECT_EQ(print_it(Reply::bulk("")), "$0\r\n\r\n");
    EXPECT_EQ(print_it(Reply::bulk("a\r\n\0"s)), "$4\r\na\r\n\0\r\n"s);
    EXPECT_EQ(print_it(Reply::array({})), "*0\r\n");
    EXPECT_EQ(print_it(Reply::array({Reply::integer(1), Reply::array({Reply::ok()})})),
              "*2\r\n:1\r\n*1\r\n+OK\r\n");
  }
}

TEST(RespPrinter, WhatTheVersionsWriteDifferently) {
  const auto both = [](const Reply& reply) { return resp2(reply) + " | " + resp3(reply); };
  EXPECT_EQ(both(Reply::nil()), "$-1\r\n | _\r\n");
  EXPECT_EQ(both(Reply::nil_array()), "*-1\r\n | _\r\n");
  EXPECT_EQ(both(Reply::boolean(true)), ":1\r\n | #t\r\n");
  EXPECT_EQ(both(Reply::boolean(false)), ":0\r\n | #f\r\n");
  EXPECT_EQ(both(Reply::verbatim("a b")), "$3\r\na b\r\n | =7\r\ntxt:a b\r\n");
  EXPECT_EQ(both(Reply::map({Reply::bulk("k"), Reply::nil()})),
            "*2\r\n$1\r\nk\r\n$-1\r\n | %1\r\n$1\r\nk\r\n_\r\n");
  EXPECT_EQ(both(Reply::set({Reply::integer(1)})), "*1\r\n:1\r\n | ~1\r\n:1\r\n");
  EXPECT_EQ(both(Reply::push({Reply::integer(1)})), "*1\r\n:1\r\n | >1\r\n:1\r\n");
}

TEST(RespPrinter, Doubles) {
  const auto both = [](double value) {
    return resp2(Reply::real(value)) + resp3(Reply::real(value));
  };
  EXPECT_EQ(both(0.1), "$3\r\n0.1\r\n,0.1\r\n");
  EXPECT_EQ(both(-3), "$2\r\n-3\r\n,-3\r\n");
  EXPECT_EQ(both(std::numeric_limits<double>::infinity()), "$3\r\ninf\r\n,inf\r\n");
  EXPECT_EQ(both(-std::numeric_limits<double>::infinity()), "$4\r\n-inf\r\n,-inf\r\n");
  EXPECT_EQ(both(std::nan("")), "$3\r\nnan\r\n,nan\r\n");
  EXPECT_EQ(both(-std::nan("")), "$3\r\nnan\r\n,nan\r\n");
}

// A key in an error text must not be able to end the reply and begin another.
TEST(RespPrinter, AnOutletTakesTheSameBytesInPieces) {
  const Reply reply =
      Reply::array({Reply::bulk(std::string(50, 'a')), Reply::integer(1),
                    Reply::array({Reply::bulk(std::string(50, 'b'))}), Reply::nil()});
  std::string whole;
  print(reply, RespVersion::k3, whole);
  std::string out, taken;
  std::size_t largest = 0;
  print(reply, RespVersion::k3, out, Outlet{20, [&] {
                                              largest = std::max(largest, out.size());
                                              taken += std::exchange(out, {});
                                            }});
  EXPECT_EQ(taken + out, whole);
  EXPECT_LT(out.size(), 20U);
  EXPECT_LT(largest, 80U);
}

TEST(RespPrinter, LineBreaksDoNotEscape) {
  EXPECT_EQ(resp2(Reply::error("ERR a\r\n+OK")), "-ERR a  +OK\r\n");
  EXPECT_EQ(resp2(Reply::error("ERR option a\r\nb\n\r\n")), "-ERR option a  b\r\n");
  EXPECT_EQ(resp3(Reply::status("a\nb")), "+a b\r\n");
}

// ---- Parsing

struct Read {
  std::vector<Reply> replies;
  std::string error;
};

void take_all(ReplyParser& parser, Read& read) {
  Reply reply;
  for (;;) {
    const Outcome outcome = parser.next(reply);
    if (outcome == Outcome::kError) read.error = parser.error();
    if (outcome != Outcome::kReply) return;
    read.replies.push_back(std::move(reply));
  }
}

Read read_whole(std::string_view bytes, ReplyLimits limits = {}) {
  ReplyParser parser(limits);
  parser.feed(bytes);
  Read read;
  take_all(parser, read);
  return read;
}

Read read_bytewise(std::string_view bytes, ReplyLimits limits = {}) {
  ReplyParser parser(limits);
  Read read;
  for (const char c : bytes) {
    parser.writable()[0] = c;
    parser.commit(1);
    take_all(parser, read);
  }
  return read;
}

Reply one(std::string_view bytes) {
  const Read whole = read_whole(bytes);
  EXPECT_EQ(whole.error, "");
  EXPECT_EQ(whole.replies, read_bytewise(bytes).replies);
  EXPECT_EQ(whole.replies.size(), 1u) << bytes;
  return whole.replies.empty() ? Reply::error("none") : whole.replies[0];
}

std::string problem(std::string_view bytes, ReplyLimits limits = {}) {
  const Read whole = read_whole(bytes, limits);
  EXPECT_EQ(whole.error, read_bytewise(bytes, limits).error);
  return whole.error;
}

TEST(RespReplyParser, EveryKind) {
  EXPECT_EQ(one("+OK\r\n"), Reply::ok());
  EXPECT_EQ(one("-ERR no\r\n"), Reply::error("ERR no"));
  EXPECT_EQ(one(":-5\r\n"), Reply::integer(-5));
  EXPECT_EQ(one("$3\r\na\r\n\r\n"), Reply::bulk("a\r\n"));
  EXPECT_EQ(one("$-1\r\n"), Reply::nil());
  EXPECT_EQ(one("*-1\r\n"), Reply::nil_array());
  EXPECT_EQ(one("_\r\n"), Reply::nil());
  EXPECT_EQ(one("#t\r\n"), Reply::boolean(true));
  EXPECT_EQ(one(",1.5e3\r\n"), Reply::real(1500));
  EXPECT_EQ(one(",-inf\r\n"), Reply::real(-std::numeric_limits<double>::infinity()));
  EXPECT_EQ(one("(-12345678901234567890\r\n"), Reply::bulk("-12345678901234567890"));
  EXPECT_EQ(one("=5\r\nmkd:#\r\n"), Reply::verbatim("#"));
  EXPECT_EQ(one("!6\r\nERR \r\n\r\n"), Reply::error("ERR \r\n"));
  EXPECT_EQ(one("%1\r\n:1\r\n~1\r\n+a\r\n"),
            Reply::map({Reply::integer(1), Reply::set({Reply::status("a")})}));
  EXPECT_EQ(one(">1\r\n*0\r\n"), Reply::push({Reply::array({})}));
}

TEST(RespReplyParser, AttributesAreDropped) {
  EXPECT_EQ(one("|1\r\n+ttl\r\n:5\r\n*2\r\n|0\r\n:1\r\n|1\r\n*0\r\n_\r\n:2\r\n"),
            Reply::array({Reply::integer(1), Reply::integer(2)}));
}

TEST(RespReplyParser, Malformed) {
  const auto is = [](const std::string& what) { return "malformed reply: " + what; };
  EXPECT_EQ(problem("OK\r\n"), is("a reply cannot start with 'O'"));
  EXPECT_EQ(problem("\0\r\n"s), is("a reply cannot start with byte 0x00"));
  EXPECT_EQ(problem("+OK\n"), is("a line does not end in \\r\\n"));
  EXPECT_EQ(problem("\r\n"), is("a line does not end in \\r\\n"));
  EXPECT_EQ(problem(":\r\n"), is("invalid integer"));
  EXPECT_EQ(problem(":1 \r\n"), is("invalid integer"));
  EXPECT_EQ(problem("#x\r\n"), is("invalid boolean"));
  EXPECT_EQ(problem("_0\r\n"), is("invalid nil"));
  EXPECT_EQ(problem(",1.5x\r\n"), is("invalid double"));
  EXPECT_EQ(problem("(-\r\n"), is("invalid big number"));
  EXPECT_EQ(problem("$-2\r\n"), is("invalid bulk length"));
  EXPECT_EQ(problem("$?\r\n"), is("invalid bulk length"));
  EXPECT_EQ(problem("$1\r\nabc"), is("a bulk does not end in \\r\\n"));
  EXPECT_EQ(problem("=3\r\nabc\r\n"), is("invalid verbatim string"));
  EXPECT_EQ(problem("=4\r\nabcd\r\n"), is("invalid verbatim string"));
  EXPECT_EQ(problem("*-2\r\n"), is("invalid number of elements"));
  EXPECT_EQ(problem("%-1\r\n"), is("invalid number of elements"));
  EXPECT_EQ(problem("*?\r\n"), is("invalid number of elements"));
}

TEST(RespReplyParser, Limits) {
  const auto is = [](const std::string& what) { return "malformed reply: " + what; };
  std::string nested;
  for (int i = 0; i < kMaxReplyDepth; ++i) nested += "*1\r\n";
  EXPECT_EQ(problem(nested + ":1\r\n"), "");
  EXPECT_EQ(problem(nested + "*1\r\n"), is("nested too deep"));

  ReplyLimits limits;
  limits.elements = 4;
  limits.reply_bytes = 20;
  limits.line_bytes = 8;
  EXPECT_EQ(problem("*4\r\n", limits), "");
  EXPECT_EQ(problem("*5\r\n", limits), is("too many elements"));
  EXPECT_EQ(problem("%3\r\n", limits), is("too many elements"));
  EXPECT_EQ(problem("*2\r\n*3\r\n", limits), is("too many elements"));
  EXPECT_EQ(problem("*1\r\n*4\r\n", limits), is("too many elements"));
  EXPECT_EQ(problem("$20\r\n", limits), "");
  EXPECT_EQ(problem("$21\r\n", limits), is("too many bytes"));
  EXPECT_EQ(problem("*2\r\n$9\r\n123456789\r\n$7\r\n", limits), is("too many bytes"));
  EXPECT_EQ(problem("+1234567\r\n", limits), "");
  EXPECT_EQ(problem("+123456789", limits), is("a line is too long"));
  // Each reply counts from zero.
  EXPECT_EQ(problem("*1\r\n:1\r\n*1\r\n:1\r\n*1\r\n:1\r\n*1\r\n:1\r\n", limits), "");
}

TEST(RespReplyParser, AnnouncedElementsBuyNoMemory) {
  ReplyParser parser;
  Reply reply;
  parser.feed("*1000000\r\n$500000000\r\n");
  EXPECT_EQ(parser.next(reply), Outcome::kNeedMore);
}

// ---- Laws

std::string any_line() {
  return *rc::gen::suchThat(rc::gen::arbitrary<std::string>(), [](const std::string& text) {
    return text.find_first_of("\r\n") == std::string::npos;
  });
}

Reply any_reply(int depth) {
  switch (*rc::gen::inRange(0, depth > 0 ? 12 : 8)) {
    case 0:
      return Reply::nil();
    case 1:
      return Reply::status(any_line());
    case 2:
      return Reply::error(any_line());
    case 3:
      return Reply::integer(*rc::gen::arbitrary<std::int64_t>());
    case 4:
      return Reply::real(*rc::gen::arbitrary<double>());
    case 5:
      return Reply::boolean(*rc::gen::arbitrary<bool>());
    case 6:
      return Reply::verbatim(*rc::gen::arbitrary<std::string>());
    case 7:
      return Reply::bulk(*rc::gen::arbitrary<std::string>());
    default:
      break;
  }
  const int kind = *rc::gen::inRange(0, 4);
  std::vector<Reply> elements;
  for (int n = *rc::gen::inRange(0, 4) * (kind == 0 ? 2 : 1); n > 0; --n) {
    elements.push_back(any_reply(depth - 1));
  }
  if (kind == 0) return Reply::map(std::move(elements));
  if (kind == 1) return Reply::set(std::move(elements));
  if (kind == 2) return Reply::push(std::move(elements));
  return Reply::array(std::move(elements));
}

// What is left of a reply in RESP2.
Reply flattened(const Reply& reply) {
  switch (reply.kind()) {
    case Reply::Kind::kBoolean:
      return Reply::integer(reply.number());
    case Reply::Kind::kVerbatim:
      return Reply::bulk(reply.text());
    case Reply::Kind::kDouble:
      return Reply::bulk(resp3(reply).substr(1, resp3(reply).size() - 3));
    case Reply::Kind::kArray:
    case Reply::Kind::kMap:
    case Reply::Kind::kSet:
    case Reply::Kind::kPush: {
      std::vector<Reply> elements;
      for (const Reply& element : reply.elements()) elements.push_back(flattened(element));
      return Reply::array(std::move(elements));
    }
    default:
      return reply;
  }
}

RC_GTEST_PROP(RespReply, SurvivesTheWayThere, ()) {
  const Reply reply = any_reply(3);
  RC_ASSERT(read_whole(resp3(reply)).replies == std::vector<Reply>{reply});
  RC_ASSERT(read_bytewise(resp3(reply)).replies == std::vector<Reply>{reply});
  RC_ASSERT(read_bytewise(resp2(reply)).replies == std::vector<Reply>{flattened(reply)});
}

RC_GTEST_PROP(RespReply, EveryPrefixNeedsMore, ()) {
  const std::string bytes = resp3(any_reply(2));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Read read = read_whole(bytes.substr(0, size));
    RC_ASSERT(read.error.empty());
    RC_ASSERT(read.replies.empty());
  }
}

RC_GTEST_PROP(RespReply, HowBytesArriveMakesNoDifference, ()) {
  static const std::vector<std::string> kPieces{"*", "$",    "%",  "~",  "|",      ":1\r\n", "\r\n",
                                                "1", "-1",   "t:", "=4", "\n",     "_\r\n",  "2",
                                                "+", ",inf", "#t", "!",  "*2\r\n", "txt:",   "("};
  std::string noise;
  for (int n = *rc::gen::inRange(0, 20); n > 0; --n) noise += *rc::gen::elementOf(kPieces);
  const Read whole = read_whole(noise), pieces = read_bytewise(noise);
  RC_ASSERT(whole.error == pieces.error);
  RC_ASSERT(whole.replies == pieces.replies);
}

}  // namespace
}  // namespace synchrodb::net
