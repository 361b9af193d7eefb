#include "tests/model/oracle.hpp"

#include "tests/model/taking_back.hpp"

namespace alloy::model {
namespace {

template <class Map, class F> void each_difference(Map const& before, Map const& after, F f) {
  for (auto const& [id, e] : before)
    if (auto const now = after.find(id); now == after.end() || !(now->second == e)) f(id, e);
  for (auto const& [id, e] : after)
    if (!before.contains(id)) f(id, e);
}

} // namespace

oracle::oracle() : clock_(1'775'035'800'000) {
  stamps const at{clock_, clock_, 1};
  auto const join = [&](number user, role rank) {
    member m;
    static_cast<stamps&>(m) = at;
    m.role = rank;
    m.finance = rank == role::Owner;
    now_.members.emplace(user, m);
  };
  join(0, role::Owner);
  join(1, role::Member);
  join(2, role::Reporter);
  workflow f;
  static_cast<stamps&>(f) = at;
  f.name = "Default";
  f.statuses = *workflow_of({verb::create_workflow}).statuses;
  now_.workflows.emplace(0, f);
  project p;
  static_cast<stamps&>(p) = at;
  p.name = project_key(0);
  now_.projects.emplace(0, p);
  note({}, 0);
  worlds_.push_back(now_);
}

void oracle::skip(command const& c) {
  clock_ += c.ms;
  ++taken_;
}

outcome oracle::take(command const& c) {
  skip(c);
  auto const before = now_;
  auto const done = c.what == verb::undo ? undo(c) : decide(c);
  if (!done.changed) {
    now_ = before;
    return done;
  }
  note(before, worlds_.size());
  worlds_.push_back(now_);
  return done;
}

outcome oracle::decide(command const& c) {
  return rule(
      now_, [&](carrier const& of) { return touched_.contains(of); }, c, clock_, comments + taken_);
}

outcome oracle::undo(command const& c) {
  auto const back = steps_back(c);
  if (back + 1 >= worlds_.size()) return {errc::not_found};
  std::size_t const which = worlds_.size() - 1 - back;
  auto next = taken_back(worlds_[which - 1], worlds_[which], now_, clock_, [&](carrier const& of) {
    auto const at = touched_.find(of);
    return at != touched_.end() && at->second > which;
  });
  if (!next) return {errc::cannot_undo};
  now_ = std::move(*next);
  return {std::nullopt, true};
}

// What is said about a thing touches it: comments, tags, who is in it.
void oracle::note(world const& before, std::size_t command) {
  auto const touch = [&](entity kind) {
    return [this, kind, command](number id, auto const&) { touched_[{kind, id}] = command; };
  };
  each_difference(before.tickets, now_.tickets, touch(entity::ticket));
  each_difference(before.sprints, now_.sprints, touch(entity::sprint));
  each_difference(before.labels, now_.labels, touch(entity::label));
  each_difference(before.teams, now_.teams, touch(entity::team));
  each_difference(before.members, now_.members, touch(entity::member));
  each_difference(before.invites, now_.invites, touch(entity::invite));
  each_difference(before.workflows, now_.workflows, touch(entity::workflow));
  each_difference(before.projects, now_.projects, [&](number id, project const& p) {
    auto const now = now_.projects.find(id);
    bool const counted = before.projects.contains(id) && now != now_.projects.end() && now->second.version == p.version;
    if (!counted) touched_[{entity::project, id}] = command;
  });
  each_difference(before.comments, now_.comments, [&](number id, comment const& k) {
    touched_[{entity::comment, id}] = command;
    touched_[{entity::ticket, k.ticket}] = command;
  });
  each_difference(before.tags, now_.tags, [&](carrier const& of, tag_set const&) { touched_[of] = command; });
  each_difference(before.project_members, now_.project_members, [&](pair const& in, std::int64_t) {
    touched_[{entity::project, in.first}] = command;
  });
  each_difference(before.team_members, now_.team_members, [&](pair const& in, std::int64_t) {
    touched_[{entity::team, in.first}] = command;
  });
}

} // namespace alloy::model
