// Places, fibers and failing system calls for the tests of real disks.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/env/disk.h"
#include "net/loop/loop.h"

namespace synchrodb::net::testing {

// A folder of the test's own, gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path(const std::string& name = "data") const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Runs `body` as the first fiber of a loop of its own.
void on_loop(const std::function<void(Loop&)>& body);

// Runs `body` in a child process, whose exit status (or -signal) is returned.
int in_child(const std::function<void()>& body);

// The whole file as the kernel has it, past all disks of ours; "(absent)" without one.
std::string raw_contents(const std::string& path);
std::string contents(Disk& disk, std::string_view name);
void put(Disk& disk, std::string_view name, std::string_view bytes);  // synced, but not its name

// Called before each fdatasync and fallocate of the process, with the name of the file that is
// meant, on the thread that makes the call. Not 0: the call fails with that errno.
using SystemCallHook = std::function<int(const std::string& file)>;
class Interposed {
 public:
  Interposed(SystemCallHook on_fdatasync, SystemCallHook on_fallocate);
  ~Interposed();
};

}  // namespace synchrodb::net::testing
