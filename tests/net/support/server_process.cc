#include "tests/net/support/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <deque>
#include <fstream>
#include <sstream>
#include <utility>

namespace synchrodb::net::testing {
namespace {

// A port that nobody uses now. Held open until all are found, so that they differ.
class FreePort {
 public:
  FreePort() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    number_ = ntohs(address.sin_port);
  }
  ~FreePort() { ::close(socket_); }
  FreePort(const FreePort&) = delete;
  FreePort& operator=(const FreePort&) = delete;

  std::uint16_t number() const { return number_; }

 private:
  int socket_;
  std::uint16_t number_ = 0;
};

}  // namespace

ServerCluster::ServerCluster(std::size_t nodes, std::vector<std::string> extra)
    : extra_(std::move(extra)) {
  std::string pattern = ::testing::TempDir() + "cluster-XXXXXX";
  folder_ = ::mkdtemp(pattern.data());
  {
    std::deque<FreePort> ports(nodes * 3);  // which does not move them
    for (std::size_t i = 0; i < nodes; ++i) {
      nodes_.push_back(
          {ports[3 * i].number(), ports[3 * i + 1].number(), ports[3 * i + 2].number()});
    }
  }
  for (std::size_t i = 0; i < nodes; ++i) start(i);
}

ServerCluster::~ServerCluster() {
  for (std::size_t i = 0; i < size(); ++i) kill(i);
  std::filesystem::remove_all(folder_);
}

std::vector<Destination> ServerCluster::all() const {
  std::vector<Destination> all;
  for (std::size_t i = 0; i < size(); ++i) all.push_back(at(i));
  return all;
}

void ServerCluster::start(std::size_t node) {
  Node& started = nodes_[node];
  const std::string name = std::to_string(node + 1);
  std::vector<std::string> words{SYNCHRODB_SERVER,
                                 "--node-id",
                                 name,
                                 "--dir",
                                 (folder_ / name).string(),
                                 "--port",
                                 std::to_string(started.port),
                                 "--rpc-port",
                                 std::to_string(started.rpc_port),
                                 "--http-port",
                                 std::to_string(started.http_port)};
  if (size() > 1) {
    std::string members;
    for (std::size_t i = 0; i < size(); ++i) {
      members += (i > 0 ? "," : "") + std::to_string(i + 1) + "=" + at(i).text();
    }
    words.insert(words.end(), {"--initial-cluster", members});
  }
  words.insert(words.end(), extra_.begin(), extra_.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  const std::string output = (folder_ / (name + ".log")).string();
  started.process = ::fork();
  if (started.process != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int log = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execv(argv[0], argv.data());
  ::_exit(127);
}

void ServerCluster::end(std::size_t node, int signal) {
  const pid_t process = std::exchange(nodes_[node].process, 0);
  if (process == 0) return;
  ::kill(process, signal);
  ::waitpid(process, nullptr, 0);
}

void ServerCluster::kill(std::size_t node) {
  end(node, SIGKILL);
}

void ServerCluster::stop(std::size_t node) {
  end(node, SIGTERM);
}

void ServerCluster::pause(std::size_t node) const {
  ::kill(nodes_[node].process, SIGSTOP);
}

void ServerCluster::go_on(std::size_t node) const {
  ::kill(nodes_[node].process, SIGCONT);
}

std::string ServerCluster::log(std::size_t node) const {
  std::ifstream file(folder_ / (std::to_string(node + 1) + ".log"));
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace synchrodb::net::testing
