#include "http/server.hpp"

#include "http/listener.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <future>

namespace alloy::http {
namespace {

unsigned thread_count(settings const& with) {
  if (with.io_threads > 0) return with.io_threads;
  auto const cores = std::thread::hardware_concurrency();
  return cores <= 2 ? 1 : cores - 1;
}

} // namespace

struct server::parts {
  std::shared_ptr<server_context> context;
  std::vector<std::unique_ptr<worker>> workers;
  std::unique_ptr<listener> door;
  bool runs = false;
};

server::server(settings with, handler handle, std::shared_ptr<observer> watch) : parts_(std::make_unique<parts>()) {
  auto const threads = thread_count(with);
  parts_->context = std::make_shared<server_context>(std::move(with), std::move(handle), std::move(watch));
  for (unsigned n = 0; n < threads; ++n) parts_->workers.push_back(std::make_unique<worker>(parts_->context));
  parts_->door = std::make_unique<listener>(parts_->workers);
}

server::~server() {
  if (parts_->runs) stop(0);
}

result<std::uint16_t> server::start() {
  auto& p = *parts_;
  if (p.context->set.has_tls()) {
    if (auto const loaded = reload(); !loaded) return loaded.error();
  }
  auto const port = p.door->open(p.context->set);
  if (!port) return port;
  for (auto& one : p.workers) one->start();
  boost::asio::post(p.workers.front()->io, [&p] { p.door->accept(); });
  p.runs = true;
  return port;
}

result<> server::reload() {
  auto const& set = parts_->context->set;
  if (!set.has_tls()) return {};
  auto made = make_tls_context(set.tls_certificate_file, set.tls_key_file);
  if (!made) return made.error();
  parts_->context->set_tls(std::move(*made));
  return {};
}

void server::begin_drain() {
  auto& p = *parts_;
  if (!p.runs || p.context->draining.exchange(true)) return;
  std::promise<void> closed;
  boost::asio::post(p.workers.front()->io, [&p, &closed] {
    p.door->close();
    closed.set_value();
  });
  closed.get_future().wait();
  for (auto& one : p.workers) boost::asio::post(one->io, [w = one.get()] { w->drain_sessions(); });
}

bool server::stop(std::uint32_t deadline_ms) {
  auto& p = *parts_;
  if (!p.runs) return true;
  begin_drain();
  auto const deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(deadline_ms);
  auto const all_finished = p.context->wait_until_idle(deadline);
  for (auto& one : p.workers) one->stop();
  p.runs = false;
  return all_finished;
}

std::size_t server::connections() const noexcept {
  return parts_->context->connections();
}

std::size_t server::in_flight() const noexcept {
  return parts_->context->in_flight.load(std::memory_order_relaxed);
}

} // namespace alloy::http
