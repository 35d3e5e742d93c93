// The words of `synchrodb-cli cluster WORD …`: what tells them from Redis' CLUSTER commands, what
// completion and help know of them.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace synchrodb::cli {

struct ClusterWord {
  std::string_view name;
  std::string_view arguments;
  std::string_view summary;
};

std::span<const ClusterWord> cluster_words();

// True: `words` are `cluster` and one of ours (in lower case; Redis' have other names anyhow).
bool is_administration(std::span<const std::string> words);

// One line a word, for --help.
std::string cluster_overview();

}  // namespace synchrodb::cli
