#include "tests/bench/peers/load/resp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace synchrodb::load {
namespace {

using Kind = Reply::Kind;
using ::testing::HasSubstr;

TEST(Resp, RequestsAreArraysOfBulkStrings) {
  std::string out;
  append_set(out, "key:1", "value");
  EXPECT_EQ(out, "*3\r\n$3\r\nSET\r\n$5\r\nkey:1\r\n$5\r\nvalue\r\n");
  out.clear();
  append_get(out, "k");
  EXPECT_EQ(out, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
}

struct Whole {
  std::string bytes;
  Kind kind;
};

const std::vector<Whole>& replies() {
  static const std::vector<Whole> all = {
      {"+OK\r\n", Kind::kValue},           {":12\r\n", Kind::kValue},
      {"$5\r\na\r\nbc\r\n", Kind::kValue}, {"$0\r\n\r\n", Kind::kValue},
      {"$-1\r\n", Kind::kMissing},         {"_\r\n", Kind::kMissing},
      {"-ERR no\r\n", Kind::kError},
  };
  return all;
}

TEST(Resp, EachReplyIsKnownAndTakesItsBytes) {
  for (const Whole& whole : replies()) {
    const Reply reply = parse_reply(whole.bytes + "+next\r\n");
    EXPECT_EQ(reply.kind, whole.kind) << whole.bytes;
    EXPECT_EQ(reply.length, whole.bytes.size()) << whole.bytes;
  }
}

TEST(Resp, EveryPrefixOfAReplyIsIncomplete) {
  for (const Whole& whole : replies()) {
    for (std::size_t length = 0; length < whole.bytes.size(); ++length) {
      const Reply reply = parse_reply(std::string_view(whole.bytes).substr(0, length));
      EXPECT_EQ(reply.kind, Kind::kIncomplete) << whole.bytes << " cut to " << length;
      EXPECT_EQ(reply.length, 0u);
    }
  }
}

TEST(Resp, AnErrorKeepsItsText) {
  EXPECT_EQ(parse_reply("-LOADING wait\r\n").text, "LOADING wait");
}

TEST(Resp, WhatIsNoReplyIsMalformed) {
  for (const std::string bytes :
       {"OK\r\n", "*1\r\n+OK\r\n", "$x\r\n", "$\r\n", "$-2\r\n", "$1 \r\na\r\n", "$536870913\r\n",
        "$99999999999999999999\r\n", "$1\r\nabc", "\r\n"}) {
    const Reply reply = parse_reply(bytes);
    EXPECT_EQ(reply.kind, Kind::kMalformed) << bytes;
    EXPECT_NE(reply.text, "") << bytes;
  }
  EXPECT_THAT(parse_reply("*1\r\n").text, HasSubstr("byte 42"));
}

TEST(Resp, ALineWithoutEndIsGivenUp) {
  EXPECT_EQ(parse_reply("+" + std::string(1000, 'a')).kind, Kind::kIncomplete);
  EXPECT_EQ(parse_reply("+" + std::string(64 << 10, 'a')).kind, Kind::kMalformed);
}

}  // namespace
}  // namespace synchrodb::load
