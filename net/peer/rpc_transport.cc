#include "net/peer/rpc_transport.h"

#include <kj/debug.h>

#include <algorithm>
#include <deque>
#include <utility>

#include "engine/env/sync.h"
#include "engine/wire/codec.h"
#include "net/loop/refusal.h"
#include "net/peer/coalescing_stream.h"
#include "net/peer/peer_service.h"

namespace synchrodb::net {
namespace {

constexpr Duration kDeadlineLook = milliseconds(10);
// Of one call, unless a single frame is larger. A peer sees nothing of a call before its last byte:
// over a slow link, all that may be in flight at once would take longer than an election timeout.
constexpr std::size_t kDeliveredAtOnce = std::size_t{64} << 10;

}  // namespace

// ---- A connection ------------------------------------------------------------------------------

struct RpcTransport::Link final : kj::TaskSet::ErrorHandler {
  Link(NodeId to, bool lower, Loop& loop)
      : node(to),
        own_is_lower(lower),
        calls(kj::heap<kj::TaskSet>(*this)),
        calls_over_back(*this),
        delayed(*this),
        closed(loop) {}

  void taskFailed(kj::Exception&&) override {}  // the promises handle their own failures

  bool up() const { return peer != nullptr || back != nullptr; }
  // Messages take the connection of the lower id and requests that of the higher, while there are
  // two: a long answer then holds up no heartbeat.
  bool messages_over_back() const { return back != nullptr && (peer == nullptr || !own_is_lower); }
  bool requests_over_back() const { return back != nullptr && (peer == nullptr || own_is_lower); }
  wire::Peer::Client& way(bool through_back) {
    return KJ_ASSERT_NONNULL(through_back ? back : peer);
  }

  // While connected.
  struct Connection {
    Connection(kj::Own<kj::AsyncIoStream> plain, kj::Timer& timer)
        : stream(kj::mv(plain)),
          network(stream, capnp::rpc::twoparty::Side::CLIENT, generous_reader()),
          system(capnp::makeRpcClient(network)) {
      stream.hold_acknowledgements(timer);
    }

    static capnp::ReaderOptions generous_reader() {
      capnp::ReaderOptions options;
      options.traversalLimitInWords = std::uint64_t{1} << 26;  // a frame may have 64 MiB
      return options;
    }

    CoalescingStream stream;
    capnp::TwoPartyVatNetwork network;
    capnp::RpcSystem<capnp::rpc::twoparty::VatId> system;
  };

  // Messages take another way from now on: what is under way is left to itself.
  void turn_away() {
    sending = nullptr;
    window_full = false;
  }

  // The other's connection has ended, or is not to be used.
  void give_up_back() {
    back = nullptr;
    back_number = 0;
    if (over_back) turn_away();
  }

  // The own connection has ended, and with it what was under way on it.
  void disconnect() {
    if (!over_back) turn_away();
    if (back == nullptr) {
      queue.clear();
      queued_bytes = 0;
    }
    peer = nullptr;
    calls = kj::heap<kj::TaskSet>(*this);
    connection = nullptr;
  }

  // What of the queue the next call carries.
  struct Delivery {
    std::size_t frames = 0;
    std::size_t bytes = 0;
  };
  Delivery next_delivery() const {
    Delivery next;
    for (const std::string& frame : queue) {
      if (next.frames > 0 && next.bytes + frame.size() > kDeliveredAtOnce) break;
      ++next.frames;
      next.bytes += frame.size();
    }
    return next;
  }

