#pragma once
// The commands of the terminal, as the table of operations has them, and those of this machine beside them. Any thread.
#include "api/table/operation_shape.hpp"

#include <span>

namespace alloy::cli {

// A command that needs no server, as main has them.
struct local_command {
  std::string_view words, operand, options, help; // options: names that it takes, with spaces between them
};

struct command {
  std::string noun, verb; // the noun may have two words
  api::operation const* op = nullptr;

  std::string words() const { return noun + ' ' + verb; }
};

// By noun; within one in the table's order.
std::vector<command> const& commands();
std::vector<std::string> nouns();
// How many words of the line name it; 0 where they name none.
struct named {
  command const* what = nullptr;
  std::size_t words = 0;
};
named find_command(std::span<std::string const> line);

// A parameter as a flag: --org-id, and --org where nothing else is meant by it.
struct flag {
  api::parameter const* of = nullptr;
  std::string name;              // without dashes
  std::vector<std::string> also; // other names for it
  enum class kind : std::uint8_t { text, number, boolean, list, json } what{};
  bool nullable = false;
  std::vector<std::string> choices;
};
std::vector<flag> flags_of(api::operation_shape const& shape);

// What an id of this name names: "ticket", "user" ...; empty where it is no id.
std::string_view thing_named_by(std::string_view parameter);

} // namespace alloy::cli
