#include "core/process_metrics.hpp"

#include "core/exceptions.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace alloy::metrics {
namespace {

// The fields of /proc/self/stat from the third on: the second is the program's name and may hold blanks.
std::vector<std::string> stat_fields() {
  std::ifstream in("/proc/self/stat");
  std::string line;
  std::getline(in, line);
  auto const name_end = line.rfind(')');
  if (name_end == line.npos) return {};
  std::istringstream rest(line.substr(name_end + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

std::optional<double> boot_time_s() {
  std::ifstream in("/proc/stat");
  for (std::string word; in >> word;)
    if (double value = 0; word == "btime" && in >> value) return value;
  return std::nullopt;
}

std::optional<double> open_files() {
  std::error_code failure;
  std::filesystem::directory_iterator entries("/proc/self/fd", failure);
  if (failure) return std::nullopt;
  double count = -1; // the folder being read is one of them
  for (auto const& entry : entries) {
    (void)entry;
    ++count;
  }
  return count;
}

// Every place stands there from the beginning, so that an alert sees the step from 0 to 1.
prometheus::MetricFamily contained_exceptions() {
  prometheus::MetricFamily all{"alloy_exceptions_total",
                               "Exceptions that ended one job, request or connection.",
                               prometheus::MetricType::Counter,
                               {}};
  for (std::size_t n = 0; n < static_cast<std::size_t>(thrown_at::count); ++n) {
    auto const where = static_cast<thrown_at>(n);
    prometheus::ClientMetric metric;
    metric.label.push_back({"where", std::string(name_of(where))});
    metric.counter.value = static_cast<double>(exceptions_at(where));
    all.metric.push_back(std::move(metric));
  }
  return all;
}

} // namespace

void append_process_meters(std::vector<prometheus::MetricFamily>& into) {
  auto const add = [&](char const* name, char const* help, bool counts, double value) {
    prometheus::ClientMetric metric;
    (counts ? metric.counter.value : metric.gauge.value) = value;
    auto const type = counts ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    into.push_back({name, help, type, {std::move(metric)}});
  };
  into.push_back(contained_exceptions());
  if (auto const fields = stat_fields(); fields.size() >= 22) {
    // Field n of proc(5) is fields[n - 3].
    auto const field = [&](std::size_t n) { return std::stod(fields[n - 3]); };
    auto const ticks_per_s = static_cast<double>(sysconf(_SC_CLK_TCK));
    add("process_cpu_seconds_total", "CPU time used, user and system.", true, (field(14) + field(15)) / ticks_per_s);
    add("process_threads", "Threads.", false, field(20));
    add("process_virtual_memory_bytes", "Virtual memory.", false, field(23));
    add("process_resident_memory_bytes", "Resident memory.", false,
        field(24) * static_cast<double>(sysconf(_SC_PAGESIZE)));
    static auto const boot_s = boot_time_s();
    if (boot_s) add("process_start_time_seconds", "Start, since 1970.", false, *boot_s + field(22) / ticks_per_s);
  }
  if (auto const count = open_files()) add("process_open_fds", "Open file descriptors.", false, *count);
  if (rlimit limit{}; getrlimit(RLIMIT_NOFILE, &limit) == 0)
    add("process_max_fds", "Most file descriptors allowed.", false, static_cast<double>(limit.rlim_cur));
}

} // namespace alloy::metrics
