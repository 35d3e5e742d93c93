#include "sim/explain/words.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

namespace synchrodb::sim {
namespace {

struct Phrase {
  std::string_view event;
  // %t: its term, %i: its index, %p: the peer, %x: extra, %s: the subject.
  std::string_view words;
};

constexpr std::array kPhrases{
    Phrase{"became-leader", "becomes the leader of term %t"},
    Phrase{"became-candidate", "campaigns in term %t"},
    Phrase{"became-pre-candidate", "asks whether it could win an election (pre-vote), in term %t"},
    Phrase{"became-follower", "becomes a follower, in term %t"},
    Phrase{"became-learner", "becomes a learner, in term %t"},
    Phrase{"vote-granted", "votes for %p in term %t"},
    Phrase{"committed", "commits up to index %i, in term %t"},
    Phrase{"lease-served", "serves a read under its lease, at index %i"},
    Phrase{"truncated", "drops its log behind index %i"},
    Phrase{"configuration", "takes the configuration at index %i"},
    Phrase{"snapshot-sending", "sends %p a snapshot up to index %i"},
    Phrase{"snapshot-installed", "installs a snapshot up to index %i"},
    Phrase{"snapshot-taken", "makes a snapshot up to index %i"},
    Phrase{"transfer-started", "hands its leadership over to %p"},
    Phrase{"transfer-aborted", "gives a transfer of its leadership up"},
    Phrase{"stepped-down", "steps down as the leader of term %t"},
    Phrase{"recovery-started", "finds its log damaged, and neither votes nor leads"},
    Phrase{"recovery-finished", "has its log mended"},
    Phrase{"started", "starts (life %x)"},
    Phrase{"recovered", "has read its disk: term %t, log up to index %i"},
    Phrase{"restored", "restores a snapshot up to index %i"},
    Phrase{"killed", "is killed"},
    Phrase{"power-lost", "loses its power; unsynced writes lost: %x"},
    Phrase{"wiped", "loses its disk"},
    Phrase{"ended-itself", "ends itself: its disk failed"},
    Phrase{"storage-fault", "finds its storage damaged: intact up to index %i"},
    Phrase{"paused", "is paused, %s"},
    Phrase{"resumed", "goes on"},
    Phrase{"fault-begins", "%s begins"},
    Phrase{"fault-ends", "%s ends"},
    Phrase{"faulty-phase-ends", "all faults end"},
    Phrase{"violation", "the violation is seen"}};

std::string replaced(std::string_view words, const Happening& happening) {
  std::string made;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] != '%') {
      made += words[i];
      continue;
    }
    switch (words[++i]) {
      case 't':
        made += std::to_string(happening.term);
        break;
      case 'i':
        made += std::to_string(happening.index);
        break;
      case 'p':
        made += "n" + std::to_string(happening.peer);
        break;
      case 'x':
        made += std::to_string(happening.extra);
        break;
      default:
        made += happening.note;
    }
  }
  return made;
}

// Of an event that nobody wrote words for.
std::string plain(const Happening& happening) {
  std::string made = happening.name;
  std::replace(made.begin(), made.end(), '-', ' ');
  if (*happening.note != '\0') made += std::string(" ") + happening.note;
  if (happening.term != 0) made += ", term " + std::to_string(happening.term);
  if (happening.index != 0) made += ", index " + std::to_string(happening.index);
  return made;
}

std::string event_words(const Happening& happening) {
  const auto known = std::find_if(kPhrases.begin(), kPhrases.end(), [&](const Phrase& phrase) {
    return phrase.event == happening.name;
  });
  std::string made = known == kPhrases.end() ? plain(happening) : replaced(known->words, happening);
  if (known != kPhrases.end() && known->event == "vote-granted" && happening.extra == 1) {
    made = "would vote for n" + std::to_string(happening.peer) + " (pre-vote)";
  }
  if (happening.lane == kWorld) return made;
  const std::string who = name_of_lane(happening.lane);
  return std::string_view(happening.name).starts_with("fault-") ? made + " on " + who
                                                                : who + " " + made;
}

std::string operation_words(const Happenings& run, const Happening& happening) {
  const SeenOperation& operation = run.operations[happening.operation];
  const std::string who = name_of_lane(happening.lane);
  if (happening.kind == Happening::Kind::kInvoked) return who + " asks: " + operation.question;
  if (operation.type == "ok") return who + " is answered: " + words_of(operation);
  if (operation.type == "fail") return who + " is told that it failed: " + words_of(operation);
  return who + " does not know what became of it: " + words_of(operation);
}

}  // namespace

std::string seconds_text(std::int64_t time_ns) {
  std::array<char, 48> text{};
  const std::int64_t us = time_ns / 1'000;
  std::snprintf(text.data(), text.size(), "%lld.%06lld s", static_cast<long long>(us / 1'000'000),
                static_cast<long long>(us % 1'000'000));
  return text.data();
}

std::string words_of(const SeenOperation& operation) {
  return operation.question + (operation.answer.empty() ? "" : " → " + operation.answer);
}

std::string words_of(const Happenings& run, const Happening& happening) {
  switch (happening.kind) {
    case Happening::Kind::kInvoked:
    case Happening::Kind::kCompleted:
      return operation_words(run, happening);
    case Happening::Kind::kSent:
      return name_of_lane(happening.lane) + " sends " + name_of_lane(happening.other) + " " +
             happening.name;
    case Happening::Kind::kDelivered:
      return name_of_lane(happening.lane) + " receives " + happening.name + " of " +
             name_of_lane(happening.other);
    case Happening::Kind::kLost:
      return std::string(happening.name) + " of " + name_of_lane(happening.other) + " to " +
             name_of_lane(happening.lane) + " is lost: " + happening.note;
    case Happening::Kind::kEvent:
      return event_words(happening);
  }
  return "";
}

std::string words_of_message(const Happening& delivery) {
  const std::string type = *delivery.name == '\0' ? "unreadable" : delivery.name;
  return name_of_lane(delivery.other) + " → " + name_of_lane(delivery.lane) + ": " + type;
}

std::string words_of(const FaultAction& action) {
  std::string words = action.fault + " at " + seconds_text(action.at.ns);
  if (action.lasting.ns > 0) words += " for " + seconds_text(action.lasting.ns);
  if (!action.nodes.empty()) {
    words += " on";
    for (const std::uint32_t node : action.nodes) words += " n" + std::to_string(node + 1);
  } else if (!action.target.empty()) {
    words += " on " + action.target;
  }
  for (const auto& [name, value] : action.parameters) {
    words += ", " + name + " " + std::to_string(value);
  }
  return words;
}

}  // namespace synchrodb::sim
