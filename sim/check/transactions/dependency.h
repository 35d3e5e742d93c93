// Why one transaction comes before another.
#pragma once

#include <array>
#include <cstddef>
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

// How it is known that one version came after another. All but the first presume something of the
// database, which what follows from it can only refute: see `classify` in cycle_search.h.
enum class Basis : std::uint8_t {
  kObserved,  // lists show it; the initial state comes first
  kUpdate,    // a transaction read the one and wrote the other. Presumes read-committed
  kProcess,   // a process met the one before the other. Presumes strong-session-snapshot-isolation
  kRealtime,  // a transaction met the one, and had completed when another began that met the
              // other. Presumes strong-snapshot-isolation
};

// Whether a dependency is one of data alone, or of data and processes, or of real time too.
enum class Level : std::uint8_t { kData, kProcess, kRealtime };

constexpr std::string_view name(Dependency dependency) {
  constexpr std::array<std::string_view, 5> kNames = {"ww", "wr", "rw", "process", "realtime"};
  return kNames[static_cast<std::size_t>(dependency)];
}

constexpr std::string_view name(Basis basis) {
  constexpr std::array<std::string_view, 4> kNames = {"observed", "update", "process", "realtime"};
  return kNames[static_cast<std::size_t>(basis)];
}

// A dependency and, of ww and rw, the basis of the order of versions, in four bits.
class EdgeKind {
 public:
  explicit constexpr EdgeKind(Dependency dependency, Basis basis = Basis::kObserved)
      : bits_(static_cast<std::uint8_t>(static_cast<unsigned>(dependency) * 2 +
                                        static_cast<unsigned>(basis) % 2 +
                                        static_cast<unsigned>(basis) / 2 * kTime)) {}
  static constexpr EdgeKind from_bits(std::uint8_t bits) { return EdgeKind(bits); }

  constexpr Dependency dependency() const { return static_cast<Dependency>(bits_ % kTime / 2); }
  // kObserved but for ww and rw.
  constexpr Basis basis() const { return static_cast<Basis>(bits_ % 2 + bits_ / kTime * 2); }
  constexpr Level level() const {
    if (dependency() == Dependency::kProcess || basis() == Basis::kProcess) return Level::kProcess;
    if (dependency() == Dependency::kRealtime || basis() == Basis::kRealtime) {
      return Level::kRealtime;
    }
    return Level::kData;
  }
  constexpr std::uint8_t bits() const { return bits_; }

  friend constexpr bool operator==(EdgeKind, EdgeKind) = default;

 private:
  static constexpr unsigned kTime = 10;

  explicit constexpr EdgeKind(std::uint8_t bits) : bits_(bits) {}

  std::uint8_t bits_;
};

}  // namespace synchrodb::check
