// A program that uses a cluster of real servers.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "net/client/administration.h"
#include "net/client/database.h"
#include "tests/net/support/server_process.h"

namespace synchrodb::net::testing {

class DatabaseTest : public ::testing::Test {
 protected:
  ~DatabaseTest() noexcept override {}  // KJ's objects may throw while they die: that ends the test
  DatabaseTest() : io_(kj::setupAsyncIo()) {
    DialOptions options;
    options.timeout = 2 * kj::SECONDS;
    dialer_ = std::move(Dialer::make(io_, options)).value();
  }

  // Not for ever: what never comes is an exception, and the test fails.
  template <class T>
  auto wait(kj::Promise<T> promise) {
    kj::Timer& timer = io_.provider->getTimer();
    return timer.timeoutAfter(60 * kj::SECONDS, kj::mv(promise)).wait(io_.waitScope);
  }

  std::unique_ptr<Database> connect(std::vector<Destination> nodes, DatabaseOptions options = {}) {
    return std::make_unique<Database>(*dialer_, std::move(nodes), std::move(options));
  }

  // The schema's own interface, at one node.
  struct Raw {
    kj::Own<kj::AsyncIoStream> stream;
    kj::Own<capnp::TwoPartyClient> rpc;
    wire::Database::Client database = nullptr;
  };
  Raw raw(const Destination& node, const std::string& password = "") {
    Raw raw;
    raw.stream = wait(dialer_->connect(node));
    raw.rpc = kj::heap<capnp::TwoPartyClient>(*raw.stream);
    auto request = raw.rpc->bootstrap().castAs<wire::Node>().databaseRequest();
    request.setPassword({reinterpret_cast<const kj::byte*>(password.data()), password.size()});
    raw.database = wait(kj::Promise<capnp::Response<wire::Node::DatabaseResults>>(request.send()))
                       .getDatabase();
    return raw;
  }

  // Counts from 0.
  std::size_t leader_of(const ServerCluster& cluster, std::size_t asked = 0) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < deadline) {
      try {
        auto client = wait(administration::Client::connect(*dialer_, cluster.at(asked), ""));
        const administration::NodeStatus status = wait(client->status());
        if (!status.groups.empty() && status.groups[0].leader != 0) {
          return status.groups[0].leader - 1;
        }
      } catch (const kj::Exception&) {
        asked = (asked + 1) % cluster.size();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ADD_FAILURE() << "no leader in 20 seconds:\n" << cluster.log(0);
    return 0;
  }

  kj::AsyncIoContext io_;
  std::unique_ptr<Dialer> dialer_;
};

}  // namespace synchrodb::net::testing
