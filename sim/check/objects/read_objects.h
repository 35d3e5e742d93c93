// Reads histories of sets, queues, counters and banks as Jepsen writes them.
#pragma once

#include <string>
#include <string_view>

#include "sim/check/forms.h"
#include "sim/check/objects/object_history.h"

namespace synchrodb::check {

struct ObjectsResult {
  std::string error;  // with its line; empty if all went well
  ObjectHistory history;
  Format format = Format::kAuto;  // as read
};

// Never crashes: whatever the bytes are, there is a history or an error. What a process that is
// not a number (`:nemesis`) does is skipped. A counter understands increment and decrement for add
// too; a dequeue that failed is one that found nothing out.
ObjectsResult read_objects(std::string_view bytes, ObjectModel model,
                           Format format = Format::kAuto);

}  // namespace synchrodb::check
