// What happened, in words.
#pragma once

#include <cstdint>
#include <string>

#include "sim/explain/happenings.h"
#include "sim/plan.h"

namespace synchrodb::sim {

// "12.345678 s": to the microsecond, as it is told to people.
std::string seconds_text(std::int64_t time_ns);

// An event, or an end of an operation: "n2 becomes the leader of term 3".
std::string words_of(const Happenings& run, const Happening& happening);

// "read k1 → 3".
std::string words_of(const SeenOperation& operation);

// A message that arrived: "n2 → n3: vote-request".
std::string words_of_message(const Happening& delivery);

// "partition-ring at 2.000000 s for 3.000000 s on n1 n2, ppm 50000".
std::string words_of(const FaultAction& action);

}  // namespace synchrodb::sim
