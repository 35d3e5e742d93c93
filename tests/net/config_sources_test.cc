// Where options come from: the file, the environment, the command line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>

#include "net/config/command_line.h"
#include "net/config/option_documents.h"
#include "net/config/option_table.h"
#include "net/config/toml_file.h"

namespace synchrodb::net {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;
using Texts = std::vector<std::string>;

std::string toml_error(const std::string& text) {
  ServerOptions options;
  const Result<> result = apply_toml(text, "node.toml", options);
  return result ? "" : result.error().message;
}

class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text)
      : path_(testing::TempDir() + "synchrodb_config_" + std::to_string(::getpid())) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  ~ConfigFile() { std::remove(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Result<Invocation> invoke(const Texts& arguments, const Texts& environment = {}) {
  return read_invocation(arguments, environment, "9.9");
}

ServerOptions options_of(const Texts& arguments, const Texts& environment = {}) {
  Result<Invocation> result = invoke(arguments, environment);
  EXPECT_TRUE(result.ok()) << (result ? "" : result.error().message);
  return result ? result.value().options : ServerOptions{};
}

std::string error_of(const Texts& arguments, const Texts& environment = {}) {
  const Result<Invocation> result = invoke(arguments, environment);
  return result ? "" : result.error().message;
}

// ---- The file.

TEST(TomlFile, SetsOptionsOfEveryKind) {
  ServerOptions options;
  const Result<> result = apply_toml(R"(
[node]
node-id = 3
persistence = "none"
[cluster]
join = ["10.0.0.1:17379", "[::1]:5"]
[network]
rpc-port = 9000
http-port = "auto"
bind = "127.0.0.1 ::1"
[limits]
maxmemory = "100mb"
client-output-buffer-limit = 1048576
[tls]
tls-peers = true
[logging]
loglevel = "notice"
)",
                                     "node.toml", options);
  ASSERT_TRUE(result.ok()) << result.error().message;
  ServerOptions wanted;
  wanted.node.node_id = 3;
  wanted.node.persistence = Persistence::kNone;
  wanted.cluster.join = {{"10.0.0.1", 17'379}, {"::1", 5}};
  wanted.network.rpc_port = 9'000;
  wanted.network.bind = {"127.0.0.1", "::1"};
  wanted.limits.maxmemory_bytes = 100 << 20;
  wanted.limits.client_output_buffer_limit_bytes = 1 << 20;
  wanted.tls.tls_peers = true;
  EXPECT_EQ(options, wanted);
}

TEST(TomlFile, EmptyFilesAndTablesChangeNothing) {
  for (const char* text : {"", "# nothing\n", "[node]\n"}) {
    ServerOptions options;
    EXPECT_TRUE(apply_toml(text, "node.toml", options).ok());
    EXPECT_EQ(options, ServerOptions{});
  }
}

TEST(TomlFile, ErrorsNameLineTableAndKeyAndWhatWouldBeRight) {
  EXPECT_EQ(toml_error("[network]\nprot = 1\n"),
            "node.toml:2: [network] prot: no such option; did you mean port?");
  EXPECT_EQ(toml_error("[network]\nport = 65536\n"),
            "node.toml:2: [network] port: '65536' is not an integer from 0 to 65535");
  EXPECT_EQ(toml_error("[network]\nport = \"7379\"\n"),
            "node.toml:2: [network] port: is a string; an integer from 0 to 65535 would be right");
  EXPECT_EQ(toml_error("[tls]\ntls-peers = \"yes\"\n"),
            "node.toml:2: [tls] tls-peers: is a string; true or false would be right");
  EXPECT_EQ(toml_error("[node]\npersistence = true\n"),
            "node.toml:2: [node] persistence: is true or false; one of \"log\", \"none\" would be "
            "right");
  EXPECT_EQ(
      toml_error("[security]\nrequirepass = 1234\n"),
      "node.toml:2: [security] requirepass: is an integer; a string in quotes would be right");
  EXPECT_EQ(toml_error("[cluster]\njoin = [1]\n"),
            "node.toml:2: [cluster] join: holds an integer; an array of strings would be right");
  EXPECT_EQ(toml_error("[cluster]\njoin = [\"h\"]\n"),
            "node.toml:2: [cluster] join: 'h' has no port: write host:port");
  EXPECT_EQ(toml_error("[limits]\nmaxmemory = 1.5\n"),
            "node.toml:2: [limits] maxmemory: is a number with a fraction; a number of bytes of at "
            "least 0, with or without a unit (kb, mb, gb) would be right");
  EXPECT_EQ(toml_error("[limits]\nmaxmemory = 1979-05-27\n").substr(0, 52),
            "node.toml:2: [limits] maxmemory: is a date or time; ");
}

TEST(TomlFile, ErrorsSayWhereAnOptionBelongs) {
  EXPECT_EQ(toml_error("port = 1\n"), "node.toml:1: port: belongs into the table [network]");
  EXPECT_EQ(toml_error("[node]\nport = 1\n"),
            "node.toml:2: [node] port: belongs into the table [network]");
  EXPECT_THAT(toml_error("[netwrok]\nport = 1\n"),
              StartsWith("node.toml:1: [netwrok]: no such table; there are [node], [cluster], "));
  EXPECT_EQ(toml_error("network = 1\n"),
            "node.toml:1: network: is an integer; write it as a table, [network]");
  EXPECT_EQ(toml_error("[network.port]\n"),
            "node.toml:1: [network] port: is a table; an integer from 0 to 65535 would be right");
}

TEST(TomlFile, ReportsEveryMistakeInTheOrderOfTheFile) {
  EXPECT_EQ(toml_error("[tls]\ntls-port = -1\n[network]\nbnd = []\nport = true\n"),
            "node.toml:2: [tls] tls-port: '-1' is not an integer from 0 to 65535\n"
            "node.toml:4: [network] bnd: no such option; did you mean bind?\n"
            "node.toml:5: [network] port: is true or false; an integer from 0 to 65535 would be "
            "right");
  std::string many = "[node]\n";
  for (int i = 0; i < 30; ++i) many += "key" + std::to_string(i) + " = 1\n";
  EXPECT_THAT(toml_error(many), testing::EndsWith("\nnode.toml: and 10 more"));
}

TEST(TomlFile, GrammarErrorsHaveALine) {
  EXPECT_THAT(toml_error("[node]\nnode-id = \n"), StartsWith("node.toml:2: not valid TOML: "));
  EXPECT_THAT(toml_error("[node]\nnode-id = 1\nnode-id = 2\n"),
              StartsWith("node.toml:3: not valid TOML: "));
  EXPECT_THAT(toml_error("\xff\xfe"), HasSubstr("not valid TOML"));
  EXPECT_THAT(toml_error(std::string(100'000, '[')), HasSubstr("not valid TOML"));
}

TEST(TomlFile, FilesThatCannotBeRead) {
  ServerOptions options;
  EXPECT_EQ(apply_toml_file("/no/such/file", options).error().message,
            "/no/such/file: cannot read the configuration: No such file or directory");
  EXPECT_THAT(apply_toml_file("/tmp", options).error().message,
              HasSubstr("cannot read the configuration: Is a directory"));
  EXPECT_THAT(apply_toml_file("/dev/zero", options).error().message,
              HasSubstr("longer than 1 MiB"));
}

// ---- Documents.

TEST(SampleFile, ParsesBackToTheDefaults) {
  ServerOptions options;
  for (const OptionSpec& spec : option_table()) {
    ASSERT_TRUE(set_option(options, spec, spec.example).ok()) << spec.name;
  }
  const Result<> result = apply_toml(sample_file(), "sample", options);
  ASSERT_TRUE(result.ok()) << result.error().message;
  EXPECT_EQ(options, ServerOptions{});
}

TEST(SampleFile, ExamplesParseToo) {
  std::string text;
  std::istringstream lines(sample_file());
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("[")) text += line + "\n";
    if (line.starts_with("#   ") && line.find(" = ") != std::string::npos) {
      text += line.substr(4) + "\n";
    }
  }
  ServerOptions options;
  const Result<> result = apply_toml(text, "examples", options);
  ASSERT_TRUE(result.ok()) << result.error().message;
  for (const OptionSpec& spec : option_table()) {
    EXPECT_NE(spec.field.read(options), default_value(spec)) << spec.name;
  }
}

TEST(SampleFile, IsTheOneInTheRepository) {
  std::ifstream file(SYNCHRODB_TEST_DATA "/../../cmd/server/synchrodb.toml");
  std::stringstream kept;
  kept << file.rdbuf();
  EXPECT_EQ(kept.str(), sample_file())
      << "write it again: synchrodb-server --print-config > cmd/server/synchrodb.toml";
}

TEST(HelpText, NamesEveryOptionAndFitsTheScreen) {
  const std::string help = help_text();
  for (const OptionSpec& spec : option_table()) {
    EXPECT_THAT(help, HasSubstr("\n  --" + std::string(spec.name) + " "));
  }
  for (const std::string& text : {help, sample_file()}) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100U) << line;
  }
}

// ---- Flags and environment.

TEST(CommandLine, WithoutAnythingGivesTheDefaults) {
  EXPECT_EQ(options_of({}), ServerOptions{});
  EXPECT_EQ(options_of({}, {"PATH=/bin", "SYNCHRODBX=1"}), ServerOptions{});
}

TEST(CommandLine, FlagsTakeValuesInBothSpellings) {
  const ServerOptions options =
      options_of({"--node-id", "1", "--port=7001", "--initial-cluster", "1=h:17001,2=h:17002",
                  "--enable-fault-injection", "--pre-vote", "no", "--loglevel", "DEBUG",
                  "--slowlog-log-slower-than", "-1", "--requirepass", ""});
  EXPECT_EQ(options.network.port, 7'001);
  EXPECT_EQ(options.cluster.initial_cluster.size(), 2U);
  EXPECT_TRUE(options.testing.enable_fault_injection);
  EXPECT_FALSE(options.consensus.pre_vote);
  EXPECT_EQ(options.logging.loglevel, LogLevel::kDebug);
  EXPECT_EQ(options.monitoring.slowlog_log_slower_than_us, -1);
}

TEST(CommandLine, EveryOptionIsAFlagAndAVariable) {
  for (const OptionSpec& spec : option_table()) {
    SCOPED_TRACE(spec.name);
    ServerOptions wanted;
    ASSERT_TRUE(set_option(wanted, spec, spec.example).ok());
    const Result<Invocation> by_flag =
        invoke({"--" + std::string(spec.name), std::string(spec.example)});
    const Result<Invocation> by_variable =
        invoke({}, {environment_name(spec) + "=" + std::string(spec.example)});
    ASSERT_EQ(by_flag.ok(), by_variable.ok());
    if (by_flag) {
      EXPECT_EQ(by_flag.value().options, wanted);
      EXPECT_EQ(by_variable.value().options, wanted);
    } else {  // a value that does not stand alone (validate.h)
      EXPECT_EQ(by_flag.error().message, by_variable.error().message);
    }
  }
}

TEST(CommandLine, FlagsGoBeforeTheEnvironmentAndThatBeforeTheFile) {
  const ConfigFile file("[network]\nport = 1001\ntcp-backlog = 1002\nrpc-port = 1003\n");
  const Texts environment{"SYNCHRODB_PORT=2001", "SYNCHRODB_TCP_BACKLOG=2002"};
  const Texts arguments{"--port", "3001", "--config", file.path()};
  const ServerOptions options = options_of(arguments, environment);
  EXPECT_EQ(options.network.port, 3'001);
  EXPECT_EQ(options.network.tcp_backlog, 2'002);
  EXPECT_EQ(options.network.rpc_port, 1'003);
  EXPECT_EQ(options_of({}, {"SYNCHRODB_CONFIG=" + file.path()}).network.port, 1'001);
  EXPECT_EQ(invoke(arguments).value().config_file, file.path());
}

TEST(CommandLine, ErrorsSayWhereTheMistakeIs) {
  EXPECT_EQ(error_of({"--prot", "1"}), "--prot: no such option; did you mean --port?");
  EXPECT_EQ(error_of({"--prot=1"}), "--prot: no such option; did you mean --port?");
  EXPECT_EQ(error_of({"--warp-factor", "9"}), "--warp-factor: no such option; see --help");
  EXPECT_EQ(error_of({"node.toml"}), "'node.toml' is not expected here; see --help");
  EXPECT_EQ(error_of({"--port", "x"}), "--port: 'x' is not an integer from 0 to 65535");
  EXPECT_THAT(error_of({"--port"}), HasSubstr("--port"));
  EXPECT_THAT(error_of({"--port", "1", "--port", "2"}), HasSubstr("--port"));
  EXPECT_EQ(error_of({}, {"SYNCHRODB_PORT=x"}),
            "environment variable SYNCHRODB_PORT: 'x' is not an integer from 0 to 65535");
  EXPECT_THAT(error_of({"--config", "/no/such/file"}), StartsWith("/no/such/file: cannot read"));
  EXPECT_EQ(error_of({"--config", ""}), "--config: must name a file");
  EXPECT_EQ(error_of({"--config", ""}, {"SYNCHRODB_CONFIG=/no/such/file"}),
            "--config: must name a file");
  EXPECT_THAT(error_of({"--join", "h:1", "--initial-cluster", "1=h:17379"}),
              StartsWith("initial-cluster and join exclude each other"));
  const ConfigFile file("[network]\nport = -1\n");
  EXPECT_EQ(error_of({"--config", file.path()}),
            file.path() + ":2: [network] port: '-1' is not an integer from 0 to 65535");
}

TEST(CommandLine, ErrorsShowWhatATerminalWouldNot) {
  const auto error_in = [](const std::string& toml) {
    const ConfigFile file(toml);
    return error_of({"--config", file.path()}).substr(file.path().size());
  };
  EXPECT_EQ(error_in("[node]\ndir = \"a\\u0000b\"\n"),
            ":2: [node] dir: 'a\\x00b' is refused: argument holds a zero byte");
  EXPECT_EQ(error_in("[node]\n\"di\\u0000r\" = 1\n\"\\u001b[2J\" = 1\n").find('\0'),
            std::string::npos);
  EXPECT_THAT(error_of({"--port", "1\x1b[2J\x7f"}), StartsWith("--port: '1\\x1b[2J\\x7f' is not"));
  EXPECT_THAT(error_of({"--bind", "gr\u00fcn,"}), HasSubstr("gr\u00fcn"));
  const ConfigFile hosts("[network]\nbind = [\"a\\u0000b\"]\n");
  EXPECT_THAT(error_of({"--config", hosts.path()}), HasSubstr("'a\\x00b' is not an address"));
}

TEST(CommandLine, UnknownVariablesAreMentioned) {
  EXPECT_THAT(invoke({}, {"SYNCHRODB_PROT=1"}).value().notes,
              ElementsAre("environment variable SYNCHRODB_PROT is no option, and ignored"));
  const Invocation in_kubernetes = invoke({}, {"SYNCHRODB_PORT=tcp://10.0.0.1:7379"}).value();
  EXPECT_EQ(in_kubernetes.options, ServerOptions{});
  EXPECT_THAT(in_kubernetes.notes, ElementsAre(HasSubstr("SYNCHRODB_PORT describes a service")));
}

TEST(CommandLine, PrintsInsteadOfStarting) {
  EXPECT_EQ(invoke({"--help"}).value().print, help_text());
  EXPECT_EQ(invoke({"-h"}).value().print, help_text());
  EXPECT_EQ(invoke({"--print-config"}).value().print, sample_file());
  EXPECT_EQ(invoke({"--version"}).value().print, "synchrodb-server 9.9\n");
  EXPECT_EQ(invoke({}).value().print, "");
}

}  // namespace
}  // namespace synchrodb::net
