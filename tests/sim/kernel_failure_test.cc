// What a broken node does to the kernel: failed assertions, lost exceptions, broken rules.
#include <gtest/gtest.h>
#include <boost/fiber/operations.hpp>

#include <stdexcept>
#include <string>

#include "consensus/assert.h"
#include "sim/kernel/kernel.h"

namespace synchrodb::sim {
namespace {

TrueTime at_ms(std::int64_t ms) {
  return TrueTime{} + milliseconds(ms);
}

// What run() reports; "" when nothing.
std::string failure_of(Kernel& kernel) {
  try {
    kernel.run(at_ms(1'000));
  } catch (const AssertionFailed& failure) {
    return failure.describe();
  }
  return "";
}

TEST(Failure, AFailedAssertionInAFiberIsReportedWithItsText) {
  Kernel kernel;
  kernel.spawn(kernel.add_owner("node"), "replica", [&] {
    kernel.sleep(milliseconds(1'500) / 1'000);
    SYNCHRODB_ASSERT(1 + 1 == 3, "arithmetic holds");
  });
  const std::string text = failure_of(kernel);
  EXPECT_NE(text.find("arithmetic holds (1 + 1 == 3) at"), std::string::npos) << text;
  EXPECT_NE(text.find("in fiber `replica`, at 0.001500000 s"), std::string::npos) << text;
  EXPECT_NE(text.find("kernel_failure_test.cc"), std::string::npos) << text;
}

TEST(Failure, AFailedAssertionInAnEventIsReported) {
  Kernel kernel;
  kernel.at(at_ms(1), [] { SYNCHRODB_ASSERT(false, "never"); });
  EXPECT_NE(failure_of(kernel).find("never"), std::string::npos);
}

TEST(Failure, NoHandlerOfTheCodeUnderTestTakesItForAnException) {
  Kernel kernel;
  kernel.spawn(kernel.add_owner("node"), "f", [] {
    try {
      SYNCHRODB_ASSERT(false, "must get through");
    } catch (const std::exception&) {
    }
  });
  EXPECT_NE(failure_of(kernel).find("must get through"), std::string::npos);
}

TEST(Failure, InADestructorDuringUnwindingTheFiberIsAbandoned) {
  for (int i = 0; i < 3; ++i) {
    Kernel kernel;
    const Owner owner = kernel.add_owner("node");
    int unwound = 0;
    kernel.spawn(owner, "broken", [&] {
      struct Broken {
        ~Broken() { SYNCHRODB_ASSERT(false, "used after death"); }
      } broken;
      kernel.park();
    });
    kernel.spawn(owner, "sound", [&] {
      struct Counts {
        int& count;
        ~Counts() { ++count; }
      } counts{unwound};
      kernel.park();
    });
    kernel.at(at_ms(1), [&] { kernel.kill_owner(owner); });
    EXPECT_NE(failure_of(kernel).find("used after death"), std::string::npos);
    EXPECT_EQ(unwound, 1) << "the others unwind all the same";
    // The thread's exception state is clean: exceptions work as ever.
    EXPECT_EQ(std::uncaught_exceptions(), 0);
    EXPECT_EQ(std::current_exception(), nullptr);
    EXPECT_EQ(kernel.run(at_ms(2'000)), RunEnd::kIdle);
    EXPECT_EQ(kernel.live_fibers(), 0U);
  }
}

TEST(Failure, InANoexceptFunctionTheFiberIsAbandoned) {
  Kernel kernel;
  kernel.spawn(kernel.add_owner("node"), "f", []() noexcept {
    const auto cannot_throw = []() noexcept { SYNCHRODB_ASSERT(false, "deep inside"); };
    cannot_throw();
  });
  const std::string text = failure_of(kernel);
  EXPECT_NE(text.find("deep inside"), std::string::npos) << text;
  EXPECT_EQ(std::current_exception(), nullptr);
}

TEST(Failure, AnExceptionOutOfAFiberIsRethrownOnce) {
  Kernel kernel;
  kernel.spawn(kernel.add_owner("node"), "f", [] { throw std::runtime_error("boom"); });
  EXPECT_THROW(kernel.run(at_ms(1)), std::runtime_error);
  EXPECT_EQ(kernel.run(at_ms(2)), RunEnd::kIdle);
}

TEST(Failure, ShutdownReportsWhatComesOutOfUnwindingFibers) {
  Kernel kernel;
  kernel.spawn(kernel.add_owner("node"), "f", [&] {
    try {
      kernel.park();
    } catch (const Cancelled&) {
      throw std::runtime_error("instead of unwinding");
    }
  });
  kernel.run(at_ms(1));
  EXPECT_THROW(kernel.shutdown(), std::runtime_error);
}

TEST(Failure, ParkingInACatchBlockIsRefused) {
  Kernel kernel;
  kernel.spawn(kernel.add_owner("node"), "f", [&] {
    try {
      throw 1;
    } catch (int) {
      kernel.park(at_ms(1));
    }
  });
  EXPECT_NE(failure_of(kernel).find("catch block or destructor"), std::string::npos);
}

TEST(Failure, ParkingWhileUnwindingIsRefused) {
  Kernel kernel;
  const Owner owner = kernel.add_owner("node");
  kernel.spawn(owner, "f", [&] {
    struct Parks {
      Kernel& kernel;
      ~Parks() noexcept(false) { kernel.park(); }
    } parks{kernel};
    kernel.park();
  });
  kernel.at(at_ms(1), [&] { kernel.kill_owner(owner); });
  EXPECT_NE(failure_of(kernel).find("catch block or destructor"), std::string::npos);
}

TEST(Failure, ParkingOnTheEventLoopIsRefused) {
  Kernel kernel;
  kernel.at(at_ms(1), [&] { kernel.park(); });
  EXPECT_NE(failure_of(kernel).find("event loop must not park"), std::string::npos);
}

TEST(Failure, KillingFromAFiberIsRefused) {
  Kernel kernel;
  const Owner owner = kernel.add_owner("node");
  kernel.spawn(owner, "f", [&] { kernel.kill_owner(owner); });
  EXPECT_NE(failure_of(kernel).find("only the event loop"), std::string::npos);
}

TEST(Failure, ADyingProcessStartsNoFiber) {
  Kernel kernel;
  const Owner owner = kernel.add_owner("node");
  kernel.spawn(owner, "f", [&] {
    try {
      kernel.park();
    } catch (const Cancelled&) {
      kernel.spawn(owner, "late", [] {});
      throw;
    }
  });
  kernel.at(at_ms(1), [&] { kernel.kill_owner(owner); });
  EXPECT_NE(failure_of(kernel).find("a dying process starts a fiber"), std::string::npos);
}

TEST(Failure, FibersThatNeverLetTimePassAreFound) {
  Kernel kernel;
  kernel.set_livelock_limit(10'000);
  const Owner owner = kernel.add_owner("node");
  TaskId ids[2];
  for (int i = 0; i < 2; ++i) {
    ids[i] = kernel.spawn(owner, "f", [&, i] {
      for (;;) {
        kernel.wake(ids[1 - i]);
        kernel.park();
      }
    });
  }
  EXPECT_NE(failure_of(kernel).find("time stands still"), std::string::npos);
}

TEST(FailureDeathTest, ARealSleepAborts) {
  EXPECT_DEATH(
      {
        Kernel kernel;
        kernel.at(at_ms(1), [] { boost::this_fiber::sleep_for(std::chrono::milliseconds(1)); });
        kernel.run(at_ms(2));
      },
      "wait in real time leaked");
}

}  // namespace
}  // namespace synchrodb::sim
