// EXPIRE PEXPIRE EXPIREAT PEXPIREAT TTL PTTL EXPIRETIME PEXPIRETIME PERSIST
#include <algorithm>
#include <limits>

#include "engine/kv/ascii.h"
#include "engine/kv/errors.h"
#include "engine/kv/handlers.h"
#include "engine/kv/numbers.h"

namespace synchrodb::commands {
namespace {

struct Conditions {
  bool nx = false;
  bool xx = false;
  bool gt = false;
  bool lt = false;
};

// Null on success, else the error to answer with.
std::optional<Reply> parse_conditions(Args options, Conditions& conditions) {
  for (const std::string_view option : options) {
    if (equals_ignoring_case(option, "nx")) {
      conditions.nx = true;
    } else if (equals_ignoring_case(option, "xx")) {
      conditions.xx = true;
    } else if (equals_ignoring_case(option, "gt")) {
      conditions.gt = true;
    } else if (equals_ignoring_case(option, "lt")) {
      conditions.lt = true;
    } else {
      // Redis prints it as C does.
      return Reply::error("ERR Unsupported option " +
                          std::string(option.substr(0, option.find('\0'))));
    }
  }
  if (conditions.nx && (conditions.xx || conditions.gt || conditions.lt)) {
    return Reply::error("ERR NX and XX, GT or LT options at the same time are not compatible");
  }
  if (conditions.gt && conditions.lt) {
    return Reply::error("ERR GT and LT options at the same time are not compatible");
  }
  return std::nullopt;
}

// A key without an expiry counts as one that expires never, later than any other.
bool permitted(const Conditions& conditions, std::int64_t current_ms, std::int64_t when_ms) {
  const bool has = current_ms != kNoExpiry;
  if (conditions.nx && has) return false;
  if (conditions.xx && !has) return false;
  if (conditions.gt && (!has || when_ms <= current_ms)) return false;
  if (conditions.lt && has && when_ms >= current_ms) return false;
  return true;
}

Reply expire_generic(WriteContext& context, Args args, std::int64_t base_ms, bool in_seconds,
                     std::string_view command) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
  Conditions conditions;
  if (auto error = parse_conditions(args.subspan(3), conditions)) return std::move(*error);
  const auto number = parse_integer(args[2]);
  if (!number) return errors::not_integer();
  if (in_seconds && (*number > kMax / 1000 || *number < kMin / 1000)) {
    return errors::invalid_expire(command);
  }
  const auto when = checked_add(in_seconds ? *number * 1000 : *number, base_ms);
  if (!when) return errors::invalid_expire(command);
  const KeyRef key(args[1]);
  Record* record = context.find(key);
  if (record == nullptr || !permitted(conditions, record->expiry_ms, *when)) {
    return Reply::integer(0);
  }
  if (*when <= context.now_ms) {
    context.keys.erase(key);
  } else {
    context.keys.set_expiry(*record, *when, context.version);
  }
  return Reply::integer(1);
}

Reply ttl_generic(const ReadContext& context, Args args, bool in_seconds, bool absolute) {
  const Record* record = context.find(args[1]);
  if (record == nullptr) return Reply::integer(-2);
  if (record->expiry_ms == kNoExpiry) return Reply::integer(-1);
  const std::int64_t left =
      absolute ? record->expiry_ms : std::max<std::int64_t>(record->expiry_ms - context.now_ms, 0);
  return Reply::integer(in_seconds ? left / 1000 + (left % 1000 >= 500 ? 1 : 0) : left);
}

}  // namespace

Reply expire(WriteContext& context, Args args) {
  return expire_generic(context, args, context.now_ms, true, "expire");
}
Reply pexpire(WriteContext& context, Args args) {
  return expire_generic(context, args, context.now_ms, false, "pexpire");
}
Reply expireat(WriteContext& context, Args args) {
  return expire_generic(context, args, 0, true, "expireat");
}
Reply pexpireat(WriteContext& context, Args args) {
  return expire_generic(context, args, 0, false, "pexpireat");
}

Reply ttl(const ReadContext& context, Args args) {
  return ttl_generic(context, args, true, false);
}
Reply pttl(const ReadContext& context, Args args) {
  return ttl_generic(context, args, false, false);
}
Reply expiretime(const ReadContext& context, Args args) {
  return ttl_generic(context, args, true, true);
}
Reply pexpiretime(const ReadContext& context, Args args) {
  return ttl_generic(context, args, false, true);
}

Reply persist(WriteContext& context, Args args) {
  Record* record = context.find(KeyRef(args[1]));
  if (record == nullptr || record->expiry_ms == kNoExpiry) return Reply::integer(0);
  context.keys.set_expiry(*record, kNoExpiry, context.version);
  return Reply::integer(1);
}

}  // namespace synchrodb::commands
