#include "net/server/descriptors.h"

#include <sys/resource.h>

#include <algorithm>

namespace synchrodb::net {

std::size_t make_room_for_clients(std::size_t clients) {
  const rlim_t wanted = clients + kReservedDescriptors;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return clients;
  if (limit.rlim_cur < wanted) {
    rlimit raised = limit;
    raised.rlim_cur = std::min(wanted, limit.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  if (limit.rlim_cur >= wanted) return clients;
  return limit.rlim_cur > kReservedDescriptors ? limit.rlim_cur - kReservedDescriptors : 1;
}

}  // namespace synchrodb::net
