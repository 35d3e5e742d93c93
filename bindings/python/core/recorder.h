// What a run shows to onlookers, kept as columns.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "bindings/python/core/columns.h"
#include "sim/trace/observation.h"
#include "sim/trace/trace.h"
#include "sim/world/view.h"

namespace synchrodb::python {

// Of each kind of column set: add() while the run lasts; columns() afterwards is a dict of arrays,
// in which a column of words is a pair (codes, categories).
class TraceColumns {
 public:
  void add(const sim::TraceLine& line);
  static py::dict columns(const std::shared_ptr<TraceColumns>& self);

 private:
  std::vector<std::int64_t> time_;
  std::vector<std::int32_t> node_;
  std::vector<std::int16_t> event_;
  std::vector<std::int16_t> subject_;
  std::vector<std::uint64_t> term_;
  std::vector<std::uint64_t> index_;
  std::vector<std::uint64_t> peer_;
  std::vector<std::uint64_t> extra_;
  Words events_;
  Words subjects_;
};

class SampleColumns {
 public:
  void add(const sim::WorldView& view);
  static py::dict columns(const std::shared_ptr<SampleColumns>& self);

 private:
  std::vector<std::int64_t> time_;
  std::vector<std::int32_t> node_;
  std::vector<std::uint8_t> running_;
  std::vector<std::int16_t> role_;
  std::vector<std::uint64_t> term_;
  std::vector<std::uint64_t> leader_;
  std::vector<std::uint64_t> commit_;
  std::vector<std::uint64_t> applied_;
  std::vector<std::uint64_t> last_;
  std::vector<std::int64_t> clock_error_;
  std::vector<std::uint64_t> keys_;
  Words roles_;
};

// One row for each sending, delivery and loss.
class MessageColumns {
 public:
  void add(const sim::MessageEvent& event);
  static py::dict columns(const std::shared_ptr<MessageColumns>& self);

 private:
  std::vector<std::int64_t> time_;
  std::vector<std::int16_t> event_;
  std::vector<std::int64_t> from_;
  std::vector<std::int64_t> to_;
  std::vector<std::uint64_t> number_;
  std::vector<std::int16_t> type_;
  std::vector<std::int16_t> why_;
  Words events_;
  Words types_;
  Words whys_;
};

}  // namespace synchrodb::python
