// What a connection brings, byte by byte: the framing guard, the parser, the router and all behind it. The first byte
// of an input says in pieces of how many bytes it comes ('w': whole); the rest is what a client sends.
#include "http/rest.hpp"
#include "http/session.hpp"
#include "tests/fuzz/world.hpp"

#include <algorithm>
#include <cstring>

namespace alloy::fuzz {
namespace {

constexpr auto patience = std::chrono::seconds(60);

// Ends the process at an answer that no request may get. 503 is one that a request may ask for: a position that never
// comes.
struct status_check final : http::observer {
  void request_finished(http::exchange_facts const& e) noexcept override {
    if (e.status >= 500 && e.status != 501 && e.status != 503 && e.status != 505)
      report_bug("an answer of " + std::to_string(e.status), e.route, {});
  }
};

class fed_session final : public http::session {
 public:
  fed_session(http::worker& home, std::string_view input, std::size_t piece)
      : session(home, http::admission(*home.context, "127.0.0.1", false), false), input_(input), piece_(piece) {}

  void run() {
    for (auto what = next(); what != http::action::close; what = next()) {
      if (what == http::action::read) {
        feed();
      } else if (what == http::action::write) {
        sent(boost::asio::buffer_size(output()), false);
      } else if (!wait_for_word()) {
        return abort();
      }
    }
  }
  void resume() override { is_resumed_ = true; }

 private:
  void feed() {
    auto const room = space();
    auto const bytes = std::min({room.size(), piece_, input_.size()});
    std::memcpy(room.data(), input_.data(), bytes);
    input_.remove_prefix(bytes);
    received(bytes, bytes == 0);
  }

  // False where it is a stream that has nothing more for now.
  bool wait_for_word() {
    auto const until = std::chrono::steady_clock::now() + patience;
    while (!std::exchange(is_resumed_, false)) {
      if (home_.io.poll_one() > 0) continue;
      if (is_streaming()) return false;
      if (home_.io.run_one_until(until) == 0) report_bug("no answer", "a request", {});
    }
    return true;
  }

  void cancel_io() noexcept override {}
  bool has_unread_bytes() noexcept override { return false; }
  std::size_t unacknowledged_bytes() noexcept override { return 0; }

  std::string_view input_;
  std::size_t piece_;
  bool is_resumed_ = false;
};

http::worker& door() {
  static http::worker one(std::make_shared<http::server_context>(
      http::settings{},
      http::rest([](api::request&& asked, auto done) { world::current().handle(std::move(asked), std::move(done)); }),
      std::make_shared<status_check>()));
  return one;
}

} // namespace
} // namespace alloy::fuzz

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace alloy::fuzz;
  if (size == 0) return 0;
  world::current(); // before the door, so that it goes after it
  auto const piece = data[0] == 'w' ? std::string::npos : std::size_t{data[0]} + 1;
  auto const bytes = world::current().with_tokens({reinterpret_cast<char const*>(data) + 1, size - 1});
  fed_session(door(), bytes, piece).run();
  return 0;
}
