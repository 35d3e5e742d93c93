// The only hash containers of the engine: they offer no iteration, so that no result can depend on
// hash order.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <utility>

namespace synchrodb {

template <class Key, class Value>
class HashMap {
 public:
  // Null when absent. The pointer dies with the next insertion or erasure.
  template <class K>
  Value* find(const K& key) {
    auto it = map_.find(key);
    return it == map_.end() ? nullptr : &it->second;
  }
  template <class K>
  const Value* find(const K& key) const {
    auto it = map_.find(key);
    return it == map_.end() ? nullptr : &it->second;
  }
  Value& operator[](const Key& key) { return map_[key]; }
  void insert_or_assign(Key key, Value value) {
    map_.insert_or_assign(std::move(key), std::move(value));
  }
  template <class K>
  bool erase(const K& key) {
    return map_.erase(key) != 0;
  }
  std::size_t size() const { return map_.size(); }
  bool empty() const { return map_.empty(); }
  void clear() { map_.clear(); }

 private:
  absl::flat_hash_map<Key, Value> map_;
};

}  // namespace synchrodb
