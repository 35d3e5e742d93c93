// A snapshot file beside a sound hard state and log. A checksum of zero stands for the right one.
#include <string>

#include "tests/fuzz/support/recovery.h"
#include "tests/fuzz/support/storage_files.h"
#include "tests/fuzz/support/target.h"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace synchrodb::fuzz;
  static const synchrodb::testing::MemoryDisk kNode = small_node();
  constexpr const char* kName = "snapshot-0000000000000001-0000000000000004";
  std::string file(as_bytes(data, size));
  fill_in_checksums(kName, file);
  synchrodb::testing::MemoryDisk disk = kNode;
  disk.set_contents(kName, std::move(file));
  check_recovery(std::move(disk));
  return 0;
}
