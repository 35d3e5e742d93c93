#include "sim/world/client_fiber.h"

#include <utility>

namespace synchrodb::sim {

ClientFiber::ClientFiber(const Surroundings& world, Workload& workload,
                         const ClientOptions& options, std::uint32_t number, NodeId endpoint,
                         std::vector<NodeId> nodes)
    : world_(world),
      workload_(workload),
      owner_(world.kernel.add_owner("client")),
      clock_(world.kernel, owner_, endpoint.value, world.counters),
      fibers_(world.kernel, owner_, clock_),
      random_(world.streams.stream("workload", number)),
      library_random_(world.streams.stream("client", number)),
      transport_(world.network.attach(endpoint, owner_, clock_)),
      client_(clock_, fibers_, *transport_, library_random_, options, std::move(nodes)),
      process_(static_cast<std::int32_t>(number)),
      only_reads_(static_cast<bool>(options.preferred)) {
  transport_->open();
}

void ClientFiber::start(Duration interval, TrueTime until, std::int32_t step) {
  finished_ = false;
  fibers_.spawn("client", [this, interval, until, step] {
    TrueTime next = world_.kernel.now() + random_.between(Duration{}, interval);
    while (next < until) {
      if (next > world_.kernel.now()) world_.kernel.sleep(next - world_.kernel.now());
      if (only_reads_) {
        workload_.read_step(client_, random_, process_);
      } else if (!workload_.step(client_, random_, process_)) {
        process_ += step;
      }
      // Operations are due at a mean rate; one that took too long makes the next ones late, not
      // many.
      next = std::max(next, world_.kernel.now() + Duration{-interval.ns}) +
             random_.between(interval / 2, interval * 3 / 2);
    }
    finished_ = true;
  });
}

void ClientFiber::start_final_reads(TrueTime until, std::function<void(bool)> done) {
  fibers_.spawn("final-reads", [this, until, done = std::move(done)] {
    bool all = false;
    while (!all && world_.kernel.now() < until) {
      all = workload_.read_all(client_, process_);
      if (!all) world_.kernel.sleep(milliseconds(100));
    }
    done(all);
  });
}

}  // namespace synchrodb::sim
