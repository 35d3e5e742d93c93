#include "tests/bench/peers/load/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace synchrodb::load {
namespace {

using ::testing::HasSubstr;

Options some() {
  Options options;
  options.endpoints = {{"localhost", "1"}};
  return options;
}

TEST(Options, TheQuotaIsSharedWithoutARest) {
  Options options = some();
  options.requests = 10;
  options.threads = 4;
  std::uint64_t total = 0;
  for (unsigned thread = 0; thread < 4; ++thread) total += quota_of(options, thread);
  EXPECT_EQ(total, 10u);
}

TEST(Options, EndpointsOfAllKinds) {
  EXPECT_EQ(parse_endpoint("127.0.0.1:7001").value().text(), "127.0.0.1:7001");
  EXPECT_EQ(parse_endpoint("[::1]:65535").value().host, "::1");
  for (const char* bad :
       {"", "host", "host:", ":1", "host:0", "host:65536", "host:1x", "host:-1", "::1:7", "[]:7"}) {
    const auto endpoint = parse_endpoint(bad);
    ASSERT_FALSE(endpoint.ok()) << bad;
    EXPECT_THAT(endpoint.error().message, HasSubstr("'" + std::string(bad) + "'"));
  }
}

TEST(Options, WhatIsOutOfRangeIsNamed) {
  EXPECT_TRUE(check(some()).ok());
  Options options = some();
  options.pipeline = 0;
  EXPECT_THAT(check(options).error().message, HasSubstr("--pipeline 0"));
  options = some();
  options.threads = 51;
  EXPECT_THAT(check(options).error().message, HasSubstr("--threads"));
  options = some();
  options.duration = std::chrono::duration<double>(std::nan(""));
  EXPECT_THAT(check(options).error().message, HasSubstr("--seconds"));
  options = some();
  options.connections = 100'000;
  options.pipeline = 1'000;
  EXPECT_THAT(check(options).error().message, HasSubstr("4 GiB"));
}

}  // namespace
}  // namespace synchrodb::load
