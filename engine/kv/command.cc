#include "engine/kv/command.h"

#include "engine/kv/request_reader.h"

namespace synchrodb {
namespace {

void put_head(RequestKind kind, SessionId session, std::uint64_t sequence, bool transaction,
              std::string& out) {
  out.push_back(static_cast<char>(kRequestVersion));
  out.push_back(static_cast<char>(kind));
  put_varint(session.value, out);
  put_varint(sequence, out);
  out.push_back(static_cast<char>(transaction ? kTransactionFlag : 0));
}

void put_arguments(const std::vector<std::string>& argv, std::string& out) {
  put_varint(argv.size(), out);
  for (const std::string& argument : argv) put_string(argument, out);
}

struct Collector {
  Request& request;

  void command(std::size_t) { request.commands.emplace_back(); }
  void argument(std::string_view bytes) { request.commands.back().emplace_back(bytes); }
  void watch(std::string_view key, std::uint64_t version) {
    request.watched.push_back({std::string(key), version});
  }
};

}  // namespace

std::string encode(const Request& request) {
  std::string out;
  std::size_t size = 32;
  for (const auto& argv : request.commands) {
    for (const std::string& argument : argv) size += argument.size() + 5;
  }
  out.reserve(size);
  put_head(request.kind, request.session, request.sequence, request.transaction, out);
  put_varint(request.commands.size(), out);
  for (const auto& argv : request.commands) put_arguments(argv, out);
  put_varint(request.watched.size(), out);
  for (const WatchedKey& watched : request.watched) {
    put_string(watched.key, out);
    put_varint(watched.version, out);
  }
  return out;
}

std::string encode_command(const std::vector<std::string>& argv, SessionId session,
                           std::uint64_t sequence) {
  std::string out;
  std::size_t size = 32;
  for (const std::string& argument : argv) size += argument.size() + 5;
  out.reserve(size);
  put_head(RequestKind::kExecute, session, sequence, false, out);
  put_varint(1, out);
  put_arguments(argv, out);
  put_varint(0, out);
  return out;
}

std::optional<RequestName> name_of(std::string_view payload) {
  ByteReader in(payload);
  RequestHead head;
  const bool named = read_head(in, head) && head.kind == RequestKind::kExecute && head.session &&
                     head.sequence > 0;
  return named ? std::optional(RequestName{head.session, head.sequence}) : std::nullopt;
}

Result<Request> decode(std::string_view payload) {
  Request request;
  RequestHead head;
  Collector collector{request};
  if (!read_request(payload, head, collector)) {
    return Error{ErrorCode::kCorrupt, "malformed request in a log entry"};
  }
  request.kind = head.kind;
  request.session = head.session;
  request.sequence = head.sequence;
  request.transaction = head.transaction;
  return request;
}

}  // namespace synchrodb
