// DEL UNLINK EXISTS TOUCH TYPE RENAME RENAMENX COPY DBSIZE FLUSHALL FLUSHDB SYNCHRODB.VERSIONS
#include "engine/kv/ascii.h"
#include "engine/kv/errors.h"
#include "engine/kv/handlers.h"
#include "engine/kv/numbers.h"

namespace synchrodb::commands {
namespace {

Reply move_key(WriteContext& context, Args args, bool only_if_new) {
  const KeyRef from(args[1]);
  const KeyRef to(args[2]);
  Record* source = context.find(from);
  if (source == nullptr) return errors::no_such_key();
  if (from.key == to.key) return only_if_new ? Reply::integer(0) : Reply::ok();
  if (only_if_new && context.find(to) != nullptr) return Reply::integer(0);
  const std::int64_t expiry_ms = source->expiry_ms;
  const std::string value = context.keys.take(from);
  context.put(to, value, expiry_ms);
  return only_if_new ? Reply::integer(1) : Reply::ok();
}

}  // namespace

Reply exists(const ReadContext& context, Args args) {
  std::int64_t count = 0;
  for (const std::string_view key : args.subspan(1)) count += context.find(key) != nullptr;
  return Reply::integer(count);
}

// Nothing here depends on when a key was last used, so touching is counting.
Reply touch(const ReadContext& context, Args args) {
  return exists(context, args);
}

Reply type(const ReadContext& context, Args args) {
  return Reply::status(context.find(args[1]) != nullptr ? "string" : "none");
}

// As in Redis, keys that have expired and await their removal are counted.
Reply dbsize(const ReadContext& context, Args) {
  return Reply::integer(static_cast<std::int64_t>(context.keys.size()));
}

Reply versions(const ReadContext& context, Args args) {
  std::vector<Reply> found;
  for (const std::string_view key : args.subspan(1)) {
    const Record* record = context.peek(key);
    found.push_back(
        Reply::integer(record != nullptr ? static_cast<std::int64_t>(record->version) : 0));
  }
  return Reply::array(std::move(found));
}

Reply require(const ReadContext& context, Args args) {
  const Record* record = context.peek(args[1]);
  const std::string_view what = args[2];
  if (args.size() == 3 && equals_ignoring_case(what, "absent")) {
    return Reply::integer(record == nullptr);
  }
  if (args.size() == 3 && equals_ignoring_case(what, "present")) {
    return Reply::integer(record != nullptr);
  }
  if (args.size() == 4 && equals_ignoring_case(what, "value")) {
    return Reply::integer(record != nullptr && record->value == args[3]);
  }
  if (args.size() != 4 || !equals_ignoring_case(what, "version")) return errors::syntax();
  const auto version = parse_integer(args[3]);
  if (!version) return errors::not_integer();
  const std::uint64_t found = record != nullptr ? record->version : 0;
  return Reply::integer(*version >= 0 && found == static_cast<std::uint64_t>(*version));
}

Reply del(WriteContext& context, Args args) {
  std::int64_t count = 0;
  for (const std::string_view name : args.subspan(1)) {
    const KeyRef key(name);
    if (context.find(key) == nullptr) continue;
    context.keys.erase(key);
    ++count;
  }
  return Reply::integer(count);
}

Reply rename(WriteContext& context, Args args) {
  return move_key(context, args, false);
}

Reply renamenx(WriteContext& context, Args args) {
  return move_key(context, args, true);
}

Reply copy(WriteContext& context, Args args) {
  bool replace = false;
  for (std::size_t i = 3; i < args.size(); ++i) {
    if (equals_ignoring_case(args[i], "replace")) {
      replace = true;
    } else if (equals_ignoring_case(args[i], "db") && i + 1 < args.size()) {
      const auto database = parse_integer(args[++i]);
      if (!database) return errors::not_integer();
      if (*database != static_cast<std::int32_t>(*database)) {
        return Reply::error(
            "ERR value is out of range, value must between -2147483648 and 2147483647");
      }
      // There is one database, number 0.
      if (*database != 0) return Reply::error("ERR DB index is out of range");
    } else {
      return errors::syntax();
    }
  }
  const KeyRef from(args[1]);
  const KeyRef to(args[2]);
  if (from.key == to.key) {
    return Reply::error("ERR source and destination objects are the same");
  }
  const Record* source = context.find(from);
  if (source == nullptr) return Reply::integer(0);
  if (context.find(to) != nullptr && !replace) return Reply::integer(0);
  context.put(to, source->value, source->expiry_ms);
  return Reply::integer(1);
}

Reply flushall(WriteContext& context, Args args) {
  const bool known =
      args.size() == 1 || (args.size() == 2 && (equals_ignoring_case(args[1], "async") ||
                                                equals_ignoring_case(args[1], "sync")));
  if (!known) return errors::syntax();
  context.keys.clear();
  return Reply::ok();
}

}  // namespace synchrodb::commands
