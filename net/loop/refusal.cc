#include "net/loop/refusal.h"

#include <kj/string.h>

#include <algorithm>
#include <string_view>

namespace synchrodb::net {

kj::Exception refusal(const std::string& sentence) {
  return kj::Exception(kj::Exception::Type::FAILED, __FILE__, __LINE__,
                       kj::heapString(sentence.data(), sentence.size()));
}

void refuse(const std::string& sentence) {
  kj::throwFatalException(refusal(sentence));
}

std::string words_of(const kj::Exception& exception) {
  std::string text = exception.getDescription().cStr();
  constexpr std::string_view kRemote = "remote exception: ";
  if (text.starts_with(kRemote)) text.erase(0, kRemote.size());
  // A failed KJ_REQUIRE reads "expected <expression>; <message>".
  if (const std::size_t message = text.find("; ");
      text.starts_with("expected ") && message != std::string::npos) {
    text.erase(0, message + 2);
  }
  // A system call's failure reads "::bind(fd, …): Address already in use; toString() = …".
  if (const std::size_t call = text.find("): "); call != std::string::npos) {
    const std::size_t name = text.starts_with("::") ? 2 : 0;
    const std::size_t open = text.find('(');
    if (open > name && text.find_first_of(" :", name) > open) {
      text.erase(0, call + 3);
      text.erase(std::min(text.find("; "), text.size()));
    }
  }
  if (text.starts_with("DNS lookup failed.")) text = "no such host";
  return text;
}

}  // namespace synchrodb::net
