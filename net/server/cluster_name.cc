#include "net/server/cluster_name.h"

#include <sys/random.h>

#include <algorithm>
#include <string>
#include <vector>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace synchrodb::net {
namespace {

// Empty for a node that is alone. In the order of the ids: every founder may list them in its own.
std::string canonical(const ServerOptions& options) {
  std::vector<FoundingMember> founders = founding_members(options);
  if (founders.size() < 2) return "";
  std::sort(founders.begin(), founders.end(),
            [](const FoundingMember& a, const FoundingMember& b) { return a.id < b.id; });
  std::string text;
  for (const FoundingMember& founder : founders) {
    text += std::to_string(founder.id.value) + "=" + to_string(founder.rpc) + ",";
  }
  return text;
}

ClusterId hash_of(const std::string& text) {
  XXH128_canonical_t bytes;
  XXH128_canonicalFromHash(&bytes, XXH3_128bits(text.data(), text.size()));
  ClusterId id;
  std::copy(std::begin(bytes.digest), std::end(bytes.digest), id.bytes.begin());
  return id;
}

}  // namespace

std::optional<ClusterId> cluster_of_founders(const ServerOptions& options) {
  const std::string founders = canonical(options);
  if (founders.empty()) return std::nullopt;
  return hash_of(founders);
}

std::optional<ClusterId> restored_cluster(const ServerOptions& options,
                                          const BackupHeader& backup) {
  const std::string founders = canonical(options);
  if (founders.empty()) return std::nullopt;
  std::string text = founders + " from the backup of ";
  text.append(backup.cluster.begin(), backup.cluster.end());
  text += " at " + std::to_string(backup.index) + ", " + std::to_string(backup.bytes) +
          " bytes that hash to " + std::to_string(backup.checksum);
  return hash_of(text);
}

Result<ClusterId> random_cluster() {
  ClusterId id;
  if (getrandom(id.bytes.data(), id.bytes.size(), 0) != static_cast<ssize_t>(id.bytes.size())) {
    return Error{ErrorCode::kIo, "no random numbers from the system"};
  }
  return id;
}

}  // namespace synchrodb::net
