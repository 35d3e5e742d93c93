// Errors as values at the seams.
#pragma once

#include <string>
#include <utility>
#include <variant>

#include "consensus/assert.h"

namespace synchrodb {

enum class ErrorCode {
  kInvalid,  // the input is wrong; the message says what and where
  kNotFound,
  kCorrupt,      // bytes do not match their checksum or grammar
  kIo,           // the device failed (EIO)
  kNoSpace,      // ENOSPC
  kUnsupported,  // a version or feature that this build does not know
  kUnavailable,  // try again later or elsewhere
  kTimeout,
};

struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string message;
};

struct Unit {};

// Either a value or an Error; must be looked at. `Result<>` for calls that only succeed or fail.
template <class T = Unit>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit
  Result() requires std::is_same_v<T, Unit> : state_(std::in_place_index<0>) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    SYNCHRODB_ASSERT(ok(), "value of a failed result");
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    SYNCHRODB_ASSERT(ok(), "value of a failed result");
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    SYNCHRODB_ASSERT(ok(), "value of a failed result");
    return std::move(*std::get_if<0>(&state_));
  }
  const Error& error() const {
    SYNCHRODB_ASSERT(!ok(), "error of a successful result");
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

}  // namespace synchrodb
