#include "storage/row_cache.hpp"

#include <algorithm>

namespace alloy::storage {

bool row_cache::get(std::string_view key, std::string& value) const {
  if (auto const found = rows_.find(key); found != rows_.end()) {
    if (!found->second) return false;
    value = *found->second;
    return true;
  }
  bool const there = below_.get(key, value);
  if (rows_.size() >= rows_max || bytes_ >= bytes_max_) forget();
  bytes_ += key.size() + (there ? value.size() : 0);
  rows_.emplace(std::string(key), there ? std::optional(value) : std::nullopt);
  return there;
}

void row_cache::written(std::string_view key, std::optional<std::string_view> value) {
  auto const found = rows_.find(key);
  if (found == rows_.end()) return;
  auto& kept = found->second;
  bytes_ += value ? value->size() : 0;
  bytes_ -= std::min(bytes_, kept ? kept->size() : 0);
  if (!value)
    kept.reset();
  else if (kept)
    kept->assign(*value);
  else
    kept.emplace(*value);
}

void row_cache::forget() const {
  rows_.clear();
  bytes_ = 0;
}

} // namespace alloy::storage
