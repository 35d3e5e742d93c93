// Work on a data folder while no server runs on it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/storage/storage.h"
#include "net/config/server_options.h"
#include "net/loop/loop.h"

namespace synchrodb::net {

// Takes the folder that `options` name (it is made if it is absent) and runs `work` in a fiber. The
// error is that of `work`, or why the folder cannot be had: kUnavailable where a server runs on it.
Result<> work_on_folder(const ServerOptions& options, const std::function<Result<>(Disk&)>& work);

// The storage of a node, for a fiber of work_on_folder(). Its parts outlive it.
class OfflineStorage {
 public:
  OfflineStorage(Disk& disk, const ServerOptions& options);

  // What it found, of the server's group. Once, before anything else.
  Result<DurableState> recover();
  Storage& storage() { return *storage_; }

 private:
  class NoFaults final : public Buggify {
   public:
    bool buggify(const char*) override { return false; }
  };

  NoFaults buggify_;
  Observer observer_;
  std::unique_ptr<Storage> storage_;
};

}  // namespace synchrodb::net
