// The keyspace against ordinary containers, its digest, and what SCAN promises.
#include "engine/kv/keyspace.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/kv/numbers.h"
#include "engine/kv/slot_table.h"
#include "tests/engine/kv_support.h"

namespace synchrodb::testing {
namespace {

std::unique_ptr<Record> record_of(std::string key) {
  auto record = std::make_unique<Record>();
  record->key = std::move(key);
  return record;
}

// A few hashes, so that keys collide in full, and clusters run past the end of the table.
RC_GTEST_PROP(SlotTable, IsASortedMapUnderCollisions, ()) {
  const auto hashes = *rc::gen::nonEmpty(rc::gen::container<std::vector<std::uint64_t>>(
      rc::gen::oneOf(rc::gen::arbitrary<std::uint64_t>(), rc::gen::inRange<std::uint64_t>(0, 4),
                     rc::gen::map(rc::gen::inRange<std::uint64_t>(0, 4),
                                  [](std::uint64_t x) { return ~x; }))));
  const auto steps = *rc::gen::container<std::vector<std::pair<std::size_t, int>>>(
      rc::gen::pair(rc::gen::inRange<std::size_t>(0, hashes.size()), rc::gen::inRange(0, 6)));
  SlotTable table;
  std::set<std::pair<std::uint64_t, std::string>> model;
  for (const auto& [which, name] : steps) {
    const std::uint64_t hash = hashes[which];
    const std::string key(1, static_cast<char>('a' + name / 2));
    if (model.contains({hash, key})) {
      RC_ASSERT(table.find(hash, key)->key == key);
      if (name % 2 == 0) {
        RC_ASSERT(table.erase(hash, key)->key == key);
        model.erase({hash, key});
      }
    } else {
      RC_ASSERT(table.find(hash, key) == nullptr);
      table.insert(hash, record_of(key));
      model.insert({hash, key});
    }
    RC_ASSERT(table.size() == model.size());
    auto expected = model.begin();
    for (std::size_t at = table.begin(); at != table.end(); at = table.next(at + 1), ++expected) {
      RC_ASSERT(expected != model.end());
      RC_ASSERT(table.hash_at(at) == expected->first);
      RC_ASSERT(table.record_at(at).key == expected->second);
    }
    RC_ASSERT(expected == model.end());
    const std::size_t bound = table.lower_bound(hash);
    const auto model_bound = model.lower_bound({hash, ""});
    RC_ASSERT((bound == table.end()) == (model_bound == model.end()));
    if (bound != table.end()) RC_ASSERT(table.hash_at(bound) == model_bound->first);
  }
}

TEST(SlotTable, GrowsAndShrinksWithManyKeys) {
  SlotTable table;
  std::map<std::uint64_t, std::string> keys;
  for (int i = 0; i < 20'000; ++i) {
    const std::string key = std::to_string(i);
    const KeyRef ref(key);
    keys[ref.hash] = key;
    table.insert(ref.hash, record_of(key));
  }
  EXPECT_EQ(table.size(), 20'000u);
  while (keys.size() > 10) {
    const auto it = std::next(keys.begin(), static_cast<std::ptrdiff_t>(keys.size() % 7));
    EXPECT_EQ(table.erase(it->first, it->second)->key, it->second);
    keys.erase(it);
  }
  EXPECT_LE(table.end(), 256u);  // the memory went back
  for (const auto& [hash, key] : keys) EXPECT_NE(table.find(hash, key), nullptr);
}

// What the keyspace's digest must equal, computed from scratch: a keyspace filled in another order.
std::uint64_t digest_from_scratch(const Keyspace& keys) {
  std::vector<const Record*> records;
  keys.for_each([&](const Record& record) { records.push_back(&record); });
  Keyspace fresh;
  for (auto it = records.rbegin(); it != records.rend(); ++it) {
    fresh.insert(KeyRef((*it)->key), (*it)->value, (*it)->expiry_ms, (*it)->version);
  }
  return fresh.digest();
}

RC_GTEST_PROP(Keyspace, DigestIsThatOfItsContentsHoweverItCameAbout, ()) {
  Keyspace keys;
  std::uint64_t version = 0;
  const auto steps = *rc::gen::inRange(1, 60);
  for (int step = 0; step < steps; ++step) {
    const std::string name(1, static_cast<char>('a' + *rc::gen::inRange(0, 6)));
    const KeyRef key(name);
    ++version;
    Record* record = keys.find(key);
    // Sizes about the borders of the chunks of a value's hash.
    const auto size =
        *rc::gen::elementOf(std::vector<std::size_t>{0, 1, 10, 4095, 4096, 4097, 8192, 10'000});
    const std::string bytes(size, static_cast<char>('a' + step % 26));
    if (record == nullptr) {
      keys.insert(key, bytes, *rc::gen::elementOf(std::vector<std::int64_t>{kNoExpiry, 5, 10}),
                  version);
      continue;
    }
    switch (*rc::gen::inRange(0, 6)) {
      case 0:
        keys.assign(*record, bytes, *rc::gen::elementOf(std::vector<std::int64_t>{kNoExpiry, 5, 7}),
                    version);
        break;
      case 1:
        keys.append(*record, bytes, version);
        break;
      case 2: {
        const auto offset = *rc::gen::elementOf(std::vector<std::size_t>{0, 3, 4096, 5000, 9000});
        std::string expected = record->value;
        if (expected.size() < offset + size) expected.resize(offset + size);
        expected.replace(offset, size, bytes);
        if (size > 0) {
          keys.overwrite(*record, offset, bytes, version);
          RC_ASSERT(record->value == expected);
        }
        break;
      }
      case 3:
        keys.set_expiry(*record, *rc::gen::elementOf(std::vector<std::int64_t>{kNoExpiry, 6, 9}),
                        version);
        break;
      case 4:
        keys.erase(key);
        break;
      default:
        keys.remove_expired(*rc::gen::inRange<std::int64_t>(0, 12), 2);
    }
    RC_ASSERT(keys.digest() == digest_from_scratch(keys));
  }
  std::optional<std::int64_t> earliest;
  std::size_t count = 0;
  keys.for_each([&](const Record& record) {
    ++count;
    if (record.expiry_ms == kNoExpiry) return;
    earliest = std::min(earliest.value_or(record.expiry_ms), record.expiry_ms);
  });
  RC_ASSERT(keys.earliest_expiry_ms() == earliest);
  RC_ASSERT(keys.size() == count);
  keys.clear();
  RC_ASSERT(keys.digest() == 0u);
  RC_ASSERT(keys.size() == 0u);
}

TEST(Keyspace, RankNumbersTheKeysInOrder) {
  Keyspace keys;
  for (int i = 0; i < 3000; ++i) {
    // Some slots hold many.
    const std::string name = i % 3 == 0 ? "{tag}" + std::to_string(i) : std::to_string(i);
    keys.insert(KeyRef(name), "", kNoExpiry, 1);
  }
  std::size_t rank = 0;
  keys.for_each([&](const Record& record) { EXPECT_EQ(keys.at_rank(rank++).key, record.key); });
  EXPECT_EQ(rank, 3000u);
}

// Drives SCAN to its end and counts how often each key came.
std::map<std::string, int> scan_all(Machine& machine, std::size_t count,
                                    const std::function<void()>& between) {
  std::map<std::string, int> seen;
  std::string cursor = "0";
  int calls = 0;
  do {
    const Reply reply = machine.read({"SCAN", cursor, "COUNT", std::to_string(count)});
    cursor = reply.elements()[0].text();
    for (const Reply& key : reply.elements()[1].elements()) ++seen[key.text()];
    EXPECT_TRUE(parse_integer(cursor).has_value()) << cursor;  // fits a signed integer
    between();
  } while (cursor != "0" && ++calls < 100'000);
  EXPECT_EQ(cursor, "0");
  return seen;
}

RC_GTEST_PROP(Scan, KeysThatStayComeExactlyOnceWhateverElseChanges, ()) {
  Machine machine;
  const auto stay = *rc::gen::inRange(0, 60);
  const auto tagged = *rc::gen::arbitrary<bool>();
  const std::string prefix = tagged ? "{tag}" : "";
  for (int i = 0; i < stay; ++i) machine.run({"SET", prefix + "stay" + std::to_string(i), "v"});
  const auto count = *rc::gen::inRange<std::size_t>(1, 15);
  std::set<std::string> others;
  int number = 0;
  const auto seen = scan_all(machine, count, [&] {
    for (int i = *rc::gen::inRange(0, 4); i > 0 && number < 300; --i) {
      const std::string key = prefix + "other" + std::to_string(++number);
      machine.run({"SET", key, "v"});
      others.insert(key);
    }
    if (!others.empty() && *rc::gen::arbitrary<bool>()) {
      machine.run({"DEL", *others.begin()});
      others.erase(others.begin());
    }
  });
  for (int i = 0; i < stay; ++i) {
    const auto it = seen.find(prefix + "stay" + std::to_string(i));
    RC_ASSERT(it != seen.end());
    RC_ASSERT(it->second == 1);
  }
  for (const auto& [key, times] : seen) RC_ASSERT(times == 1 || key.find("other") != key.npos);
}

TEST(Scan, CallsAreBoundedByCount) {
  Machine machine;
  for (int i = 0; i < 10'000; ++i) machine.run({"SET", "k" + std::to_string(i), "v"});
  std::string cursor = "0";
  std::size_t total = 0;
  do {
    const Reply reply = machine.read({"SCAN", cursor, "COUNT", "100"});
    cursor = reply.elements()[0].text();
    const std::size_t keys = reply.elements()[1].elements().size();
    EXPECT_TRUE(keys == 100 || cursor == "0") << keys;
    total += keys;
  } while (cursor != "0");
  EXPECT_EQ(total, 10'000u);
}

TEST(Scan, MatchAndTypeFilterWithoutSlowingTheCursor) {
  Machine machine;
  for (int i = 0; i < 100; ++i) machine.run({"SET", "k" + std::to_string(i), "v"});
  const Reply all = machine.read({"SCAN", "0", "COUNT", "1000", "MATCH", "k1?"});
  EXPECT_EQ(all.elements()[0].text(), "0");
  EXPECT_EQ(all.elements()[1].elements().size(), 10u);
  const Reply none = machine.read({"SCAN", "0", "TYPE", "list"});
  EXPECT_NE(none.elements()[0].text(), "0");
  EXPECT_TRUE(none.elements()[1].elements().empty());
}

TEST(Randomkey, ReachesEveryKeyAsTheLogMovesOn) {
  Machine machine;
  for (int i = 0; i < 20; ++i) machine.run({"SET", "k" + std::to_string(i), "v"});
  std::map<std::string, int> seen;
  for (int i = 0; i < 2000; ++i) {
    EXPECT_EQ(machine.read({"RANDOMKEY"}), machine.read({"RANDOMKEY"}));
    ++seen[machine.read({"RANDOMKEY"}).text()];
    machine.tick(1);
  }
  EXPECT_EQ(seen.size(), 20u);
  for (const auto& [key, times] : seen) {
    EXPECT_GT(times, 50) << key;
    EXPECT_LT(times, 160) << key;
  }
}

}  // namespace
}  // namespace synchrodb::testing
