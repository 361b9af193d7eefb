#pragma once
// An organization at work, for the tests of its rules: an owner, two members, the default workflow, two labels, a
// project with two sprints and a ticket.
#include "domain/orgs.hpp"
#include "domain/projects.hpp"
#include "domain/tickets.hpp"
#include "tests/support/decider.hpp"

namespace alloy::domain {

using tests::body;
using tests::id_of;

inline uuid const org_id = id_of(1), owner = id_of(2), ada = id_of(3), bob = id_of(4), stranger = id_of(5),
                  workflow_id = id_of(10), project_id = id_of(11), other_project = id_of(12), sprint_id = id_of(20),
                  next_sprint = id_of(21), bug = id_of(30), urgent = id_of(31), ticket_id = id_of(40),
                  comment_id = id_of(50), nobody_has = id_of(999);

struct tracker : tests::decider {
  tracker() {
    given(entity::org, org_id, events::org_created{"Acme", "acme", "UTC", "USD"});
    for (auto const& [user, rank] : {std::pair{owner, role::Owner}, {ada, role::Member}, {bob, role::Reporter}})
      given(entity::member, user, events::member_added{user, rank, false, {}});
    given(entity::workflow, workflow_id, default_workflow());
    for (auto const& [id, name] : {std::pair{bug, "bug"}, {urgent, "urgent"}})
      given(entity::label, id, events::label_created{name, "#ff0000"});
    for (auto const& [id, key] : {std::pair{project_id, "ALLOY"}, {other_project, "OTHER"}}) {
      events::project_created p;
      p.key = key;
      p.name = "Alloy";
      p.workflow_id = workflow_id;
      given(entity::project, id, p);
    }
    for (auto const& id : {sprint_id, next_sprint})
      given(entity::sprint, id,
            events::sprint_created{project_id, "Sprint", {}, make_date(2026, 4, 1), make_date(2026, 4, 14)});
    given(entity::ticket, ticket_id, first_ticket());
  }

  static events::ticket_created first_ticket() {
    events::ticket_created t;
    t.project_id = project_id;
    t.ticket_number = 1;
    t.reference = "ALLOY-1";
    t.title = "Printer";
    t.status = "Backlog";
    t.priority = priority::Medium;
    t.reporter_id = owner;
    return t;
  }

  domain::org the_org() const { return get<domain::org>(org_id); }
  domain::project the_project() const { return get<domain::project>(project_id); }
  domain::ticket the_ticket() const { return get<domain::ticket>(ticket_id); }
  domain::workflow the_workflow() const { return get<domain::workflow>(workflow_id); }

  // Where no event leads yet.
  template <class E, class F> void make_so(uuid const& id, F change) {
    auto e = get<E>(id);
    change(e);
    put(state, tenant, e);
  }
  void act_as(uuid const& user, role rank) {
    by.user_id = user;
    by.role = rank;
  }
  // On the ticket.
  template <class Command> tracker& command(std::string_view json) {
    when(decide(state, the_project(), the_ticket(), body<Command>(json), by));
    return *this;
  }
  void then_ticket(std::initializer_list<events::event> all, std::string const& warning = {}) {
    facts expected;
    for (auto const& e : all) record(expected, tenant, entity::ticket, ticket_id, e);
    then(expected, warning);
  }
};

inline std::string quoted(uuid const& id) {
  return "\"" + to_string(id) + "\"";
}

} // namespace alloy::domain