  NodeId node;
  bool own_is_lower;  // the id of this node is the lower one
  kj::Own<kj::TaskSet> calls;
  kj::TaskSet calls_over_back;
  kj::TaskSet delayed;  // messages, by an injected fault
  Fiber* fiber = nullptr;
  std::unique_ptr<Connection> connection;
  kj::Maybe<wire::Peer::Client> peer = nullptr;
  kj::Maybe<wire::Peer::Client> back = nullptr;  // through a connection of the other's
  std::uint64_t back_number = 0;                 // of that connection
  bool over_back = false;                        // what is being sent
  kj::Promise<void> sending = nullptr;
  bool window_full = false;
  std::deque<std::string> queue;
  std::size_t queued_bytes = 0;
  LinkFault fault;
  bool forgotten = false;
  std::string lost;  // why the connection is of no use any more, if that is known
  Event closed;
};

RpcTransport::RpcTransport(Loop& loop, const PeerDialer& dialer, ClusterIdentity& identity,
                           AddressBook& book, RandomStream& random, TransportOptions options)
    : loop_(loop),
      dialer_(dialer),
      identity_(identity),
      book_(book),
      random_(random),
      options_(options) {}

RpcTransport::~RpcTransport() = default;

RpcTransport::Link& RpcTransport::link_to(const NodeAddress& address) {
  std::unique_ptr<Link>& link = links_[address.node];
  if (link == nullptr) {
    link = std::make_unique<Link>(address.node, identity_.node < address.node, loop_);
    link->fiber = loop_.spawn("peer link", [this, one = link.get()] { run_link(*one); });
  }
  return *link;
}

bool RpcTransport::learn(const std::vector<NodeAddress>& addresses) {
  bool news = false;
  for (const NodeAddress& address : addresses) {
    if (address.node == identity_.node) continue;
    news = book_.learn(address) || news;
    Link& link = link_to(address);
    if (std::exchange(link.forgotten, false)) link.closed.set();
  }
  return news;
}

bool RpcTransport::learn(wire::Hello::Reader hello) {
  const bool news = book_.learn_folder(NodeId{hello.getNode()}, folder_of(hello));
  return learn(addresses_of(hello)) || news;
}

void RpcTransport::forget(NodeId node) {
  const auto it = links_.find(node);
  if (it == links_.end()) return;
  Link& link = *it->second;
  link.forgotten = true;
  link.give_up_back();
  link.closed.set();
}

bool RpcTransport::connected(NodeId node) const {
  const auto it = links_.find(node);
  return it != links_.end() && it->second->up();
}

void RpcTransport::set_fault(NodeId peer, LinkFault fault) {
  for (const auto& [node, link] : links_) {
    if (!peer || peer == node) link->fault = fault;
  }
}

void RpcTransport::run_link(Link& link) {
  Duration pause = options_.reconnect_min;
  while (true) {
    if (link.forgotten) {
      link.closed.wait();
      continue;
    }
    std::string failure;
    try {
      connect(link);
      pause = options_.reconnect_min;
      link.closed.wait();
      failure = std::exchange(link.lost, "");
    } catch (const kj::Exception& exception) {
      failure = words_of(exception);
    }
    link.disconnect();
    schedule_flush();  // what waits for the other's connection
    if (!failure.empty() && on_refused) on_refused(link.node, failure);
    sleep_until(loop_, monotonic_now() + pause / 2 + random_.between(Duration{}, pause / 2));
    pause = std::min(pause * 2, options_.reconnect_max);
  }
}

void RpcTransport::connect(Link& link) {
  const NodeAddress* address = book_.find(link.node);
  require(address != nullptr, "no address is known");
  link.connection = std::make_unique<Link::Connection>(
      dialer_.dial(address->rpc, options_.connect_timeout), loop_.timer());
  capnp::MallocMessageBuilder message;
  auto vat = message.initRoot<capnp::rpc::twoparty::VatId>();
  vat.setSide(capnp::rpc::twoparty::Side::SERVER);
  shake_hands(link, link.connection->system.bootstrap(vat).castAs<wire::Node>());
  link.calls->add(link.connection->network.onDisconnect().then([&link] { link.closed.set(); }));
  ++counters_.connects;
  schedule_flush();
}

void RpcTransport::shake_hands(Link& link, wire::Node::Client node) {
  auto request = node.peerRequest();
  write_hello(request.initHello(), identity_, link.node, book_);
  request.setBack(peer_service(link.node));
  const auto patience = options_.connect_timeout.ns * kj::NANOSECONDS;
  auto response = loop_.await(loop_.timer().timeoutAfter(patience, request.send().dropPipeline()));
  const auto hello = response.getHello();
  const Result<> checked = check_hello(hello, identity_, link.node, book_);
  if (!checked) refuse(checked.error().message);
  bool news = learn(hello);
  if (identity_.cluster.empty() && hello.getCluster().size() == 16) {
    identity_.cluster.assign(reinterpret_cast<const char*>(hello.getCluster().begin()), 16);
    news = true;
  }
  link.peer = response.getPeer();
  if (news && on_learned) on_learned();
}

// ---- Messages ----------------------------------------------------------------------------------

bool RpcTransport::send(PeerMessage message) {
  const auto it = links_.find(message.to);
  if (it == links_.end() || !it->second->up() || !fits_frame(message)) {
    ++counters_.messages_refused;
    return false;
  }
  Link& link = *it->second;
  if (loses(link)) return true;
  if (link.queued_bytes >= options_.max_queued_bytes) {
    ++counters_.messages_refused;
    return false;
  }
  std::string frame = encode_frame(message);
  if (link.fault.delay > Duration{}) {
    link.delayed.add(loop_.timer()
                         .afterDelay(link.fault.delay.ns * kj::NANOSECONDS)
                         .then([this, &link, late = std::move(frame)]() mutable {
                           enqueue(link, std::move(late));
                         }));
    return true;
  }
  enqueue(link, std::move(frame));
  return true;
}

bool RpcTransport::loses(const Link& link) {
  const LinkFault& fault = link.fault;
  return fault.drop || (fault.loss_ppm > 0 && random_.below(1'000'000) < fault.loss_ppm);
}

bool RpcTransport::loses_to(NodeId node) {
  const auto it = links_.find(node);
  return it != links_.end() && loses(*it->second);
}

void RpcTransport::enqueue(Link& link, std::string frame) {
  link.queued_bytes += frame.size();
  link.queue.push_back(std::move(frame));
  schedule_flush();
}

void RpcTransport::schedule_flush() {
  if (std::exchange(flush_scheduled_, true)) return;
  loop_.at_end_of_turn([this] { flush(); });
}

void RpcTransport::flush() {
  flush_scheduled_ = false;
  for (const auto& [node, link] : links_) flush(*link);
}

void RpcTransport::flush(Link& link) {
  if (link.queue.empty() || link.window_full || !link.up()) return;
  link.over_back = link.messages_over_back();
  const auto [count, bytes] = link.next_delivery();
  auto request =
      link.way(link.over_back).deliverRequest(capnp::MessageSize{bytes / 8 + 3 * count + 64, 0});
  auto frames = request.initFrames(static_cast<unsigned>(count));
  for (unsigned i = 0; i < count; ++i) {
    const std::string& frame = link.queue.front();
    frames.set(i,
               capnp::Data::Reader(reinterpret_cast<const kj::byte*>(frame.data()), frame.size()));
    link.queue.pop_front();
  }
  link.queued_bytes -= bytes;
  counters_.messages_sent += count;
  counters_.bytes_sent += bytes;
  link.window_full = true;
  link.sending = request.send()
                     .then([this, &link] {
                       link.window_full = false;
                       if (!link.queue.empty()) schedule_flush();
                     })
                     .eagerlyEvaluate([this, &link](kj::Exception&& exception) {
                       give_up_sending(link, exception);
                     });
}

void RpcTransport::give_up_sending(Link& link, const kj::Exception& why) {
  if (link.over_back) {  // the own connection goes on where the other's has ended
    link.back = nullptr;
    link.back_number = 0;
    link.window_full = false;
    if (!link.queue.empty()) schedule_flush();
  } else {
    link.lost = words_of(why);
    link.closed.set();
  }
}

std::uint64_t RpcTransport::answer_over(NodeId node, wire::Peer::Client back) {
  const auto it = links_.find(node);
  if (it == links_.end()) return 0;
  Link& link = *it->second;
  link.back = kj::mv(back);
  link.back_number = ++last_back_;
  if (link.over_back || link.messages_over_back()) link.turn_away();  // from where it was
  schedule_flush();
  return link.back_number;
}

void RpcTransport::end_answers(NodeId node, std::uint64_t connection) {
  const auto it = links_.find(node);
  if (it == links_.end() || it->second->back_number != connection) return;
  it->second->give_up_back();
  schedule_flush();
}

// ---- Requests ----------------------------------------------------------------------------------

void RpcTransport::call(NodeId to, ClientRequest request, Instant deadline, Done done) {
  const std::uint64_t id = ++last_call_;
  calls_.insert_or_assign(id, Call{std::move(done), deadline, to, request.group, request.kind});
  watch_deadlines();
  if (to == identity_.node) return call_locally(std::move(request), id);
  const auto it = links_.find(to);
  if (it == links_.end() || !it->second->up()) {
    return finish(id, Error{ErrorCode::kUnavailable, "not connected"});
  }
  if (!fits_frame(request)) {
    return finish(id, Error{ErrorCode::kUnavailable, "larger than a frame may be"});
  }
  if (!loses(*it->second)) call_remotely(*it->second, request, id);
}

void RpcTransport::call_locally(ClientRequest request, std::uint64_t id) {
  class Local final : public Responder {
   public:
    Local(RpcTransport& transport, std::uint64_t call) : transport_(transport), call_(call) {}
    void reply(ClientReply reply) override { transport_.finish(call_, std::move(reply)); }

   private:
    RpcTransport& transport_;
    std::uint64_t call_;
  };
  if (handler_ == nullptr) {
    return finish(id, Error{ErrorCode::kUnavailable, "this node does not serve yet"});
  }
  handler_->on_request(std::move(request), std::make_unique<Local>(*this, id));
}

void RpcTransport::call_remotely(Link& link, const ClientRequest& request, std::uint64_t id) {
  const std::string frame = encode_frame(request);
  const bool over_back = link.requests_over_back();
  auto remote = link.way(over_back).requestRequest(capnp::MessageSize{frame.size() / 8 + 16, 0});
  remote.setFrame(
      capnp::Data::Reader(reinterpret_cast<const kj::byte*>(frame.data()), frame.size()));
  kj::TaskSet& calls = over_back ? link.calls_over_back : *link.calls;
  calls.add(remote.send().then(
      [this, id](capnp::Response<wire::Peer::RequestResults>&& response) {
        const auto bytes = response.getFrame();
        finish(id,
               decode_reply_frame({reinterpret_cast<const char*>(bytes.begin()), bytes.size()}));
      },
      [this, id](kj::Exception&& exception) {
        finish(id, Error{ErrorCode::kTimeout, words_of(exception)});
      }));
}

void RpcTransport::finish(std::uint64_t id, Result<ClientReply> result) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return;  // its deadline came first
  const Done done = std::move(found->second.done);
  calls_.erase(found);
  done(std::move(result));
}

