// Delta debugging (Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, TSE
// 2002): from a list that shows something, a list without any single element that it could do
// without.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace synchrodb::sim {

// `shows(list)`: whether a list, of elements of `all` in their order, still shows it; it does for
// `all`. Returns the smallest list found; if `shows` begins to answer false for good (a budget),
// the smallest until then.
template <class T, class Shows>
std::vector<T> ddmin(std::vector<T> all, Shows shows) {
  if (all.empty() || shows(std::vector<T>{})) return {};
  std::size_t pieces = 2;
  while (all.size() > 1) {
    pieces = std::min(pieces, all.size());
    bool smaller = false;
    for (std::size_t i = 0; i < pieces && !smaller; ++i) {
      const std::size_t from = all.size() * i / pieces;
      const std::size_t to = all.size() * (i + 1) / pieces;
      std::vector<T> rest(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(from));
      rest.insert(rest.end(), all.begin() + static_cast<std::ptrdiff_t>(to), all.end());
      if (rest.empty() || !shows(rest)) continue;
      all = std::move(rest);
      pieces = std::max<std::size_t>(pieces - 1, 2);
      smaller = true;
    }
    if (smaller) continue;
    if (pieces == all.size()) break;
    pieces *= 2;
  }
  return all;
}

}  // namespace synchrodb::sim
