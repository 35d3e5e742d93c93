#include "net/peer/coalescing_stream.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace synchrodb::net {
namespace {

class CoalescingStreamTest : public testing::Test {
 protected:
  // So many bytes, or fewer at the end.
  std::string read(CoalescingStream& stream, std::size_t size) {
    std::string got(size, '\0');
    got.resize(stream.tryRead(got.data(), size, size).wait(io_.waitScope));
    return got;
  }

  kj::AsyncIoContext io_ = kj::setupAsyncIo();
  kj::TwoWayPipe pipe_ = io_.provider->newTwoWayPipe();
};

TEST_F(CoalescingStreamTest, MessagesOfAllSizesArriveWhole) {
  CoalescingStream stream(kj::mv(pipe_.ends[0]));
  std::string all;
  std::vector<std::size_t> sizes;
  for (const std::size_t size : {1, 8, 1000, 40'000, 65'536, 70'000, 200'000, 3'000'000, 8}) {
    sizes.push_back(8);  // a header comes first, as in Cap'n Proto's framing
    sizes.push_back(size);
  }
  for (const std::size_t size : sizes) {
    for (std::size_t i = 0; i < size; ++i) all.push_back(static_cast<char>(all.size() * 7 % 251));
  }
  auto written = pipe_.ends[1]->write(all.data(), all.size()).eagerlyEvaluate(nullptr);
  std::string got;
  for (const std::size_t size : sizes) got += read(stream, size);
  EXPECT_TRUE(got == all);
}

TEST_F(CoalescingStreamTest, AMessageThatBreaksOffIsShort) {
  CoalescingStream stream(kj::mv(pipe_.ends[0]));
  const std::string part(150'000, 'x');
  auto written = pipe_.ends[1]
                     ->write(part.data(), part.size())
                     .then([this] { pipe_.ends[1]->shutdownWrite(); })
                     .eagerlyEvaluate(nullptr);
  EXPECT_EQ(read(stream, 8), "xxxxxxxx");
  EXPECT_EQ(read(stream, 1'000'000).size(), part.size() - 8);
}

TEST_F(CoalescingStreamTest, AStrangerMaySendSoMuchAndNoMore) {
  CoalescingStream stream(kj::mv(pipe_.ends[0]));
  stream.limit_input(100'000);
  const std::string text(150'000, 'x');
  auto sent =
      pipe_.ends[1]->write(text.data(), text.size()).eagerlyEvaluate([](kj::Exception&&) {});
  EXPECT_EQ(read(stream, 60'000).size(), 60'000U);
  EXPECT_THROW(read(stream, 90'000), kj::Exception);
}

TEST_F(CoalescingStreamTest, WhoIsNoStrangerAnyMoreMaySendAnything) {
  CoalescingStream stream(kj::mv(pipe_.ends[0]));
  stream.limit_input(100'000);
  const std::string text(900'000, 'x');
  auto sent = pipe_.ends[1]->write(text.data(), text.size()).eagerlyEvaluate(nullptr);
  EXPECT_EQ(read(stream, 60'000).size(), 60'000U);
  stream.lift_input_limit();
  EXPECT_EQ(read(stream, 840'000).size(), 840'000U);
}

}  // namespace
}  // namespace synchrodb::net
