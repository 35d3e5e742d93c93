// Sending: links and what they do to packets.
#include "sim/network/network.h"

#include <algorithm>

#include "consensus/assert.h"
#include "sim/network/packet.h"

namespace synchrodb::sim {

Network::Network(Kernel& kernel, const Streams& streams, FaultCounters& counters,
                 NetworkOptions options)
    : kernel_(kernel),
      streams_(streams),
      counters_(counters),
      options_(std::move(options)),
      standard_(options_.baseline) {}

Network::~Network() = default;

std::unique_ptr<NodeTransport> Network::attach(NodeId id, Owner owner, const LocalTime& clock) {
  SYNCHRODB_ASSERT(endpoint_of(id) == kNoEndpoint, "an endpoint id is given once");
  SYNCHRODB_ASSERT(id.value < kNoEndpoint && endpoints_.size() < kNoEndpoint,
                   "endpoint ids are small");
  const auto index = static_cast<std::uint16_t>(endpoints_.size());
  endpoints_.push_back(std::make_unique<Endpoint>(Endpoint{
      id, owner, &clock, nullptr, false, 0, streams_.stream("network.refusal", id.value), {}}));
  if (id.value >= endpoint_by_id_.size()) endpoint_by_id_.resize(id.value + 1, kNoEndpoint);
  endpoint_by_id_[id.value] = index;
  if (endpoints_.size() > stride_) {
    const std::size_t stride = std::max<std::size_t>(16, stride_ * 2);
    std::vector<std::unique_ptr<Link>> links(stride * stride);
    for (std::size_t i = 0; i < links_.size(); ++i) {
      links[i / stride_ * stride + i % stride_] = std::move(links_[i]);
    }
    links_ = std::move(links);
    stride_ = stride;
  }
  return std::unique_ptr<NodeTransport>(new NodeTransport(*this, id, index));
}

std::uint16_t Network::endpoint_of(NodeId id) const {
  return id.value < endpoint_by_id_.size() ? endpoint_by_id_[id.value] : kNoEndpoint;
}

Network::Link& Network::link_between(std::uint16_t from, std::uint16_t to) {
  std::unique_ptr<Link>& link = links_[from * stride_ + to];
  if (link == nullptr) [[unlikely]] {
    const std::uint64_t a = endpoints_[from]->id.value;
    const std::uint64_t b = endpoints_[to]->id.value;
    link = std::make_unique<Link>(Link{.from = from,
                                       .to = to,
                                       .key = a << 32 | b,
                                       .options = standard_,
                                       .busy_until = {},
                                       .delay = streams_.stream("network.delay", a, b),
                                       .noise = nullptr,
                                       .waiting = {}});
    for (const Partition& partition : partitions_) {
      for (const auto& ends : partition.links) {
        if (ends != std::pair(NodeId{a}, NodeId{b})) continue;
        ++link->cuts;
        link->cut_kind = partition.kind;
      }
    }
    refresh(*link);
  }
  return *link;
}

Network::Link& Network::link_of(const Packet& packet) {
  return link_between(packet.from, packet.to);
}

// ---- The world's settings.

void Network::refresh(Link& link) {
  LinkOptions as_baseline = link.options;
  as_baseline.max_in_flight = options_.baseline.max_in_flight;
  const LinkOptions& base = options_.baseline;
  const bool quiet = base.bias.ns == 0 && base.bimodal_ppm == 0 && base.loss_ppm == 0 &&
                     base.one_way_loss_ppm == 0 && base.duplicate_ppm == 0 &&
                     base.reorder_ppm == 0 && base.flip_ppm == 0 && base.bytes_per_second == 0;
  link.plain = quiet && as_baseline == base && link.cuts == 0 && !link.clogged;
  if (!link.plain && link.noise == nullptr) {
    const std::uint64_t a = endpoints_[link.from]->id.value;
    const std::uint64_t b = endpoints_[link.to]->id.value;
    link.noise = std::make_unique<Link::Noise>(Link::Noise{
        streams_.stream("network.loss", a, b), streams_.stream("network.bimodal", a, b),
        streams_.stream("network.duplicate", a, b), streams_.stream("network.reorder", a, b),
        streams_.stream("network.flip", a, b)});
  }
}

void Network::set_link(NodeId from, NodeId to, const LinkOptions& options) {
  Link& link = link_between(endpoint_of(from), endpoint_of(to));
  link.options = options;
  refresh(link);
}

void Network::set_all(const LinkOptions& options) {
  standard_ = options;
  for (const std::unique_ptr<Link>& link : links_) {
    if (link == nullptr) continue;
    link->options = options;
    refresh(*link);
  }
}

const LinkOptions& Network::link(NodeId from, NodeId to) {
  return link_between(endpoint_of(from), endpoint_of(to)).options;
}

void Network::heal() {
  rules_.clear();
  while (!partitions_.empty()) heal(PartitionId{partitions_.back().id});
  set_all(options_.baseline);
  for (const std::unique_ptr<Link>& link : links_) {
    if (link != nullptr) release(*link);
  }
}

PartitionId Network::partition(LinkSet links, FaultKind kind) {
  for (const auto& [from, to] : links) {
    const std::uint16_t a = endpoint_of(from);
    const std::uint16_t b = endpoint_of(to);
    if (a == kNoEndpoint || b == kNoEndpoint) continue;
    Link& link = link_between(a, b);
    ++link.cuts;
    link.cut_kind = kind;
    refresh(link);
  }
  partitions_.push_back(Partition{next_id_++, kind, std::move(links)});
  return PartitionId{partitions_.back().id};
}

void Network::uncut(Link& link, const std::pair<NodeId, NodeId>& ends) {
  --link.cuts;
  for (const Partition& other : partitions_) {
    if (std::find(other.links.begin(), other.links.end(), ends) != other.links.end()) {
      link.cut_kind = other.kind;
    }
  }
  refresh(link);
}

void Network::heal(PartitionId partition) {
  const auto it = std::find_if(partitions_.begin(), partitions_.end(),
                               [&](const Partition& p) { return p.id == partition.value; });
  if (it == partitions_.end()) return;
  const LinkSet links = std::move(it->links);
  partitions_.erase(it);
  for (const auto& ends : links) {
    const std::uint16_t a = endpoint_of(ends.first);
    const std::uint16_t b = endpoint_of(ends.second);
    if (a != kNoEndpoint && b != kNoEndpoint) uncut(link_between(a, b), ends);
  }
}

bool Network::cut(NodeId from, NodeId to) {
  return link_between(endpoint_of(from), endpoint_of(to)).cuts > 0;
}

void Network::clog(NodeId from, NodeId to) {
  Link& link = link_between(endpoint_of(from), endpoint_of(to));
  link.clogged = true;
  refresh(link);
}

void Network::release(NodeId from, NodeId to) {
  release(link_between(endpoint_of(from), endpoint_of(to)));
}

void Network::release(Link& link) {
  if (!link.clogged) return;
  link.clogged = false;
  refresh(link);
  for (Packet* packet : std::exchange(link.waiting, {})) {
    kernel_.after(link.options.delay_min, [this, packet] { arrive(packet); });
  }
}

RuleId Network::add_rule(FaultKind kind, PacketRule rule) {
  rules_.push_back(Rule{next_id_++, kind, std::move(rule)});
  return RuleId{rules_.back().id};
}

void Network::remove_rule(RuleId rule) {
  std::erase_if(rules_, [&](const Rule& candidate) { return candidate.id == rule.value; });
}

RuleId Network::lose_type(std::string_view type, std::uint64_t ppm, std::vector<NodeId> to) {
  const auto matches = [type = std::string(type), to = std::move(to)](const PacketView& packet) {
    if (packet.message == nullptr || type != name_of(packet.message->message)) return false;
    return to.empty() || std::find(to.begin(), to.end(), packet.to) != to.end();
  };
  return add_rule(FaultKind::kMessageTypeLoss,
                  [matches, ppm, stream = streams_.stream("network.type-loss", Purpose(type).hash)](
                      const PacketView& packet) mutable {
                    return matches(packet) && stream.bernoulli(ppm) ? PacketVerdict::drop()
                                                                    : PacketVerdict::pass();
                  });
}

// ---- A packet's fate.

bool Network::send(Packet* packet) {
  Link& link = link_of(*packet);
  packet->number = link.next_number++;
  ++sent_;
  kernel_.feed(DigestKind::kSend, link.key, packet->number);
  if (observer_) emit(PacketEvent::Kind::kSent, *packet, "");
  if (link.in_flight >= link.options.max_in_flight) [[unlikely]] {
    counters_.offer(FaultKind::kBandwidth);
    counters_.apply(FaultKind::kBandwidth);
    drop(packet, "full", FaultKind::kBandwidth);
    return false;
  }
  if (!link.plain || !rules_.empty()) [[unlikely]] {
    send_faulty(link, packet);
    return true;
  }
  if (options_.always_encode) encode(*packet);
  link.delay.seek(packet->number);
  launch(link, packet, link.options.delay_min + link.delay.exponential(link.options.delay_mean));
  return true;
}

void Network::launch(Link& link, Packet* packet, Duration delay) {
  ++link.in_flight;
  packet->launched = true;
  if (link.clogged) {
    counters_.offer(FaultKind::kClog);
    counters_.apply(FaultKind::kClog);
    packet->feel(FaultKind::kClog);
    link.waiting.push_back(packet);
    return;
  }
  kernel_.after(delay, [this, packet] { arrive(packet); });
}

void Network::send_faulty(Link& link, Packet* packet) {
  if (link.cuts > 0) {
    drop_cut(link, packet);
    return;
  }
  bool dropped = false;
  const std::optional<Duration> ordered = ruled(packet, dropped);
  if (dropped || lost(link, packet)) return;
  // Before encoding, which must change nothing.
  const Duration delay = ordered ? *ordered : faulty_delay(link, *packet);
  if (options_.always_encode) encode(*packet);
  if (link.options.duplicate_ppm > 0 && packet->kind == PacketKind::kMessage) {
    link.noise->duplicate.seek(packet->number * 2);
    if (drawn(FaultKind::kDuplication, link.options.duplicate_ppm, link.noise->duplicate)) {
      duplicate(link, *packet, delay);
    }
  }
  damage(link, *packet);
  launch(link, packet, delay);
}

bool Network::drawn(FaultKind kind, std::uint64_t ppm, Stream& stream) {
  counters_.offer(kind);
  if (!stream.bernoulli(ppm)) return false;
  counters_.apply(kind);
  return true;
}

std::optional<Duration> Network::ruled(Packet* packet, bool& dropped) {
  const PacketView seen = view(*packet);
  for (Rule& rule : rules_) {
    counters_.offer(rule.kind);
    const PacketVerdict verdict = rule.rule(seen);
    if (verdict.kind == PacketVerdict::Kind::kPass) continue;
    counters_.apply(rule.kind);
    if (verdict.kind == PacketVerdict::Kind::kDrop) {
      drop(packet, "rule", rule.kind);
      dropped = true;
      return std::nullopt;
    }
    packet->feel(rule.kind);
    return verdict.after;
  }
  return std::nullopt;
}

bool Network::lost(Link& link, Packet* packet) {
  const LinkOptions& options = link.options;
  if (options.loss_ppm == 0 && options.one_way_loss_ppm == 0) return false;
  link.noise->loss.seek(packet->number * 2);
  if (options.loss_ppm > 0 && drawn(FaultKind::kLoss, options.loss_ppm, link.noise->loss)) {
    drop(packet, "loss", FaultKind::kLoss);
    return true;
  }
  link.noise->loss.seek(packet->number * 2 + 1);
  if (options.one_way_loss_ppm > 0 &&
      drawn(FaultKind::kOneWayLoss, options.one_way_loss_ppm, link.noise->loss)) {
    drop(packet, "one-way loss", FaultKind::kOneWayLoss);
    return true;
  }
  return false;
}

Duration Network::faulty_delay(Link& link, Packet& packet) {
  const LinkOptions& options = link.options;
  const LinkOptions& base = options_.baseline;
  link.delay.seek(packet.number);
  const std::uint64_t draw = link.delay.exponential_q32();
  Duration delay = options.delay_min + Stream::scale(options.delay_mean, draw);
  if (options.delay_min != base.delay_min || options.delay_mean != base.delay_mean) {
    counters_.offer(FaultKind::kDelay);
    if (delay > base.delay_min + Stream::scale(base.delay_mean, draw)) {
      counters_.apply(FaultKind::kDelay);
      packet.feel(FaultKind::kDelay);
    }
  }
  if (options.bias.ns > 0) {
    counters_.offer(FaultKind::kLinkBias);
    counters_.apply(FaultKind::kLinkBias);
    packet.feel(FaultKind::kLinkBias);
    delay = delay + options.bias;
  }
  if (options.bimodal_ppm > 0) {
    link.noise->bimodal.seek(packet.number * 2);
    if (drawn(FaultKind::kBimodalDelay, options.bimodal_ppm, link.noise->bimodal)) {
      packet.feel(FaultKind::kBimodalDelay);
      delay = delay + link.noise->bimodal.exponential(options.bimodal_mean);
    }
  }
  if (options.reorder_ppm > 0) {
    link.noise->reorder.seek(packet.number * 2);
    if (drawn(FaultKind::kReordering, options.reorder_ppm, link.noise->reorder)) {
      packet.feel(FaultKind::kReordering);
      delay = delay + link.noise->reorder.exponential(options.reorder_mean);
    }
  }
  if (options.bytes_per_second > 0) delay = delay + transmission(link, packet);
  return delay;
}

namespace {

// Roughly what the packet would weigh on the wire.
std::size_t weight_of(const PeerMessage& message) {
  std::size_t bytes = 96;
  if (const auto* append = std::get_if<AppendRequest>(&message.message)) {
    for (const EntryRef& entry : append->entries) bytes += entry->size();
  } else if (const auto* chunk = std::get_if<SnapshotChunk>(&message.message)) {
    if (chunk->data != nullptr) bytes += chunk->data->size();
  }
  return bytes;
}

std::size_t weight_of(const ClientRequest& request) {
  return 96 + request.payload.size();
}

std::size_t weight_of(const ClientReply&) {
  return 128;
}
std::size_t weight_of(std::monostate) {
  return 0;
}

}  // namespace

Duration Network::transmission(Link& link, Packet& packet) {
  const std::size_t bytes =
      std::visit([](const auto& payload) { return weight_of(payload); }, packet.payload);
  const auto span =
      static_cast<std::int64_t>(bytes * 1'000'000'000 / link.options.bytes_per_second);
  link.busy_until = std::max(link.busy_until, kernel_.now()) + Duration{span};
  counters_.offer(FaultKind::kBandwidth);
  counters_.apply(FaultKind::kBandwidth);
  packet.feel(FaultKind::kBandwidth);
  return link.busy_until - kernel_.now();
}

void Network::duplicate(Link& link, const Packet& packet, Duration delay) {
  Packet* copy = take_packet(packet.kind, packet.from, packet.to);
  copy->number = packet.number;
  copy->encoded = packet.encoded;
  copy->payload = packet.payload;
  copy->bytes = packet.bytes;
  copy->feel(FaultKind::kDuplication);
  const Duration later = link.noise->duplicate.exponential(link.options.duplicate_mean);
  launch(link, copy, delay + later);
}

void Network::damage(Link& link, Packet& packet) {
  if (link.options.flip_ppm == 0) return;
  link.noise->flip.seek(packet.number * 2);
  if (!drawn(FaultKind::kBitFlip, link.options.flip_ppm, link.noise->flip)) return;
  encode(packet);
  if (!packet.encoded || packet.bytes.empty()) return;
  const std::uint64_t bit = link.noise->flip.uniform(packet.bytes.size() * 8);
  char& byte = packet.bytes[static_cast<std::size_t>(bit / 8)];
  byte = static_cast<char>(static_cast<unsigned char>(byte) ^ (1U << (bit % 8)));
  packet.damaged = true;
}

}  // namespace synchrodb::sim
