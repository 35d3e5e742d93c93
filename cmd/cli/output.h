// What goes to standard output and standard error.
#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/cli/options.h"
#include "engine/kv/reply.h"

namespace synchrodb::cli {

using Json = nlohmann::ordered_json;

// "synchrodb-cli: message" on standard error.
void complain(const std::string& message);

// To standard output, flushed. Ends the program if that cannot be written: with a complaint, or
// quietly where nobody reads it any more.
void print(std::string_view text);
void print_json(const Json& value);

// The reply to `argv` as `format` wants it, with the line break at its end.
std::string format_reply(const Reply& reply, std::span<const std::string> argv, Format format);

// Strings that are valid UTF-8 are strings, others {"base64": …}; errors {"error": …}; a map is an
// object where its keys are strings, else an array of pairs; numbers that JSON has not are strings.
Json to_json(const Reply& reply);

// Columns, aligned; the first row is the head.
std::string format_table(const std::vector<std::vector<std::string>>& rows);
// "1.5 MiB"
std::string format_bytes(std::uint64_t bytes);
// "3d 4h", "5m 10s", "0.3s"
std::string format_span(double seconds);

}  // namespace synchrodb::cli
