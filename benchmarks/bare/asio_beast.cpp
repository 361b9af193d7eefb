// The compiled part of Asio and Beast for bare_server, which links no room of Alloy.
#include <boost/asio/impl/src.hpp>
#include <boost/beast/src.hpp>
