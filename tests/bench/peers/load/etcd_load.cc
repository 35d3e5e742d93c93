#include "tests/bench/peers/load/etcd_load.h"

#include <grpcpp/grpcpp.h>

#include <deque>
#include <memory>
#include <optional>

#include "tests/bench/peers/load/etcd.grpc.pb.h"
#include "tests/bench/peers/load/workload.h"

namespace synchrodb::load {
namespace {

using etcdserverpb::KV;

// One call at a time. Not movable: gRPC keeps its address.
struct Lane {
  explicit Lane(KV::Stub& its_stub) : stub(its_stub) {}

  KV::Stub& stub;
  Clock::time_point begun;
  bool write = false;
  std::optional<grpc::ClientContext> context;
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<etcdserverpb::PutResponse>> put;
  std::unique_ptr<grpc::ClientAsyncResponseReader<etcdserverpb::RangeResponse>> range;
  etcdserverpb::PutResponse put_response;
  etcdserverpb::RangeResponse range_response;
};

class EtcdThread {
 public:
  EtcdThread(const Options& options, unsigned thread)
      : options_(options), thread_(thread), workload_(options, thread) {
    put_request_.set_value(std::string(options.value_bytes, 'x'));
  }

  Result<> connect();
  Results run(const Window& window);

 private:
  bool begin_call(Lane& lane);
  bool on_answer(Lane& lane);

  const Options& options_;
  unsigned thread_;
  Workload workload_;
  etcdserverpb::PutRequest put_request_;
  etcdserverpb::RangeRequest range_request_;
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<KV::Stub>> stubs_;
  grpc::CompletionQueue queue_;
  std::deque<Lane> lanes_;
  Results results_;
};

Result<> EtcdThread::connect() {
  grpc::ChannelArguments arguments;
  // Otherwise channels to one address share a connection.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  for (unsigned i = thread_; i < options_.connections; i += options_.threads) {
    const Endpoint& endpoint = options_.endpoints[i % options_.endpoints.size()];
    channels_.push_back(
        grpc::CreateCustomChannel(endpoint.text(), grpc::InsecureChannelCredentials(), arguments));
    channels_.back()->GetState(true);
  }
  const auto deadline = std::chrono::system_clock::now() +
                        std::chrono::duration_cast<std::chrono::nanoseconds>(options_.timeout);
  for (std::size_t i = 0; i < channels_.size(); ++i) {
    if (!channels_[i]->WaitForConnected(deadline)) {
      const std::size_t endpoint = thread_ + i * options_.threads;
      return Error{ErrorCode::kIo,
                   "connecting to " +
                       options_.endpoints[endpoint % options_.endpoints.size()].text() +
                       ": no gRPC server answers"};
    }
    stubs_.push_back(KV::NewStub(channels_[i]));
  }
  return {};
}

Results EtcdThread::run(const Window& window) {
  results_ = Results(window);
  for (const auto& stub : stubs_) {
    for (unsigned i = 0; i < options_.pipeline; ++i) lanes_.emplace_back(*stub);
  }
  std::size_t active = 0;
  for (Lane& lane : lanes_) active += begin_call(lane) ? 1 : 0;
  void* tag = nullptr;
  bool finished = false;
  while (active > 0 && queue_.Next(&tag, &finished)) {
    Lane& lane = *static_cast<Lane*>(tag);
    const bool goes_on = on_answer(lane) && Clock::now() < window.end() && begin_call(lane);
    if (!goes_on) --active;
  }
  queue_.Shutdown();
  while (queue_.Next(&tag, &finished)) {
  }
  return std::move(results_);
}

// False when the quota is spent; nothing is under way then.
bool EtcdThread::begin_call(Lane& lane) {
  const std::optional<Request> request = workload_.next();
  if (!request) return false;
  const Key key(request->key);
  lane.write = request->write;
  lane.begun = Clock::now();
  lane.context.emplace();
  lane.context->set_deadline(
      std::chrono::system_clock::now() +
      std::chrono::duration_cast<std::chrono::nanoseconds>(options_.timeout));
  if (lane.write) {
    put_request_.set_key(std::string(key.text()));
    lane.put = lane.stub.AsyncPut(&*lane.context, put_request_, &queue_);
    lane.put->Finish(&lane.put_response, &lane.status, &lane);
  } else {
    range_request_.set_key(std::string(key.text()));
    lane.range = lane.stub.AsyncRange(&*lane.context, range_request_, &queue_);
    lane.range->Finish(&lane.range_response, &lane.status, &lane);
  }
  return true;
}

// False when there is no use in asking again: the server is gone or silent.
bool EtcdThread::on_answer(Lane& lane) {
  const grpc::StatusCode code = lane.status.error_code();
  if (code == grpc::StatusCode::OK) {
    const bool missing = !lane.write && lane.range_response.count() == 0;
    results_.answered(lane.begun, Clock::now(), missing);
    return true;
  }
  const std::string why =
      "gRPC status " + std::to_string(code) + ": " + lane.status.error_message();
  if (code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::DEADLINE_EXCEEDED) {
    results_.lost_connection(why, 1);
    return false;
  }
  results_.failed(why);
  return true;
}

}  // namespace

Result<Results> run_etcd(const Options& options, unsigned thread, Window& window) {
  EtcdThread load(options, thread);
  Result<> connected = load.connect();
  window.arrive();
  if (!connected) return connected.error();
  return load.run(window);
}

}  // namespace synchrodb::load
