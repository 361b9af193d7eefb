#pragma once
// Who does the next step of work that takes many: one after the other, and of each address one at a time, so that an
// address with a thousand of them gets no more steps than one with a single. One thread.
#include "auth/ip_prefix.hpp"

#include <algorithm>
#include <deque>
#include <map>

namespace alloy::http {

template <class T> class turns {
 public:
  bool empty() const noexcept { return order_.empty(); }

  void put(auth::ip_prefix const& of, T one) {
    auto& line = waiting_[of];
    line.push_back(one);
    if (line.size() > 1) return;
    try {
      order_.push_back(of);
    } catch (...) { // without memory it waits for nothing, or nobody of the address would have a turn again
      waiting_.erase(of);
      throw;
    }
  }

  T take() {
    auto const of = order_.front();
    auto const line = waiting_.find(of);
    T const one = line->second.front();
    if (line->second.size() > 1) order_.push_back(of); // all that may throw
    order_.pop_front();
    line->second.pop_front();
    if (line->second.empty()) waiting_.erase(line);
    return one;
  }

  // It waits no more.
  void drop(auth::ip_prefix const& of, T one) noexcept {
    auto const line = waiting_.find(of);
    if (line == waiting_.end()) return;
    std::erase(line->second, one);
    if (!line->second.empty()) return;
    waiting_.erase(line);
    std::erase(order_, of);
  }

 private:
  std::map<auth::ip_prefix, std::deque<T>> waiting_; // never empty lines
  std::deque<auth::ip_prefix> order_;                // each address that waits, once
};

} // namespace alloy::http
