// Snapshots of the key-value state machine, as a leader sends them.
#include <string>

#include "engine/kv/state_machine.h"
#include "tests/fuzz/support/target.h"

namespace synchrodb::fuzz {
namespace {

void run(std::string_view bytes) {
  StateMachine machine;
  const std::uint64_t before = machine.digest();
  const Result<> restored = machine.restore(bytes);
  if (!restored) {
    SYNCHRODB_ASSERT(machine.digest() == before, "a failed restore changed something");
    return;
  }
  std::string saved, again;
  machine.serialize(saved);
  StateMachine other;
  SYNCHRODB_ASSERT(other.restore(saved).ok(), "what was restored cannot be saved");
  SYNCHRODB_ASSERT(other.digest() == machine.digest(), "what was restored is saved as another");
  other.serialize(again);
  SYNCHRODB_ASSERT(again == saved, "what was restored is saved in two ways");
}

}  // namespace
}  // namespace synchrodb::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  synchrodb::fuzz::run(synchrodb::fuzz::as_bytes(data, size));
  return 0;
}
