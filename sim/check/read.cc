#include "sim/check/read.h"

#include <utility>
#include <vector>

#include "sim/check/build.h"
#include "sim/check/edn.h"

namespace synchrodb::check {
namespace {

class Reader : public FormSink {
 public:
  ReadResult run(std::string_view bytes, Format format) {
    const FormsResult forms = read_forms(bytes, format, *this);
    result_.format = forms.format;
    result_.error = forms.error;
    if (!result_.error.empty()) return std::move(result_);
    const Build build = build_history(events_, &result_.history);
    if (!build.error.empty()) {
      result_.error = "line " + std::to_string(build.error_line) + ": " + build.error;
      return std::move(result_);
    }
    imply(build);
    return std::move(result_);
  }

 private:
  std::string form(const Edn& map, std::size_t line) override {
    RawEvent event;
    bool skip = false;
    std::string problem = parse_event(map, line, &event, &skip);
    if (problem.empty() && !skip) events_.push_back(std::move(event));
    return problem;
  }

  // What the file says about itself.
  std::string label(const Edn& label) override {
    const Edn* version = label.find("version");
    if (version == nullptr || version->integer != 1) {
      return "the history is of a version that this program does not know";
    }
    if (const Edn* model = label.find("model")) result_.model = parse_model(model->text);
    if (const Edn* dialect = label.find("dialect")) result_.dialect = parse_dialect(dialect->text);
    if (const Edn* initial = label.find("initial")) {
      result_.initial = initial->is_nil()       ? Value::absent()
                        : initial->is_integer() ? Value::integer(initial->integer)
                                                : result_.history.text(initial->text);
    }
    return "";
  }

  // What the form of the file says where the file itself says nothing.
  void imply(const Build& build) {
    bool mutex = false;
    bool key_value = build.key_fields;
    for (const Operation& operation : result_.history.operations()) {
      const Function f = operation.function;
      mutex |= f == Function::kAcquire || f == Function::kRelease;
      key_value |= f == Function::kAppend || f == Function::kIncrement || f == Function::kDelete;
    }
    const bool labelled = result_.dialect.has_value();
    if (!result_.model) {
      result_.model = mutex ? Model::kMutex : key_value ? Model::kKeyValue : Model::kCasRegister;
    }
    if (!labelled) {
      result_.dialect = result_.format == Format::kEdn && *result_.model != Model::kKeyValue
                            ? Dialect::kKnossos
                            : Dialect::kJepsenLog;
      if (build.key_fields && result_.format == Format::kEdn) {
        result_.initial = result_.history.text("");
      }
    }
  }

  ReadResult result_;
  std::vector<RawEvent> events_;
};

}  // namespace

ReadResult read_history(std::string_view bytes, Format format) {
  return Reader().run(bytes, format);
}

}  // namespace synchrodb::check
