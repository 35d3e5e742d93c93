#include "net/peer/address_book.h"

#include <charconv>
#include <sstream>

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
    if (!check_host_and_port(address.rpc)) return malformed(number);
    if (!address.resp.empty() && !check_host_and_port(address.resp)) return malformed(number);
    if (!book.learn(address)) return malformed(number);
  }
  return book;
}

Result<> check_host_and_port(std::string_view address) {
  const auto wrong = [&](const char* what) {
    return Error{ErrorCode::kInvalid, "'" + std::string(address) + "': " + what +
                                          " (an address is host:port, such as 10.0.0.1:17379)"};
  };
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return wrong("no port");
  const std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  if (host.empty()) return wrong("no host");
  const bool bracketed = host.front() == '[' && host.back() == ']';
  if (!bracketed && host.find(':') != std::string_view::npos) {
    return wrong("an IPv6 host goes into brackets");
  }
  std::uint32_t number = 0;
  const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (failure != std::errc{} || end != port.data() + port.size() || number == 0 || number > 65535) {
    return wrong("the port is not from 1 to 65535");
  }
  return {};
}

}  // namespace synchrodb::net
