// In the place of etcd_load.cc where gRPC is not installed.
#include "tests/bench/peers/load/etcd_load.h"

namespace synchrodb::load {

Result<Results> run_etcd(const Options&, unsigned, Window& window) {
  window.arrive();
  return Error{ErrorCode::kUnsupported,
               "built without gRPC: install it (.ci/setup peers), then configure and build again"};
}

}  // namespace synchrodb::load
