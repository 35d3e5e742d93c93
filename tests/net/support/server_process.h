// Real servers, as processes of this machine.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "net/client/dialer.h"

namespace synchrodb::net::testing {

// A cluster of `synchrodb-server` processes on loopback, on free ports, with their data in a folder
// of its own. Killed and removed at the end.
class ServerCluster {
 public:
  // `extra`: options for every server.
  explicit ServerCluster(std::size_t nodes, std::vector<std::string> extra = {});
  ~ServerCluster();
  ServerCluster(const ServerCluster&) = delete;
  ServerCluster& operator=(const ServerCluster&) = delete;

  std::size_t size() const { return nodes_.size(); }
  // RPC ports. `node` counts from 0.
  Destination at(std::size_t node) const { return {"127.0.0.1", nodes_[node].rpc_port}; }
  std::vector<Destination> all() const;

  void start(std::size_t node);
  // SIGKILL, and gone when this returns.
  void kill(std::size_t node);
  void stop(std::size_t node);  // SIGTERM, and gone when this returns
  void pause(std::size_t node) const;
  void go_on(std::size_t node) const;

  // What the server wrote, for messages of failed tests.
  std::string log(std::size_t node) const;

 private:
  struct Node {
    std::uint16_t port;
    std::uint16_t rpc_port;
    std::uint16_t http_port;
    pid_t process = 0;  // 0: not running
  };

  void end(std::size_t node, int signal);

  std::filesystem::path folder_;
  std::vector<std::string> extra_;
  std::vector<Node> nodes_;
};

}  // namespace synchrodb::net::testing
