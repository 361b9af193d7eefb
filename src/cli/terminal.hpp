#pragma once
// The terminal that somebody sits at, or the pipe that takes its place. One thread.
#include "cli/width.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace alloy::cli {

enum class ink : std::uint8_t { plain, bold, dim, red, green, yellow, blue };

class terminal {
 public:
  // Colors are off where standard output is no terminal, with NO_COLOR (no-color.org), TERM=dumb, or `no_color`.
  explicit terminal(bool no_color = false);

  bool is_screen() const noexcept { return is_screen_; }
  std::size_t width() const noexcept { return width_; } // columns; without end where it is no screen
  std::string painted(ink with, std::string_view text) const;
  void clear() const;

 private:
  bool is_screen_, has_color_;
  std::size_t width_;
};

// What came from others, made harmless: no character of it steers the terminal (core/steering.hpp), line breaks become
// spaces.
std::string plain_text(std::string_view untrusted);

// Asks at the terminal without showing what is typed. Nothing where there is no terminal to ask at.
std::optional<std::string> ask_secret(std::string const& question);
bool stands_before_a_person(); // standard input and error are a terminal

} // namespace alloy::cli
