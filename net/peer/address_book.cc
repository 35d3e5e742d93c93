#include "net/peer/address_book.h"

#include <sstream>

#include "net/config/host_port.h"

namespace synchrodb::net {
namespace {

Error malformed(std::size_t line) {
  return {ErrorCode::kCorrupt, "address book: line " + std::to_string(line) + " is malformed"};
}

}  // namespace

bool AddressBook::learn(const NodeAddress& address) {
  if (!address.node || address.rpc.empty()) return false;
  auto [it, fresh] = book_.emplace(address.node, address);
  if (fresh) return true;
  NodeAddress& known = it->second;
  if (address.version < known.version || known == address) return false;
  // Hearsay does not overrule hearsay with less: the client's port may be all that is missing.
  NodeAddress merged = address;
  if (merged.resp.empty()) merged.resp = known.resp;
  if (merged == known) return false;
  known = merged;
  return true;
}

const NodeAddress* AddressBook::find(NodeId node) const {
  const auto it = book_.find(node);
  return it == book_.end() ? nullptr : &it->second;
}

std::vector<NodeAddress> AddressBook::all() const {
  std::vector<NodeAddress> all;
  for (const auto& [node, address] : book_) all.push_back(address);
  return all;
}

std::string AddressBook::to_text() const {
  std::string text;
  for (const auto& [node, address] : book_) {
    text += std::to_string(node.value) + " " + std::to_string(address.version) + " " + address.rpc;
    if (!address.resp.empty()) text += " " + address.resp;
    text += "\n";
  }
  return text;
}

Result<AddressBook> AddressBook::from_text(std::string_view text) {
  AddressBook book;
  std::istringstream lines{std::string(text)};
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    std::istringstream words(line);
    NodeAddress address;
    if (!(words >> address.node.value >> address.version >> address.rpc)) return malformed(number);
    words >> address.resp;
    if (!parse_host_port(address.rpc)) return malformed(number);
    if (!address.resp.empty() && !parse_host_port(address.resp)) return malformed(number);
    if (!book.learn(address)) return malformed(number);
  }
  return book;
}

}  // namespace synchrodb::net
