// Debian's hiredis against a cluster of three nodes, which converse_test.py starts and breaks.
#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <sys/time.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace synchrodb::testing {
namespace {

constexpr std::size_t kMebibyte = 1024 * 1024;
constexpr timeval kPatience = {30, 0};

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using ReplyPtr = std::unique_ptr<redisReply, FreeReply>;

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};

std::vector<int> ports() {
  std::istringstream text(std::getenv("CLUSTER_PORTS"));
  std::vector<int> ports;
  for (std::string port; std::getline(text, port, ',');) ports.push_back(std::stoi(port));
  return ports;
}

// Asks the program above this one.
std::string ask(const std::string& question) {
  std::cout << "@" << question << std::endl;
  std::string answer;
  std::getline(std::cin, answer);
  return answer;
}

std::size_t leader() {
  return std::stoul(ask("leader"));
}

std::size_t follower() {
  return (leader() + 1) % ports().size();
}

class Connection {
 public:
  explicit Connection(std::size_t node)
      : context_(redisConnectWithTimeout("127.0.0.1", ports().at(node), kPatience)) {
    if (context_ != nullptr && context_->err == 0) redisSetTimeout(context_.get(), kPatience);
  }

  // Null: the connection broke.
  ReplyPtr call(const std::vector<std::string>& argv) {
    append(argv);
    return next();
  }

  void append(const std::vector<std::string>& argv) {
    std::vector<const char*> words;
    std::vector<std::size_t> sizes;
    for (const std::string& word : argv) {
      words.push_back(word.data());
      sizes.push_back(word.size());
    }
    redisAppendCommandArgv(context_.get(), static_cast<int>(argv.size()), words.data(),
                           sizes.data());
  }

  ReplyPtr next() {
    void* reply = nullptr;
    if (redisGetReply(context_.get(), &reply) != REDIS_OK) return nullptr;
    return ReplyPtr(static_cast<redisReply*>(reply));
  }

  bool connect_again() { return redisReconnect(context_.get()) == REDIS_OK; }

 private:
  std::unique_ptr<redisContext, FreeContext> context_;
};

std::string text(const ReplyPtr& reply) {
  return reply == nullptr ? "(the connection broke)" : std::string(reply->str, reply->len);
}

long long number(const ReplyPtr& reply) {
  return reply != nullptr && reply->type == REDIS_REPLY_INTEGER ? reply->integer : -1;
}

int type(const ReplyPtr& reply) {
  return reply == nullptr ? 0 : reply->type;
}

std::string all_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i);
  return bytes;
}

class Hiredis : public ::testing::Test {
 protected:
  void SetUp() override { ask("reset"); }
};

TEST_F(Hiredis, EveryNodeReadsWhatEveryNodeWrote) {
  for (std::size_t writer = 0; writer < 3; ++writer) {
    const std::string value = "node " + std::to_string(writer);
    const ReplyPtr written = Connection(writer).call({"SET", "k", value});
    EXPECT_EQ(type(written), REDIS_REPLY_STATUS);
    EXPECT_EQ(text(written), "OK");
    for (std::size_t reader = 0; reader < 3; ++reader) {
      EXPECT_EQ(text(Connection(reader).call({"GET", "k"})), value);
    }
  }
}

TEST_F(Hiredis, PipelineWithAnErrorInItsPlace) {
  Connection connection(follower());
  connection.append({"SET", "s", "x"});
  connection.append({"INCR", "s"});
  for (int i = 0; i < 1000; ++i) connection.append({"INCR", "n"});
  EXPECT_EQ(text(connection.next()), "OK");
  const ReplyPtr error = connection.next();
  EXPECT_EQ(type(error), REDIS_REPLY_ERROR);
  EXPECT_EQ(text(error), "ERR value is not an integer or out of range");
  for (int i = 1; i <= 1000; ++i) ASSERT_EQ(number(connection.next()), i);
}

