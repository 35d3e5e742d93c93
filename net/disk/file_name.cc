#include "net/disk/file_name.h"

#include <string>

namespace synchrodb::net {

Result<> check_file_name(std::string_view name) {
  if (is_file_name(name)) return {};
  return Error{ErrorCode::kInvalid, "\"" + std::string(name.substr(0, 80)) +
                                        "\" cannot name a file: 1 to 64 bytes without a slash, "
                                        "and not \"LOCK\", are wanted"};
}

}  // namespace synchrodb::net
