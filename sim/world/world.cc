#include "sim/world/world.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "engine/wire/codec.h"
#include "sim/check/write.h"
#include "sim/marks.h"
#include "sim/options.h"
#include "sim/oracle/property_table.h"
#include "sim/protocol/envelope.h"

namespace synchrodb::sim {
namespace {

// Endpoint ids of those who are no nodes; far above the fresh ids that wiped machines come back
// under.
constexpr std::uint64_t kFirstClient = 1'001;
constexpr std::uint64_t kOperator = 1'000;
// One client in so many.
constexpr std::uint32_t kFaithful = 3;
// A run of a broken engine must end too.
constexpr std::uint64_t kMaxEventsPerSecond = 2'000'000;
// Configurations that the checker may try on each key.
constexpr std::uint64_t kCheckerSteps = 2'000'000;
constexpr std::uint64_t kExplanationSteps = 800'000;
constexpr Duration kConvergenceLook = milliseconds(100);

std::vector<Override> overrides_of(const Plan& plan) {
  std::vector<Override> overrides;
  for (const DrawOverride& o : plan.overrides) {
    overrides.push_back(Override{o.purpose, o.a, o.b, o.counter, o.value});
  }
  return overrides;
}

NetworkOptions network_options(const Plan& plan, bool protocol) {
  NetworkOptions options;
  options.baseline = Nemesis::nature_of_links(plan);
  options.always_encode = plan.encode_messages;
  if (protocol) {
    options.codec = protocol_codec();
    return options;
  }
  options.codec.encode_message = [](const PeerMessage& m) { return encode_frame(m); };
  options.codec.decode_message = [](std::string_view bytes) { return decode_frame(bytes); };
  return options;
}

bool options_differ_from_standard(const Plan& plan) {
  return std::any_of(plan.options.begin(), plan.options.end(), [](const auto& option) {
    return find_option(option.first)->standard != option.second;
  });
}

std::vector<NodeId> client_endpoints(const Plan& plan) {
  std::vector<NodeId> ids;
  for (std::uint32_t i = 0; i < plan.workload.clients; ++i) {
    ids.push_back(NodeId{kFirstClient + i});
  }
  return ids;
}

}  // namespace

World::World(const Plan& plan, const RunOptions& options)
    : plan_(plan),
      options_(options),
      streams_(plan.noise_key, overrides_of(plan)),
      kernel_(make_strategy(plan.strategy, streams_.plain())),
      buggify_(plan.buggify),
      network_(kernel_, streams_, counters_, network_options(plan, options.behaviour != nullptr)),
      trace_(options.trace, options.trace_lines),
      oracle_([this](Violation v) { contradicted(v); }),
      surroundings_{kernel_, network_, streams_, counters_,        buggify_,
                    oracle_, places_,  trace_,   options.behaviour},
      workload_(
          plan.workload, static_cast<std::size_t>(option_value(plan, "value-bytes")),
          [this] { return kernel_.now().ns; },
          Workload::Witnesses{
              [this](Term term, Index index) { oracle_.on_acknowledged(term, index); },
              [this] { return oracle_.committed(); },
              [this](Index floor, Index seen) { oracle_.on_read(floor, seen); }}),
      random_(streams_.stream("world")) {
  for (const std::string& property : plan_.tolerated) tolerated_[property] = 0;
  kernel_.digest().checkpoint_every(options.checkpoint_every);
  observe_messages();
  cluster_ = std::make_unique<Cluster>(surroundings_, plan_, Nemesis::nature_of_disks(plan_));
  admin_ = std::make_unique<Admin>(surroundings_, *cluster_, NodeId{kOperator});
  const std::vector<NodeId> endpoints = client_endpoints(plan_);
  nemesis_ = std::make_unique<Nemesis>(surroundings_, *cluster_, *admin_, plan_, endpoints);
  if (options.script != nullptr) {
    script_ = std::make_unique<ScriptRunner>(surroundings_, *options.script, plan_.nodes);
  }
  for (std::uint32_t i = 0; i < plan_.workload.clients; ++i) {
    ClientOptions client = client_options(plan_);
    // Some stay with their node for better or worse: they are the ones to see a deposed leader.
    if (i % kFaithful == kFaithful - 1) {
      client.preferred = NodeId{streams_.stream("faithful", i).uniform(plan_.nodes) + 1};
    }
    if (script_ != nullptr) {
      script_->add_client(
          std::make_unique<ScriptClient>(surroundings_, client, i, endpoints[i], cluster_->ids()));
    } else {
      clients_.push_back(std::make_unique<ClientFiber>(surroundings_, workload_, client, i,
                                                       endpoints[i], cluster_->ids()));
    }
  }
  cluster_->on_ids_changed = [this] {
    for (const auto& client : clients_) client->set_nodes(cluster_->ids());
    if (script_ != nullptr) script_->set_nodes(cluster_->ids());
  };
}

World::~World() = default;

// By what the oracle saw.
void World::contradicted(const Violation& violation) {
  const auto tolerated = tolerated_.find(violation.property);
  if (tolerated == tolerated_.end()) return violate(violation);
  ++tolerated->second;
  const char* property = find_property(violation.property)->name.data();
  trace_.record(TraceLine{kernel_.now().ns, -1, "tolerated", property, 0, 0, 0, 0});
}

void World::violate(Violation violation) {
  if (violation_) return;
  trace_.record(TraceLine{kernel_.now().ns, -1, "violation", "", 0, 0, 0, 0});
  violation_ = std::move(violation);
  kernel_.stop();
}

void World::start() {
  counters_[FaultKind::kKnobs].offered = 1;
  if (!plan_.options.empty()) {
    counters_.apply(FaultKind::kKnobs);
    if (options_differ_from_standard(plan_)) counters_.strike(FaultKind::kKnobs);
  }
  cluster_->start_all();
  nemesis_->start();
  watch_leadership();
  if (script_ != nullptr) return script_->start();
  const auto clients = static_cast<std::int64_t>(plan_.workload.clients);
  const Duration interval{1'000'000'000'000 * clients / plan_.workload.milli_rate};
  for (const auto& client : clients_) {
    client->start(interval, clients_stop(), static_cast<std::int32_t>(clients));
  }
}

// For the marks alone: situations that no single node can see.
void World::watch_leadership() {
  constexpr Duration kLook = milliseconds(250);
  std::uint32_t leaders = 0;
  std::uint32_t down = 0;
  std::uint32_t paused = 0;
  for (std::uint32_t i = 0; i < cluster_->founders(); ++i) {
    const Process& process = (*cluster_)[i];
    if (process.leads()) ++leaders;
    if (!process.running()) ++down;
    if (process.paused()) ++paused;
  }
  looks_without_leader_ = leaders == 0 ? looks_without_leader_ + 1 : 0;
  SOMETIMES(leaders == 2, "two nodes believed that they led");
  SOMETIMES(leaders > 2, "three nodes believed that they led");
  SOMETIMES(looks_without_leader_ > 20, "nobody led for five seconds");
  SOMETIMES(down * 2 > plan_.nodes, "a majority was down at once");
  SOMETIMES(down == plan_.nodes, "all founders were down at once");
  SOMETIMES(paused > 0 && down > 0, "one process was paused while another was down");
  SOMETIMES(network_.in_flight() > 200, "more than 200 packets were under way");
  const Process* leader = cluster_->leader();
  if (leader != nullptr) {
    SOMETIMES(leader->paused(), "the leader was paused");
    SOMETIMES(leader->index() >= cluster_->founders(), "a node that had joined led");
    const ProtocolStatus status = leader->protocol()->status();
    SOMETIMES(status.last.value > status.commit.value + 10, "ten entries were uncommitted");
    SOMETIMES(leader->protocol()->configuration().voters.size() % 2 == 0,
              "the number of voters was even");
    SOMETIMES(leader->protocol()->configuration().voters.size() < plan_.nodes,
              "there were fewer voters than founders");
  }
  if (!nemesis_->healed()) kernel_.after(kLook, [this] { watch_leadership(); });
}

RunResult World::run() {
  RunResult result;
  // Nothing may be torn down within a catch block: fibers unwind by exceptions of their own.
  std::exception_ptr from_outside;
  try {
    play();
    if (!options_.stop_at) oracle_.finish();
    judge(result);
  } catch (...) {
    from_outside = std::current_exception();
  }
  tear_down(result);
  if (from_outside != nullptr) std::rethrow_exception(from_outside);
  return result;
}

// To the end of the run, however it comes.
void World::play() {
  kernel_.at(TrueTime{}, [this] { start(); });
  kernel_.at(TrueTime{plan_.faulty_time.ns}, [this] { start_healing(); });
  kernel_.at(clients_stop(), [this] { start_quiet_phase(); });
  const TrueTime limit = TrueTime{plan_.time.ns} + liveness_budget() + seconds(30);
  const auto max_events =
      kMaxEventsPerSecond * static_cast<std::uint64_t>(limit.ns / 1'000'000'000 + 1);
  start_watching();
  try {
    const RunEnd end = advance(limit, max_events);
    if (!finished_ && !violation_) {
      violate({"liveness", end == RunEnd::kEventLimit ? "the event limit was reached"
                                                      : "the run did not come to rest"});
    }
  } catch (const AssertionFailed& failure) {
    violate({"assertion", failure.describe()});
  }
}

// ---- healing ---------------------------------------------------------------------------------

Duration World::liveness_budget() const {
  const Duration election = raft_options(plan_).election_timeout;
  return std::max(seconds(10), election * 20);
}

void World::start_healing() {
  healed_at_ = kernel_.now();
  ok_when_healed_ = count().ok;
  if (script_ != nullptr) calls_when_healed_ = script_->calls();
  nemesis_->heal();
  // What a protocol promises its script knows, and judges.
  if (options_.behaviour != nullptr) return restart_stopped();
  const bool core_only =
      !nemesis_->damaged() && !plan_.beyond_budget && members_agree() && random_.bernoulli(500'000);
  if (core_only) {
    keep_only_a_core();
  } else {
    restart_stopped();
  }
  turn_off_removed();
  watch_liveness();
}

// Without pre-vote or leader stickiness, a removed server that never learns of its removal goes on
// to depose every leader (thesis 4.2.3): its operator turns it off.
void World::turn_off_removed() {
  const RaftOptions raft = raft_options(plan_);
  if (raft.pre_vote || raft.check_quorum || raft.lease == LeaseKind::kClassical) return;
  const Process* leader = cluster_->leader();
  if (leader != nullptr && admin_->idle()) {
    const Protocol& protocol = *leader->protocol();
    const SnapshotMeta committed = protocol.snapshot_meta(protocol.status().applied);
    const bool settled = committed.configuration == protocol.configuration();
    for (std::uint32_t i = 0; settled && i < cluster_->size(); ++i) {
      Process& process = (*cluster_)[i];
      if (process.protocol() == nullptr || protocol.configuration().contains(process.id()))
        continue;
      SOMETIMES(true, "a removed machine was turned off");
      process.crash(false);
    }
  }
  if (!finished_) kernel_.after(seconds(1), [this] { turn_off_removed(); });
}

void World::restart_stopped() {
  const Configuration members = cluster_->configuration();
  for (std::uint32_t i = 0; i < cluster_->size(); ++i) {
    Process& process = (*cluster_)[i];
    if (!process.running() && members.contains(process.id())) process.start();
  }
}

// A core of the members is only known where nobody has, or is about to get, another configuration.
bool World::members_agree() const {
  if (!admin_->idle()) return false;
  const Configuration members = cluster_->configuration();
  if (members.joint()) return false;
  for (const NodeId id : members.members()) {
    const Process* process = cluster_->find(id);
    const bool changes = admin_->changes_begun() > 0;
    if (process == nullptr || process->protocol() == nullptr) {
      if (changes) return false;
      continue;
    }
    if (process->protocol()->configuration() != members) return false;
  }
  return true;
}

// A majority of each half of the configuration, drawn.
std::vector<std::uint32_t> World::choose_core() {
  const Configuration members = cluster_->configuration();
  std::vector<std::uint32_t> core;
  for (const auto* half : {&members.voters, &members.outgoing}) {
    std::vector<NodeId> order = *half;
    random_.shuffle(order);
    order.resize(half->empty() ? 0 : half->size() / 2 + 1);
    for (const NodeId id : order) {
      if (const Process* process = cluster_->find(id)) core.push_back(process->index());
    }
  }
  return core;
}

void World::keep_only_a_core() {
  const std::vector<std::uint32_t> core = choose_core();
  for (std::uint32_t i = 0; i < cluster_->size(); ++i) {
    Process& process = (*cluster_)[i];
    const bool chosen = std::find(core.begin(), core.end(), i) != core.end();
    if (chosen) {
      process.start();
    } else {
      process.crash(true);
      process.retire();
    }
  }
  SOMETIMES(true, "only a quorum was healed");
}

// After so long with only nodes that are well, something must have been served.
void World::watch_liveness() {
  kernel_.after(liveness_budget(), [this] {
    if (count().ok > ok_when_healed_ || kernel_.now() < healed_at_ + liveness_budget()) return;
    // A script that asked for nothing cannot have been served.
    if (script_ != nullptr && script_->idle() && script_->calls() == calls_when_healed_) return;
    judge_outage("nothing was served within " + std::to_string(liveness_budget().ns / 1'000'000) +
                 " ms of the end of all faults");
  });
}

// Nobody can be served: is that a defect?
void World::judge_outage(std::string what) {
  unknown_ = legitimate_outage();
  if (!unknown_) return violate({"liveness", std::move(what)});
  finish();
}

void World::finish() {
  finished_ = true;
  kernel_.stop();
}

const OperationCount& World::count() const {
  return script_ != nullptr ? script_->count() : workload_.count();
}

bool World::clients_idle() const {
  if (script_ != nullptr) return script_->idle();
  return std::all_of(clients_.begin(), clients_.end(),
                     [](const auto& client) { return client->finished(); });
}

// A member whose disk cannot be used again cannot be waited for. Neither can one that still mends
// its log where a majority does: the group stops rather than forget (consensus/recovery.cc).
bool World::lost_for_good(NodeId member) const {
  const Process* process = cluster_->find(member);
  if (process == nullptr || process->ended_itself()) return true;
  return process->protocol() != nullptr && process->protocol()->status().recovering;
}

std::optional<std::string> World::legitimate_outage() const {
  const auto lost = [this](NodeId id) { return lost_for_good(id); };
  const auto most_lost = [&](const std::vector<NodeId>& voters) {
    const auto gone = static_cast<std::size_t>(std::count_if(voters.begin(), voters.end(), lost));
    return gone * 2 >= voters.size() && !voters.empty();
  };
  const Configuration members = cluster_->configuration();
  if (most_lost(members.voters) || most_lost(members.outgoing)) {
    return "a majority of the members lost its disks for good";
  }
  // Whoever campaigns goes by the configuration at the end of its own log, committed or not.
  bool missed = false;
  for (std::uint32_t i = 0; i < cluster_->size(); ++i) {
    const Protocol* protocol = (*cluster_)[i].protocol();
    if (protocol == nullptr) continue;
    const std::vector<NodeId> wanted = protocol->configuration().members();
    missed = missed || std::any_of(wanted.begin(), wanted.end(), lost);
  }
  if (missed && !oracle_.anyone_could_win()) {
    return "no member can win an election without one that lost its disk for good";
  }
  return std::nullopt;
}

// ---- the end ---------------------------------------------------------------------------------

void World::start_quiet_phase() {
  if (script_ != nullptr) script_->stop();
  if (!clients_idle()) {
    kernel_.after(kConvergenceLook, [this] { start_quiet_phase(); });
    return;
  }
  admin_->stop();
  if (script_ != nullptr) {
    kernel_.after(liveness_budget(), [this] {
      if (!script_->finished()) judge_outage("the script's final phase did not end");
    });
    script_->start_final([this] { kernel_.after(Duration{}, [this] { await_convergence(); }); });
    return;
  }
  clients_.front()->start_final_reads(kernel_.now() + liveness_budget(), [this](bool all) {
    if (!all) return judge_outage("the final reads were not served");
    kernel_.after(Duration{}, [this] { await_convergence(); });
  });
}

void World::await_convergence() {
  if (options_.behaviour != nullptr || converged()) return finish();
  if (kernel_.now() > TrueTime{plan_.time.ns} + liveness_budget() + seconds(20)) {
    violate({"liveness", "the members did not reach the same state"});
    return;
  }
  kernel_.after(kConvergenceLook, [this] { await_convergence(); });
}

bool World::converged() {
  const Process* leader = cluster_->leader();
  if (leader == nullptr) return false;
  const ProtocolStatus at_leader = leader->protocol()->status();
  if (at_leader.commit < at_leader.last) return false;
  for (const NodeId id : leader->protocol()->configuration().members()) {
    const Process* process = cluster_->find(id);
    if (process == nullptr || !process->running()) continue;
    const Protocol* protocol = process->protocol();
    if (protocol == nullptr || protocol->status().applied < at_leader.commit) return false;
  }
  return true;
}

void World::judge(RunResult& result) {
  result.seed = plan_.seed;
  result.nodes = plan_.nodes;
  result.virtual_seconds = static_cast<double>(kernel_.now().ns) * 1e-9;
  result.events = kernel_.events();
  result.ok = count().ok;
  result.fail = count().fail;
  result.info = count().info;
  result.begun.assign(nemesis_->struck().begin(), nemesis_->struck().end());
  result.contents = std::move(contents_);
  result.tolerated = tolerated_;
  if (script_ != nullptr) {
    if (!violation_ && options_.check && !options_.stop_at) {
      std::vector<Violation> found = options_.script->judge();
      if (!found.empty()) violation_ = std::move(found.front());
    }
  } else {
    judge_history();
  }
  if (violation_) {
    result.verdict = Verdict::kViolation;
    result.violated = violation_->property;
    result.detail = violation_->detail;
    result.last_events = trace_.recent();
  } else if (unknown_) {
    result.verdict = Verdict::kUnknown;
    result.detail = *unknown_;
  }
  kernel_.feed(DigestKind::kWorld, result.ok, result.fail * 1'000'003 + result.info);
  result.digest = kernel_.digest().value();
  for (const Digest::Checkpoint& point : kernel_.digest().checkpoints()) {
    result.checkpoints.push_back(point.value);
  }
  report_faults(result);
}

// What only the checkers of the plan's own workload can tell.
void World::judge_history() {
  workload_.locate_writes(places_);
  if (!violation_ && options_.check) {
    check::Options how;
    how.model = workload_.model();
    how.explain = false;
    how.limits.steps = kCheckerSteps;
    how.poll = options_.poll;
    const check::Judgement judgement = check::check(workload_.history(), how);
    if (judgement.verdict == check::Verdict::kInvalid) {
      violation_ = Violation{"linearizability", explain(judgement)};
    } else if (judgement.verdict == check::Verdict::kUnknown) {
      unknown_ = "the linearizability checker gave up: " + judgement.exhausted;
    }
  }
  if (options_.recorded) {
    options_.recorded(RecordedHistory{workload_.history(), workload_.model()});
  }
  if (options_.history == nullptr) return;
  check::Label label;
  label.model = workload_.model();
  *options_.history = check::write_json_lines(workload_.history(), label);
}

// The verdict stands; the search for a small contradiction may give up sooner.
std::string World::explain(const check::Judgement& judgement) const {
  check::Options how;
  how.model = workload_.model();
  how.limits.steps = kExplanationSteps;
  how.poll = options_.poll;
  const check::Judgement shown = check::check(workload_.history(), how);
  if (shown.contradiction) return shown.contradiction->words;
  const check::Value key = workload_.history().key_name(*judgement.key);
  return "the history of key " + std::string(workload_.history().bytes(key)) +
         " has no linearization (decided by " + std::string(check::name(judgement.algorithm)) + ")";
}

void World::report_faults(RunResult& result) const {
  for (const FaultSpec& spec : fault_table()) {
    const FaultCounter& counter = counters_[spec.kind];
    if (counter.offered == 0 && counter.applied == 0) continue;
    result.faults[std::string(spec.name)] =
        FaultCount{counter.offered, counter.applied, counter.effective};
  }
}

// Nothing may be left over: every fiber unwinds, and no destructor finds the world in disorder.
void World::tear_down(RunResult& result) {
  try {
    for (std::uint32_t i = 0; i < cluster_->size(); ++i) (*cluster_)[i].crash(false);
    kernel_.shutdown();
  } catch (const AssertionFailed& failure) {
    if (result.verdict != Verdict::kViolation) {
      result.verdict = Verdict::kViolation;
      result.violated = "assertion";
      result.detail = failure.describe();
    }
  }
  if (kernel_.live_fibers() != 0 && result.verdict == Verdict::kOk) {
    result.verdict = Verdict::kViolation;
    result.violated = "leak";
    result.detail = std::to_string(kernel_.live_fibers()) + " fibers outlived the run";
  }
}

}  // namespace synchrodb::sim
