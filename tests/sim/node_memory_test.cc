// A node alone whose memory is bounded: what may grow is refused, all else goes on.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "engine/client/client.h"
#include "engine/kv/errors.h"
#include "engine/node/node.h"
#include "sim/network/network.h"
#include "tests/sim/support/machine.h"

namespace synchrodb::sim {
namespace {

struct NodeMemoryTest : testing::Test, Machine {
  Network network{kernel, streams, counters, {}};
  std::unique_ptr<NodeTransport> transport = network.attach(NodeId{1}, owner, clock);
  std::unique_ptr<NodeTransport> client_transport = network.attach(NodeId{9}, owner, clock);
  Stream client_random = streams.stream("client", 0);
  Env env{NodeId{1}, clock, fibers, *transport, disk, random, buggify, observer};
  std::unique_ptr<Node> node;

  ~NodeMemoryTest() override { kernel.shutdown(); }

  // Runs `body` with a client of a node that may use `limit` bytes.
  void with_limit(std::size_t limit, const std::function<void(Client&)>& body) {
    NodeOptions options;
    options.replica.max_memory_bytes = limit;
    Configuration alone;
    alone.voters = {NodeId{1}};
    node = std::make_unique<Node>(env, options,
                                  std::vector<GroupOptions>{GroupOptions{GroupId{1}, alone}});
    transport->open();
    client_transport->open();
    bool done = false;
    kernel.spawn(owner, "node", [this] { node->run(); });
    kernel.spawn(owner, "client", [&] {
      Client client(clock, fibers, *client_transport, client_random, {}, {NodeId{1}});
      body(client);
      done = true;
      kernel.stop();
    });
    kernel.run(TrueTime{} + seconds(60));
    EXPECT_TRUE(done);
  }
};

TEST_F(NodeMemoryTest, AboveTheLimitOnlyCommandsThatMayGrowAreRefusedAndAtOnce) {
  with_limit(300'000, [this](Client& client) {
    using Kind = Outcome::Kind;
    int stored = 0;
    Outcome outcome;
    for (; stored < 100; ++stored) {
      outcome = client.write({"SET", "key" + std::to_string(stored), std::string(10'000, 'v')});
      if (outcome.kind != Kind::kOk) break;
    }
    EXPECT_GT(stored, 15);
    EXPECT_LT(stored, 35);
    const Instant before = clock.now();
    outcome = client.write({"SET", "another", "value"});
    EXPECT_EQ(outcome.kind, Kind::kFailed);
    EXPECT_EQ(outcome.reply, Reply::error(std::string(errors::kOutOfMemory)));
    EXPECT_LT(clock.now() - before, milliseconds(100)) << "tried again in vain";
    EXPECT_EQ(client.transaction({{"DEL", "key0"}, {"APPEND", "key1", "x"}}, {}).kind,
              Kind::kFailed);
    EXPECT_EQ(client.read({"EXISTS", "key0", "another"}, ReadConsistency::kLinearizable).reply,
              Reply::integer(1));
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(client.write({"DEL", "key" + std::to_string(i)}).reply, Reply::integer(1));
    }
    EXPECT_EQ(client.write({"SET", "another", "value"}).kind, Kind::kOk);
  });
}

TEST_F(NodeMemoryTest, WithoutALimitNothingIsRefused) {
  with_limit(0, [](Client& client) {
    for (int i = 0; i < 100; ++i) {
      const Outcome outcome =
          client.write({"SET", "key" + std::to_string(i), std::string(10'000, 'v')});
      EXPECT_EQ(outcome.kind, Outcome::Kind::kOk);
    }
  });
}

}  // namespace
}  // namespace synchrodb::sim
