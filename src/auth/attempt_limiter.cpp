#include "auth/attempt_limiter.hpp"

#include "auth/network.hpp"

#include <algorithm>

namespace alloy::auth {
namespace {

// The account's name is not kept in memory, only its digest; the first character keeps the two kinds apart.
crypto::digest account_key(std::string_view account) {
  return crypto::sha256("a" + std::string(account));
}

crypto::digest address_key(std::string_view address) {
  auto const from = network_of(address);
  return crypto::sha256("p" + std::string(from.begin(), from.end()));
}

} // namespace

result<> attempt_limiter::admit(std::string_view account, std::string_view address, std::int64_t now_ms) {
  auto const by_account = account_key(account);
  auto const by_address = address_key(address);
  std::lock_guard const lock(mutex_);
  auto const wait =
      std::max(wait_ms(by_account, options_.per_account, now_ms), wait_ms(by_address, options_.per_address, now_ms));
  if (wait > 0) {
    error e(errc::rate_limited, "too many failed logins");
    e.retry_after_s = static_cast<unsigned>((wait + 999) / 1000);
    return e;
  }
  count(by_account, now_ms);
  count(by_address, now_ms);
  return {};
}

void attempt_limiter::take_back(std::string_view account, std::string_view address, std::int64_t admitted_ms) {
  auto const by_account = account_key(account);
  auto const by_address = address_key(address);
  std::lock_guard const lock(mutex_);
  uncount(by_account, admitted_ms);
  uncount(by_address, admitted_ms);
}

std::size_t attempt_limiter::keys() const {
  std::lock_guard const lock(mutex_);
  return records_.size();
}

// How long until this key may fail again; 0: now. Failures that left the window are dropped on the way.
std::int64_t attempt_limiter::wait_ms(key const& k, std::size_t most, std::int64_t now_ms) {
  auto const found = records_.find(k);
  if (found == records_.end()) return 0;
  auto& failures = found->second.failures_ms;
  std::erase_if(failures, [&](std::int64_t at_ms) { return at_ms <= now_ms - options_.window_ms; });
  if (failures.empty()) {
    forget(found);
    return 0;
  }
  if (failures.size() < most) return 0;
  return std::clamp<std::int64_t>(failures[failures.size() - most] + options_.window_ms - now_ms, 1,
                                  options_.window_ms);
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
