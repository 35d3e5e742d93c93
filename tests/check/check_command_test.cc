// The command `check`, run within the process.
#include "cmd/sim/check_command.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

// The command is linked into the simulator's binary only; here it is compiled in.
#include "cmd/sim/check_command.cc"               // NOLINT
#include "cmd/sim/check_input.cc"                 // NOLINT
#include "cmd/sim/check_object_command.cc"        // NOLINT
#include "cmd/sim/check_transactions_command.cc"  // NOLINT
#include "cmd/sim/read_file.cc"                   // NOLINT

namespace synchrodb::sim {
namespace {

struct Outcome {
  int code = 0;
  std::string out;
  std::string err;
};

// As the main program does: what CLI11 refuses is a usage error.
Outcome run_command(std::vector<std::string> arguments) {
  CLI::App app;
  int code = 0;
  app.require_subcommand(1);
  add_check_command(app, code);
  std::reverse(arguments.begin(), arguments.end());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  try {
    app.parse(arguments);
  } catch (const CLI::ParseError& error) {
    code = error.get_exit_code() == 0 ? 0 : 2;
  }
  Outcome outcome;
  outcome.code = code;
  outcome.out = ::testing::internal::GetCapturedStdout();
  outcome.err = ::testing::internal::GetCapturedStderr();
  return outcome;
}

std::string data(const std::string& file) {
  return std::string(SYNCHRODB_TEST_DATA) + "/histories/" + file;
}

TEST(CheckCommandTest, ExitCodesTellTheVerdict) {
  EXPECT_EQ(run_command({"check", data("porcupine/jepsen/etcd_002.log")}).code, 0);
  EXPECT_EQ(run_command({"check", data("porcupine/jepsen/etcd_000.log"), "--model", "cas-register",
                         "--dialect", "jepsen-log"})
                .code,
            1);
  EXPECT_EQ(run_command({"check", data("porcupine/kv/c10-ok.txt"), "--model", "kv"}).code, 0);
  EXPECT_EQ(run_command({"check", data("knossos/cas-register/good/memstress3-1.edn"), "--dialect",
                         "knossos", "--initial", "0"})
                .code,
            0);
  EXPECT_EQ(run_command({"check", data("knossos/mutex/bad/etcd.edn"), "--model", "mutex"}).code, 1);
  EXPECT_EQ(run_command({"check", data("knossos/mutex/bad/etcd.edn"), "--steps", "100"}).code, 3);
}

TEST(CheckCommandTest, TheInitialValueCounts) {
  // One read, which saw 3.
  const std::string path = data("knossos/cas-register/bad/immediate-failure.edn");
  EXPECT_EQ(run_command({"check", path}).code, 1);
  EXPECT_EQ(run_command({"check", path, "--initial", "3"}).code, 0);
  EXPECT_EQ(run_command({"check", path, "--initial", "nil"}).code, 1);
}

TEST(CheckCommandTest, JsonCarriesTheContradiction) {
  const Outcome outcome = run_command({"check", data("porcupine/jepsen/etcd_062.log"), "--json"});
  EXPECT_EQ(outcome.code, 1);
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["verdict"], "invalid");
  EXPECT_EQ(json["model"], "cas-register");
  EXPECT_EQ(json["dialect"], "jepsen-log");
  EXPECT_EQ(json["initial"], "nil");
  EXPECT_LE(json["contradiction"]["operations"].get<int>(), 4);
  EXPECT_NE(json["contradiction"]["edn"].get<std::string>().find(":type :invoke"),
            std::string::npos);
}

TEST(CheckCommandTest, TextTellsTheStory) {
  const Outcome outcome = run_command({"check", data("porcupine/jepsen/etcd_062.log")});
  EXPECT_EQ(outcome.out.rfind("invalid: ", 0), 0U) << outcome.out;
  EXPECT_NE(outcome.out.find("operations cannot all be explained"), std::string::npos);
}

TEST(CheckCommandTest, TransactionsAndOtherObjects) {
  const std::string skew = data("elle-cli/elle/list-append-gh-30.edn");
  const std::string garbage = data("elle-cli/elle/rw-register.edn");
  const struct {
    std::vector<std::string> arguments;
    int code;
  } kCases[] = {
      {{skew, "--model", "list-append"}, 1},
      {{skew, "--model", "list-append", "--consistency", "serializable"}, 1},
      {{skew, "--model", "list-append", "--consistency", "snapshot-isolation"}, 0},
      {{garbage, "--model", "rw-register"}, 1},
      {{garbage, "--model", "rw-register", "--dialect", "elle"}, 0},
      {{data("elle-cli/jepsen/set.edn"), "--model", "set"}, 0},
      {{data("elle-cli/jepsen/counter.edn"), "--model", "counter", "--initial", "0"}, 0},
      {{data("elle-cli/jepsen/bank-negative-balances.json"), "--model", "bank"}, 1},
      {{data("elle-cli/jepsen/bank-negative-balances.json"), "--model", "bank", "--initial", "7"},
       1},
  };
  for (const auto& [arguments, code] : kCases) {
    std::vector<std::string> all = {"check"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    EXPECT_EQ(run_command(all).code, code) << arguments[0] << " " << arguments.back();
  }
}

TEST(CheckCommandTest, TransactionsAsJson) {
  const Outcome outcome = run_command(
      {"check", data("elle-cli/elle/list-append-gh-30.edn"), "--model", "list-append", "--json"});
  const auto json = nlohmann::json::parse(outcome.out);
  EXPECT_EQ(json["verdict"], "invalid");
  EXPECT_EQ(json["model"], "list-append");
  EXPECT_EQ(json["not"][0], "repeatable-read");
  EXPECT_EQ(json["cases"][0]["anomaly"], "G2-item");
  EXPECT_EQ(json["cases"][0]["steps"].size(), 2U);
  const Outcome bank = run_command(
      {"check", data("elle-cli/jepsen/bank-negative-balances.json"), "--model", "bank", "--json"});
  EXPECT_EQ(nlohmann::json::parse(bank.out)["findings"]["negative-balance"], 1);
}

TEST(CheckCommandTest, BadInputIsRefused) {
  const std::vector<std::vector<std::string>> cases = {
      {"check"},
      {"check", "/nonexistent/history.edn"},
      {"check", data("")},
      {"check", data("verdicts.json")},
      {"check", data("porcupine/jepsen/etcd_002.log"), "--model", "heap"},
      {"check", data("porcupine/jepsen/etcd_002.log"), "--dialect", "klingon"},
      {"check", data("porcupine/jepsen/etcd_002.log"), "--format", "edn"},
      {"check", data("porcupine/jepsen/etcd_002.log"), "--steps", "0"},
      {"check", data("porcupine/jepsen/etcd_002.log"), "--model", "mutex"},
      {"check", data("porcupine/kv/c01-ok.txt"), "--model", "register"},
      {"check", data("porcupine/kv/c01-ok.txt"), "--model", "list-append"},
      {"check", data("porcupine/kv/c01-ok.txt"), "--dialect", "elle"},
      {"check", data("elle-cli/elle/rw-register.edn"), "--model", "list-append"},
      {"check", data("elle-cli/elle/rw-register.edn"), "--model", "rw-register", "--dialect",
       "knossos"},
      {"check", data("elle-cli/elle/rw-register.edn"), "--model", "rw-register", "--initial", "0"},
      {"check", data("elle-cli/elle/rw-register.edn"), "--model", "rw-register", "--consistency",
       "perfect"},
      {"check", data("elle-cli/elle/rw-register.edn")},
      {"check", data("elle-cli/jepsen/set.edn"), "--model", "set", "--initial", "0"},
      {"check", data("elle-cli/jepsen/set.edn"), "--model", "queue"},
      {"check", data("elle-cli/jepsen/counter.edn"), "--model", "counter", "--initial", "x"},
      {"check", "/nonexistent", "--model", "bank"},
  };
  for (const auto& arguments : cases) {
    EXPECT_EQ(run_command(arguments).code, 2) << arguments.back();
  }
  const Outcome outcome =
      run_command({"check", data("porcupine/kv/c01-ok.txt"), "--model", "register"});
  EXPECT_NE(outcome.err.find("the model register has no operation append"), std::string::npos)
      << outcome.err;
  EXPECT_EQ(outcome.out, "");
  const Outcome perfect = run_command({"check", data("elle-cli/elle/rw-register.edn"), "--model",
                                       "rw-register", "--consistency", "perfect"});
  EXPECT_NE(perfect.err.find("serializable, strong-session"), std::string::npos) << perfect.err;
}

}  // namespace
}  // namespace synchrodb::sim
