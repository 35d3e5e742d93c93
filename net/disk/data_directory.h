// What makes a data folder belong to one node of one cluster: the file `node-identity`.
//
// It is text, for people with an editor, and checked, against people with an editor:
//
//   synchrodb-node-identity 1
//   cluster 3f6c0a58c2f14be1a2d4b0f7e0c1d299
//   node 2
//   storage-format 1
//   created-by synchrodb 0.1.0
//   crc32c 5b1f09aa                       of all lines above
//
// The functions below are called from fibers, before the storage is opened. `folder` is only for
// messages.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "consensus/types.h"
#include "engine/env/disk.h"

namespace synchrodb::net {

inline constexpr std::string_view kIdentityName = "node-identity";

// Made at random once, when the cluster is.
struct ClusterId {
  std::array<std::uint8_t, 16> bytes = {};

  auto operator<=>(const ClusterId&) const = default;
  std::string hex() const;                                         // 32 digits
  static std::optional<ClusterId> from_hex(std::string_view hex);  // exactly those
};

struct NodeIdentity {
  ClusterId cluster;
  NodeId node;                       // not 0
  std::uint32_t storage_format = 0;  // of the files beside it: storage::kFormatVersion
  std::string created_by;  // software and version, for people: printable, at most 100 bytes

  bool operator==(const NodeIdentity&) const = default;
};

// What a server was told to be. `cluster` nothing: whatever the folder says.
struct ExpectedIdentity {
  NodeId node;
  std::optional<ClusterId> cluster;
};

// kNotFound: the folder belongs to nobody yet (it may hold other files: see create_identity).
// kCorrupt: the file is damaged. kUnsupported: a later version wrote it or the files beside it.
// Anything else: it cannot be read.
Result<NodeIdentity> read_identity(Disk& disk, std::string_view folder);

// Makes the folder that of `identity`, durably when it returns ok. kInvalid when it has an identity
// already, even a damaged one, or holds files that somebody's node may need: a folder is made a
// node's once.
Result<> create_identity(Disk& disk, std::string_view folder, const NodeIdentity& identity);

// kInvalid, with advice, if the folder is another's.
Result<> check_identity(const NodeIdentity& found, const ExpectedIdentity& expected,
                        std::string_view folder);

}  // namespace synchrodb::net
