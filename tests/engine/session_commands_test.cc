// A connection's state: what is answered at once, what is submitted, and how transactions queue.
#include "engine/session/session.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/engine/kv_support.h"

namespace synchrodb::testing {
namespace {

std::string reply_to(Session& session, Argv argv) {
  const Step step = session.handle(std::move(argv));
  const Reply* reply = std::get_if<Reply>(&step);
  return reply != nullptr ? line_of(*reply) : "submitted";
}

TEST(Session, SortsCommandsByTheirPath) {
  Session session;
  const Step read = session.handle({"get", "k"});
  EXPECT_EQ(std::get<ReadStep>(read).argv, Argv({"get", "k"}));
  const Step write = session.handle({"Set", "k", "v"});
  const Request& request = std::get<WriteStep>(write).request;
  EXPECT_EQ(request.kind, RequestKind::kExecute);
  EXPECT_EQ(request.commands, std::vector<Argv>({{"Set", "k", "v"}}));
  EXPECT_FALSE(request.transaction);
  EXPECT_FALSE(request.session);
  const Step watch = session.handle({"WATCH", "a", "b"});
  EXPECT_EQ(std::get<WatchStep>(watch).argv, Argv({"SYNCHRODB.VERSIONS", "a", "b"}));
  EXPECT_EQ(reply_to(session, {"PING"}), "+\"PONG\"");
  EXPECT_EQ(reply_to(session, {"PING", "hi"}), "\"hi\"");
  EXPECT_EQ(reply_to(session, {"ECHO", "hi"}), "\"hi\"");
  EXPECT_EQ(reply_to(session, {}), "-\"ERR empty command\"");
}

TEST(Session, SubmitsInWordsThatEveryVersionKnows) {
  Session session;
  const auto commands = [&](Argv argv) {
    const Step step = session.handle(std::move(argv));
    return std::get<WriteStep>(step).request.commands;
  };
  EXPECT_EQ(commands({"flushdb"}), std::vector<Argv>({{"FLUSHALL"}}));
  EXPECT_EQ(commands({"FlushDB", "ASYNC"}), std::vector<Argv>({{"FLUSHALL", "ASYNC"}}));
  reply_to(session, {"MULTI"});
  reply_to(session, {"FLUSHDB"});
  reply_to(session, {"SCAN", ""});
  EXPECT_EQ(commands({"EXEC"}), std::vector<Argv>({{"FLUSHALL"}, {"SCAN", "0"}}));
}

TEST(Session, SubmitsATransactionAsOneRequest) {
  Session session;
  const Step watch = session.handle({"WATCH", "k"});
  EXPECT_EQ(session.finish_watch(std::get<WatchStep>(watch), Reply::array({Reply::integer(7)})),
            Reply::ok());
  EXPECT_EQ(reply_to(session, {"MULTI"}), "+\"OK\"");
  EXPECT_EQ(reply_to(session, {"GET", "k"}), "+\"QUEUED\"");
  EXPECT_EQ(reply_to(session, {"SET", "k", "v"}), "+\"QUEUED\"");
  EXPECT_EQ(session.queued(), 2u);
  const Step exec = session.handle({"EXEC"});
  const Request& request = std::get<WriteStep>(exec).request;
  EXPECT_TRUE(request.transaction);
  EXPECT_EQ(request.commands, std::vector<Argv>({{"GET", "k"}, {"SET", "k", "v"}}));
  EXPECT_EQ(request.watched, std::vector<WatchedKey>({{"k", 7}}));
  EXPECT_FALSE(session.in_transaction());
  EXPECT_TRUE(session.watched().empty());
  EXPECT_EQ(reply_to(session, {"EXEC"}), "-\"ERR EXEC without MULTI\"");
}

TEST(Session, AnEmptyTransactionNeedsNoLogEntryUnlessItWatches) {
  Session session;
  reply_to(session, {"MULTI"});
  EXPECT_EQ(reply_to(session, {"EXEC"}), "[]");
  const Step watch = session.handle({"WATCH", "k"});
  session.finish_watch(std::get<WatchStep>(watch), Reply::array({Reply::integer(7)}));
  reply_to(session, {"MULTI"});
  EXPECT_EQ(reply_to(session, {"EXEC"}), "submitted");
}

TEST(Session, WatchingAgainDoesNotForgive) {
  Session session;
  const auto watch = [&](std::int64_t version) {
    const Step step = session.handle({"WATCH", "k"});
    session.finish_watch(std::get<WatchStep>(step), Reply::array({Reply::integer(version)}));
  };
  watch(7);
  watch(8);
  EXPECT_EQ(session.watched(), std::vector<WatchedKey>({{"k", 7}}));
  reply_to(session, {"UNWATCH"});
  EXPECT_TRUE(session.watched().empty());
}

TEST(Session, AFailedWatchWatchesNothing) {
  Session session;
  const Step step = session.handle({"WATCH", "a", "b"});
  const auto& watch = std::get<WatchStep>(step);
  const Reply error = Reply::error("CLUSTERDOWN no leader");
  EXPECT_EQ(session.finish_watch(watch, error), error);
  for (const Reply& bad : {Reply::nil(), Reply::array({}), Reply::array({Reply::integer(1)}),
                           Reply::array({Reply::integer(1), Reply::nil()}), Reply::bulk("1")}) {
    EXPECT_TRUE(session.finish_watch(watch, bad).is_error());
  }
  EXPECT_TRUE(session.watched().empty());
}

TEST(Session, AnErrorWhileQueueingDoomsTheTransaction) {
  const std::string aborted = "-\"EXECABORT Transaction discarded because of previous errors.\"";
  for (const Argv& bad : {Argv{"NOSUCH"}, Argv{"GET"}, Argv{}}) {
    Session session;
    reply_to(session, {"MULTI"});
    EXPECT_EQ(reply_to(session, bad)[0], '-');
    EXPECT_EQ(reply_to(session, {"SET", "k", "v"}), "+\"QUEUED\"");
    EXPECT_EQ(reply_to(session, {"EXEC"}), aborted);
    reply_to(session, {"MULTI"});
    EXPECT_EQ(reply_to(session, {"EXEC"}), "[]");  // and only that one
  }
}

TEST(Session, ResetForgetsTheTransaction) {
  Session session;
  reply_to(session, {"MULTI"});
  reply_to(session, {"SET", "k", "v"});
  session.reset();
  EXPECT_FALSE(session.in_transaction());
  EXPECT_EQ(reply_to(session, {"EXEC"}), "-\"ERR EXEC without MULTI\"");
}

TEST(Session, OptimisticLockingEndToEnd) {
  Machine machine;
  Session mine, other;
  serve(mine, machine, {"SET", "k", "1"});
  serve(mine, machine, {"WATCH", "k", "absent"});
  serve(other, machine, {"SET", "absent", "1"});
  serve(mine, machine, {"MULTI"});
  serve(mine, machine, {"INCR", "k"});
  EXPECT_EQ(serve(mine, machine, {"EXEC"}), Reply::nil_array());
  serve(mine, machine, {"WATCH", "k"});
  serve(mine, machine, {"MULTI"});
  serve(mine, machine, {"INCR", "k"});
  EXPECT_EQ(line_of(serve(mine, machine, {"EXEC"})), "[:2]");
}

}  // namespace
}  // namespace synchrodb::testing
