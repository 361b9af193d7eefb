#include "core/prefix.hpp"
#include "domain/projects.hpp"
#include "domain/tags.hpp"
#include "domain/teams.hpp"
#include "projections/child_index.hpp"
#include "projections/ticket_index.hpp"
#include "projections/ticket_list.hpp"
#include "tests/model/compare.hpp"
#include "tests/model/server.hpp"

#include <algorithm>

namespace alloy::model {
namespace {

using projections::ticket_filter;
using projections::ticket_order;

class indexes {
 public:
  indexes(world const& w, reader const& state) : w_(w), state_(state) {
    query_.scopes.push_back({org_id(), {}, true});
    for (auto const& [id, p] : w.projects) query_.scopes.front().projects.push_back(id_of(entity::project, id));
  }

  faults run() {
    filters();
    orders();
    rows();
    names();
    belongings();
    return std::move(out_);
  }

 private:
  void expect(bool holds, std::string const& what) {
    if (!holds) out_.push_back(what);
  }
  template <class F> void list(std::string const& what, ticket_filter filter, F wanted) {
    query_.scopes.front().filter = std::move(filter);
    listed(what, wanted, [](number, ticket const& t) { return t.created; });
  }
  // The tickets that are wanted, in the order that `first` gives, then of their creation.
  template <class F, class First> void listed(std::string const& what, F wanted, First first) {
    std::vector<std::tuple<std::int64_t, std::int64_t, number>> all;
    for (auto const& [id, t] : w_.tickets)
      if (wanted(id, t)) all.emplace_back(first(id, t), t.created, id);
    std::sort(all.begin(), all.end());
    auto const page = projections::list_tickets(state_, query_, {100, {}});
    bool same = page.rows.size() == all.size() && page.next.empty();
    for (std::size_t i = 0; same && i < all.size(); ++i)
      same = json::stored<domain::ticket>(page.rows[i]).id == id_of(entity::ticket, std::get<2>(all[i]));
    expect(same, "the list of tickets by " + what + " differs: it has " + std::to_string(page.rows.size()) +
                     " and should have " + std::to_string(all.size()));
  }

  void filters() {
    for (unsigned n = 0; n < 5; ++n) {
      auto const status = status_named(n);
      ticket_filter by_status, by_priority;
      by_status.status = {status};
      list("status", by_status, [&](number, ticket const& t) { return t.status == status; });
      by_priority.priority = {static_cast<priority>(n)};
      list("priority", by_priority, [&](number, ticket const& t) { return t.priority == static_cast<priority>(n); });
    }
    for (number n = 0; n < users; ++n) {
      ticket_filter by_assignee, by_reporter;
      by_assignee.assignee = projections::id_filter{{id_of(entity::user, n)}, false};
      list("assignee", by_assignee, [&](number, ticket const& t) { return t.assignee == n; });
      by_reporter.reporter = {id_of(entity::user, n)};
      list("reporter", by_reporter, [&](number, ticket const& t) { return t.reporter == n; });
    }
    for (number n = 0; n < sprints; ++n) {
      ticket_filter f;
      f.sprint = projections::id_filter{{id_of(entity::sprint, n)}, false};
      list("sprint", f, [&](number, ticket const& t) { return t.sprint == n; });
    }
    for (number n = 0; n < labels; ++n) {
      ticket_filter f;
      f.label = {id_of(entity::label, n)};
      list("label", f, [&](number, ticket const& t) { return t.labels.contains(n); });
    }
    ticket_filter unassigned, backlog;
    unassigned.assignee = projections::id_filter{{}, true};
    list("no assignee", unassigned, [](number, ticket const& t) { return !t.assignee; });
    backlog.sprint = projections::id_filter{{}, true};
    list("no sprint", backlog, [](number, ticket const& t) { return !t.sprint; });
    for (std::string const value : {"value 0", "value 1"}) {
      ticket_filter f;
      f.tag = {{"area", value}};
      list("tag", f, [&](number id, ticket const&) {
        auto const tags = w_.tags.find({entity::ticket, id});
        if (tags == w_.tags.end()) return false;
        auto const tag = tags->second.values.find("area");
        return tag != tags->second.values.end() && tag->second == value;
      });
    }
  }

