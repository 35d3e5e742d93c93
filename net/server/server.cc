#include "net/server/server.h"

#include <kj/async-unix.h>
#include <kj/debug.h>
#include <sys/random.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "engine/env/sync.h"
#include "engine/replica/successor.h"
#include "net/disk/data_directory.h"
#include "net/disk/directory_disk.h"
#include "net/disk/memory_disk.h"
#include "net/http/http_server.h"
#include "net/log/log.h"
#include "net/loop/refusal.h"
#include "net/random/seeded_stream.h"
#include "net/server/administration_service.h"
#include "net/server/bootstrap.h"
#include "net/server/command_context.h"
#include "net/server/database_service.h"
#include "net/server/descriptors.h"
#include "net/server/link_failures.h"
#include "net/server/listeners.h"
#include "net/server/metrics.h"
#include "net/server/node_service.h"
#include "net/server/redirect.h"
#include "net/server/rpc_server.h"
#include "net/tls/server_tls.h"

namespace synchrodb::net {
namespace {

constexpr Duration kHandOverPatience = seconds(3);
constexpr Duration kDrainPatience = seconds(3);
// What watches are served from.
constexpr std::size_t kWatchHistoryBytes = std::size_t{8} << 20;

// The RPC port of the leader, as this node knows it; empty: unknown.
std::string leader_address(const ServerParts& parts) {
  const NodeId leader = parts.leader();
  const NodeAddress* address = leader ? parts.book.find(leader) : nullptr;
  return address != nullptr ? address->rpc : std::string();
}

class NoBuggify final : public Buggify {
 public:
  bool buggify(const char*) override { return false; }
};

// The members stand in the order in which they need each other; all of them are used by the loop's
// fibers alone, which have unwound before any of them dies.
class Server {
 public:
  explicit Server(const ServerStart& start) : start_(start), config_(start.options) {}

  int run();

 private:
  const ServerOptions& options() const { return config_.options(); }
  bool open_disk();
  bool prepare_tls();
  void main_fiber();
  void compose(Membership membership);
  void watch_options();
  void fit_maxclients();
  void limit_memory();
  bool open_doors();
  void serve_at_doors();
  void keep_addresses();
  void keep_house();
  void note_turn(Duration took);
  void watch_signals();
  void renew_certificates();
  void shut_down(bool hand_over);
  void hand_leadership_over();
  void fail(const std::string& why);
  std::string not_ready() const;

