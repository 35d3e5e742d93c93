// `synchrodb-sim check --model set|queue|counter|bank`.
#pragma once

#include <string_view>

#include "cmd/sim/check_input.h"

namespace synchrodb::sim {

bool is_object_model(std::string_view model);

// Prints the verdict; returns the exit code.
int check_object_file(const CheckArguments& arguments);

}  // namespace synchrodb::sim
