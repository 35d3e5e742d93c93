// From the members of ServerOptions to FieldAccess: the type of the member decides.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "net/config/option_table.h"

namespace synchrodb::net::option_field {

inline Result<> assign(bool& field, const OptionValue& value) {
  field = std::get<bool>(value);
  return {};
}

inline Result<> assign(std::string& field, const OptionValue& value) {
  field = std::get<std::string>(value);
  return {};
}

inline Result<> assign(std::vector<std::string>& field, const OptionValue& value) {
  field = std::get<std::vector<std::string>>(value);
  return {};
}

// The table's bounds keep values within the type.
template <class T>
requires std::is_integral_v<T> Result<> assign(T& field, const OptionValue& value) {
  const std::int64_t number = std::get<std::int64_t>(value);
  SYNCHRODB_ASSERT(std::in_range<T>(number), "an option's bounds are wider than its field");
  field = static_cast<T>(number);
  return {};
}

// The choices stand in the order of the enumerators.
template <class T>
requires std::is_enum_v<T> Result<> assign(T& field, const OptionValue& value) {
  field = static_cast<T>(std::get<ChoiceIndex>(value).value);
  return {};
}

template <class T>
Result<> assign(std::optional<T>& field, const OptionValue& value) {
  if (std::holds_alternative<Automatic>(value)) {
    field.reset();
    return {};
  }
  return assign(field.emplace(), value);
}

Result<> assign(std::vector<FoundingMember>& field, const OptionValue& value);
Result<> assign(std::vector<HostPort>& field, const OptionValue& value);

template <class T>
OptionValue read(const T& field) {
  if constexpr (std::is_enum_v<T>) {
    return ChoiceIndex{static_cast<std::size_t>(field)};
  } else if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) {
    return static_cast<std::int64_t>(field);
  } else {
    return field;
  }
}

template <class T>
OptionValue read(const std::optional<T>& field) {
  return field ? read(*field) : OptionValue(Automatic{});
}

OptionValue read(const std::vector<FoundingMember>& field);
OptionValue read(const std::vector<HostPort>& field);

// The field `Member` of the group `Group`: at<&ServerOptions::network, &NetworkSettings::port>.
template <auto Group, auto Member>
inline constexpr FieldAccess at{
    [](ServerOptions& options, const OptionValue& value) {
      return assign(options.*Group.*Member, value);
    },
    [](const ServerOptions& options) { return read(options.*Group.*Member); },
};

}  // namespace synchrodb::net::option_field