  void orders() {
    auto const all = [](number, ticket const&) { return true; };
    query_.scopes.front().filter = {};
    query_.order = ticket_order::updated_at;
    listed("update", all, [](number, ticket const& t) { return t.updated; });
    query_.order = ticket_order::priority;
    listed("priority, in its order", all,
           [](number, ticket const& t) { return static_cast<std::int64_t>(t.priority); });
    query_.order = ticket_order::created_at;
  }

  // As many rows as there should be: none is left over.
  void rows() {
    std::size_t labeled = 0, due = 0, tagged = 0;
    for (auto const& [id, t] : w_.tickets) {
      labeled += t.labels.size();
      due += t.due ? 1 : 0;
    }
    for (auto const& [of, tags] : w_.tags) tagged += tags.values.size();
    auto const count = [&](table in, std::size_t wanted, char const* what) {
      auto const found = count_rows(state_, key(org_id(), in));
      expect(found == wanted, std::string("the index by ") + what + " has " + std::to_string(found) +
                                  " rows and should have " + std::to_string(wanted));
    };
    count(table::ticket_by_status, w_.tickets.size(), "status");
    count(table::ticket_by_priority, w_.tickets.size(), "priority");
    count(table::ticket_by_updated, w_.tickets.size(), "update");
    count(table::ticket_by_assignee, w_.tickets.size(), "assignee");
    count(table::ticket_by_sprint, w_.tickets.size(), "sprint");
    count(table::ticket_by_reporter, w_.tickets.size(), "reporter");
    count(table::ticket_by_due, due, "due date");
    count(table::ticket_by_label, labeled, "label");
    count(table::ticket_by_number, w_.references.size(), "number");
    count(table::tag_by_value, tagged, "tag");
    count(table::label_by_name, w_.labels.size(), "label's name");
    count(table::team_by_name, w_.teams.size(), "team's name");
    count(table::workflow_by_name, w_.workflows.size(), "workflow's name");
    count(table::project_by_key, w_.projects.size(), "project's key");
    count(table::team_by_member, w_.team_members.size(), "team's member");
    count(table::sprint_by_project, w_.sprints.size(), "sprint's project");
    count(table::comment_by_ticket, w_.comments.size(), "comment's ticket");
    for (auto const& [id, p] : w_.projects) {
      auto const in = [&, project = id](auto const& t) { return t.second.project == project; };
      auto const wanted = std::count_if(w_.tickets.begin(), w_.tickets.end(), in);
      expect(projections::count_tickets(state_, org_id(), id_of(entity::project, id)) ==
                 static_cast<std::uint64_t>(wanted),
             "the tickets of project " + std::to_string(id) + " are miscounted");
    }
  }

  void leads(key const& where, uuid const& to, std::string const& what) {
    std::string id;
    expect(state_.get(where, id) && id == to.view(), what + " leads elsewhere");
  }
  void names() {
    for (auto const& [id, l] : w_.labels)
      leads(domain::label_name_key(org_id(), l.name), id_of(entity::label, id), l.name);
    for (auto const& [id, t] : w_.teams)
      leads(domain::team_name_key(org_id(), t.name), id_of(entity::team, id), t.name);
    for (auto const& [id, w] : w_.workflows)
      leads(domain::workflow_name_key(org_id(), w.name), id_of(entity::workflow, id), w.name);
    for (auto const& [id, p] : w_.projects)
      leads(domain::project_by_key(org_id(), project_key(id)), id_of(entity::project, id), project_key(id));
    for (auto const& [place, id] : w_.references)
      leads(projections::numbers_of(org_id(), id_of(entity::project, place.first))
                .add(static_cast<std::uint64_t>(place.second)),
            id_of(entity::ticket, id), project_key(place.first) + "-" + std::to_string(place.second));
  }
  void belongings() {
    for (auto const& [id, s] : w_.sprints)
      expect(state_.has(
                 projections::sprints_of(org_id(), id_of(entity::project, s.project)).add(id_of(entity::sprint, id))),
             "sprint " + std::to_string(id) + " is not in its project");
    for (auto const& [id, c] : w_.comments)
      expect(state_.has(
                 projections::comments_of(org_id(), id_of(entity::ticket, c.ticket)).add(id_of(entity::comment, id))),
             "comment " + std::to_string(id) + " is not at its ticket");
  }

  world const& w_;
  reader const& state_;
  projections::ticket_query query_;
  faults out_;
};

} // namespace

faults compare_indexes(world const& w, reader const& state) {
  return indexes(w, state).run();
}

} // namespace alloy::model
