#include "api/operations/events/event_sources.hpp"

#include "events/log.hpp"

#include <algorithm>
#include <chrono>

namespace alloy::api {
namespace {

// What one pull makes and what it looks at: the thread serves others, too, also where a filter lets nothing through.
constexpr std::size_t piece_bytes = 64 << 10;
constexpr event_reader::bounds looked_at{128, 256 << 10};
constexpr std::int64_t look_again_ms = 1'000; // whether the reader may still see it, where nothing happens

std::int64_t steady_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

class event_lines final : public body_source {
 public:
  event_lines(event_reader from, live_permission right) : from_(std::move(from)), right_(std::move(right)) {}
  void on_ready(std::function<void()>) override {}
  std::int64_t patience_ms() const override { return 0; }
  void hurry() override {}

  state pull(std::string& out) override {
    if (!right_()) return state::broken;
    bool const more = from_.read(looked_at, [&](auto const& head, auto const& e) {
      events::append_public(out, head, e);
      out += '\n';
      return out.size() < piece_bytes ? event_reader::then::go_on : event_reader::then::stop;
    });
    return more ? state::piece : state::end;
  }

 private:
  event_reader from_;
  live_permission right_;
};

class event_stream final : public body_source {
 public:
  event_stream(event_reader from, stream_terms terms) : from_(std::move(from)), terms_(std::move(terms)) {}

  void on_ready(std::function<void()> wake) override { seat_ = terms_.bell.subscribe(terms_.org, std::move(wake)); }
  void hurry() override { is_over_ = true; }
  std::int64_t patience_ms() const override {
    return std::clamp<std::int64_t>(beat_at_ms_ - steady_ms(), 1, look_again_ms);
  }

  state pull(std::string& out) override {
    auto const at = steady_ms();
    from_.extend(terms_.log.head()); // before the look at the right: what is written after it is for a later piece
    is_over_ = is_over_ || !terms_.right();
    if (is_over_) return state::end;
    if (beat_at_ms_ == 0) out += "retry: 1000\n\n"; // the first sign of life, so that the client knows it is open
    bool const more = from_.read(looked_at, [&](auto const& head, auto const& e) {
      out += "id: " + std::to_string(e.position) + "\nevent: ";
      out += e.type;
      out += "\ndata: ";
      events::append_public(out, head, e);
      out += "\n\n";
      return out.size() < piece_bytes ? event_reader::then::go_on : event_reader::then::stop;
    });
    // An id alone moves the client on over what the filter left out, so that it does not begin there again.
    if (out.empty() && at >= beat_at_ms_) out += ":\nid: " + std::to_string(from_.after()) + "\n\n";
    if (!out.empty()) beat_at_ms_ = at + terms_.heartbeat_ms;
    return more || !out.empty() ? state::piece : state::later;
  }

 private:
  event_reader from_;
  stream_terms terms_;
  std::unique_ptr<event_notifier::subscription> seat_;
  std::int64_t beat_at_ms_ = 0;
  bool is_over_ = false;
};

class waiting_page final : public late_answer {
 public:
  waiting_page(page_maker page, refusal_maker refuse, stream_terms terms, std::int64_t wait_ms)
      : page_(std::move(page)), refuse_(std::move(refuse)), terms_(std::move(terms)), until_ms_(steady_ms() + wait_ms) {
  }

  void on_ready(std::function<void()> wake) override { seat_ = terms_.bell.subscribe(terms_.org, std::move(wake)); }
  void hurry() override { until_ms_ = 0; }
  std::int64_t patience_ms() const override {
    return std::clamp<std::int64_t>(until_ms_ - steady_ms(), 1, look_again_ms);
  }

  state pull(std::string& out) override {
    auto const until = terms_.log.head();
    if (auto const right = terms_.right(); !right) {
      auto no = refuse_(right.error());
      out = std::move(no.body);
      refused_ = refusal{no.status, no.content_type, std::move(no.headers)};
      return state::end;
    }
    auto made = page_(until, steady_ms() >= until_ms_);
    if (!made) return state::later;
    out = std::move(*made);
    return state::end;
  }
  std::optional<refusal> refused() override { return refused_; }

 private:
  page_maker page_;
  refusal_maker refuse_;
  stream_terms terms_;
  std::int64_t until_ms_;
  std::optional<refusal> refused_;
  std::unique_ptr<event_notifier::subscription> seat_;
};

} // namespace

std::shared_ptr<body_source> make_event_lines(event_reader from, live_permission right) {
  return std::make_shared<event_lines>(std::move(from), std::move(right));
}
std::shared_ptr<body_source> make_event_stream(event_reader from, stream_terms terms) {
  return std::make_shared<event_stream>(std::move(from), std::move(terms));
}
std::shared_ptr<body_source> make_waiting_page(page_maker page, refusal_maker refuse, stream_terms terms,
                                               std::int64_t wait_ms) {
  return std::make_shared<waiting_page>(std::move(page), std::move(refuse), std::move(terms), wait_ms);
}

} // namespace alloy::api
