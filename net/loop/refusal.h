// What a call, or a connection, is refused with: a sentence for people. KJ_REQUIRE writes C++ into
// it, its condition and whatever is no literal.
#pragma once

#include <kj/exception.h>

#include <string>

namespace synchrodb::net {

// FAILED; its description is `sentence`, letter for letter.
kj::Exception refusal(const std::string& sentence);

[[noreturn]] void refuse(const std::string& sentence);

// Refuses with `sentence` unless `holds`.
inline void require(bool holds, const char* sentence) {
  if (!holds) refuse(sentence);
}

// What an exception says, for people: without what KJ writes around it, conditions and calls in
// C++.
std::string words_of(const kj::Exception& exception);

}  // namespace synchrodb::net
