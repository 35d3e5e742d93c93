#include "net/offline/recovery.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "net/clock/real_clock.h"
#include "net/offline/folder_work.h"
#include "net/server/bootstrap.h"
#include "net/server/cluster_name.h"
#include "net/server/server_parts.h"

namespace synchrodb::net {
namespace {

bool whole(const DurableState& state) {
  return !state.fault && !state.hard_state.recovery_term;
}

Result<> check_need(const Survivor& survivor, NodeId self) {
  if (survivor.members.voters.empty()) {
    return Error{ErrorCode::kInvalid,
                 "this node holds no data of a cluster: there is nothing to "
                 "go on with (an empty node may join one)"};
  }
  Configuration alone;
  alone.voters = {self};
  if (survivor.members.voters == alone.voters && !survivor.members.joint() &&
      whole(survivor.state)) {
    return Error{ErrorCode::kInvalid,
                 "this node is its cluster's only voter already: just start it"};
  }
  return {};
}

// The others are gone; where they were, new nodes may come to be.
Result<> forget_the_others(Disk& disk, NodeId self) {
  Result<AddressBook> book = load_addresses(disk);
  if (!book) return book.error();
  AddressBook own;
  if (const NodeAddress* address = book.value().find(self)) own.learn(*address);
  return save_addresses(disk, own);
}

Result<> take_over(Disk& disk, const ServerOptions& options,
                   const std::function<void(const Survivor&)>& before, Recovered& recovered) {
  const NodeId self = node_id(options);
  Result<NodeIdentity> identity = read_identity(disk, options.node.dir);
  if (!identity) return identity.error();
  if (Result<> ours = check_identity(identity.value(), {self, {}}, options.node.dir); !ours) {
    return ours;
  }
  OfflineStorage offline(disk, options);
  Result<DurableState> state = offline.recover();
  if (!state) return state.error();
  Survivor survivor{identity.value(), std::move(state).value(), {}};
  survivor.members = latest_configuration(survivor.state);
  if (Result<> needed = check_need(survivor, self); !needed) return needed;
  before(survivor);

  NodeIdentity renamed = survivor.identity;
  renamed.named = renamed.named.value_or(renamed.cluster);
  renamed.cluster = recovered.cluster;
  if (Result<> written = write_identity(disk, renamed); !written) return written;
  if (Result<> forgotten = forget_the_others(disk, self); !forgotten) return forgotten;
  Result<TakenOver> entry =
      make_sole_voter(offline.storage(), kOnlyGroup, survivor.state, self, RealClock().wall_now());
  if (!entry) return entry.error();
  recovered.entry = entry.value();
  return {};
}

}  // namespace

Result<Recovered> recover_alone(const ServerOptions& options,
                                const std::function<void(const Survivor&)>& before) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(options.node.dir, ignored)) {
    return Error{ErrorCode::kNotFound, "there is no folder " + options.node.dir};
  }
  Result<ClusterId> cluster = random_cluster();
  if (!cluster) return cluster.error();
  Recovered recovered{cluster.value(), {}};
  Result<> done = work_on_folder(
      options, [&](Disk& disk) { return take_over(disk, options, before, recovered); });
  if (!done) return done.error();
  return recovered;
}

}  // namespace synchrodb::net
