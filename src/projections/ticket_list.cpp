#include "projections/ticket_list.hpp"

#include "projections/ticket_index.hpp"

#include <algorithm>

namespace alloy::projections {
namespace {

constexpr std::size_t chunk_max = 512;         // documents fetched at once, where most are not listed
constexpr std::size_t read_at_once = 64;       // and where all are: a page may be full of bytes after a few
constexpr std::size_t matches_max = 1'000'000; // of a text, listed in an order of their changes or numbers

struct found_ticket {
  std::string place; // in the order asked for
  uuid id;
  std::string json = {};
};

// What one stream is made of.
struct part {
  reader const& state;
  ticket_scope const& scope;
  ticket_order order;
  direction way;
  std::string begin;            // the place to go on from, empty: from the first
  std::size_t wanted;           // about so many will be taken
  std::string weights = {};     // of the text's terms, where the best come first
  std::vector<uuid> moved = {}; // in order: listed by a stream of their own
};

bool is_filtered(ticket_scope const& scope) {
  auto const& f = scope.filter;
  return scope.text || !f.status.empty() || !f.category.empty() || !f.priority.empty() || f.assignee || f.sprint ||
         !f.reporter.empty() || !f.label.empty() || !f.tag.empty() || f.updated_since || f.created_since ||
         f.due_before;
}

// The tickets of one scope in the order asked for, a chunk at a time.
class ticket_stream {
 public:
  explicit ticket_stream(part of) : of_(std::move(of)) {}
  virtual ~ticket_stream() = default;

  found_ticket const* peek() {
    while (next_ == ready_.size() && !ended_) refill();
    return next_ == ready_.size() ? nullptr : &ready_[next_];
  }
  found_ticket take() { return std::move(ready_[next_++]); }
  uuid const& tenant() const noexcept { return of_.scope.tenant; }

 protected:
  // Candidates in order, at least one unless there are no more.
  virtual std::vector<found_ticket> candidates(std::size_t about) = 0;
  virtual bool exact() const { return false; } // every candidate matches
  virtual bool stands_at(domain::ticket const& t, std::string const& place) const {
    return place_in(of_.order, t) == place;
  }

  bool up() const noexcept { return of_.way == direction::ascending; }
  bool keeps(domain::ticket const& t) const {
    auto const& in = of_.scope;
    return (in.whole_tenant || std::find(in.projects.begin(), in.projects.end(), t.project_id) != in.projects.end()) &&
           in.filter.matches(of_.state, in.tenant, t) &&
           (only_.empty() || std::binary_search(only_.begin(), only_.end(), rank_of(t)));
  }
  std::vector<std::optional<std::string>> documents(std::vector<found_ticket> const& of) const {
    std::vector<std::string> keys;
    keys.reserve(of.size());
    for (auto const& one : of) keys.push_back(domain::key_of<domain::ticket>(of_.scope.tenant, one.id).str());
    return of_.state.multi_get(keys);
  }

  part const of_;
  std::vector<rank> only_; // in order; where it is not empty, no other ticket is listed

 private:
  void refill() {
    ready_.clear();
    next_ = 0;
    auto all = candidates(exact() || !is_filtered(of_.scope) ? std::min(read_at_once, of_.wanted)
                                                             : std::min(chunk_max, of_.wanted * 4));
    ended_ = all.empty();
    auto const rows = documents(all);
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (!rows[i] || std::binary_search(of_.moved.begin(), of_.moved.end(), all[i].id)) continue;
      auto const json = domain::row::json_of(*rows[i]);
      if (!exact()) {
        auto const t = json::stored<domain::ticket>(json);
        // A row that leads from where the ticket no longer stands: it is found where it stands now.
        if (!keeps(t) || !stands_at(t, all[i].place)) continue;
      }
      all[i].json.assign(json);
      ready_.push_back(std::move(all[i]));
    }
  }

  std::vector<found_ticket> ready_;
  std::size_t next_ = 0;
  bool ended_ = false;
};

// The join in its own order: of creation, or of creation within each priority.
class joined_stream final : public ticket_stream {
 public:
  explicit joined_stream(part of) : ticket_stream(std::move(of)) { open(); }

