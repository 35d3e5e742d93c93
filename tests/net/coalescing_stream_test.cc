#include "net/peer/coalescing_stream.h"

#include <capnp/rpc.capnp.h>
#include <capnp/serialize.h>
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

// ---- Acknowledgements --------------------------------------------------------------------------

// What `fill` makes of an RPC message.
template <class Fill>
kj::Array<capnp::word> rpc_message(Fill fill) {
  capnp::MallocMessageBuilder builder;
  fill(builder.initRoot<capnp::rpc::Message>());
  return capnp::messageToFlatArray(builder);
}
kj::Array<capnp::word> finish() {
  return rpc_message([](auto message) { message.initFinish().setQuestionId(1); });
}
kj::Array<capnp::word> call() {
  return rpc_message([](auto message) { message.initCall().setMethodId(1); });
}
kj::Array<capnp::word> answer_without_results() {
  return rpc_message([](auto message) { message.initReturn().initResults(); });
}
kj::Array<capnp::word> answer_with_results() {
  return rpc_message([](auto message) {
    message.initReturn().initResults().getContent().template initAs<capnp::rpc::Finish>();
  });
}

// A stream that holds acknowledgements, and a clock that is moved by hand.
struct Patient : World {
  Patient() { stream.hold_acknowledgements(timer); }

  // As the RPC system does: the table of segments, and the one segment. True if it left at once.
  bool leaves(const kj::Array<capnp::word>& message) {
    const kj::ArrayPtr<const kj::byte> bytes = message.asBytes();
    const kj::ArrayPtr<const kj::byte> pieces[] = {bytes.slice(0, 8), bytes.slice(8, bytes.size())};
    written += bytes.size();
    stream.write(kj::arrayPtr(pieces, 2)).wait(io.waitScope);
    return all_has_left();
  }
  bool all_has_left() {
    for (int i = 0; i < 3; ++i) io.waitScope.poll();
    return arrived == written;
  }
  void wait(kj::Duration duration) { timer.advanceTo(timer.now() + duration); }
  void receive(std::size_t size) {
    const std::string text(size, 'x');
    auto sent = send(text).eagerlyEvaluate(nullptr);
    read(stream, size);
  }
  kj::Promise<void> count_arriving() {
    return pipe.ends[1]->tryRead(buffer, 1, sizeof buffer).then([this](std::size_t size) {
      arrived += size;
      return count_arriving();
    });
  }

  kj::TimerImpl timer{kj::origin<kj::TimePoint>()};
  CoalescingStream stream{kj::mv(pipe.ends[0])};
  std::size_t written = 0;
  std::size_t arrived = 0;
  char buffer[4096];
  kj::Promise<void> counting = count_arriving().eagerlyEvaluate(nullptr);
};

TEST(CoalescingStream, AcknowledgementsTravelWithTheNextMessage) {
  Patient peer;
  EXPECT_FALSE(peer.leaves(finish()));
  EXPECT_FALSE(peer.leaves(answer_without_results()));
  EXPECT_EQ(peer.arrived, 0U);
  EXPECT_TRUE(peer.leaves(call()));
}

TEST(CoalescingStream, AnAnswerIsNoAcknowledgement) {
  Patient peer;
  EXPECT_TRUE(peer.leaves(answer_with_results()));
}

TEST(CoalescingStream, AnAcknowledgementLeavesByItselfInTime) {
  Patient peer;
  for (int i = 0; i < 3; ++i) {
    EXPECT_FALSE(peer.leaves(finish()));
    peer.wait(99 * kj::MILLISECONDS);
    EXPECT_FALSE(peer.all_has_left());
    peer.wait(1 * kj::MILLISECONDS);
    EXPECT_TRUE(peer.all_has_left());
  }
}

TEST(CoalescingStream, WhoSendsMuchIsAcknowledgedAtOnce) {
  Patient peer;
  peer.receive(10'000);
  EXPECT_FALSE(peer.leaves(answer_without_results()));
  peer.receive(10'000);
  EXPECT_TRUE(peer.leaves(answer_without_results()));
  EXPECT_FALSE(peer.leaves(answer_without_results()));
  peer.receive(100'000);
  EXPECT_TRUE(peer.leaves(answer_without_results()));
}

TEST(CoalescingStream, NothingIsHeldUnlessAskedFor) {
  World world;
  CoalescingStream stream(kj::mv(world.pipe.ends[0]));
  const kj::Array<capnp::word> message = finish();
  stream.write(message.asBytes().begin(), message.asBytes().size()).wait(world.io.waitScope);
  std::string got(message.asBytes().size(), '\0');
  EXPECT_EQ(world.pipe.ends[1]->read(got.data(), 1, got.size()).wait(world.io.waitScope),
            got.size());
}

}  // namespace
}  // namespace synchrodb::net
