// Frames that were damaged on the way, cut off, or made of garbage.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <random>

#include "tests/engine/wire_messages.h"
#include "tests/engine/wire_samples.h"

namespace synchrodb {
namespace {

using namespace wire_test;

TEST(WireDamage, EverySampleIsSound) {
  for (const Sample& sample : samples()) {
    const auto decoded = sample.decode(sample.frame);
    EXPECT_TRUE(decoded.ok()) << sample.name << ": " << decoded.error().message;
  }
}

TEST(WireDamage, AnySingleBitFlipIsRejected) {
  for (const Sample& sample : samples()) {
    for (std::size_t bit = 0; bit < sample.frame.size() * 8; ++bit) {
      std::string damaged = sample.frame;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
      ASSERT_FALSE(sample.decode(damaged).ok()) << sample.name << ", bit " << bit;
    }
  }
}

TEST(WireDamage, AnyTwoBitFlipsOfAHeartbeatAreRejected) {
  const Sample heartbeat = samples()[2];
  const std::size_t bits = heartbeat.frame.size() * 8;
  std::string damaged = heartbeat.frame;
  const auto flip = [&](std::size_t bit) {
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ 1 << bit % 8);
  };
  for (std::size_t a = 0; a < bits; ++a) {
    flip(a);
    for (std::size_t b = a + 1; b < bits; ++b) {
      flip(b);
      ASSERT_FALSE(heartbeat.decode(damaged).ok()) << a << ", " << b;
      flip(b);
    }
    flip(a);
  }
}

TEST(WireDamage, TruncationAtEachByteIsRejected) {
  for (const Sample& sample : samples()) {
    for (std::size_t size = 0; size < sample.frame.size(); ++size) {
      ASSERT_FALSE(sample.decode(std::string_view(sample.frame).substr(0, size)).ok())
          << sample.name << ", " << size << " bytes";
    }
  }
}

TEST(WireDamage, BytesBehindTheFrameAreRejected) {
  for (const Sample& sample : samples()) {
    for (const std::size_t more : {1U, 8U, 100U}) {
      const auto decoded = sample.decode(sample.frame + std::string(more, '\0'));
      ASSERT_FALSE(decoded.ok()) << sample.name;
      // The length says so itself, before any checksum.
      EXPECT_EQ(decoded.error().message.find("frame: length: "), 0U) << decoded.error().message;
    }
  }
}

TEST(WireDamage, AFrameOfAnotherKindIsRejected) {
  const auto all = samples();
  EXPECT_FALSE(decode_request(all[0].frame).ok());
  EXPECT_FALSE(decode_answer(all[8].frame).ok());
  EXPECT_FALSE(decode_peer(all[9].frame).ok());
}

RC_GTEST_PROP(WireFuzz, RandomBytesAreRejected, ()) {
  const std::string bytes = any_bytes(200);
  RC_ASSERT(!decode_peer(bytes).ok());
  RC_ASSERT(!decode_request(bytes).ok());
  RC_ASSERT(!decode_answer(bytes).ok());
}

// What lies behind a right checksum is decoded soundly or rejected, never trusted. What is accepted
// encodes again, so that it is a message like any other.
TEST(WireFuzz, ResealedGarbageNeverEscapesTheGrammar) {
  std::mt19937_64 random(20'211'123);  // a seed of its own: the same garbage in every run
  const auto all = samples();
  std::size_t accepted = 0, rejected = 0;
  for (int round = 0; round < 100'000; ++round) {
    const Sample& sample = all[random() % all.size()];
    std::string frame = sample.frame;
    for (std::uint64_t edits = 1 + random() % 4; edits > 0; --edits) {
      const std::size_t at = kFrameHeaderBytes + random() % (frame.size() - kFrameHeaderBytes);
      switch (random() % 3) {
        case 0:
          frame[at] = static_cast<char>(random());
          break;
        case 1:
          frame[at] = static_cast<char>(frame[at] ^ 1 << random() % 8);
          break;
        default:
          frame[at] = static_cast<char>(frame[at] + (random() % 2 == 0 ? 1 : -1));
          break;
      }
    }
    if (random() % 8 == 0) frame.resize(kFrameHeaderBytes + random() % 16 * 8);
    if (random() % 8 == 0) {
      for (std::size_t at = kFrameHeaderBytes; at < frame.size(); ++at) {
        frame[at] = random() % 2 == 0 ? '\0' : static_cast<char>(random());
      }
    }
    seal_frame(frame, sample.kind);
    const auto again = [&](const auto& decoded) {
      decoded.ok() ? ++accepted : ++rejected;
      if (!decoded.ok()) {
        ASSERT_FALSE(decoded.error().message.empty());
        return;
      }
      ASSERT_TRUE(fits_frame(decoded.value()));
      const std::string second = encode_frame(decoded.value());
      // Bytes rather than same(): a double may have become a NaN.
      if (sample.kind == FrameKind::kPeer) {
        ASSERT_EQ(encode_frame(decode_frame(second).value()), second);
      } else if (sample.kind == FrameKind::kClientRequest) {
        ASSERT_EQ(encode_frame(decode_request_frame(second).value()), second);
      } else {
        ASSERT_EQ(encode_frame(decode_reply_frame(second).value()), second);
      }
    };
    if (sample.kind == FrameKind::kPeer) again(decode_frame(frame));
    if (sample.kind == FrameKind::kClientRequest) again(decode_request_frame(frame));
    if (sample.kind == FrameKind::kClientReply) again(decode_reply_frame(frame));
  }
  // Both ways are worn.
  EXPECT_GT(accepted, 10'000U);
  EXPECT_GT(rejected, 10'000U);
}

}  // namespace
}  // namespace synchrodb
