// client-output-buffer-limit as Redis writes it.
#pragma once

#include <string_view>

#include "net/config/option_value.h"
#include "net/config/server_options.h"

namespace synchrodb::net {

inline constexpr std::string_view kOutputLimitOption = "client-output-buffer-limit";

// Redis gives this limit by class of clients, "normal 1mb 0 0 pubsub 32mb 8mb 60": class, hard
// limit, soft limit, seconds. Here there is one limit: the hard one of class normal, or what
// `options` say where that class is not mentioned. A plain number of bytes is understood too.
// Errors are Redis' own texts.
Result<OptionValue> parse_output_limit(const ValueDomain& domain, std::string_view text,
                                       const ServerOptions& options);

}  // namespace synchrodb::net
