#include "sim/campaign/double_run.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "sim/campaign/row.h"
#include "sim/campaign/worker.h"

namespace synchrodb::sim {
namespace {

constexpr std::uint64_t kEventsBetweenCheckpoints = 1'000;
constexpr std::size_t kContextLines = 5;

// Moves whatever is allocated next, so that an address that leaks into the run shows; and fills
// freed memory, so that an uninitialised byte does.
void disturb_heap() {
  static std::vector<std::unique_ptr<char[]>> ballast;
  for (std::size_t size = 24; size < 60'000; size += size < 1'100 ? 16 : size / 4) {
    for (int i = 0; i < 3; ++i) {
      ballast.push_back(std::make_unique<char[]>(size));
      std::memset(ballast.back().get(), 0xa5, size);
    }
    // The allocator hands this one out next, not the one that it would have otherwise.
    ballast[ballast.size() - 2].reset();
  }
}

// The two runs of a pair are the "seeds" 1 and 2 of their workers.
std::string run_one(const Plan& plan, const Runner& runner, std::uint64_t which) {
  if (which == 2) disturb_heap();
  RunOptions options;
  options.checkpoint_every = kEventsBetweenCheckpoints;
  const RunResult result = runner(plan, options);
  Json json;
  json["row"] = row_json(Row{result, ""});
  json["checkpoints"] = result.checkpoints;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<RunResult> receive_one(WorkerProcess& worker) {
  std::vector<WorkerProcess::Answer> answers;
  bool alive = true;
  while (alive && answers.empty()) {
    std::array<pollfd, 2> polled{pollfd{worker.answer_fd(), POLLIN, 0},
                                 pollfd{worker.words_fd(), POLLIN, 0}};
    ::poll(polled.data(), polled.size(), 1'000);
    alive = worker.receive(answers);
  }
  if (answers.empty()) {
    return Error{ErrorCode::kUnavailable, "the run crashed: " + worker.bury(/*hangs=*/false)};
  }
  const Json json = Json::parse(answers.front().line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Error{ErrorCode::kInvalid, "a worker sent no result"};
  Result<Row> row = read_row(json["row"].dump());
  if (!row) return row.error();
  RunResult result = std::move(row).value().result;
  result.checkpoints = json["checkpoints"].get<std::vector<std::uint64_t>>();
  return result;
}

// A child that writes the event log of a run to a pipe.
class TracedRun {
 public:
  TracedRun(const Plan& plan, const Runner& runner, std::uint64_t which) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return;
    std::fflush(nullptr);
    child_ = ::fork();
    if (child_ == 0) write_log(plan, runner, which, ends);
    ::close(ends[1]);
    in_ = ::fdopen(ends[0], "r");
  }
  ~TracedRun() {
    if (in_ != nullptr) std::fclose(in_);
    std::free(line_);
    if (child_ <= 0) return;
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  TracedRun(const TracedRun&) = delete;
  TracedRun& operator=(const TracedRun&) = delete;

  // False at the end of the log.
  bool next(std::string& line) {
    const ssize_t size = in_ == nullptr ? -1 : ::getline(&line_, &capacity_, in_);
    if (size <= 0) return false;
    line.assign(line_, static_cast<std::size_t>(size));
    if (line.ends_with('\n')) line.pop_back();
    return true;
  }

 private:
  [[noreturn]] static void write_log(const Plan& plan, const Runner& runner, std::uint64_t which,
                                     const std::array<int, 2>& ends) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::close(ends[0]);
    std::FILE* out = ::fdopen(ends[1], "w");
    if (which == 2) disturb_heap();
    RunOptions options;
    options.checkpoint_every = kEventsBetweenCheckpoints;
    options.trace = [out](const std::string& line) { std::fprintf(out, "%s\n", line.c_str()); };
    runner(plan, options);
    std::fclose(out);
    ::_exit(0);
  }

  pid_t child_ = -1;
  std::FILE* in_ = nullptr;
  char* line_ = nullptr;
  std::size_t capacity_ = 0;
};

std::string compare_logs(const Plan& plan, const Runner& runner) {
  TracedRun first(plan, runner, 1);
  TracedRun second(plan, runner, 2);
  std::deque<std::string> context;
  std::uint64_t number = 0;
  while (true) {
    std::string a;
    std::string b;
    const bool more_a = first.next(a);
    const bool more_b = second.next(b);
    ++number;
    if (!more_a && !more_b)
      return "their event logs are equal: the log does not show what differs\n";
    if (more_a && more_b && a == b) {
      context.push_back(std::move(a));
      if (context.size() > kContextLines) context.pop_front();
      continue;
    }
    std::string text = "their event logs part at line " + std::to_string(number) + ":\n";
    for (const std::string& line : context) text += "    " + line + "\n";
    text += "  1 " + (more_a ? a : std::string("(the log ends)")) + "\n";
    text += "  2 " + (more_b ? b : std::string("(the log ends)")) + "\n";
    return text;
  }
}

std::string compare_checkpoints(const RunResult& first, const RunResult& second) {
  const std::size_t common = std::min(first.checkpoints.size(), second.checkpoints.size());
  for (std::size_t i = 0; i < common; ++i) {
    if (first.checkpoints[i] == second.checkpoints[i]) continue;
    return "the runs part between events " + std::to_string(i * kEventsBetweenCheckpoints) +
           " and " + std::to_string((i + 1) * kEventsBetweenCheckpoints) + "\n";
  }
  return "the runs part after event " + std::to_string(common * kEventsBetweenCheckpoints) + "\n";
}

}  // namespace

Result<DoubleRun> run_twice(const Plan& plan, const Runner& runner) {
  const WorkerProcess::Job job = [&](std::uint64_t which) { return run_one(plan, runner, which); };
  DoubleRun both;
  for (const std::uint64_t which : {1U, 2U}) {
    auto worker = WorkerProcess::start(job);
    if (!worker) return worker.error();
    worker.value()->give(which);
    Result<RunResult> result = receive_one(*worker.value());
    if (!result) return result.error();
    (which == 1 ? both.first : both.second) = std::move(result).value();
  }
  both.agree =
      both.first.digest == both.second.digest && both.first.checkpoints == both.second.checkpoints;
  if (both.agree) return both;
  both.difference = "digests " + format_digest(both.first.digest) + " and " +
                    format_digest(both.second.digest) + "\n" +
                    compare_checkpoints(both.first, both.second) + compare_logs(plan, runner);
  return both;
}

}  // namespace synchrodb::sim
