#include "net/commands/secrets.h"

#include <cstddef>

namespace synchrodb::net {

bool equal_secrets(std::string_view secret, std::string_view offered) {
  // Volatile, so that the compiler cannot stop the loop at the first difference.
  volatile unsigned char difference = secret.size() == offered.size() ? 0 : 1;
  std::size_t at = 0;
  for (const char c : offered) {
    const char expected = secret.empty() ? '\0' : secret[at];
    difference = static_cast<unsigned char>(difference | (c ^ expected));
    at = at + 1 < secret.size() ? at + 1 : 0;
  }
  return difference == 0;
}

}  // namespace synchrodb::net
