# What a client asks of a node and what it answers: engine/env/transport.h and engine/kv/reply.h.
# The rules for changing this file are in README.md.
@0xe1ea3356685657f2;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("synchrodb::wire");

struct ClientRequest {
  kind @0 :Kind;
  group @1 :UInt64;
  payload @2 :Data;  # write, reads: a request of engine/kv/command.h
  change @3 :ConfigurationChange;  # change
  target @4 :UInt64;  # transfer

  enum Kind {
    write @0;
    read @1;
    leaseRead @2;
    staleRead @3;
    change @4;
    transfer @5;
    status @6;
  }
}

struct ConfigurationChange {
  addVoters @0 :List(UInt64);
  addLearners @1 :List(UInt64);
  remove @2 :List(UInt64);
}

struct ClientReply {
  status @0 :Status;
  reply @1 :Reply;  # ok
  leader @2 :UInt64;  # notLeader; 0: unknown
  why @3 :Data;  # refused, overloaded
  term @4 :UInt64;
  index @5 :UInt64;

  enum Status {
    ok @0;
    notLeader @1;
    refused @2;
    unknown @3;
    overloaded @4;
  }
}

# Strings are Data: Redis' are binary-safe, and its error texts quote what the client sent.
struct Reply {
  union {
    nil @0 :Void;
    nilArray @1 :Void;
    status @2 :Data;
    error @3 :Data;
    integer @4 :Int64;
    bulk @5 :Data;
    array @6 :List(Reply);
    real @7 :Float64;
    map @8 :List(Reply);  # key, value, key, value …
    boolean @9 :Bool;
    verbatim @10 :Data;
    set @11 :List(Reply);
    push @12 :List(Reply);
  }
}
