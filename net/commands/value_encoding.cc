#include "net/commands/value_encoding.h"

#include "engine/kv/numbers.h"
#include "net/commands/server_context.h"

namespace synchrodb::net {
namespace {

constexpr std::size_t kLongestInteger = 20;
constexpr std::size_t kLongestEmbedded = 44;

}  // namespace

std::optional<Reply> look_at_value(Call& call, const std::string& key, ValueFacts& facts) {
  const Reply length = call.context.read({"STRLEN", key});
  if (length.is_error()) return length;
  facts.bytes = static_cast<std::size_t>(length.number());
  if (facts.bytes > kLongestEmbedded) {
    facts.exists = true;
    facts.encoding = "raw";
    return std::nullopt;
  }
  const Reply value = call.context.read({"GET", key});
  if (value.is_error()) return value;
  facts.exists = !value.is_nil();
  if (!facts.exists) return std::nullopt;
  facts.bytes = value.text().size();
  const bool integer = facts.bytes <= kLongestInteger && parse_integer(value.text()).has_value();
  facts.encoding = integer ? "int" : "embstr";
  return std::nullopt;
}

}  // namespace synchrodb::net
