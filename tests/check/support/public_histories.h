// The public histories in tests/data/histories, with their verdicts.
#pragma once

#include <string>
#include <vector>

#include "sim/check/check.h"
#include "sim/check/history.h"

namespace synchrodb::check::testing {

struct PublicHistory {
  std::string file;
  History history;
  Options options;  // model, dialect and initial value as listed
  Verdict verdict = Verdict::kUnknown;
  std::size_t completed = 0;  // listed number of operations; 0 if not listed
};

std::string read_file(const std::string& path);
// All of them. Fails the test and stops where one cannot be read.
std::vector<PublicHistory> public_histories();

}  // namespace synchrodb::check::testing
