#include "net/loop/refusal.h"

#include <gtest/gtest.h>
#include <kj/debug.h>

#include <cerrno>

namespace synchrodb::net {
namespace {

template <class Work>
std::string words_for(Work work) {
  try {
    work();
  } catch (const kj::Exception& exception) {
    return words_of(exception);
  }
  return "(nothing was thrown)";
}

TEST(Refusal, IsTheSentenceLetterForLetter) {
  const std::string sentence = "node 4 (at [::1]:17001): \"no\"; try = again";
  EXPECT_STREQ(refusal(sentence).getDescription().cStr(), sentence.c_str());
  EXPECT_EQ(words_for([&] { refuse(sentence); }), sentence);
  EXPECT_EQ(words_for([&] { require(false, "it is over"); }), "it is over");
  EXPECT_EQ(words_for([] { require(true, "it is over"); }), "(nothing was thrown)");
}

TEST(Refusal, WordsAreWithoutSourceText) {
  const int port = 7;
  EXPECT_EQ(words_for([&] { KJ_REQUIRE(port < 5, "no such port"); }), "no such port");
  EXPECT_EQ(words_for([] { KJ_FAIL_SYSCALL("connect(fd, address)", ECONNREFUSED); }),
            "Connection refused");
  EXPECT_EQ(words_for([&] { KJ_FAIL_SYSCALL("::bind(sockfd, &addr)", EADDRINUSE, port); }),
            "Address already in use");
  EXPECT_EQ(words_of(kj::Exception(kj::Exception::Type::FAILED, "", 0,
                                   kj::str("remote exception: expected a < b; a is more"))),
            "a is more");
}

}  // namespace
}  // namespace synchrodb::net
