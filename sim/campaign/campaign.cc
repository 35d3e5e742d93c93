#include "sim/campaign/campaign.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <deque>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "consensus/hash.h"
#include "sim/campaign/progress.h"
#include "sim/campaign/result_file.h"
#include "sim/campaign/worker.h"

namespace synchrodb::sim {
namespace {

using Clock = std::chrono::steady_clock;

volatile sig_atomic_t interrupted_by = 0;
void note_signal(int signal) {
  interrupted_by = signal;
}

// Turns the signals that end a campaign into a note, while it lives.
class Interruptions {
 public:
  Interruptions() {
    interrupted_by = 0;
    struct sigaction note {};
    note.sa_handler = note_signal;
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    for (std::size_t i = 0; i < std::size(kSignals); ++i) {
      ::sigaction(kSignals[i], kSignals[i] == SIGPIPE ? &ignore : &note, &before_[i]);
    }
  }
  ~Interruptions() {
    for (std::size_t i = 0; i < std::size(kSignals); ++i) {
      ::sigaction(kSignals[i], &before_[i], nullptr);
    }
  }
  Interruptions(const Interruptions&) = delete;
  Interruptions& operator=(const Interruptions&) = delete;
  static bool any() { return interrupted_by != 0; }

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
  struct sigaction before_[std::size(kSignals)] = {};
};

std::string flags_of(const CampaignOptions& options) {
  if (!options.plan) return shape_flags(options.shape);
  std::string flags = " --plan " + shell_word(options.plan_path);
  if (!options.plan->defect.empty()) flags += " --defect " + options.plan->defect;
  return flags;
}

std::string reproduce(const CampaignOptions& options, std::uint64_t seed) {
  const char* flag = options.plan ? " --noise-seed " : " --seed ";
  return "synchrodb-sim run" + std::string(flag) + std::to_string(seed) + flags_of(options);
}

class CampaignRun {
 public:
  explicit CampaignRun(const CampaignOptions& options)
      : options_(options), next_(options.seeds.first) {}

  Result<CampaignResult> run() {
    if (Result<> opened = open_output(); !opened) return opened.error();
    const Interruptions interruptions;
    const Clock::time_point started = Clock::now();
    Progress progress(options_.progress, options_.seeds.size(), summary_.seeds());
    Result<> turned;
    while (turned && !finished()) {
      turned = turn();
      progress.update(summary_);
    }
    workers_.clear();
    progress.finish(summary_);
    if (!turned) return turned.error();
    CampaignResult result;
    result.interrupted = Interruptions::any();
    result.wall_seconds = std::chrono::duration<double>(Clock::now() - started).count();
    result.resume = resume_command();
    result.summary = std::move(summary_);
    if (file_ != nullptr) {
      const std::string line = result.summary.json(result.wall_seconds, result.resume)
                                   .dump(-1, ' ', false, Json::error_handler_t::replace);
      if (Result<> written = file_->finish(line); !written) return written.error();
    }
    return result;
  }

 private:
  bool all_done() const { return summary_.seeds() >= options_.seeds.size(); }
  bool finished() const { return all_done() || stopping_ || Interruptions::any(); }

  Result<> open_output() {
    if (options_.out.empty()) return {};
    auto opened = ResultFile::open(
        options_.out, options_.resume,
        [this](std::string_view line, std::uint64_t number) { return take_old(line, number); });
    if (!opened) return opened.error();
    file_ = std::move(opened).value();
    return {};
  }

  Result<> take_old(std::string_view line, std::uint64_t number) {
    const std::string where = "out: " + options_.out + ", line " + std::to_string(number) + ": ";
    Result<Row> row = read_row(line);
    if (!row) return Error{ErrorCode::kInvalid, where + row.error().message};
    const std::uint64_t seed = row.value().result.seed;
    if (!options_.seeds.contains(seed)) {
      return Error{ErrorCode::kInvalid,
                   where + "seed " + std::to_string(seed) + " lies outside --seeds"};
    }
    if (row.value().reproduce != reproduce(options_, seed)) {
      return Error{ErrorCode::kInvalid,
                   where + "made with other flags (" + row.value().reproduce + ")"};
    }
    if (done_.insert(seed).second) summary_.add(row.value());
    return {};
  }

  // The next seed that nobody has, if any.
  std::optional<std::uint64_t> take_seed() {
    if (!again_.empty()) {
      const std::uint64_t seed = again_.front();
      again_.pop_front();
      return seed;
    }
    while (next_ < options_.seeds.end) {
      const std::uint64_t seed = next_++;
      if (!done_.contains(seed)) return seed;
    }
    return std::nullopt;
  }

  Result<> turn() {
    if (Result<> hired = hire(); !hired) return hired;
    // Two seeds each, so that no worker waits for us.
    for (std::size_t depth = 1; depth <= 2; ++depth) {
      for (const auto& worker : workers_) {
        if (worker->pending().size() >= depth) continue;
        if (const auto seed = take_seed()) worker->give(*seed);
      }
    }
    wait();
    std::vector<std::unique_ptr<WorkerProcess>> alive;
    Result<> outcome;
    for (auto& worker : workers_) {
      if (!outcome || stopping_) break;
      bool lives = true;
      outcome = attend(*worker, lives);
      if (lives) alive.push_back(std::move(worker));
    }
    workers_ = std::move(alive);
    return outcome;
  }