TEST_F(Hiredis, Transaction) {
  Connection connection(follower());
  EXPECT_EQ(text(connection.call({"MULTI"})), "OK");
  EXPECT_EQ(text(connection.call({"SET", "t", "1"})), "QUEUED");
  EXPECT_EQ(text(connection.call({"INCR", "t"})), "QUEUED");
  const ReplyPtr done = connection.call({"EXEC"});
  ASSERT_EQ(type(done), REDIS_REPLY_ARRAY);
  ASSERT_EQ(done->elements, 2U);
  EXPECT_EQ(done->element[1]->integer, 2);
}

TEST_F(Hiredis, WatchConflict) {
  Connection connection(0), other(1);
  EXPECT_EQ(text(connection.call({"WATCH", "w"})), "OK");
  EXPECT_EQ(text(other.call({"SET", "w", "other"})), "OK");
  connection.call({"MULTI"});
  connection.call({"SET", "w", "mine"});
  EXPECT_EQ(type(connection.call({"EXEC"})), REDIS_REPLY_NIL);
  EXPECT_EQ(text(connection.call({"GET", "w"})), "other");
}

TEST_F(Hiredis, Scan) {
  Connection connection(follower());
  for (int i = 0; i < 300; ++i) connection.append({"SET", "s" + std::to_string(i), "1"});
  for (int i = 0; i < 300; ++i) ASSERT_EQ(text(connection.next()), "OK");
  std::set<std::string> found;
  std::string cursor = "0";
  do {
    const ReplyPtr page = connection.call({"SCAN", cursor, "MATCH", "s*", "COUNT", "20"});
    ASSERT_EQ(type(page), REDIS_REPLY_ARRAY);
    cursor = page->element[0]->str;
    const redisReply& keys = *page->element[1];
    for (std::size_t i = 0; i < keys.elements; ++i) found.insert(keys.element[i]->str);
  } while (cursor != "0");
  EXPECT_EQ(found.size(), 300U);
}

TEST_F(Hiredis, Expiry) {
  Connection connection(0);
  EXPECT_EQ(text(connection.call({"SET", "e", "1", "PX", "1000"})), "OK");
  EXPECT_GT(number(connection.call({"PTTL", "e"})), 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(1200));
  EXPECT_EQ(type(connection.call({"GET", "e"})), REDIS_REPLY_NIL);
}

TEST_F(Hiredis, BinaryAndLargeValues) {
  Connection connection(follower());
  const std::string key = all_bytes(256);
  for (const std::size_t size : {std::size_t{0}, std::size_t{256}, kMebibyte, 16 * kMebibyte}) {
    const std::string value = all_bytes(size);
    EXPECT_EQ(text(connection.call({"SET", key, value})), "OK");
    EXPECT_TRUE(text(connection.call({"GET", key})) == value) << size << " bytes";
  }
}

TEST_F(Hiredis, FailOverBehindAFollowerIsNotNoticed) {
  Connection connection(follower());
  for (int i = 1; i <= 300; ++i) {
    if (i == 100) ask("kill " + std::to_string(leader()));
    ASSERT_EQ(number(connection.call({"INCR", "count"})), i);
  }
}

// Nothing acknowledged is lost, and nothing is applied that was not asked for.
TEST_F(Hiredis, ConnectsAgainAfterAFailOver) {
  const std::size_t node = leader();
  Connection connection(node);
  int acknowledged = 0, unknown = 0;
  while (acknowledged < 200) {
    if (acknowledged == 100 && unknown == 0) ask("kill " + std::to_string(node));
    if (type(connection.call({"INCR", "count"})) == REDIS_REPLY_INTEGER) {
      ++acknowledged;
      continue;
    }
    ++unknown;
    ask("restart " + std::to_string(node));
    ASSERT_TRUE(connection.connect_again());
    ASSERT_LT(unknown, 3);
  }
  EXPECT_GT(unknown, 0);
  const int value = std::stoi(text(connection.call({"GET", "count"})));
  EXPECT_GE(value, acknowledged);
  EXPECT_LE(value, acknowledged + unknown);
}

}  // namespace
}  // namespace synchrodb::testing
