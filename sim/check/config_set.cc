#include "sim/check/config_set.h"

#include <algorithm>
#include <utility>

namespace synchrodb::check {

void ConfigSet::reset(ConfigShape shape, std::vector<std::uint64_t> guards) {
  shape_ = shape;
  guards_ = std::move(guards);
  if (buckets_.empty()) buckets_.resize(64);
  clear();
}

void ConfigSet::clear() {
  words_.clear();
  dead_.clear();
  next_.clear();
  live_ = 0;
  if (++generation_ == 0) {
    std::fill(buckets_.begin(), buckets_.end(), Bucket());
    generation_ = 1;
  }
}

std::uint64_t ConfigSet::hash(const std::uint64_t* config,
                              std::span<const std::uint64_t> observers) const {
  std::uint64_t hash = config[0] * 0x9e3779b97f4a7c15U;
  for (std::size_t i = 0; i < shape_.masks; ++i) {
    hash = (hash ^ (config[1 + i] & ~observers[i])) * 0xff51afd7ed558ccdU;
    hash ^= hash >> 29;
  }
  return hash ^ (hash >> 32);
}

bool ConfigSet::counts_at_most(const std::uint64_t* first, const std::uint64_t* second) const {
  const std::size_t base = 1 + shape_.masks;
  for (std::size_t i = 0; i < shape_.counts; ++i) {
    // A field borrows from its guard bit exactly where first > second.
    const std::uint64_t difference = (second[base + i] | guards_[i]) - first[base + i];
    if ((difference & guards_[i]) != guards_[i]) return false;
  }
  return true;
}

ConfigSet::Order ConfigSet::compare(const std::uint64_t* first, const std::uint64_t* second,
                                    std::span<const std::uint64_t> observers) const {
  if (first[0] != second[0]) return Order::kUnrelated;
  bool first_covers = true;
  bool second_covers = true;
  for (std::size_t i = 0; i < shape_.masks; ++i) {
    const std::uint64_t only_first = first[1 + i] & ~second[1 + i];
    const std::uint64_t only_second = second[1 + i] & ~first[1 + i];
    if (((only_first | only_second) & ~observers[i]) != 0) return Order::kUnrelated;
    first_covers &= only_second == 0;
    second_covers &= only_first == 0;
  }
  if (first_covers && counts_at_most(first, second)) return Order::kFirst;
  if (second_covers && counts_at_most(second, first)) return Order::kSecond;
  return Order::kUnrelated;
}

void ConfigSet::append(const std::uint64_t* config) {
  words_.insert(words_.end(), config, config + shape_.words());
  dead_.push_back(0);
  next_.push_back(0);
  ++live_;
}

void ConfigSet::rehash(std::span<const std::uint64_t> observers) {
  buckets_.assign(2 * buckets_.size(), Bucket());
  generation_ = 1;
  const std::size_t mask = buckets_.size() - 1;
  for (std::uint32_t slot = 0; slot < dead_.size(); ++slot) {
    if (dead_[slot]) continue;
    Bucket& bucket = buckets_[hash(at(slot), observers) & mask];
    next_[slot] = bucket.generation == generation_ ? bucket.head : 0;
    bucket = {slot + 1, generation_};
  }
}

bool ConfigSet::insert(const std::uint64_t* config, std::span<const std::uint64_t> observers) {
  if (dead_.size() >= buckets_.size()) rehash(observers);
  Bucket& bucket = buckets_[hash(config, observers) & (buckets_.size() - 1)];
  const std::uint32_t head = bucket.generation == generation_ ? bucket.head : 0;
  for (std::uint32_t link = head; link != 0; link = next_[link - 1]) {
    if (dead_[link - 1]) continue;
    ++comparisons_;
    const Order order = compare(at(link - 1), config, observers);
    if (order == Order::kFirst) return false;
    if (order == Order::kSecond) {
      dead_[link - 1] = 1;
      --live_;
    }
  }
  append(config);
  next_.back() = head;
  bucket = {static_cast<std::uint32_t>(dead_.size()), generation_};
  return true;
}

std::size_t ConfigSet::memory_bytes() const {
  return words_.capacity() * 8 + dead_.capacity() * 5 + buckets_.capacity() * sizeof(Bucket);
}

}  // namespace synchrodb::check
