# The product's interface for client programs: typed calls on keys and values. Any node serves it and
# forwards to the leader what only the leader can do; `Node.database` of node.capnp gives it out.
# How to use it, from C++ and from other languages: net/client/README.md. The rules for changing this
# file are in README.md.
#
# What holds for every call:
#
#   Keys and values are any bytes. A key has 1 byte to 64 KiB, a value at most 8 MiB; a call carries at
#   most 8 MiB in all. A call that breaks a limit is answered `invalid`.
#
#   A call that reached the node is *answered*, however it ended: look at `outcome` first. Whatever else
#   comes back is an RPC exception: the node is not there (any more), or does not know the call.
#   Without an answer the outcome of a write is unknown.
#
#   Versions and indexes are places in the replicated log: they grow, and those of all keys can be
#   compared. A key's version is the index of the entry that wrote it last; 0: there is no such key.
#
#   Times are milliseconds since the Unix epoch, on the cluster's clock: the wall clock of the leader as
#   it is recorded in the log, which never goes back.
@0x9d1c2f7be86a4d05;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("synchrodb::wire");

interface Database {
  # The value of a key. `found` false: there is none, or it has expired.
  get @0 (key :Data, consistency :Consistency)
      -> (outcome :Outcome, found :Bool, record :Record);

  # Sets a key, and removes an earlier expiry unless told otherwise. `applied` false: the condition did
  # not hold, and nothing was changed. `version`: the key's new one; 0 where nothing was changed.
  put @1 (key :Data, value :Data, expiry :Expiry, condition :Condition, request :RequestId)
      -> (outcome :Outcome, applied :Bool, version :UInt64);

  # Deletes a key. `existed` false: there was none. `applied` as in put.
  delete @2 (key :Data, condition :Condition, request :RequestId)
      -> (outcome :Outcome, applied :Bool, existed :Bool);

  # If the key is as `expected`, sets it to `value`, or deletes it if `value` is absent; its expiry is
  # removed. `applied` false: it was not as expected. `version` as in put; 0 after a deletion.
  compareAndSet @3 (key :Data, expected :Maybe, value :Maybe, request :RequestId)
      -> (outcome :Outcome, applied :Bool, version :UInt64);

  # If all conditions hold, executes the operations one after the other, with nothing in between, as
  # one entry of the log; otherwise executes none, and `applied` is false. `results` has one element
  # for each operation if `applied`, else none. At most 1,024 conditions and operations together.
  transaction @4 (conditions :List(KeyCondition), operations :List(Operation), request :RequestId)
      -> (outcome :Outcome, applied :Bool, results :List(OperationResult));

  # Some of the keys of a range, in no particular order: begin with cursor 0 and go on with the one
  # that was answered, until that is 0. A key that exists throughout is given exactly once, one that
  # comes or goes meanwhile at most once; each answer is the state at its `index`. An answer may hold
  # no key and yet not be the last. `limit`: of keys an answer, at most 10,000; 0: 1,000. It may be
  # exceeded by a few (keys that no cursor tells apart), and undercut: an answer ends beyond 1 MiB.
  scan @5 (range :KeyRange, cursor :UInt64, limit :UInt32, keysOnly :Bool,
           consistency :Consistency)
      -> (outcome :Outcome, records :List(Record), cursor :UInt64, index :UInt64);

  # Tells `watcher` of each change of the keys of a range, in the order of the log, without gaps, from
  # the entry at `from` on; 0: of every change made after this call. The watch lasts until `watch` is
  # dropped, the connection ends, or `watcher.end` is called.
  #
  # A node remembers recent changes only: about 8 MiB of them. `complete` false: those at
  # `from` are forgotten, and the watch begins at `begin`; read what you need to know once more. To
  # read and then follow without a gap: scan, and watch from the least `index` + 1 of its answers.
  #
  # The asked node tells of what it has applied itself: it may be late by what replication takes, or by
  # more while it is cut off; after 5 seconds without a leader it ends the watch (`noLeader`).
  # A node serves at most 1,024 watches, 64 a connection: more are refused as `overloaded`.
  watch @6 (range :KeyRange, from :UInt64, watcher :Watcher)
      -> (outcome :Outcome, watch :Watch, begin :UInt64, complete :Bool);

  # Opens a session, for writes that are applied exactly once however often they are sent; see
  # RequestId. It lasts until it is closed, or until 65,536 others have been used since. Opening one
  # too many does no harm.
  openSession @7 () -> (outcome :Outcome, session :UInt64);
  # Idempotent.
  closeSession @8 (session :UInt64) -> (outcome :Outcome);
}

