#include "bindings/python/net/loop_thread.h"

#include <future>
#include <thread>

namespace synchrodb::python {

LoopThread& LoopThread::instance() {
  static std::mutex mutex;
  static LoopThread* current = nullptr;
  const std::lock_guard lock(mutex);
  if (current == nullptr || !current->here()) current = new LoopThread();
  return *current;
}

LoopThread::LoopThread() : pid_(::getpid()) {
  std::promise<void> ready;
  std::thread([this, &ready] {
    kj::AsyncIoContext io = kj::setupAsyncIo();
    io_ = &io;
    executor_ = kj::getCurrentThreadExecutor().addRef();
    ready.set_value();
    kj::NEVER_DONE.wait(io.waitScope);
  }).detach();
  ready.get_future().wait();
}

}  // namespace synchrodb::python
