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
  tracker();
  static events::ticket_created first_ticket();
  void has_account(uuid const& user); // they can log in

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
  void then_ticket(std::initializer_list<events::event> all, std::string const& warning = {});
};

inline std::string quoted(uuid const& id) {
  return "\"" + to_string(id) + "\"";
}

} // namespace alloy::domain
