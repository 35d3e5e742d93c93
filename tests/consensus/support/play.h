// Scenarios that read like a play: a small language over TestCluster. One command a line, `#`
// begins a comment. Every command checks all invariants.
//
//   options pre-vote off, lease classical, ...   before the group; see play.cc for the names
//   group 1 2 3            the founders
//   join 4                 a node with an empty disk and no configuration
//   tick 1                 node 1's deadline is called, whatever its clock says
//   wait 500ms             time passes and nobody notices
//   pass 2s [1 2]          time passes; timers fire, messages flow, disks sync (among these nodes)
//   campaign 1             much time passes for node 1 alone: its election timer fires
//   elect 1 [1 2 3]        campaign, then settle (among these nodes); node 1 must lead
//   cut 1 3                settle and pass lose what goes between these two;   mend
//   settle [1 2]           messages flow and disks sync until quiet (among these nodes)
//   sync 1 [n]             the oldest n (all) writes of node 1 become durable
//   deliver 1->2 [kind]    the oldest such message; it must exist.   deliver 1->2 all
//   drop 1->2 [kind]       the same, lost.   drop all
//   keep 1->2 kind as x    a copy of the oldest such message, still in flight;   replay x
//   propose 1 text [= not-leader|refused]
//   read 1 [lease] as r
//   change 1 add 4 learner 5 remove 2 [= refused|invalid|in-progress|not-ready|not-leader]
//   transfer 1 2
//   crash 1 [keeping n]    unfinished writes but the first n are lost;   restart 1
//   damage 1 after 3 known|unknown
//   snapshot 1
//   clock 1 error 10ms | uncertainty 5ms | unsynchronised | synchronised
//   expect 1 leader|follower|candidate|pre-candidate|learner|down|recovering|whole
//   expect 1 term 2 | commit 3 | applied 3 | last 4 | durable 4 | first 2 | voted 2 | follows 2
//   expect 1 log 1 1 2     the terms of its entries
//   expect 1 voters 1 2 3 | outgoing 1 2 | learners 4 | no outgoing
//   expect message 1->2 kind     expect no message 1->2 [kind]
//   expect read r ok|ok at 3|failed|waiting
//   expect a leader [among 1 2]
#pragma once

#include <optional>
#include <string>

namespace synchrodb::test {

// Nothing if all went as written; otherwise the line and what was wrong.
std::optional<std::string> perform_play(const std::string& text, bool print = false);

}  // namespace synchrodb::test
