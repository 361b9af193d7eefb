#include "search/rank_cursor.hpp"

#include "core/key.hpp"

#include <algorithm>
#include <optional>

namespace alloy::projections {
namespace {

constexpr std::size_t cursors_max = 64; // of one set

bool comes_before(rank const& a, rank const& b, direction way) {
  return way == direction::ascending ? a < b : b < a;
}

class members final : public rank_cursor {
 public:
  members(reader const& state, std::string prefix, direction way)
      : prefix_(std::move(prefix)), end_(after_prefix(prefix_)), rows_(state.cursor(prefix_, end_, way)), way_(way) {}

  void start() override { rows_->seek(way_ == direction::ascending ? prefix_ : end_); }
  void seek(rank const& to) override {
    target_.assign(prefix_).append(to.view());
    rows_->seek(target_);
  }
  void next() override { rows_->next(); }
  bool valid() const override { return rows_->valid(); }
  rank at() const override { return rank::at_end_of(rows_->key()); }

 private:
  std::string const prefix_, end_;
  std::unique_ptr<row_cursor> const rows_;
  direction const way_;
  std::string target_;
};

// Few sets: the first of them is looked for anew at each step.
class any final : public rank_cursor {
 public:
  any(std::vector<rank_cursor_ptr> sets, direction way) : sets_(std::move(sets)), way_(way) {}

  void start() override {
    for (auto& s : sets_) s->start();
    find();
  }
  void seek(rank const& to) override {
    for (auto& s : sets_)
      if (!started_ || (s->valid() && comes_before(s->at(), to, way_))) s->seek(to);
    find();
  }
  void next() override {
    rank const last = at();
    for (auto& s : sets_)
      if (s->valid() && s->at() == last) s->next();
    find();
  }
  bool valid() const override { return first_ != nullptr; }
  rank at() const override { return first_->at(); }

 private:
  void find() {
    started_ = true;
    first_ = nullptr;
    for (auto& s : sets_)
      if (s->valid() && (!first_ || comes_before(s->at(), first_->at(), way_))) first_ = s.get();
  }

  std::vector<rank_cursor_ptr> const sets_;
  direction const way_;
  bool started_ = false;
  rank_cursor* first_ = nullptr;
};

// Many sets, walked with one cursor: it jumps to where each of them goes on.
class walked final : public rank_cursor {
 public:
  walked(reader const& state, std::vector<std::string> prefixes, direction way)
      : prefixes_(std::move(prefixes)), way_(way) {
    auto const [first, last] = std::ranges::minmax_element(prefixes_);
    rows_ = state.cursor(*first, after_prefix(*last), way_);
  }

  void start() override {
    heap_.clear();
    for (std::size_t i = 0; i < prefixes_.size(); ++i)
      push(i, way_ == direction::ascending ? prefixes_[i] : after_prefix(prefixes_[i]));
    started_ = true;
  }
  void seek(rank const& to) override {
    if (!started_) {
      for (std::size_t i = 0; i < prefixes_.size(); ++i) push(i, prefixes_[i] + std::string(to.view()));
      started_ = true;
    }
    while (valid() && comes_before(at(), to, way_)) {
      auto const set = pop();
      push(set, prefixes_[set] + std::string(to.view()));
    }
  }
  void next() override {
    rank const last = at();
    while (valid() && at() == last) {
      auto const set = pop();
      rows_->seek(prefixes_[set] + std::string(last.view()));
      if (rows_->valid() && rank_in(set) == last) rows_->next();
      push_found(set);
    }
  }
  bool valid() const override { return !heap_.empty(); }
  rank at() const override { return heap_.front().at; }

 private:
  struct member {
    rank at;
    std::size_t set;
  };
  auto is_later() const {
    return [way = way_](member const& a, member const& b) { return comes_before(b.at, a.at, way); };
  }
  // Where the cursor stands, if that is in the set.
  std::optional<rank> rank_in(std::size_t set) const {
    if (!rows_->valid() || !rows_->key().starts_with(prefixes_[set])) return std::nullopt;
    return rank::at_end_of(rows_->key());
  }
  void push(std::size_t set, std::string const& from) {
    rows_->seek(from);
    push_found(set);
  }
  void push_found(std::size_t set) {
    auto const found = rank_in(set);
    if (!found) return;
    heap_.push_back({*found, set});
    std::ranges::push_heap(heap_, is_later());
  }
  std::size_t pop() {
    std::ranges::pop_heap(heap_, is_later());
    auto const set = heap_.back().set;
    heap_.pop_back();
    return set;
  }

  std::vector<std::string> const prefixes_;
  direction const way_;
  std::unique_ptr<row_cursor> rows_;
  bool started_ = false;
  std::vector<member> heap_; // of each set that has more, where it goes on; the first in front
};

class all final : public rank_cursor {
 public:
  all(std::vector<rank_cursor_ptr> sets, direction way) : sets_(std::move(sets)), way_(way) {}

  void start() override {
    sets_.front()->start();
    if (sets_.front()->valid()) {
      rank const first = sets_.front()->at();
      for (std::size_t i = 1; i < sets_.size(); ++i) sets_[i]->seek(first);
    }
    meet();
  }
  void seek(rank const& to) override {
    for (auto& s : sets_) s->seek(to);
    meet();
  }
  void next() override {
    sets_.front()->next();
    meet();
  }
  bool valid() const override { return valid_; }
  rank at() const override { return sets_.front()->at(); }

 private:
  void meet() {
    valid_ = false;
    if (!sets_.front()->valid()) return;
    rank furthest = sets_.front()->at();
    for (std::size_t agreed = 0, i = 0; agreed < sets_.size(); i = (i + 1) % sets_.size()) {
      auto& s = *sets_[i];
      if (s.valid() && comes_before(s.at(), furthest, way_)) s.seek(furthest);
      if (!s.valid()) return;
      if (s.at() == furthest)
        ++agreed;
      else {
        furthest = s.at();
        agreed = 1;
      }
    }
    valid_ = true;
  }

  std::vector<rank_cursor_ptr> const sets_;
  direction const way_;
  bool valid_ = false;
};

} // namespace

rank_cursor_ptr members_of(reader const& state, std::string prefix, direction way) {
  return std::make_unique<members>(state, std::move(prefix), way);
}

rank_cursor_ptr members_of_any(reader const& state, std::vector<std::string> prefixes, direction way) {
  if (prefixes.size() == 1) return members_of(state, std::move(prefixes.front()), way);
  if (prefixes.size() > cursors_max) return std::make_unique<walked>(state, std::move(prefixes), way);
  std::vector<rank_cursor_ptr> sets;
  for (auto& prefix : prefixes) sets.push_back(members_of(state, std::move(prefix), way));
  return std::make_unique<any>(std::move(sets), way);
}

rank_cursor_ptr all_of(std::vector<rank_cursor_ptr> sets, direction way) {
  if (sets.size() == 1) return std::move(sets.front());
  return std::make_unique<all>(std::move(sets), way);
}

} // namespace alloy::projections
