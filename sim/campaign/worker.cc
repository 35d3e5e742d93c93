#include "sim/campaign/worker.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "consensus/assert.h"

namespace synchrodb::sim {
namespace {

constexpr std::size_t kWordsKept = 4'096;
constexpr std::size_t kMaxAnswer = 256U * 1024 * 1024;
constexpr int kGraceMs = 5'000;
// Standard error before it belongs to runs that are over.
constexpr char kRunBegins = '\0';

struct Pipe {
  int read = -1;
  int write = -1;
  bool open() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return false;
    read = ends[0];
    write = ends[1];
    return true;
  }
  void close() const {
    if (read >= 0) ::close(read);
    if (write >= 0) ::close(write);
  }
};

bool write_all(int fd, const char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t written = ::write(fd, bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

bool read_all(int fd, char* bytes, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::read(fd, bytes, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool write_frame(int fd, const std::string& line) {
  const auto size = static_cast<std::uint32_t>(line.size());
  std::array<char, sizeof size> header{};
  std::memcpy(header.data(), &size, sizeof size);
  return write_all(fd, header.data(), header.size()) && write_all(fd, line.data(), line.size());
}

// The child's whole life.
[[noreturn]] void serve(const WorkerProcess::Job& job, pid_t parent, const Pipe& seeds,
                        const Pipe& answers, const Pipe& words) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(0);
  // Ctrl-C, and what `timeout` sends, reach the whole group; the parent decides what becomes of its
  // workers.
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::signal(signal, SIG_IGN);
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(words.write, STDERR_FILENO);
  ::close(seeds.write);
  ::close(answers.read);
  ::close(words.read);
  std::uint64_t seed = 0;
  std::array<char, sizeof seed> bytes{};
  while (read_all(seeds.read, bytes.data(), bytes.size())) {
    std::memcpy(&seed, bytes.data(), sizeof seed);
    write_all(STDERR_FILENO, &kRunBegins, 1);
    if (!write_frame(answers.write, job(seed))) break;
  }
  ::_exit(0);
}

void drain(int fd, std::string& into) {
  std::array<char, 65'536> chunk{};
  while (true) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got > 0) {
      into.append(chunk.data(), static_cast<std::size_t>(got));
    } else if (got == 0 || errno != EINTR) {
      return;
    }
  }
}

}  // namespace

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::start(const Job& job) {
  Pipe seeds;
  Pipe answers;
  Pipe words;
  const auto refuse = [&](const char* what) {
    Error error{ErrorCode::kUnavailable, std::string(what) + ": " + std::strerror(errno)};
    for (const Pipe& pipe : {seeds, answers, words}) pipe.close();
    return error;
  };
  if (!seeds.open() || !answers.open() || !words.open()) return refuse("no pipe for a worker");
  std::fflush(nullptr);
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return refuse("no process for a worker");
  if (child == 0) serve(job, parent, seeds, answers, words);
  ::close(seeds.read);
  ::close(answers.write);
  ::close(words.write);
  ::fcntl(answers.read, F_SETFL, O_NONBLOCK);
  ::fcntl(words.read, F_SETFL, O_NONBLOCK);
  return std::unique_ptr<WorkerProcess>(
      new WorkerProcess(child, seeds.write, answers.read, words.read));
}

WorkerProcess::WorkerProcess(pid_t child, int seeds, int answers, int words)
    : child_(child), seeds_(seeds), answers_(answers), words_(words) {}

WorkerProcess::~WorkerProcess() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    while (::waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  for (const int fd : {seeds_, answers_, words_}) ::close(fd);
}

void WorkerProcess::give(std::uint64_t seed) {
  if (pending_.empty()) busy_since_ = Clock::now();
  pending_.push_back(seed);
  std::array<char, sizeof seed> bytes{};
  std::memcpy(bytes.data(), &seed, sizeof seed);
  // A pipe takes thousands of seeds; a child that is gone is met in receive().
  write_all(seeds_, bytes.data(), bytes.size());
}

void WorkerProcess::read_words() {
  drain(words_, last_words_);
  last_words_.erase(0, last_words_.rfind(kRunBegins) + 1);
  if (last_words_.size() > kWordsKept) last_words_.erase(0, last_words_.size() - kWordsKept);
}

bool WorkerProcess::receive(std::vector<Answer>& out) {
  read_words();
  std::array<char, 65'536> chunk{};
  bool alive = true;
  while (true) {
    const ssize_t got = ::read(answers_, chunk.data(), chunk.size());
    if (got > 0) {
      received_.append(chunk.data(), static_cast<std::size_t>(got));
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    alive = got < 0 && errno == EAGAIN;
    break;
  }
  std::uint32_t size = 0;
  while (received_.size() >= sizeof size) {
    std::memcpy(&size, received_.data(), sizeof size);
    if (size > kMaxAnswer || pending_.empty()) return false;
    if (received_.size() < sizeof size + size) break;
    out.push_back(Answer{pending_.front(), received_.substr(sizeof size, size)});
    received_.erase(0, sizeof size + size);
    pending_.pop_front();
    busy_since_ = Clock::now();
  }
  return alive;
}

std::string WorkerProcess::bury(bool hangs) {
  SYNCHRODB_ASSERT(child_ > 0, "a worker is buried once");
  ::close(std::exchange(seeds_, -1));
  if (hangs) ::kill(child_, SIGKILL);
  int status = 0;
  // A child that closed its pipe is dying by itself, unless it only babbled.
  for (int waited_ms = 0; ::waitpid(child_, &status, WNOHANG) == 0; ++waited_ms) {
    if (waited_ms == kGraceMs) ::kill(child_, SIGKILL);
    ::usleep(1'000);
  }
  child_ = -1;
  read_words();
  std::string how = "ended";
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    how = "killed by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
  } else if (WIFEXITED(status)) {
    how = "exited with status " + std::to_string(WEXITSTATUS(status));
  }
  while (last_words_.ends_with('\n')) last_words_.pop_back();
  if (last_words_.empty()) return how;
  const std::size_t line_break = last_words_.rfind('\n');
  if (line_break == std::string::npos) return how + ": " + last_words_;
  return how + ": " + last_words_.substr(line_break + 1) + "\n" + last_words_;
}

}  // namespace synchrodb::sim
