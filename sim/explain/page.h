// The interactive space-time diagram: one page that needs no network. page/README.md has its JSON.
#pragma once

#include <string>
#include <string_view>

#include "sim/explain/explanation.h"

namespace synchrodb::sim {

// The page without data: page/spacetime.html.
std::string_view spacetime_template();

// The page of one JSON object.
std::string spacetime_page(std::string json);

// The page of an explanation: the whole run, the anomaly and the causal chain.
std::string to_html(const Explanation& explanation);

}  // namespace synchrodb::sim
