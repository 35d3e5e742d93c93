// INCR DECR INCRBY DECRBY INCRBYFLOAT
#include <charconv>
#include <cmath>
#include <limits>

#include "engine/kv/errors.h"
#include "engine/kv/handlers.h"
#include "engine/kv/numbers.h"

namespace synchrodb::commands {
namespace {

// Writes a new value and keeps the expiry.
void store(WriteContext& context, const KeyRef& key, Record* record, std::string_view value) {
  if (record != nullptr) {
    context.keys.assign(*record, value, record->expiry_ms, context.version);
  } else {
    context.keys.insert(key, std::string(value), kNoExpiry, context.version);
  }
}

Reply add(WriteContext& context, std::string_view name, std::int64_t increment) {
  const KeyRef key(name);
  Record* record = context.find(key);
  std::int64_t old = 0;
  if (record != nullptr) {
    const auto number = parse_integer(record->value);
    if (!number) return errors::not_integer();
    old = *number;
  }
  const auto sum = checked_add(old, increment);
  if (!sum) return errors::increment_overflow();
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, *sum).ptr;
  store(context, key, record, {text, static_cast<std::size_t>(end - text)});
  return Reply::integer(*sum);
}

}  // namespace

Reply incr(WriteContext& context, Args args) {
  return add(context, args[1], 1);
}

Reply decr(WriteContext& context, Args args) {
  return add(context, args[1], -1);
}

Reply incrby(WriteContext& context, Args args) {
  const auto increment = parse_integer(args[2]);
  if (!increment) return errors::not_integer();
  return add(context, args[1], *increment);
}

Reply decrby(WriteContext& context, Args args) {
  const auto decrement = parse_integer(args[2]);
  if (!decrement) return errors::not_integer();
  if (*decrement == std::numeric_limits<std::int64_t>::min()) {
    return Reply::error("ERR decrement would overflow");
  }
  return add(context, args[1], -*decrement);
}

Reply incrbyfloat(WriteContext& context, Args args) {
  const KeyRef key(args[1]);
  Record* record = context.find(key);
  const auto old = record != nullptr ? parse_long_double(record->value) : 0.0L;
  const auto increment = parse_long_double(args[2]);
  if (!old || !increment) return errors::not_float();
  const long double sum = *old + *increment;
  if (std::isnan(sum) || std::isinf(sum)) {
    return Reply::error("ERR increment would produce NaN or Infinity");
  }
  std::string text = format_long_double(sum);
  store(context, key, record, text);
  return Reply::bulk(std::move(text));
}

}  // namespace synchrodb::commands
