// A node's files, written down so that a fuzzer's mutations get past the checksums.
//
//   input = unit*
//   unit  = file:1 size:2 bytes      little-endian; appended to that file of kFileNames
//
// The low bits of `file` choose the file. Unless the highest is set, the unit is one sector: its
// first 512 bytes, filled up with zeros. A checksum of zero stands for the right one, wherever the
// format has one: in sectors, in records, in snapshots.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tests/engine/support/memory_disk.h"

namespace synchrodb::fuzz {

inline constexpr const char* kFileNames[] = {
    "hard-state-a",
    "hard-state-b",
    "wal-0000000000000001",
    "wal-0000000000000002",
    "wal-0000000000000003",
    "wal-0000000000000004",
    "wal-new",
    "snapshot-0000000000000001-0000000000000004",
    "snapshot-0000000000000001-0000000000000009",
    "snapshot-0000000000000002-0000000000000004",
    "saving-0000000000000001",
    "staging-0000000000000001",
};
inline constexpr std::uint8_t kRawUnit = 0x80;

testing::MemoryDisk disk_of(std::string_view input);

// The right checksums where `file`, of this name, has zeros.
void fill_in_checksums(std::string_view name, std::string& file);

// The other way, for making seeds: checksums become zero. Files of other names are left out.
std::string input_of(const testing::MemoryDisk& disk);
void take_out_checksums(std::string_view name, std::string& file);

}  // namespace synchrodb::fuzz
