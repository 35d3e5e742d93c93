// Why one transaction comes before another.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace synchrodb::check {

enum class Dependency : std::uint8_t {
  kWw,        // it wrote a version, the other the next one
  kWr,        // it wrote a version that the other read
  kRw,        // it read a version, the other wrote the next one
  kProcess,   // its process did the other afterwards
  kRealtime,  // it had completed when the other began
};

// What the order of two versions of a register rests on. That of two lists rests on data.
enum class Basis : std::uint8_t {
  kData,      // a transaction that read the one and wrote the other, or the initial state
  kProcess,   // a process that met the one before the other
  kRealtime,  // a transaction that met the one, and had completed when another began that met the
              // other
};

constexpr std::string_view name(Dependency dependency) {
  constexpr std::array<std::string_view, 5> kNames = {"ww", "wr", "rw", "process", "realtime"};
  return kNames[static_cast<std::size_t>(dependency)];
}

constexpr std::string_view name(Basis basis) {
  constexpr std::array<std::string_view, 3> kNames = {"data", "process", "realtime"};
  return kNames[static_cast<std::size_t>(basis)];
}

// A dependency and, of ww and rw, its basis, in four bits.
class EdgeKind {
 public:
  explicit constexpr EdgeKind(Dependency dependency, Basis basis = Basis::kData)
      : bits_(static_cast<std::uint8_t>(static_cast<unsigned>(dependency) |
                                        static_cast<unsigned>(basis) * kBases)) {}
  static constexpr EdgeKind from_bits(std::uint8_t bits) { return EdgeKind(bits); }

  constexpr Dependency dependency() const { return static_cast<Dependency>(bits_ % kBases); }
  constexpr Basis basis() const {
    if (dependency() == Dependency::kProcess) return Basis::kProcess;
    if (dependency() == Dependency::kRealtime) return Basis::kRealtime;
    return static_cast<Basis>(bits_ / kBases);
  }
  constexpr std::uint8_t bits() const { return bits_; }

  friend constexpr bool operator==(EdgeKind, EdgeKind) = default;

 private:
  static constexpr unsigned kBases = 5;

  explicit constexpr EdgeKind(std::uint8_t bits) : bits_(bits) {}

  std::uint8_t bits_;
};

}  // namespace synchrodb::check
