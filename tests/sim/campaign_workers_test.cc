// Campaigns with a stand-in for the simulator: rows, resuming, crashes, hangs, signals.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <set>
#include <sstream>

#include "consensus/hash.h"
#include "sim/campaign/campaign.h"
#include "sim/campaign/double_run.h"

namespace synchrodb::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

RunResult calm(const Plan& plan) {
  RunResult result;
  result.seed = plan.seed;
  result.nodes = plan.nodes;
  result.digest = stable_hash(write_plan(plan));
  result.virtual_seconds = 60;
  result.wall_seconds = 0.001;
  result.events = 1'000;
  result.ok = 90;
  result.fail = 6;
  result.info = 4;
  result.faults["crash"] = FaultCount{3, 2, 1};
  result.marks = {"a mark"};
  return result;
}

class CampaignTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = ::testing::TempDir() + "campaign" + std::to_string(::getpid());
    std::filesystem::create_directory(directory_);
    options_.seeds = {0, 40};
    options_.jobs = 3;
    options_.runner = calm;
    options_.on_row = [this](std::string_view line) -> Result<> {
      rows_.emplace_back(line);
      return {};
    };
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string path(const std::string& name) const { return directory_ + "/" + name; }

  CampaignResult run() {
    Result<CampaignResult> result = run_campaign(options_);
    EXPECT_TRUE(result) << result.error().message;
    return result ? std::move(result).value() : CampaignResult{};
  }
  std::string error() {
    const Result<CampaignResult> result = run_campaign(options_);
    return result ? "" : result.error().message;
  }
  static std::vector<std::string> lines(const std::string& file) {
    std::ifstream stream(file);
    std::vector<std::string> all;
    for (std::string line; std::getline(stream, line);) all.push_back(line);
    return all;
  }
  static std::set<std::uint64_t> seeds_of(const std::vector<std::string>& rows) {
    std::set<std::uint64_t> seeds;
    for (const std::string& row : rows) {
      const Result<Row> read = read_row(row);
      if (read) seeds.insert(read.value().result.seed);
    }
    return seeds;
  }

  std::string directory_;
  CampaignOptions options_;
  std::vector<std::string> rows_;
};

