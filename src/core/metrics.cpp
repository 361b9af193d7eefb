#include "core/metrics.hpp"

#include "core/exceptions.hpp"
#include "core/fault_point.hpp"
#include "core/log.hpp"
#include "core/process_metrics.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <mutex>
#include <prometheus/check_names.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sstream>
#include <stdexcept>

namespace alloy::metrics {
namespace {

void check_name(std::string const& name) {
  if (!prometheus::CheckMetricName(name)) throw std::invalid_argument("no metric name: " + name);
}

prometheus::Labels as_map(labels const& l) {
  return {l.begin(), l.end()};
}

void append_labels(prometheus::ClientMetric& metric, labels const& l) {
  for (auto const& [name, value] : l) metric.label.push_back({name, value});
}

prometheus::ClientMetric collected(histogram const& h, labels const& l) {
  auto const counts = h.read();
  prometheus::ClientMetric metric;
  append_labels(metric, l);
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < counts.buckets.size(); ++i) {
    below += counts.buckets[i];
    bool const last = i == h.bounds().size();
    metric.histogram.bucket.push_back({below, last ? std::numeric_limits<double>::infinity() : h.bounds()[i]});
  }
  metric.histogram.sample_count = below;
  metric.histogram.sample_sum = counts.sum;
  return metric;
}

// A method is a label, so it must not be what the client likes.
std::string_view known_method(std::string_view method) {
  constexpr std::array<std::string_view, 7> known{"GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS"};
  auto const* const found = std::find(known.begin(), known.end(), method);
  return found == known.end() ? "other" : *found;
}

// Few bounds, for there is one such histogram per route and the whole must stay below 2,000 series.
std::vector<double> const& request_bounds() {
  static std::vector<double> const bounds{0.001, 0.005, 0.02, 0.1, 0.5, 2};
  return bounds;
}

} // namespace

// A meter that nobody made counts nothing: who has no registry needs none.
void counter::add(double amount) noexcept {
  if (counter_ != nullptr) counter_->Increment(amount);
}
void gauge::add(double amount) noexcept {
  if (gauge_ != nullptr) gauge_->Increment(amount);
}
void gauge::set(double value) noexcept {
  if (gauge_ != nullptr) gauge_->Set(value);
}

histogram::histogram(std::vector<double> bounds)
    : bounds_(std::move(bounds)), buckets_(new std::atomic<std::uint64_t>[bounds_.size() + 1]()) {}

void histogram::observe(double value) noexcept {
  auto const bucket = std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin();
  buckets_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

histogram::counts histogram::read() const {
  counts all;
  for (std::size_t i = 0; i <= bounds_.size(); ++i) all.buckets.push_back(buckets_[i].load(std::memory_order_relaxed));
  all.sum = sum_.load(std::memory_order_relaxed);
  return all;
}

std::vector<double> const& duration_bounds() {
  static std::vector<double> const bounds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5};
  return bounds;
}

