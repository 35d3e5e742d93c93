// SET and GETEX with their options, SETEX and PSETEX.
#include <limits>
#include <optional>

#include "engine/kv/ascii.h"
#include "engine/kv/errors.h"
#include "engine/kv/handlers.h"
#include "engine/kv/numbers.h"

namespace synchrodb::commands {
namespace {

// How an expiry was given.
enum class Unit { kNone, kEx, kPx, kExat, kPxat };

struct SetOptions {
  bool nx = false;
  bool xx = false;
  bool get = false;
  bool keep_ttl = false;
  bool persist = false;
  Unit unit = Unit::kNone;
  std::string_view expiry;                   // not yet a number
  std::optional<std::string_view> if_equal;  // IFEQ
};

std::optional<Unit> unit_of(std::string_view option) {
  if (equals_ignoring_case(option, "ex")) return Unit::kEx;
  if (equals_ignoring_case(option, "px")) return Unit::kPx;
  if (equals_ignoring_case(option, "exat")) return Unit::kExat;
  if (equals_ignoring_case(option, "pxat")) return Unit::kPxat;
  return std::nullopt;
}

// One of SET's own options; false if it is none or clashes with an earlier one.
bool take_set_option(std::string_view option, std::optional<std::string_view> next,
                     SetOptions& options, bool& took_next) {
  if (equals_ignoring_case(option, "nx") && !options.xx && !options.if_equal) {
    options.nx = true;
  } else if (equals_ignoring_case(option, "xx") && !options.nx && !options.if_equal) {
    options.xx = true;
  } else if (equals_ignoring_case(option, "get")) {
    options.get = true;
  } else if (equals_ignoring_case(option, "keepttl") && options.unit == Unit::kNone) {
    options.keep_ttl = true;
  } else if (equals_ignoring_case(option, "ifeq") && !options.nx && !options.xx && next) {
    options.if_equal = next;
    took_next = true;
  } else {
    return false;
  }
  return true;
}

// Nothing on a syntax error. As in Redis an option may be repeated, and the last one counts.
std::optional<SetOptions> parse_options(Args args, bool is_set) {
  SetOptions options;
  for (std::size_t i = 0; i < args.size(); ++i) {
    const std::string_view option = args[i];
    const auto next = i + 1 < args.size() ? std::optional(args[i + 1]) : std::nullopt;
    if (const auto unit = unit_of(option)) {
      const bool clash = options.unit != Unit::kNone && options.unit != *unit;
      if (clash || options.keep_ttl || options.persist || !next) return std::nullopt;
      options.unit = *unit;
      options.expiry = *next;
      ++i;
    } else if (!is_set && equals_ignoring_case(option, "persist") && options.unit == Unit::kNone) {
      options.persist = true;
    } else {
      bool took_next = false;
      if (!is_set || !take_set_option(option, next, options, took_next)) return std::nullopt;
      if (took_next) ++i;
    }
  }
  return options;
}

// The absolute expiry in milliseconds, or the error to answer with.
Result<std::int64_t> absolute_expiry(Unit unit, std::string_view text, std::int64_t now_ms,
                                     std::string_view command, Reply& failure) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  const bool in_seconds = unit == Unit::kEx || unit == Unit::kExat;
  const bool relative = unit == Unit::kEx || unit == Unit::kPx;
  const auto number = parse_integer(text);
  if (!number) {
    failure = errors::not_integer();
    return Error{};
  }
  std::optional<std::int64_t> when = number;
  if (*number <= 0 || (in_seconds && *number > kMax / 1000)) when = std::nullopt;
  if (when && in_seconds) when = *when * 1000;
  if (when && relative) when = checked_add(*when, now_ms);
  if (!when) {
    failure = errors::invalid_expire(command);
    return Error{};
  }
  return *when;
}

Reply set_with_expiry(WriteContext& context, Args args, Unit unit, std::string_view command) {
  Reply failure;
  const auto when = absolute_expiry(unit, args[2], context.now_ms, command, failure);
  if (!when) return failure;
  context.put(KeyRef(args[1]), args[3], when.value());
  return Reply::ok();
}

}  // namespace

Reply set(WriteContext& context, Args args) {
  const KeyRef key(args[1]);
  if (args.size() == 3) {
    context.put(key, args[2]);
    return Reply::ok();
  }
  const auto options = parse_options(args.subspan(3), true);
  if (!options) return errors::syntax();
  std::int64_t expiry_ms = kNoExpiry;
  if (options->unit != Unit::kNone) {
    Reply failure;
    const auto when =
        absolute_expiry(options->unit, options->expiry, context.now_ms, "set", failure);
    if (!when) return failure;
    expiry_ms = when.value();
  }
  const Record* old = context.find(key);
  Reply old_value;
  if (options->get && old != nullptr) old_value = Reply::bulk(old->value);
  const bool refused = (options->nx && old != nullptr) || (options->xx && old == nullptr) ||
                       (options->if_equal && (old == nullptr || old->value != *options->if_equal));
  if (refused) return options->get ? std::move(old_value) : Reply::nil();
  if (options->keep_ttl && old != nullptr) expiry_ms = old->expiry_ms;
  context.put(key, args[2], expiry_ms);
  return options->get ? std::move(old_value) : Reply::ok();
}

Reply setex(WriteContext& context, Args args) {
  return set_with_expiry(context, args, Unit::kEx, "setex");
}

Reply psetex(WriteContext& context, Args args) {
  return set_with_expiry(context, args, Unit::kPx, "psetex");
}

Reply getex(WriteContext& context, Args args) {
  const auto options = parse_options(args.subspan(2), false);
  if (!options) return errors::syntax();
  const KeyRef key(args[1]);
  Record* record = context.find(key);
  if (record == nullptr) return Reply::nil();
  std::optional<std::int64_t> expiry_ms;
  if (options->unit != Unit::kNone) {
    Reply failure;
    const auto when =
        absolute_expiry(options->unit, options->expiry, context.now_ms, "getex", failure);
    if (!when) return failure;
    expiry_ms = when.value();
  } else if (options->persist && record->expiry_ms != kNoExpiry) {
    expiry_ms = kNoExpiry;
  }
  Reply value = Reply::bulk(record->value);
  const bool given_as_instant = options->unit == Unit::kExat || options->unit == Unit::kPxat;
  if (given_as_instant && *expiry_ms <= context.now_ms) {
    context.keys.erase(key);
  } else if (expiry_ms) {
    context.keys.set_expiry(*record, *expiry_ms, context.version);
  }
  return value;
}

}  // namespace synchrodb::commands
