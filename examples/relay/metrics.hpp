// SPDX-License-Identifier: BSL-1.0
#ifndef SIXFOLD_EXAMPLES_RELAY_METRICS_HPP
#define SIXFOLD_EXAMPLES_RELAY_METRICS_HPP

#include <string>
#include <vector>

#include "mailbox_thread.hpp"
#include "worker.hpp"

namespace relay_program {

/// All that was counted, in the text format of Prometheus.
[[nodiscard]] std::string prometheus_text(const std::vector<worker_metrics>& workers,
                                          const mailbox_metrics& mailbox);

}  // namespace relay_program

#endif
