#include "http/request_parser.hpp"

#include "http/char_classes.hpp"

namespace alloy::http {
namespace {

namespace beast_http = boost::beast::http;

std::string_view plain(request_parser::view text) noexcept {
  return {text.data(), text.size()};
}

// A body announced is not a body sent: memory is given for what has come.
constexpr std::size_t reserve_bytes_max = 64 * 1024;
constexpr unsigned trailer_fields_max = 32;

} // namespace

request_parser::request_parser(std::size_t head_bytes, std::size_t body_bytes_max) {
  header_limit(static_cast<std::uint32_t>(head_bytes + framing_bytes_max));
  body_limit(body_bytes_max);
}

void request_parser::on_request_impl(beast_http::verb, view method, view target, int version, error_code&) {
  version_ = version;
  request_.method = plain(method);
  auto text = plain(target);
  if (!text.starts_with('/') && text != "*") { // absolute-form: the guard has compared its authority with Host
    text.remove_prefix(text.find("://") + 3);
    text.remove_prefix(std::min(text.find_first_of("/?"), text.size()));
  }
  auto const question = text.find('?');
  request_.path = text.substr(0, question);
  if (request_.path.empty()) request_.path = "/";
  if (question != text.npos) request_.query = text.substr(question + 1);
  request_.headers.reserve(16);
}

void request_parser::on_field_impl(beast_http::field name, view name_text, view value, error_code& ec) {
  if (head_done_) {
    on_trailer_field_impl(name, name_text, value, ec);
    return;
  }
  auto& [key, text] = request_.headers.emplace_back(plain(name_text), plain(value));
  for (auto& c : key) c = lower(c);
}

void request_parser::on_trailer_field_impl(beast_http::field name, view, view, error_code& ec) {
  using beast_http::field;
  auto const frames = name == field::content_length || name == field::transfer_encoding || name == field::host ||
                      name == field::connection || name == field::authorization;
  if (!frames && ++trailer_fields_ <= trailer_fields_max) return;
  trailer_refused_ = true;
  ec = beast_http::error::bad_field;
}

void request_parser::on_body_init_impl(boost::optional<std::uint64_t> const& length, error_code&) {
  if (length) request_.body.reserve(std::min<std::uint64_t>(*length, reserve_bytes_max));
}

std::size_t request_parser::on_body_impl(view bytes, error_code&) {
  request_.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

void request_parser::on_chunk_header_impl(std::uint64_t, view extensions, error_code& ec) {
  if (extensions.size() > chunk_extension_bytes_max) ec = beast_http::error::bad_chunk_extension;
}

std::size_t request_parser::on_chunk_body_impl(std::uint64_t, view bytes, error_code&) {
  request_.body.append(bytes.data(), bytes.size());
  return bytes.size();
}

} // namespace alloy::http