  const ServerStart& start_;
  RuntimeConfig config_;
  Loop loop_;
  RealClock clock_;
  SeededStream random_;
  NoBuggify buggify_;
  std::string folder_;
  std::unique_ptr<DirectoryDisk> directory_;
  std::unique_ptr<MemoryDisk> memory_;
  std::unique_ptr<FaultyDisk> faulty_;
  Disk* disk_ = nullptr;
  Membership membership_;
  ServerTls tls_;
  std::unique_ptr<PeerDialer> dialer_;
  std::unique_ptr<ServerObserver> observer_;
  LinkFailures link_failures_;
  std::unique_ptr<RpcTransport> transport_;
  std::unique_ptr<Env> env_;
  ChangeHistory changes_{kWatchHistoryBytes};
  std::unique_ptr<Node> node_;
  std::unique_ptr<Gateway> gateway_;
  std::unique_ptr<ServerParts> parts_;
  std::unique_ptr<DatabaseHost> database_;
  std::unique_ptr<CommandContext> context_;
  std::unique_ptr<ServerCommands> commands_;
  std::unique_ptr<RespServer> resp_;
  std::unique_ptr<HttpServer> http_;
  std::unique_ptr<RpcServer> rpc_;
  kj::ForkedPromise<void> composed_ = nullptr;  // there is somebody to serve at the doors
  kj::Own<kj::PromiseFulfiller<void>> when_composed_;
  std::optional<Event> addresses_changed_;
  bool shutting_down_ = false;
  int exit_code_ = 0;
};

int Server::run() {
  if (Result<> opened = open_log(options().logging.logfile, options().logging.log_format,
                                 options().logging.loglevel);
      !opened) {
    std::fprintf(stderr, "synchrodb-server: %s\n", opened.error().message.c_str());
    return 1;
  }
  for (const std::string& note : start_.notes) log_event(LogLevel::kWarning, "options", note);
  fit_maxclients();
  if (!prepare_tls() || !open_disk()) return 1;
  loop_.run([this] { main_fiber(); });
  log_event(LogLevel::kInfo, "server", "stopped");
  return exit_code_;
}

void Server::fail(const std::string& why) {
  std::fprintf(stderr, "synchrodb-server: %s\n", why.c_str());
  log_event(LogLevel::kError, "server", "stops", {{"why", why}});
  exit_code_ = 1;
  loop_.stop();
}

bool Server::prepare_tls() {
  Result<ServerTls> tls = ServerTls::make(options());
  if (!tls) {
    fail(tls.error().message);
    return false;
  }
  tls_ = std::move(tls).value();
  dialer_ = std::make_unique<PeerDialer>(loop_, tls_.peers(), options().tls.tls_peer_name);
  return true;
}

bool Server::open_disk() {
  if (options().node.persistence == Persistence::kNone) {
    memory_ = std::make_unique<MemoryDisk>();
    disk_ = memory_.get();
    folder_ = "memory";
  } else {
    folder_ = options().node.dir;
    if (Result<> ours = check_not_of_others(folder_); !ours) {
      fail(ours.error().message);
      return false;
    }
    Result<std::unique_ptr<DirectoryDisk>> opened = DirectoryDisk::open(loop_, folder_);
    if (!opened) {
      fail(opened.error().message);
      return false;
    }
    directory_ = std::move(opened).value();
    disk_ = directory_.get();
  }
  if (options().testing.enable_fault_injection) {
    faulty_ = std::make_unique<FaultyDisk>(loop_, *disk_);
    disk_ = faulty_.get();
    log_event(LogLevel::kWarning, "server", "fault injection is enabled: for tests only");
  }
  return true;
}

void Server::main_fiber() {
  watch_signals();
  loop_.spawn("certificates", [this] { renew_certificates(); });
  Result<Membership> membership = find_membership(loop_, *dialer_, *disk_, options(), folder_);
  if (!membership) return fail(membership.error().message);
  if (!open_doors()) return;
  const Result<> settled = settle(*disk_, options(), membership.value(), folder_);
  if (!settled) return fail(settled.error().message);
  compose(std::move(membership).value());
  loop_.spawn("node", [this] { node_->run(); });
  loop_.spawn("addresses", [this] { keep_addresses(); });
  loop_.spawn("house", [this] { keep_house(); });
  transport_->learn(membership_.book.all());
  serve_at_doors();
  if (membership_.settled) {
    loop_.spawn("moved peers", [this] {
      ask_for_addresses(loop_, *dialer_, options(), membership_, [this] {
        transport_->learn(membership_.book.all());
        addresses_changed_->set();
      });
    });
  }
}

void Server::compose(Membership membership) {
  membership_ = std::move(membership);
  addresses_changed_.emplace(loop_);
  observer_ = std::make_unique<ServerObserver>(
      [this](GroupId group) { transport_->abandon_requests(group, parts_->leader()); },
      [this](const std::string& why) { fail(why); });
  transport_ = std::make_unique<RpcTransport>(loop_, *dialer_, membership_.identity,
                                              membership_.book, random_, TransportOptions());
  transport_->on_learned = [this] { addresses_changed_->set(); };
  transport_->on_refused = [this](NodeId node, const std::string& why) {
    log_event(link_failures_.level(node, why, monotonic_now()), "peer", "no connection",
              {{"node", node.value}, {"why", why}});
  };
  env_ = std::make_unique<Env>(Env{membership_.identity.node, clock_, loop_, *transport_, *disk_,
                                   random_, buggify_, *observer_});
  node_ = std::make_unique<Node>(
      *env_, node_options(options()),
      std::vector<GroupOptions>{GroupOptions{kOnlyGroup, membership_.founders, &changes_}});
  GatewayOptions gateway;
  gateway.command_timeout = milliseconds(options().requests.command_timeout_ms);
  gateway_ = std::make_unique<Gateway>(
      clock_, loop_, *transport_, random_, membership_.identity.node,
      [this] { return parts_->leader(); }, gateway);
  parts_ = std::make_unique<ServerParts>(ServerParts{
      loop_, clock_, config_, membership_.identity, membership_.book, *transport_, *node_,
      *gateway_, *observer_, random_, monotonic_now(), faulty_.get(), nullptr, nullptr,
      [this] { addresses_changed_->set(); }, [this](bool hand_over) { shut_down(hand_over); }});
  database_ = std::make_unique<DatabaseHost>(
      DatabaseParts{loop_, *gateway_, changes_, [this] { return parts_->replica(); },
                    [this] { return leader_address(*parts_); }});
  context_ = std::make_unique<CommandContext>(*parts_, start_.config_file);
  commands_ = std::make_unique<ServerCommands>(*context_);
  resp_ = std::make_unique<RespServer>(loop_, clock_, *gateway_, *commands_, options(),
                                       make_redirect(*parts_));
  parts_->commands = commands_.get();
  parts_->resp = resp_.get();
  commands_->reload_options();
  watch_options();
  loop_.observe_turns([this](Duration took) { note_turn(took); });
}

void Server::watch_options() {
  config_.on_change("maxclients", [this](const ServerOptions&) { fit_maxclients(); });
  config_.on_change("maxmemory", [this](const ServerOptions&) { limit_memory(); });
  config_.on_change("loglevel",
                    [](const ServerOptions& now) { set_log_level(now.logging.loglevel); });
  for (const char* name :
       {"slowlog-log-slower-than", "slowlog-max-len", "latency-monitor-threshold"}) {
    config_.on_change(name, [this](const ServerOptions&) { commands_->reload_options(); });
  }
}

// Clients beyond what the system gives descriptors for would be dropped without a word.
void Server::fit_maxclients() {
  const auto wanted = static_cast<std::size_t>(options().limits.maxclients);
  const std::size_t room = make_room_for_clients(wanted);
  if (room == wanted) return;
  log_event(LogLevel::kWarning, "server", "maxclients is lowered: see the system's limit of files",
            {{"wanted", wanted}, {"clients", room}});
  const Result<> set = config_.set(std::vector<std::string>{"maxclients", std::to_string(room)});
  SYNCHRODB_ASSERT(set.ok(), "fewer clients are always allowed");
}

void Server::limit_memory() {
  Replica* replica = parts_->replica();
  if (replica == nullptr) return;
  replica->set_max_memory(static_cast<std::size_t>(options().limits.maxmemory_bytes));
}

// Whoever comes waits until serve_at_doors(). False: it has failed.
bool Server::open_doors() {
  auto composed = kj::newPromiseAndFulfiller<void>();
  composed_ = composed.promise.fork();
  when_composed_ = kj::mv(composed.fulfiller);
  const Listeners listeners(loop_, options());
  try {
    listeners.rpc([this](kj::Own<kj::ConnectionReceiver> door) {
      loop_.await(composed_.addBranch());
      rpc_->serve(kj::mv(door));
    });
    listeners.resp([this](kj::Own<kj::ConnectionReceiver> door, bool with_tls) {
      loop_.await(composed_.addBranch());
      resp_->serve(kj::mv(door), with_tls ? tls_.clients() : nullptr);
    });
    listeners.http([this](kj::Own<kj::ConnectionReceiver> door) {
      loop_.await(composed_.addBranch());
      http_->serve(kj::mv(door));
    });
    return true;
  } catch (const kj::Exception& exception) {
    fail(words_of(exception));
    return false;
  }
}

void Server::serve_at_doors() {
  auto metrics = [this] { return metrics_text(*parts_); };
  rpc_ = std::make_unique<RpcServer>(
      loop_, tls_.peers(), [this, metrics](Visitor visitor) -> wire::Node::Client {
        return kj::heap<NodeService>(
            membership_.identity, membership_.book, *transport_,
            [this] { addresses_changed_->set(); },
            [this]() -> const SecuritySettings& { return options().security; },
            [this, metrics]() -> wire::Administration::Client {
              return kj::heap<AdministrationService>(*parts_, metrics);
            },
            [this] { return database_->login(); }, std::move(visitor));
      });
  parts_->rpc = rpc_.get();
  parts_->tls = &tls_;
  http_ = std::make_unique<HttpServer>(loop_, HttpAnswers{metrics, [this] { return not_ready(); }});
  when_composed_->fulfill();
  log_event(LogLevel::kInfo, "server", "ready for connections",
            {{"node", membership_.identity.node.value},
             {"resp", to_string(advertised_resp(options()))},
             {"rpc", to_string(advertised_rpc(options()))}});
}

std::string Server::not_ready() const {
  if (parts_->replica() == nullptr) return "recovering";
  if (!parts_->leader()) return "no leader is known";
  return shutting_down_ ? "shutting down" : "";
}

void Server::keep_addresses() {
  while (true) {
    addresses_changed_->wait();
    if (const Result<> saved = save_addresses(*disk_, membership_.book); !saved) {
      log_event(LogLevel::kWarning, "peer", "the addresses were not saved",
                {{"why", saved.error().message}});
    }
  }
}

void Server::note_turn(Duration took) {
  TurnStatistics& turns = parts_->turns;
  ++turns.turns;
  turns.busy = turns.busy + took;
  turns.longest = std::max(turns.longest, took);
  LatencyMonitor& latency = commands_->latency_monitor();
  if (latency.is_spike(took)) {
    latency.add("event-loop", took, context_->wall_us() / 1'000'000);
  }
}

void Server::keep_house() {
  while (true) {
    sleep_until(loop_, monotonic_now() + seconds(1));
    context_->sample_rates();
    limit_memory();  // of a node that has recovered since the option was set
  }
}

void Server::watch_signals() {
  loop_.spawn("signals", [this] {
    kj::UnixEventPort& port = loop_.io().unixEventPort;
    const siginfo_t caught =
        loop_.await(port.onSignal(SIGTERM).exclusiveJoin(port.onSignal(SIGINT)));
    log_event(LogLevel::kInfo, "server", "stopping on a signal",
              {{"signal", static_cast<std::uint64_t>(caught.si_signo)}});
    shut_down(true);
    // A second one means now.
    loop_.await(port.onSignal(SIGTERM).exclusiveJoin(port.onSignal(SIGINT)));
    loop_.stop();
  });
}

// Certificates are renewed by others, who send this when the files are there.
void Server::renew_certificates() {
  while (true) {
    loop_.await(loop_.io().unixEventPort.onSignal(SIGHUP));
    const Result<> renewed = tls_.renew(options());
    if (tls_.expires() == 0) {
      log_event(LogLevel::kInfo, "tls", "SIGHUP: there are no certificates to read again");
    } else if (renewed) {
      log_event(LogLevel::kInfo, "tls", "certificates were read again",
                {{"expires", static_cast<std::uint64_t>(tls_.expires())}});
    } else {
      log_event(LogLevel::kError, "tls", "certificates are as before: the new ones are of no use",
                {{"why", renewed.error().message}});
    }
  }
}

void Server::shut_down(bool hand_over) {
  if (std::exchange(shutting_down_, true)) return;
  if (resp_ == nullptr) return loop_.stop();
  loop_.spawn("shutdown", [this, hand_over] {
    resp_->stop_accepting();
    database_->shut_down();
    if (hand_over) hand_leadership_over();
    const Instant deadline = monotonic_now() + kDrainPatience;
    while (resp_->busy() && monotonic_now() < deadline) {
      sleep_until(loop_, monotonic_now() + milliseconds(5));
    }
    loop_.stop();
  });
}

// So that the others need no election timeout to go on.
void Server::hand_leadership_over() {
  const Instant deadline = monotonic_now() + kHandOverPatience;
  while (monotonic_now() < deadline) {
    const Replica* replica = parts_->replica();
    if (replica == nullptr || replica->protocol().status().role != Role::kLeader) return;
    const NodeId best = best_successor(replica->protocol());
    if (!best) return;
    ClientOptions client;
    client.call_timeout = milliseconds(500);
    Client(clock_, loop_, *transport_, random_, client, {membership_.identity.node}).transfer(best);
    sleep_until(loop_, monotonic_now() + milliseconds(50));
  }
}

}  // namespace

int run_server(const ServerStart& start) {
  // Before there is any thread: one that does not block these signals would get them, and the
  // process would end at once instead of in good order.
  kj::UnixEventPort::captureSignal(SIGTERM);
  kj::UnixEventPort::captureSignal(SIGINT);
  kj::UnixEventPort::captureSignal(SIGHUP);
  signal(SIGPIPE, SIG_IGN);
  Server server(start);
  return server.run();
}

}  // namespace synchrodb::net
