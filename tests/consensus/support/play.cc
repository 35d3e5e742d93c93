#include "tests/consensus/support/play.h"

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <sstream>
#include <vector>

#include "tests/consensus/support/test_cluster.h"

namespace synchrodb::test {
namespace {

struct Wrong {
  std::string what;
};

using Words = std::vector<std::string>;

std::uint64_t number(const std::string& word) {
  if (word.empty() || word.find_first_not_of("0123456789") != std::string::npos) {
    throw Wrong{"not a number: " + word};
  }
  return std::stoull(word);
}

Duration duration(const std::string& word) {
  std::size_t used = 0;
  const auto value = static_cast<std::int64_t>(std::stoll(word, &used));
  const std::string unit = word.substr(used);
  if (unit == "us") return microseconds(value);
  if (unit == "ms") return milliseconds(value);
  if (unit == "s") return seconds(value);
  throw Wrong{"not a duration: " + word};
}

const char* outcome_of(const ProposeResult& result) {
  if (std::holds_alternative<Proposed>(result)) return "accepted";
  if (std::holds_alternative<NotLeader>(result)) return "not-leader";
  switch (std::get<Refused>(result).why) {
    case Refused::Why::kTooMuchUncommitted:
      return "too-much";
    case Refused::Why::kTransferring:
      return "transferring";
    case Refused::Why::kChangeInProgress:
      return "in-progress";
    case Refused::Why::kNotReady:
      return "not-ready";
    case Refused::Why::kInvalidChange:
      return "invalid";
  }
  return "?";
}

class Play {
 public:
  explicit Play(bool print) : print_(print) {}

  void line(const std::string& text) {
    Words words;
    std::istringstream in(text.substr(0, text.find('#')));
    for (std::string word; in >> word;) words.push_back(word);
    if (words.empty()) return;
    const std::string verb = words.front();
    words.erase(words.begin());
    if (verb == "options") return set_options(text.substr(text.find("options") + 7));
    if (verb == "group") return group(words);
    if (!cluster_) throw Wrong{"the play begins with `group`"};
    act(verb, words);
    if (cluster_->violation) throw Wrong{*cluster_->violation};
  }

