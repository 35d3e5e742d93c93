// GET MGET STRLEN GETRANGE GETDEL GETSET MSET MSETNX SETNX APPEND SETRANGE
#include <algorithm>
#include <optional>

#include "engine/kv/errors.h"
#include "engine/kv/handlers.h"
#include "engine/kv/numbers.h"

namespace synchrodb::commands {
namespace {

Reply bulk_or_nil(const Record* record) {
  return record != nullptr ? Reply::bulk(record->value) : Reply::nil();
}

bool too_long(std::size_t size, std::size_t more) {
  return size > kMaxStringBytes || more > kMaxStringBytes - size;
}

}  // namespace

Reply get(const ReadContext& context, Args args) {
  return bulk_or_nil(context.find(args[1]));
}

Reply mget(const ReadContext& context, Args args) {
  std::vector<Reply> values;
  values.reserve(args.size() - 1);
  for (const std::string_view key : args.subspan(1)) {
    values.push_back(bulk_or_nil(context.find(key)));
  }
  return Reply::array(std::move(values));
}

Reply strlen(const ReadContext& context, Args args) {
  const Record* record = context.find(args[1]);
  return Reply::integer(record != nullptr ? static_cast<std::int64_t>(record->value.size()) : 0);
}

Reply getrange(const ReadContext& context, Args args) {
  const auto start = parse_integer(args[2]);
  const auto end = parse_integer(args[3]);
  if (!start || !end) return errors::not_integer();
  const Record* record = context.find(args[1]);
  if (record == nullptr) return Reply::bulk("");
  // Negative positions count from the end; both ends are included.
  const auto size = static_cast<std::int64_t>(record->value.size());
  if (*start < 0 && *end < 0 && *start > *end) return Reply::bulk("");
  const std::int64_t first = *start < 0 ? std::max<std::int64_t>(*start + size, 0) : *start;
  const std::int64_t last =
      *end < 0 ? std::max<std::int64_t>(*end + size, 0) : std::min(*end, size - 1);
  if (first > last || size == 0) return Reply::bulk("");
  return Reply::bulk(record->value.substr(static_cast<std::size_t>(first),
                                          static_cast<std::size_t>(last - first + 1)));
}

Reply getdel(WriteContext& context, Args args) {
  const KeyRef key(args[1]);
  if (context.find(key) == nullptr) return Reply::nil();
  return Reply::bulk(context.keys.take(key));
}

Reply getset(WriteContext& context, Args args) {
  const KeyRef key(args[1]);
  Reply old = bulk_or_nil(context.find(key));
  context.put(key, args[2]);
  return old;
}

Reply mset(WriteContext& context, Args args) {
  if (args.size() % 2 == 0) return errors::wrong_arity("mset");
  for (std::size_t i = 1; i < args.size(); i += 2) context.put(KeyRef(args[i]), args[i + 1]);
  return Reply::ok();
}

Reply msetnx(WriteContext& context, Args args) {
  if (args.size() % 2 == 0) return errors::wrong_arity("msetnx");
  for (std::size_t i = 1; i < args.size(); i += 2) {
    if (context.find(KeyRef(args[i])) != nullptr) return Reply::integer(0);
  }
  for (std::size_t i = 1; i < args.size(); i += 2) context.put(KeyRef(args[i]), args[i + 1]);
  return Reply::integer(1);
}

Reply setnx(WriteContext& context, Args args) {
  const KeyRef key(args[1]);
  if (context.find(key) != nullptr) return Reply::integer(0);
  context.keys.insert(key, std::string(args[2]), kNoExpiry, context.version);
  return Reply::integer(1);
}

Reply append(WriteContext& context, Args args) {
  const KeyRef key(args[1]);
  Record* record = context.find(key);
  if (record == nullptr) {
    record = &context.keys.insert(key, std::string(args[2]), kNoExpiry, context.version);
  } else {
    if (too_long(record->value.size(), args[2].size())) return errors::string_too_long();
    context.keys.append(*record, args[2], context.version);
  }
  return Reply::integer(static_cast<std::int64_t>(record->value.size()));
}

Reply setrange(WriteContext& context, Args args) {
  const auto offset = parse_integer(args[2]);
  if (!offset) return errors::not_integer();
  if (*offset < 0) return errors::offset_out_of_range();
  const KeyRef key(args[1]);
  const std::string_view bytes = args[3];
  Record* record = context.find(key);
  const std::size_t size = record != nullptr ? record->value.size() : 0;
  if (bytes.empty()) return Reply::integer(static_cast<std::int64_t>(size));
  const auto at = static_cast<std::size_t>(*offset);
  if (too_long(at, bytes.size())) return errors::string_too_long();
  if (record == nullptr) record = &context.keys.insert(key, "", kNoExpiry, context.version);
  context.keys.overwrite(*record, at, bytes, context.version);
  return Reply::integer(static_cast<std::int64_t>(record->value.size()));
}

}  // namespace synchrodb::commands
