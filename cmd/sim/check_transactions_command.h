// `synchrodb-sim check --model list-append|rw-register`.
#pragma once

#include <string>
#include <string_view>

#include "cmd/sim/check_input.h"

namespace synchrodb::sim {

bool is_transaction_model(std::string_view model);

// The names that --consistency takes, from weak to strong.
std::string consistency_models();

// Prints the verdict; returns the exit code.
int check_transactions_file(const CheckArguments& arguments);

}  // namespace synchrodb::sim
