#include "net/loop/in_fiber.h"

#include <memory>
#include <utility>

namespace synchrodb::net {

kj::Promise<void> in_fiber(Loop& loop, const char* name, std::function<void()> work) {
  auto paf = kj::newPromiseAndFulfiller<void>();
  auto fulfiller = std::make_shared<kj::Own<kj::PromiseFulfiller<void>>>(kj::mv(paf.fulfiller));
  loop.spawn(name, [work = std::move(work), fulfiller] {
    kj::Maybe<kj::Exception> failure = nullptr;
    try {
      work();
    } catch (const kj::Exception& exception) {
      failure = kj::cp(exception);
    }
    KJ_IF_MAYBE (exception, failure) {
      (*fulfiller)->reject(kj::mv(*exception));
    } else {
      (*fulfiller)->fulfill();
    }
  });
  return kj::mv(paf.promise);
}

}  // namespace synchrodb::net
