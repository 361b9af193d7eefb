#include "storage/overlay.hpp"

#include <algorithm>

namespace alloy::storage {
namespace {

// What a batch may leave behind in memory for the next one.
constexpr std::size_t rows_kept_max = 16384, value_kept_bytes_max = 16384;

struct copied_row {
  std::string key, value;
  bool erased;
};

bool in_range(std::string_view key, std::string_view from, std::string_view to) {
  return key >= from && (to.empty() || key < to);
}

} // namespace

overlay::row const* overlay::find(std::string_view key) const {
  auto const it = index_.find(key);
  return it == index_.end() || it->second->state == what::nothing ? nullptr : it->second;
}

bool overlay::get(std::string_view key, std::string& value) const {
  row const* const own = find(key);
  if (own == nullptr) return below_.get(key, value);
  if (own->state == what::erased) return false;
  value = own->value;
  return true;
}

std::vector<std::optional<std::string>> overlay::multi_get(std::span<std::string const> keys) const {
  std::vector<std::optional<std::string>> found(keys.size());
  std::vector<std::string> asked;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    row const* const own = find(keys[i]);
    if (own == nullptr) {
      asked.push_back(keys[i]);
      places.push_back(i);
    } else if (own->state == what::put) {
      found[i] = own->value;
    }
  }
  if (asked.empty()) return found;
  auto below = below_.multi_get(asked);
  for (std::size_t i = 0; i < places.size(); ++i) found[places[i]] = std::move(below[i]);
  return found;
}

overlay::row& overlay::touch(std::string_view key) {
  auto const it = index_.find(key);
  row* at = it == index_.end() ? nullptr : it->second;
  if (at == nullptr) {
    if (used_ == rows_.size()) rows_.emplace_back();
    at = &rows_[used_++];
    at->key.assign(key);
    at->state = what::nothing;
    at->command = 0;
    index_.emplace(at->key, at);
  }
  if (at->command != command_) {
    replaced_.push_back({at, at->state, at->command, {}});
    if (at->state == what::put) replaced_.back().value.swap(at->value);
    at->command = command_;
  }
  return *at;
}

void overlay::put(std::string_view key, std::string_view value) {
  row& own = touch(key);
  own.state = what::put;
  own.value.assign(value);
}

void overlay::erase(std::string_view key) {
  row& own = touch(key);
  own.state = what::erased;
  own.value.clear();
}

void overlay::keep() {
  for (auto const& f : replaced_) kept_bytes_ += f.at->key.size() + f.at->value.size();
  kept_rows_ += replaced_.size();
  replaced_.clear();
  ++command_;
}

void overlay::drop() {
  for (auto& f : replaced_) {
    f.at->state = f.state;
    f.at->command = f.command;
    f.at->value.swap(f.value);
  }
  replaced_.clear();
  ++command_;
}

void overlay::clear() {
  replaced_.clear();
  kept_rows_ = kept_bytes_ = 0;
  ++command_;
  if (index_.size() > rows_kept_max)
    index_ = {};
  else
    index_.clear();
  if (rows_.size() > rows_kept_max) rows_.resize(rows_kept_max);
  for (std::size_t i = 0; i < std::min(used_, rows_.size()); ++i)
    if (rows_[i].value.capacity() > value_kept_bytes_max) std::string().swap(rows_[i].value);
  used_ = 0;
}

void overlay::scan(std::string_view from, std::string_view to, direction way, row_visitor visit) const {
  std::vector<copied_row> own;
  for_each([&](row const& r) {
    if (in_range(r.key, from, to)) own.push_back({r.key, r.value, r.state == what::erased});
  });
  if (own.empty()) return below_.scan(from, to, way, visit);

  bool const up = way == direction::ascending;
  auto const before = [up](std::string_view a, std::string_view b) { return up ? a < b : b < a; };
  std::ranges::sort(own, before, &copied_row::key);
  auto next = own.begin();
  bool go_on = true;
  auto const visit_own = [&](auto const& comes_before) {
    for (; go_on && next != own.end() && comes_before(next->key); ++next)
      if (!next->erased) go_on = visit(next->key, next->value);
  };
  below_.scan(from, to, way, [&](std::string_view key, std::string_view value) {
    visit_own([&](std::string_view k) { return before(k, key); });
    if (!go_on) return false;
    if (next != own.end() && next->key == key) {
      visit_own([&](std::string_view k) { return k == key; });
      return go_on;
    }
    return go_on = visit(key, value);
  });
  visit_own([](std::string_view) { return true; });
}

} // namespace alloy::storage
