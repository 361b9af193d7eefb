#pragma once
// A server whose handler does what the path says, and keeps what it was asked, for tests to look at.
#include "http/server.hpp"
#include "tests/http/wire.hpp"

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>

namespace alloy::tests {

class counting_observer : public http::observer {
 public:
  void connection_opened() noexcept override { ++opened; }
  void connection_closed() noexcept override { ++closed; }
  void request_started() noexcept override { ++started; }
  void request_finished(http::exchange_facts const& f) noexcept override {
    std::lock_guard const lock(mutex);
    finished.push_back(f);
  }
  void connection_refused(std::string_view reason) noexcept override {
    std::lock_guard const lock(mutex);
    ++refused[std::string(reason)];
  }

  void unsent_changed(std::int64_t bytes) noexcept override {
    std::lock_guard const lock(mutex);
    unsent.push_back(bytes + (unsent.empty() ? 0 : unsent.back()));
  }

  std::int64_t unsent_now() {
    std::lock_guard const lock(mutex);
    return unsent.empty() ? 0 : unsent.back();
  }

  std::atomic<int> opened{0}, closed{0}, started{0};
  std::mutex mutex;
  std::vector<http::exchange_facts> finished;
  std::map<std::string, int> refused;
  std::vector<std::int64_t> unsent; // bytes, after each change
};

class echo_server {
 public:
  explicit echo_server(http::settings with = {})
      : watch(std::make_shared<counting_observer>()),
        server(
            std::move(with),
            [this](http::request&& r, http::responder answer) { serve(std::move(r), std::move(answer)); }, watch) {
    port = server.start().value();
  }

  // Paths that were served so far.
  std::vector<std::string> served() {
    std::lock_guard const lock(mutex_);
    return served_;
  }

  // Waits until `count` requests to /wait are held, and hands their responders over.
  std::vector<http::responder> held(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_.size() >= count; });
    return std::exchange(held_, {});
  }

  static http::response plain(std::string body) {
    http::response out;
    out.content_type = "text/plain";
    out.body = std::move(body);
    out.route = "/{any}";
    return out;
  }

  std::uint16_t port = 0;
  std::shared_ptr<counting_observer> watch;
  std::function<http::response(http::request const&)> special; // set before the first request

 private:
  void serve(http::request&& r, http::responder answer) {
    {
      std::lock_guard const lock(mutex_);
      served_.push_back(r.path);
      if (r.path == "/wait") {
        held_.push_back(std::move(answer));
        changed_.notify_all();
        return;
      }
    }
    if (r.path == "/throw") throw std::runtime_error("on purpose");
    if (r.path == "/drop") return;
    if (special) return answer(special(r));
    answer(plain(r.method + " " + r.path + "?" + r.query + " " + r.body));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> served_;
  std::vector<http::responder> held_;

 public:
  http::server server; // last: its threads use what is above
};

} // namespace alloy::tests
