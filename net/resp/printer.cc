#include "net/resp/printer.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "consensus/assert.h"

namespace synchrodb::net {
namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kVerbatimFormat = "txt:";

// An error that ends in what a client has sent need not show its line ends.
std::string_view without_line_ends(std::string_view text) {
  while (text.ends_with('\r') || text.ends_with('\n')) text.remove_suffix(1);
  return text;
}

class Printer {
 public:
  // `outlet`: null if all is to stay in `out`.
  Printer(RespVersion version, std::string& out, const Outlet* outlet)
      : resp3_(version == RespVersion::k3), out_(out), outlet_(outlet) {}

  void print(const Reply& reply) {
    append(reply);
    if (outlet_ != nullptr && out_.size() >= outlet_->piece) outlet_->take();
  }

 private:
  void append(const Reply& reply) {
    switch (reply.kind()) {
      case Reply::Kind::kNil:
        return put(resp3_ ? "_\r\n" : "$-1\r\n");
      case Reply::Kind::kNilArray:
        return put(resp3_ ? "_\r\n" : "*-1\r\n");
      case Reply::Kind::kStatus:
        return line('+', reply.text());
      case Reply::Kind::kError:
        return line('-', without_line_ends(reply.text()));
      case Reply::Kind::kInteger:
        return header(':', reply.number());
      case Reply::Kind::kBoolean:
        return boolean(reply.number() != 0);
      case Reply::Kind::kBulk:
        return bulk(reply.text());
      case Reply::Kind::kVerbatim:
        return resp3_ ? verbatim(reply.text()) : bulk(reply.text());
      case Reply::Kind::kDouble:
        return real(reply.real_number());
      case Reply::Kind::kArray:
        return aggregate('*', reply.elements().size(), reply);
      case Reply::Kind::kMap:
        SYNCHRODB_ASSERT(reply.elements().size() % 2 == 0, "a map's last key has no value");
        return aggregate('%', reply.elements().size() / 2, reply);
      case Reply::Kind::kSet:
        return aggregate('~', reply.elements().size(), reply);
      case Reply::Kind::kPush:
        return aggregate('>', reply.elements().size(), reply);
    }
  }

  void put(std::string_view bytes) { out_.append(bytes); }

  void header(char type, std::int64_t number) {
    char text[24];
    text[0] = type;
    char* end = std::to_chars(text + 1, text + sizeof text - 2, number).ptr;
    *end++ = '\r';
    *end++ = '\n';
    out_.append(text, end);
  }

  void line(char type, std::string_view text) {
    out_.push_back(type);
    const std::size_t start = out_.size();
    put(text);
    for (std::size_t i = start; i < out_.size(); ++i) {
      if (out_[i] == '\r' || out_[i] == '\n') out_[i] = ' ';
    }
    put(kLineEnd);
  }

  void bulk(std::string_view bytes) {
    header('$', static_cast<std::int64_t>(bytes.size()));
    put(bytes);
    put(kLineEnd);
  }

  void verbatim(std::string_view text) {
    header('=', static_cast<std::int64_t>(kVerbatimFormat.size() + text.size()));
    put(kVerbatimFormat);
    put(text);
    put(kLineEnd);
  }

  void boolean(bool value) {
    if (!resp3_) return header(':', value ? 1 : 0);
    put(value ? "#t\r\n" : "#f\r\n");
  }

  void real(double value) {
    char text[40];
    // Not every NaN is written "nan" otherwise: some have a sign.
    const std::string_view written =
        std::isnan(value)
            ? "nan"
            : std::string_view(text, std::to_chars(text, text + sizeof text, value).ptr);
    if (!resp3_) return bulk(written);
    out_.push_back(',');
    put(written);
    put(kLineEnd);
  }

  void aggregate(char resp3_type, std::size_t resp3_count, const Reply& reply) {
    const std::size_t count = resp3_ ? resp3_count : reply.elements().size();
    header(resp3_ ? resp3_type : '*', static_cast<std::int64_t>(count));
    for (const Reply& element : reply.elements()) print(element);
  }

  bool resp3_;
  std::string& out_;
  const Outlet* outlet_;
};

}  // namespace

void print(const Reply& reply, RespVersion version, std::string& out) {
  Printer(version, out, nullptr).print(reply);
}

void print(const Reply& reply, RespVersion version, std::string& out, const Outlet& outlet) {
  Printer(version, out, &outlet).print(reply);
}

}  // namespace synchrodb::net
