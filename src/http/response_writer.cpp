#include "http/response_writer.hpp"

#include "http/char_classes.hpp"

#include <charconv>

namespace alloy::http {
namespace {

void append_number(std::string& out, std::size_t n) {
  char digits[24];
  auto const end = std::to_chars(digits, digits + sizeof digits, n).ptr;
  out.append(digits, end);
}

// A value that came from data must not be able to end its line and start another one.
void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  if (all_of(value, char_class::field_value)) {
    out += value;
  } else {
    for (char const c : value) out += is(c, char_class::field_value) ? c : ' ';
  }
  out += "\r\n";
}

// Fields that frame the message or that we set ourselves: a handler's own would contradict ours.
bool is_ours(std::string_view name) noexcept {
  switch (name.size()) {
  case 4: return same_letters(name, "date");
  case 6: return same_letters(name, "server");
  case 10: return same_letters(name, "connection");
  case 12: return same_letters(name, "content-type") || same_letters(name, "x-request-id");
  case 14: return same_letters(name, "content-length");
  case 17: return same_letters(name, "transfer-encoding");
  case 22: return same_letters(name, "x-content-type-options");
  default: return false;
  }
}

// True if the handler has said how the answer may be cached.
bool append_handlers_fields(std::string& out, header_list const& headers, bool encoded) {
  bool cache_control = false;
  for (auto const& [name, value] : headers) {
    if (is_ours(name) || !all_of(name, char_class::token)) continue;
    if (name.size() == 13 && same_letters(name, "cache-control")) cache_control = true;
    // A handler says `identity` only to keep us from encoding.
    if (name.size() == 16 && same_letters(name, "content-encoding") && same_letters(value, "identity")) continue;
    // The encoded bytes are another representation: a strong tag would promise that they are the same.
    if (encoded && name.size() == 4 && same_letters(name, "etag") && !value.starts_with("W/")) {
      append_field(out, name, "W/" + value);
      continue;
    }
    append_field(out, name, value);
  }
  return cache_control;
}

bool has_field(header_list const& headers, std::string_view lower_name) noexcept {
  for (auto const& [name, value] : headers)
    if (same_letters(name, lower_name)) return true;
  return false;
}

bool may_encode(response const& answer, answer_context const& how) noexcept {
  return how.encoder != nullptr && answer.body.size() >= how.gzip_bytes_min && answer.status != 206 &&
         is_compressible(answer.content_type) && !has_field(answer.headers, "content-encoding");
}

void append_status_line(std::string& out, unsigned status) {
  out += "HTTP/1.1 ";
  append_number(out, status);
  out += ' ';
  out += reason_phrase(status);
}

// What a browser shows as a page of its own or runs scripts of.
bool is_document(std::string_view content_type) noexcept {
  auto const type = content_type.substr(0, content_type.find(';'));
  return type == "text/html" || type == "image/svg+xml" || type == "application/xhtml+xml" || type.ends_with("/xml");
}

// None of our documents loads anything, sends a form or stands within another page; the style is within it.
void append_document_fields(std::string& out, header_list const& headers) {
  out += "Referrer-Policy: no-referrer\r\n";
  if (!has_field(headers, "content-security-policy"))
    out += "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action "
           "'none'; frame-ancestors 'none'\r\n";
}

} // namespace

void write_head(std::string& out, response& answer, answer_context const& how) {
  auto const has_no_body = answer.status == 204 || answer.status == 304;
  if (has_no_body) answer.body.clear();
  auto const could_encode = how.body != squeezed::not_tried || may_encode(answer, how);
  bool encoded = how.body == squeezed::yes;
  if (could_encode && how.takes_gzip && how.body == squeezed::not_tried) {
    if (auto shorter = how.encoder->encode(answer.body)) {
      answer.body = std::move(*shorter);
      encoded = true;
    }
  }
  append_status_line(out, answer.status);
  out += "\r\nServer: alloy\r\nDate: ";
  out += how.date;
  out += "\r\nX-Request-Id: ";
  out += how.request_id;
  out += "\r\nX-Content-Type-Options: nosniff\r\nCross-Origin-Resource-Policy: same-origin\r\n";
  if (!answer.body.empty() || answer.source) {
    append_field(out, "Content-Type", answer.content_type);
    if (is_document(answer.content_type)) append_document_fields(out, answer.headers);
  }
  if (!append_handlers_fields(out, answer.headers, encoded)) out += "Cache-Control: no-store\r\n";
  if (encoded) out += "Content-Encoding: gzip\r\n";
  if (could_encode) out += "Vary: Accept-Encoding\r\n";
  if (how.cors != nullptr) how.cors->append_headers(out, how.origin);
  if (how.is_tls) out += "Strict-Transport-Security: max-age=63072000\r\n";
  if (!how.keep_alive)
    out += "Connection: close\r\n";
  else if (how.is_http_1_0)
    out += "Connection: keep-alive\r\n";
  if (how.in_chunks) {
    if (!how.is_http_1_0) out += "Transfer-Encoding: chunked\r\n";
  } else if (!has_no_body) {
    out += "Content-Length: ";
    append_number(out, answer.body.size());
    out += "\r\n";
  }
  out += "\r\n";
  if (how.without_body) answer.body.clear();
}

bool would_encode(response const& answer, answer_context const& how) noexcept {
  return how.takes_gzip && answer.status != 204 && answer.status != 304 && may_encode(answer, how);
}

std::string_view reason_phrase(unsigned status) noexcept {
  switch (status) {
  case 200: return "OK";
  case 201: return "Created";
  case 202: return "Accepted";
  case 204: return "No Content";
  case 206: return "Partial Content";
  case 207: return "Multi-Status";
  case 301: return "Moved Permanently";
  case 302: return "Found";
  case 303: return "See Other";
  case 304: return "Not Modified";
  case 307: return "Temporary Redirect";
  case 308: return "Permanent Redirect";
  case 400: return "Bad Request";
  case 401: return "Unauthorized";
  case 403: return "Forbidden";
  case 404: return "Not Found";
  case 405: return "Method Not Allowed";
  case 406: return "Not Acceptable";
  case 408: return "Request Timeout";
  case 409: return "Conflict";
  case 410: return "Gone";
  case 411: return "Length Required";
  case 412: return "Precondition Failed";
  case 413: return "Content Too Large";
  case 414: return "URI Too Long";
  case 415: return "Unsupported Media Type";
  case 416: return "Range Not Satisfiable";
  case 422: return "Unprocessable Content";
  case 428: return "Precondition Required";
  case 429: return "Too Many Requests";
  case 431: return "Request Header Fields Too Large";
  case 500: return "Internal Server Error";
  case 501: return "Not Implemented";
  case 502: return "Bad Gateway";
  case 503: return "Service Unavailable";
  case 504: return "Gateway Timeout";
  case 507: return "Insufficient Storage";
  default: return {};
  }
}

} // namespace alloy::http
