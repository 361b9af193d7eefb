#pragma once
// Accepts connections and deals them out to the workers in turn. Lives on the first worker's thread.
#include "http/connection.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>

#include <memory>
#include <vector>

namespace alloy::http {

class listener {
 public:
  explicit listener(std::vector<std::unique_ptr<worker>>& workers);

  // Before the workers run: binds and listens. The actual port, or why not.
  result<std::uint16_t> open(settings const& with);
  // On the first worker's thread.
  void accept();
  void close(); // first serves what the kernel has already accepted: those clients think they are connected

 private:
  using acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

  worker& next_worker() noexcept;
  void take(worker& home, tcp_socket socket);
  void take_up_again();
  void turn_away(tcp_socket& socket);
  void accept_later();

  std::vector<std::unique_ptr<worker>>& workers_;
  server_context& context_;
  acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::size_t turn_ = 0;
  bool is_open_ = false, is_waiting_ = false; // for a connection, or for a pause to end
};

} // namespace alloy::http
