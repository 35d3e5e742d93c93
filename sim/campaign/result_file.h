// The JSON-lines file of a campaign: appended to a line at a time, never left with half a line.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "engine/env/result.h"

namespace synchrodb::sim {

class ResultFile {
 public:
  // Told of each whole line that a resumed file holds, with its number from 1; an error is passed
  // on.
  using OnLine = std::function<Result<>(std::string_view line, std::uint64_t number)>;

  // Creates `path`, or with `resume` continues it: a last line that was cut off is dropped, and so
  // is a summary (see finish()) at its end. Without `resume` a file that holds anything is left
  // alone and refused; so is one that another campaign writes to. Errors name the path.
  static Result<std::unique_ptr<ResultFile>> open(const std::string& path, bool resume,
                                                  const OnLine& on_line);
  ~ResultFile();
  ResultFile(const ResultFile&) = delete;
  ResultFile& operator=(const ResultFile&) = delete;

  // Adds a line. On an error (a full disk) the file ends with the last whole line; one that was
  // created and never got a line is removed.
  Result<> append(std::string_view line);
  // Adds the summary and syncs.
  Result<> finish(std::string_view summary);

  // What every summary line begins with, and no row does.
  static constexpr std::string_view kSummaryPrefix = "{\"summary\":";

 private:
  ResultFile(std::string path, int fd, bool created);
  Result<> resume(const OnLine& on_line);
  Result<> failed(const char* what);

  std::string path_;
  int fd_;
  bool created_;
  std::uint64_t size_ = 0;  // of the whole lines
};

}  // namespace synchrodb::sim
