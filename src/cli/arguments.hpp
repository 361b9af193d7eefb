#pragma once
// What was typed behind a command, and the request that it makes. One thread.
#include "cli/commands.hpp"
#include "cli/id_resolver.hpp"

#include <map>

namespace alloy::cli {

enum class form : std::uint8_t { table, json, csv };

// Flags that every command takes.
struct options {
  form output = form::table;
  bool all = false, watch = false, dry_run = false, quiet = false, no_color = false, help = false, bom = false;
  std::vector<std::string> fields = {};
  std::string server = {}, profile = "default", if_match = {}, idempotency_key = {}, data = {}, file = {};
};

struct typed {
  options with = {};
  std::map<std::string, std::vector<std::string>> values = {}; // by the parameter's name
  std::vector<std::string> operands = {};
};

struct option_help {
  std::string_view flags, words;
};
std::span<option_help const> common_options();

// Throws failure(usage). Secrets that are missing are asked for at the terminal.
typed read_line(command const& c, std::vector<flag> const& flags, std::vector<std::string> line);

// Operands take their places: the path's parameters, then what else must be there; name=value where the body may have
// any names. Throws failure(usage).
void bind_operands(command const& c, api::operation_shape const& shape, std::vector<flag> const& flags, typed& t);

// Looks up what is called by a name, and puts all together.
client::http_request make_request(command const& c, api::operation_shape const& shape, std::vector<flag> const& flags,
                                  typed const& t, id_resolver& names);

// @FILE, - for standard input, or the text itself; @@ for an @ at its beginning.
std::string content_of(std::string const& given);

} // namespace alloy::cli
