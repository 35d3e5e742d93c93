// Reading and writing: what others write is understood, what nobody should write is refused.
#include "sim/check/read.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/check/edn.h"
#include "sim/check/write.h"
#include "tests/check/support/generate.h"
#include "tests/check/support/public_histories.h"

namespace synchrodb::check::testing {
namespace {

TEST(EdnTest, ReadsWhatClojurePrints) {
  EdnReader reader(R"([nil 1 -2 +3 7N :key :ns/key "a\"b\n\u00e9" sym 1.5 \a \] #{1 2} #tag {:a 1}
                      #_ (ignored forms) true]  ; done)");
  Edn form;
  ASSERT_TRUE(reader.read(&form)) << reader.error();
  EXPECT_EQ(form.print(),
            "[nil 1 -2 3 7 :key :ns/key \"a\\\"b\n\u00e9\" sym 1.5 \\a \\] [1 2] {:a 1} true]");
  EXPECT_TRUE(reader.at_end());
  EXPECT_FALSE(reader.failed());
}

TEST(ReadTest, AVectorOfMapsWithCommentsAndMissingCommas) {
  const ReadResult read = read_history(R"(; a comment
[{:process 4, :type :invoke, :f :write, :value 2}
 {:process 4  :type :ok
  :f :write, :value 2} ; another
 {:process :nemesis, :type :info, :f :start, :value nil}
 {:process 5, :type :invoke, :f :cas, :value [2 3], :time 17}
 {:process 5, :type :info, :f :cas, :value [2 3], :time 18, :error :timeout}
 {:process 6, :type :invoke, :f :read}
 {:process 6, :type :ok, :f :read, :value 3}])");
  ASSERT_EQ(read.error, "");
  ASSERT_EQ(read.history.size(), 3U);
  EXPECT_EQ(read.format, Format::kEdn);
  EXPECT_EQ(*read.model, Model::kCasRegister);
  EXPECT_EQ(*read.dialect, Dialect::kKnossos);
  EXPECT_EQ(read.history[1].invoke_time, 17);
  EXPECT_EQ(read.history[1].outcome, Outcome::kInfo);
  EXPECT_EQ(read.history[1].expected, Value::integer(2));
  EXPECT_EQ(read.history[1].argument, Value::integer(3));
  EXPECT_EQ(read.history[2].result, Value::integer(3));
}

TEST(ReadTest, IndependentKeys) {
  const ReadResult read = read_history(R"(
{:process 0, :type :invoke, :f :cas, :value ["x" [1 2]]}
{:process 1, :type :invoke, :f :read, :value [7 nil]}
{:process 1, :type :ok, :f :read, :value [7 5]}
{:process 0, :type :ok, :f :cas, :value ["x" [1 2]]})");
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(to_edn(read.history, read.history.key_name(read.history[0].key)), "\"x\"");
  EXPECT_EQ(to_edn(read.history, read.history.key_name(read.history[1].key)), "7");
  EXPECT_EQ(read.history[1].result, Value::integer(5));
  EXPECT_EQ(read.history[0].expected, Value::integer(1));
}

TEST(ReadTest, ACasWithoutAKeyIsNotMistakenForAKey) {
  const ReadResult read = read_history("{:process 0, :type :invoke, :f :cas, :value [1 2]}");
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.history[0].key, kOnlyKey);
}

TEST(ReadTest, JepsenLogLines) {
  const ReadResult read = read_history(
      "INFO  jepsen.core - starting\n"
      "INFO  jepsen.util - 2\t:invoke\t:cas\t[3 0]\n"
      "INFO  jepsen.util - :nemesis\t:info\t:start\tnil\n"
      "INFO  jepsen.util - 4\t:invoke\t:read\tnil\r\n"
      "INFO  jepsen.util - 4\t:fail\t:read\t:timed-out\n"
      "INFO  jepsen.util - 2\t:fail\t:cas\t[3 0]\n");
  ASSERT_EQ(read.error, "");
  EXPECT_EQ(read.format, Format::kJepsenLog);
  EXPECT_EQ(*read.dialect, Dialect::kJepsenLog);
  ASSERT_EQ(read.history.size(), 2U);
  EXPECT_EQ(read.history[0].outcome, Outcome::kFail);
}

TEST(ReadTest, JsonLinesAndArrays) {
  const std::string lines =
      R"({"process":1,"type":"invoke","f":"append","key":"k","value":"x"})"
      "\n\n"
      R"({"process":1,"type":"ok","f":"append","key":"k","value":"x","result":1,"witness":{"group":2,"term":3,"index":4}})"
      "\n";
  for (const std::string& text : {lines, "[" + lines.substr(0, lines.find("\n\n")) + "," +
                                             lines.substr(lines.find("\n\n")) + "]"}) {
    const ReadResult read = read_history(text);
    ASSERT_EQ(read.error, "") << text;
    EXPECT_EQ(read.format, Format::kJsonLines);
    EXPECT_EQ(*read.model, Model::kKeyValue);
    ASSERT_EQ(read.history.size(), 1U);
    EXPECT_EQ(read.history[0].result, Value::integer(1));
    ASSERT_NE(read.history.witness(read.history[0]), nullptr);
    EXPECT_EQ(read.history.witness(read.history[0])->index, 4U);
  }
}

TEST(ReadTest, RefusedOperationsSurviveAFile) {
  History history;
  const OperationId id = history.invoke({1, Function::kCas, kOnlyKey, Value::integer(1), {}}, 5);
  history.complete(id, Outcome::kRefused, Value(), 6);
  for (const std::string& text : {write_edn(history), write_json_lines(history)}) {
    const ReadResult read = read_history(text);
    ASSERT_EQ(read.error, "") << text;
    EXPECT_EQ(read.history[0].outcome, Outcome::kRefused) << text;
  }
}

TEST(ReadTest, GeneratedHistoriesSurviveARoundTrip) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Dice dice(seed);
    Shape shape;
    shape.model = seed % 2 == 0 ? Model::kKeyValue : Model::kCasRegister;
    shape.keys = 1 + static_cast<std::int64_t>(seed % 3);
    shape.operations = 20;
    shape.witnesses = seed % 5 == 0;
    const History history = record(generate(dice, shape));
    const Label label{shape.model, shape.dialect, Value::absent()};
    const std::string edn = write_edn(history, label);
    const std::string json = write_json_lines(history, label);
    const ReadResult from_edn = read_history(edn);
    const ReadResult from_json = read_history(json);
    ASSERT_EQ(from_edn.error, "") << edn;
    ASSERT_EQ(from_json.error, "") << json;
    EXPECT_EQ(write_edn(from_json.history, label), write_edn(from_edn.history, label));
    EXPECT_EQ(*from_json.model, shape.model);
    EXPECT_EQ(*from_json.dialect, shape.dialect);
    ASSERT_EQ(from_edn.history.size(), history.size());
    for (OperationId id = 0; id < history.size(); ++id) {
      EXPECT_EQ(to_edn(history, history[id].result),
                to_edn(from_edn.history, from_edn.history[id].result));
      EXPECT_EQ(history[id].outcome, from_edn.history[id].outcome);
      EXPECT_EQ(history[id].invoke_time, from_edn.history[id].invoke_time);
    }
  }
}

