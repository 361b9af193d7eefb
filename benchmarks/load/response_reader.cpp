#include "response_reader.hpp"
#include <charconv>
#include <strings.h>

namespace alloy::bench {

namespace {

constexpr std::size_t head_bytes_max = 64 * 1024;
constexpr std::size_t beginning_bytes_max = 1024;

bool is_header(std::string_view line, std::string_view name) {
  return line.size() > name.size() && line[name.size()] == ':' &&
         ::strncasecmp(line.data(), name.data(), name.size()) == 0;
}

std::string_view value_of(std::string_view line) {
  line.remove_prefix(line.find(':') + 1);
  while (line.starts_with(' ')) line.remove_prefix(1);
  return line;
}

} // namespace

void response_reader::reset() {
  partial_head_.clear();
  beginning_.clear();
  body_bytes_ = body_left_ = 0;
  status_ = 0;
  in_body_ = closes_ = has_length_ = false;
}

bool response_reader::take_header(std::string_view line) {
  // The first letter decides for nearly every line: this runs some ten times an answer.
  if (line[0] != 'C' && line[0] != 'c' && line[0] != 'T' && line[0] != 't') return true;
  if (is_header(line, "content-length")) {
    auto const value = value_of(line);
    auto const [end, ec] = std::from_chars(value.data(), value.data() + value.size(), body_bytes_);
    has_length_ = ec == std::errc() && end == value.data() + value.size();
    return has_length_;
  }
  if (is_header(line, "connection")) closes_ = ::strncasecmp(value_of(line).data(), "close", 5) == 0;
  return !is_header(line, "transfer-encoding");
}

bool response_reader::parse_head(std::string_view head) {
  if (!head.starts_with("HTTP/1.1 ") || head.size() < 12) return false;
  auto const [end, ec] = std::from_chars(head.data() + 9, head.data() + 12, status_);
  if (ec != std::errc() || end != head.data() + 12 || status_ < 200) return false;
  for (auto at = head.find("\r\n"); at != head.npos && at + 2 < head.size();) {
    auto const next = head.find("\r\n", at + 2);
    auto const line = head.substr(at + 2, next == head.npos ? next : next - at - 2);
    if (!line.empty() && !take_header(line)) return false;
    at = next;
  }
  if (status_ == 204 || status_ == 304)
    body_bytes_ = 0;
  else if (!has_length_)
    return false;
  body_left_ = body_bytes_;
  return true;
}

response_reader::state response_reader::feed(std::string_view bytes) {
  if (beginning_.size() < beginning_bytes_max) beginning_ += bytes.substr(0, beginning_bytes_max - beginning_.size());
  if (!in_body_) {
    bool const whole = partial_head_.empty();
    if (!whole) partial_head_ += bytes;
    std::string_view const seen = whole ? bytes : std::string_view(partial_head_);
    auto const end = seen.find("\r\n\r\n");
    if (end == seen.npos) {
      if (whole) partial_head_ = bytes;
      return partial_head_.size() > head_bytes_max ? state::malformed : state::more;
    }
    if (!parse_head(seen.substr(0, end))) return state::malformed;
    in_body_ = true;
    bytes = seen.substr(end + 4);
  }
  if (bytes.size() > body_left_) return state::malformed;
  body_left_ -= bytes.size();
  return body_left_ == 0 ? state::done : state::more;
}

} // namespace alloy::bench
