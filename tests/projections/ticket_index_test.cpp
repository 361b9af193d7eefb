#include "projections/ticket_index.hpp"

#include "projections/child_index.hpp"
#include "tests/projections/any_steps.hpp"

#include <boost/test/unit_test.hpp>

namespace alloy::projections {
namespace {

// Every index row as "table: columns -> ticket", which the keys of the state must spell.
using rows = std::map<std::string, std::string, std::less<>>;

bool is_index(std::string_view key) {
  auto const t = static_cast<std::uint8_t>(key[16]);
  return (t >= static_cast<std::uint8_t>(table::ticket_by_status) &&
          t <= static_cast<std::uint8_t>(table::comment_by_ticket)) ||
         (t >= static_cast<std::uint8_t>(table::ticket_by_reporter) &&
          t <= static_cast<std::uint8_t>(table::ticket_by_due));
}

rows rows_of(tests::map_view const& state) {
  rows all;
  for (auto const& [k, v] : state.rows())
    if (is_index(k)) all[k] = v;
  return all;
}

// What the rows must be, from the entities alone.
rows rows_due(tests::map_view const& state) {
  rows all;
  for (auto const& [k, v] : state.rows()) {
    if (k[16] == static_cast<char>(table::comment)) { // also of a ticket that is gone: nothing leads to them
      auto const c = json::stored<domain::comment>(domain::row::json_of(v));
      all[key(history::org(), table::comment_by_ticket).add(c.ticket_id).add(c.id).str()] = "";
    }
    if (k[16] != static_cast<char>(table::ticket)) continue;
    auto const t = json::stored<ticket>(domain::row::json_of(v));
    auto const begin = [](table of) { return key(history::org(), of); };
    auto const at = [&](key of) { all[of.add(static_cast<std::uint64_t>(t.created_at.ms)).add(t.id).str()] = ""; };
    at(begin(table::ticket_by_status).add(t.project_id).add(t.status));
    at(begin(table::ticket_by_updated).add(t.project_id).add(static_cast<std::uint64_t>(t.updated_at.ms)));
    at(begin(table::ticket_by_priority).add(t.project_id).add_byte(static_cast<std::uint8_t>(t.priority)));
    at(begin(table::ticket_by_reporter).add(t.reporter_id));
    at(t.assignee_id ? begin(table::ticket_by_assignee).add(*t.assignee_id)
                     : begin(table::ticket_by_assignee).add(uuid{}).add(t.project_id));
    at(t.sprint_id ? begin(table::ticket_by_sprint).add(*t.sprint_id)
                   : begin(table::ticket_by_sprint).add(uuid{}).add(t.project_id));
    for (auto const& l : t.labels) at(begin(table::ticket_by_label).add(l));
    if (t.due_date) at(begin(table::ticket_by_due).add(static_cast<std::uint64_t>(t.due_date->days)));
  }
  return all;
}

} // namespace

BOOST_AUTO_TEST_SUITE(ticket_indexes)

RC_BOOST_PROP(index_rows_move_with_the_ticket, ()) {
  tests::map_view state;
  history h(state);
  for (auto const& s : any_steps(60)) h.take(s);
  RC_ASSERT(rows_of(state) == rows_due(state));
}

BOOST_AUTO_TEST_CASE(a_ticket_that_goes_leaves_no_row) {
  tests::map_view state;
  history h(state);
  auto const before = rows_of(state);
  ticket t;
  t.id = id_of(500);
  t.project_id = history::project(0);
  t.assignee_id = history::user(0);
  t.sprint_id = history::sprint(0, 0);
  t.status = "Backlog";
  t.labels = {history::label(0), history::label(1)};
  index_ticket(state, history::org(), std::nullopt, t);
  BOOST_TEST(rows_of(state).size() == before.size() + 8);
  index_ticket(state, history::org(), t, std::nullopt);
  BOOST_TEST((rows_of(state) == before));
}

BOOST_AUTO_TEST_CASE(a_ticket_is_found_by_its_number_in_its_project) {
  tests::map_view state;
  history h(state);
  for (unsigned n = 0; n < 5; ++n) h.take({0, 0, 0});
  BOOST_TEST((ticket_by_number(state, history::org(), history::project(0), 3) == h.tickets()[2]));
  BOOST_TEST(!ticket_by_number(state, history::org(), history::project(0), 6).has_value());
  BOOST_TEST(!ticket_by_number(state, history::org(), history::project(1), 3).has_value());
  BOOST_TEST(!ticket_by_number(state, id_of(9), history::project(0), 3).has_value());
}

BOOST_AUTO_TEST_CASE(an_old_number_leads_to_a_ticket_that_went_elsewhere) {
  tests::map_view state;
  history h(state);
  for (unsigned n = 0; n < 3; ++n) h.take({0, 0, 0});
  h.take({9, 1, 1}); // the second one goes to the other project
  BOOST_TEST((ticket_by_number(state, history::org(), history::project(0), 2) == h.tickets()[1]));
  BOOST_TEST((ticket_by_number(state, history::org(), history::project(1), 1) == h.tickets()[1]));
  h.take({0, 0, 0});
  BOOST_TEST((ticket_by_number(state, history::org(), history::project(0), 4) == h.tickets()[3]));
}

BOOST_AUTO_TEST_CASE(tickets_of_a_status_are_counted_in_their_project) {
  tests::map_view state;
  history h(state);
  for (unsigned n = 0; n < 4; ++n) h.take({0, 0, 0});
  h.take({0, 1, 0});
  h.take({1, 0, 4}); // the first one is Done
  BOOST_TEST(count_status(state, history::org(), history::project(0), "Backlog") == 3U);
  BOOST_TEST(count_status(state, history::org(), history::project(0), "Done") == 1U);
  BOOST_TEST(count_status(state, history::org(), history::project(1), "Backlog") == 1U);
  BOOST_TEST(count_status(state, history::org(), history::project(0), "Back") == 0U); // no prefix of a name
}

BOOST_AUTO_TEST_CASE(sprints_and_comments_are_found_by_their_owner) {
  tests::map_view state;
  history h(state);
  BOOST_TEST(state.has(sprints_of(history::org(), history::project(0)).add(history::sprint(0, 1))));
  BOOST_TEST(!state.has(sprints_of(history::org(), history::project(1)).add(history::sprint(0, 1))));
  events::stored_event e;
  e.tenant = history::org();
  e.subject = {entity::sprint, history::sprint(0, 1)};
  e.what = events::sprint_deleted{history::project(0), "S"};
  index_subject(state, e);
  BOOST_TEST(!state.has(sprints_of(history::org(), history::project(0)).add(history::sprint(0, 1))));
}

BOOST_AUTO_TEST_CASE(tickets_are_named_by_sprint_and_by_status) {
  tests::map_view state;
  history h(state);
  for (unsigned const to : {1U, 2U, 5U, 3U}) h.take({0, 0, to}); // sprints 1, 0, 1 and none
  h.take({1, 1, 4});                                             // the second one is Done
  auto const& t = h.tickets();
  BOOST_TEST((tickets_in_sprint(state, history::org(), history::sprint(0, 1)) == std::vector{t[0], t[2]}));
  BOOST_TEST((tickets_in_sprint(state, history::org(), history::sprint(0, 0)) == std::vector{t[1]}));
  BOOST_TEST(tickets_in_sprint(state, history::org(), history::sprint(1, 0)).empty());
  auto const with = [&](char const* status) {
    return tickets_with_status(state, history::org(), history::project(0), status);
  };
  BOOST_TEST((with("Backlog") == std::vector{t[0], t[2], t[3]}));
  BOOST_TEST((with("Done") == std::vector{t[1]}));
  BOOST_TEST(with("Review").empty());
  BOOST_TEST(count_tickets(state, history::org(), history::project(0)) == 4U);
  BOOST_TEST(count_tickets(state, history::org(), history::project(1)) == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace alloy::projections
