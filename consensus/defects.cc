#include "consensus/defects.h"

namespace synchrodb {

#ifdef SYNCHRODB_DEFECTS
thread_local std::optional<Defect> active_defect;
#endif

}  // namespace synchrodb
