#include "core/view.hpp"

#include <algorithm>

namespace alloy {
namespace {

class scanning_cursor final : public row_cursor {
 public:
  scanning_cursor(reader const& rows, std::string_view from, std::string_view to, direction way)
      : rows_(rows), from_(from), to_(to), way_(way) {}

  void seek(std::string_view key) override {
    if (way_ == direction::ascending)
      find(std::max<std::string_view>(from_, key), to_);
    else
      find(from_, to_.empty() || key < to_ ? std::string(key) + '\0' : to_);
  }
  void next() override {
    std::string const at = key_;
    if (way_ == direction::ascending)
      find(at + '\0', to_);
    else
      find(from_, at);
  }
  bool valid() const override { return valid_; }
  std::string_view key() const override { return key_; }
  std::string_view value() const override { return value_; }

 private:
  void find(std::string_view from, std::string_view to) {
    valid_ = false;
    rows_.scan(from, to, way_, [&](std::string_view k, std::string_view v) {
      key_.assign(k);
      value_.assign(v);
      valid_ = true;
      return false;
    });
  }

  reader const& rows_;
  std::string const from_, to_;
  direction const way_;
  std::string key_, value_;
  bool valid_ = false;
};

} // namespace

std::unique_ptr<row_cursor> reader::cursor(std::string_view from, std::string_view to, direction way) const {
  return std::make_unique<scanning_cursor>(*this, from, to, way);
}

} // namespace alloy
