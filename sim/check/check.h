// Judges a history: is there an order of its operations, each at one point between its invocation
// and its completion, that a single correct object could have served? (Herlihy and Wing 1990.)
//
// Histories are judged key by key, since linearizability is local. For each key the cheapest
// algorithm that fits goes first:
//   witness      the order that the system itself claims, checked by replay   O(n log n)
//   versions     append-only strings: every read must extend the read before  O(n)
//   zones        registers with unique writes (Gibbons and Korach 1997)        O(n log n)
//   frontier     just-in-time linearization (Lowe 2017)                        \ time-sliced
//   depth-first  Wing and Gong 1993 with Lowe's memo                           / against each other
// Only the last four convict; a witness that fails proves nothing.
//
// A verdict depends on the history and the options alone: no clock, no thread, no hash order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/check/history.h"

namespace synchrodb::check {

enum class Model : std::uint8_t {
  kRegister,     // read, write
  kCasRegister,  // and cas
  kMutex,        // acquire, release; whoever holds it
  kKeyValue,     // read, write, cas, append, increment, delete, with Redis' meaning: integers and
                 // their decimal strings are the same value
};

// What the same lines mean to different tools.
enum class Dialect : std::uint8_t {
  // Failed operations are dropped, a nil read constrains nothing, the register starts at 0.
  kKnossos,
  // And ours: a failed cas saw another value, a nil read saw no value, the register starts absent.
  kJepsenLog,
};

enum class Verdict : std::uint8_t { kValid, kInvalid, kUnknown };

enum class Algorithm : std::uint8_t {
  kNone,  // nothing to decide
  kWitness,
  kZones,
  kFrontier,
  kVersions,
  kDepthFirst,
};

std::string_view name(Model model);
std::optional<Model> parse_model(std::string_view word);
std::string_view name(Dialect dialect);
std::optional<Dialect> parse_dialect(std::string_view word);
std::string_view name(Verdict verdict);
std::string_view name(Algorithm algorithm);

// What a search may spend on each key before it says unknown.
struct Limits {
  // Configurations tried depth first; a step of the frontier counts for 16.
  std::uint64_t steps = 20'000'000;
  std::size_t memory_bytes = std::size_t{512} << 20;
};

struct Options {
  Model model = Model::kCasRegister;
  Dialect dialect = Dialect::kJepsenLog;
  // Of every key. Unset: what the dialect says (a mutex starts free, whatever this says).
  std::optional<Value> initial{};
  Limits limits{};
  // Try the order that the recorded witnesses suggest first.
  bool use_witness = true;
  // Ask for `Judgement::order` of a valid history.
  bool want_order = false;
  // Ask for `Judgement::contradiction` of an invalid one.
  bool explain = true;
  // For tests and benchmarks: this algorithm and no other. Unknown if it does not fit.
  std::optional<Algorithm> only{};
  // Called now and then during long searches, for whoever may want to give up: an exception out of
  // it ends the check. Changes no verdict.
  std::function<void()> poll{};
};

// Operations of one key that contradict each other.
//
// The law: an operation that was left out is not forgotten. One that can change the state is
// judged as if it might have happened once, at any time, with the answer that it got, or never; one
// that only observes is dropped. Or else (`from_any_state`) all that was over at the moment `cut`
// is dropped, the state is taken to be anything at that moment, and the rest as before. Each only
// weakens the history, so what is still impossible is a genuine contradiction of the whole: no
// write that a listed read depends on was hidden to make the case.
struct Contradiction {
  std::vector<OperationId> operations;  // in order of invocation
  bool minimal = true;                  // false: the limits ended the shrinking early
  bool from_any_state = false;
  EventOrder cut = 0;  // meaningful if from_any_state
  // Before this event it was already impossible: what began later plays no part, and an operation
  // that was open then either had taken effect, with the answer that it got, or had not.
  EventOrder horizon = kNeverCompleted;
  std::string words;  // for people, a line for each operation and a conclusion
  std::string edn;    // the listed operations alone, as Jepsen EDN
};

struct Judgement {
  Verdict verdict = Verdict::kValid;
  // The key that decided: the first invalid one, or else the first unknown one.
  std::optional<KeyId> key{};
  // The algorithm that decided that key; for valid histories, the dearest that was needed.
  Algorithm algorithm = Algorithm::kNone;
  std::uint64_t steps = 0;     // over all keys
  std::size_t keys = 0;        // keys judged
  std::size_t operations = 0;  // operations judged
  std::size_t witnessed = 0;   // keys for which the witness sufficed
  std::string exhausted;       // for unknown: what ran out
  // For valid histories, if asked: operations in an order that explains them, key after key.
  // Operations that need not have happened, and reads that constrain nothing, are not in it.
  std::vector<OperationId> order;
  std::optional<Contradiction> contradiction;
};

// Empty if the model knows every function that the history uses; otherwise says which it does not.
std::string unsupported(const History& history, Model model);

// Precondition: unsupported() is empty (or else the verdict is unknown and says so).
Judgement check(const History& history, const Options& options = {});

}  // namespace synchrodb::check