 private:
  // In round numbers; each entry leaves at once and each round asks everyone, one after the other,
  // for plays are about single messages.
  static RaftOptions of_plays() {
    RaftOptions options;
    options.heartbeat_interval = milliseconds(100);
    options.election_timeout = seconds(1);
    options.lease_duration = milliseconds(900);
    options.append_linger = Duration{};
    options.thrifty_reads = false;
    options.read_linger = Duration{};
    options.read_round_interval = seconds(3'600);
    return options;
  }

  static void need(const Words& words, std::size_t least) {
    if (words.size() < least) throw Wrong{"words are missing"};
  }

  void set_options(const std::string& text) {
    std::istringstream in(text.substr(0, text.find('#')));
    for (std::string item; std::getline(in, item, ',');) {
      std::istringstream pair(item);
      std::string name, value;
      pair >> name >> value;
      const bool on = value == "on";
      if (name == "pre-vote") {
        options_.pre_vote = on;
      } else if (name == "check-quorum") {
        options_.check_quorum = on;
      } else if (name == "lease") {
        options_.lease = value == "log"         ? LeaseKind::kLog
                         : value == "classical" ? LeaseKind::kClassical
                                                : LeaseKind::kNone;
      } else if (name == "membership") {
        options_.membership =
            value == "single" ? MembershipMode::kSingleServer : MembershipMode::kJoint;
      } else if (name == "max-entries") {
        options_.max_entries_per_message = number(value);
      } else if (name == "max-inflight") {
        options_.max_inflight_messages = number(value);
      } else if (name == "append-linger") {
        options_.append_linger = duration(value);
      } else if (name == "thrifty-reads") {
        options_.thrifty_reads = on;
      } else if (name == "read-linger") {
        options_.read_linger = duration(value);
      } else if (name == "read-round-interval") {
        options_.read_round_interval = duration(value);
      } else if (name == "max-uncommitted") {
        options_.max_uncommitted_bytes = number(value);
      } else if (name == "chunk") {
        options_.snapshot_chunk_bytes = number(value);
      } else if (name == "tail") {
        options_.compaction_tail = number(value);
      } else if (name == "surplus") {
        options_.election_quorum_surplus = number(value);
      } else {
        throw Wrong{"unknown option " + name};
      }
    }
  }

  void group(const Words& words) {
    cluster_ = std::make_unique<TestCluster>(1, options_);
    cluster_->print_messages = print_;
    cluster_->keep_answers = true;
    Configuration founders;
    for (const std::string& word : words) founders.voters.push_back(NodeId{number(word)});
    cluster_->found(founders);
  }

  void act(const std::string& verb, const Words& w) {
    static const std::map<std::string, void (Play::*)(const Words&)> verbs = {
        {"join", &Play::join},         {"tick", &Play::tick},         {"wait", &Play::wait},
        {"pass", &Play::pass},         {"campaign", &Play::campaign}, {"elect", &Play::elect},
        {"settle", &Play::settle},     {"sync", &Play::sync},         {"deliver", &Play::deliver},
        {"drop", &Play::drop},         {"keep", &Play::keep},         {"replay", &Play::replay},
        {"propose", &Play::propose},   {"read", &Play::read},         {"change", &Play::change},
        {"transfer", &Play::transfer}, {"crash", &Play::crash},       {"restart", &Play::restart},
        {"damage", &Play::damage},     {"snapshot", &Play::snapshot}, {"clock", &Play::clock},
        {"expect", &Play::expect},     {"priority", &Play::priority}, {"cut", &Play::cut},
        {"mend", &Play::mend}};
    const auto known = verbs.find(verb);
    if (known == verbs.end()) throw Wrong{"unknown verb " + verb};
    (this->*known->second)(w);
  }

  NodeId node_named(const std::string& word) const {
    const NodeId id{number(word)};
    if (!cluster_->nodes.count(id)) throw Wrong{"no node " + word};
    return id;
  }

  std::vector<NodeId> nodes_from(const Words& w, std::size_t from) const {
    std::vector<NodeId> nodes;
    for (std::size_t i = from; i < w.size(); ++i) nodes.push_back(node_named(w[i]));
    if (nodes.empty()) {
      for (const auto& [id, node] : cluster_->nodes) nodes.push_back(id);
    }
    return nodes;
  }

  void join(const Words& w) {
    need(w, 1);
    cluster_->join(NodeId{number(w[0])});
  }
  void tick(const Words& w) {
    need(w, 1);
    cluster_->timeout(node_named(w[0]));
  }
  void wait(const Words& w) {
    need(w, 1);
    cluster_->advance(duration(w[0]));
  }

  void pass(const Words& w) {
    need(w, 1);
    const std::vector<NodeId> among = nodes_from(w, 1);
    const Instant end = cluster_->time + duration(w[0]);
    settle_among(among);
    while (cluster_->time < end) {
      cluster_->advance(milliseconds(10));
      for (const NodeId id : among) {
        TestNode& node = cluster_->node(id);
        if (node.raft && cluster_->now(node).mono >= node.deadline) cluster_->timeout(id);
      }
      settle_among(among);
    }
  }

  void campaign(const Words& w) {
    need(w, 1);
    cluster_->advance(milliseconds(2'100));
    cluster_->timeout(node_named(w[0]));
  }

  void elect(const Words& w) {
    campaign(w);
    settle_among(nodes_from(w, 1));
    if (!cluster_->node(node_named(w[0])).raft->leader_state()) {
      throw Wrong{cluster_->describe(node_named(w[0])) + " does not lead"};
    }
  }

  void cut(const Words& w) {
    need(w, 2);
    cuts_.insert(link_between(node_named(w[0]), node_named(w[1])));
  }
  void mend(const Words&) { cuts_.clear(); }
  static std::pair<NodeId, NodeId> link_between(NodeId a, NodeId b) {
    return {std::min(a, b), std::max(a, b)};
  }

  void settle(const Words& w) { settle_among(nodes_from(w, 0)); }

  void settle_among(const std::vector<NodeId>& nodes) {
    const auto among = [&](NodeId id) {
      return std::find(nodes.begin(), nodes.end(), id) != nodes.end();
    };
    for (int i = 0; i < 100'000; ++i) {
      auto& network = cluster_->network;
      const auto next = std::find_if(network.begin(), network.end(), [&](const FlyingMessage& m) {
        return among(m.from) && among(m.to);
      });
      if (next != network.end()) {
        FlyingMessage flying = std::move(*next);
        network.erase(next);
        if (!cuts_.count(link_between(flying.from, flying.to))) {
          cluster_->deliver(std::move(flying));
        }
        continue;
      }
      bool quiet = true;
      for (const NodeId id : nodes) {
        if (cluster_->node(id).writing.empty()) continue;
        quiet = false;
        cluster_->sync(id);
      }
      if (quiet) return;
    }
    throw Wrong{"messages without end"};
  }

  void sync(const Words& w) {
    need(w, 1);
    cluster_->sync(node_named(w[0]), w.size() > 1 ? number(w[1]) : ~std::size_t{0});
  }

  struct Link {
    NodeId from, to;
  };
  Link link_named(const std::string& word) const {
    const std::size_t arrow = word.find("->");
    if (arrow == std::string::npos) throw Wrong{"not a link: " + word};
    return {node_named(word.substr(0, arrow)), node_named(word.substr(arrow + 2))};
  }

  std::vector<FlyingMessage>::iterator find(const Link& link, const std::string& kind) {
    auto& network = cluster_->network;
    return std::find_if(network.begin(), network.end(), [&](const FlyingMessage& m) {
      return m.from == link.from && m.to == link.to && (kind.empty() || kind == name_of(m.message));
    });
  }

  FlyingMessage take(const Words& w) {
    const std::string kind = w.size() > 1 ? w[1] : "";
    const auto message = find(link_named(w[0]), kind);
    if (message == cluster_->network.end()) throw Wrong{"no such message: " + w[0] + " " + kind};
    FlyingMessage flying = std::move(*message);
    cluster_->network.erase(message);
    return flying;
  }

  void deliver(const Words& w) {
    need(w, 1);
    if (w.size() > 1 && w[1] == "all") {
      // Those that are there now, not the answers to them.
      std::vector<FlyingMessage> batch;
      while (find(link_named(w[0]), "") != cluster_->network.end()) batch.push_back(take({w[0]}));
      for (FlyingMessage& flying : batch) cluster_->deliver(std::move(flying));
    } else {
      cluster_->deliver(take(w));
    }
  }

  void drop(const Words& w) {
    need(w, 1);
    if (w[0] == "all") {
      cluster_->network.clear();
    } else if (w.size() > 1 && w[1] == "all") {
      while (find(link_named(w[0]), "") != cluster_->network.end()) take({w[0]});
    } else {
      take(w);
    }
  }

  void keep(const Words& w) {
    need(w, 4);
    const auto message = find(link_named(w[0]), w[1]);
    if (message == cluster_->network.end()) throw Wrong{"no such message"};
    kept_.insert_or_assign(w[3], *message);
  }

  void replay(const Words& w) {
    need(w, 1);
    const auto kept = kept_.find(w[0]);
    if (kept == kept_.end()) throw Wrong{"nothing was kept as " + w[0]};
    cluster_->deliver(kept->second);
  }

  static void check_outcome(const Words& w, const ProposeResult& result) {
    const auto sign = std::find(w.begin(), w.end(), "=");
    const std::string wanted = sign == w.end() ? "accepted" : *(sign + 1);
    if (wanted != outcome_of(result)) throw Wrong{std::string("outcome: ") + outcome_of(result)};
  }

  void propose(const Words& w) {
    need(w, 2);
    check_outcome(w, cluster_->propose(node_named(w[0]), w[1]));
  }

  void read(const Words& w) {
    need(w, 3);
    const bool lease = w[1] == "lease";
    const std::uint64_t lease_reads = cluster_->lease_reads;
    reads_[w.back()] =
        cluster_->read(node_named(w[0]), lease ? ReadMode::kLease : ReadMode::kReadIndex);
    by_lease_[w.back()] = cluster_->lease_reads > lease_reads;
  }

  void change(const Words& w) {
    need(w, 1);
    ConfigurationChange change;
    std::vector<NodeId>* list = nullptr;
    for (std::size_t i = 1; i < w.size() && w[i] != "="; ++i) {
      if (w[i] == "add") {
        list = &change.add_voters;
      } else if (w[i] == "learner") {
        list = &change.add_learners;
      } else if (w[i] == "remove") {
        list = &change.remove;
      } else if (list) {
        list->push_back(NodeId{number(w[i])});
      }
    }
    check_outcome(w, cluster_->change(node_named(w[0]), change));
  }

  void transfer(const Words& w) {
    need(w, 2);
    if (!cluster_->transfer(node_named(w[0]), node_named(w[1]))) throw Wrong{"not transferred"};
  }

  void crash(const Words& w) {
    need(w, 1);
    cluster_->crash(node_named(w[0]), w.size() > 2 ? number(w[2]) : 0);
  }
  void restart(const Words& w) {
    need(w, 1);
    cluster_->restart(node_named(w[0]));
  }
  void damage(const Words& w) {
    need(w, 4);
    cluster_->damage(node_named(w[0]), Index{number(w[2])}, w[3] == "known");
  }
  void snapshot(const Words& w) {
    need(w, 1);
    cluster_->snapshot(node_named(w[0]));
  }
  // Takes effect at the next restart.
  void priority(const Words& w) {
    need(w, 2);
    TestNode& node = cluster_->node(node_named(w[0]));
    node.options.priority = number(w[1]);
    cluster_->crash(node.id, ~std::size_t{0});
    cluster_->restart(node.id);
  }

  void clock(const Words& w) {
    need(w, 2);
    TestNode& node = cluster_->node(node_named(w[0]));
    if (w[1] == "unsynchronised" || w[1] == "synchronised") {
      node.wall_synchronised = w[1] == "synchronised";
    } else if (w[1] == "error") {
      node.wall_error = duration(w.at(2));
    } else if (w[1] == "uncertainty") {
      node.wall_uncertainty = duration(w.at(2));
    } else {
      throw Wrong{"unknown clock setting " + w[1]};
    }
  }

  void expect(const Words& w) {
    need(w, 2);
    if (w[0] == "a") return expect_a_leader(w);
    if (w[0] == "message") {
      const std::string kind = w.size() > 2 ? w[2] : "";
      if (find(link_named(w[1]), kind) == cluster_->network.end()) throw Wrong{"no such message"};
      return;
    }
    if (w[0] == "no" && w[1] == "message") {
      need(w, 3);
      const std::string kind = w.size() > 3 ? w[3] : "";
      const auto found = find(link_named(w[2]), kind);
      if (found != cluster_->network.end()) throw Wrong{"there is: " + text_of(*found)};
      return;
    }
    if (w[0] == "read") return expect_read(w);
    expect_node(node_named(w[0]), w);
  }

  void expect_a_leader(const Words& w) {
    const NodeId leader = cluster_->leader();
    const std::vector<NodeId> among = nodes_from(w, std::min<std::size_t>(w.size(), 3));
    if (!leader || std::find(among.begin(), among.end(), leader) == among.end()) {
      std::string states;
      for (const auto& [id, node] : cluster_->nodes) states += "\n  " + cluster_->describe(id);
      throw Wrong{"no such leader:" + states};
    }
  }

  void expect_read(const Words& w) {
    need(w, 3);
    const auto asked = reads_.find(w[1]);
    if (asked == reads_.end()) throw Wrong{"no read " + w[1]};
    const auto answer = cluster_->answers.find(asked->second);
    const bool answered = answer != cluster_->answers.end();
    if (w[2] == "waiting" ? answered : !answered) throw Wrong{answered ? "answered" : "waiting"};
    if (!answered) return;
    if (answer->second.ok != (w[2] == "ok")) throw Wrong{answer->second.ok ? "ok" : "failed"};
    if (w.size() > 4 && w[3] == "at" && answer->second.index != Index{number(w[4])}) {
      throw Wrong{"served at " + std::to_string(answer->second.index.value)};
    }
    if (w.size() > 4 && w[3] == "by" && by_lease_[w[1]] != (w[4] == "lease")) {
      throw Wrong{"not by " + w[4]};
    }
  }

  static std::vector<NodeId> ids(const Words& w, std::size_t from) {
    std::vector<NodeId> list;
    for (std::size_t i = from; i < w.size(); ++i) list.push_back(NodeId{number(w[i])});
    return list;
  }

  bool holds(const Raft& raft, const Words& w) {
    const ProtocolStatus status = raft.status();
    const std::string& what = w[1];
    const Configuration& members = raft.configuration();
    if (what == "recovering" || what == "whole") return raft.recovering() == (what == "recovering");
    if (what == "leader" || what == "follower" || what == "candidate" || what == "pre-candidate" ||
        what == "learner") {
      return what == name_of(status.role);
    }
    if (what == "no" && w.size() > 2 && w[2] == "outgoing") return !members.joint();
    if (what == "voters") return members.voters == ids(w, 2);
    if (what == "outgoing") return members.outgoing == ids(w, 2);
    if (what == "learners") return members.learners == ids(w, 2);
    if (what == "log") {
      std::vector<std::uint64_t> terms, wanted;
      for (Index i = raft.log().first(); i <= raft.log().last(); i = i.next()) {
        terms.push_back(raft.log().term_at(i)->value);
      }
      for (std::size_t i = 2; i < w.size(); ++i) wanted.push_back(number(w[i]));
      return terms == wanted;
    }
    need(w, 3);
    const std::uint64_t n = number(w[2]);
    const std::map<std::string, std::uint64_t> values = {
        {"term", status.term.value},
        {"commit", status.commit.value},
        {"applied", cluster_->node(raft.self()).applied.value},
        {"last", status.last.value},
        {"first", status.first.value},
        {"durable", status.durable.value},
        {"voted", raft.hard_state().voted_for.value},
        {"follows", status.leader.value}};
    const auto value = values.find(what);
    if (value == values.end()) throw Wrong{"unknown expectation " + what};
    return value->second == n;
  }

  void expect_node(NodeId id, const Words& w) {
    const TestNode& node = cluster_->node(id);
    if (w[1] == "down") {
      if (node.raft) throw Wrong{"it is up"};
      return;
    }
    if (!node.raft || !holds(*node.raft, w)) throw Wrong{"it is " + cluster_->describe(id)};
  }

  bool print_;
  RaftOptions options_ = of_plays();
  std::unique_ptr<TestCluster> cluster_;
  std::map<std::string, FlyingMessage> kept_;
  std::map<std::string, ReadId> reads_;
  std::map<std::string, bool> by_lease_;
  std::set<std::pair<NodeId, NodeId>> cuts_;
};

}  // namespace

std::optional<std::string> perform_play(const std::string& text, bool print) {
  Play play(print);
  std::istringstream in(text);
  int number_of_line = 0;
  for (std::string line; std::getline(in, line);) {
    ++number_of_line;
    try {
      play.line(line);
    } catch (const Wrong& wrong) {
      return "line " + std::to_string(number_of_line) + ": " + line + "\n  " + wrong.what;
    }
  }
  return std::nullopt;
}

}  // namespace synchrodb::test
