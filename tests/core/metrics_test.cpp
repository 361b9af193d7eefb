#include "core/metrics.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace alloy;

namespace {

bool has(std::string const& text, std::string const& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

std::size_t series_of(std::string const& text, std::string const& name) {
  std::size_t count = 0;
  for (auto at = text.find("\n" + name + "{"); at != text.npos; at = text.find("\n" + name + "{", at + 1)) ++count;
  return count;
}

double value_of(std::string const& text, std::string const& name) {
  auto const at = text.find("\n" + name + " ");
  BOOST_REQUIRE_MESSAGE(at != text.npos, name);
  return std::stod(text.substr(at + name.size() + 2));
}

} // namespace

BOOST_AUTO_TEST_SUITE(metrics_suite)

BOOST_AUTO_TEST_CASE(requests_are_counted_by_method_route_and_code) {
  metrics::registry m;
  for (int i = 0; i < 3; ++i) m.http_done({"GET", "/tickets/{id}", 200, 0.003, 10, 100});
  m.http_done({"GET", "/tickets/{id}", 404, 3, 0, 5});
  m.http_done({"BREW", "/tickets/{id}", 405, 0.0001, 0, 5});
  auto const text = m.scrape();
  BOOST_TEST(has(text, "alloy_http_requests_total{code=\"200\",method=\"GET\",route=\"/tickets/{id}\"} 3"), text);
  BOOST_TEST(has(text, "alloy_http_requests_total{code=\"404\",method=\"GET\",route=\"/tickets/{id}\"} 1"));
  BOOST_TEST(has(text, "alloy_http_requests_total{code=\"405\",method=\"other\",route=\"/tickets/{id}\"} 1"));
  BOOST_TEST(has(text, "alloy_http_request_duration_seconds_count{route=\"/tickets/{id}\"} 5"));
  BOOST_TEST(has(text, "alloy_http_request_duration_seconds_bucket{route=\"/tickets/{id}\",le=\"0.001\"} 1"));
  BOOST_TEST(has(text, "alloy_http_request_duration_seconds_bucket{route=\"/tickets/{id}\",le=\"0.005\"} 4"));
  BOOST_TEST(has(text, "alloy_http_request_duration_seconds_bucket{route=\"/tickets/{id}\",le=\"+Inf\"} 5"));
  BOOST_TEST(value_of(text, "alloy_http_request_bytes_total") == 30);
  BOOST_TEST(value_of(text, "alloy_http_response_bytes_total") == 310);
}

BOOST_AUTO_TEST_CASE(equal_routes_at_other_addresses_are_one_series) {
  metrics::registry m;
  std::string const one = "/a/{id}";
  auto const two = one + "";
  m.http_done({"GET", one, 200});
  m.http_done({"GET", two, 200});
  {
    // The same memory with another text must not be taken for the first.
    std::string reused = "/b/{id}";
    m.http_done({"GET", reused, 200});
    reused = "/c/{id}";
    m.http_done({"GET", reused, 200});
  }
  auto const text = m.scrape();
  BOOST_TEST(has(text, "alloy_http_requests_total{code=\"200\",method=\"GET\",route=\"/a/{id}\"} 2"));
  BOOST_TEST(series_of(text, "alloy_http_requests_total") == 3U);
}

BOOST_AUTO_TEST_CASE(routes_without_bound_cannot_fill_the_memory) {
  metrics::registry m;
  for (int i = 0; i < 6000; ++i) m.http_done({"GET", "/made/" + std::to_string(i), 200});
  auto const text = m.scrape();
  BOOST_TEST(series_of(text, "alloy_http_requests_total") <= 2049U);
  BOOST_TEST(has(text, "alloy_http_requests_total{code=\"200\",method=\"GET\",route=\"other\"} " +
                           std::to_string(6000 - 2048)));
}

BOOST_AUTO_TEST_CASE(threads_lose_no_count) {
  metrics::registry m;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&m] {
      for (int i = 0; i < 5000; ++i) {
        m.http_done({"GET", i % 2 == 0 ? "/even" : "/odd", 200, 0.01, 1, 1});
        m.fsync_seconds.observe(0.5);
        m.events_appended.add(2);
        m.http_in_flight.add(i % 2 == 0 ? 1 : -1);
        if (i % 1000 == 0) (void)m.scrape();
      }
    });
  for (auto& thread : threads) thread.join();
  auto const text = m.scrape();
  BOOST_TEST(has(text, "alloy_http_requests_total{code=\"200\",method=\"GET\",route=\"/even\"} 10000"));
  BOOST_TEST(has(text, "alloy_http_request_duration_seconds_count{route=\"/odd\"} 10000"));
  BOOST_TEST(value_of(text, "alloy_fsync_duration_seconds_count") == 20000);
  BOOST_TEST(value_of(text, "alloy_fsync_duration_seconds_sum") == 10000);
  BOOST_TEST(value_of(text, "alloy_events_appended_total") == 40000);
  BOOST_TEST(value_of(text, "alloy_http_requests_in_flight") == 0);
}