 protected:
  bool exact() const override { return exact_; }

  std::vector<found_ticket> candidates(std::size_t about) override {
    std::vector<found_ticket> found;
    while (found.size() < about) {
      if (!join_ && !open()) break;
      if (!join_->valid()) {
        join_.reset();
        continue;
      }
      rank const at = join_->at();
      if (beyond(at)) {
        join_.reset();
        continue;
      }
      found.push_back({place_of(group_, at), at.id()});
      join_->next();
    }
    return found;
  }

 private:
  bool beyond(rank const& at) const { return !up() && of_.scope.filter.created_since && at < earliest(); }
  rank earliest() const { return rank::of(*of_.scope.filter.created_since, {}); }

  // The next group's join, at the place to begin with.
  bool open() {
    bool const grouped = of_.order == ticket_order::priority;
    if (opened_ == (grouped ? 5 : 1)) return false;
    if (grouped) group_ = static_cast<priority>(up() ? opened_ : 4 - opened_);
    ++opened_;
    auto const& only = of_.scope.filter.priority;
    if (group_ && !only.empty() && std::find(only.begin(), only.end(), *group_) == only.end()) return open();
    std::string_view from = of_.begin;
    if (group_ && !from.empty()) {
      auto const begin = static_cast<priority>(from.front());
      if (up() ? *group_ < begin : begin < *group_) return open();
      from = *group_ == begin ? from.substr(1) : std::string_view{};
    }
    auto sets = sets_of(of_.state, of_.scope, of_.way, group_);
    exact_ = sets.exact;
    join_ = all_of(std::move(sets.all), of_.way);
    if (from.empty() && up() && of_.scope.filter.created_since)
      join_->seek(earliest());
    else if (from.empty())
      join_->start();
    else
      join_->seek(rank::at_end_of(from));
    return true;
  }

  int opened_ = 0;
  std::optional<priority> group_;
  rank_cursor_ptr join_;
  bool exact_ = false;
};

// A join that is small: gathered, sorted.
class sorted_stream final : public ticket_stream {
 public:
  sorted_stream(part of, std::vector<rank> members) : ticket_stream(std::move(of)), members_(std::move(members)) {}

 protected:
  std::vector<found_ticket> candidates(std::size_t about) override {
    if (!sorted_) sort();
    std::vector<found_ticket> found;
    while (found.size() < about && next_ < all_.size()) found.push_back(std::move(all_[next_++]));
    return found;
  }

 private:
  void sort() {
    sorted_ = true;
    for (auto const& m : members_) all_.push_back({{}, m.id()});
    auto const rows = documents(all_);
    std::vector<found_ticket> kept;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!rows[i]) continue;
      auto const t = json::stored<domain::ticket>(domain::row::json_of(*rows[i]));
      auto place = place_in(of_.order, t);
      bool const reached = of_.begin.empty() || (up() ? place >= of_.begin : place <= of_.begin);
      if (reached && keeps(t)) kept.push_back({std::move(place), t.id});
    }
    std::sort(kept.begin(), kept.end(),
              [&](auto const& a, auto const& b) { return up() ? a.place < b.place : b.place < a.place; });
    all_ = std::move(kept);
  }

  std::vector<rank> members_;
  std::vector<found_ticket> all_;
  std::size_t next_ = 0;
  bool sorted_ = false;
};

// The index of the order itself, project beside project.
class walking_stream final : public ticket_stream {
 public:
  walking_stream(part of, std::vector<rank> only) : ticket_stream(std::move(of)) {
    only_ = std::move(only);
    open();
  }

 protected:
  std::vector<found_ticket> candidates(std::size_t about) override {
    std::vector<found_ticket> found;
    while (found.size() < about) {
      lane* first = nullptr;
      for (auto& l : lanes_)
        if (!l.place.empty() && (!first || (up() ? l.place < first->place : first->place < l.place))) first = &l;
      if (!first) break;
      // A ticket that went to another project and has the same number there stands in two lanes.
      if (first->place != last_)
        found.push_back(
            {first->place, uuid::from_view(std::string_view(first->place).substr(first->place.size() - 16))});
      last_ = first->place;
      first->rows->next();
      settle(*first);
    }
    return found;
  }

