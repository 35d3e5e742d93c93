#include "cmd/sim/shared.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/duration_text.h"

namespace synchrodb::sim {
namespace {

Error invalid(const std::string& flag, const std::string& why) {
  return {ErrorCode::kInvalid, flag + ": " + why};
}

Result<std::uint32_t> parse_small(const std::string& flag, const std::string& text) {
  Result<std::uint64_t> number = parse_number(flag, text);
  if (!number) return number.error();
  if (number.value() > std::numeric_limits<std::uint32_t>::max()) {
    return invalid(flag, text + " is too great");
  }
  return static_cast<std::uint32_t>(number.value());
}

// Operations a second with up to three decimals, as operations in 1,000 seconds.
Result<std::int64_t> parse_rate(const std::string& text) {
  const std::size_t dot = text.find('.');
  std::string fraction = dot == std::string::npos ? "" : text.substr(dot + 1);
  const bool fits = fraction.size() <= 3 && (dot == std::string::npos || !fraction.empty());
  fraction.resize(3, '0');
  Result<std::uint64_t> whole = parse_number("rate", text.substr(0, dot));
  Result<std::uint64_t> thousandths = parse_number("rate", fraction);
  if (!fits || !whole || !thousandths ||
      whole.value() > static_cast<std::uint64_t>(kMaxMilliRate) / 1'000) {
    return invalid("rate", "\"" + text + "\" is no number of operations a second up to " +
                               std::to_string(kMaxMilliRate / 1'000) +
                               " with at most three decimals");
  }
  return static_cast<std::int64_t>(whole.value() * 1'000 + thousandths.value());
}

Error io_error(const std::string& path, const char* what) {
  return {ErrorCode::kIo, std::string(what) + " " + path + ": " + std::strerror(errno)};
}

}  // namespace

int exit_code_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk:
      return kExitOk;
    case Verdict::kViolation:
      return kExitViolation;
    case Verdict::kUnknown:
      return kExitUnknown;
  }
  return kExitUnknown;
}

int refuse(const std::string& message, bool json) {
  std::fprintf(stderr, "synchrodb-sim: %s\n", message.c_str());
  if (json) {
    const nlohmann::ordered_json error = {{"error", message}};
    const std::string line =
        error.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
    std::fputs(line.c_str(), stdout);
    std::fflush(stdout);
  }
  return kExitBadInput;
}

Result<> print(const std::string& text) {
  const std::size_t written = std::fwrite(text.data(), 1, text.size(), stdout);
  if (written == text.size() && std::fflush(stdout) == 0) return {};
  return Error{ErrorCode::kIo,
               std::string("cannot write to standard output: ") + std::strerror(errno)};
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return io_error(path, "cannot open");
  std::ostringstream contents;
  // A directory opens but does not read.
  if (file.peek() == std::ifstream::traits_type::eof() && file.bad()) {
    return io_error(path, "cannot read");
  }
  if (!file.eof()) contents << file.rdbuf();
  if (file.bad() || contents.bad()) return io_error(path, "cannot read");
  return std::move(contents).str();
}

Result<> write_file(const std::string& path, const std::string& contents) {
  // A pipe or a device must not be replaced by a rename.
  struct stat status {};
  const bool replace = ::stat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
  const std::string beside = replace ? path + ".part" + std::to_string(::getpid()) : path;
  const int create = replace ? O_CREAT | O_EXCL : 0;
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CLOEXEC | create, 0644);
  if (fd < 0) return io_error(path, "cannot write");
  std::size_t done = 0;
  while (done < contents.size()) {
    const ssize_t written = ::write(fd, contents.data() + done, contents.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  const bool synced = done == contents.size() && (!replace || ::fsync(fd) == 0);
  const Error error = io_error(path, "cannot write");
  const bool closed = ::close(fd) == 0;
  if (synced && closed && (!replace || ::rename(beside.c_str(), path.c_str()) == 0)) return {};
  if (replace) ::unlink(beside.c_str());
  return synced ? io_error(path, "cannot write") : error;
}

Result<Plan> load_plan(const std::string& path, const std::string& defect) {
  Result<std::string> text = read_file(path);
  if (!text) return Error{ErrorCode::kInvalid, "plan: " + text.error().message};
  Result<Plan> plan = read_plan(text.value());
  if (!plan) return Error{ErrorCode::kInvalid, "plan: " + path + ": " + plan.error().message};
  if (defect.empty()) return plan;
  plan.value().defect = defect;
  if (Result<> valid = validate(plan.value()); !valid) return valid.error();
  return plan;
}

Result<std::uint64_t> parse_number(const std::string& flag, const std::string& text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec == std::errc{} && parsed.ptr == end) return number;
  return invalid(flag, "\"" + text + "\" is no whole number of 0 or more");
}

void ShapeFlags::add_to(CLI::App& command) {
  command_ = &command;
  command.add_option("--nodes", nodes_, "founding members, 1 to 15 (5)");
  command.add_option("--time", time_, "virtual time of a run, such as 60s (60s)");
  command.add_option("--workload", workload_, "what clients do; see `list workloads` (drawn)");
  command.add_option("--rate", rate_, "operations a second of all clients together (100)");
  command.add_option("--clients", clients_, "simulated clients (drawn)");
  command
      .add_option("--faults", faults_,
                  "families, names or first words of names, separated by commas; see `list "
                  "faults`; `none` or `all` (a swarm over all)")
      ->delimiter(',')
      ->allow_extra_args(false);
  command.add_option("--option", options_, "a knob as NAME=VALUE; see `list options`")
      ->allow_extra_args(false);
  command.add_option("--defect", defect_, "switches a deliberate defect on; see `list defects`");
  command.add_option("--strategy", strategy_,
                     "which ready fiber goes first: fifo, random, pct (drawn)");
  command.add_flag("--beyond-budget", beyond_budget_,
                   "faults may exceed what the model promises to survive");
}

Result<> ShapeFlags::add_options(PlanShape& shape) const {
  for (const std::string& text : options_) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos) return invalid("option", "\"" + text + "\" is no NAME=VALUE");
    const std::string name = text.substr(0, equals);
    const std::string value = text.substr(equals + 1);
    std::int64_t number = 0;
    const char* end = value.data() + value.size();
    const auto parsed = std::from_chars(value.data(), end, number);
    if (parsed.ec != std::errc{} || parsed.ptr != end) {
      return invalid("option " + name, "\"" + value + "\" is no whole number");
    }
    shape.options[name] = number;
  }
  return {};
}

