#include "core/log.hpp"

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <mutex>
#include <thread>
#include <unistd.h>
#include <utility>

namespace alloy::log {
namespace {

constexpr std::size_t string_bytes_max = 8192;
constexpr std::string_view names[] = {"debug", "info", "warn", "error", "off"};

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

template <class Number> void append_number(std::string& out, Number value) {
  char digits[32];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

// How many bytes the UTF-8 character at the front of `text` has; 0 where there is none (RFC 3629, table 3-7 of
// Unicode).
std::size_t character_size(std::string_view text) {
  auto const byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  auto const follows = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
  auto const lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return follows(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (lead == 0xe0 && byte(1) < 0xa0) return 0;
    if (lead == 0xed && byte(1) > 0x9f) return 0;
    return follows(1) && follows(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (lead == 0xf0 && byte(1) < 0x90) return 0;
    if (lead == 0xf4 && byte(1) > 0x8f) return 0;
    return follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

void append_escape(std::string& out, unsigned code) {
  constexpr std::string_view digits = "0123456789abcdef";
  out += "\\u00";
  out += digits[code >> 4U & 15U];
  out += digits[code & 15U];
}

void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    auto const written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    // A log that cannot be written has nowhere to say so.
    if (written <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

class sink {
 public:
  void start(int descriptor, std::size_t buffer_bytes_max) {
    stop();
    std::lock_guard const lock(mutex_);
    descriptor_ = descriptor;
    bytes_max_ = buffer_bytes_max;
    running_ = true;
    thread_ = std::thread([this] { run(); });
  }

  void stop() {
    std::thread ended;
    {
      std::lock_guard const lock(mutex_);
      if (!running_) return;
      running_ = false;
      ended.swap(thread_);
    }
    news_.notify_one();
    ended.join();
    std::lock_guard const lock(mutex_);
    descriptor_ = STDERR_FILENO; // the one given to start() may be closed now, and its number another file's
  }

  void put(std::string_view line) {
    std::unique_lock lock(mutex_);
    if (!running_) {
      write_all(descriptor_, line);
      return;
    }
    if (waiting_.size() + line.size() > bytes_max_) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      if (++dropped_unsaid_ == 1) news_.notify_one();
      return;
    }
    bool const was_empty = waiting_.empty();
    waiting_ += line;
    lock.unlock();
    if (was_empty) news_.notify_one();
  }

  void flush() {
    std::unique_lock lock(mutex_);
    written_.wait(lock, [this] { return !running_ || (waiting_.empty() && !writing_ && dropped_unsaid_ == 0); });
  }

  std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }

 private:
  void run() {
    std::string lines;
    std::unique_lock lock(mutex_);
    for (;;) {
      news_.wait(lock, [this] { return !running_ || !waiting_.empty() || dropped_unsaid_ > 0; });
      if (waiting_.empty() && dropped_unsaid_ == 0) break;
      lines.clear();
      lines.swap(waiting_);
      auto const dropped = std::exchange(dropped_unsaid_, 0);
      writing_ = true;
      lock.unlock();
      if (dropped > 0) lines += render(level::warn, "log lines dropped", {{"dropped", dropped}}, now_ms());
      write_all(descriptor_, lines);
      lock.lock();
      writing_ = false;
      written_.notify_all();
    }
    written_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable news_, written_;
  std::string waiting_;
  std::thread thread_;
  std::atomic<std::uint64_t> dropped_{0};
  std::uint64_t dropped_unsaid_ = 0;
  std::size_t bytes_max_ = 0;
  int descriptor_ = STDERR_FILENO;
  bool running_ = false, writing_ = false;
};

// Never destroyed: objects that end after main may still log.
sink& the_sink() {
  static sink& one = *new sink;
  return one;
}

} // namespace

void append_quoted(std::string& out, std::string_view text) {
  bool const cut = text.size() > string_bytes_max;
  if (cut) {
    text = text.substr(0, string_bytes_max);
    // Not in the middle of a character, which would be shown as damage that was never there.
    for (int i = 0; i < 3 && (static_cast<unsigned char>(text.back()) & 0xc0U) == 0x80U; ++i) text.remove_suffix(1);
    if (static_cast<unsigned char>(text.back()) >= 0x80U) text.remove_suffix(1);
  }
  out += '"';
  while (!text.empty()) {
    auto const first = static_cast<unsigned char>(text.front());
    auto const size = character_size(text);
    if (size == 0) {
      out += "\xef\xbf\xbd";
    } else if (first == '"' || first == '\\') {
      out += '\\';
      out += text.front();
    } else if (first == '\n') {
      out += "\\n";
    } else if (first == '\t') {
      out += "\\t";
    } else if (first < 0x20 || first == 0x7f) {
      append_escape(out, first);
    } else if (first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0) {
      append_escape(out, static_cast<unsigned char>(text[1])); // C1 controls steer terminals as ESC does
    } else {
      out.append(text.substr(0, size));
    }
    text.remove_prefix(size == 0 ? 1 : size);
  }
  if (cut) out += "\xe2\x80\xa6";
  out += '"';
}

void field::append_to(std::string& line) const {
  line += ',';
  append_quoted(line, key_);
  line += ':';
  if (auto const* text = std::get_if<std::string_view>(&value_))
    append_quoted(line, *text);
  else if (auto const* flag = std::get_if<bool>(&value_))
    line += *flag ? "true" : "false";
  else if (auto const* whole = std::get_if<std::int64_t>(&value_))
    append_number(line, *whole);
  else if (auto const* count = std::get_if<std::uint64_t>(&value_))
    append_number(line, *count);
  else if (auto const real = std::get<double>(value_); std::isfinite(real))
    append_number(line, real);
  else
    line += "null";
}

std::string render(level l, std::string_view message, std::initializer_list<field> fields, std::int64_t now_ms) {
  auto const seconds = static_cast<std::time_t>(now_ms / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char stamp[80];
  std::snprintf(stamp, sizeof stamp, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<int>(now_ms % 1000));
  std::string line;
  line.reserve(96 + message.size() + fields.size() * 32);
  line += "{\"ts\":\"";
  line += stamp;
  line += "\",\"level\":\"";
  line += names[static_cast<std::size_t>(l)];
  line += "\",\"msg\":";
  append_quoted(line, message);
  for (auto const& f : fields) f.append_to(line);
  line += "}\n";
  return line;
}

void write(level l, std::string_view message, std::initializer_list<field> fields) {
  the_sink().put(render(l, message, fields, now_ms()));
}

void start(int descriptor, std::size_t buffer_bytes_max) {
  static bool const registered = std::atexit([] { stop(); }) == 0;
  (void)registered;
  the_sink().start(descriptor, buffer_bytes_max);
}

void flush() {
  the_sink().flush();
}
void stop() {
  the_sink().stop();
}
std::uint64_t dropped_lines() noexcept {
  return the_sink().dropped();
}

} // namespace alloy::log
