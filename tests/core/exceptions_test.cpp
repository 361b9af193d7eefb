#include "core/exceptions.hpp"

#include "core/fault_point.hpp"
#include "core/metrics.hpp"

#include <boost/test/unit_test.hpp>
#include <new>
#include <stdexcept>

using namespace alloy;

BOOST_AUTO_TEST_SUITE(exceptions_suite)

BOOST_AUTO_TEST_CASE(what_is_thrown_is_counted_where_it_was_met_and_goes_no_further) {
  auto const before = exceptions_at(thrown_at::search);
  BOOST_TEST(contained(thrown_at::search, [] {}));
  BOOST_TEST(!contained(thrown_at::search, [] { throw std::runtime_error("a bug"); }));
  BOOST_TEST(!contained(thrown_at::search, [] { throw std::bad_alloc(); }));
  BOOST_TEST(!contained(thrown_at::search, [] { throw 42; }));
  BOOST_TEST(exceptions_at(thrown_at::search) == before + 3);
}

BOOST_AUTO_TEST_CASE(every_place_has_a_series_from_the_beginning) {
  metrics::registry const registry;
  auto const text = registry.scrape();
  for (std::size_t n = 0; n < static_cast<std::size_t>(thrown_at::count); ++n) {
    auto const name = std::string(name_of(static_cast<thrown_at>(n)));
    BOOST_TEST(!name.empty());
    BOOST_TEST(text.find("alloy_exceptions_total{where=\"" + name + "\"} ") != std::string::npos, name);
  }
}

BOOST_AUTO_TEST_CASE(a_reading_that_throws_is_left_out_of_the_scrape) {
  metrics::registry registry;
  registry.gauge_at_scrape("alloy_good", "Well", [] { return 1.0; });
  registry.gauge_at_scrape("alloy_bad", "Not well", []() -> double { throw std::runtime_error("a bug"); });
  auto const text = registry.scrape();
  BOOST_TEST(text.find("alloy_good 1") != std::string::npos);
  BOOST_TEST(text.find("alloy_bad ") == text.find("alloy_bad Not well")); // its help alone
}

BOOST_AUTO_TEST_CASE(a_fault_point_throws_at_the_passing_that_was_asked_for_and_at_no_other) {
  int thrown = 0;
  auto const pass = [&](std::string_view name) {
    try {
      fault_points::pass(name);
    } catch (std::bad_alloc const&) {
      thrown += 100;
    } catch (std::runtime_error const&) {
      ++thrown;
    }
  };
  for (std::string_view const nothing : {"", "after_batch", "throw", "kill:here"}) {
    fault_points::arm(nothing, 1);
    pass("here");
    pass("after_batch");
  }
  BOOST_TEST(thrown == 0);
  fault_points::arm("throw:here", 2);
  for (int n = 0; n < 5; ++n) pass("here");
  pass("there");
  BOOST_TEST(thrown == 1);
  fault_points::arm("no_memory:here", 1);
  for (int n = 0; n < 5; ++n) pass("here");
  BOOST_TEST(thrown == 101);
  fault_points::arm("", 1);
}

BOOST_AUTO_TEST_SUITE_END()
