// Writes the seeds that nobody can type: make_corpus FOLDER. The others are kept by hand. Run it
// when a format changes; the fuzzers themselves keep what they find elsewhere (run.py).
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "consensus/configuration.h"
#include "engine/kv/command.h"
#include "engine/kv/state_machine.h"
#include "tests/engine/support/storage_model.h"
#include "tests/engine/wire_samples.h"
#include "tests/fuzz/support/storage_files.h"

namespace synchrodb::fuzz {
namespace {

std::filesystem::path root;

void save(const std::string& target, const std::string& name, std::string_view bytes) {
  std::filesystem::create_directories(root / target);
  std::ofstream(root / target / name, std::ios::binary) << bytes;
}

// Choices of wire.cc: the kind, the highest bit for a whole frame.
void make_wire() {
  for (const wire_test::Sample& sample : wire_test::samples()) {
    const int kind = static_cast<int>(sample.kind) - 1;
    std::string name = sample.name;
    for (char& c : name) c = c == ' ' ? '_' : c;
    save("wire", name, static_cast<char>(kind) + sample.frame.substr(kFrameHeaderBytes));
    if (name == "request")
      save("wire", "whole_frame", static_cast<char>(kind | 0x80) + sample.frame);
  }
  ClientReply answer;
  answer.reply = Reply::array({Reply::nil_array(), Reply::ok(), Reply::error("ERR no"),
                               Reply::integer(-1), Reply::boolean(true), Reply::verbatim("text"),
                               Reply::set({}), Reply::push({Reply::nil()})});
  save("wire", "reply_of_all_kinds", '\2' + encode_frame(answer).substr(kFrameHeaderBytes));
  ClientRequest change;
  change.kind = ClientRequest::Kind::kChange;
  change.change = {{NodeId{4}}, {NodeId{5}}, {NodeId{1}}};
  save("wire", "membership_change", '\1' + encode_frame(change).substr(kFrameHeaderBytes));
}

Request watched_transaction() {
  Request request;
  request.session = SessionId{1};
  request.sequence = 1;
  request.commands = {{"SET", "k", "v", "PX", "100"}, {"INCR", "n"}};
  request.transaction = true;
  request.watched = {{"k", 0}};
  return request;
}

// Choices of payloads.cc: 0 a request, 1 a reply, 2 a configuration.
void make_payloads() {
  save("payloads", "request", std::string(1, '\0') + encode_command({"SET", "key", "value"}));
  save("payloads", "transaction", std::string(1, '\0') + encode(watched_transaction()));
  Request open;
  open.kind = RequestKind::kOpenSession;
  save("payloads", "open_session", std::string(1, '\0') + encode(open));
  std::string reply = "\1";
  encode(Reply::map({Reply::bulk("k"), Reply::array({Reply::real(1.5), Reply::boolean(true)}),
                     Reply::nil(), Reply::set({Reply::verbatim("text"), Reply::push({})})}),
         reply);
  save("payloads", "reply", reply);
  save("payloads", "configuration",
       '\2' + encode_configuration({.voters = {NodeId{1}, NodeId{2}},
                                    .outgoing = {NodeId{1}, NodeId{3}},
                                    .learners = {NodeId{3}}}));
}

void make_kv_snapshots() {
  StateMachine machine;
  std::string bytes;
  machine.serialize(bytes);
  save("kv_snapshot", "empty", bytes);
  const WallTime today{1'700'000'000'000'000'000};
  Request open;
  open.kind = RequestKind::kOpenSession;
  for (const Request& request : {open, watched_transaction()}) {
    machine.apply(*make_entry(Term{1}, machine.applied().next(), EntryKind::kCommand,
                              {today, today, true}, encode(request)));
  }
  bytes.clear();
  machine.serialize(bytes);
  save("kv_snapshot", "a_session_and_keys", bytes);
}

// Lives of a node, some with damage that a checksum does not see.
void make_recoveries() {
  StorageOptions options;
  options.segment_bytes = 8 * 512;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    testing::MemoryDisk disk;
    testing::StorageDriver driver(disk, seed, options, false);
    if (!driver.open()) continue;
    for (std::uint64_t i = 0; i < seed; ++i) {
      if (!driver.step()) break;
    }
    save("log_recovery", "life_" + std::to_string(seed), input_of(disk));
  }
}

void make_snapshots() {
  const SnapshotMeta meta = testing::snapshot_meta(Index{4}, Term{2});
  for (const std::string& state :
       {std::string(), std::string("the state"), std::string(600, 's')}) {
    testing::MemoryDisk fresh;
    testing::StorageDriver owner(fresh, 1, {}, false);
    if (!owner.open() || !testing::save_snapshot(owner.storage(), GroupId{1}, meta, state)) return;
    for (const std::string& name : fresh.names()) {
      if (!name.starts_with("snapshot-")) continue;
      std::string file = fresh.contents(name);
      take_out_checksums(name, file);
      save("snapshot_recovery", "state_of_" + std::to_string(state.size()), file);
    }
  }
}

}  // namespace
}  // namespace synchrodb::fuzz

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: make_corpus FOLDER\n");
    return 2;
  }
  using namespace synchrodb::fuzz;
  root = arguments[1];
  make_wire();
  make_payloads();
  make_kv_snapshots();
  make_recoveries();
  make_snapshots();
  return 0;
}
