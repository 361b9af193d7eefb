#include "auth/attempt_limiter.hpp"

#include "auth/ip_prefix.hpp"

#include <algorithm>

namespace alloy::auth {
namespace {

constexpr std::int64_t first_wait_ms = 1000; // of those that double
constexpr std::size_t doublings_max = 20;

result<> wait_first(std::int64_t wait_ms) {
  if (wait_ms <= 0) return {};
  error e(errc::rate_limited, "too many failed logins");
  e.retry_after_s = static_cast<unsigned>((wait_ms + 999) / 1000);
  return e;
}

} // namespace

// The account's name is not kept in memory, only its digest; the first character keeps the kinds apart.
struct attempt_limiter::keys_of_attempt {
  crypto::digest account, account_from, address;

  keys_of_attempt(std::string_view name, std::string_view from) {
    auto const place = network_of(from), around = login_network_of(from);
    account = crypto::sha256("a" + std::string(name));
    account_from = crypto::sha256("n" + std::string(around.begin(), around.end()) + std::string(name));
    address = crypto::sha256("p" + std::string(place.begin(), place.end()));
  }
};

result<> attempt_limiter::admit(std::string_view account, std::string_view address, std::int64_t now_ms,
                                login_origin from) {
  keys_of_attempt const by(account, address);
  std::lock_guard const lock(mutex_);
  if (auto free = wait_first(wait_ms(by, from, now_ms)); !free) return free;
  for (auto const* k : {&by.account, &by.account_from, &by.address}) count(*k, now_ms);
  return {};
}

result<> attempt_limiter::look(std::string_view account, std::string_view address, std::int64_t now_ms,
                               login_origin from) {
  keys_of_attempt const by(account, address);
  std::lock_guard const lock(mutex_);
  return wait_first(wait_ms(by, from, now_ms));
}

void attempt_limiter::take_back(std::string_view account, std::string_view address, std::int64_t admitted_ms) {
  keys_of_attempt const by(account, address);
  std::lock_guard const lock(mutex_);
  for (auto const* k : {&by.account, &by.account_from, &by.address}) uncount(*k, admitted_ms);
}

std::size_t attempt_limiter::keys() const {
  std::lock_guard const lock(mutex_);
  return records_.size();
}

// Failures that left the window are dropped on the way; nothing where none are left.
std::vector<std::int64_t> const* attempt_limiter::failures_of(key const& k, std::int64_t now_ms) {
  auto const found = records_.find(k);
  if (found == records_.end()) return nullptr;
  auto& failures = found->second.failures_ms;
  std::erase_if(failures, [&](std::int64_t at_ms) { return at_ms <= now_ms - options_.window_ms; });
  if (!failures.empty()) return &failures;
  forget(found);
  return nullptr;
}

std::int64_t attempt_limiter::wait_ms(keys_of_attempt const& by, login_origin from, std::int64_t now_ms) {
  auto const wait = std::max(wait_ms(by.account_from, options_.per_account, now_ms),
                             wait_ms(by.address, options_.per_address, now_ms));
  return from == login_origin::unknown ? std::max(wait, growing_wait_ms(by.account, now_ms)) : wait;
}

// How long until this key may fail again; 0: now.
std::int64_t attempt_limiter::wait_ms(key const& k, std::size_t most, std::int64_t now_ms) {
  auto const* const failures = failures_of(k, now_ms);
  if (!failures || failures->size() < most) return 0;
  return std::clamp<std::int64_t>((*failures)[failures->size() - most] + options_.window_ms - now_ms, 1,
                                  options_.window_ms);
}

std::int64_t attempt_limiter::growing_wait_ms(key const& k, std::int64_t now_ms) {
  auto const* const failures = failures_of(k, now_ms);
  if (!failures || failures->size() < options_.per_account_total) return 0;
  auto const doublings = std::min(failures->size() - options_.per_account_total, doublings_max);
  auto const apart = std::min(first_wait_ms << doublings, options_.window_ms);
  return std::clamp<std::int64_t>(failures->back() + apart - now_ms, 0, apart);
}

void attempt_limiter::count(key const& k, std::int64_t now_ms) {
  auto const [found, is_new] = records_.try_emplace(k);
  if (is_new)
    found->second.age = by_age_.insert(by_age_.end(), k);
  else
    by_age_.splice(by_age_.end(), by_age_, found->second.age);
  found->second.failures_ms.push_back(now_ms);
  while (records_.size() > options_.keys_max && by_age_.front() != k) forget(records_.find(by_age_.front()));
}

void attempt_limiter::uncount(key const& k, std::int64_t at_ms) {
  auto const found = records_.find(k);
  if (found == records_.end()) return;
  auto& failures = found->second.failures_ms;
  if (auto const one = std::find(failures.rbegin(), failures.rend(), at_ms); one != failures.rend())
    failures.erase(std::next(one).base());
  if (failures.empty()) forget(found);
}

void attempt_limiter::forget(std::map<key, record>::iterator found) {
  by_age_.erase(found->second.age);
  records_.erase(found);
}

} // namespace alloy::auth
