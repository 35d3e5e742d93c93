// Plays a script in a world: asks it on the event loop, and has its clients make the calls.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sim/script/script.h"
#include "sim/script/script_client.h"
#include "sim/workload/workload.h"

namespace synchrodb::sim {

class ScriptRunner {
 public:
  // `script` outlives this. `nodes`: how many a request may name.
  ScriptRunner(const Surroundings& world, Script& script, std::uint32_t nodes);

  void add_client(std::unique_ptr<ScriptClient> client) { clients_.push_back(std::move(client)); }
  void set_nodes(const std::vector<NodeId>& nodes);

  // Event loop only, all of these.
  void start();
  // Nothing new is begun; what is under way is finished.
  void stop() { stopped_ = true; }
  // Whether every client is free.
  bool idle() const { return busy_ == 0; }
  bool finished() const { return done_ && idle(); }
  // The script is asked again, for its final phase; `done` is called when that is over.
  void start_final(std::function<void()> done);

  // How the calls ended; `fail`: certainly not executed.
  const OperationCount& count() const { return count_; }
  std::uint64_t calls() const { return calls_; }

 private:
  void poll();
  void begin(std::uint32_t client, ScriptCall call);
  void ended(std::uint32_t client, const Outcome& outcome);
  void check(std::uint32_t client, const ScriptCall& call) const;
  void finish();

  Surroundings world_;
  Script& script_;
  std::uint32_t nodes_;
  std::vector<std::unique_ptr<ScriptClient>> clients_;
  std::size_t busy_ = 0;
  bool stopped_ = false;
  bool done_ = false;  // with this phase
  EventId alarm_;
  OperationCount count_;
  std::uint64_t calls_ = 0;
  std::function<void()> on_done_;
};

}  // namespace synchrodb::sim
