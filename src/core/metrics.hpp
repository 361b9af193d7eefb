#pragma once
// What the process counts, served to Prometheus as text format 0.0.4. One registry per process, made by main and lent
// to whoever counts; names follow Prometheus: base units, counters end in _total, no label that grows with tenants.
// Counting is an atomic addition and may be done from any thread; making a meter takes a lock, so rooms make theirs
// once, at start. A meter is a cheap handle that must not outlive its registry.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace prometheus {
class Counter;
class Gauge;
} // namespace prometheus

namespace alloy::metrics {

using labels = std::vector<std::pair<std::string, std::string>>;

class counter {
 public:
  counter() = default;
  explicit counter(prometheus::Counter& c) : counter_(&c) {}
  void add(double amount = 1) noexcept; // amount >= 0

 private:
  prometheus::Counter* counter_ = nullptr;
};

class gauge {
 public:
  gauge() = default;
  explicit gauge(prometheus::Gauge& g) : gauge_(&g) {}
  void add(double amount) noexcept;
  void set(double value) noexcept;

 private:
  prometheus::Gauge* gauge_ = nullptr;
};

// Our own, because Prometheus' takes a mutex for each observation.
class histogram {
 public:
  explicit histogram(std::vector<double> bounds); // ascending
  void observe(double value) noexcept;

  struct counts {
    std::vector<std::uint64_t> buckets; // one more than bounds: the last is beyond all; not cumulative
    double sum = 0;
  };
  counts read() const;
  std::vector<double> const& bounds() const noexcept { return bounds_; }

 private:
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> buckets_;
  std::atomic<double> sum_{0};
};

std::vector<double> const& duration_bounds(); // seconds, for fsync and the like
std::vector<double> const& size_bounds();     // counts, powers of two

struct http_exchange {
  std::string_view method, route; // the route's template; short and of a bounded number
  unsigned status = 0;
  double duration_s = 0;
  std::size_t request_bytes = 0, response_bytes = 0;
};

class registry {
  struct store;
  struct http_table;
  std::unique_ptr<store> store_; // first: the meters below are made in it

 public:
  registry();
  ~registry();
  registry(registry const&) = delete;
  registry& operator=(registry const&) = delete;

  // The same name and labels give the same meter. A name that Prometheus would refuse is a bug (std::invalid_argument).
  counter make_counter(std::string const& name, std::string const& help, labels const& l = {});
  gauge make_gauge(std::string const& name, std::string const& help, labels const& l = {});
  // Lives as long as the registry.
  histogram& make_histogram(std::string const& name, std::string const& help, std::vector<double> const& bounds,
                            labels const& l = {});
  // Asked at each scrape, under a lock; must not call back into the registry. It must stay callable while scrape() may
  // run: what it reads has to outlive the registry's last scrape.
  void gauge_at_scrape(std::string const& name, std::string const& help, std::function<double()> read,
                       labels const& l = {});
  void counter_at_scrape(std::string const& name, std::string const& help, std::function<double()> read,
                         labels const& l = {});

  // Counts one answered request. No lock and no allocation but for the first of its (method, route, status).
  void http_done(http_exchange const& exchange);
  gauge http_in_flight;

  // `reason` is one of a few literals: "bad_token", "token_expired", "bad_key", "bad_password", "locked_out", ...
  void auth_failed(std::string_view reason);

  counter events_appended;
  histogram& append_seconds; // from queue to answer
  histogram& fsync_seconds;
  histogram& batch_commands; // commands that shared one fsync
  gauge sequencer_queue;

  std::string scrape() const;

 private:
  std::unique_ptr<http_table> http_;
};

} // namespace alloy::metrics
