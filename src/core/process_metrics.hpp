#pragma once
// The process_* families every Prometheus client serves, read from /proc when asked. Any thread.
#include <prometheus/metric_family.h>
#include <vector>

namespace alloy::metrics {

// What cannot be read is left out.
void append_process_meters(std::vector<prometheus::MetricFamily>& into);

} // namespace alloy::metrics
