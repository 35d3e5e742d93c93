// The operations behind the command table, one function a command. Arity is checked before.
#pragma once

#include "engine/kv/context.h"

namespace synchrodb::commands {

// string_commands.cc
Reply get(const ReadContext&, Args);
Reply mget(const ReadContext&, Args);
Reply strlen(const ReadContext&, Args);
Reply getrange(const ReadContext&, Args);
Reply getdel(WriteContext&, Args);
Reply getset(WriteContext&, Args);
Reply mset(WriteContext&, Args);
Reply msetnx(WriteContext&, Args);
Reply setnx(WriteContext&, Args);
Reply append(WriteContext&, Args);
Reply setrange(WriteContext&, Args);

// set_command.cc
Reply set(WriteContext&, Args);
Reply getex(WriteContext&, Args);
Reply setex(WriteContext&, Args);
Reply psetex(WriteContext&, Args);

// counter_commands.cc
Reply incr(WriteContext&, Args);
Reply decr(WriteContext&, Args);
Reply incrby(WriteContext&, Args);
Reply decrby(WriteContext&, Args);
Reply incrbyfloat(WriteContext&, Args);

// key_commands.cc
Reply exists(const ReadContext&, Args);
Reply type(const ReadContext&, Args);
Reply dbsize(const ReadContext&, Args);
Reply versions(const ReadContext&, Args);
Reply require(const ReadContext&, Args);
Reply touch(const ReadContext&, Args);
Reply del(WriteContext&, Args);
Reply rename(WriteContext&, Args);
Reply renamenx(WriteContext&, Args);
Reply copy(WriteContext&, Args);
Reply flushall(WriteContext&, Args);

// scan_commands.cc
Reply keys(const ReadContext&, Args);
Reply scan(const ReadContext&, Args);
Reply scan_range(const ReadContext&, Args);
Reply randomkey(const ReadContext&, Args);

// expiry_commands.cc
Reply ttl(const ReadContext&, Args);
Reply pttl(const ReadContext&, Args);
Reply expiretime(const ReadContext&, Args);
Reply pexpiretime(const ReadContext&, Args);
Reply expire(WriteContext&, Args);
Reply pexpire(WriteContext&, Args);
Reply expireat(WriteContext&, Args);
Reply pexpireat(WriteContext&, Args);
Reply persist(WriteContext&, Args);

// connection_commands.cc
Reply ping(const ReadContext&, Args);
Reply echo(const ReadContext&, Args);
Reply unwatch(const ReadContext&, Args);

}  // namespace synchrodb::commands
