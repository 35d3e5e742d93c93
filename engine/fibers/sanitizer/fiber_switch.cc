// Tells AddressSanitizer about Boost.Context's stack switches.
//
// Debian's Boost is built without sanitizer support: ASan would take a fiber's stack for a
// corrupted one as soon as an exception is thrown on it. This file stands between Boost and its
// three assembly entry points (linked with --wrap, see CMakeLists.txt) and announces each switch
// through the public interface of <sanitizer/common_interface_defs.h>.
//
// Compiled without instrumentation, because it runs in the middle of a switch. A fiber must stay on
// the thread that made it, as all of ours do.
#include <pthread.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <utility>

// The linker and the sanitizer's runtime have chosen these names.
// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming)
extern "C" {
// Boost.Context's own types and entry points (boost/context/detail/fcontext.hpp).
struct Transfer {
  void* context;
  void* data;
};
using EntryFunction = void (*)(Transfer);
using OntopFunction = Transfer (*)(Transfer);

void* __real_make_fcontext(void* top, std::size_t size, EntryFunction entry);
Transfer __real_jump_fcontext(void* to, void* data);
Transfer __real_ontop_fcontext(void* to, void* data, OntopFunction function);

// The sanitizer's runtime, declared here since its header insists on being instrumented.
void __sanitizer_start_switch_fiber(void** fake_stack_save, const void* bottom, std::size_t size);
void __sanitizer_finish_switch_fiber(void* fake_stack_save, const void** bottom_old,
                                     std::size_t* size_old);
void __asan_unpoison_memory_region(const volatile void* address, std::size_t size);
void __lsan_ignore_object(const void* object);
}
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)

namespace {

struct Stack {
  std::uintptr_t low = 0;
  std::uintptr_t high = 0;
  void* fake_stack = nullptr;  // ASan's stack of use-after-return frames, while switched away
  EntryFunction entry = nullptr;
  bool switch_finished = false;  // the switch to this stack was announced as complete already
};

// The stacks of one thread, and which one runs.
class Stacks {
 public:
  Stacks() {
    pthread_attr_t attributes;
    void* address = nullptr;
    std::size_t size = 0;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &address, &size);
    pthread_attr_destroy(&attributes);
    thread_stack_.low = reinterpret_cast<std::uintptr_t>(address);
    thread_stack_.high = thread_stack_.low + size;
  }

  Stack& current() { return *current_; }

  // A new stack at [top - size, top), forgetting those whose memory it reuses.
  void add(void* top, std::size_t size, EntryFunction entry) {
    const auto high = reinterpret_cast<std::uintptr_t>(top);
    const auto low = high - size;
    for (auto it = by_high_.upper_bound(low); it != by_high_.end() && it->second.low < high;) {
      it = by_high_.erase(it);
    }
    Stack& stack = by_high_[high];
    stack.low = low;
    stack.high = high;
    stack.entry = entry;
    // A finished fiber leaves the red zones of its last frames behind.
    __asan_unpoison_memory_region(reinterpret_cast<void*>(low), size);
  }

  // Announces the switch to the stack that holds `context`; returns the one that is left.
  Stack& leave_for(void* context) {
    Stack& left = *current_;
    Stack& target = find(context);
    current_ = &target;
    __sanitizer_start_switch_fiber(&left.fake_stack, reinterpret_cast<void*>(target.low),
                                   target.high - target.low);
    return left;
  }

 private:
  Stack& find(void* context) {
    const auto at = reinterpret_cast<std::uintptr_t>(context);
    if (at >= thread_stack_.low && at < thread_stack_.high) return thread_stack_;
    const auto it = by_high_.upper_bound(at);
    if (it == by_high_.end() || at < it->second.low) {
      std::fputs("fiber_switch: resuming a fiber that this thread did not make\n", stderr);
      std::abort();
    }
    return it->second;
  }

  std::map<std::uintptr_t, Stack> by_high_;  // by end address; nodes of a std::map never move
  Stack thread_stack_;
  Stack* current_ = &thread_stack_;
};

// Leaked on purpose: Boost still switches fibers while the thread's own destructors run.
thread_local Stacks* thread_stacks = nullptr;

Stacks& stacks() {
  if (thread_stacks == nullptr) {
    thread_stacks = new Stacks;
    __lsan_ignore_object(thread_stacks);
  }
  return *thread_stacks;
}

// The other half of leave_for, on the stack that was switched to.
void arrive(Stack& stack) {
  if (std::exchange(stack.switch_finished, false)) return;
  __sanitizer_finish_switch_fiber(std::exchange(stack.fake_stack, nullptr), nullptr, nullptr);
}

// First frame of every fiber.
void enter(Transfer transfer) {
  Stack& stack = stacks().current();
  arrive(stack);
  stack.entry(transfer);
  std::abort();  // a context's entry function never returns
}

struct OntopCall {
  void* data;
  OntopFunction function;
};

// Runs on top of the resumed stack, before the jump that it interrupted returns there.
Transfer run_ontop(Transfer transfer) {
  const OntopCall call = *static_cast<OntopCall*>(transfer.data);
  Stack& stack = stacks().current();
  arrive(stack);
  stack.switch_finished = true;
  return call.function(Transfer{transfer.context, call.data});
}

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier, readability-identifier-naming): see above
extern "C" {

void* __wrap_make_fcontext(void* top, std::size_t size, EntryFunction entry) {
  stacks().add(top, size, entry);
  return __real_make_fcontext(top, size, enter);
}

Transfer __wrap_jump_fcontext(void* to, void* data) {
  Stack& left = stacks().leave_for(to);
  const Transfer transfer = __real_jump_fcontext(to, data);
  arrive(left);
  return transfer;
}

Transfer __wrap_ontop_fcontext(void* to, void* data, OntopFunction function) {
  OntopCall call{data, function};
  Stack& left = stacks().leave_for(to);
  const Transfer transfer = __real_ontop_fcontext(to, &call, run_ontop);
  arrive(left);
  return transfer;
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier, readability-identifier-naming)
