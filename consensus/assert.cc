#include "consensus/assert.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace synchrodb {
namespace {

void print_and_abort(const char* condition, const char* meaning, const char* file, int line) {
  std::fprintf(stderr, "%s:%d: assertion failed: %s (%s)\n", file, line, meaning, condition);
  std::abort();
}

thread_local AssertionHandler current_handler = print_and_abort;

}  // namespace

AssertionHandler set_assertion_handler(AssertionHandler handler) {
  return std::exchange(current_handler, handler);
}

void assertion_failed(const char* condition, const char* meaning, const char* file, int line) {
  current_handler(condition, meaning, file, line);
  std::abort();
}

}  // namespace synchrodb