BOOST_AUTO_TEST_CASE(a_value_on_a_bound_belongs_below_it) {
  metrics::histogram h({1, 2});
  for (double const value : {0.5, 1.0, 1.5, 2.0, 2.5}) h.observe(value);
  auto const counts = h.read();
  BOOST_TEST(counts.buckets == (std::vector<std::uint64_t>{2, 2, 1}), boost::test_tools::per_element());
  BOOST_TEST(counts.sum == 7.5);
}

BOOST_AUTO_TEST_CASE(the_same_name_is_the_same_meter_and_a_bad_name_is_a_bug) {
  metrics::registry m;
  m.make_counter("alloy_things_total", "Things.").add();
  m.make_counter("alloy_things_total", "Things.").add(2);
  BOOST_TEST(&m.make_histogram("alloy_h_seconds", "H.", {1}) == &m.make_histogram("alloy_h_seconds", "H.", {1}));
  BOOST_TEST(value_of(m.scrape(), "alloy_things_total") == 3);
  BOOST_CHECK_THROW(m.make_counter("alloy things", "Things."), std::invalid_argument);
  BOOST_CHECK_THROW(m.gauge_at_scrape("alloy_h_seconds", "H.", [] { return 1.0; }), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(values_are_asked_for_at_each_scrape) {
  metrics::registry m;
  double depth = 1;
  m.gauge_at_scrape("alloy_some_depth", "Depth.", [&] { return depth; }, {{"queue", "a\"\\\nb"}});
  BOOST_TEST(m.scrape().find("alloy_some_depth{queue=\"a\\\"\\\\\\nb\"} 1") != std::string::npos);
  depth = 2;
  BOOST_TEST(m.scrape().find("alloy_some_depth{queue=\"a\\\"\\\\\\nb\"} 2") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_process_describes_itself) {
  metrics::registry const m;
  auto const text = m.scrape();
  BOOST_TEST(text.find("alloy_build_info{compiler=\"") != text.npos);
  BOOST_TEST(value_of(text, "process_resident_memory_bytes") > 1e6);
  BOOST_TEST(value_of(text, "process_open_fds") >= 3);
  BOOST_TEST(value_of(text, "process_max_fds") >= value_of(text, "process_open_fds"));
  BOOST_TEST(value_of(text, "process_threads") >= 1);
  BOOST_TEST(value_of(text, "process_cpu_seconds_total") >= 0);
  BOOST_TEST(value_of(text, "process_start_time_seconds") > 1.6e9);
  BOOST_TEST(value_of(text, "process_start_time_seconds") <= static_cast<double>(std::time(nullptr)) + 2);
}

BOOST_AUTO_TEST_CASE(promtool_finds_no_fault) {
  if (std::system("command -v promtool >/dev/null") != 0) {
    BOOST_TEST_MESSAGE("promtool is not installed: not checked");
    return;
  }
  metrics::registry m;
  m.http_done({"GET", "/tickets/{id}", 200, 0.003, 10, 100});
  m.auth_failed("expired");
  m.batch_commands.observe(3);
  auto const path = "/tmp/alloy-metrics-" + std::to_string(::getpid());
  std::ofstream(path) << m.scrape();
  auto const said_path = path + ".said";
  auto const code = std::system(("promtool check metrics <" + path + " >" + said_path + " 2>&1").c_str());
  std::ifstream said(said_path);
  std::string const words{std::istreambuf_iterator<char>(said), {}};
  std::remove(path.c_str());
  std::remove(said_path.c_str());
  BOOST_TEST(code == 0, words);
  BOOST_TEST(words.empty(), words);
}

BOOST_AUTO_TEST_SUITE_END()
