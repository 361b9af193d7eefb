#pragma once
// Brakes on guessing passwords. In any window that slides with time at most so many attempts may fail: of one account
// from one network (IPv4: /24, IPv6: /64), and from one address over all accounts (IPv6: its /64). Failures of an
// account from all networks together are limited far higher, lest a stranger lock the owner out: beyond that number
// each further failure doubles the wait until the next attempt, up to a window, and a network that the owner is known
// to log in from does not wait at all. An attempt counts as failed from the moment it is admitted, so that a burst in
// parallel gains nothing; one that succeeds is taken back. Memory is bounded: beyond `keys_max` the key that failed
// longest ago is forgotten. Accounts that do not exist count like those that do, so the brake tells nothing. Any
// thread; the clock is the caller's.
#include "core/crypto.hpp"
#include "core/error.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace alloy::auth {

class attempt_limiter {
 public:
  struct options {
    std::size_t per_account = 10, per_address = 60; // per_account: from one network
    std::int64_t window_ms = 900'000;
    std::size_t keys_max = 50'000;
    std::size_t per_account_total = 100;
  };
  enum class login_origin : bool { unknown, known }; // whether the account has logged in from there lately

  explicit attempt_limiter(options o) : options_(o) {}

  // `account` as normalised for lookup. errc::rate_limited with retry_after_s where one is used up; nothing is then
  // counted, so asking again does not make it worse.
  result<> admit(std::string_view account, std::string_view address, std::int64_t now_ms,
                 login_origin from = login_origin::unknown);

  // The same, and counts nothing: whether one would be refused now.
  result<> look(std::string_view account, std::string_view address, std::int64_t now_ms,
                login_origin from = login_origin::unknown);

  // The attempt admitted at that time was right, or was never judged.
  void take_back(std::string_view account, std::string_view address, std::int64_t admitted_ms);

  std::size_t keys() const;

 private:
  using key = crypto::digest;
  struct record {
    std::vector<std::int64_t> failures_ms; // ascending but for clocks that step back
    std::list<key>::iterator age;
  };

  struct keys_of_attempt;
  std::int64_t wait_ms(keys_of_attempt const& by, login_origin from, std::int64_t now_ms);
  std::vector<std::int64_t> const* failures_of(key const& k, std::int64_t now_ms);
  std::int64_t wait_ms(key const& k, std::size_t most, std::int64_t now_ms);
  std::int64_t growing_wait_ms(key const& k, std::int64_t now_ms);
  void count(key const& k, std::int64_t now_ms);
  void uncount(key const& k, std::int64_t at_ms);
  void forget(std::map<key, record>::iterator found);

  options options_;
  mutable std::mutex mutex_;
  std::map<key, record> records_;
  std::list<key> by_age_; // the one that failed last is at the back
};

} // namespace alloy::auth
