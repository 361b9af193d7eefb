#include "projections/ticket_filter.hpp"

#include "domain/tags.hpp"
#include "projections/ticket_index.hpp"

#include <algorithm>
#include <map>

namespace alloy::projections {
namespace {

// With a set that is small by itself, joining more projects than this costs more than looking at documents.
constexpr std::size_t joined_projects_max = 16;
// Of so many statuses, each in each project, documents are asked for theirs: the sets alone would take longer.
constexpr std::size_t joined_sets_max = 4096;

template <class T> bool among(std::vector<T> const& wanted, T const& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

// Ranks that were gathered from an index of another order.
class gathered final : public rank_cursor {
 public:
  gathered(std::vector<rank> all, direction way) : all_(std::move(all)), way_(way) {
    std::sort(all_.begin(), all_.end());
    if (way_ == direction::descending) std::reverse(all_.begin(), all_.end());
  }
  void start() override { next_ = 0; }
  void seek(rank const& to) override {
    next_ = static_cast<std::size_t>(
        std::lower_bound(all_.begin(), all_.end(), to,
                         [&](rank const& a, rank const& b) { return way_ == direction::ascending ? a < b : b < a; }) -
        all_.begin());
  }
  void next() override { ++next_; }
  bool valid() const override { return next_ < all_.size(); }
  rank at() const override { return all_[next_]; }

 private:
  std::vector<rank> all_;
  direction way_;
  std::size_t next_ = 0;
};

// The tickets whose text matches.
class matching final : public rank_cursor {
 public:
  matching(ticket_scope const& scope, direction way)
      : matches_(scope.text->rows, scope.tenant, scope.text->query, {}, way) {}
  void start() override { found_ = matches_.begin(); }
  void seek(rank const& to) override { found_ = matches_.seek(to); }
  void next() override { found_ = matches_.next(); }
  bool valid() const override { return found_; }
  rank at() const override { return matches_.at(); }

 private:
  match_cursor matches_;
  bool found_ = false;
};

class planner {
 public:
  planner(reader const& state, ticket_scope const& scope, direction way) : state_(state), scope_(scope), way_(way) {}

  ticket_sets plan(std::optional<priority> only, bool with_text) {
    auto const& f = scope_.filter;
    if (with_text && scope_.text) sets_.all.push_back(std::make_unique<matching>(scope_, way_));
    bounded_ = scope_.text != nullptr;
    held(f.assignee, table::ticket_by_assignee);
    held(f.sprint, table::ticket_by_sprint);
    named(f.reporter, table::ticket_by_reporter);
    named(f.label, table::ticket_by_label);
    if (!f.tag.empty()) {
      std::vector<std::string> either;
      for (auto const& t : f.tag) tagged(t, either);
      add(std::move(either));
    }
    if (f.due_before) range({key(scope_.tenant, table::ticket_by_due).str()}, due_on(scope_.tenant, *f.due_before));
    if (f.updated_since) updated(*f.updated_since);
    if (f.created_since) sets_.exact = false;
    at_home(only);
    return std::move(sets_);
  }

 private:
  void add(std::vector<std::string> either) { sets_.all.push_back(members_of_any(state_, std::move(either), way_)); }

  void held(std::optional<id_filter> const& f, table by) {
    if (!f) return;
    std::vector<std::string> either;
    for (auto const& id : f->any) either.push_back(holders_of(scope_.tenant, by, id).str());
    if (f->none)
      for (auto const& p : scope_.projects) either.push_back(without_any(scope_.tenant, by, p).str());
    add(std::move(either));
  }

  void named(std::vector<uuid> const& ids, table by) {
    if (ids.empty()) return;
    std::vector<std::string> either;
    for (auto const& id : ids) either.push_back(holders_of(scope_.tenant, by, id).str());
    add(std::move(either));
  }

  void tagged(tag_filter const& t, std::vector<std::string>& either) {
    auto const of_key = domain::tag_values(scope_.tenant, entity::ticket, t.key).str();
    if (t.value)
      either.push_back(domain::tag_values(scope_.tenant, entity::ticket, t.key, *t.value).str());
    else { // every value there is, found by jumping from one to the next
      auto const values = state_.cursor(of_key, after_prefix(of_key), direction::ascending);
      for (values->seek(of_key); values->valid();) {
        std::string const k(values->key());
        auto const prefix = k.substr(0, k.size() - rank::size);
        either.push_back(prefix);
        values->seek(after_prefix(prefix));
      }
    }
  }

  // A few tickets out of an index of another order are gathered; where they are many, documents decide.
  void range(std::vector<std::string> const& from, std::string_view to = {}) {
    std::vector<rank> found;
    for (auto const& begin : from) {
      // by_updated: from here to the end of its project; by_due: to the day asked for.
      auto const end = to.empty() ? after_prefix(std::string_view(begin).substr(0, begin.size() - 8)) : std::string(to);
      state_.scan(begin, end, direction::ascending, [&](std::string_view k, std::string_view) {
        found.push_back(rank::at_end_of(k));
        return found.size() <= gathered_max;
      });
      if (found.size() > gathered_max) {
        sets_.exact = false;
        return;
      }
    }
    sets_.all.push_back(std::make_unique<gathered>(std::move(found), way_));
  }

  void updated(timestamp since) {
    std::vector<std::string> from;
    for (auto const& p : scope_.projects)
      from.push_back(
          updates_of(scope_.tenant, p).add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, since.ms))).str());
    range(from);
  }

