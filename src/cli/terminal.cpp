#include "cli/terminal.hpp"

#include "core/steering.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

namespace alloy::cli {
namespace {

bool is_set(char const* name) {
  auto const* const value = std::getenv(name);
  return value && *value;
}

std::size_t width_of_screen() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

} // namespace

terminal::terminal(bool no_color)
    : is_screen_(::isatty(STDOUT_FILENO) == 1), width_(is_screen_ ? width_of_screen() : ~std::size_t{0}) {
  auto const* const kind = std::getenv("TERM");
  has_color_ = is_screen_ && !no_color && !is_set("NO_COLOR") && kind && std::strcmp(kind, "dumb") != 0;
}

std::string terminal::painted(ink with, std::string_view text) const {
  constexpr std::string_view codes[] = {"", "\x1b[1m", "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[34m"};
  if (!has_color_ || with == ink::plain) return std::string(text);
  return std::string(codes[static_cast<std::size_t>(with)]) + std::string(text) + "\x1b[0m";
}

void terminal::clear() const {
  if (is_screen_) std::fputs("\x1b[H\x1b[2J", stdout);
}

std::string plain_text(std::string_view untrusted) {
  std::string one_line(untrusted);
  for (char& c : one_line)
    if (c == '\n' || c == '\t' || c == '\r') c = ' ';
  return without_steering(one_line);
}

bool stands_before_a_person() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

std::optional<std::string> ask_secret(std::string const& question) {
  if (!stands_before_a_person()) return std::nullopt;
  termios before{};
  if (::tcgetattr(STDIN_FILENO, &before) != 0) return std::nullopt;
  auto hidden = before;
  hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  std::fputs((question + ": ").c_str(), stderr);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
  std::string line;
  for (int c = std::getchar(); c != EOF && c != '\n'; c = std::getchar()) line += static_cast<char>(c);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::fputc('\n', stderr);
  return line;
}

} // namespace alloy::cli
