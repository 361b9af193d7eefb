#pragma once
// The process's log: one JSON object a line on stderr, `{"ts":"2026-01-02T03:04:05.678Z","level":"info","msg":...}` and
// then the fields in the order given. Strings are escaped so that no value can end a line or forge a field; bytes that
// are not UTF-8 become U+FFFD; a string longer than 8 KiB is cut.
//
//   log::info("listening", {{"address", address}, {"port", port}});
//
// Any thread. A line never waits for the disk or the terminal: it goes to a bounded buffer that one thread writes out,
// and what does not fit is dropped and counted; a line says how many. Before start() and after stop() lines are written
// at once. Fields are evaluated even when the level is off: guard dear ones by enabled().
#include <atomic>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace alloy::log {

enum class level : std::uint8_t { debug, info, warn, error, off };

// A name and a value that live until the call returns.
class field {
 public:
  field(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  field(std::string_view key, char const* value) : key_(key), value_(std::string_view(value)) {}
  field(std::string_view key, std::string const& value) : key_(key), value_(std::string_view(value)) {}
  field(std::string_view key, bool value) : key_(key), value_(value) {}
  field(std::string_view key, std::floating_point auto value) : key_(key), value_(static_cast<double>(value)) {}
  field(std::string_view key, std::signed_integral auto value) : key_(key), value_(static_cast<std::int64_t>(value)) {}
  field(std::string_view key, std::unsigned_integral auto value)
      : key_(key), value_(static_cast<std::uint64_t>(value)) {}

  void append_to(std::string& line) const; // `,"key":value`

 private:
  std::string_view key_;
  std::variant<std::string_view, bool, double, std::int64_t, std::uint64_t> value_;
};

namespace detail {
inline std::atomic<level> least{level::info};
}

inline void set_level(level least) noexcept {
  detail::least.store(least, std::memory_order_relaxed);
}
inline bool enabled(level l) noexcept {
  return l >= detail::least.load(std::memory_order_relaxed);
}

void write(level l, std::string_view message, std::initializer_list<field> fields);

inline void debug(std::string_view message, std::initializer_list<field> fields = {}) {
  if (enabled(level::debug)) write(level::debug, message, fields);
}
inline void info(std::string_view message, std::initializer_list<field> fields = {}) {
  if (enabled(level::info)) write(level::info, message, fields);
}
inline void warn(std::string_view message, std::initializer_list<field> fields = {}) {
  if (enabled(level::warn)) write(level::warn, message, fields);
}
inline void error(std::string_view message, std::initializer_list<field> fields = {}) {
  if (enabled(level::error)) write(level::error, message, fields);
}

// Starts the thread that writes. Called once, before other threads log; again only after stop().
void start(int descriptor = 2, std::size_t buffer_bytes_max = 1U << 20U);

// Waits until all that was logged before is written. Call it before a deliberate abort.
void flush();

// Writes out what waits and ends the thread. Called by itself at exit.
void stop();

std::uint64_t dropped_lines() noexcept;

// What a line looks like; `now_ms` since 1970. Public for tests and for other writers of JSON lines.
std::string render(level l, std::string_view message, std::initializer_list<field> fields, std::int64_t now_ms);

// `text` as a JSON string with its quotes, safe in any one-line log and on a terminal.
void append_quoted(std::string& out, std::string_view text);

} // namespace alloy::log
