#include "sim/check/zones.h"

#include <algorithm>

namespace synchrodb::check {
namespace {

constexpr std::uint32_t kInitial = ~std::uint32_t{0};

std::uint64_t shifted(EventOrder order) {
  return order == kNeverCompleted ? ~std::uint64_t{0} : std::uint64_t{order} + 1;
}

}  // namespace

bool Zones::build(const Problem& problem) {
  if (problem.general || problem.space.is_trie()) return false;
  // The initial value may be one that nobody mentions.
  clusters_.assign(std::max<std::size_t>(problem.space.table_size(), problem.initial + 1),
                   Cluster());
  Cluster& initial = clusters_[problem.initial];
  initial.written = initial.must_be_written = true;
  initial.least_complete = 0;
  initial.first_to_complete = initial.last_to_invoke = initial.write = kInitial;
  for (std::uint32_t i = 0; i < problem.steps.size(); ++i) {
    const Step& step = problem.steps[i];
    if (step.action != Action::kWrite) continue;
    Cluster& cluster = clusters_[step.b];
    if (cluster.written) return false;
    cluster.written = true;
    cluster.must_be_written = step.mandatory;
    cluster.write = cluster.first_to_complete = cluster.last_to_invoke = i;
    cluster.least_complete = shifted(step.complete);
    cluster.greatest_invoke = cluster.write_invoke = shifted(step.invoke);
  }
  for (const Step& step : problem.steps) {
    if (step.action == Action::kCas) return false;
  }
  return true;
}

bool Zones::reads_have_their_writes(const Problem& problem) {
  for (std::uint32_t i = 0; i < problem.steps.size(); ++i) {
    const Step& step = problem.steps[i];
    if (step.action != Action::kRead) continue;
    if (step.a >= clusters_.size() || !clusters_[step.a].written) {
      certificate_ = {i};
      return false;
    }
    Cluster& cluster = clusters_[step.a];
    cluster.read = true;
    if (shifted(step.complete) < cluster.write_invoke) {
      certificate_ = {cluster.write, i};
      return false;
    }
    if (shifted(step.complete) < cluster.least_complete) {
      cluster.least_complete = shifted(step.complete);
      cluster.first_to_complete = i;
    }
    if (shifted(step.invoke) > cluster.greatest_invoke) {
      cluster.greatest_invoke = shifted(step.invoke);
      cluster.last_to_invoke = i;
    }
  }
  return true;
}

void Zones::certify(const Cluster& one, const Cluster& other) {
  for (const Cluster* cluster : {&one, &other}) {
    for (const std::uint32_t step :
         {cluster->write, cluster->first_to_complete, cluster->last_to_invoke}) {
      const bool known =
          std::find(certificate_.begin(), certificate_.end(), step) != certificate_.end();
      if (step != kInitial && !known) certificate_.push_back(step);
    }
  }
}

bool Zones::zones_are_compatible() {
  forward_.clear();
  for (std::uint32_t i = 0; i < clusters_.size(); ++i) {
    const Cluster& cluster = clusters_[i];
    if (cluster.written && cluster.least_complete < cluster.greatest_invoke) forward_.push_back(i);
  }
  std::sort(forward_.begin(), forward_.end(), [this](std::uint32_t x, std::uint32_t y) {
    return clusters_[x].least_complete < clusters_[y].least_complete;
  });
  for (std::size_t i = 1; i < forward_.size(); ++i) {
    const Cluster& before = clusters_[forward_[i - 1]];
    const Cluster& after = clusters_[forward_[i]];
    if (after.least_complete < before.greatest_invoke) {
      certify(before, after);
      return false;
    }
  }
  for (const Cluster& cluster : clusters_) {
    const bool happened = cluster.written && (cluster.must_be_written || cluster.read);
    if (!happened || cluster.least_complete < cluster.greatest_invoke) continue;
    if (cluster.write == kInitial) continue;
    // The last forward zone that starts before this backward zone does.
    const auto above = std::upper_bound(
        forward_.begin(), forward_.end(), cluster.greatest_invoke,
        [this](std::uint64_t at, std::uint32_t x) { return at < clusters_[x].least_complete; });
    if (above == forward_.begin()) continue;
    const Cluster& zone = clusters_[*(above - 1)];
    if (cluster.least_complete < zone.greatest_invoke) {
      certify(zone, cluster);
      return false;
    }
  }
  return true;
}

Zones::Answer Zones::run(const Problem& problem) {
  certificate_.clear();
  steps_ = problem.steps.size();
  if (!build(problem)) return Answer::kNotApplicable;
  if (!reads_have_their_writes(problem) || !zones_are_compatible()) return Answer::kInvalid;
  return Answer::kValid;
}

}  // namespace synchrodb::check
