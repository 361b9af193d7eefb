// The peer of Alloy's reads: a Beast server that does nothing but answer, one coroutine a connection, one thread.
//   bare_server --port P [--size N]
// Any request is answered with 200 and the same N bytes of JSON. No routing, no authentication, no store, no deadline
// bookkeeping beyond Beast's own: what is left is the price of HTTP with this library, built with Alloy's flags.
#include "../flags.hpp"
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <exception>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
constexpr auto token = asio::as_tuple(asio::use_awaitable);

// A JSON object of exactly `size` bytes, so that both servers send the same kind of bytes.
std::string body_of(std::size_t size) {
  std::string const open = "{\"text\":\"", close = "\"}";
  if (size < open.size() + close.size()) return std::string(size, '0');
  return open + std::string(size - open.size() - close.size(), 'x') + close;
}

http::response<http::string_body> answer(http::request<http::string_body> const& request, std::string const& body) {
  http::response<http::string_body> response(http::status::ok, request.version());
  response.set(http::field::server, "bare");
  response.set(http::field::content_type, "application/json");
  response.keep_alive(request.keep_alive());
  response.body() = body;
  response.prepare_payload();
  return response;
}

asio::awaitable<void> serve(tcp::socket socket, std::string const& body) {
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer;
  for (;;) {
    stream.expires_after(std::chrono::seconds(30));
    http::request<http::string_body> request;
    auto const [read_error, read] = co_await http::async_read(stream, buffer, request, token);
    if (read_error) break;
    auto const response = answer(request, body);
    auto const [write_error, written] = co_await http::async_write(stream, response, token);
    if (write_error || response.need_eof()) break;
  }
  beast::error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_send, ignored);
}

void rethrow(std::exception_ptr thrown) {
  if (thrown) std::rethrow_exception(thrown);
}

asio::awaitable<void> listen(tcp::acceptor& acceptor, std::string const& body) {
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(token);
    if (error) continue;
    beast::error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), body), rethrow);
  }
}

} // namespace

int main(int argc, char** argv) try {
  alloy::bench::flags flags(argc, argv);
  auto const port = static_cast<std::uint16_t>(flags.number("port", 0, 1, 65535));
  auto const body = body_of(flags.number("size", 600, 0, 64 << 20));
  flags.refuse_others();

  asio::io_context context(1);
  tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), port));
  asio::signal_set signals(context, SIGINT, SIGTERM);
  signals.async_wait([&](auto, auto) { context.stop(); });
  asio::co_spawn(context, listen(acceptor, body), rethrow);
  context.run();
  return 0;
} catch (alloy::bench::usage_error const& e) {
  std::fprintf(stderr, "bare_server: %s\n", e.what());
  return 2;
} catch (std::exception const& e) {
  std::fprintf(stderr, "bare_server: %s\n", e.what());
  return 1;
}
