// What makes a data folder belong to one node of one cluster: the file `node-identity`.
//
// It is text, for people with an editor, and checked, against people with an editor:
//
//   synchrodb-node-identity 1
//   cluster 3f6c0a58c2f14be1a2d4b0f7e0c1d299
//   node 2
//   storage-format 1
//   created-by synchrodb 0.1.0
//   named 8d61c3ec29bf27a6ad0e23c1c0c5a7f5    only if the cluster's id is not that of its founders
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
  // The id that --initial-cluster stands for, where the cluster has another: it was restored from a
  // backup, or recovered by a node that was left alone, and must not be mistaken for the old one.
  std::optional<ClusterId> named = {};

  bool operator==(const NodeIdentity&) const = default;
};

// What a server was told to be. `cluster` nothing: whatever the folder says; else what
// --initial-cluster stands for.
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

// The same in steps, for whoever fills the folder before it becomes a node's: a folder with files
// and without an identity is nobody's, and refused by all. kInvalid as above.
Result<> check_unused(Disk& disk, std::string_view folder);
// The same of what is no file of a Disk's: of the folders that /usr has, say. Before
// DirectoryDisk::open leaves its lock there; ok where there is no folder, or none that can be
// looked at: opening it says why. Blocks, and needs no fiber.
Result<> check_not_of_others(const std::string& folder);
// Writes the identity, or puts it in the place of the one that is there; at once, and durable when
// it returns ok.
Result<> write_identity(Disk& disk, const NodeIdentity& identity);

// kInvalid, with advice, if the folder is another's.
Result<> check_identity(const NodeIdentity& found, const ExpectedIdentity& expected,
                        std::string_view folder);

}  // namespace synchrodb::net
