// The cost of a message on the wire: encode and decode, the frame's checksum included.
#include <benchmark/benchmark.h>

#include <string>
#include <utility>

#include "engine/wire/codec.h"

namespace synchrodb {
namespace {

PeerMessage heartbeat() {
  AppendRequest append;
  append.term = {3};
  append.prev_index = {1'000'000};
  append.prev_term = {3};
  append.commit = {999'990};
  append.round = 12'345;
  return {GroupId{1}, NodeId{1}, NodeId{2}, std::move(append)};
}

PeerMessage append_of(std::size_t entries, std::size_t payload) {
  PeerMessage message = heartbeat();
  auto& append = std::get<AppendRequest>(message.message);
  for (std::size_t i = 1; i <= entries; ++i) {
    append.entries.push_back(make_entry(Term{3}, Index{append.prev_index.value + i},
                                        EntryKind::kCommand, {{1'000}, {2'000}, true},
                                        std::string(payload, 'v')));
  }
  return message;
}

void encode_and_decode(benchmark::State& state, const PeerMessage& message) {
  std::size_t bytes = 0;
  for (auto _ : state) {
    const std::string frame = encode_frame(message);
    bytes = frame.size();
    const auto decoded = decode_frame(frame);
    SYNCHRODB_ASSERT(decoded.ok(), "the benchmark's message is sound");
    benchmark::DoNotOptimize(decoded.value().to);
  }
  state.counters["frame_bytes"] = static_cast<double>(bytes);
}

void wire_heartbeat(benchmark::State& state) {
  encode_and_decode(state, heartbeat());
}
BENCHMARK(wire_heartbeat);

// Arguments: entries, bytes of each payload.
void wire_append(benchmark::State& state) {
  encode_and_decode(state, append_of(static_cast<std::size_t>(state.range(0)),
                                     static_cast<std::size_t>(state.range(1))));
  state.SetBytesProcessed(state.iterations() * state.range(0) * state.range(1));
}
BENCHMARK(wire_append)->Args({1, 100})->Args({64, 100})->Args({1, 65'536});

void wire_request(benchmark::State& state) {
  ClientRequest request;
  request.kind = ClientRequest::Kind::kWrite;
  request.group = {1};
  request.payload = std::string(100, 'v');
  for (auto _ : state) {
    const auto decoded = decode_request_frame(encode_frame(request));
    SYNCHRODB_ASSERT(decoded.ok(), "the benchmark's request is sound");
    benchmark::DoNotOptimize(decoded.value().target);
  }
}
BENCHMARK(wire_request);

void wire_reply(benchmark::State& state) {
  ClientReply reply;
  reply.status = ClientReply::Status::kOk;
  reply.reply = Reply::bulk(std::string(100, 'v'));
  for (auto _ : state) {
    const auto decoded = decode_reply_frame(encode_frame(reply));
    SYNCHRODB_ASSERT(decoded.ok(), "the benchmark's reply is sound");
    benchmark::DoNotOptimize(decoded.value().index);
  }
}
BENCHMARK(wire_reply);

}  // namespace
}  // namespace synchrodb
