#include "projections/project_summary.hpp"

#include "tests/projections/history.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::projections {
namespace {

struct summaries {
  tests::map_view state;
  history h{state};

  project_summary summary(date today = date{20'003}) const {
    return summarize(state, domain::find<domain::project>(state, history::org(), history::project(0)).value(), today);
  }
};

} // namespace

BOOST_FIXTURE_TEST_SUITE(summary_of_a_project, summaries)

BOOST_AUTO_TEST_CASE(a_new_project_has_every_status_and_nothing_in_it) {
  BOOST_TEST(json::to_string(summary().counts) ==
             R"({"by_status":{"Backlog":0,"Cancelled":0,"Done":0,"InProgress":0,"Ready":0,"Review":0},)"
             R"("by_category":{"todo":0,"in_progress":0,"done":0}})");
  BOOST_TEST(summary().active_sprints.empty());
  BOOST_TEST(summary().hours_this_month == "0.00");
  BOOST_TEST((summary().project.id == history::project(0)));
}

BOOST_AUTO_TEST_CASE(tickets_are_counted_by_status_and_category) {
  for (unsigned n = 0; n < 5; ++n) h.take({0, 0, 0});
  h.take({0, 1, 0}); // of the other project
  for (unsigned const status : {1U, 2U, 3U, 5U}) h.take({1, status - 1, status});
  auto const s = summary();
  BOOST_TEST(json::to_string(s.counts) ==
             R"({"by_status":{"Backlog":1,"Cancelled":1,"Done":0,"InProgress":1,"Ready":1,"Review":1},)"
             R"("by_category":{"todo":2,"in_progress":2,"done":1}})");
  BOOST_TEST(s.open == 4U);
}

BOOST_AUTO_TEST_CASE(late_is_what_was_due_before_today_and_is_not_done) {
  h.take({0, 0, 1}); // due on day 20001
  h.take({0, 0, 1});
  h.take({0, 0, 5}); // due on day 20005
  h.take({0, 0, 0}); // not due
  h.take({0, 1, 1}); // of the other project
  BOOST_TEST(summary(date{20'001}).overdue == 0U);
  BOOST_TEST(summary(date{20'002}).overdue == 2U);
  BOOST_TEST(summary(date{20'006}).overdue == 3U);
  h.take({1, 0, 4}); // the first is Done
  BOOST_TEST(summary(date{20'006}).overdue == 2U);
}

BOOST_AUTO_TEST_CASE(sprints_that_run_are_shown) {
  auto s = domain::find<domain::sprint>(state, history::org(), history::sprint(0, 1)).value();
  s.status = sprint_status::Active;
  domain::put(state, history::org(), s);
  BOOST_TEST_REQUIRE(summary().active_sprints.size() == 1U);
  BOOST_TEST((summary().active_sprints.front().id == s.id));
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::projections
