#include "http/worker.hpp"

#include "core/exceptions.hpp"
#include "core/fault_point.hpp"
#include "http/session.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <ctime>

namespace alloy::http {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::milliseconds pause_after_exception{1};
constexpr std::chrono::microseconds turns_at_once{300}; // steps shorter than that go together

// Deadlines are kept to a quarter of the shortest of them; a sweep over ten thousand sessions costs microseconds.
std::chrono::milliseconds sweep_interval(settings const& set) {
  auto const shortest = std::min(
      {set.head_timeout_ms, set.body_timeout_ms, set.idle_timeout_ms, set.write_timeout_ms, set.linger_timeout_ms});
  return std::chrono::milliseconds(std::clamp<std::uint32_t>(shortest / 4, 5, 500));
}

std::mt19937_64 seeded_dice() {
  std::random_device device;
  std::array<std::random_device::result_type, 8> entropy{};
  std::generate(entropy.begin(), entropy.end(), std::ref(device));
  std::seed_seq seed(entropy.begin(), entropy.end());
  return std::mt19937_64(seed);
}

} // namespace

worker::worker(std::shared_ptr<server_context> of)
    : context(std::move(of)),
      answers(std::make_shared<completion_queue>([this] { asio::post(io, [this] { deliver(); }); })),
      encoder(context->set.gzip_level), stay_(io.get_executor()), sweep_(io), rng_(seeded_dice()) {}

worker::~worker() {
  stop();
  answers->close();
}

void worker::start() {
  thread_ = std::thread([this] { run(); });
}

// A handler that throws has ended what it was about; the thread serves everybody else on. It sleeps a little, so that
// it does not take the machine while there is no memory even for that.
void worker::run() noexcept {
  bool again = false;
  for (bool is_over = false; !is_over;)
    is_over = contained(thrown_at::http_thread, [this, &again] {
      if (again) std::this_thread::sleep_for(pause_after_exception);
      again = true;
      if (!is_sweep_due_ && !stops_) sweep_later();
      if (on_recovery) on_recovery();
      io.run();
    });
}

void worker::stop() {
  if (!thread_.joinable()) return;
  asio::post(io, [this] {
    stops_ = true; // cancel() cannot call back a sweep whose time has come already
    sweep_.cancel();
    stay_.reset();
    bool const all_cut = contained(thrown_at::http_thread, [this] {
      for (auto* const one : std::vector(sessions_)) one->abort();
    });
    if (!all_cut) io.stop();
  });
  thread_.join();
}

void worker::drain_sessions() {
  for (auto* const one : sessions_) one->drain();
}

void worker::add(session& one) {
  one.place_in_worker = sessions_.size();
  sessions_.push_back(&one);
}

void worker::remove(session& one) noexcept {
  auto const place = one.place_in_worker;
  sessions_[place] = sessions_.back();
  sessions_[place]->place_in_worker = place;
  sessions_.pop_back();
}

void worker::sweep_later() {
  sweep_.expires_after(sweep_interval(context->set));
  sweep_.async_wait([this](boost::system::error_code ec) {
    is_sweep_due_ = false;
    if (ec || stops_) return;
    contained(thrown_at::http_thread, [this] {
      fault_points::pass("http.sweep");
      sweep();
    });
    sweep_later();
  });
  is_sweep_due_ = true;
}

void worker::wait_for_turn(session& one, auth::ip_prefix const& of) {
  turns_.put(of, &one);
  give_turns_later();
}

void worker::give_turns_later() {
  if (are_turns_due_ || turns_.empty()) return;
  asio::post(io, [this] { give_turns(); });
  are_turns_due_ = true;
}

// A post goes behind what the reactor has found meanwhile.
void worker::give_turns() {
  are_turns_due_ = false;
  auto const until = std::chrono::steady_clock::now() + turns_at_once;
  do {
    if (turns_.empty()) return;
    auto* const one = turns_.take();
    contained(thrown_at::http_thread, [&] { one->take_turn(); });
  } while (std::chrono::steady_clock::now() < until);
  give_turns_later();
}

void worker::sweep() {
  give_turns_later(); // where there was no memory for the word of it
  auto const now = now_ms();
  swept_ = sessions_; // one that goes on may come to its end, and goes from the list
  for (auto* const one : swept_) one->check_deadline(now);
}

void worker::deliver() {
  answers->take(arrived_);
  for (auto const& filled : arrived_)
    if (auto* const waiting = filled->owner()) contained(thrown_at::http_thread, [&] { waiting->resume(); });
  arrived_.clear();
}

std::int64_t worker::now_ms() noexcept {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

std::string_view worker::date() {
  auto const now = std::time(nullptr);
  if (now != date_second_) {
    static constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 64> text{};
    // Not strftime's names: those follow the locale.
    auto const size = std::snprintf(text.data(), text.size(), "%s, %02d %s %d %02d:%02d:%02d GMT",
                                    days[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                                    months[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                                    utc.tm_min, utc.tm_sec);
    date_.assign(text.data(), static_cast<std::size_t>(size));
    date_second_ = now;
  }
  return date_;
}

std::string worker::new_request_id() {
  static constexpr std::string_view hex = "0123456789abcdef";
  std::string id(32, '0');
  for (std::size_t i = 0; i < id.size();) {
    auto bits = rng_();
    for (int n = 0; n < 16; ++n, bits >>= 4U) id[i++] = hex[bits & 15U];
  }
  return id;
}

} // namespace alloy::http
