#pragma once
// The rows a transaction has written to one family, above those that are committed. Written rows lie in one hash table
// with their final value; a journal of what the command at hand replaced makes dropping it possible and keeping it
// free. One thread at a time. A scan merges by a pass over all written rows, so scans belong to rare commands; it sees
// the rows as they were when it began.
#include "core/view.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>

namespace alloy::storage {

class overlay : public view {
 public:
  enum class what : std::uint8_t { nothing, put, erased };
  struct row {
    std::string key, value;
    what state = what::nothing; // nothing: as if never written
    std::uint64_t command = 0;  // that wrote it last
  };

  explicit overlay(reader const& below) : below_(below) {}

  bool get(std::string_view key, std::string& value) const override;
  void scan(std::string_view from, std::string_view to, direction way, row_visitor visit) const override;
  std::vector<std::optional<std::string>> multi_get(std::span<std::string const> keys) const override;
  void put(std::string_view key, std::string_view value) override;
  void erase(std::string_view key) override;

  void keep();
  void drop();
  void clear();
  bool has_pending() const noexcept { return !replaced_.empty(); }
  bool empty() const noexcept { return kept_rows_ == 0; }
  std::size_t bytes() const noexcept { return kept_bytes_; }
  // Every written row in the order of its first writing: visit(row const&).
  template <class F> void for_each(F visit) const {
    for (std::size_t i = 0; i < used_; ++i)
      if (rows_[i].state != what::nothing) visit(rows_[i]);
  }

 private:
  struct former {
    row* at;
    what state;
    std::uint64_t command;
    std::string value;
  };

  row& touch(std::string_view key);
  row const* find(std::string_view key) const;

  reader const& below_;
  std::deque<row> rows_; // the first `used_` are written; the rest keep their memory for the next batch
  std::size_t used_ = 0;
  boost::unordered_flat_map<std::string_view, row*> index_;
  std::vector<former> replaced_; // by the command at hand
  std::uint64_t command_ = 1;
  std::size_t kept_rows_ = 0, kept_bytes_ = 0;
};

} // namespace alloy::storage
