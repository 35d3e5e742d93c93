// A simulated world: machines, network, clients, nemesis and oracle around one kernel. One plan,
// one verdict.
//
// The phases of a run:
//   faulty    from 0 to Plan::faulty_time: clients work while the nemesis strikes
//   healing   then every fault ends; all machines, or only a random quorum of them (the core), are
//             up and connected, and must serve within the liveness budget
//   quiet     at nine tenths of Plan::time the clients stop; every key is read once more, and all
//             machines that are up must reach the same state
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/run.h"
#include "sim/script/script_runner.h"
#include "sim/workload/workload.h"
#include "sim/world/admin.h"
#include "sim/world/client_fiber.h"
#include "sim/world/cluster.h"
#include "sim/world/nemesis.h"

namespace synchrodb::sim {

class World {
 public:
  World(const Plan& plan, const RunOptions& options);
  ~World();

  // Once.
  RunResult run();

 private:
  TrueTime clients_stop() const { return TrueTime{plan_.time.ns / 10 * 9}; }
  void play();
  void start();
  // Runs the kernel, in slices if somebody wants to be asked in between.
  RunEnd advance(TrueTime limit, std::uint64_t max_events);
  void observe_messages();
  const char* type_for_onlookers(const PacketView& packet);
  void watch_leadership();
  void contradicted(const Violation& violation);
  void violate(Violation violation);
  void start_healing();
  bool members_agree() const;
  void keep_only_a_core();
  std::vector<std::uint32_t> choose_core();
  void restart_stopped();
  void watch_liveness();
  void turn_off_removed();
  void judge_outage(std::string what);
  bool lost_for_good(NodeId member) const;
  // Why nobody can be served, if that is no fault of the engine's.
  std::optional<std::string> legitimate_outage() const;
  void start_quiet_phase();
  void await_convergence();
  bool converged();
  void judge(RunResult& result);
  void judge_history();
  std::string explain(const check::Judgement& judgement) const;
  void report_faults(RunResult& result) const;
  void tear_down(RunResult& result);
  Duration liveness_budget() const;
  const OperationCount& count() const;
  bool clients_idle() const;
  void finish();
  // world/watching.cc: what looks at the run from outside.
  void start_watching();
  void watch(const Invariant& invariant);
  void strike(const LiveNemesis& nemesis);
  void each_moment(const Moments& when, TrueTime last, std::function<void()> look);
  void stop_and_report();

  const Plan& plan_;
  const RunOptions& options_;
  Streams streams_;
  Kernel kernel_;
  FaultCounters counters_;
  BuggifyPlan buggify_;
  std::set<std::string> message_names_;  // of a protocol, for onlookers
  Network network_;
  Trace trace_;
  Oracle oracle_;
  CommandPlaces places_;
  Surroundings surroundings_;
  Workload workload_;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<Admin> admin_;
  std::unique_ptr<Nemesis> nemesis_;
  std::vector<std::unique_ptr<ClientFiber>> clients_;
  std::unique_ptr<ScriptRunner> script_;  // instead of clients_
  Stream random_;

  int looks_without_leader_ = 0;
  std::optional<Violation> violation_;
  std::map<std::string, std::uint64_t> tolerated_;  // as RunResult::tolerated
  std::optional<std::string> unknown_;
  TrueTime healed_at_;
  std::uint64_t ok_when_healed_ = 0;
  std::uint64_t calls_when_healed_ = 0;  // of a script
  std::vector<NodeContents> contents_;
  bool finished_ = false;
};

}  // namespace synchrodb::sim
