#pragma once
// A view over a std::map: what rules and read models see in tests that need no store. Behaves as the store's views do,
// an empty `to` meaning "to the last row" included. One thread at a time.
#include "core/view.hpp"

#include <functional>
#include <map>

namespace alloy::tests {

class map_view : public view {
 public:
  using rows_type = std::map<std::string, std::string, std::less<>>;

  bool get(std::string_view key, std::string& value) const override {
    auto const it = rows_.find(key);
    if (it == rows_.end()) return false;
    value = it->second;
    return true;
  }
  void scan(std::string_view from, std::string_view to, direction way, row_visitor visit) const override {
    if (!to.empty() && from >= to) return;
    // A copy, so that the visitor may write.
    rows_type const seen(rows_.lower_bound(from), to.empty() ? rows_.end() : rows_.lower_bound(to));
    if (way == direction::ascending) {
      for (auto it = seen.begin(); it != seen.end(); ++it)
        if (!visit(it->first, it->second)) return;
    } else {
      for (auto it = seen.rbegin(); it != seen.rend(); ++it)
        if (!visit(it->first, it->second)) return;
    }
  }
  void put(std::string_view key, std::string_view value) override {
    rows_.insert_or_assign(std::string(key), std::string(value));
  }
  void erase(std::string_view key) override {
    if (auto const it = rows_.find(key); it != rows_.end()) rows_.erase(it);
  }
  rows_type const& rows() const noexcept { return rows_; }

 private:
  rows_type rows_;
};

} // namespace alloy::tests
