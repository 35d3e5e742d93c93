// A process of its own for runs that may crash: seeds in, lines out.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/env/result.h"

namespace synchrodb::sim {

// A forked child that calls `job(seed)` for each seed that it is given, in order, and sends back
// the string. Its standard error is kept, so that the last words of a crash are known; its standard
// output goes nowhere. It dies with its parent. One thread may own workers; it must have no others
// running when it starts one.
class WorkerProcess {
 public:
  using Job = std::function<std::string(std::uint64_t seed)>;
  using Clock = std::chrono::steady_clock;

  // kUnavailable when the system gives no process or pipe.
  static Result<std::unique_ptr<WorkerProcess>> start(const Job& job);
  // Kills the child if it still lives.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  // Queues a seed. A dead child shows at the next receive().
  void give(std::uint64_t seed);
  // Seeds given and not yet answered; the child is at the first.
  const std::deque<std::uint64_t>& pending() const { return pending_; }
  // When the child can have begun with the first pending seed.
  Clock::time_point busy_since() const { return busy_since_; }

  // For poll(): readable when receive() has something to do.
  int answer_fd() const { return answers_; }
  int words_fd() const { return words_; }

  struct Answer {
    std::uint64_t seed = 0;
    std::string line;
  };
  // Takes what has arrived; never blocks. False once the child is gone.
  bool receive(std::vector<Answer>& out);

  // Ends a child that is gone, or one that `hangs`, and says how it died: "killed by signal 6
  // (Aborted): " with its last line of standard error, and then the lines before.
  std::string bury(bool hangs);

 private:
  WorkerProcess(pid_t child, int seeds, int answers, int words);
  void read_words();

  pid_t child_;
  int seeds_;
  int answers_;
  int words_;
  std::deque<std::uint64_t> pending_;
  Clock::time_point busy_since_;
  std::string received_;    // bytes of answers that are not whole yet
  std::string last_words_;  // of the run that goes on
};

}  // namespace synchrodb::sim
