#pragma once
// The committed rows that the writer asked for lately. It is the only writer, so what it remembers is what is there:
// commands ask for the same few rows (a tenant's head, a member, a project) thousands of times a second, and asking
// RocksDB for each costs more than deciding. Bounded; one thread at a time, the writer's. Scans are not remembered.
#include "core/view.hpp"

#include <boost/unordered/unordered_flat_map.hpp>

namespace alloy::storage {

class row_cache : public reader {
 public:
  static constexpr std::size_t rows_max = 8192;

  row_cache(reader const& below, std::size_t bytes_max) : below_(below), bytes_max_(bytes_max) {}

  bool get(std::string_view key, std::string& value) const override;
  void scan(std::string_view from, std::string_view to, direction way, row_visitor visit) const override {
    below_.scan(from, to, way, visit);
  }
  std::vector<std::optional<std::string>> multi_get(std::span<std::string const> keys) const override {
    return below_.multi_get(keys);
  }

  // After a commit: what it wrote to a row that is remembered. Nothing: it was erased.
  void written(std::string_view key, std::optional<std::string_view> value);
  void clear() { forget(); }

 private:
  void forget() const;
  struct key_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const noexcept { return std::hash<std::string_view>{}(key); }
  };
  reader const& below_;
  std::size_t const bytes_max_;
  mutable boost::unordered_flat_map<std::string, std::optional<std::string>, key_hash, std::equal_to<>> rows_;
  mutable std::size_t bytes_ = 0;
};

} // namespace alloy::storage
