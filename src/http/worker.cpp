#include "http/worker.hpp"

#include "core/log.hpp"
#include "http/session.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <ctime>

namespace alloy::http {
namespace {

namespace asio = boost::asio;

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

worker::worker(std::shared_ptr<hub> of)
    : house(std::move(of)), answers(std::make_shared<inbox>([this] { asio::post(io, [this] { deliver(); }); })),
      encoder(house->set.gzip_level), stay_(io.get_executor()), sweep_(io), dice_(seeded_dice()) {}

worker::~worker() {
  stop();
  answers->close();
}

void worker::start() {
  sweep_later();
  thread_ = std::thread([this] { io.run(); });
}

void worker::stop() {
  if (!thread_.joinable()) return;
  asio::post(io, [this] {
    for (auto* const one : std::vector(sessions_)) one->abort();
    stops_ = true; // cancel() cannot call back a sweep whose time has come already
    sweep_.cancel();
    stay_.reset();
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
  sweep_.expires_after(sweep_interval(house->set));
  sweep_.async_wait([this](boost::system::error_code ec) {
    if (ec || stops_) return;
    auto const now = now_ms();
    for (auto* const one : sessions_) one->check_deadline(now);
    sweep_later();
  });
}

void worker::deliver() {
  answers->take(arrived_);
  for (auto const& filled : arrived_)
    if (auto* const waiting = filled->owner()) waiting->resume();
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
    auto bits = dice_();
    for (int n = 0; n < 16; ++n, bits >>= 4U) id[i++] = hex[bits & 15U];
  }
  return id;
}

} // namespace alloy::http