  Result<> hire() {
    const std::uint64_t left = options_.seeds.size() - summary_.seeds();
    const std::uint64_t wanted = std::min<std::uint64_t>(std::max(1U, options_.jobs), left);
    while (workers_.size() < wanted) {
      auto worker = WorkerProcess::start([this](std::uint64_t seed) { return job(seed); });
      if (!worker) return worker.error();
      workers_.push_back(std::move(worker).value());
    }
    return {};
  }

  // In the worker.
  std::string job(std::uint64_t seed) const {
    const Plan plan =
        options_.plan ? with_noise(*options_.plan, seed) : generate_plan(seed, options_.shape);
    Row row{options_.runner(plan), reproduce(options_, seed)};
    row.result.seed = seed;
    return write_row(row);
  }

  void wait() const {
    std::vector<pollfd> polled;
    for (const auto& worker : workers_) {
      polled.push_back(pollfd{worker->answer_fd(), POLLIN, 0});
      polled.push_back(pollfd{worker->words_fd(), POLLIN, 0});
    }
    // A signal ends the wait at once, or, should it come just before, at the timeout.
    ::poll(polled.data(), polled.size(), 100);
  }

  Result<> attend(WorkerProcess& worker, bool& lives) {
    std::vector<WorkerProcess::Answer> answers;
    lives = worker.receive(answers);
    for (const WorkerProcess::Answer& answer : answers) {
      Result<Row> row = read_row(answer.line);
      if (!row) {
        return Error{ErrorCode::kInvalid, "seed " + std::to_string(answer.seed) +
                                              ": a worker sent no row: " + row.error().message};
      }
      if (Result<> kept = keep(row.value(), answer.line); !kept) return kept;
    }
    if (!lives) return lose(worker, /*hangs=*/false);
    const std::chrono::duration<double> silent = Clock::now() - worker.busy_since();
    if (!worker.pending().empty() && silent.count() > options_.watchdog_seconds) {
      lives = false;
      return lose(worker, /*hangs=*/true);
    }
    return {};
  }

  // A worker is gone: the seed that it was at has failed, the others go to somebody else.
  Result<> lose(WorkerProcess& worker, bool hangs) {
    std::deque<std::uint64_t> pending = worker.pending();
    const double seconds =
        std::chrono::duration<double>(Clock::now() - worker.busy_since()).count();
    std::string how = worker.bury(hangs);
    if (pending.empty()) {
      return Error{ErrorCode::kUnavailable, "a worker died without work: " + how};
    }
    if (hangs) {
      how = "no answer within " + std::to_string(static_cast<std::uint64_t>(seconds)) +
            " s (the campaign's watchdog); " + how;
    }
    Row row;
    row.result.seed = pending.front();
    row.result.verdict = Verdict::kViolation;
    row.result.violated = "crash";
    row.result.detail = how;
    row.result.nodes = options_.plan ? options_.plan->nodes : options_.shape.nodes;
    row.result.wall_seconds = seconds;
    row.reproduce = reproduce(options_, pending.front());
    pending.pop_front();
    again_.insert(again_.end(), pending.begin(), pending.end());
    return keep(row, write_row(row));
  }

  Result<> keep(const Row& row, const std::string& line) {
    if (file_ != nullptr) {
      if (Result<> written = file_->append(line); !written) return written;
    }
    if (options_.on_row) {
      if (Result<> shown = options_.on_row(line); !shown) return shown;
    }
    done_.insert(row.result.seed);
    summary_.add(row);
    if (options_.stop_on_violation && row.result.verdict == Verdict::kViolation) stopping_ = true;
    return {};
  }

  // With a file the same command and --resume; without one the range that is left, which may repeat
  // a few seeds.
  std::string resume_command() const {
    if (all_done()) return "";
    std::uint64_t first = options_.seeds.first;
    if (file_ == nullptr) {
      while (done_.contains(first)) ++first;
    }
    std::string command = "synchrodb-sim campaign --seeds " + std::to_string(first) + ".." +
                          std::to_string(options_.seeds.end) + " --jobs " +
                          std::to_string(options_.jobs) + flags_of(options_);
    if (file_ != nullptr) command += " --out " + shell_word(options_.out) + " --resume";
    return command;
  }

  const CampaignOptions& options_;
  std::unique_ptr<ResultFile> file_;
  Summary summary_;
  std::set<std::uint64_t> done_;
  std::deque<std::uint64_t> again_;  // taken back from workers that died
  std::uint64_t next_;
  std::vector<std::unique_ptr<WorkerProcess>> workers_;
  bool stopping_ = false;
};

bool parse_seed(std::string_view text, std::uint64_t& seed) {
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, seed);
  return parsed.ec == std::errc{} && parsed.ptr == end;
}

}  // namespace

Result<SeedRange> parse_seed_range(std::string_view text) {
  const Error wrong{ErrorCode::kInvalid,
                    "seeds: \"" + std::string(text.substr(0, 60)) +
                        "\" is no range; write A..B (B is not included) with A < B, or one seed"};
  SeedRange range;
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    if (!parse_seed(text, range.first) || range.first + 1 == 0) return wrong;
    range.end = range.first + 1;
    return range;
  }
  if (!parse_seed(text.substr(0, dots), range.first) ||
      !parse_seed(text.substr(dots + 2), range.end) || range.first >= range.end) {
    return wrong;
  }
  return range;
}

Plan with_noise(Plan plan, std::uint64_t seed) {
  plan.seed = seed;
  plan.noise_key = hash_mix(stable_hash("noise of a given plan"), seed);
  return plan;
}

Result<CampaignResult> run_campaign(const CampaignOptions& options) {
  return CampaignRun(options).run();
}

}  // namespace synchrodb::sim
