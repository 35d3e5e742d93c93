#include "cmd/sim/shrinking.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "cmd/sim/shared.h"

namespace synchrodb::sim {
namespace {

volatile sig_atomic_t interrupted = 0;
void note_interrupt(int) {
  interrupted = 1;
}

// While it lives, Ctrl-C ends the search and not the process.
class Interrupt {
 public:
  Interrupt() {
    interrupted = 0;
    struct sigaction note {};
    note.sa_handler = note_interrupt;
    ::sigaction(SIGINT, &note, &before_);
  }
  ~Interrupt() { ::sigaction(SIGINT, &before_, nullptr); }
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

 private:
  struct sigaction before_ {};
};

// One line that is written over on a terminal, a line every few seconds elsewhere.
class ShrinkMeter {
 public:
  void show(const ShrinkProgress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + (terminal_ ? std::chrono::milliseconds(200) : std::chrono::milliseconds(5'000));
    std::fprintf(stderr, terminal_ ? "\r\x1b[K%s" : "%s\n",
                 (std::to_string(progress.runs) + " of " + std::to_string(progress.max_runs) +
                  " runs, " + progress.pass + ": " + describe(progress.size))
                     .c_str());
    shown_ = true;
  }
  void finish() const {
    if (shown_ && terminal_) std::fputc('\n', stderr);
  }

 private:
  bool terminal_ = ::isatty(STDERR_FILENO) != 0;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now();
};

}  // namespace

Result<Shrinking> shrink_for_people(const Plan& plan, const std::string& max_runs, bool quiet,
                                    const std::string& command) {
  ShrinkOptions options;
  if (!max_runs.empty()) {
    Result<std::uint64_t> runs = parse_number("max-runs", max_runs);
    if (!runs) return runs.error();
    if (runs.value() == 0) return Error{ErrorCode::kInvalid, "max-runs: must be 1 or more"};
    options.max_runs = runs.value();
  }
  options.stop = [] { return interrupted != 0; };
  const Interrupt interrupt;
  ShrinkMeter meter;
  std::function<void(const ShrinkProgress&)> on_progress;
  if (!quiet) on_progress = [&meter](const ShrinkProgress& progress) { meter.show(progress); };
  Result<ShrinkResult> shrunk = shrink(
      plan, options, [](const Plan& candidate) { return run(candidate); }, on_progress);
  meter.finish();
  if (!shrunk) return Error{ErrorCode::kInvalid, command + ": " + shrunk.error().message};
  return Shrinking{std::move(shrunk).value(), interrupted != 0};
}

}  // namespace synchrodb::sim
