# What operators ask of a node. The rules for changing this file are in README.md.
@0x9b1f6f1d6f0e2a53;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("synchrodb::wire");

# Calls that change the cluster may be made to any node: it forwards them to the leader. A call that
# fails throws; the text says why, and whether it may have taken effect.
interface Administration {
  status @0 () -> (status :NodeStatus);
  # As this node knows them.
  members @1 () -> (members :List(Member));
  # Adds a node as a learner and, unless `learner`, makes it a voter once it has caught up. `rpc`:
  # its host:port. `already`: it was one before. A voter is refused as a learner, and at another
  # address. May be repeated, as `remove`, when its outcome is unknown: a learner goes on to become a
  # voter. `patienceMs`: how long the caller waits for the answer; 0: a minute.
  add @2 (node :UInt64, rpc :Text, learner :Bool, patienceMs :UInt32) -> (already :Bool);
  # Refused if it is no member.
  remove @3 (node :UInt64) -> ();
  # 0: to whichever voter is the most up to date, as the leader sees it. A leader that `target` lags
  # too far behind leads on, and the refusal says so.
  transferLeader @4 (target :UInt64) -> (leader :UInt64);
  # Makes a snapshot of what this node has applied and drops the log before it. It holds all that was
  # acknowledged before the call, unless there is no leader.
  takeSnapshot @5 () -> (index :UInt64);
  # The newest snapshot, piece by piece: what `synchrodb-cli cluster backup` saves. A piece is empty
  # at the end. `index` 0 in the first call chooses the newest, and makes one if there is none; later
  # calls name the one they got, which stays readable on this connection while newer ones come. Any
  # other is gone, and refused.
  readSnapshot @6 (index :UInt64, offset :UInt64) -> (index :UInt64, total :UInt64, piece :Data);
  # In Prometheus' text format.
  metrics @7 () -> (text :Text);
  # trace, debug, info, warning, error, off
  setLogLevel @8 (level :Text) -> ();

  # The rest is refused unless the server was started with --enable-fault-injection.

  # What becomes of messages that this node sends to `peer` (0: to everyone).
  setLink @9 (peer :UInt64, fault :LinkFault) -> ();
  # Moves this node's wall clock (its monotonic clock never steps).
  setClockOffset @10 (wallNs :Int64) -> ();
  # A slow, full, failing or lying disk.
  setDisk @11 (fault :DiskFault) -> ();
  # As if the power failed: the process ends at once and what was not synced is gone.
  losePower @12 () -> ();
}

struct NodeStatus {
  node @0 :UInt64;
  cluster @1 :Data;  # 16 bytes
  version @2 :Text;
  uptimeSeconds @3 :Float64;
  groups @4 :List(GroupStatus);
}

struct GroupStatus {
  group @0 :UInt64;
  role @1 :Text;  # leader, follower, candidate, pre-candidate, learner
  term @2 :UInt64;
  leader @3 :UInt64;  # 0: unknown
  commit @4 :UInt64;
  applied @5 :UInt64;
  firstIndex @6 :UInt64;
  lastIndex @7 :UInt64;
  durableIndex @8 :UInt64;
  snapshotIndex @9 :UInt64;
  keys @10 :UInt64;
  memoryBytes @11 :UInt64;
  logBytes @12 :UInt64;
  recovering @13 :Bool;
}

struct Member {
  node @0 :UInt64;
  role @1 :Text;  # voter, learner, leaving
  leader @2 :Bool;
  rpc @3 :Text;
  resp @4 :Text;
  connected @5 :Bool;  # from the asked node
  # Only where the asked node leads; 0 elsewhere.
  matchIndex @6 :UInt64;
  lastHeardMs @7 :UInt64;
}

struct LinkFault {
  drop @0 :Bool;
  delayMs @1 :UInt32;
  lossPpm @2 :UInt32;
}

struct DiskFault {
  syncDelayMs @0 :UInt32;  # added to every sync
  full @1 :Bool;
  failSyncs @2 :Bool;
  lie @3 :Bool;  # syncs answer at once and do nothing
}
