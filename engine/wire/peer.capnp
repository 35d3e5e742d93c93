# What the nodes of one group say to each other: consensus/message.h, field for field.
# The rules for changing this file are in README.md.
@0xf79f48834cb80028;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("synchrodb::wire");

struct PeerMessage {
  group @0 :UInt64;
  from @1 :UInt64;
  to @2 :UInt64;
  union {
    voteRequest @3 :VoteRequest;
    voteReply @4 :VoteReply;
    appendRequest @5 :AppendRequest;
    appendReply @6 :AppendReply;
    snapshotChunk @7 :SnapshotChunk;
    snapshotReply @8 :SnapshotReply;
    timeoutNow @9 :TimeoutNow;
  }
}

struct VoteRequest {
  term @0 :UInt64;
  lastIndex @1 :UInt64;
  lastTerm @2 :UInt64;
  priority @3 :UInt64;
  preVote @4 :Bool;
  transfer @5 :Bool;
}

struct VoteReply {
  term @0 :UInt64;
  preVote @1 :Bool;
  granted @2 :Bool;
}

struct AppendRequest {
  term @0 :UInt64;
  prevIndex @1 :UInt64;
  prevTerm @2 :UInt64;
  commit @3 :UInt64;
  round @4 :UInt64;
  entries @5 :List(Entry);
  recovery @6 :UInt64;
  recoveryBound @7 :UInt64;
}

struct Entry {
  term @0 :UInt64;
  index @1 :UInt64;
  writtenEarliest @2 :Int64;  # nanoseconds since the Unix epoch
  writtenLatest @3 :Int64;
  writtenSynchronised @4 :Bool;
  kind @5 :EntryKind;
  payload @6 :Data;
}

enum EntryKind {
  noop @0;
  command @1;
  configuration @2;  # the payload is encode_configuration() of consensus/configuration.h
}

struct AppendReply {
  term @0 :UInt64;
  index @1 :UInt64;
  hintIndex @2 :UInt64;
  hintTerm @3 :UInt64;
  round @4 :UInt64;
  recovery @5 :UInt64;
  success @6 :Bool;
}

struct SnapshotMeta {
  index @0 :UInt64;
  term @1 :UInt64;
  configurationIndex @2 :UInt64;
  configuration @3 :Data;  # the same bytes as in a configuration entry
}

struct SnapshotChunk {
  term @0 :UInt64;
  meta @1 :SnapshotMeta;
  offset @2 :UInt64;
  total @3 :UInt64;
  data @4 :Data;
  round @5 :UInt64;
}

struct SnapshotReply {
  term @0 :UInt64;
  index @1 :UInt64;
  nextOffset @2 :UInt64;
  round @3 :UInt64;
  status @4 :Status;

  enum Status {
    want @0;
    installed @1;
    rejected @2;
  }
}

struct TimeoutNow {
  term @0 :UInt64;
}
