#include "api/table/media.hpp"

#include <algorithm>

namespace alloy::api {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool same_letters(std::string_view a, std::string_view b) noexcept {
  auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

// "0.5" is 500; what is malformed counts as 1.
unsigned thousandths(std::string_view q) noexcept {
  if (q.empty() || q.front() != '0') return 1000;
  unsigned value = 0, digits = 0;
  for (char const c : q.substr(std::min<std::size_t>(2, q.size())))
    if (digits < 3 && c >= '0' && c <= '9') value = value * 10 + static_cast<unsigned>(c - '0'), ++digits;
  for (; digits < 3; ++digits) value *= 10;
  return value;
}

// 0: it is not in the range.
unsigned how_specific(std::string_view range, std::string_view type) noexcept {
  if (same_letters(range, type)) return 3;
  if (range == "*/*" || range == "*") return 1;
  auto const slash = range.find('/');
  return slash != range.npos && range.substr(slash) == "/*" &&
                 same_letters(range.substr(0, slash), type.substr(0, type.find('/')))
             ? 2
             : 0;
}

} // namespace

unsigned quality(std::string_view accept, std::string_view type) noexcept {
  if (trimmed(accept).empty()) return 1000;
  unsigned best = 0, wanted = 0;
  while (!accept.empty()) {
    auto one = accept.substr(0, accept.find(','));
    accept.remove_prefix(std::min(accept.size(), one.size() + 1));
    auto const semicolon = std::min(one.find(';'), one.size());
    unsigned q = 1000;
    for (auto rest = one.substr(semicolon); !rest.empty();) {
      auto const parameter = trimmed(rest.substr(1, rest.find(';', 1) - 1));
      rest.remove_prefix(std::min(rest.find(';', 1), rest.size()));
      if (parameter.size() > 2 && same_letters(parameter.substr(0, 2), "q=")) q = thousandths(parameter.substr(2));
    }
    auto const specific = how_specific(trimmed(one.substr(0, semicolon)), type);
    if (specific <= best) continue;
    best = specific;
    wanted = q;
  }
  return wanted;
}

result<> check_media(operation const& op, request const& asked) {
  if (!op.writes() || asked.body.empty()) return {};
  auto type = asked.header("content-type");
  type = type.substr(0, type.find(';'));
  while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
  std::string lower(type);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (lower == op.body_type || (op.method == verb::patch && lower == "application/merge-patch+json")) return {};
  return error(errc::unsupported_media_type, "send the body as Content-Type: " + std::string(op.body_type));
}

// Who takes nothing but problems is answered all the same: it may be all that they get.
bool accepts(operation const& op, request const& asked) {
  auto const accept = asked.header("accept");
  return op.answer == nullptr || quality(accept, op.answer_type) > 0 ||
         std::ranges::any_of(op.also, [&](auto other) { return quality(accept, other) > 0; }) ||
         accept.find("application/problem+json") != accept.npos;
}

std::string alternatives(operation const& op) {
  std::string words;
  for (auto const other : op.also) words += " or " + std::string(other);
  return words;
}

} // namespace alloy::api
