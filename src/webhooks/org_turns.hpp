#pragma once
// Places that organizations share: so many in all, so many for one, and turns by organization for those that wait, so
// that nobody waits for another's backlog. One may have fewer where others leave less (core/fair_share.hpp), and
// never more than are left free. One thread.
#include "core/fair_share.hpp"
#include "core/id.hpp"

#include <algorithm>
#include <deque>
#include <iterator>
#include <optional>
#include <unordered_map>
#include <utility>

namespace alloy::webhooks {

template <class T> class org_turns {
 public:
  org_turns(std::size_t places, std::size_t places_per_org) : places_(places), per_org_(places_per_org) {}

  // It waits behind what its organization has waiting.
  void add(uuid const& org, T what) {
    auto& o = orgs_[org];
    o.waiting.push_back(std::move(what));
    ++waiting_;
    get_in_line(org, o);
  }

  // Takes a place for the next one, where one is free for its organization.
  std::optional<std::pair<uuid, T>> next() {
    while (taken_ < places_ && !line_.empty()) {
      auto const org = line_.front();
      line_.pop_front();
      auto const found = orgs_.find(org);
      auto& o = found->second;
      if (o.waiting.empty()) {
        o.is_in_line = false;
        forget_idle(found);
        continue;
      }
      if (o.taken >= std::min(share_of(o), places_ - taken_)) {
        full_.push_back(org);
        continue;
      }
      std::optional<std::pair<uuid, T>> one(std::in_place, org, std::move(o.waiting.front()));
      o.waiting.pop_front();
      --waiting_;
      ++o.taken;
      ++taken_;
      o.is_in_line = !o.waiting.empty();
      if (o.is_in_line) line_.push_back(org);
      return one;
    }
    return std::nullopt;
  }

  // Gives a place back.
  void done(uuid const& org) {
    auto const found = orgs_.find(org);
    if (found == orgs_.end() || found->second.taken == 0) return;
    --found->second.taken;
    --taken_;
    // There is a place more, perhaps for all that found none: they keep the order in which they came.
    for (; !full_.empty(); full_.pop_back()) line_.push_front(full_.back());
    forget_idle(found);
  }

  template <class Is> void drop_if(uuid const& org, Is is) {
    auto const found = orgs_.find(org);
    if (found == orgs_.end()) return;
    waiting_ -= std::erase_if(found->second.waiting, is);
    forget_idle(found);
  }
  void drop_waiting() {
    waiting_ = 0;
    line_.clear();
    full_.clear();
    for (auto one = orgs_.begin(); one != orgs_.end();) {
      one->second.waiting.clear();
      one->second.is_in_line = false;
      one = one->second.taken == 0 ? orgs_.erase(one) : std::next(one);
    }
  }
  void clear() {
    drop_waiting();
    orgs_.clear();
    taken_ = 0;
  }

  std::size_t taken() const noexcept { return taken_; }
  std::size_t waiting() const noexcept { return waiting_; }
  std::size_t orgs() const noexcept { return orgs_.size(); }
  // Organizations that wait for a place, though their turn had come.
  std::size_t held() const noexcept { return full_.size(); }

 private:
  struct org_part {
    std::deque<T> waiting = {};
    std::size_t taken = 0;
    bool is_in_line = false; // in `line_` or in `full_`
  };
  using parts = std::unordered_map<uuid, org_part>;

  std::size_t share_of(org_part const& o) const noexcept {
    return fair_share(places_, per_org_, left_by_others(places_, taken_, o.taken));
  }

  void get_in_line(uuid const& org, org_part& o) {
    if (o.is_in_line) return;
    line_.push_back(org);
    o.is_in_line = true;
  }
  void forget_idle(typename parts::iterator one) {
    auto const& o = one->second;
    if (!o.is_in_line && o.taken == 0 && o.waiting.empty()) orgs_.erase(one);
  }

  std::size_t const places_, per_org_;
  parts orgs_; // with something that waits or a place
  std::deque<uuid> line_, full_;
  std::size_t taken_ = 0, waiting_ = 0;
};

} // namespace alloy::webhooks
