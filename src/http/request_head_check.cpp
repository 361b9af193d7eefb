#include "http/request_head_check.hpp"

#include "http/char_classes.hpp"

#include <cstring>

namespace alloy::http {

#define ALLOY_REFUSAL(name, code, detail)                                                                              \
  refusal const name {                                                                                                 \
    errc::code, #name, detail                                                                                          \
  }

ALLOY_REFUSAL(bad_body_framing, malformed_request, "The chunked body is not framed as RFC 9112 section 7.1 has it");
ALLOY_REFUSAL(body_too_large, body_too_large, "The body is longer than this server takes");
ALLOY_REFUSAL(bad_trailer, malformed_request,
              "The trailer section is too long or holds a field that must not be there");
ALLOY_REFUSAL(bad_head, malformed_request, "The value of a header field is malformed");
ALLOY_REFUSAL(parsers_disagree, malformed_request, "The head can be read in more than one way");

namespace {

ALLOY_REFUSAL(bad_request_line, malformed_request, "The request line must be: method SP target SP version CRLF");
ALLOY_REFUSAL(bad_method, malformed_request, "The method is not a token");
ALLOY_REFUSAL(bad_target, malformed_request, "The target must be a path or an absolute http URI, percent-encoded");
ALLOY_REFUSAL(bad_version, malformed_request, "The version must be HTTP/1.1 or HTTP/1.0");
ALLOY_REFUSAL(connect_method, not_implemented, "This server is no proxy: there is no CONNECT");
ALLOY_REFUSAL(bare_line_ending, malformed_request, "A line must end with CR LF, and neither may stand alone");
ALLOY_REFUSAL(obs_fold, malformed_request, "A header field must not be folded over several lines");
ALLOY_REFUSAL(bad_field_name, malformed_request, "A header field's name must be a token, directly followed by a colon");
ALLOY_REFUSAL(bad_field_value, malformed_request, "A header field's value holds a control character");
ALLOY_REFUSAL(missing_host, malformed_request, "An HTTP/1.1 request needs a Host header");
ALLOY_REFUSAL(many_hosts, malformed_request, "There must be one Host header");
ALLOY_REFUSAL(bad_host, malformed_request, "The Host header must be a host with an optional port");
ALLOY_REFUSAL(host_mismatch, malformed_request, "The target and the Host header name different hosts");
ALLOY_REFUSAL(bad_length, malformed_request, "Content-Length must be a decimal number");
ALLOY_REFUSAL(many_lengths, malformed_request, "There must be one Content-Length");
ALLOY_REFUSAL(length_and_coding, malformed_request, "Content-Length and Transfer-Encoding exclude each other");
ALLOY_REFUSAL(coding_on_http_1_0, malformed_request, "HTTP/1.0 has no Transfer-Encoding");
ALLOY_REFUSAL(bad_coding, malformed_request, "Transfer-Encoding must be: chunked");
ALLOY_REFUSAL(unknown_coding, not_implemented, "The only transfer coding this server knows is chunked");
ALLOY_REFUSAL(line_too_long, uri_too_long, "The request line is longer than this server takes");
ALLOY_REFUSAL(section_too_large, headers_too_large, "The header section is longer than this server takes");
ALLOY_REFUSAL(too_many_fields, headers_too_large, "There are more header fields than this server takes");

#undef ALLOY_REFUSAL

using verdict = refusal const*;

struct authority {
  std::string_view host, port;
};

// uri-host [ ":" port ] of RFC 3986, and no userinfo: that is how one host is dressed up as another.
std::optional<authority> split_authority(std::string_view text) noexcept {
  authority out{text, {}};
  auto const bracketed = text.starts_with('[');
  auto const colon = bracketed ? text.find(':', std::min(text.find(']'), text.size())) : text.find(':');
  if (colon != text.npos) {
    out.host = text.substr(0, colon);
    out.port = text.substr(colon + 1);
  }
  if (bracketed) {
    if (out.host.size() < 4 || !out.host.ends_with(']')) return {};
    if (!all_of(out.host.substr(1, out.host.size() - 2), char_class::ip_literal)) return {};
  } else if (out.host.empty() || !all_of(out.host, char_class::reg_name) || !percent_signs_are_sound(out.host)) {
    return {};
  }
  if (out.port.size() > 5 || !all_of(out.port, char_class::digit)) return {};
  return out;
}

class head_check {
 public:
  explicit head_check(head_limits const& limits, head_facts& facts) noexcept : limits_(limits), facts_(facts) {}

  verdict request_line(std::string_view line) noexcept {
    auto const first = line.find(' '), last = line.rfind(' ');
    if (first == line.npos || first == last) return &bad_request_line;
    auto const method = line.substr(0, first), version = line.substr(last + 1);
    if (method.empty() || !all_of(method, char_class::token)) return &bad_method;
    if (version == "HTTP/1.0")
      is_http_1_0_ = true;
    else if (version != "HTTP/1.1")
      return &bad_version;
    if (method == "CONNECT") return &connect_method;
    return target(method, line.substr(first + 1, last - first - 1));
  }

  verdict field(std::string_view line) noexcept {
    if (++fields_ > limits_.header_fields_max) return &too_many_fields;
    if (line.front() == ' ' || line.front() == '\t') return &obs_fold;
    auto const colon = line.find(':');
    if (colon == line.npos || colon == 0) return &bad_field_name;
    auto const name = line.substr(0, colon);
    if (!all_of(name, char_class::token)) return &bad_field_name;
    auto const value = trimmed(line.substr(colon + 1));
    if (!all_of(value, char_class::field_value)) return &bad_field_value;
    if (name.size() == 4 && same_letters(name, "host")) return host(value);
    if (name.size() == 14 && same_letters(name, "content-length")) return content_length(value);
    if (name.size() == 17 && same_letters(name, "transfer-encoding")) return transfer_encoding(value);
    return nullptr;
  }

