// Strongly connected components (Tarjan 1972, as Pearce 2016 arranges it: one number a node).
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace synchrodb::check {

// Components have numbers in order of completion: a node reaches only nodes of components with the
// same number or a lesser one.
struct Components {
  std::vector<std::uint32_t> number;      // by node
  std::vector<std::uint32_t> nontrivial;  // numbers of those with several nodes, ascending

  bool same(std::uint32_t a, std::uint32_t b) const { return number[a] == number[b]; }
  bool is_nontrivial(std::uint32_t node) const {
    return std::binary_search(nontrivial.begin(), nontrivial.end(), number[node]);
  }
};

inline constexpr std::uint32_t kNoNode = 0xffffffffU;

// `next(node, &position)` gives a successor and moves `position`, which begins at 0, or kNoNode
// after the last. Fewer than 2^31 nodes. No recursion: any depth. Where most edges lead to greater
// numbers the depth stays small.
template <typename Next>
Components strong_components(std::uint32_t nodes, Next next) {
  // Of a node: 0, or while it is open the least order of discovery that it reaches, or when its
  // component is complete kDone and that component's number.
  constexpr std::uint32_t kDone = 0x80000000U;
  struct Frame {
    std::uint32_t node;
    std::uint32_t position;
    bool root;
  };
  Components result;
  std::vector<std::uint32_t>& low = result.number;
  low.assign(nodes, 0);
  std::vector<Frame> path;
  std::vector<std::uint32_t> waiting;
  std::uint32_t discovered = 0;
  std::uint32_t completed = 0;
  const auto discover = [&](std::uint32_t node) {
    low[node] = ++discovered;
    path.push_back({node, 0, true});
  };
  const auto complete = [&](const Frame& frame) {
    bool several = false;
    while (!waiting.empty() && low[waiting.back()] >= low[frame.node]) {
      low[waiting.back()] = kDone | completed;
      waiting.pop_back();
      several = true;
    }
    low[frame.node] = kDone | completed;
    if (several) result.nontrivial.push_back(completed);
    ++completed;
  };
  for (std::uint32_t start = nodes; start-- > 0;) {
    if (low[start] != 0) continue;
    discover(start);
    while (!path.empty()) {
      Frame& frame = path.back();
      const std::uint32_t to = next(frame.node, &frame.position);
      if (to != kNoNode) {
        if (low[to] == 0) {
          discover(to);
        } else if (low[to] < low[frame.node]) {
          low[frame.node] = low[to];
          frame.root = false;
        }
        continue;
      }
      const Frame done = frame;
      path.pop_back();
      if (done.root) {
        complete(done);
      } else {
        waiting.push_back(done.node);
      }
      if (!path.empty() && low[done.node] < low[path.back().node]) {
        low[path.back().node] = low[done.node];
        path.back().root = false;
      }
    }
  }
  for (std::uint32_t& number : low) number &= ~kDone;
  return result;
}

}  // namespace synchrodb::check
