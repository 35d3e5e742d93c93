// The checker of transactions (sim/check/transactions) over histories that Python recorded.
#include <nlohmann/json.hpp>

#include "bindings/python/core/bind.h"
#include "bindings/python/core/convert.h"
#include "bindings/python/core/errors.h"
#include "bindings/python/core/interruption.h"
#include "sim/check/transactions/check_transactions.h"
#include "sim/check/transactions/read_transactions.h"
#include "sim/check/transactions/report.h"

namespace synchrodb::python {
namespace {

check::TransactionKind to_kind(const std::string& word) {
  if (word == "list-append") return check::TransactionKind::kListAppend;
  if (word == "rw-register") return check::TransactionKind::kRwRegister;
  refuse_value("kind", "\"" + word + "\" is neither list-append nor rw-register");
}

py::tuple check_transactions(const std::string& text, const std::string& kind,
                             const std::string& required) {
  const check::TransactionKind what = to_kind(kind);
  check::TransactionOptions options;
  const auto model = check::parse_consistency_model(required);
  if (!model) refuse_value("required", "no consistency model is called \"" + required + "\"");
  options.required = *model;
  options.poll = Interruption();
  const ThrowingAssertions assertions;
  std::string words;
  std::string json;
  std::string verdict;
  {
    const py::gil_scoped_release released;
    const check::TransactionsResult read =
        check::read_transactions(text, what, check::Format::kJsonLines);
    if (!read.error.empty()) throw Failure(Error{ErrorCode::kInvalid, "history: " + read.error});
    const check::TransactionJudgement judgement = check::check_transactions(read.history, options);
    verdict = check::name(judgement.verdict);
    words = check::to_text(read.history, options, judgement);
    json = check::to_json(read.history, options, judgement)
               .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  }
  return py::make_tuple(verdict, words, json);
}

}  // namespace

void bind_transactions(py::module_& module) {
  module.def("check_transactions", &check_transactions, py::arg("text"), py::arg("kind"),
             py::arg("required") = "strict-serializable",
             "Judges transactions as JSON lines: (verdict, words, JSON with all that was found).");
}

}  // namespace synchrodb::python