struct Refused {
  const char* text;
  const char* says;
};

TEST(ReadTest, BadInputIsRefusedWithItsLine) {
  const std::vector<Refused> cases = {
      {"", "empty"},
      {" \n\t ", "empty"},
      {"[{:process 0", "line 1: the text ends"},
      {"[\n{:process 0, :type :invoke, :f :read}\n", "line 3: the text ends before the ']'"},
      {"{:process 0, :type :invoke, :f :read} ]", "line 1: unexpected ']'"},
      {"[{:process 0, :type :invoke, :f :read}] 5", "more after"},
      {"5", "line 1: an operation must be a map"},
      {"{:type :invoke, :f :read}", "line 1: the operation has no :process"},
      {"{:process 1, :f :read}", "no :type"},
      {"{:process 1, :type :invoke}", "no :f"},
      {"\n{:process 1, :type :begin, :f :read}", "line 2: unknown :type begin"},
      {"{:process 1, :type :invoke, :f :txn, :value []}", "unknown operation txn"},
      {"{:process 99999999999, :type :invoke, :f :read}", "does not fit 32 bits"},
      {"{:process 99999999999999999999, :type :invoke, :f :read}", "does not fit 64 bits"},
      {"{:process 1, :type :invoke, :f :cas, :value 3}", "cas needs"},
      {"{:process 1, :type :invoke, :f :cas}", "cas needs"},
      {"{:process 1, :type :invoke, :f :write}", "write needs a value"},
      {"{:process 1, :type :invoke, :f :incr, :value \"x\"}", "needs an integer"},
      {"{:process 1, :type :ok, :f :read, :value 3}", "has not invoked"},
      {"{:process 1, :type :invoke, :f :read}\n{:process 1, :type :invoke, :f :read}",
       "line 2: process 1 invokes an operation while that of line 1 is open"},
      {"{:process 1, :type :invoke, :f :read}\n{:process 1, :type :ok, :f :write, :value 1}",
       "line 2: process 1 completes a write, but line 1 invoked a read"},
      {"{:process 1 :type}", "as many values as keys"},
      {"{:process \"abc", "not closed"},
      {"{:process \"a\\q\"}", "unknown escape"},
      {"{:process \"\\u12\"}", "\\u"},
      {"{:process \\", "ends within a character"},
      {"{:process :}", "':' without a name"},
      {"{:process #}", "'#' without a tag"},
      {"INFO  jepsen.util - x\t:invoke\t:read\tnil", "line 1: the process is not a number"},
      {"INFO  jepsen.util - 1\t:invoke", "line 1: the line ends"},
      {"INFO  jepsen.util - 1\t:invoke\t:cas\t[1 ", "line 1: the text ends"},
      {"INFO  jepsen.util - 1\t:invoke\t:read\tnil nil", "more after the value"},
      {"{\"process\":1,", "line 1: not a JSON object"},
      {"{\"process\":1,\"type\":\"invoke\",\"f\":\"read\"}\nrubbish", "line 2: not a JSON object"},
      {"[{\"process\":1,]", "not a JSON array"},
      {"{\"synchrodb-history\":{\"version\":2}}", "version"},
      {";; synchrodb-history {:version 9}\n{:process 0 :type :invoke :f :read}", "version"},
      {";; synchrodb-history {", "line 1"},
  };
  for (const Refused& one : cases) {
    const ReadResult read = read_history(one.text);
    EXPECT_NE(read.error.find(one.says), std::string::npos)
        << one.text << "\n  gave: " << read.error << "\n  wanted: " << one.says;
  }
}

