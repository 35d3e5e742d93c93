// The RESP side of a run: a connection that is made when it is needed, and what it knows of itself.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cmd/cli/context.h"
#include "engine/env/result.h"
#include "engine/kv/reply.h"
#include "net/client/resp_client.h"

namespace synchrodb::cli {

class DataSession {
 public:
  explicit DataSession(const Context& context) : context_(context), where_(context.options.resp) {}

  // Connects and presents the password. kUnavailable: there is nobody; kInvalid: the server does
  // not let us in.
  Result<> connect();
  // The reply, errors of the server included; connects first if need be. An error of ours says
  // whether the command may have taken effect.
  Result<Reply> execute(const std::vector<std::string>& argv);

  bool connected() const { return connection_.has_value(); }
  bool in_transaction() const { return in_transaction_; }
  const net::Destination& where() const { return where_; }  // a MOVED may have changed it

 private:
  Result<> greet();
  Result<Reply> call(const std::vector<std::string>& argv);
  void note(const std::vector<std::string>& argv, const Reply& reply);
  void disconnect();

  const Context& context_;
  net::Destination where_;
  std::optional<net::RespClient> connection_;
  bool in_transaction_ = false;
};

}  // namespace synchrodb::cli
