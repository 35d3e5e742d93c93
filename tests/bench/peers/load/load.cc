// synchrodb-load: a closed-loop load on servers of the Redis protocol and on etcd.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/peers/load/etcd_load.h"
#include "tests/bench/peers/load/options.h"
#include "tests/bench/peers/load/report.h"
#include "tests/bench/peers/load/resp_load.h"

namespace synchrodb::load {
namespace {

constexpr int kExitOk = 0;
constexpr int kExitErrors = 1;
constexpr int kExitBadInput = 2;

using RunThread = Result<Results> (*)(const Options&, unsigned thread, Window&);

int refuse(const std::string& message, int exit_code) {
  std::fprintf(stderr, "synchrodb-load: %s\n", message.c_str());
  return exit_code;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Result<Results> run_threads(const Options& options, RunThread run_thread) {
  Window window(options);
  std::vector<std::optional<Result<Results>>> shares(options.threads);
  std::vector<std::jthread> threads;
  for (unsigned i = 0; i < options.threads; ++i) {
    threads.emplace_back([&, i] { shares[i] = run_thread(options, i, window); });
  }
  threads.clear();  // joins
  Results all;
  for (const auto& share : shares) {
    if (!*share) return share->error();
    all.merge(share->value());
  }
  return all;
}

int run(const std::string& protocol, const Options& options, RunThread run_thread) {
  Result<> sound = check(options);
  if (!sound) return refuse(sound.error().message, kExitBadInput);
  const double cpu_before = cpu_seconds();
  Result<Results> results = run_threads(options, run_thread);
  if (!results) return refuse(results.error().message, kExitErrors);
  const nlohmann::ordered_json printed =
      report(protocol, options, results.value(), cpu_seconds() - cpu_before);
  // A server's error text need not be UTF-8.
  const std::string line =
      printed.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  std::printf("%s\n", line.c_str());
  return results.value().errors() == 0 ? kExitOk : kExitErrors;
}

// The flags, and what they say.
class Flags {
 public:
  void add_to(CLI::App& command) {
    command
        .add_option("--endpoint", endpoints_,
                    "HOST:PORT; several, separated by commas, share the connections")
        ->delimiter(',')
        ->required();
    command
        .add_option("--operation", options_.operation, "set, get, mixed, or fill (each key once)")
        ->transform(CLI::CheckedTransformer(operations_));
    command.add_option("--set-percent", options_.set_percent, "of the operation mixed (50)");
    command.add_option("--connections", options_.connections, "TCP connections (50)");
    command.add_option("--pipeline", options_.pipeline, "requests under way on each (1)");
    command.add_option("--threads", options_.threads, "of this program (1)");
    command.add_option("--key-space", options_.key_space, "number of different keys (10000)");
    command.add_option("--value-bytes", options_.value_bytes, "size of a value (100)");
    command.add_option("--requests", options_.requests, "stop after so many, warm-up included");
    command.add_option("--seconds", duration_, "begin requests for so long (5)");
    command.add_option("--warm-up", warm_up_, "seconds before that which are not counted (0)");
    command.add_option("--timeout", timeout_, "seconds until a connection is given up (10)");
    command.add_option("--seed", options_.seed, "of the choice of keys (1)");
  }

  Result<Options> options() const {
    Options options = options_;
    options.duration = std::chrono::duration<double>(duration_);
    options.warm_up = std::chrono::duration<double>(warm_up_);
    options.timeout = std::chrono::duration<double>(timeout_);
    for (const std::string& text : endpoints_) {
      Result<Endpoint> endpoint = parse_endpoint(text);
      if (!endpoint) return endpoint.error();
      options.endpoints.push_back(std::move(endpoint).value());
    }
    return options;
  }

 private:
  const std::map<std::string, Operation> operations_ = {{"set", Operation::kSet},
                                                        {"get", Operation::kGet},
                                                        {"mixed", Operation::kMixed},
                                                        {"fill", Operation::kFill}};
  Options options_;
  std::vector<std::string> endpoints_;
  double duration_ = options_.duration.count();
  double warm_up_ = options_.warm_up.count();
  double timeout_ = options_.timeout.count();
};

void add_command(CLI::App& app, const std::string& name, const std::string& description,
                 RunThread run_thread, int& exit_code) {
  CLI::App* command = app.add_subcommand(name, description);
  auto flags = std::make_shared<Flags>();
  flags->add_to(*command);
  command->callback([name, flags, run_thread, &exit_code] {
    Result<Options> options = flags->options();
    exit_code = options ? run(name, options.value(), run_thread)
                        : refuse(options.error().message, kExitBadInput);
  });
}

}  // namespace
}  // namespace synchrodb::load

int main(int argc, char** argv) {
  using namespace synchrodb::load;
  CLI::App app{
      "Drives a server with SET and GET, each connection in a closed loop, and prints one line of "
      "JSON.\nExit codes: 0 ok, 1 some requests failed or the server is not there, 2 usage.",
      "synchrodb-load"};
  app.require_subcommand(1);
  int exit_code = kExitOk;
  add_command(app, "resp", "any server of the Redis protocol", run_resp, exit_code);
  add_command(app, "etcd", "etcd, by gRPC", run_etcd, exit_code);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // Help is an "error" of code 0.
    return app.exit(error) == 0 ? kExitOk : kExitBadInput;
  }
  return exit_code;
}