Result<PlanShape> ShapeFlags::shape() const {
  PlanShape shape;
  if (command_->count("--nodes") > 0) {
    Result<std::uint32_t> nodes = parse_small("nodes", nodes_);
    if (!nodes) return nodes.error();
    shape.nodes = nodes.value();
  }
  if (command_->count("--time") > 0) {
    Result<Duration> time = parse_duration(time_);
    if (!time) return invalid("time", time.error().message);
    shape.time = time.value();
  }
  if (command_->count("--rate") > 0) {
    Result<std::int64_t> rate = parse_rate(rate_);
    if (!rate) return rate.error();
    shape.milli_rate = rate.value();
  }
  if (command_->count("--clients") > 0) {
    Result<std::uint32_t> clients = parse_small("clients", clients_);
    if (!clients) return clients.error();
    if (clients.value() == 0) return invalid("clients", "0 is outside 1 to 1000");
    shape.clients = clients.value();
  }
  if (command_->count("--workload") > 0 && workload_.empty()) {
    return invalid("workload", "is empty");
  }
  shape.workload = workload_;
  shape.faults = faults_;
  shape.defect = defect_;
  shape.strategy = strategy_;
  shape.beyond_budget = beyond_budget_;
  if (Result<> added = add_options(shape); !added) return added.error();
  if (Result<> valid = validate(shape); !valid) return valid.error();
  return shape;
}

std::string ShapeFlags::given_besides_plan() const {
  for (const char* flag : {"--nodes", "--time", "--workload", "--rate", "--clients", "--faults",
                           "--option", "--strategy", "--beyond-budget"}) {
    if (command_->count(flag) > 0) return flag;
  }
  return "";
}

}  // namespace synchrodb::sim
