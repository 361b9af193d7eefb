#pragma once
// One accepted socket served to its end: the I/O of a session, as one coroutine. I/O thread of `home` only.
#include "http/worker.hpp"

#include <boost/asio/ip/tcp.hpp>

namespace alloy::http {

using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// The connection keeps its place in the hub until it is over.
void serve_connection(worker& home, tcp_socket socket, admission place, tls_context tls);

} // namespace alloy::http