 private:
  struct lane {
    std::string prefix;
    std::unique_ptr<row_cursor> rows;
    std::string place = {}; // empty: at its end
  };

  void settle(lane& l) {
    l.place.clear();
    if (!l.rows->valid()) return;
    l.place.assign(l.rows->key().substr(l.prefix.size()));
    if (of_.order == ticket_order::number) l.place.append(l.rows->value());
    auto const& since = of_.scope.filter.updated_since;
    if (!up() && of_.order == ticket_order::updated_at && since &&
        big_endian_u64(l.place) < static_cast<std::uint64_t>(std::max<std::int64_t>(0, since->ms)))
      l.place.clear();
  }

  void open() {
    for (auto const& project : of_.scope.projects) {
      lane l;
      l.prefix = (of_.order == ticket_order::number ? numbers_of(of_.scope.tenant, project)
                                                    : updates_of(of_.scope.tenant, project))
                     .str();
      auto const end = after_prefix(l.prefix);
      l.rows = of_.state.cursor(l.prefix, end, of_.way);
      // A number's row ends where the place goes on with the id.
      std::string from = of_.begin.empty()
                             ? std::string()
                             : l.prefix + of_.begin.substr(0, of_.order == ticket_order::number ? 8 : of_.begin.size());
      auto const& since = of_.scope.filter.updated_since;
      if (from.empty() && up() && since && of_.order == ticket_order::updated_at)
        from = updates_of(of_.scope.tenant, project)
                   .add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, since->ms)))
                   .str();
      l.rows->seek(!from.empty() ? from : up() ? l.prefix : end);
      settle(l);
      lanes_.push_back(std::move(l));
    }
  }

  std::vector<lane> lanes_;
  std::string last_;
};

// The best matches of a text first, then the newer ones.
class best_stream final : public ticket_stream {
 public:
  explicit best_stream(part of) : ticket_stream(std::move(of)), after_(scored_at(of_.begin)) {}

 protected:
  std::vector<found_ticket> candidates(std::size_t about) override {
    auto const& scope = of_.scope;
    match_cursor matches(scope.text->rows, scope.tenant, scope.text->query, of_.weights);
    auto beside = sets_beside_text(of_.state, scope, direction::ascending);
    auto const others = beside.all.empty() ? nullptr : all_of(std::move(beside.all), direction::ascending);
    bool started = false;
    auto const among_others = [&](rank const& at) {
      if (!others) return true;
      if (!started || (others->valid() && others->at() < at)) others->seek(at);
      started = true;
      return others->valid() && others->at() == at;
    };
    auto const keep = [&](rank const& at) {
      if (!among_others(at)) return false;
      std::string row;
      return beside.exact || (of_.state.get(domain::key_of<domain::ticket>(scope.tenant, at.id()), row) &&
                              keeps(domain::decoded<domain::ticket>::of(row)));
    };
    std::vector<found_ticket> found;
    for (auto const& m : top_matches(matches, about, after_, keep)) {
      found.push_back({place_of(m), m.at.id()});
      after_ = m;
    }
    return found;
  }
  bool exact() const override { return true; }

 private:
  std::optional<scored> after_;
};

// What has moved since the walk began, where it stood then.
class moved_stream final : public ticket_stream {
 public:
  moved_stream(part of, std::vector<placed_ticket> then) : ticket_stream(std::move(of)) {
    for (auto& t : then) {
      bool const reached = of_.begin.empty() || (up() ? t.place >= of_.begin : t.place <= of_.begin);
      if (reached) all_.push_back({std::move(t.place), t.id});
    }
    std::sort(all_.begin(), all_.end(),
              [&](auto const& a, auto const& b) { return up() ? a.place < b.place : b.place < a.place; });
  }

 protected:
  std::vector<found_ticket> candidates(std::size_t about) override {
    std::vector<found_ticket> found;
    while (found.size() < about && next_ < all_.size()) found.push_back(std::move(all_[next_++]));
    return found;
  }
  bool stands_at(domain::ticket const&, std::string const&) const override { return true; }

 private:
  std::vector<found_ticket> all_;
  std::size_t next_ = 0;
};