TEST_F(CampaignTest, RunsEverySeedOnceAndAddsUp) {
  const CampaignResult result = run();
  EXPECT_EQ(rows_.size(), 40U);
  EXPECT_EQ(seeds_of(rows_).size(), 40U);
  EXPECT_EQ(result.summary.seeds(), 40U);
  EXPECT_EQ(result.summary.verdict(), Verdict::kOk);
  EXPECT_FALSE(result.interrupted);
  EXPECT_EQ(result.resume, "");
  const Json summary = result.summary.json(1, "")["summary"];
  EXPECT_EQ(summary["events"], 40'000);
  EXPECT_EQ(summary["operations"]["ok"], 3'600);
  EXPECT_EQ(summary["faults"]["crash"]["applied"], 80);
  EXPECT_EQ(summary["faults"]["loss"]["applied"], 0);
  EXPECT_EQ(summary["marks"]["a mark"], 40);
  EXPECT_THAT(result.summary.table(1), HasSubstr("crash                             120"));
}

TEST_F(CampaignTest, ARowIsTheRunOfItsSeed) {
  options_.seeds = {5, 6};
  options_.shape.nodes = 3;
  options_.shape.options["lease"] = 0;
  run();
  ASSERT_EQ(rows_.size(), 1U);
  const Row row = read_row(rows_[0]).value();
  EXPECT_EQ(row.result.digest, calm(generate_plan(5, options_.shape)).digest);
  EXPECT_EQ(row.reproduce, "synchrodb-sim run --seed 5 --nodes 3 --option lease=0");
  EXPECT_EQ(write_row(row), rows_[0]);
}

TEST(Row, WhatWasToleratedStandsInItOnlyWhereSomethingWas) {
  Row row;
  EXPECT_EQ(write_row(row).find("tolerated"), std::string::npos);
  row.result.tolerated = {{"stale-read", 3}};
  EXPECT_EQ(read_row(write_row(row)).value().result.tolerated, row.result.tolerated);
}

TEST_F(CampaignTest, ACrashIsAFailingSeedAndTheCampaignGoesOn) {
  options_.runner = [](const Plan& plan) {
    if (plan.seed % 10 == 3) {
      std::fputs("first words\nlast words\n", stderr);
      std::abort();
    }
    if (plan.seed == 7) ::_exit(9);
    return calm(plan);
  };
  const CampaignResult result = run();
  EXPECT_EQ(seeds_of(rows_).size(), 40U);
  EXPECT_EQ(result.summary.ok(), 35U);
  EXPECT_EQ(result.summary.violations(), 5U);
  ASSERT_EQ(result.summary.found().size(), 5U);
  const Summary::Finding& found = result.summary.found()[0];
  EXPECT_EQ(found.seed, 3U);
  EXPECT_EQ(found.violated, "crash");
  EXPECT_THAT(found.detail, StartsWith("killed by signal 6 (Aborted): last words\nfirst words"));
  EXPECT_EQ(found.reproduce, "synchrodb-sim run --seed 3");
  EXPECT_EQ(result.summary.found()[1].seed, 7U);
  EXPECT_EQ(result.summary.found()[1].detail, "exited with status 9");
}

TEST_F(CampaignTest, ARunThatHangsIsACrash) {
  options_.seeds = {0, 6};
  options_.watchdog_seconds = 0.3;
  options_.runner = [](const Plan& plan) {
    while (plan.seed == 2) ::usleep(1'000);
    return calm(plan);
  };
  const CampaignResult result = run();
  EXPECT_EQ(result.summary.ok(), 5U);
  ASSERT_EQ(result.summary.violations(), 1U);
  EXPECT_THAT(result.summary.found()[0].detail, HasSubstr("the campaign's watchdog"));
}

TEST_F(CampaignTest, ViolationsOutweighUnknowns) {
  options_.runner = [](const Plan& plan) {
    RunResult result = calm(plan);
    if (plan.seed == 4) result.verdict = Verdict::kUnknown;
    if (plan.seed == 9) {
      result.verdict = Verdict::kViolation;
      result.violated = "linearizability";
      result.detail = "bad bytes \xff and \"quotes\"";
      result.last_events = {"one", "two"};
    }
    return result;
  };
  EXPECT_EQ(run().summary.verdict(), Verdict::kViolation);
  options_.seeds = {0, 9};
  EXPECT_EQ(run().summary.verdict(), Verdict::kUnknown);
  options_.seeds = {9, 10};
  rows_.clear();
  run();
  const RunResult row = read_row(rows_.at(0)).value().result;
  EXPECT_EQ(row.violated, "linearizability");
  EXPECT_THAT(row.last_events, ElementsAre("one", "two"));
}

TEST_F(CampaignTest, StopsAtTheFirstViolationWhenAsked) {
  options_.seeds = {0, 100'000};
  options_.stop_on_violation = true;
  options_.out = path("rows");
  options_.runner = [](const Plan& plan) {
    RunResult result = calm(plan);
    if (plan.seed == 11) result.verdict = Verdict::kViolation;
    return result;
  };
  const CampaignResult result = run();
  EXPECT_LT(result.summary.seeds(), 100U);
  EXPECT_EQ(result.summary.violations(), 1U);
  EXPECT_THAT(result.resume, HasSubstr("--seeds 0..100000"));
  EXPECT_THAT(result.resume, HasSubstr("--resume"));
}

TEST_F(CampaignTest, AFileHoldsTheRowsAndTheSummary) {
  options_.out = path("rows");
  run();
  const std::vector<std::string> all = lines(options_.out);
  ASSERT_EQ(all.size(), 41U);
  EXPECT_THAT(all.back(), StartsWith("{\"summary\":{"));
  EXPECT_EQ(seeds_of(all).size(), 40U);
  EXPECT_THAT(error(), HasSubstr("exists; add --resume"));
  EXPECT_EQ(lines(options_.out), all);
}

TEST_F(CampaignTest, ResumingSkipsWhatIsDone) {
  options_.out = path("rows");
  options_.seeds = {0, 25};
  run();
  const std::vector<std::string> before = lines(options_.out);
  // As a kill would leave it: no summary, half a line.
  {
    std::ofstream torn(options_.out, std::ios::trunc);
    for (std::size_t i = 0; i < 20; ++i) torn << before[i] << "\n";
    torn << before[20].substr(0, 40);
  }
  rows_.clear();
  options_.resume = true;
  options_.seeds = {0, 40};
  const CampaignResult result = run();
  EXPECT_EQ(rows_.size(), 20U);
  EXPECT_EQ(result.summary.seeds(), 40U);
  const std::vector<std::string> after = lines(options_.out);
  ASSERT_EQ(after.size(), 41U);
  EXPECT_TRUE(std::equal(before.begin(), before.begin() + 20, after.begin()));
  EXPECT_EQ(seeds_of(after).size(), 40U);
  // Once more: nothing is left to do, and there is one summary.
  rows_.clear();
  EXPECT_EQ(run().summary.seeds(), 40U);
  EXPECT_TRUE(rows_.empty());
  EXPECT_EQ(lines(options_.out).size(), 41U);
}

TEST_F(CampaignTest, ResumingRefusesAnotherCampaignsFile) {
  options_.out = path("rows");
  run();
  options_.resume = true;
  options_.shape.nodes = 3;
  EXPECT_THAT(error(), HasSubstr("line 1: made with other flags"));
  options_.shape.nodes = 5;
  options_.seeds = {100, 200};
  EXPECT_THAT(error(), HasSubstr("lies outside --seeds"));
  std::ofstream(options_.out, std::ios::app) << "rubbish\n{}\n";
  options_.seeds = {0, 40};
  EXPECT_THAT(error(), HasSubstr("line 42: no JSON object"));
}

TEST_F(CampaignTest, OutputThatCannotBeWritten) {
  options_.out = path("no/such/directory/rows");
  EXPECT_THAT(error(), HasSubstr("out: cannot create or write"));
  options_.out = directory_;
  EXPECT_THAT(error(), StartsWith("out: "));
  options_.out = "/dev/full";
  EXPECT_THAT(error(), HasSubstr("out: cannot write to /dev/full: No space left on device"));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/full"));
}

// A limit on the file's size plays the full disk: the last line must be whole.
TEST_F(CampaignTest, AFullDiskLeavesWholeLines) {
  options_.out = path("rows");
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{3'000, 3'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string message = error();
    ::_exit(message.find("out: cannot write to") == 0 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  std::ifstream stream(options_.out);
  std::stringstream text;
  text << stream.rdbuf();
  ASSERT_FALSE(text.str().empty());
  EXPECT_TRUE(text.str().ends_with("\n"));
  for (const std::string& line : lines(options_.out)) EXPECT_TRUE(read_row(line)) << line;
}

TEST_F(CampaignTest, ASignalKeepsWhatIsDoneAndSaysHowToResume) {
  options_.seeds = {0, 1'000'000};
  options_.out = path("rows");
  options_.shape.workload = "kv";
  options_.on_row = [this](std::string_view line) -> Result<> {
    rows_.emplace_back(line);
    if (rows_.size() == 20) ::raise(SIGINT);
    return {};
  };
  const CampaignResult result = run();
  EXPECT_TRUE(result.interrupted);
  EXPECT_GE(result.summary.seeds(), 20U);
  EXPECT_LT(result.summary.seeds(), 1'000U);
  EXPECT_EQ(seeds_of(lines(options_.out)).size(), result.summary.seeds());
  EXPECT_EQ(result.resume,
            "synchrodb-sim campaign --seeds 0..1000000 --jobs 3 --workload kv --out " +
                options_.out + " --resume");
}

TEST_F(CampaignTest, OnlyOneCampaignWritesToAFile) {
  options_.out = path("rows");
  std::string second;
  options_.on_row = [&](std::string_view) -> Result<> {
    if (second.empty()) {
      CampaignOptions other = options_;
      other.on_row = nullptr;
      other.resume = true;
      const Result<CampaignResult> result = run_campaign(other);
      second = result ? "it ran" : result.error().message;
    }
    return {};
  };
  run();
  EXPECT_THAT(second, HasSubstr("another campaign is writing"));
}

TEST_F(CampaignTest, APlanWithTheNoiseOfEachSeed) {
  options_.plan = generate_plan(3, {});
  options_.plan_path = "my plan.json";
  options_.seeds = {0, 3};
  run();
  std::set<std::uint64_t> digests;
  for (const std::string& line : rows_) {
    const Row row = read_row(line).value();
    digests.insert(row.result.digest);
    EXPECT_EQ(row.reproduce, "synchrodb-sim run --noise-seed " + std::to_string(row.result.seed) +
                                 " --plan 'my plan.json'");
  }
  EXPECT_EQ(digests.size(), 3U);
}

TEST(CampaignRow, RefusesRubbish) {
  const std::string good = write_row(Row{calm(Plan{}), "again"});
  EXPECT_TRUE(read_row(good));
  for (std::size_t length = 0; length < good.size(); ++length) {
    EXPECT_FALSE(read_row(good.substr(0, length)));
  }
  for (const char* field :
       {"seed", "verdict", "digest", "events", "operations", "faults", "marks"}) {
    Json json = Json::parse(good);
    json[field] = nullptr;
    EXPECT_FALSE(read_row(json.dump())) << field;
    json.erase(field);
    EXPECT_FALSE(read_row(json.dump())) << field;
  }
}

TEST(CampaignRow, ShapeFlagsNameWhatIsNotDefault) {
  PlanShape shape;
  EXPECT_EQ(shape_flags(shape), "");
  shape.nodes = 3;
  shape.time = milliseconds(1'500);
  shape.workload = "kv";
  shape.milli_rate = 12'050;
  shape.clients = 2;
  shape.faults = {"partition", "crash"};
  shape.options = {{"lease", 2}};
  shape.defect = "torn-tail-accepted";
  shape.strategy = "pct";
  shape.beyond_budget = true;
  EXPECT_EQ(shape_flags(shape),
            " --nodes 3 --time 1.5s --workload kv --rate 12.05 --clients 2 --faults partition,crash"
            " --option lease=2 --defect torn-tail-accepted --strategy pct --beyond-budget");
}

TEST(CampaignSeeds, RangesAreHalfOpen) {
  EXPECT_EQ(parse_seed_range("3..7").value().size(), 4U);
  EXPECT_EQ(parse_seed_range("0..18446744073709551615").value().end, ~std::uint64_t{0});
  EXPECT_TRUE(parse_seed_range("9").value().contains(9));
  for (const char* wrong :
       {"", "7..3", "3..3", "a..b", "..", "1..", "..1", "-1..3", "1...3", "1..2..3",
        "18446744073709551616", "18446744073709551615", " 1..2", "0x1..2"}) {
    EXPECT_FALSE(parse_seed_range(wrong)) << wrong;
  }
}

RunResult traced(const Plan& plan, const RunOptions& options, std::uint64_t salt) {
  RunResult result = calm(plan);
  for (std::uint64_t event = 0; event < 5'000; ++event) {
    const std::uint64_t here = event < 3'210 ? 0 : salt;
    if (options.trace) options.trace("event " + std::to_string(event) + " " + std::to_string(here));
    result.digest = hash_mix(result.digest, here);
    if (options.checkpoint_every != 0 && (event + 1) % options.checkpoint_every == 0) {
      result.checkpoints.push_back(result.digest);
    }
  }
  return result;
}

TEST(DoubleRunTest, EqualRunsAgree) {
  const auto both = run_twice(
      Plan{}, [](const Plan& plan, const RunOptions& options) { return traced(plan, options, 1); });
  ASSERT_TRUE(both);
  EXPECT_TRUE(both.value().agree);
  EXPECT_EQ(both.value().difference, "");
}

TEST(DoubleRunTest, TheFirstDifferenceIsLocalised) {
  const auto both = run_twice(Plan{}, [](const Plan& plan, const RunOptions& options) {
    return traced(plan, options, static_cast<std::uint64_t>(::getpid()));
  });
  ASSERT_TRUE(both);
  EXPECT_FALSE(both.value().agree);
  EXPECT_THAT(both.value().difference, HasSubstr("between events 3000 and 4000"));
  EXPECT_THAT(both.value().difference, HasSubstr("part at line 3211"));
}

// What determinism is checked against: an address that decides.
TEST(DoubleRunTest, AnAddressThatLeaksIsSeen) {
  const auto both = run_twice(Plan{}, [](const Plan& plan, const RunOptions& options) {
    const auto leaked = std::make_unique<char[]>(100);
    return traced(plan, options, reinterpret_cast<std::uintptr_t>(leaked.get()));
  });
  ASSERT_TRUE(both);
  EXPECT_FALSE(both.value().agree);
}

TEST(DoubleRunTest, ACrashIsAnError) {
  const auto both =
      run_twice(Plan{}, [](const Plan&, const RunOptions&) -> RunResult { std::abort(); });
  ASSERT_FALSE(both);
  EXPECT_THAT(both.error().message, HasSubstr("killed by signal 6"));
}

}  // namespace
}  // namespace synchrodb::sim
