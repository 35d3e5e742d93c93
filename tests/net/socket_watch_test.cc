// Sockets that fibers wait for.
#include "net/loop/socket_watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/env/sync.h"

namespace synchrodb::net {
namespace {

struct Pair {
  Pair() {
    std::array<int, 2> ends{};
    KJ_SYSCALL(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()));
    ours = kj::AutoCloseFd(ends[0]);
    theirs = kj::AutoCloseFd(ends[1]);
  }
  void say(const std::string& words) const {
    ASSERT_EQ(::write(theirs, words.data(), words.size()), static_cast<ssize_t>(words.size()));
  }
  kj::AutoCloseFd ours;
  kj::AutoCloseFd theirs;
};

std::string read_some(WatchedSocket& socket, std::size_t most = 100) {
  std::string bytes(most, '\0');
  bytes.resize(socket.read(bytes.data(), bytes.size(), kNever).value());
  return bytes;
}

void write_all(WatchedSocket& socket, std::string_view bytes) {
  while (!bytes.empty()) bytes.remove_prefix(socket.write(bytes, kNever).value());
}

// What the socket takes while nobody reads.
std::size_t fill(WatchedSocket& socket) {
  const std::string bytes(1'000, 'z');
  std::size_t taken = 0;
  while (const auto some = socket.write(bytes, monotonic_now() + milliseconds(20))) taken += *some;
  return taken;
}

// Runs `body` in a fiber of a loop, with a watch.
template <class Body>
void in_loop(Body body) {
  Loop loop;
  std::unique_ptr<SocketWatch> watch;
  loop.run([&] {
    watch = std::make_unique<SocketWatch>(loop);
    body(loop, *watch);
    loop.stop();
  });
}

TEST(SocketWatch, ReadsWhatWasThereBeforeAndWhatComesLater) {
  in_loop([](Loop& loop, SocketWatch& watch) {
    Pair pair;
    pair.say("early");
    WatchedSocket socket(watch, kj::mv(pair.ours));
    EXPECT_EQ(read_some(socket), "early");
    loop.spawn("later", [&] {
      sleep_until(loop, monotonic_now() + milliseconds(5));
      pair.say("late");
    });
    EXPECT_EQ(read_some(socket), "late");
  });
}

TEST(SocketWatch, AReadThatFillsItsBufferDoesNotForgetTheRest) {
  in_loop([](Loop&, SocketWatch& watch) {
    Pair pair;
    pair.say("abcdef");
    WatchedSocket socket(watch, kj::mv(pair.ours));
    EXPECT_EQ(read_some(socket, 4), "abcd");
    EXPECT_EQ(read_some(socket, 4), "ef");
  });
}

TEST(SocketWatch, TheEndIsReadableAndEmpty) {
  in_loop([](Loop& loop, SocketWatch& watch) {
    Pair pair;
    WatchedSocket socket(watch, kj::mv(pair.ours));
    loop.spawn("hang up", [&] {
      sleep_until(loop, monotonic_now() + milliseconds(5));
      pair.theirs = kj::AutoCloseFd();
    });
    EXPECT_EQ(read_some(socket), "");
    EXPECT_EQ(read_some(socket), "");
  });
}

TEST(SocketWatch, TheEndThatCameWithTheLastBytesIsNotMissed) {
  in_loop([](Loop& loop, SocketWatch& watch) {
    Pair pair;
    WatchedSocket socket(watch, kj::mv(pair.ours));
    loop.spawn("say and hang up", [&] {
      sleep_until(loop, monotonic_now() + milliseconds(5));
      pair.say("bye");
      pair.theirs = kj::AutoCloseFd();
    });
    EXPECT_EQ(read_some(socket), "bye");
    char byte = 0;
    EXPECT_EQ(socket.read(&byte, 1, monotonic_now() + seconds(2)), 0U);
  });
}

TEST(SocketWatch, WaitsNoLongerThanTheDeadline) {
  in_loop([](Loop&, SocketWatch& watch) {
    Pair pair;
    WatchedSocket socket(watch, kj::mv(pair.ours));
    char byte = 0;
    const Instant before = monotonic_now();
    EXPECT_EQ(socket.read(&byte, 1, before + milliseconds(10)), std::nullopt);
    EXPECT_GE(monotonic_now(), before + milliseconds(10));
  });
}

TEST(SocketWatch, WritesMoreThanTheSocketHolds) {
  in_loop([](Loop& loop, SocketWatch& watch) {
    Pair pair;
    WatchedSocket socket(watch, kj::mv(pair.ours));
    WatchedSocket other(watch, kj::mv(pair.theirs));
    const std::string much(5'000'000, 'y');
    std::size_t arrived = 0;
    loop.spawn("reader", [&] {
      while (arrived < much.size()) arrived += read_some(other, 100'000).size();
    });
    write_all(socket, much);
    while (arrived < much.size()) sleep_until(loop, monotonic_now() + milliseconds(1));
    EXPECT_EQ(arrived, much.size());
  });
}

TEST(SocketWatch, AWriteThatNobodyTakesEndsAtTheDeadline) {
  in_loop([](Loop&, SocketWatch& watch) {
    Pair pair;
    WatchedSocket socket(watch, kj::mv(pair.ours));
    EXPECT_GT(fill(socket), 0U);
    const Instant before = monotonic_now();
    EXPECT_EQ(socket.write("more", before + milliseconds(10)), std::nullopt);
    EXPECT_GE(monotonic_now(), before + milliseconds(10));
  });
}

// Too little for the kernel to tell of room, but the reader does read.
TEST(SocketWatch, AWriteFindsTheLittleRoomThatASlowReaderMade) {
  in_loop([](Loop&, SocketWatch& watch) {
    Pair pair;
    WatchedSocket socket(watch, kj::mv(pair.ours));
    const std::size_t held = fill(socket);
    std::string taken(held / 8, '\0');
    ASSERT_EQ(::read(pair.theirs, taken.data(), taken.size()), static_cast<ssize_t>(taken.size()));
    EXPECT_NE(socket.write("more", monotonic_now() + milliseconds(10)), std::nullopt);
  });
}

// What has arrived, without waiting.
std::string arrived_at(const kj::AutoCloseFd& fd) {
  std::string bytes(1'000'000, '\0');
  const ssize_t got = ::recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
  bytes.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return bytes;
}

void pass_a_turn(Loop& loop) {
  sleep_until(loop, monotonic_now() + milliseconds(1));
}

TEST(SocketWatch, WhatIsPostedLeavesAtTheEndOfTheTurn) {
  in_loop([](Loop& loop, SocketWatch& watch) {
    Pair pair;
    WatchedSocket socket(watch, kj::mv(pair.ours));
    EXPECT_TRUE(socket.post("one "));
    EXPECT_TRUE(socket.post("two"));
    EXPECT_FALSE(socket.drained());
    EXPECT_EQ(arrived_at(pair.theirs), "");
    pass_a_turn(loop);
    EXPECT_TRUE(socket.drained());
    EXPECT_EQ(arrived_at(pair.theirs), "one two");
  });
}

TEST(SocketWatch, WhatIsWrittenFollowsWhatWasPosted) {
  in_loop([](Loop& loop, SocketWatch& watch) {
    Pair pair;
    WatchedSocket socket(watch, kj::mv(pair.ours));
    EXPECT_TRUE(socket.post("posted "));
    write_all(socket, "written ");
    EXPECT_TRUE(socket.post("posted"));
    pass_a_turn(loop);
    EXPECT_EQ(arrived_at(pair.theirs), "posted written posted");
  });
}

// Posts what the socket does not take; how much it holds besides.
std::size_t fill_and_post(Loop& loop, WatchedSocket& socket, const std::string& bytes) {
  const std::size_t held = fill(socket);
  EXPECT_FALSE(socket.takes_posted());  // there is nothing
  EXPECT_TRUE(socket.post(bytes));
  pass_a_turn(loop);
  EXPECT_FALSE(socket.drained());
  return held;
}

TEST(SocketWatch, WhatASocketDoesNotTakeFollowsOnceItDoes) {
  in_loop([](Loop& loop, SocketWatch& watch) {
    Pair pair;
    WatchedSocket socket(watch, kj::mv(pair.ours));
    const std::size_t held = fill_and_post(loop, socket, std::string(2'000, 'a'));
    EXPECT_FALSE(socket.post("in vain"));
    EXPECT_FALSE(socket.drain(monotonic_now() + milliseconds(5)));
    EXPECT_EQ(socket.write("in vain", monotonic_now() + milliseconds(5)), std::nullopt);

    std::string arrived;
    for (int i = 0; i < 1'000 && arrived.size() < held + 2'000; ++i) {
      arrived += arrived_at(pair.theirs);
      pass_a_turn(loop);
    }
    ASSERT_EQ(arrived.size(), held + 2'000);
    EXPECT_EQ(arrived.substr(held), std::string(2'000, 'a'));
    EXPECT_TRUE(socket.drain(monotonic_now()));
    EXPECT_TRUE(socket.post("b"));
    pass_a_turn(loop);
    EXPECT_EQ(arrived_at(pair.theirs), "b");
  });
}

// Too little for the kernel to tell of room, but the reader does read.
TEST(SocketWatch, WhatWasPostedFindsTheLittleRoomThatASlowReaderMade) {
  in_loop([](Loop& loop, SocketWatch& watch) {
    Pair pair;
    WatchedSocket socket(watch, kj::mv(pair.ours));
    const std::size_t held = fill_and_post(loop, socket, "more");
    EXPECT_FALSE(socket.takes_posted());
    std::string taken(held / 8, '\0');
    ASSERT_EQ(::read(pair.theirs, taken.data(), taken.size()), static_cast<ssize_t>(taken.size()));
    pass_a_turn(loop);
    EXPECT_FALSE(socket.drained());
    EXPECT_TRUE(socket.takes_posted());
    EXPECT_TRUE(socket.drained());
  });
}

TEST(SocketWatch, ASocketMayEndBeforeItsTurn) {
  in_loop([](Loop& loop, SocketWatch& watch) {
    Pair pair;
    Pair other;
    WatchedSocket stays(watch, kj::mv(other.ours));
    {
      WatchedSocket ends(watch, kj::mv(pair.ours));
      EXPECT_TRUE(ends.post("never sent"));
    }
    EXPECT_TRUE(stays.post("sent"));
    pass_a_turn(loop);
    EXPECT_EQ(arrived_at(pair.theirs), "");
    EXPECT_EQ(arrived_at(other.theirs), "sent");
  });
}

TEST(SocketWatch, PostingToNobodyLeavesItToTheReader) {
  in_loop([](Loop& loop, SocketWatch& watch) {
    Pair pair;
    WatchedSocket socket(watch, kj::mv(pair.ours));
    pair.theirs = kj::AutoCloseFd();
    EXPECT_TRUE(socket.post("hello"));
    pass_a_turn(loop);
    EXPECT_TRUE(socket.drained());
    EXPECT_EQ(read_some(socket), "");
  });
}

TEST(SocketWatch, WritingToNobodyIsADisconnection) {
  in_loop([](Loop&, SocketWatch& watch) {
    Pair pair;
    WatchedSocket socket(watch, kj::mv(pair.ours));
    pair.theirs = kj::AutoCloseFd();
    try {
      write_all(socket, "hello");
      FAIL() << "nobody was there";
    } catch (const kj::Exception& exception) {
      EXPECT_EQ(exception.getType(), kj::Exception::Type::DISCONNECTED);
    }
  });
}

TEST(SocketWatch, AReaderThatIsCancelledUnwinds) {
  in_loop([](Loop& loop, SocketWatch& watch) {
    Pair pair;
    WatchedSocket socket(watch, kj::mv(pair.ours));
    bool unwound = false;
    Fiber* const reader = loop.spawn("reader", [&] {
      try {
        read_some(socket);
      } catch (const Cancelled&) {
        unwound = true;
        throw;
      }
    });
    sleep_until(loop, monotonic_now() + milliseconds(2));
    loop.cancel(reader);
    sleep_until(loop, monotonic_now() + milliseconds(2));
    EXPECT_TRUE(unwound);
    pair.say("for the next one");
    EXPECT_EQ(read_some(socket), "for the next one");
  });
}

// One that never runs dry must not keep the loop to itself.
TEST(SocketWatch, AFloodLeavesTurnsToOthers) {
  in_loop([](Loop& loop, SocketWatch& watch) {
    constexpr std::size_t kBytes = 1'000;
    Pair pair;
    pair.say(std::string(kBytes, 'x'));
    WatchedSocket socket(watch, kj::mv(pair.ours));
    std::size_t turns_of_others = 0;
    bool over = false;
    bool ended = false;
    loop.spawn("other", [&] {
      while (!over) {
        sleep_until(loop, monotonic_now());
        ++turns_of_others;
      }
      ended = true;
    });
    for (std::size_t i = 0; i < kBytes; ++i) EXPECT_EQ(read_some(socket, 1), "x");
    EXPECT_GE(turns_of_others, kBytes / 2);
    over = true;
    while (!ended) sleep_until(loop, monotonic_now());  // it uses what is on this stack
  });
}

// More sockets than one look at the set tells of.
TEST(SocketWatch, ManySocketsAtOnce) {
  in_loop([](Loop& loop, SocketWatch& watch) {
    constexpr std::size_t kSockets = 400;
    std::vector<Pair> pairs(kSockets);
    std::vector<std::unique_ptr<WatchedSocket>> sockets;
    std::size_t answers = 0;
    for (Pair& pair : pairs) {
      sockets.push_back(std::make_unique<WatchedSocket>(watch, kj::mv(pair.ours)));
      loop.spawn("reader", [&answers, &socket = *sockets.back()] {
        while (read_some(socket) != "stop") ++answers;
        ++answers;
      });
    }
    sleep_until(loop, monotonic_now() + milliseconds(1));
    for (const Pair& pair : pairs) pair.say("once");
    while (answers < kSockets) sleep_until(loop, monotonic_now() + milliseconds(1));
    for (const Pair& pair : pairs) pair.say("stop");
    while (answers < 2 * kSockets) sleep_until(loop, monotonic_now() + milliseconds(1));
    EXPECT_EQ(answers, 2 * kSockets);
  });
}

}  // namespace
}  // namespace synchrodb::net
