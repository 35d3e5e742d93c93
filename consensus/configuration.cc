#include "consensus/configuration.h"

#include <algorithm>
#include <array>
#include <utility>

#include "consensus/assert.h"

namespace synchrodb {
namespace {

constexpr std::size_t kMaxNodes = 1'024;

bool has(const std::vector<NodeId>& nodes, NodeId node) {
  // A handful of nodes: a scan beats a binary search.
  for (const NodeId other : nodes) {
    if (other == node) return true;
  }
  return false;
}

bool strictly_ascending(const std::vector<NodeId>& nodes) {
  if (!nodes.empty() && !nodes.front()) return false;
  return std::adjacent_find(nodes.begin(), nodes.end(),
                            [](NodeId a, NodeId b) { return a >= b; }) == nodes.end();
}

void put_fixed64(std::string& out, std::uint64_t value) {
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(value >> shift));
}

std::uint64_t get_fixed64(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  }
  return value;
}

}  // namespace

bool Configuration::is_voter(NodeId node) const {
  return has(voters, node) || has(outgoing, node);
}

bool Configuration::is_learner(NodeId node) const {
  return has(learners, node) && !is_voter(node);
}

std::vector<NodeId> Configuration::members() const {
  std::vector<NodeId> all;
  all.reserve(voters.size() + outgoing.size() + learners.size());
  all.insert(all.end(), voters.begin(), voters.end());
  all.insert(all.end(), outgoing.begin(), outgoing.end());
  all.insert(all.end(), learners.begin(), learners.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

bool is_valid(const Configuration& c) {
  if (c.voters.empty() || !strictly_ascending(c.voters) || !strictly_ascending(c.outgoing) ||
      !strictly_ascending(c.learners)) {
    return false;
  }
  if (c.voters.size() + c.outgoing.size() + c.learners.size() > kMaxNodes) return false;
  // An outgoing voter may become a learner; an incoming one may not be both.
  return std::none_of(c.learners.begin(), c.learners.end(),
                      [&](NodeId node) { return has(c.voters, node); });
}

// Layout: version (1 byte), auto_leave (1 byte), three counts (8 bytes each, little endian), then
// the nodes (8 bytes each): voters, outgoing, learners.
std::string encode_configuration(const Configuration& c) {
  SYNCHRODB_ASSERT(is_valid(c), "only a valid configuration enters the log");
  std::string out;
  out.reserve(26 + 8 * (c.voters.size() + c.outgoing.size() + c.learners.size()));
  out.push_back(1);
  out.push_back(c.auto_leave ? 1 : 0);
  put_fixed64(out, c.voters.size());
  put_fixed64(out, c.outgoing.size());
  put_fixed64(out, c.learners.size());
  for (const auto* nodes : {&c.voters, &c.outgoing, &c.learners}) {
    for (const NodeId node : *nodes) put_fixed64(out, node.value);
  }
  return out;
}

std::optional<Configuration> decode_configuration(std::string_view bytes) {
  constexpr std::size_t kHeader = 26;
  if (bytes.size() < kHeader || bytes[0] != 1 || (bytes[1] != 0 && bytes[1] != 1)) {
    return std::nullopt;
  }
  Configuration c;
  c.auto_leave = bytes[1] == 1;
  std::uint64_t total = 0;
  std::array<std::uint64_t, 3> counts{};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = get_fixed64(bytes, 2 + 8 * i);
    if (counts[i] > kMaxNodes) return std::nullopt;
    total += counts[i];
  }
  if (total > kMaxNodes || bytes.size() != kHeader + 8 * total) return std::nullopt;
  std::size_t at = kHeader;
  std::size_t list = 0;
  for (auto* nodes : {&c.voters, &c.outgoing, &c.learners}) {
    nodes->reserve(counts[list]);
    for (std::uint64_t i = 0; i < counts[list]; ++i, at += 8) {
      nodes->push_back(NodeId{get_fixed64(bytes, at)});
    }
    ++list;
  }
  if (!is_valid(c)) return std::nullopt;
  return c;
}

void ConfigurationHistory::reset(Index index, Configuration configuration) {
  history_.clear();
  history_.push_back({index, std::move(configuration)});
}

void ConfigurationHistory::push(Index index, Configuration configuration) {
  SYNCHRODB_ASSERT(index > history_.back().index, "configurations enter in log order");
  history_.push_back({index, std::move(configuration)});
}

bool ConfigurationHistory::truncate_after(Index keep) {
  bool changed = false;
  while (history_.size() > 1 && history_.back().index > keep) {
    history_.pop_back();
    changed = true;
  }
  return changed;
}

void ConfigurationHistory::compact_to(Index index) {
  std::size_t drop = 0;
  while (drop + 1 < history_.size() && history_[drop + 1].index <= index) ++drop;
  history_.erase(history_.begin(), history_.begin() + static_cast<std::ptrdiff_t>(drop));
}

const ConfigurationHistory::Item& ConfigurationHistory::as_of(Index index) const {
  for (auto item = history_.rbegin(); item != history_.rend(); ++item) {
    if (item->index <= index) return *item;
  }
  return history_.front();
}

bool ConfigurationHistory::votes_since(Index index, NodeId node) const {
  for (auto item = history_.rbegin(); item != history_.rend(); ++item) {
    if (item->configuration.is_voter(node)) return true;
    if (item->index <= index) return false;
  }
  return false;
}

}  // namespace synchrodb
