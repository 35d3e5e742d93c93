// The sections of INFO, in Redis' order.
#pragma once

#include <span>
#include <string_view>

#include "net/commands/command_list.h"
#include "net/commands/info_writer.h"

namespace synchrodb::net {

struct InfoSection {
  std::string_view name;  // as asked for
  bool by_default;        // part of INFO without arguments; else of "all" and "everything"
  void (*write)(Call&, InfoWriter&);
};

std::span<const InfoSection> info_sections();

// info_statistics.cc
void info_stats(Call& call, InfoWriter& out);
void info_command_stats(Call& call, InfoWriter& out);
void info_error_stats(Call& call, InfoWriter& out);
void info_latency_stats(Call& call, InfoWriter& out);

}  // namespace synchrodb::net