# How a call ended. Where it is not `ok`, the other results mean nothing.
struct Outcome {
  union {
    # Executed, exactly once. A condition that did not hold is `ok` as well.
    ok @0 :Void;
    # Certainly not executed, now or later; but see `sessionExpired` and `staleSequence` about earlier
    # attempts.
    notExecuted @1 :Refusal;
    # A write that is executed once or not at all, now or later; the text says why nobody knows. With
    # a session: send the same request once more. Without: read, and decide.
    unknown @2 :Text;
  }
}

struct Refusal {
  reason @0 :Reason;
  why @1 :Text;  # for people
  # host:port of the RPC port of the node that is taken for the leader; empty: unknown. A hint for
  # programs that want to save a hop: every node forwards.
  leader @2 :Text;

  enum Reason {
    # The request breaks a rule of this file: it will never succeed.
    invalid @0;
    # No leader in time: an election is under way, or no majority can be reached. Try again.
    noLeader @1;
    # The node, or the cluster, has too much to do; or too little memory. Try again later.
    overloaded @2;
    # The session is unknown: never opened, closed, or forgotten. Nothing was executed by *this*
    # attempt; if the request was sent before, an earlier attempt may have been executed.
    sessionExpired @3;
    # The session has seen a later request. Of *this* request, as above.
    staleSequence @4;
  }
}

enum Consistency {
  # The newest state: whatever was acknowledged before the call is seen.
  linearizable @0;
  # The same, as long as clocks keep the promises that the cluster was configured with; saves a round
  # trip between the nodes.
  lease @1;
  # What the asked node has applied: may be old, and older than what an earlier read saw.
  stale @2;
}

# The name of a write, by which its repetitions are known. `session` 0: none; the call is then applied
# at most once, and what is unknown stays unknown.
#
# In a session, number requests from 1 upwards. A request that carries the number of the session's
# latest is answered as that was, without being executed: so ask again, under the same number, at any
# node, until there is an answer. A session has one request under way at a time: begin the next when
# the last is answered, or given up (it will then not be executed after the next one).
struct RequestId {
  session @0 :UInt64;
  sequence @1 :UInt64;
}

struct Record {
  key @0 :Data;
  value @1 :Data;  # empty where only keys were asked for
  version @2 :UInt64;
  expiryMs @3 :Int64 = -1;  # the key is gone after this time; -1: never
}

struct Expiry {
  union {
    none @0 :Void;
    keep @1 :Void;  # what the key has
    afterMs @2 :UInt64;  # from now on; at least 1
    atMs @3 :Int64;  # at this time; positive
  }
}

struct Condition {
  union {
    always @0 :Void;
    absent @1 :Void;
    present @2 :Void;
    value @3 :Data;  # the key exists and holds just this
    version @4 :UInt64;  # the key's version is this; 0: as absent
  }
}

struct KeyCondition {
  key @0 :Data;
  condition @1 :Condition;
}

struct Maybe {
  union {
    absent @0 :Void;
    value @1 :Data;
  }
}

struct Operation {
  key @0 :Data;
  union {
    get @1 :Void;
    put @2 :Put;
    delete @3 :Void;
  }

  struct Put {
    value @0 :Data;
    expiry @1 :Expiry;
  }
}

struct OperationResult {
  found @0 :Bool;  # get, delete: whether there was such a key
  record @1 :Record;  # get, where found; put: its version alone
}

struct KeyRange {
  union {
    prefix @0 :Data;  # keys that begin with this; empty: all
    between :group {
      from @1 :Data;  # the least key
      to @2 :Data;  # the first key beyond; empty: there is none
    }
  }
}

# What the client provides to be told of changes.
interface Watcher {
  # The next changes; none at least every second, as a sign of life. All changes up to and including
  # the entry at `upTo` have been told now: to go on elsewhere, watch from `upTo` + 1. Changes of one
  # entry come in one call. The next call comes when this one has returned: take your time, but not
  # more than 30 seconds, nor more than the node remembers.
  changes @0 (changes :List(Change), upTo :UInt64) -> ();
  # The last call of a watch.
  end @1 (reason :Reason, why :Text) -> ();

  enum Reason {
    # The watcher did not keep up, or the node took over a snapshot: what changed after the last `upTo`
    # is forgotten here. Read again, and watch anew.
    fellBehind @0;
    # The node has known no leader for a while: watch elsewhere, from the last `upTo` + 1.
    noLeader @1;
    # The node shuts down: likewise.
    shutdown @2;
  }
}

struct Change {
  union {
    # The key holds this since the entry at `record.version`. A value above 1 MiB is left out
    # (`valueOmitted`): get it.
    put @0 :Record;
    # The key is gone: deleted or expired.
    deleted @1 :Data;
    # All keys are gone. Told whatever the range.
    cleared @2 :Void;
  }
  index @3 :UInt64;  # of the entry
  valueOmitted @4 :Bool;
}

# Drop it to end the watch.
interface Watch {}