std::vector<double> const& size_bounds() {
  static std::vector<double> const bounds{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
  return bounds;
}

struct registry::store {
  struct labelled {
    labels with;
    std::unique_ptr<histogram> meter;
  };
  struct asked {
    labels with;
    std::function<double()> read;
  };
  struct family {
    std::string help;
    prometheus::MetricType type = prometheus::MetricType::Untyped;
    std::vector<labelled> histograms = {};
    std::vector<asked> readings = {};
  };

  family& of(std::string const& name, std::string const& help, prometheus::MetricType type) {
    auto& one = families.try_emplace(name, family{help, type}).first->second;
    if (one.type != type) throw std::invalid_argument("metric " + name + " has another type");
    return one;
  }

  void ask(std::string const& name, std::string const& help, prometheus::MetricType type, asked reading) {
    std::lock_guard const lock(mutex);
    of(name, help, type).readings.push_back(std::move(reading));
  }

  std::vector<prometheus::MetricFamily> collect() const {
    auto all = counters_and_gauges.Collect();
    std::lock_guard const lock(mutex);
    for (auto const& [name, one] : families) {
      prometheus::MetricFamily out{name, one.help, one.type, {}};
      for (auto const& [with, meter] : one.histograms) out.metric.push_back(collected(*meter, with));
      for (auto const& [with, read] : one.readings) {
        double value = 0;
        auto const ask = [&from = read, &value] {
          fault_points::pass("metrics.reading");
          value = from();
        };
        if (!contained(thrown_at::metrics, ask)) continue; // the rest is still worth having
        auto& metric = out.metric.emplace_back();
        append_labels(metric, with);
        (one.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
      }
      all.push_back(std::move(out));
    }
    append_process_meters(all);
    return all;
  }

  prometheus::Registry counters_and_gauges;
  mutable std::mutex mutex;
  std::map<std::string, family> families;
};

// An open-addressed table from (method, route, status) to their meters. Entries are made under a lock, published by one
// release store, and never removed; so a lookup is a hash of two short strings and a comparison.
struct registry::http_table {
  struct series {
    std::string method, route;
    unsigned status;
    counter requests;
    histogram* seconds;

    bool is(http_exchange const& e, std::string_view m) const {
      return status == e.status && route == e.route && method == m;
    }
  };
  static constexpr std::size_t slots = 4096, series_max = 2048;

  explicit http_table(registry& owner)
      : request_bytes(owner.make_counter("alloy_http_request_bytes_total", "Bytes of request bodies.")),
        response_bytes(owner.make_counter("alloy_http_response_bytes_total", "Bytes of response bodies.")) {}

  static std::size_t slot_of(http_exchange const& e, std::string_view method) {
    return std::hash<std::string_view>{}(e.route) * 31 + method.size() * 7 +
           static_cast<unsigned char>(method.front()) * 1021U + e.status;
  }

  series& find(registry& owner, http_exchange const& e) {
    auto const method = known_method(e.method);
    for (auto slot = slot_of(e, method);; ++slot) {
      auto* const one = table[slot % slots].load(std::memory_order_acquire);
      if (one == nullptr) return make(owner, e, method);
      if (one->is(e, method)) return *one;
    }
  }

  series& make(registry& owner, http_exchange const& e, std::string_view method) {
    std::lock_guard const lock(mutex);
    auto wanted = e;
    // Only a route made from a request's text could come here; it must not fill the memory.
    if (all.size() >= series_max) wanted.route = "other";
    for (auto slot = slot_of(wanted, method);; ++slot) {
      auto& place = table[slot % slots];
      if (auto* const one = place.load(std::memory_order_relaxed); one != nullptr) {
        if (one->is(wanted, method)) return *one;
        continue;
      }
      auto const route = std::string(wanted.route);
      auto made = std::make_unique<series>(series{std::string(method), route, wanted.status, {}, nullptr});
      made->requests =
          owner.make_counter("alloy_http_requests_total", "HTTP requests answered.",
                             {{"method", made->method}, {"route", route}, {"code", std::to_string(wanted.status)}});
      made->seconds =
          &owner.make_histogram("alloy_http_request_duration_seconds", "From the request's last byte to the answer.",
                                request_bounds(), {{"route", route}});
      place.store(made.get(), std::memory_order_release);
      return *all.emplace_back(std::move(made));
    }
  }

  counter request_bytes, response_bytes;
  std::mutex mutex;
  std::vector<std::unique_ptr<series>> all;
  std::array<std::atomic<series*>, slots> table{};
};

registry::registry()
    : store_(std::make_unique<store>()),
      http_in_flight(make_gauge("alloy_http_requests_in_flight", "HTTP requests being worked on.")),
      events_appended(make_counter("alloy_events_appended_total", "Events made durable in the log.")),
      append_seconds(make_histogram("alloy_append_duration_seconds",
                                    "From a command's place in the queue to its answer.", duration_bounds())),
      fsync_seconds(make_histogram("alloy_fsync_duration_seconds", "One atomic write of the log with its fsync.",
                                   duration_bounds())),
      batch_commands(make_histogram("alloy_batch_commands", "Commands that shared one fsync.", size_bounds())),
      sequencer_queue(make_gauge("alloy_sequencer_queue_depth", "Commands that wait for the sequencer.")),
      http_(std::make_unique<http_table>(*this)) {
  make_gauge("alloy_build_info", "1, labelled with what was built.",
             {{"version", ALLOY_VERSION}, {"compiler", __VERSION__}})
      .set(1);
  counter_at_scrape("alloy_log_lines_dropped_total", "Log lines that found the buffer full.",
                    [] { return static_cast<double>(log::dropped_lines()); });
}

registry::~registry() = default;

counter registry::make_counter(std::string const& name, std::string const& help, labels const& l) {
  check_name(name);
  return counter(prometheus::BuildCounter().Name(name).Help(help).Register(store_->counters_and_gauges).Add(as_map(l)));
}

gauge registry::make_gauge(std::string const& name, std::string const& help, labels const& l) {
  check_name(name);
  return gauge(prometheus::BuildGauge().Name(name).Help(help).Register(store_->counters_and_gauges).Add(as_map(l)));
}

histogram& registry::make_histogram(std::string const& name, std::string const& help, std::vector<double> const& bounds,
                                    labels const& l) {
  check_name(name);
  std::lock_guard const lock(store_->mutex);
  auto& meters = store_->of(name, help, prometheus::MetricType::Histogram).histograms;
  for (auto const& [with, meter] : meters)
    if (with == l) return *meter;
  return *meters.emplace_back(store::labelled{l, std::make_unique<histogram>(bounds)}).meter;
}

void registry::gauge_at_scrape(std::string const& name, std::string const& help, std::function<double()> read,
                               labels const& l) {
  check_name(name);
  store_->ask(name, help, prometheus::MetricType::Gauge, {l, std::move(read)});
}

void registry::counter_at_scrape(std::string const& name, std::string const& help, std::function<double()> read,
                                 labels const& l) {
  check_name(name);
  store_->ask(name, help, prometheus::MetricType::Counter, {l, std::move(read)});
}

void registry::http_done(http_exchange const& exchange) {
  auto& series = http_->find(*this, exchange);
  series.requests.add();
  series.seconds->observe(exchange.duration_s);
  http_->request_bytes.add(static_cast<double>(exchange.request_bytes));
  http_->response_bytes.add(static_cast<double>(exchange.response_bytes));
}

void registry::auth_failed(std::string_view reason) {
  make_counter("alloy_auth_failures_total", "Credentials refused, by reason.", {{"reason", std::string(reason)}}).add();
}

std::string registry::scrape() const {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  prometheus::TextSerializer().Serialize(out, store_->collect());
  return std::move(out).str();
}

} // namespace alloy::metrics
