// The Redis protocol alone: bytes to commands and replies to bytes, a command at a time.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <string>
#include <vector>

#include "net/resp/parser.h"
#include "net/resp/printer.h"
#include "net/resp/reply_parser.h"

namespace synchrodb::net {
namespace {

std::string bulk(std::string_view bytes) {
  return "$" + std::to_string(bytes.size()) + "\r\n" + std::string(bytes) + "\r\n";
}

std::string set_command(std::size_t value_bytes) {
  return "*3\r\n" + bulk("SET") + bulk("key:000000012345") + bulk(std::string(value_bytes, 'x'));
}

// A pipeline of `depth` commands, read in one piece as a connection would, over and over.
void parse_pipeline(benchmark::State& bench, const std::string& command) {
  const auto depth = static_cast<std::size_t>(bench.range(0));
  std::string pipeline;
  for (std::size_t i = 0; i < depth; ++i) pipeline += command;
  RequestParser parser;
  for (auto _ : bench) {
    for (std::size_t at = 0; at < pipeline.size();) {
      const std::span<char> room = parser.writable();
      const std::size_t size = std::min(room.size(), pipeline.size() - at);
      std::copy_n(pipeline.data() + at, size, room.data());
      parser.commit(size);
      at += size;
      while (parser.next() == RequestParser::Outcome::kCommand) {
        benchmark::DoNotOptimize(parser.argv().data());
      }
    }
  }
  bench.SetItemsProcessed(bench.iterations() * bench.range(0));
  bench.SetBytesProcessed(bench.iterations() * static_cast<std::int64_t>(pipeline.size()));
}

void BM_ParseSet(benchmark::State& bench) {
  parse_pipeline(bench, set_command(static_cast<std::size_t>(bench.range(1))));
}
BENCHMARK(BM_ParseSet)->Args({1, 3})->Args({16, 3})->Args({16, 1'024})->Args({1, 1 << 20});

void BM_ParseGet(benchmark::State& bench) {
  parse_pipeline(bench, "*2\r\n" + bulk("GET") + bulk("key:000000012345"));
}
BENCHMARK(BM_ParseGet)->Arg(1)->Arg(16);

void BM_ParseInlinePing(benchmark::State& bench) {
  parse_pipeline(bench, "PING\r\n");
}
BENCHMARK(BM_ParseInlinePing)->Arg(16);

void print_pipeline(benchmark::State& bench, const Reply& reply, RespVersion version) {
  std::string out;
  for (auto _ : bench) {
    out.clear();
    for (int i = 0; i < 16; ++i) print(reply, version, out);
    benchmark::DoNotOptimize(out.data());
  }
  bench.SetItemsProcessed(bench.iterations() * 16);
}

void BM_PrintOk(benchmark::State& bench) {
  print_pipeline(bench, Reply::ok(), RespVersion::k2);
}
BENCHMARK(BM_PrintOk);

void BM_PrintBulk(benchmark::State& bench) {
  print_pipeline(bench, Reply::bulk(std::string(static_cast<std::size_t>(bench.range(0)), 'x')),
                 RespVersion::k2);
}
BENCHMARK(BM_PrintBulk)->Arg(3)->Arg(1'024);

void BM_PrintMap(benchmark::State& bench) {
  print_pipeline(bench, Reply::map({Reply::bulk("a"), Reply::real(0.1)}), RespVersion::k3);
}
BENCHMARK(BM_PrintMap);

void BM_ParseReplies(benchmark::State& bench) {
  std::string bytes;
  for (int i = 0; i < 16; ++i) print(Reply::bulk("a value"), RespVersion::k2, bytes);
  ReplyParser parser;
  for (auto _ : bench) {
    parser.feed(bytes);
    Reply reply;
    while (parser.next(reply) == ReplyParser::Outcome::kReply) benchmark::DoNotOptimize(&reply);
  }
  bench.SetItemsProcessed(bench.iterations() * 16);
}
BENCHMARK(BM_ParseReplies);

}  // namespace
}  // namespace synchrodb::net
