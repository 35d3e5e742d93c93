#include "tests/net/support/disk_support.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

namespace synchrodb::net::testing {

namespace {

std::mutex hooks_mutex;
SystemCallHook fdatasync_hook;
SystemCallHook fallocate_hook;

int ask(SystemCallHook& which, int fd) {
  SystemCallHook hook;
  {
    const std::lock_guard lock(hooks_mutex);
    hook = which;
  }
  if (!hook) return 0;
  std::error_code ignored;
  const auto link = std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored);
  return hook(link.filename().string());
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string pattern = ::testing::TempDir() + "synchrodb-disk-XXXXXX";
  path_ = ::mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
  std::filesystem::remove_all(path_);
}

void on_loop(const std::function<void(Loop&)>& body) {
  Loop loop;
  loop.run([&] {
    body(loop);
    loop.stop();
  });
}

int in_child(const std::function<void()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    body();
    ::_exit(::testing::Test::HasFailure() ? 99 : 0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

std::string raw_contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return "(absent)";
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

std::string contents(Disk& disk, std::string_view name) {
  auto file = disk.open(name, Disk::Mode::kMustExist);
  if (!file) return "(" + file.error().message + ")";
  auto bytes = file.value()->read(0, file.value()->size());
  return bytes ? bytes.value() : "(" + bytes.error().message + ")";
}

void put(Disk& disk, std::string_view name, std::string_view bytes) {
  auto file = disk.open(name, Disk::Mode::kCreate);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(file.value()->write(0, bytes));
  ASSERT_TRUE(file.value()->sync());
}

Interposed::Interposed(SystemCallHook on_fdatasync, SystemCallHook on_fallocate) {
  const std::lock_guard lock(hooks_mutex);
  fdatasync_hook = std::move(on_fdatasync);
  fallocate_hook = std::move(on_fallocate);
}

Interposed::~Interposed() {
  const std::lock_guard lock(hooks_mutex);
  fdatasync_hook = nullptr;
  fallocate_hook = nullptr;
}

}  // namespace synchrodb::net::testing

// These take the place of the C library's in the whole test binary.
extern "C" int fdatasync(int fd) {
  using namespace synchrodb::net::testing;
  if (const int error = ask(fdatasync_hook, fd)) {
    errno = error;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

extern "C" int fallocate(int fd, int mode, off_t offset, off_t length) {
  using namespace synchrodb::net::testing;
  if (const int error = ask(fallocate_hook, fd)) {
    errno = error;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fallocate, fd, mode, offset, length));
}
