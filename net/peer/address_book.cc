#include "net/peer/address_book.h"

#include <charconv>
#include <sstream>

#include "net/config/host_port.h"
#include "net/disk/folder_id.h"
#include "net/disk/hex.h"

namespace synchrodb::net {
namespace {

Error malformed(std::size_t line) {
  return {ErrorCode::kCorrupt, "address book: line " + std::to_string(line) + " is malformed"};
}

bool read_port(std::string_view word, std::uint16_t& port) {
  const char* const end = word.data() + word.size();
  const auto [read_to, status] = std::from_chars(word.data(), end, port);
  return status == std::errc() && read_to == end && port != 0;
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
  if (merged.version == known.version && merged.tls_port == 0) merged.tls_port = known.tls_port;
  if (merged == known) return false;
  known = merged;
  return true;
}

bool AddressBook::learn_folder(NodeId node, const std::string& folder) {
  return !folder.empty() && folders_.emplace(node, folder).second;
}

std::string AddressBook::folder_of(NodeId node) const {
  const auto it = folders_.find(node);
  return it == folders_.end() ? std::string() : it->second;
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
    if (!address.resp.empty()) {
      text += " " + address.resp;
      // Earlier versions would take a port for the folder, so it has no line without one; the next
      // handshake tells it again.
      if (const std::string folder = folder_of(node); !folder.empty()) {
        text += " " + to_hex(folder);
        if (address.tls_port != 0) text += " " + std::to_string(address.tls_port);
      }
    }
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
    std::string folder, tls_port;
    words >> address.resp >> folder >> tls_port;
    if (!parse_host_port(address.rpc)) return malformed(number);
    if (!address.resp.empty() && !parse_host_port(address.resp)) return malformed(number);
    if (!tls_port.empty() && !read_port(tls_port, address.tls_port)) return malformed(number);
    if (!book.learn(address)) return malformed(number);
    if (folder.empty()) continue;
    const std::optional<std::string> id = from_hex(folder);
    if (!id || id->size() != kFolderIdBytes) return malformed(number);
    book.learn_folder(address.node, *id);
  }
  return book;
}

}  // namespace synchrodb::net
