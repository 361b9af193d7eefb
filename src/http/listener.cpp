#include "http/listener.hpp"

#include "core/exceptions.hpp"
#include "core/fault_point.hpp"
#include "core/log.hpp"
#include "core/problem.hpp"
#include "http/response_writer.hpp"

#include <boost/asio/dispatch.hpp>

namespace alloy::http {
namespace {

namespace asio = boost::asio;
using error_code = boost::system::error_code;

constexpr std::chrono::milliseconds pause_without_descriptors{100};

std::string address_of(tcp_socket const& socket) {
  error_code ec;
  auto const address = socket.remote_endpoint(ec).address();
  if (ec) return {};
  // One peer must not count as two because it came through a dual-stack socket.
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

} // namespace

listener::listener(std::vector<std::unique_ptr<worker>>& workers)
    : workers_(workers), context_(*workers.front()->context), acceptor_(workers.front()->io.get_executor()),
      pause_(workers.front()->io) {
  workers.front()->on_recovery = [this] { take_up_again(); };
}

result<std::uint16_t> listener::open(settings const& with) {
  auto const where = with.address + " port " + std::to_string(with.port);
  error_code ec;
  auto const address = asio::ip::make_address(with.address, ec);
  if (ec) return error(errc::internal, "cannot listen on " + where + ": the address must be an IPv4 or IPv6 literal");
  asio::ip::tcp::endpoint const endpoint(address, with.port);
  acceptor_.open(endpoint.protocol(), ec);
  if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor_.bind(endpoint, ec);
  if (!ec) acceptor_.listen(with.backlog, ec);
  if (!ec) acceptor_.non_blocking(true, ec);
  asio::ip::tcp::endpoint bound;
  if (!ec) bound = acceptor_.local_endpoint(ec);
  if (ec) {
    error_code ignored;
    acceptor_.close(ignored);
    return error(errc::internal, "cannot listen on " + where + ": " + ec.message());
  }
  return bound.port();
}

// A connection for which there is no memory is dropped; the next one may be luckier.
void listener::accept() {
  is_open_ = true;
  auto& home = next_worker();
  acceptor_.async_accept(home.io.get_executor(), [this, &home](error_code ec, tcp_socket socket) {
    is_waiting_ = false;
    if (!acceptor_.is_open()) return;
    if (!ec) {
      contained(thrown_at::http_accept, [&] {
        fault_points::pass("http.accept");
        take(home, std::move(socket));
      });
    } else if (ec == asio::error::no_descriptors || ec == boost::system::errc::too_many_files_open_in_system ||
               ec == asio::error::no_memory || ec == asio::error::no_buffer_space) {
      log::warn("cannot accept connections for now", {{"why", ec.message()}});
      return accept_later();
    }
    accept();
  });
  is_waiting_ = true;
}

void listener::accept_later() {
  pause_.expires_after(pause_without_descriptors);
  pause_.async_wait([this](error_code ec) {
    is_waiting_ = false;
    if (!ec && acceptor_.is_open()) accept();
  });
  is_waiting_ = true;
}

void listener::take_up_again() {
  if (is_open_ && !is_waiting_ && acceptor_.is_open()) accept();
}

void listener::close() {
  if (!acceptor_.is_open()) return;
  for (error_code ec; !ec;) {
    auto& home = next_worker();
    tcp_socket socket(home.io.get_executor());
    acceptor_.accept(socket, ec);
    if (!ec) contained(thrown_at::http_accept, [&] { take(home, std::move(socket)); });
  }
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
}

worker& listener::next_worker() noexcept {
  return *workers_[turn_++ % workers_.size()];
}

void listener::take(worker& home, tcp_socket socket) {
  auto peer = address_of(socket);
  if (peer.empty()) return; // gone again
  if (context_.set.proxy_protocol && !context_.trusts(peer))
    return context_.watch().connection_refused("untrusted_proxy");
  auto place = context_.admit(std::move(peer));
  if (!place) return turn_away(socket);
  // Runs at once where `home` is this very thread. What it throws on another one is contained there.
  asio::dispatch(home.io,
                 [&home, socket = std::move(socket), place = std::move(*place), tls = context_.tls()]() mutable {
                   serve_connection(home, std::move(socket), std::move(place), std::move(tls));
                 });
}

void listener::turn_away(tcp_socket& socket) {
  context_.watch().connection_refused("too_many_connections");
  if (context_.set.has_tls()) return; // a handshake is the last thing to spend time on now
  auto& here = *workers_.front();
  auto const request_id = here.new_request_id();
  response answer;
  answer.status = describe(errc::overloaded).status;
  answer.content_type = problem_content_type;
  answer.headers = {{"Retry-After", "1"}};
  answer.body = problem_document(error(errc::overloaded, "There are too many connections"), request_id);
  answer_context how;
  how.date = here.date();
  how.request_id = request_id;
  how.keep_alive = false;
  std::string bytes;
  write_head(bytes, answer, how);
  bytes += answer.body;
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(bytes), ignored);
  socket.shutdown(asio::socket_base::shutdown_send, ignored);
}

} // namespace alloy::http
