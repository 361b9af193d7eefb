#pragma once
// The command line of the benchmark programs: `--name value` pairs, nothing else. A flag nobody asked for is refused.
// Throws usage_error; main prints it and leaves with status 2. One thread.
#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace alloy::bench {

struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class flags {
 public:
  flags(int argc, char const* const* argv) {
    for (int i = 1; i < argc; i += 2) {
      std::string_view const name = argv[i];
      if (!name.starts_with("--")) throw usage_error("expected a flag, got '" + std::string(name) + "'");
      if (i + 1 == argc) throw usage_error(std::string(name) + " needs a value");
      given_.emplace_back(name.substr(2), argv[i + 1]);
    }
  }

  std::string text(std::string_view name, std::string default_value) {
    for (auto const& value : all(name)) default_value = value;
    return default_value;
  }

  std::string text(std::string_view name) {
    auto value = text(name, "");
    if (value.empty()) throw usage_error("--" + std::string(name) + " is required");
    return value;
  }

  std::uint64_t number(std::string_view name, std::uint64_t default_value, std::uint64_t min, std::uint64_t max) {
    auto const value = text(name, std::to_string(default_value));
    std::uint64_t number = 0;
    auto const [end, ec] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (ec != std::errc() || end != value.data() + value.size() || number < min || number > max)
      throw usage_error("--" + std::string(name) + " must be a number from " + std::to_string(min) + " to " +
                        std::to_string(max) + ", got '" + value + "'");
    return number;
  }

  std::vector<std::string> all(std::string_view name) {
    known_.emplace_back(name);
    std::vector<std::string> values;
    for (auto const& [key, value] : given_)
      if (key == name) values.push_back(value);
    return values;
  }

  // To be called after the last flag was asked for.
  void refuse_others() const {
    for (auto const& [key, value] : given_) {
      bool asked = false;
      for (auto const& name : known_) asked = asked || name == key;
      if (!asked) throw usage_error("no such flag: --" + key);
    }
  }

 private:
  std::vector<std::pair<std::string, std::string>> given_;
  std::vector<std::string> known_;
};

} // namespace alloy::bench