  std::vector<std::string> statuses_in(uuid const& project) {
    auto const& f = scope_.filter;
    if (!f.status.empty()) return f.status;
    std::vector<std::string> names;
    auto const p = domain::find<domain::project>(state_, scope_.tenant, project);
    auto const w = p ? domain::find<domain::workflow>(state_, scope_.tenant, p->workflow_id) : std::nullopt;
    if (w)
      for (auto const& s : w->statuses)
        if (among(f.category, s.category)) names.push_back(s.name);
    return names;
  }

  // The sets that are kept by project.
  void at_home(std::optional<priority> only) {
    auto const& f = scope_.filter;
    bool const by_status = !f.status.empty() || !f.category.empty();
    bool const by_priority = only || !f.priority.empty();
    bool const bounded = bounded_ || !sets_.all.empty(); // by a set that is found without the projects
    if (!f.status.empty() && !f.category.empty()) sets_.exact = false;
    if (bounded && scope_.projects.size() > joined_projects_max) {
      sets_.exact = sets_.exact && !by_status && !by_priority && scope_.whole_tenant;
      return;
    }
    if (bounded && !by_status && !by_priority && scope_.whole_tenant) return;
    std::vector<std::string> statuses, priorities;
    if (by_status)
      for (auto const& project : scope_.projects) {
        for (auto const& name : statuses_in(project)) statuses.push_back(status_of(scope_.tenant, project, name).str());
        if (statuses.size() > joined_sets_max) break;
      }
    bool const joins_statuses = by_status && statuses.size() <= joined_sets_max;
    sets_.exact = sets_.exact && joins_statuses == by_status;
    if (joins_statuses) add(std::move(statuses));
    if (joins_statuses && !by_priority) return;
    for (auto const& project : scope_.projects)
      for (auto const p : {priority::Urgent, priority::High, priority::Medium, priority::Low, priority::None})
        if (only ? p == *only : among(f.priority, p))
          priorities.push_back(priority_of(scope_.tenant, project, p).str());
    add(std::move(priorities));
  }

  reader const& state_;
  ticket_scope const& scope_;
  direction const way_;
  bool bounded_ = false;
  ticket_sets sets_;
};

} // namespace

bool id_filter::matches(std::optional<uuid> const& id) const noexcept {
  return id ? std::find(any.begin(), any.end(), *id) != any.end() : none;
}

bool ticket_filter::matches(reader const& state, uuid const& tenant, domain::ticket const& t) const {
  bool const document =
      among(status, t.status) && among(category, t.category) && among(priority, t.priority) &&
      (!assignee || assignee->matches(t.assignee_id)) && (!sprint || sprint->matches(t.sprint_id)) &&
      among(reporter, t.reporter_id) &&
      (label.empty() ||
       std::any_of(t.labels.begin(), t.labels.end(), [&](uuid const& id) { return among(label, id); })) &&
      (!updated_since || t.updated_at >= *updated_since) && (!created_since || t.created_at >= *created_since) &&
      (!due_before || (t.due_date && *t.due_date < *due_before));
  if (!document || tag.empty()) return document;
  std::string stored;
  if (!state.get(key(tenant, table::tags).add_byte(static_cast<std::uint8_t>(entity::ticket)).add(t.id), stored))
    return false;
  auto const tags = json::stored<std::map<std::string, std::string>>(domain::row::json_of(stored));
  return std::any_of(tags.begin(), tags.end(), [&](auto const& one) {
    auto const folded = fold_name(one.first);
    if (std::none_of(tag.begin(), tag.end(), [&](tag_filter const& wanted) { return wanted.key == folded; }))
      return false;
    auto const value = fold_name(one.second);
    return std::any_of(tag.begin(), tag.end(), [&](tag_filter const& wanted) {
      return wanted.key == folded && (!wanted.value || *wanted.value == value);
    });
  });
}

ticket_sets sets_of(reader const& state, ticket_scope const& scope, direction way, std::optional<priority> only) {
  return planner(state, scope, way).plan(only, true);
}

ticket_sets sets_beside_text(reader const& state, ticket_scope const& scope, direction way) {
  return planner(state, scope, way).plan({}, false);
}

} // namespace alloy::projections
