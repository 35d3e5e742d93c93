// Whatever may be in a node's files (support/storage_files.h), with right checksums where the input
// says zero.
#include "tests/fuzz/support/recovery.h"
#include "tests/fuzz/support/storage_files.h"
#include "tests/fuzz/support/target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace synchrodb::fuzz;
  check_recovery(disk_of(as_bytes(data, size)));
  return 0;
}
