#pragma once
// Ordered bytes, as rules and read models see them: a snapshot or the open transaction in production, a std::map in
// tests. One thread at a time per object. Failures of the machine throw; a missing key is not a failure.
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace alloy {

// A borrowed callable: bool(key, value), false ends the scan.
class row_visitor {
 public:
  template <class F>
  row_visitor(F&& f) // NOLINT: implicit on purpose, lives only as long as the call
      : object_(const_cast<void*>(static_cast<void const*>(&f))),
        call_([](void* o, std::string_view k, std::string_view v) {
          return static_cast<bool>((*static_cast<std::remove_reference_t<F>*>(o))(k, v));
        }) {}
  bool operator()(std::string_view k, std::string_view v) const { return call_(object_, k, v); }

 private:
  void* object_;
  bool (*call_)(void*, std::string_view, std::string_view);
};

enum class direction : bool { ascending, descending };

// A place among the rows of a range, moved in one direction. What it sees is what was there when it was made. Ends
// before the reader that made it. One thread at a time.
class row_cursor {
 public:
  virtual ~row_cursor() = default;
  // To the first row at `key` or behind it, as the cursor moves; keys outside the range are taken as its ends.
  virtual void seek(std::string_view key) = 0;
  virtual void next() = 0; // REQUIRES: valid()
  virtual bool valid() const = 0;
  virtual std::string_view key() const = 0; // of this and value(), until the cursor is moved. REQUIRES: valid()
  virtual std::string_view value() const = 0;
};

class reader {
 public:
  virtual ~reader() = default;
  virtual bool get(std::string_view key, std::string& value) const = 0;
  // Rows with from <= key < to, in the order asked for.
  virtual void scan(std::string_view from, std::string_view to, direction way, row_visitor visit) const = 0;
  // A cursor over from <= key < to, before its first row: seek() first. Stores have a better one than this, which scans
  // anew for each step.
  virtual std::unique_ptr<row_cursor> cursor(std::string_view from, std::string_view to, direction way) const;
  // One value per key; absent ones are empty optionals.
  virtual std::vector<std::optional<std::string>> multi_get(std::span<std::string const> keys) const {
    std::vector<std::optional<std::string>> values(keys.size());
    std::string value;
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (get(keys[i], value)) values[i] = std::move(value);
    return values;
  }
  bool has(std::string_view key) const {
    std::string ignored;
    return get(key, ignored);
  }
};

class view : public reader {
 public:
  virtual void put(std::string_view key, std::string_view value) = 0;
  virtual void erase(std::string_view key) = 0;
};

} // namespace alloy