std::unique_ptr<ticket_stream> stream_of(part of) {
  if (of.order == ticket_order::relevance) return std::make_unique<best_stream>(std::move(of));
  if (of.order == ticket_order::created_at || of.order == ticket_order::priority)
    return std::make_unique<joined_stream>(std::move(of));
  // Without a filter the join is everything; with one it is asked whether it is small.
  std::vector<rank> members;
  if (is_filtered(of.scope)) {
    auto const join = all_of(sets_of(of.state, of.scope, of.way).all, of.way);
    // A document does not tell whether its text matches, so what does is kept at hand.
    std::size_t const most = of.scope.text ? matches_max : gathered_max + 1;
    for (join->start(); join->valid() && members.size() < most; join->next()) members.push_back(join->at());
    if (members.size() <= gathered_max) return std::make_unique<sorted_stream>(std::move(of), std::move(members));
    if (!of.scope.text) members.clear();
    std::sort(members.begin(), members.end());
  }
  return std::make_unique<walking_stream>(std::move(of), std::move(members));
}

} // namespace

page list_tickets(reader const& state, ticket_query const& q, page_request const& ask) {
  // A cursor is a place, the tenant, for two may have a ticket at the same place, and the weights of the text's terms
  // in each scope: pages of one list must agree on how good a match is.
  bool const best_first = q.order == ticket_order::relevance;
  std::size_t const terms = best_first ? q.scopes.empty() ? 0 : q.scopes.front().text->query.terms.size() : 0;
  std::size_t const behind = 16 + terms * q.scopes.size();
  bool const pinned = q.memory && moves(q.order);
  std::string_view cursor = ask.after;
  walk begun = q.begun;
  if (pinned && cursor.size() >= walk::bytes) {
    begun = walk::from_bytes(cursor);
    cursor.remove_prefix(walk::bytes);
  }
  bool const goes_on = cursor.size() > behind;
  auto const last_place = goes_on ? cursor.substr(0, cursor.size() - behind) : std::string_view{};
  uuid const last_tenant = goes_on ? uuid::from_view(cursor.substr(last_place.size())) : uuid{};
  auto const before = [&](std::string_view a, uuid const& a_tenant, std::string_view b, uuid const& b_tenant) {
    if (a != b) return q.way == direction::ascending ? a < b : b < a;
    return a_tenant < b_tenant;
  };
  std::string weights = goes_on ? std::string(cursor.substr(last_place.size() + 16)) : std::string();
  if (best_first && !goes_on)
    for (auto const& scope : q.scopes) weights += term_weights(scope.text->rows, scope.tenant, scope.text->query);
  std::vector<std::unique_ptr<ticket_stream>> streams;
  for (std::size_t i = 0; i < q.scopes.size(); ++i) {
    if (q.scopes[i].projects.empty()) continue;
    part of{
        state, q.scopes[i], q.order, q.way, std::string(last_place), ask.limit + 2, weights.substr(i * terms, terms)};
    // Nothing has moved since a walk that begins here, but for a text whose index may be a moment behind.
    if (pinned && (goes_on || best_first)) {
      auto moved = moved_since(state, of.scope, of.order, of.weights, *q.memory, begun);
      if (!moved.then.empty()) streams.push_back(std::make_unique<moved_stream>(of, std::move(moved.then)));
      of.moved = std::move(moved.ids);
    }
    streams.push_back(stream_of(std::move(of)));
  }
  page p;
  std::string last;
  for (;;) {
    ticket_stream* first = nullptr;
    for (auto& s : streams) {
      while (s->peek() && goes_on && !before(last_place, last_tenant, s->peek()->place, s->tenant())) s->take();
      if (s->peek() && (!first || before(s->peek()->place, s->tenant(), first->peek()->place, first->tenant())))
        first = s.get();
    }
    if (!first) return p;
    if (p.is_full(ask, first->peek()->json.size())) {
      p.next = (pinned ? begun.as_bytes() : std::string()) + last + weights;
      return p;
    }
    auto one = first->take();
    last = std::move(one.place);
    last.append(first->tenant().view());
    p.add(std::move(one.json));
  }
}

} // namespace alloy::projections
