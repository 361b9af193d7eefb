#include "http/connection.hpp"

#include "core/exceptions.hpp"
#include "core/fault_point.hpp"
#include "http/proxy_header.hpp"
#include "http/session.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <type_traits>

namespace alloy::http {
namespace {

namespace asio = boost::asio;
using error_code = boost::system::error_code;
// The concrete executor: asio's any_io_executor would cost an indirect call and a reference count at every await.
using executor = asio::io_context::executor_type;
template <class T = void> using task = asio::awaitable<T, executor>;
using parked_coroutine = asio::any_completion_handler<void()>;

constexpr asio::use_awaitable_t<executor> token;
constexpr std::string_view unknown_client = "unknown"; // whom a proxy does not name: no address, so in no network
constexpr int send_buffer_bytes = 128 * 1024;          // the kernel takes it twice, for itself
constexpr std::size_t lingering_bytes_max = 256 * 1024;

// Completes when somebody calls what is now in `where`. A plain function, not a lambda in the coroutine: g++ 12 would
// destroy that one twice. Swapped, because move assignment of Boost 1.81's any_completion_handler calls itself for
// ever.
template <class Token> auto async_park(parked_coroutine& where, Token const& how) {
  return asio::async_initiate<Token const, void()>(
      [](auto handler, parked_coroutine* place) { parked_coroutine(std::move(handler)).swap(*place); }, how, &where);
}

template <class Stream> class connection final : public session {
  static constexpr bool is_plain = std::is_same_v<Stream, tcp_socket>;

 public:
  connection(worker& home, admission place, tls_context tls, auto&&... stream)
      : session(home, std::move(place), !is_plain), tls_(std::move(tls)),
        stream_(std::forward<decltype(stream)>(stream)...) {}

  // `self` keeps the connection alive for as long as its coroutine lives.
  task<> run([[maybe_unused]] std::shared_ptr<connection> self) {
    error_code ec;
    if (home_.context->set.proxy_protocol) {
      co_await take_proxy_header();
      if (is_over()) co_return;
    }
    if constexpr (!is_plain) {
      if (is_over()) co_return;
      start_handshake();
      co_await stream_.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(token, ec));
      if (ec || is_over()) co_return;
    }
    for (auto what = next(); what != action::close; what = next()) {
      fault_points::pass("http.connection");
      if (what == action::read) {
        auto const bytes = co_await stream_.async_read_some(space(), asio::redirect_error(token, ec));
        received(bytes, ec.failed());
      } else if (what == action::wait || what == action::turn) {
        co_await async_park(parked_, token);
      } else if (is_streaming() || !write_at_once()) {
        auto const waiting = output();
        auto const bytes = co_await stream_.async_write_some(waiting, asio::redirect_error(token, ec));
        sent(bytes, ec.failed());
      }
    }
    co_await close_gracefully();
  }

  void resume() override {
    if (!parked_) return;
    auto coroutine = std::move(parked_);
    std::move(coroutine)();
  }

 private:
  void cancel_io() noexcept override {
    error_code ignored;
    socket().cancel(ignored);
  }

  std::size_t unacknowledged_bytes() noexcept override {
    int bytes = 0;
    return ::ioctl(socket().native_handle(), SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
  }

  bool has_unread_bytes() noexcept override {
    error_code ec;
    return socket().available(ec) > 0 && !ec;
  }

  // The kernel nearly always takes an answer whole, and then there is nothing to wait for. False if it would block.
  bool write_at_once() {
    if constexpr (is_plain) {
      error_code ec;
      auto const bytes = stream_.write_some(output(), ec);
      if (ec == asio::error::would_block || ec == asio::error::try_again) return false;
      sent(bytes, ec.failed());
      return true;
    }
    return false;
  }

  // Before all else, and before TLS: whose connection the proxy passes on.
  task<> take_proxy_header() {
    error_code ec;
    start_handshake();
    proxy_header_.resize(proxy_header_fixed_bytes);
    asio::mutable_buffer room = asio::buffer(proxy_header_);
    co_await asio::async_read(socket(), room, asio::redirect_error(token, ec));
    if (is_over()) co_return;
    if (ec) co_return refuse_connection("no_proxy_header");
    auto const rest = proxy_header_rest(proxy_header_);
    if (!rest) co_return refuse_connection("bad_proxy_header");
    if (*rest > 0) {
      proxy_header_.resize(proxy_header_fixed_bytes + *rest);
      room = asio::buffer(proxy_header_) + proxy_header_fixed_bytes;
      co_await asio::async_read(socket(), room, asio::redirect_error(token, ec));
      if (is_over()) co_return;
      if (ec) co_return refuse_connection("no_proxy_header");
    }
    auto peer = read_proxy_header(proxy_header_);
    proxy_header_ = std::string();
    if (!peer) co_return refuse_connection("bad_proxy_header");
    if (!peer->is_local) pass_to(peer->address.empty() ? std::string(unknown_client) : std::move(peer->address));
  }

  // A socket closed with bytes unread resets the connection, and the peer may lose the answer that told it why.
  task<> close_gracefully() {
    error_code ec;
    if constexpr (!is_plain) {
      if (!is_over()) {
        start_linger();
        co_await stream_.async_shutdown(asio::redirect_error(token, ec));
      }
    }
    if (!should_linger()) co_return;
    socket().shutdown(asio::socket_base::shutdown_send, ec);
    start_linger();
    for (std::size_t discarded = 0; !ec && !is_over() && discarded < lingering_bytes_max;)
      discarded += co_await socket().async_read_some(space(), asio::redirect_error(token, ec));
  }

  tcp_socket& socket() noexcept {
    if constexpr (is_plain)
      return stream_;
    else
      return stream_.next_layer();
  }

  tls_context tls_; // outlives the stream that was made from it
  Stream stream_;
  parked_coroutine parked_;
  std::string proxy_header_;
};

void report_bug(std::exception_ptr broken) noexcept {
  if (broken) note_exception(thrown_at::http_connection, std::move(broken));
}

template <class Stream> void launch(worker& home, std::shared_ptr<connection<Stream>> one) {
  asio::co_spawn(home.io.get_executor(), one->run(one), report_bug);
}

} // namespace

void serve_connection(worker& home, tcp_socket socket, admission place, tls_context tls) {
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.non_blocking(true, ignored);
  // What waits there is counted by nobody: a reader that takes nothing would hold megabytes of the kernel's.
  socket.set_option(asio::socket_base::send_buffer_size(send_buffer_bytes), ignored);
  if (tls) {
    using stream = asio::ssl::stream<tcp_socket>;
    auto& context = *tls;
    launch(home,
           std::make_shared<connection<stream>>(home, std::move(place), std::move(tls), std::move(socket), context));
  } else {
    launch(home, std::make_shared<connection<tcp_socket>>(home, std::move(place), nullptr, std::move(socket)));
  }
}

} // namespace alloy::http