TEST(ReadTest, DeepNestingIsRefused) {
  for (const char* opener : {"[", "(", "{", "#{", "#_", "#a ", "{:a "}) {
    std::string text;
    for (int i = 0; i < 200'000; ++i) text += opener;
    EXPECT_NE(read_history(text).error, "") << opener;
  }
  std::string json = "{\"process\":";
  for (int i = 0; i < 200'000; ++i) json += '[';
  EXPECT_NE(read_history(json).error, "");
  json = "{\"process\":1,\"type\":\"invoke\",\"f\":\"write\",\"value\":";
  for (int i = 0; i < 1'000; ++i) json += '[';
  for (int i = 0; i < 1'000; ++i) json += ']';
  EXPECT_NE(read_history(json + "}").error, "");
}

// Real files with bytes changed, inserted, removed, or cut off: an answer or an error, no crash.
TEST(ReadTest, DamagedFilesNeverCrash) {
  const std::string root = std::string(SYNCHRODB_TEST_DATA) + "/histories/";
  const std::vector<std::string> files = {
      "porcupine/jepsen/etcd_000.log", "porcupine/kv/c01-ok.txt",
      "knossos/cas-register/bad/bad-analysis.edn", "knossos/cas-register/bad/rethink-fail.edn"};
  int refused = 0;
  for (const std::string& file : files) {
    const std::string original = read_file(root + file);
    for (std::uint64_t seed = 0; seed < 500; ++seed) {
      Dice dice(seed);
      std::string text = original.substr(0, 3'000);
      for (std::uint64_t i = 0; i <= dice.roll(6); ++i) {
        const std::size_t at = dice.roll(text.size());
        const char noise = "[](){}\":;#\\ \n\t0nN-,k\x80\xff"[dice.roll(23)];
        switch (dice.roll(4)) {
          case 0:
            text[at] = noise;
            break;
          case 1:
            text.insert(at, 1, noise);
            break;
          case 2:
            text.erase(at, 1 + dice.roll(9));
            break;
          default:
            text.resize(at + 1);
        }
      }
      for (const Format format :
           {Format::kAuto, Format::kEdn, Format::kJepsenLog, Format::kJsonLines}) {
        const ReadResult read = read_history(text, format);
        refused += read.error.empty() ? 0 : 1;
        if (!read.error.empty()) continue;
        Options options;
        options.model = *read.model;
        options.dialect = *read.dialect;
        options.initial = read.initial;
        options.limits.steps = 100'000;
        check(read.history, options);
      }
    }
  }
  EXPECT_GT(refused, 1'000);
}

}  // namespace
}  // namespace synchrodb::check::testing
