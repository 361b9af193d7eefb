#pragma once
// One accepted socket served to its end: the I/O of a session, as one coroutine. I/O thread of `home` only.
#include "http/worker.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <string>

namespace alloy::http {

using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// The peer has been admitted to the hub; the connection leaves it when it is over.
void serve_connection(worker& home, tcp_socket socket, std::string peer, tls_context tls);

} // namespace alloy::http
