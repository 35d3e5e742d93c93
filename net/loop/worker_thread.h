// A thread beside the loop, for calls that block.
#pragma once

#include <kj/async.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace synchrodb::net {

// Work runs in the order in which it was given: fdatasync and the like.
class WorkerThread {
 public:
  explicit WorkerThread(const std::string& name);  // as `top -H` shows it, at most 15 bytes
  ~WorkerThread();                                 // finishes the work that it has
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

 private:
  friend class Loop;

  struct Job {
    std::function<void()> work;
    kj::Own<kj::CrossThreadPromiseFulfiller<void>> done;
  };

  void give(Job job);
  void run();

  std::mutex mutex_;
  std::condition_variable news_;
  std::deque<Job> jobs_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace synchrodb::net
