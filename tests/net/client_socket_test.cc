// What the kernel is told of a client's socket.
#include "net/resp/client_socket.h"

#include <gtest/gtest.h>
#include <kj/async-io.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdint>

namespace synchrodb::net {
namespace {

struct Keepalive {
  int on = 0, idle = 0, interval = 0, probes = 0;
};

Keepalive after_setting(std::int64_t seconds) {
  kj::AsyncIoContext io = kj::setupAsyncIo();
  auto address = io.provider->getNetwork().parseAddress("127.0.0.1").wait(io.waitScope);
  auto port = address->listen();
  auto here = io.provider->getNetwork()
                  .parseAddress("127.0.0.1", port->getPort())
                  .wait(io.waitScope)
                  ->connect()
                  .wait(io.waitScope);
  set_up_client_socket(*here, seconds);
  Keepalive found;
  const auto get = [&](int level, int option, int& value) {
    kj::uint size = sizeof value;
    here->getsockopt(level, option, &value, &size);
  };
  get(SOL_SOCKET, SO_KEEPALIVE, found.on);
  get(IPPROTO_TCP, TCP_KEEPIDLE, found.idle);
  get(IPPROTO_TCP, TCP_KEEPINTVL, found.interval);
  get(IPPROTO_TCP, TCP_KEEPCNT, found.probes);
  return found;
}

TEST(ClientSocket, OneWhoIsGoneIsGivenUpAfterTwiceTheKeepalive) {
  for (const int seconds : {1, 2, 60, 300}) {
    const Keepalive set = after_setting(seconds);
    EXPECT_EQ(set.on, 1);
    EXPECT_EQ(set.idle, seconds);
    EXPECT_EQ(set.probes, 3);
    EXPECT_EQ(set.interval, std::max(seconds / 3, 1));
  }
  EXPECT_EQ(after_setting(0).on, 0);
  EXPECT_EQ(after_setting(std::int64_t{1} << 30).idle, 32'767);
}

}  // namespace
}  // namespace synchrodb::net
