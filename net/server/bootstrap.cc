#include "net/server/bootstrap.h"

#include <capnp/rpc-twoparty.h>
#include <kj/debug.h>

#include <ctime>
#include <optional>
#include <utility>

#include "engine/env/sync.h"
#include "engine/storage/format.h"
#include "net/disk/data_directory.h"
#include "net/disk/folder_id.h"
#include "net/disk/replace_file.h"
#include "net/log/log.h"
#include "net/loop/refusal.h"
#include "net/peer/coalescing_stream.h"
#include "net/server/cluster_name.h"

namespace synchrodb::net {
namespace {

constexpr const char* kAddressesName = "addresses";
constexpr std::size_t kMostAddressBytes = std::size_t{1} << 20;
constexpr Duration kProbeAgain = seconds(1);
constexpr Duration kProbeSeldom = seconds(30);
constexpr Duration kProbePatience = seconds(5);

std::uint64_t milliseconds_since_epoch() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000 +
         static_cast<std::uint64_t>(now.tv_nsec) / 1'000'000;
}

std::string bytes_of(const ClusterId& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

Result<ClusterId> founded_cluster(const ServerOptions& options) {
  const std::optional<ClusterId> named = cluster_of_founders(options);
  return named ? *named : random_cluster();
}

NodeAddress own_address(const ServerOptions& options) {
  return {node_id(options), to_string(advertised_rpc(options)), to_string(advertised_resp(options)),
          milliseconds_since_epoch(), advertised_tls_port(options)};
}

// Asks one node of the cluster who it is and whom it knows.
class Probe {
 public:
  Probe(Loop& loop, const PeerDialer& dialer, Membership& membership)
      : loop_(loop), dialer_(dialer), membership_(membership) {}

  // Empty: done. Otherwise why not.
  std::string ask(const HostPort& address) {
    try {
      return talk(address);
    } catch (const kj::Exception& exception) {
      return words_of(exception);
    }
  }

 private:
  std::string talk(const HostPort& address) {
    CoalescingStream stream(dialer_.dial(to_string(address), kProbePatience));
    capnp::TwoPartyVatNetwork rpc_network(stream, capnp::rpc::twoparty::Side::CLIENT);
    auto system = capnp::makeRpcClient(rpc_network);
    capnp::MallocMessageBuilder message;
    auto vat = message.initRoot<capnp::rpc::twoparty::VatId>();
    vat.setSide(capnp::rpc::twoparty::Side::SERVER);
    auto request = system.bootstrap(vat).castAs<wire::Node>().peerRequest();
    write_hello(request.initHello(), membership_.identity, NodeId{}, membership_.book);
    const auto patience = kProbePatience.ns * kj::NANOSECONDS;
    auto response =
        loop_.await(loop_.timer().timeoutAfter(patience, request.send().dropPipeline()));
    return take(response.getHello());
  }

  std::string take(wire::Hello::Reader hello) {
    const Result<> checked = check_hello(hello, membership_.identity, NodeId{}, membership_.book);
    if (!checked) return checked.error().message;
    if (hello.getCluster().size() != 16) return "it does not know its cluster's id yet";
    membership_.identity.cluster.assign(reinterpret_cast<const char*>(hello.getCluster().begin()),
                                        16);
    for (const NodeAddress& address : addresses_of(hello)) membership_.book.learn(address);
    membership_.book.learn_folder(NodeId{hello.getNode()}, folder_of(hello));
    return "";
  }

  Loop& loop_;
  const PeerDialer& dialer_;
  Membership& membership_;
};

void find_cluster(Loop& loop, const PeerDialer& dialer, const ServerOptions& options,
                  Membership& membership) {
  Probe probe(loop, dialer, membership);
  while (true) {
    for (const HostPort& address : options.cluster.join) {
      const std::string why = probe.ask(address);
      if (why.empty()) return;
      log_event(LogLevel::kWarning, "bootstrap", "cannot join yet",
                {{"address", to_string(address)}, {"why", why}});
    }
    sleep_until(loop, monotonic_now() + kProbeAgain);
  }
}

Result<> found_or_join(Loop& loop, const PeerDialer& dialer, Disk& disk,
                       const ServerOptions& options, const std::string& folder,
                       Membership& membership) {
  if (Result<> unused = check_unused(disk, folder); !unused) return unused;
  if (!options.cluster.join.empty()) {
    find_cluster(loop, dialer, options, membership);
    return {};
  }
  Result<ClusterId> founded = founded_cluster(options);
  if (!founded) return founded.error();
  membership.identity.cluster = bytes_of(founded.value());
  return {};
}

Result<> take_folder(Disk& disk, const NodeIdentity& found, const ServerOptions& options,
                     const std::string& folder, Membership& membership) {
  ExpectedIdentity expected;
  expected.node = node_id(options);
  expected.cluster = cluster_of_founders(options);
  if (Result<> ours = check_identity(found, expected, folder); !ours) return ours;
  Result<std::string> id = read_folder_id(disk, folder);
  if (!id) return id.error();
  membership.identity.folder = std::move(id).value();
  membership.identity.cluster = bytes_of(found.cluster);
  membership.settled = true;
  return {};
}

}  // namespace

Result<Membership> find_membership(Loop& loop, const PeerDialer& dialer, Disk& disk,
                                   const ServerOptions& options, const std::string& folder) {
  Membership membership;
  membership.identity.node = node_id(options);
  membership.identity.secret = options.security.cluster_secret;
  membership.identity.software = kSoftware;
  membership.founders = founding_configuration(options);
  Result<AddressBook> book = load_addresses(disk);
  if (!book) return book.error();
  membership.book = std::move(book).value();
  for (const FoundingMember& founder : founding_members(options)) {
    membership.book.learn({founder.id, to_string(founder.rpc), "", 0});
  }
  membership.book.learn(own_address(options));

  Result<NodeIdentity> found = read_identity(disk, folder);
  if (!found && found.error().code != ErrorCode::kNotFound) return found.error();
  Result<> member = found ? take_folder(disk, found.value(), options, folder, membership)
                          : found_or_join(loop, dialer, disk, options, folder, membership);
  if (!member) return member.error();
  return membership;
}

void ask_for_addresses(Loop& loop, const PeerDialer& dialer, const ServerOptions& options,
                       Membership& membership, const std::function<void()>& learned) {
  Probe probe(loop, dialer, membership);
  std::vector<HostPort> left = options.cluster.join;
  Duration pause = kProbeAgain;
  while (!left.empty()) {
    const std::size_t answered =
        std::erase_if(left, [&](const HostPort& address) { return probe.ask(address).empty(); });
    if (answered > 0) learned();
    sleep_until(loop, monotonic_now() + pause);
    pause = std::min(pause * 2, kProbeSeldom);
  }
}

Result<> settle(Disk& disk, const ServerOptions& options, Membership& membership,
                const std::string& folder) {
  if (!membership.settled) {
    NodeIdentity identity;
    std::copy(membership.identity.cluster.begin(), membership.identity.cluster.end(),
              identity.cluster.bytes.begin());
    identity.node = membership.identity.node;
    identity.storage_format = storage::kFormatVersion;
    identity.created_by = kSoftware;
    if (Result<> created = create_identity(disk, folder, identity); !created) return created;
    log_event(LogLevel::kInfo, "bootstrap",
              membership.founders.voters.empty() ? "joined a cluster" : "founded a cluster",
              {{"cluster", identity.cluster.hex()}, {"node", identity.node.value}});
  }
  // A node in memory loses its folder by its nature, and is taken back all the same.
  const bool lasting = options.node.persistence != Persistence::kNone;
  if (lasting && membership.identity.folder.empty()) {
    Result<std::string> made = make_folder_id(disk);
    if (!made) return made.error();
    membership.identity.folder = std::move(made).value();
  }
  return save_addresses(disk, membership.book);
}

Result<AddressBook> load_addresses(Disk& disk) {
  Result<std::unique_ptr<File>> file = disk.open(kAddressesName, Disk::Mode::kMustExist);
  if (!file) {
    if (file.error().code == ErrorCode::kNotFound) return AddressBook();
    return file.error();
  }
  Result<std::string> text = file.value()->read(0, kMostAddressBytes);
  if (!text) return text.error();
  return AddressBook::from_text(text.value());
}

Result<> save_addresses(Disk& disk, const AddressBook& book) {
  return replace_file(disk, kAddressesName, book.to_text());
}

}  // namespace synchrodb::net
