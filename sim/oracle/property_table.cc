#include "sim/oracle/property_table.h"

#include <algorithm>
#include <array>

namespace synchrodb::sim {
namespace {

// The first five: Raft paper, figure 3.
constexpr std::array kProperties{
    PropertySpec{"election-safety", "at most one leader a term"},
    PropertySpec{"leader-append-only", "a leader never truncates its own log"},
    PropertySpec{"log-matching", "an index and a term name one entry, and one entry before it"},
    PropertySpec{"leader-completeness", "a new leader's log holds every committed entry"},
    PropertySpec{"state-machine-safety",
                 "all nodes apply the same entry at an index, and in order"},
    PropertySpec{"state-divergence", "equal state at equal index, also after a snapshot"},
    PropertySpec{"committed-not-durable", "a committed entry is on the disks of a quorum"},
    PropertySpec{"lease-disjointness",
                 "no lease read while a higher term has committed, in true time"},
    PropertySpec{"commit-not-final",
                 "no running node that lacks a committed entry could win an election with the logs "
                 "that are on disks at that moment"},
    PropertySpec{"promise-broken",
                 "a term or vote that left the node is found on its disk after a crash"},
    PropertySpec{"recovered-garbage", "what recovery finds was once written there"},
    PropertySpec{"stale-read", "a read sees all that was committed when it was invoked"},
    PropertySpec{"acknowledged-write-lost",
                 "an acknowledged write is, and stays, in the committed log"},
    PropertySpec{"term-regression", "no node's term goes back while its process lives"},
    PropertySpec{"commit-regression", "no node's commit goes back while its process lives"}};

}  // namespace

std::span<const PropertySpec> property_table() {
  return kProperties;
}

const PropertySpec* find_property(std::string_view name) {
  const auto* found =
      std::find_if(kProperties.begin(), kProperties.end(),
                   [name](const PropertySpec& property) { return property.name == name; });
  return found == kProperties.end() ? nullptr : found;
}

}  // namespace synchrodb::sim
