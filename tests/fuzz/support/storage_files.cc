#include "tests/fuzz/support/storage_files.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "engine/storage/format.h"

namespace synchrodb::fuzz {
namespace {

using storage::get;
using storage::kRecordHeader;
using storage::kSector;
using storage::kSectorPayload;
using storage::put;

enum class Checksums { kFillIn, kTakeOut };

// Of one checksum at `at`, over what it covers.
void treat(char* at, std::uint32_t right, Checksums what) {
  if (what == Checksums::kFillIn && get<std::uint32_t>(at) == 0) put(at, right);
  if (what == Checksums::kTakeOut && get<std::uint32_t>(at) == right) put(at, std::uint32_t{0});
}

bool is_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

void treat_sectors(std::string& file, Checksums what) {
  for (std::size_t at = 0; at + kSector <= file.size(); at += kSector) {
    if (is_zero(std::string_view(file).substr(at, kSector))) continue;
    treat(&file[at], crc32c(0, &file[at + 4], kSector - 4), what);
  }
}

// The records of a batch, whose sectors stand at `sectors`.
void treat_records(std::string& file, const std::vector<std::size_t>& sectors, Checksums what) {
  std::string payload;
  for (const std::size_t at : sectors) {
    payload.append(file, at + kSector - kSectorPayload, kSectorPayload);
  }
  std::size_t at = 0;
  while (at + kRecordHeader <= payload.size()) {
    const std::uint64_t size = kRecordHeader + std::uint64_t{get<std::uint32_t>(&payload[at + 4])};
    if (size > payload.size() - at) break;
    if (is_zero(std::string_view(payload).substr(at, size))) break;
    treat(&payload[at], crc32c(0, &payload[at + 4], size - 4), what);
    at += size;
  }
  for (std::size_t i = 0; i < sectors.size(); ++i) {
    std::copy_n(&payload[i * kSectorPayload], kSectorPayload,
                &file[sectors[i] + kSector - kSectorPayload]);
  }
}

// A batch is a run of sectors with rising positions.
void treat_batches(std::string& file, Checksums what) {
  std::vector<std::size_t> batch;
  for (std::size_t at = kSector; at + kSector <= file.size(); at += kSector) {
    const auto header = get<storage::SectorHeader>(&file[at]);
    if (header.position != batch.size()) {
      treat_records(file, batch, what);
      batch.clear();
    }
    if (header.position == batch.size()) batch.push_back(at);
  }
  treat_records(file, batch, what);
}

// Layout: engine/storage/format.h.
// The header covers the table's checksum, which covers those of the blocks.
void treat_snapshot(std::string& file, Checksums what) {
  if (file.size() < storage::kSnapshotFixed) return;
  char* p = file.data();
  const std::uint64_t header = get<std::uint32_t>(p + 12), state = get<std::uint64_t>(p + 48);
  const std::uint64_t block = get<std::uint32_t>(p + 56),
                      configuration = get<std::uint32_t>(p + 60);
  const std::uint64_t own = storage::kSnapshotFixed + configuration;
  if (block == 0 || own + 4 > header || header > file.size() || state > file.size() - header)
    return;
  const std::uint64_t blocks = (state + block - 1) / block;
  const std::uint64_t table = header + state;
  if (4 * blocks > file.size() - table) return;
  const std::string_view content = std::string_view(file).substr(header, state);
  const auto treat_blocks = [&] {
    for (std::uint64_t i = 0; i < blocks; ++i) {
      treat(p + table + 4 * i, crc32c(0, content.substr(i * block, block)), what);
    }
  };
  const auto treat_table = [&] { treat(p + 64, crc32c(0, p + table, 4 * blocks), what); };
  const auto treat_own = [&] { treat(p + own, crc32c(0, p, own), what); };
  if (what == Checksums::kTakeOut) {
    treat_own();
    treat_table();
    treat_blocks();
  } else {
    treat_blocks();
    treat_table();
    treat_own();
  }
}

void treat_checksums(std::string_view name, std::string& file, Checksums what) {
  const bool log = name.starts_with("wal-");
  if (!log && !name.starts_with("hard-state")) return treat_snapshot(file, what);
  // A sector's checksum covers those of its records.
  if (what == Checksums::kTakeOut) treat_sectors(file, what);
  if (log) treat_batches(file, what);
  if (what == Checksums::kFillIn) treat_sectors(file, what);
}

void put_unit(std::size_t file, std::string_view bytes, std::string& out) {
  out.push_back(static_cast<char>(file));
  out.push_back(static_cast<char>(bytes.size()));
  out.push_back(static_cast<char>(bytes.size() >> 8));
  out.append(bytes);
}

}  // namespace

void fill_in_checksums(std::string_view name, std::string& file) {
  treat_checksums(name, file, Checksums::kFillIn);
}

void take_out_checksums(std::string_view name, std::string& file) {
  treat_checksums(name, file, Checksums::kTakeOut);
}

testing::MemoryDisk disk_of(std::string_view input) {
  std::string files[std::size(kFileNames)];
  bool present[std::size(kFileNames)] = {};
  while (input.size() >= 3) {
    const auto choice = static_cast<std::uint8_t>(input[0]);
    const std::size_t size = get<std::uint16_t>(&input[1]);
    const std::string_view bytes = input.substr(3, size);
    input.remove_prefix(3 + bytes.size());
    const std::size_t which = (choice & 0x7fu) % std::size(kFileNames);
    present[which] = true;
    std::string& file = files[which];
    if ((choice & kRawUnit) != 0) {
      file.append(bytes);
    } else {
      file.append(bytes.substr(0, kSector));
      file.resize((file.size() + kSector - 1) / kSector * kSector, '\0');
    }
  }
  testing::MemoryDisk disk;
  for (std::size_t i = 0; i < std::size(kFileNames); ++i) {
    if (!present[i]) continue;
    fill_in_checksums(kFileNames[i], files[i]);
    disk.set_contents(kFileNames[i], std::move(files[i]));
  }
  return disk;
}

std::string input_of(const testing::MemoryDisk& disk) {
  std::string input;
  const std::vector<std::string> names = disk.names();
  for (std::size_t i = 0; i < std::size(kFileNames); ++i) {
    const std::string_view name = kFileNames[i];
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    std::string file = disk.contents(kFileNames[i]);
    take_out_checksums(name, file);
    std::string_view rest = file;
    while (!rest.empty()) {
      const std::string_view unit = rest.substr(0, kSector);
      const std::size_t used = unit.find_last_not_of('\0') + 1;
      const bool sector = unit.size() == kSector;
      put_unit(sector ? i : i | kRawUnit, sector ? unit.substr(0, used) : unit, input);
      rest.remove_prefix(unit.size());
    }
  }
  return input;
}

}  // namespace synchrodb::fuzz
