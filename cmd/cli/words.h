// Lines to words, and which of them must not be remembered.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/env/result.h"

namespace synchrodb::cli {

// As redis-cli splits: words apart by white space; "double quotes" with \n \r \t \b \a \\ \" and
// \xHH, 'single quotes' with \' only. A closing quote ends its word.
Result<std::vector<std::string>> split_words(std::string_view line);

// True for lines that hold a password: they go into no history.
bool holds_secret(std::string_view line);

}  // namespace synchrodb::cli
