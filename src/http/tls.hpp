#pragma once
// The TLS side of the door: Mozilla's "intermediate" profile (TLS 1.2 and 1.3, forward secret AEAD suites only).
// Errors name the file and say what OpenSSL had against it. Any thread.
#include "core/error.hpp"

#include <boost/asio/ssl/context.hpp>

#include <memory>
#include <string>

namespace alloy::http {

using tls_context = std::shared_ptr<boost::asio::ssl::context>;

// `certificate_file` holds the PEM chain, leaf first; `key_file` the PEM key that belongs to it.
result<tls_context> make_tls_context(std::string const& certificate_file, std::string const& key_file);

} // namespace alloy::http
