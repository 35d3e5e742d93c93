// Commands that need no keys: PING ECHO, and UNWATCH as part of a transaction.
#include "engine/kv/errors.h"
#include "engine/kv/handlers.h"

namespace synchrodb::commands {

Reply ping(const ReadContext&, Args args) {
  if (args.size() > 2) return errors::wrong_arity("ping");
  return args.size() == 1 ? Reply::status("PONG") : Reply::bulk(std::string(args[1]));
}

Reply echo(const ReadContext&, Args args) {
  return Reply::bulk(std::string(args[1]));
}

// The watched keys were let go when EXEC was submitted.
Reply unwatch(const ReadContext&, Args) {
  return Reply::ok();
}

}  // namespace synchrodb::commands
