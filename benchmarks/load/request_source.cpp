#include "request_source.hpp"
#include <algorithm>
#include <charconv>

namespace alloy::bench {

text_template::text_template(std::string_view text) {
  for (;;) {
    auto const at = std::min(text.find("{n}"), text.find("{N}"));
    if (at == text.npos) break;
    auto const form = text[at + 1] == 'n' ? piece::number_form::plain : piece::number_form::padded;
    pieces_.push_back({std::string(text.substr(0, at)), form});
    text.remove_prefix(at + 3);
  }
  pieces_.push_back({std::string(text), piece::number_form::none});
}

void text_template::render(std::uint64_t number, std::string& out) const {
  for (auto const& [literal, form] : pieces_) {
    out += literal;
    if (form == piece::number_form::none) continue;
    char digits[20];
    auto const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    auto const count = static_cast<std::size_t>(end - digits);
    if (form == piece::number_form::padded && count < 10) out.append(10 - count, '0');
    out.append(digits, count);
  }
}

request_source::request_source(request_shape const& shape, std::uint64_t first_number)
    : method_(shape.method + " "), headers_(" HTTP/1.1\r\nHost: " + shape.host + "\r\n"), first_(first_number) {
  for (auto const& header : shape.headers) headers_ += header + "\r\n";
  for (auto const& path : shape.paths) paths_.emplace_back(path);
  for (auto const& body : shape.bodies) bodies_.emplace_back(body);
}

void request_source::next(std::string& out) {
  auto const turn = made_++;
  out += method_;
  paths_[turn % paths_.size()].render(first_ + turn, out);
  out += headers_;
  if (bodies_.empty()) {
    out += "\r\n";
    return;
  }
  body_.clear();
  bodies_[turn % bodies_.size()].render(first_ + turn, body_);
  out += "Content-Length: ";
  out += std::to_string(body_.size());
  out += "\r\n\r\n";
  out += body_;
}

} // namespace alloy::bench
