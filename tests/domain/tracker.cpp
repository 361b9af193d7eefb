#include "tests/domain/tracker.hpp"

namespace alloy::domain {

void tracker::has_account(uuid const& user) {
  facts one;
  record(one, identity_tenant, entity::user, user, events::user_registered{"sealed", "sealed", "hash"});
  given(one);
}

tracker::tracker() {
  for (auto const& user : {owner, ada, bob}) has_account(user);
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

events::ticket_created tracker::first_ticket() {
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

void tracker::then_ticket(std::initializer_list<events::event> all, std::string const& warning) {
  facts expected;
  for (auto const& e : all) record(expected, tenant, entity::ticket, ticket_id, e);
  then(expected, warning);
}

} // namespace alloy::domain
