// A judgement of transactions as text for people and as JSON for programs and pictures.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "sim/check/transactions/check_transactions.h"

namespace synchrodb::check {

// Some lines on what was found and what it rules out, then each example in words.
std::string to_text(const TransactionHistory& history, const TransactionOptions& options,
                    const TransactionJudgement& judgement);

// {"verdict": …, "required": …, "strongest": […], "not": […], "also_not": […], "undecided": […],
//  "anomalies": {"G-single": 3, …},
//  "cases": [{"anomaly": …, "key": …, "words": …,
//             "transactions": [{"name": "T1", "id": 7, "process": …, "type": …, "value": "[…]",
//                               "invoke_time": …, "complete_time": …}, …],
//             "steps": [{"from": "T1", "to": "T2", "type": "rw", "basis": "observed", "key": …,
//                        "value": …, "next_value": …, "words": …}, …]}, …]}
// Keys and values are as EDN; times in nanoseconds, null where there was no completion.
nlohmann::ordered_json to_json(const TransactionHistory& history, const TransactionOptions& options,
                               const TransactionJudgement& judgement);

}  // namespace synchrodb::check