  verdict whole() const noexcept {
    if (!is_http_1_0_ && hosts_ == 0) return &missing_host;
    if (codings_ > 0 && facts_.length) return &length_and_coding;
    if (codings_ > 0 && is_http_1_0_) return &coding_on_http_1_0;
    if (is_absolute_ && hosts_ > 0) return same_authority() ? nullptr : &host_mismatch;
    return nullptr;
  }

 private:
  verdict target(std::string_view method, std::string_view text) noexcept {
    if (text == "*") return method == "OPTIONS" ? nullptr : &bad_target;
    if (!all_of(text, char_class::target) || !percent_signs_are_sound(text)) return &bad_target;
    if (text.starts_with('/')) return nullptr;
    auto const colon = text.find("://");
    if (colon == text.npos) return &bad_target;
    auto const scheme = text.substr(0, colon);
    is_https_ = same_letters(scheme, "https");
    if (!is_https_ && !same_letters(scheme, "http")) return &bad_target;
    auto const rest = text.substr(colon + 3);
    auto const parsed = split_authority(rest.substr(0, rest.find_first_of("/?")));
    if (!parsed) return &bad_target;
    target_ = *parsed;
    is_absolute_ = true;
    return nullptr;
  }

  verdict host(std::string_view value) noexcept {
    if (++hosts_ > 1) return &many_hosts;
    auto const parsed = split_authority(value);
    if (!parsed) return &bad_host;
    host_ = *parsed;
    return nullptr;
  }

  verdict content_length(std::string_view value) noexcept {
    if (facts_.length) return &many_lengths;
    if (value.empty() || !all_of(value, char_class::digit)) {
      return value.find(',') != value.npos ? &many_lengths : &bad_length;
    }
    if (value.size() > 18) return &body_too_large;
    facts_.length = value;
    return nullptr;
  }

  verdict transfer_encoding(std::string_view value) noexcept {
    if (++codings_ > 1) return &bad_coding;
    facts_.chunked = same_letters(value, "chunked");
    if (facts_.chunked) return nullptr;
    for (auto rest = value;;) {
      auto const comma = rest.find(',');
      auto const coding = trimmed(rest.substr(0, comma));
      if (coding.empty() || !all_of(coding, char_class::token)) return &bad_coding;
      if (!same_letters(coding, "chunked") && !same_letters(coding, "identity")) return &unknown_coding;
      if (comma == rest.npos) return &bad_coding;
      rest.remove_prefix(comma + 1);
    }
  }

  bool same_authority() const noexcept {
    auto const usual = std::string_view(is_https_ ? "443" : "80");
    auto const port_of = [&](authority const& a) { return a.port.empty() ? usual : a.port; };
    return same_letters(target_.host, host_.host) && port_of(target_) == port_of(host_);
  }

  head_limits const& limits_;
  head_facts& facts_;
  authority target_, host_;
  std::size_t fields_ = 0;
  unsigned hosts_ = 0, codings_ = 0;
  bool is_http_1_0_ = false, is_absolute_ = false, is_https_ = false;
};

} // namespace

refusal const* inspect_head(std::string_view head, head_limits const& limits, head_facts& facts) noexcept {
  head_check check(limits, facts);
  auto const line_end = head.find("\r\n");
  if (line_end > limits.request_line_bytes_max) return &line_too_long;
  auto const line = head.substr(0, line_end);
  if (line.find_first_of("\r\n") != line.npos) return &bare_line_ending;
  if (auto const no = check.request_line(line)) return no;
  if (head.size() - line_end - 4 > limits.header_bytes_max) return &section_too_large;

  for (auto rest = head.substr(line_end + 2, head.size() - line_end - 4); !rest.empty();) {
    auto const end = rest.find('\n');
    if (end == rest.npos || end < 2 || rest[end - 1] != '\r') return &bare_line_ending;
    if (auto const no = check.field(rest.substr(0, end - 1))) return no;
    rest.remove_prefix(end + 1);
  }
  return check.whole();
}

refusal const* inspect_partial(std::string_view bytes, std::size_t checked, head_limits const& limits) noexcept {
  if (bytes.empty()) return nullptr;
  // TLS hellos, HTTP/2 frames and the like show in their first byte; there is no reason to wait for an empty line.
  if (!is(bytes.front(), char_class::token) && !(bytes == "\r")) return &bad_method;
  for (auto at = bytes.find_first_of(std::string_view("\n\0", 2), checked); at != bytes.npos;
       at = bytes.find_first_of(std::string_view("\n\0", 2), at + 1)) {
    if (bytes[at] == '\0') return &bad_field_value;
    if (at == 0 || bytes[at - 1] != '\r') return &bare_line_ending;
  }
  auto const line_end = bytes.find("\r\n");
  auto const line_bytes = line_end == bytes.npos ? bytes.size() - (bytes.back() == '\r' ? 1 : 0) : line_end;
  if (line_bytes > limits.request_line_bytes_max) return &line_too_long;
  if (line_end != bytes.npos && bytes.size() - line_end - 2 > limits.header_bytes_max + 2) return &section_too_large;
  return nullptr;
}

} // namespace alloy::http
