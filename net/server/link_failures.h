// Which failures to reach a peer an operator is to read of.
#pragma once

#include <map>
#include <string>

#include "consensus/types.h"
#include "net/log/log_level.h"

namespace synchrodb::net {

// A node that is down, or was removed, is dialled again and again: the same failure is told once a
// minute.
class LinkFailures {
 public:
  // At which level to log that `node` could not be reached.
  LogLevel level(NodeId node, const std::string& why, Instant now);

 private:
  struct Told {
    std::string why;
    Instant at;
  };
  std::map<NodeId, Told> told_;
};

}  // namespace synchrodb::net
