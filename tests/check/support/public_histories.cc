#include "tests/check/support/public_histories.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/check/read.h"

namespace synchrodb::check::testing {
namespace {

Value listed_initial(const nlohmann::json& listed, History& history) {
  if (listed.is_number_integer()) return Value::integer(listed.get<std::int64_t>());
  if (listed.is_string()) return history.text(listed.get<std::string>());
  return Value::absent();
}

}  // namespace

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

std::vector<PublicHistory> public_histories() {
  const std::string root = std::string(SYNCHRODB_TEST_DATA) + "/histories/";
  std::vector<PublicHistory> all;
  for (const auto& listed : nlohmann::json::parse(read_file(root + "verdicts.json"))) {
    PublicHistory one;
    one.file = listed["file"].get<std::string>();
    ReadResult read = read_history(read_file(root + one.file));
    EXPECT_EQ(read.error, "") << one.file;
    one.history = std::move(read.history);
    const std::string model = listed["model"].get<std::string>();
    one.options.model = model.rfind("kv", 0) == 0 ? Model::kKeyValue : parse_model(model).value();
    // The key-value histories are of no dialect: they hold nothing that fails.
    one.options.dialect =
        parse_dialect(listed["dialect"].get<std::string>()).value_or(Dialect::kJepsenLog);
    if (listed.contains("init")) {
      one.options.initial = listed_initial(listed["init"], one.history);
    }
    one.verdict = listed["linearizable"].get<bool>() ? Verdict::kValid : Verdict::kInvalid;
    one.completed = listed.value("ops", std::size_t{0});
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace synchrodb::check::testing
