#pragma once
// Beast's parser writing straight into our request: head, Content-Length and chunked bodies, trailers read and dropped.
// It is fed only heads that the framing guard has passed. One object a message; used by one thread.
#include "http/message.hpp"

#include <boost/beast/http/basic_parser.hpp>

namespace alloy::http {

class request_parser : public boost::beast::http::basic_parser<true> {
 public:
  using error_code = boost::system::error_code;
  using view = boost::beast::string_view;

  // `head_bytes` is what the guard has measured: Beast's own limit must not be the lower one.
  request_parser(std::size_t head_bytes, std::size_t body_bytes_max);

  request& message() noexcept { return request_; }
  bool is_http_1_0() const noexcept { return version_ == 10; }
  bool trailer_refused() const noexcept { return trailer_refused_; }

  // Unread bytes beyond this that still make no chunk or trailer section are an attack on our patience.
  static constexpr std::size_t framing_bytes_max = 8 * 1024;
  static constexpr std::size_t chunk_extension_bytes_max = 256;
  // Beast asserts that it is not asked again about an unfinished last chunk before it has these, "0", CRLF and CRLF.
  static constexpr std::size_t framing_bytes_min = 5;

 private:
  void on_request_impl(boost::beast::http::verb, view method, view target, int version, error_code&) override;
  void on_response_impl(int, view, int, error_code&) override {}
  void on_field_impl(boost::beast::http::field name, view name_text, view value, error_code&) override;
  // Pure virtual from Boost 1.90 on, unknown before: hence no `override`.
  void on_trailer_field_impl(boost::beast::http::field name, view name_text, view value, error_code&);
  void on_header_impl(error_code&) override { head_done_ = true; }
  void on_body_init_impl(boost::optional<std::uint64_t> const& length, error_code&) override;
  std::size_t on_body_impl(view bytes, error_code&) override;
  void on_chunk_header_impl(std::uint64_t size, view extensions, error_code&) override;
  std::size_t on_chunk_body_impl(std::uint64_t remaining, view bytes, error_code&) override;
  void on_finish_impl(error_code&) override {}

  request request_;
  int version_ = 11;
  unsigned trailer_fields_ = 0;
  bool head_done_ = false, trailer_refused_ = false;
};

} // namespace alloy::http
