// A snapshot of the state machine travels with its own checksum, end to end: from the serializer
// through the sender's disk, the wire and the receiver's disk to the restore.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "consensus/hash.h"

namespace synchrodb {

// The seal's bytes follow the state's.
inline constexpr std::size_t kSealBytes = 8;

// The checksum of bytes that come in pieces, however they are cut.
class SnapshotSeal {
 public:
  void add(std::string_view bytes) {
    length_ += bytes.size();
    if (!chunk_.empty()) {
      const std::string_view part = bytes.substr(0, kChunk - chunk_.size());
      chunk_.append(part);
      bytes.remove_prefix(part.size());
      if (chunk_.size() == kChunk) {
        mix(chunk_);
        chunk_.clear();
      }
    }
    for (; bytes.size() >= kChunk; bytes.remove_prefix(kChunk)) mix(bytes.substr(0, kChunk));
    chunk_.append(bytes);
  }

  std::string bytes() const {
    std::uint64_t hash = hash_mix(hash_mix(hash_, stable_hash(chunk_)), length_);
    std::string seal;
    for (std::size_t i = 0; i < kSealBytes; ++i, hash >>= 8) {
      seal.push_back(static_cast<char>(hash & 0xff));
    }
    return seal;
  }

 private:
  static constexpr std::size_t kChunk = 4096;

  void mix(std::string_view chunk) { hash_ = hash_mix(hash_, stable_hash(chunk)); }

  std::string chunk_;  // less than a whole one
  std::uint64_t hash_ = 0;
  std::uint64_t length_ = 0;
};

}  // namespace synchrodb
