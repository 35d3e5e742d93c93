// How clients are served, and what the server says about itself.
#include <array>

#include "net/config/option_field.h"
#include "net/config/option_rows.h"

namespace synchrodb::net {
namespace {

using namespace option_rows;  // NOLINT: the vocabulary of the table
using option_field::at;
using enum OptionGroup;
using S = ServerOptions;

constexpr std::array kRows{
    OptionSpec{
        .name = "reads",
        .group = kRequests,
        .domain = choice("linearizable, lease"),
        .field = at<&S::requests, &RequestSettings::reads>,
        .runtime = true,
        .example = "lease",
        .help =
            "linearizable: the leader asks a majority before it answers (many reads at once). "
            "lease: it answers at once while its lease holds, which rests on clocks (see lease)"},
    OptionSpec{.name = "follower-mode",
               .group = kRequests,
               .domain = choice("forward, moved"),
               .field = at<&S::requests, &RequestSettings::follower_mode>,
               .runtime = true,
               .example = "moved",
               .help = "what a follower does with a client's command. forward: passes it to the "
                       "leader. moved: answers -MOVED, as Redis Cluster does, so that cluster "
                       "clients learn at once who leads"},
    OptionSpec{.name = "command-timeout-ms",
               .group = kRequests,
               .domain = integer(1, 3'600'000),
               .field = at<&S::requests, &RequestSettings::command_timeout_ms>,
               .unit = "ms",
               .runtime = true,
               .example = "2000",
               .help = "time for a command to be decided. A read that takes longer is answered "
                       "with an error; a write whose outcome is then unknown closes the "
                       "connection, because an error would say that it was not applied"},

    OptionSpec{.name = "maxclients",
               .group = kLimits,
               .domain = integer(1, 1'000'000),
               .field = at<&S::limits, &LimitSettings::maxclients>,
               .unit = "connections",
               .runtime = true,
               .example = "50000",
               .help = "Redis clients at a time; more are refused"},
    OptionSpec{.name = "timeout",
               .group = kLimits,
               .domain = integer(0, kMaxInt),
               .field = at<&S::limits, &LimitSettings::timeout_s>,
               .unit = "s",
               .runtime = true,
               .example = "600",
               .help = "a client that neither sends nor takes anything for this long is "
                       "disconnected; 0: never"},
    OptionSpec{.name = "client-query-buffer-limit",
               .group = kLimits,
               .domain = memory(kMiB, kAny),
               .field = at<&S::limits, &LimitSettings::client_query_buffer_limit_bytes>,
               .runtime = true,
               .example = "64mb",
               .help = "unread input of one client; beyond it the client is disconnected"},
    OptionSpec{.name = "client-output-buffer-limit",
               .group = kLimits,
               .domain = memory(0, kAny),
               .field = at<&S::limits, &LimitSettings::client_output_buffer_limit_bytes>,
               .runtime = true,
               .example = "32mb",
               .help = "replies that one client has not taken; beyond it the client is "
                       "disconnected; 0: no limit"},
    OptionSpec{.name = "proto-max-bulk-len",
               .group = kLimits,
               .domain = memory(kMiB, 512 * kMiB),
               .field = at<&S::limits, &LimitSettings::proto_max_bulk_len_bytes>,
               .runtime = true,
               .example = "16mb",
               .help = "longest argument of a command"},
    OptionSpec{
        .name = "maxmemory",
        .group = kLimits,
        .domain = memory(0, kAny),
        .field = at<&S::limits, &LimitSettings::maxmemory_bytes>,
        .runtime = true,
        .example = "100mb",
        .help =
            "memory beyond which writes are refused with -OOM; nothing is evicted; 0: no limit"},
    OptionSpec{.name = "max-pending-requests",
               .group = kLimits,
               .domain = integer(1, 10'000'000),
               .field = at<&S::limits, &LimitSettings::max_pending_requests>,
               .unit = "requests",
               .example = "10000",
               .help = "commands that wait for consensus; more are refused, so that queues do not "
                       "grow without bound"},

    OptionSpec{.name = "loglevel",
               .group = kLogging,
               .domain = choice("trace, debug, info, warning, error, off",
                                "verbose=debug, notice=info, nothing=off"),
               .field = at<&S::logging, &LoggingSettings::loglevel>,
               .runtime = true,
               .example = "debug",
               .help = "the least important messages that are written; Redis' words notice (info) "
                       "and verbose (debug) are understood"},
    OptionSpec{.name = "logfile",
               .group = kLogging,
               .domain = kText,
               .field = at<&S::logging, &LoggingSettings::logfile>,
               .example = "/var/log/synchrodb.log",
               .help = "where messages go; empty: standard error"},
    OptionSpec{.name = "log-format",
               .group = kLogging,
               .domain = choice("text, json"),
               .field = at<&S::logging, &LoggingSettings::log_format>,
               .example = "json",
               .help = "text for people, or one JSON object a line"},

    OptionSpec{.name = "slowlog-log-slower-than",
               .group = kMonitoring,
               .domain = integer(-1, kAny),
               .field = at<&S::monitoring, &MonitoringSettings::slowlog_log_slower_than_us>,
               .unit = "us",
               .runtime = true,
               .example = "100000",
               .help = "commands that take longer are kept for SLOWLOG; 0: all, -1: none"},
    OptionSpec{.name = "slowlog-max-len",
               .group = kMonitoring,
               .domain = integer(0, 1'000'000),
               .field = at<&S::monitoring, &MonitoringSettings::slowlog_max_len>,
               .unit = "commands",
               .runtime = true,
               .example = "1024",
               .help = "commands that SLOWLOG keeps"},
    OptionSpec{.name = "latency-monitor-threshold",
               .group = kMonitoring,
               .domain = integer(0, kAny),
               .field = at<&S::monitoring, &MonitoringSettings::latency_monitor_threshold_ms>,
               .unit = "ms",
               .runtime = true,
               .example = "100",
               .help = "events that take at least this long are kept for LATENCY; 0: none"},
};

}  // namespace

std::span<const OptionSpec> service_option_rows() {
  return kRows;
}

}  // namespace synchrodb::net
