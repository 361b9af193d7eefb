#include "cli/width.hpp"

#include "core/steering.hpp"

#include <algorithm>
#include <utf8proc.h>

namespace alloy::cli {
namespace {

constexpr utf8proc_int32_t no_point = -1, zero_width_joiner = 0x200d, emoji_style = 0xfe0f;

bool is_between(utf8proc_int32_t p, utf8proc_int32_t first, utf8proc_int32_t last) noexcept {
  return p >= first && p <= last;
}

// What a newer Unicode than utf8proc's has put there is as wide as what stands around it.
std::size_t width_of(utf8proc_int32_t p, utf8proc_property_t const& is) noexcept {
  if (is.category == UTF8PROC_CATEGORY_CN && (is_between(p, 0x1f000, 0x1faff) || is_between(p, 0x20000, 0x3fffd)))
    return 2;
  return static_cast<std::size_t>(std::max(utf8proc_charwidth(p), 0));
}

struct cluster {
  std::size_t bytes = 0, columns = 0;
};

// Adds up what a cluster's characters take; an emoji of several takes two columns in all.
class measure {
 public:
  void add(utf8proc_int32_t p) noexcept {
    auto const& is = *utf8proc_get_property(p);
    if (first_ == no_point) {
      first_ = p;
      is_emoji_ = is.boundclass == UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC;
    } else if (is.boundclass == UTF8PROC_BOUNDCLASS_REGIONAL_INDICATOR || is_between(p, 0x1f3fb, 0x1f3ff) ||
               (p == zero_width_joiner && is_emoji_) || (p == emoji_style && (is_emoji_ || has_key()))) {
      is_wide_ = true;
    } else if (is.boundclass == UTF8PROC_BOUNDCLASS_V || is.boundclass == UTF8PROC_BOUNDCLASS_T) {
      return; // the rest of a Hangul syllable stands within its first part
    }
    columns_ += width_of(p, is);
  }
  std::size_t columns() const noexcept { return is_wide_ ? 2 : columns_; }

 private:
  bool has_key() const noexcept { return is_between(first_, '0', '9') || first_ == '#' || first_ == '*'; }

  utf8proc_int32_t first_ = no_point;
  bool is_emoji_ = false, is_wide_ = false;
  std::size_t columns_ = 0;
};

// The first one of a text that is not empty.
cluster first_cluster(std::string_view text) noexcept {
  cluster c;
  measure m;
  utf8proc_int32_t before = no_point, state = 0;
  while (c.bytes < text.size()) {
    auto const rest = text.substr(c.bytes);
    auto const size = character_size(rest);
    auto const p = size == 0 ? 0xfffd : static_cast<utf8proc_int32_t>(decode_point(rest.substr(0, size)));
    if (before != no_point && utf8proc_grapheme_break_stateful(before, p, &state)) break;
    m.add(p);
    c.bytes += std::max<std::size_t>(size, 1);
    before = p;
  }
  c.columns = m.columns();
  return c;
}

bool is_plain(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

} // namespace

std::size_t columns_of(std::string_view text) noexcept {
  if (is_plain(text)) return text.size();
  std::size_t columns = 0;
  while (!text.empty()) {
    auto const c = first_cluster(text);
    columns += c.columns;
    text.remove_prefix(c.bytes);
  }
  return columns;
}

std::string cut_to(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t bytes = 0;
  for (std::size_t used = 0; bytes < text.size();) {
    auto const c = first_cluster(text.substr(bytes));
    if (used + c.columns > columns - 1) break; // the ellipsis takes one
    used += c.columns;
    bytes += c.bytes;
  }
  return std::string(text.substr(0, bytes)) + "\xe2\x80\xa6";
}

std::string padded(std::string_view text, std::size_t columns) {
  auto const used = columns_of(text);
  return std::string(text) + std::string(used < columns ? columns - used : 0, ' ');
}

} // namespace alloy::cli
