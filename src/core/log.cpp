#include "core/log.hpp"

#include "core/steering.hpp"

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

  // A line that there is no memory for is dropped like one that there is no room for.
  void put_or_drop(level l, std::string_view message, std::initializer_list<field> fields) noexcept {
    try {
      put(render(l, message, fields, now_ms()));
    } catch (...) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      if (dropped_unsaid_.fetch_add(1, std::memory_order_relaxed) == 0) news_.notify_one();
    }
  }

  void put(std::string_view line) {
    std::unique_lock lock(mutex_);
    if (!running_) {
      write_all(descriptor_, line);
      return;
    }
    if (waiting_.size() + line.size() > bytes_max_) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      if (dropped_unsaid_.fetch_add(1, std::memory_order_relaxed) == 0) news_.notify_one();
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
      auto const dropped = dropped_unsaid_.exchange(0);
      writing_ = true;
      lock.unlock();
      write_all(descriptor_, lines);
      try {
        if (dropped > 0)
          write_all(descriptor_, render(level::warn, "log lines dropped", {{"dropped", dropped}}, now_ms()));
      } catch (...) { // dropped_lines() still has them
      }
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
  std::atomic<std::uint64_t> dropped_unsaid_{0};
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
    } else if (auto const c = decode_point(text.substr(0, size)); steers(c)) {
      append_escape(out, c);
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
  the_sink().put_or_drop(l, message, fields);
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
