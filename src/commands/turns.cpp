#include "commands/turns.hpp"

#include "core/fair_share.hpp"

#include <algorithm>

namespace alloy::commands {
namespace {

constexpr std::size_t heap_least = 64, remembered_max = 64;

bool is_later(turn_ptr const& a, turn_ptr const& b) noexcept {
  // By where it would end: by where it may start, each of a dozen that begin with a batch would go before the second
  // create of anybody else.
  auto const end_a = a->start + a->by.cost, end_b = b->start + b->by.cost;
  return end_a != end_b ? end_a > end_b : a->number > b->number;
}

uuid guess(std::vector<uuid> const& orgs, uuid const& last) {
  if (std::ranges::find(orgs, last) != orgs.end()) return last;
  return orgs.size() == 1 ? orgs.front() : uuid{};
}

} // namespace

turns::account* turns::find(accounts& in, uuid const& id) {
  if (id.is_nil()) return nullptr;
  auto const found = in.find(id);
  return found == in.end() ? nullptr : &found->second;
}

template <class F> void turns::each_account(payer const& by, F f) {
  if (!by.user.is_nil()) f(users_[by.user]);
  if (!by.org.is_nil()) f(orgs_[by.org]);
}

turns::admission turns::put(command& c, payer by) {
  auto const* const user = find(users_, by.user);
  if (by.org.is_nil() && !by.orgs.empty()) {
    by.is_org_guessed = true;
    by.org = guess(by.orgs, user ? user->last_org : uuid{});
  }
  auto const* const org = find(orgs_, by.org);
  for (auto const* const one : {user, org}) {
    if (!one || one->waiting == 0) continue;
    auto const left = left_by_others(limits_.waiting_max, heap_.size(), one->waiting);
    if (one->waiting >= fair_share(limits_.waiting_max, limits_.waiting_per_payer_max, left))
      return admission::payer_full;
  }
  if (heap_.size() >= limits_.waiting_max) return admission::all_full;
  // What may fail for want of memory comes before anything is changed.
  make_room();
  auto made = std::make_unique<turn>();
  made->start = round_;
  each_account(by, [&](account& one) { made->start = std::max(made->start, one.paid_until); });
  each_account(by, [&](account& one) {
    one.paid_until = made->start + by.cost;
    ++one.waiting;
  });
  made->what = std::move(c);
  made->by = std::move(by);
  made->number = ++last_number_;
  push(std::move(made));
  return admission::taken;
}

void turns::make_room() {
  if (heap_.size() == heap_.capacity()) heap_.reserve(std::max(heap_least, 2 * heap_.size()));
}

void turns::push(turn_ptr t) {
  heap_.push_back(std::move(t));
  std::push_heap(heap_.begin(), heap_.end(), is_later);
}

void turns::take(std::vector<turn_ptr>& group) {
  group.reserve(std::min(heap_.size(), limits_.group_max));
  if (!heap_.empty()) round_ = std::max(round_, heap_.front()->start);
  for (std::size_t cost = 0; !heap_.empty() && group.size() < limits_.group_max;) {
    auto const& next = heap_.front()->by;
    if (!group.empty() &&
        (cost + next.cost > limits_.group_cost_max || is_large(next.cost) || is_large(group.front()->by.cost)))
      break;
    cost += next.cost;
    std::pop_heap(heap_.begin(), heap_.end(), is_later);
    auto& t = group.emplace_back(std::move(heap_.back()));
    heap_.pop_back();
    for (auto* const one : {find(users_, t->by.user), find(orgs_, t->by.org)})
      if (one) --one->waiting;
  }
}

void turns::settle() {
  if (heap_.empty()) {
    orgs_.clear();
    // In which organization a user wrote last stays known: the next batch of theirs is likely to be there, too.
    std::erase_if(users_, [](auto const& one) { return one.second.last_org.is_nil(); });
    if (users_.size() > remembered_max) users_.clear(); // each fsync pays for these
    for (auto& [id, one] : users_) one = {0, 0, one.last_org};
  } else if (payers() > swept_at_) {
    for (auto* const all : {&users_, &orgs_})
      std::erase_if(*all, [&](auto const& one) { return one.second.waiting == 0 && one.second.paid_until <= round_; });
    swept_at_ = std::max(accounts_least, 2 * payers());
  }
}

void turns::put_back(turn_ptr&& t) {
  make_room();
  each_account(t->by, [&](account& one) { one.paid_until = std::max(one.paid_until, t->start + t->by.cost); });
  each_account(t->by, [&](account& one) { ++one.waiting; });
  push(std::move(t));
}

void turns::charge(turn const& had) {
  round_ = std::max(round_, had.start);
  charge(had.by, had.spent, had.wrote);
}

void turns::charge(payer const& by, std::size_t cost, uuid const& org) {
  auto const whole = std::max(cost, by.cost), more = whole - by.cost;
  auto const pay = [&](account& one, std::size_t how_much) {
    if (how_much > 0) one.paid_until = std::max(one.paid_until, round_) + how_much;
  };
  bool const was_wrong = by.is_org_guessed && org != by.org;
  if (!by.user.is_nil()) {
    auto& user = users_[by.user];
    pay(user, more);
    if (by.is_org_guessed && !org.is_nil()) user.last_org = org;
  }
  if (was_wrong) {
    if (!org.is_nil()) pay(orgs_[org], whole);
    if (auto* const wrong = find(orgs_, by.org))
      wrong->paid_until -= std::min<std::uint64_t>(by.cost, wrong->paid_until);
  } else if (!by.org.is_nil()) {
    pay(orgs_[by.org], more);
  }
}

} // namespace alloy::commands
