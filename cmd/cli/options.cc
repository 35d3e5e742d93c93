#include "cmd/cli/options.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "cmd/cli/cluster/words.h"
#include "cmd/cli/exit_codes.h"
#include "cmd/cli/output.h"

namespace synchrodb::cli {
namespace {

// What CLI11 fills in.
struct Flags {
  std::string host = "127.0.0.1";
  int port = 7379;
  int rpc_port = 0;
  std::string rpc;
  bool resp2 = false;
  bool json = false;
  bool raw = false;
  bool no_raw = false;
  double connect_timeout = 5;
};

// The options come before the command: everything behind its first word belongs to it.
class Manual : public CLI::Formatter {
 public:
  std::string make_usage(const CLI::App*, std::string name) const override {
    return "Usage: " + name + " [OPTIONS] [COMMAND [ARGUMENT ...]]\n";
  }
};

std::string footer() {
  return "\nExit codes: 0 ok; 1 the server answered with an error; 2 usage; 3 no connection; 4 "
         "the\n"
         "answer could not be written to standard output.\n"
         "SYNCHRODB_PASSWORD is the password where -a is not given (others on this machine can "
         "see\n"
         "arguments, but not the environment). SYNCHRODB_HISTORY names the file of the history\n"
         "instead of ~/.synchrodb_history; empty: none is kept.\n\n"
         "Administration, over the RPC port (`cluster WORD --help` says more):\n" +
         cluster_overview() +
         "`watch PREFIX [--from INDEX]` prints changes of keys as they happen, over the RPC "
         "port.\n\n"
         "Two words are not here because they work on the folder of a server that is stopped:\n"
         "`synchrodb-server restore` (a backup into an empty folder) and `synchrodb-server "
         "recover`\n"
         "(a cluster that lost its majority for good).\n";
}

void add_flags(CLI::App& app, Options& options, Flags& flags) {
  app.add_option("-h,--host", flags.host, "name or address of a node")->capture_default_str();
  app.add_option("-p,--port", flags.port, "its RESP port")
      ->check(CLI::Range(1, 65535))
      ->capture_default_str();
  app.add_option("--rpc-port", flags.rpc_port, "its RPC port (the RESP port + 10000)")
      ->check(CLI::Range(1, 65535));
  app.add_option("--rpc", flags.rpc, "HOST:PORT of an RPC port, in place of both");
  app.add_option("-a,--password", options.password, "for RESP and for administration");
  CLI::Option* two = app.add_flag("-2", flags.resp2, "speak RESP2 (the default)");
  app.add_flag("-3", options.resp3, "speak RESP3")->excludes(two);
  app.add_flag("-c", options.follow_moved, "follow -MOVED to the node that it names");
  app.add_option("-r", options.repeat, "repeat the command so many times; -1: for ever");
  app.add_option("-i", options.interval_seconds, "seconds between repetitions; fractions allowed")
      ->check(CLI::Range(0.0, 1e6));
  app.add_flag("-x", options.last_from_input, "the last argument comes from standard input");
  CLI::Option* json = app.add_flag("--json", flags.json,
                                   "one JSON value a reply (bytes that are no UTF-8: base64)");
  CLI::Option* raw = app.add_flag("--raw", flags.raw, "bytes as they are (default of a pipe)");
  app.add_flag("--no-raw", flags.no_raw, "for people (default of a terminal)")
      ->excludes(raw)
      ->excludes(json);
  raw->excludes(json);
  app.add_flag("--tls", options.dial.tls, "TLS, on both ports");
  app.add_option("--cacert", options.dial.ca_file, "PEM of the authorities to trust");
  app.add_option("--cert", options.dial.certificate_file, "PEM of this client's certificate");
  app.add_option("--key", options.dial.key_file, "PEM of its key");
  app.add_option("--server-name", options.dial.server_name,
                 "what the server's certificate must name (the host)");
  app.add_option("--connect-timeout", flags.connect_timeout, "seconds")
      ->check(CLI::Range(0.01, 1e6))
      ->capture_default_str();
  app.add_option("--timeout", options.timeout_seconds, "seconds that administration may take")
      ->check(CLI::Range(0.01, 1e6))
      ->capture_default_str();
}

Result<> complete(Options& options, const Flags& flags, bool password_given) {
  Result<net::Destination> resp = net::parse_destination(
      net::Destination{flags.host, static_cast<std::uint16_t>(flags.port)}.text());
  if (!resp) return Error{ErrorCode::kInvalid, "-h: \"" + flags.host + "\" is no host"};
  options.resp = resp.value();
  if (!flags.rpc.empty()) {
    Result<net::Destination> rpc = net::parse_destination(flags.rpc);
    if (!rpc) return Error{ErrorCode::kInvalid, "--rpc: " + rpc.error().message};
    options.rpc = rpc.value();
  } else {
    // Where the sum is no port, administration alone complains.
    const int port = flags.rpc_port != 0 ? flags.rpc_port : flags.port + kRpcPortOffset;
    options.rpc = {flags.host, static_cast<std::uint16_t>(port <= 65535 ? port : 0)};
  }
  if (!options.dial.tls && !(options.dial.ca_file + options.dial.certificate_file +
                             options.dial.key_file + options.dial.server_name)
                                .empty()) {
    return Error{ErrorCode::kInvalid, "--cacert, --cert, --key and --server-name need --tls"};
  }
  options.dial.timeout = static_cast<std::int64_t>(flags.connect_timeout * 1e9) * kj::NANOSECONDS;
  const char* from_environment = std::getenv("SYNCHRODB_PASSWORD");
  if (!password_given && from_environment != nullptr) options.password = from_environment;
  if (flags.json) {
    options.format = Format::kJson;
  } else if (flags.raw || (!flags.no_raw && ::isatty(STDOUT_FILENO) == 0)) {
    options.format = Format::kRaw;
  }
  if (options.last_from_input && options.words.empty()) {
    return Error{ErrorCode::kInvalid, "-x needs a command to add the argument to"};
  }
  return {};
}

}  // namespace

std::variant<Options, int> parse_options(int argc, char** argv) {
  Options options;
  Flags flags;
  CLI::App app{
      "Talks to SynchroDB: commands over RESP, administration over Cap'n Proto RPC.\n"
      "Without a command: interactive on a terminal; from a pipe, one command a line.\n",
      "synchrodb-cli"};
  app.formatter(std::make_shared<Manual>());
  app.footer(footer());
  app.set_help_flag("--help", "this");
  app.set_version_flag("--version", std::string("synchrodb-cli ") + kVersion);
  add_flags(app, options, flags);
  // From the first word that is no option on, everything belongs to the command.
  app.prefix_command();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  options.words = app.remaining();
  if (!options.words.empty() && options.words[0] == "--") {
    options.words.erase(options.words.begin());
  } else if (!options.words.empty() && options.words[0].starts_with("-")) {
    complain("no such option: " + options.words[0] + " (see --help)");
    return kExitUsage;
  }
  if (Result<> done = complete(options, flags, app.count("--password") > 0); !done) {
    complain(done.error().message);
    return kExitUsage;
  }
  return options;
}

}  // namespace synchrodb::cli