// One fiber for all calls, which looks at those that are under way every moment: they are few, and
// an order of their deadlines would cost each of the many that are answered in time.
void RpcTransport::watch_deadlines() {
  if (std::exchange(watching_deadlines_, true)) return;
  loop_.spawn("call deadlines", [this] {
    while (!calls_.empty()) {
      const Instant next = give_up_overdue();
      sleep_until(loop_, std::min(next, monotonic_now() + kDeadlineLook));
    }
    watching_deadlines_ = false;
  });
}

// The next deadline.
Instant RpcTransport::give_up_overdue() {
  const Instant now = monotonic_now();
  Instant next = kNever;
  std::vector<std::uint64_t> overdue;
  for (const auto& [id, call] : calls_) {
    if (call.deadline <= now) {
      overdue.push_back(id);
    } else {
      next = std::min(next, call.deadline);
    }
  }
  give_up(overdue, "no answer in time");
  return next;
}

void RpcTransport::abandon_requests(GroupId group, NodeId leader) {
  std::vector<std::uint64_t> in_vain;
  for (const auto& [id, call] : calls_) {
    const bool for_the_leader = call.kind == ClientRequest::Kind::kWrite ||
                                call.kind == ClientRequest::Kind::kRead ||
                                call.kind == ClientRequest::Kind::kLeaseRead;
    const bool elsewhere = call.to != leader && call.to != identity_.node;
    if (for_the_leader && elsewhere && call.group == group) in_vain.push_back(id);
  }
  give_up(in_vain, "another node leads by now");
}

void RpcTransport::give_up(const std::vector<std::uint64_t>& calls, const char* why) {
  for (const std::uint64_t id : calls) finish(id, Error{ErrorCode::kTimeout, why});
}

wire::Peer::Client RpcTransport::peer_service(NodeId from) {
  return kj::heap<PeerService>(*this, from);
}

}  // namespace synchrodb::net
