#include "net/peer/coalescing_stream.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace synchrodb::net {
namespace {

// Overwrites what calls that have returned left on the stack: a promise must not refer to it.
[[gnu::noinline]] void scribble() {
  volatile char junk[8192];
  for (volatile char& byte : junk) byte = 0x55;
}

// No fixture: KJ's destructors may throw.
struct World {
  // So many bytes, or fewer at the end.
  std::string read(CoalescingStream& stream, std::size_t size) {
    std::string got(size, '\0');
    auto promise = stream.tryRead(got.data(), size, size);
    scribble();
    got.resize(promise.wait(io.waitScope));
    return got;
  }
  kj::Promise<void> send(const std::string& text) {
    return pipe.ends[1]->write(text.data(), text.size());
  }

  kj::AsyncIoContext io = kj::setupAsyncIo();
  kj::TwoWayPipe pipe = io.provider->newTwoWayPipe();
};

TEST(CoalescingStream, MessagesOfAllSizesArriveWhole) {
  World world;
  CoalescingStream stream(kj::mv(world.pipe.ends[0]));
  std::string all;
  std::vector<std::size_t> sizes;
  for (const std::size_t size : {1, 8, 1000, 40'000, 65'536, 70'000, 200'000, 3'000'000, 8}) {
    sizes.push_back(8);  // a header comes first, as in Cap'n Proto's framing
    sizes.push_back(size);
  }
  for (const std::size_t size : sizes) {
    for (std::size_t i = 0; i < size; ++i) all.push_back(static_cast<char>(all.size() * 7 % 251));
  }
  auto written = world.send(all).eagerlyEvaluate(nullptr);
  std::string got;
  for (const std::size_t size : sizes) got += world.read(stream, size);
  EXPECT_TRUE(got == all);
}

TEST(CoalescingStream, AMessageThatBreaksOffIsShort) {
  World world;
  CoalescingStream stream(kj::mv(world.pipe.ends[0]));
  const std::string part(150'000, 'x');
  auto written = world.send(part)
                     .then([&world] { world.pipe.ends[1]->shutdownWrite(); })
                     .eagerlyEvaluate(nullptr);
  EXPECT_EQ(world.read(stream, 8), "xxxxxxxx");
  EXPECT_EQ(world.read(stream, 1'000'000).size(), part.size() - 8);
}

TEST(CoalescingStream, AStrangerMaySendSoMuchAndNoMore) {
  World world;
  CoalescingStream stream(kj::mv(world.pipe.ends[0]));
  stream.limit_input(100'000);
  const std::string text(150'000, 'x');
  auto sent = world.send(text).eagerlyEvaluate([](kj::Exception&&) {});
  EXPECT_EQ(world.read(stream, 60'000).size(), 60'000U);
  EXPECT_THROW(world.read(stream, 90'000), kj::Exception);
}

TEST(CoalescingStream, WhoIsNoStrangerAnyMoreMaySendAnything) {
  World world;
  CoalescingStream stream(kj::mv(world.pipe.ends[0]));
  stream.limit_input(100'000);
  const std::string text(900'000, 'x');
  auto sent = world.send(text).eagerlyEvaluate(nullptr);
  EXPECT_EQ(world.read(stream, 60'000).size(), 60'000U);
  stream.lift_input_limit();
  EXPECT_EQ(world.read(stream, 840'000).size(), 840'000U);
}

}  // namespace
}  // namespace synchrodb::net
