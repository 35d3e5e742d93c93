#include "net/config/option_field.h"

#include "engine/kv/numbers.h"

namespace synchrodb::net::option_field {
namespace {

using Texts = std::vector<std::string>;

Error invalid(const std::string& text, const std::string& why) {
  return {ErrorCode::kInvalid, "'" + text.substr(0, 300) + "' " + why};
}

Result<FoundingMember> parse_member(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos) return invalid(text, "is not of the form id=host:rpc-port");
  const std::optional<std::int64_t> id = parse_integer(std::string_view(text).substr(0, equals));
  if (!id || *id < 1) return invalid(text, "does not begin with a node id, an integer from 1 on");
  Result<HostPort> rpc = parse_host_port(std::string_view(text).substr(equals + 1));
  if (!rpc) return rpc.error();
  return FoundingMember{NodeId{static_cast<std::uint64_t>(*id)}, std::move(rpc).value()};
}

template <class T, class Parse>
Result<> assign_each(std::vector<T>& field, const OptionValue& value, Parse parse) {
  std::vector<T> parsed;
  for (const std::string& text : std::get<Texts>(value)) {
    Result<T> item = parse(text);
    if (!item) return item.error();
    parsed.push_back(std::move(item).value());
  }
  field = std::move(parsed);
  return {};
}

}  // namespace

Result<> assign(std::vector<FoundingMember>& field, const OptionValue& value) {
  return assign_each(field, value, parse_member);
}

Result<> assign(std::vector<HostPort>& field, const OptionValue& value) {
  return assign_each(field, value, parse_host_port);
}

OptionValue read(const std::vector<FoundingMember>& field) {
  Texts texts;
  for (const FoundingMember& member : field) {
    texts.push_back(std::to_string(member.id.value) + "=" + to_string(member.rpc));
  }
  return texts;
}

OptionValue read(const std::vector<HostPort>& field) {
  Texts texts;
  for (const HostPort& address : field) texts.push_back(to_string(address));
  return texts;
}

}  // namespace synchrodb::net::option_field
