#include "cli/arguments.hpp"

#include "cli/terminal.hpp"
#include "core/byte_order_mark.hpp"
#include "core/id.hpp"
#include "core/settings_table.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

namespace alloy::cli {
namespace {

namespace json = boost::json;

constexpr option_help common[] = {
    {"-o, --output", "table (default), json (what the API answered, byte by byte) or csv"},
    {"--all", "every page of a list"},
    {"--watch", "go on showing what changes, until Ctrl-C"},
    {"--fields", "names of the columns, with commas between them"},
    {"--bom", "with -o csv: begin with a byte order mark, by which some spreadsheets know UTF-8"},
    {"-q, --quiet", "nothing but ids"},
    {"--dry-run", "of a write: all checks, and the events that it would append"},
    {"--if-match", "of a write: the version that the object must still have"},
    {"--idempotency-key", "of a write: a key under which it may be repeated"},
    {"--data", "the whole body as JSON, @FILE or - instead of flags"},
    {"--file", "write the answer into this file"},
    {"--server", "URL of the server; else ALLOY_API_URL, else the profile's"},
    {"--profile", "name of the profile (default: default)"},
    {"--no-color", "no colors; NO_COLOR does the same"},
    {"-h, --help", "this text"},
};

bool is_password(flag const& f) {
  return f.name.ends_with("password");
}
bool is_secret(flag const& f) {
  return is_password(f) || f.name == "refresh-token";
}

// Every user of the machine sees the words of a command while it runs, and the shell keeps them.
void warn_of_secret(flag const& f, std::string const& instead) {
  std::fprintf(stderr, "alloy: others on this machine can read the %s in this command; give it by %s\n", f.name.c_str(),
               instead.c_str());
}

std::string read_all(std::istream& in, std::string const& what) {
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) throw cli_error(broken, what + " cannot be read");
  text.erase(0, text.size() - without_byte_order_mark(text).size());
  return text;
}

std::string first_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

std::vector<std::string> names_of(std::vector<flag> const& flags) {
  std::vector<std::string> all;
  for (auto const& f : flags) {
    all.push_back("--" + f.name);
    for (auto const& other : f.also) all.push_back("--" + other);
  }
  for (auto const& c : common) all.emplace_back(c.flags.substr(c.flags.rfind("--")));
  return all;
}

[[noreturn]] void refuse_line(command const& c, std::vector<flag> const& flags, std::vector<std::string> const& line,
                              std::string const& what) {
  std::string hint = "`alloy " + c.words() + " --help` shows what it takes";
  auto const known = names_of(flags);
  for (auto const& word : line) {
    auto const name = word.substr(0, word.find('='));
    if (!name.starts_with("--") || std::find(known.begin(), known.end(), name) != known.end()) continue;
    auto const nearest = nearest_name(name, known);
    throw cli_error(usage, "alloy " + c.words() + " has no flag " + name,
                    nearest.empty() ? hint : "did you mean " + nearest + "?");
  }
  throw cli_error(usage, "alloy " + c.words() + ": " + what, hint);
}

bool is_never_empty(std::string_view name) {
  return name.ends_with("-file") || std::any_of(std::begin(common), std::end(common), [&](option_help const& o) {
           return o.flags.substr(0, o.flags.find(',')) == name || o.flags.substr(o.flags.rfind("--")) == name;
         });
}

bool has_flag(std::vector<flag> const& flags, std::string_view name) {
  return std::any_of(flags.begin(), flags.end(), [&](flag const& f) { return f.name == name; });
}

void add_common(CLI::App& app, options& o, std::string& output, bool takes_bom) {
  app.add_option("-o,--output", output);
  app.add_flag("--all", o.all);
  app.add_flag("--watch", o.watch);
  app.add_flag("--dry-run", o.dry_run);
  app.add_flag("-q,--quiet", o.quiet);
  app.add_flag("--no-color", o.no_color);
  app.add_flag("-h,--help", o.help);
  if (takes_bom) app.add_flag("--bom", o.bom);
  app.add_option("--fields", o.fields)
      ->allow_extra_args(false)
      ->delimiter(',')
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_option("--server", o.server);
  app.add_option("--profile", o.profile);
  app.add_option("--if-match", o.if_match);
  app.add_option("--idempotency-key", o.idempotency_key);
  app.add_option("--data", o.data);
  app.add_option("--file", o.file);
}

form form_of(std::string const& name) {
  if (name == "table") return form::table;
  if (name == "json") return form::json;
  if (name == "csv") return form::csv;
  throw cli_error(usage, "there is no output form " + name, "-o table, -o json or -o csv");
}

// `--name=` as two words: CLI11 would take the next one of the line for the value. Of the options that all commands
// have none means anything when it is empty: where a script's variable has nothing in it, nothing is done.
std::vector<std::string> with_empty_values(CLI::App const& app, std::vector<std::string> const& line) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < line.size(); ++i) {
    auto const& word = line[i];
    if (word == "--") { // what stands behind it are no options
      words.insert(words.end(), line.begin() + static_cast<std::ptrdiff_t>(i), line.end());
      break;
    }
    auto const equals = word.find('=');
    auto const name = word.substr(0, equals);
    auto const* const option = name.starts_with('-') && name.size() > 1 ? app.get_option_no_throw(name) : nullptr;
    bool const is_missing = equals == std::string::npos && i + 1 == line.size(); // which CLI11 says
    if (!option || option->get_items_expected_min() == 0 || is_missing) {
      words.push_back(word);
      continue;
    }
    auto value = equals == std::string::npos ? line[++i] : word.substr(equals + 1);
    if (auto const comma = option->get_delimiter(); comma && value.find_first_not_of(comma) == std::string::npos)
      value.clear(); // a list of nothing
    if (value.empty() && is_never_empty(name)) throw cli_error(usage, name + " takes a value, and this one is empty");
    if (value.empty() || equals == std::string::npos) {
      words.push_back(name);
      words.push_back(std::move(value));
    } else {
      words.push_back(word);
    }
  }
  return words;
}

void add_flag(CLI::App& app, flag const& f, std::map<std::string, std::vector<std::string>>& values,
              std::map<std::string, std::string>& booleans) {
  std::string names = "--" + f.name;
  for (auto const& other : f.also) names += ",--" + other;
  if (f.what == flag::kind::boolean) {
    app.add_flag(names + ",!--no-" + f.name, booleans[f.of->name]);
    return;
  }
  // One word is one value: what follows it are operands, and what stands in brackets is no list of CLI11's.
  auto* const o = app.add_option(names, values[f.of->name])->allow_extra_args(false);
  if (f.what == flag::kind::list) // a comma may be part of a name: it is looked at where the names are known
    o->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  else
    o->expected(1);
  if (is_secret(f))
    app.add_option("--" + f.name + "-file", values[f.of->name + "_file"])->allow_extra_args(false)->expected(1);
}

// From a file, or asked for.
void take_secrets(std::vector<flag> const& flags, typed& t) {
  for (auto const& f : flags) {
    if (!is_secret(f) || f.of->in != api::parameter::place::body) continue;
    auto& given = t.values[f.of->name];
    if (!given.empty())
      warn_of_secret(f, "--" + f.name + "-file FILE, - for standard input" +
                            (is_password(f) ? ", or leave it out to be asked" : ""));
    auto const file = t.values.find(f.of->name + "_file");
    if (file != t.values.end() && !file->second.empty())
      given = {first_line(file->second.front() == "-" ? read_all(std::cin, "standard input")
                                                      : content_of("@" + file->second.front()))};
    if (given.empty() && f.of->required && is_password(f))
      if (auto typed_in = ask_secret(f.name)) given = {std::move(*typed_in)};
    if (given.empty() && f.of->required && is_password(f))
      throw cli_error(usage, "the " + f.name + " is missing, and there is no terminal to ask at",
                      "--" + f.name + "-file FILE, or - for standard input");
    t.values.erase(f.of->name + "_file");
  }
}

// The same secrets, written into the body itself.
void warn_of_data(std::vector<flag> const& flags, typed const& t) {
  auto const& data = t.with.data;
  if (data.starts_with('@') || data == "-") return;
  for (auto const& f : flags)
    if (is_secret(f) && f.of->in == api::parameter::place::body && data.find('"' + f.of->name + '"') != data.npos)
      warn_of_secret(f, "--data @FILE or --data -");
}

// name=value, as tags are written, of what is left of the line.
std::string members_of(typed const& t, std::size_t& next) {
  json::object members;
  for (; next < t.operands.size(); ++next) {
    auto const& word = t.operands[next];
    auto const equals = word.find('=');
    if (equals == 0 || equals == std::string::npos) break;
    members[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return json::serialize(members);
}

} // namespace

std::span<option_help const> common_options() {
  return common;
}

std::string content_of(std::string const& given) {
  if (given == "-") return read_all(std::cin, "standard input");
  if (given.starts_with("@@")) return given.substr(1);
  if (!given.starts_with("@")) return given;
  std::ifstream in(given.substr(1), std::ios::binary);
  if (!in) throw cli_error(usage, given.substr(1) + " cannot be read");
  return read_all(in, given.substr(1));
}

typed read_line(command const& c, std::vector<flag> const& flags, std::vector<std::string> line) {
  CLI::App app;
  app.set_help_flag();
  typed t;
  std::string output = "table";
  std::map<std::string, std::string> booleans;
  for (auto const& f : flags) add_flag(app, f, t.values, booleans);
  add_common(app, t.with, output, !has_flag(flags, "bom"));
  app.add_option("operands", t.operands);
  try {
    auto reversed = with_empty_values(app, line);
    std::reverse(reversed.begin(), reversed.end());
    app.parse(reversed);
  } catch (CLI::ParseError const& wrong) {
    refuse_line(c, flags, line, wrong.what());
  }
  t.with.output = form_of(output);
  if (t.with.bom && t.with.output != form::csv) throw cli_error(usage, "--bom is for -o csv");
  for (auto const& [name, value] : booleans)
    if (!value.empty()) t.values[name] = {value};
  std::erase_if(t.values, [](auto const& v) { return v.second.empty(); });
  if (!t.with.help) t.with.data.empty() ? take_secrets(flags, t) : warn_of_data(flags, t);
  std::erase_if(t.values, [](auto const& v) { return v.second.empty(); });
  return t;
}

void bind_operands(command const& c, api::operation_shape const& shape, std::vector<flag> const& flags, typed& t) {
  using place = api::parameter::place;
  std::vector<flag const*> path, rest;
  for (auto const& f : flags) {
    if (t.values.contains(f.of->name)) continue;
    if (f.of->in == place::path)
      path.push_back(&f);
    else if ((f.of->required && f.what != flag::kind::json && t.with.data.empty()) || f.of->name == "q")
      rest.push_back(&f);
  }
  if (t.operands.size() < path.size() && path.front()->of->name == "org_id") path.erase(path.begin());
  if (t.operands.size() < path.size()) {
    std::string missing;
    for (std::size_t n = t.operands.size(); n < path.size(); ++n)
      missing += " --" + (path[n]->also.empty() ? path[n]->name : path[n]->also.front());
    throw cli_error(usage, "alloy " + c.words() + " needs" + missing,
                    "`alloy " + c.words() + " --help` shows what it takes");
  }
  std::size_t next = 0;
  for (auto const* f : path) t.values[f->of->name] = {t.operands[next++]};
  for (auto const* f : rest) {
    if (next == t.operands.size()) break;
    if (f->of->name == "org_id") continue;
    if (f->of->name == "q" || f->what == flag::kind::list) { // all that is left
      std::string words;
      for (; next < t.operands.size(); ++next) {
        if (f->what == flag::kind::list)
          t.values[f->of->name].push_back(t.operands[next]);
        else
          words += (words.empty() ? "" : " ") + t.operands[next];
      }
      if (!words.empty()) t.values[f->of->name] = {words};
    } else {
      t.values[f->of->name] = {t.operands[next++]};
    }
  }
  if (!shape.whole_body.empty() && t.with.data.empty() && next < t.operands.size()) t.with.data = members_of(t, next);
  if (next < t.operands.size())
    throw cli_error(usage, "alloy " + c.words() + " does not know what to do with " + t.operands[next],
                    "`alloy " + c.words() + " --help` shows what it takes");
}

namespace {

std::string quoted(std::string const& text) {
  return json::serialize(json::string(text));
}

class request_maker {
 public:
  request_maker(command const& c, std::vector<flag> const& flags, typed const& t, id_resolver& names)
      : c_(c), flags_(flags), t_(t), names_(names) {}

  client::http_request make(api::operation_shape const& shape) {
    set_context();
    client::http_request r{std::string(api::name_of(c_.op->method)), path() + query()};
    if (c_.op->writes()) {
      if (c_.op->body) {
        r.body = !t_.with.data.empty() ? content_of(t_.with.data) : body(!shape.whole_body.empty());
        r.headers.emplace_back("Content-Type", std::string(c_.op->body_type));
      }
      if (c_.op->method == api::verb::post)
        r.headers.emplace_back("Idempotency-Key",
                               t_.with.idempotency_key.empty() ? to_string(new_uuid()) : t_.with.idempotency_key);
      if (!t_.with.if_match.empty())
        r.headers.emplace_back("If-Match",
                               t_.with.if_match.starts_with('"') ? t_.with.if_match : '"' + t_.with.if_match + '"');
    }
    return r;
  }

 private:
  using place = api::parameter::place;

  std::string const* given(std::string_view name) const {
    auto const found = t_.values.find(std::string(name));
    return found == t_.values.end() ? nullptr : &found->second.front();
  }

  void set_context() {
    if (auto const* const org = given("org_id")) names_.within_org(*org);
    if (auto const* const project = given("project_id")) names_.within_project(*project);
  }

  std::string path() {
    std::string out(c_.op->path);
    for (auto const& f : flags_) {
      if (f.of->in != place::path) continue;
      auto const& name = f.of->name;
      auto const* const value = given(name);
      std::string text = value ? *value : name == "org_id" ? names_.org_or_default() : "";
      if (value && value->empty()) throw cli_error(usage, "--" + f.name + " takes a value, and this one is empty");
      auto thing = thing_named_by(name);
      if (name == "entity_id" && given("entity_type") &&
          (*given("entity_type") == "user" || *given("entity_type") == "team"))
        thing = *given("entity_type");
      // The server itself knows slugs, keys and references.
      if (!thing.empty() && thing != "org" && thing != "project" && thing != "ticket") text = names_.id_of(thing, text);
      auto const mark = "{" + name + "}";
      out.replace(out.find(mark), mark.size(), percent_encoded(text));
    }
    return out;
  }

  std::string query() {
    std::string out;
    auto const add = [&](std::string const& name, std::string const& value) {
      out += (out.empty() ? "?" : "&") + name + "=" + percent_encoded(value);
    };
    for (auto const& f : flags_) {
      if (f.of->in != place::query) continue;
      auto const found = t_.values.find(f.of->name);
      if (found == t_.values.end()) {
        if (f.of->name != "org_id") continue;
        // One name may be in several organizations; which one is meant was said once and for all.
        if (c_.op->takes_org()) {
          if (auto const named = names_.org_named(); !named.empty()) add("org_id", named);
        } else if (f.of->required || c_.op->tag == "Reports") {
          add("org_id", names_.id_of("org", names_.org_or_default()));
        }
        continue;
      }
      if (f.what == flag::kind::list)
        for (auto const& one : each_of(f, found->second)) add(f.of->name, one);
      else
        add(f.of->name, known(f, found->second.front()));
    }
    if (t_.with.dry_run && c_.op->writes()) add("dry_run", "true");
    if (t_.with.all && given("limit") == nullptr &&
        std::any_of(flags_.begin(), flags_.end(), [](flag const& f) { return f.of->name == "limit"; }))
      add("limit", "200");
    return out;
  }

  // An id where a name was given.
  std::string known(flag const& f, std::string const& text) {
    auto const thing = thing_named_by(f.of->name);
    if (thing.empty() || text == "none" || (f.of->name == "move_unfinished_to" && text == "backlog")) return text;
    if (f.of->in == place::query && f.of->name == "label") return text;
    return names_.id_of(thing, text);
  }

  // The elements of a list, as ids where names were given. A value is looked up whole, and split at its commas where
  // nothing is so called; in a query the server does so where it knows the names.
  std::vector<std::string> each_of(flag const& f, std::vector<std::string> const& values) {
    bool const is_looked_up =
        !thing_named_by(f.of->name).empty() && !(f.of->in == place::query && f.of->name == "label");
    std::vector<std::string> all;
    for (auto const& value : values) {
      if (value.find(',') == std::string::npos || (f.of->in == place::query && !is_looked_up)) {
        all.push_back(known(f, value));
        continue;
      }
      if (is_looked_up) try {
          all.push_back(known(f, value));
          continue;
        } catch (cli_error const& none) {
          if (none.code != not_found) throw;
        }
      for (std::size_t from = 0; from <= value.size();) {
        auto const to = std::min(value.find(',', from), value.size());
        if (to > from) all.push_back(known(f, value.substr(from, to - from)));
        from = to + 1;
      }
    }
    return all;
  }

  std::string body(bool is_map) {
    std::string out = "{";
    auto const add = [&](std::string const& name, std::string const& value) {
      out += (out.size() > 1 ? "," : "") + quoted(name) + ":" + value;
    };
    for (auto const& f : flags_) {
      if (f.of->in != place::body) continue;
      auto const found = t_.values.find(f.of->name);
      if (found != t_.values.end())
        add(f.of->name, value_of(f, found->second));
      else if (f.of->name == "org_id" && f.of->required)
        add("org_id", quoted(names_.id_of("org", names_.org_or_default())));
    }
    if (is_map)
      throw cli_error(usage, "alloy " + c_.words() + " takes its body as JSON",
                      "--data '{\"name\": \"value\"}', --data @FILE or --data -");
    return out + "}";
  }

  std::string value_of(flag const& f, std::vector<std::string> const& values) {
    auto const& first = values.front();
    if (f.nullable && (first == "null" || (first == "none" && f.choices.empty()))) return "null";
    switch (f.what) {
    case flag::kind::text: return quoted(known(f, content_of(first)));
    case flag::kind::boolean: return first == "false" || first == "0" ? "false" : "true";
    case flag::kind::number:
      return checked(
          f, first, [](json::value const& v) { return v.is_number(); }, "a number");
    case flag::kind::json:
      return checked(
          f, content_of(first), [](json::value const&) { return true; }, "JSON");
    case flag::kind::list: break;
    }
    std::string out = "[";
    std::vector<std::string> there;
    std::copy_if(values.begin(), values.end(), std::back_inserter(there), [](auto const& one) { return !one.empty(); });
    for (auto const& one : each_of(f, there)) out += (out.size() > 1 ? "," : "") + quoted(one);
    return out + "]";
  }

  template <class Fits>
  static std::string checked(flag const& f, std::string const& text, Fits fits, char const* what) {
    boost::system::error_code ec;
    auto const v = json::parse(text, ec);
    if (ec || !fits(v)) throw cli_error(usage, "--" + f.name + " takes " + what + ", not " + plain_text(text));
    return text;
  }

  command const& c_;
  std::vector<flag> const& flags_;
  typed const& t_;
  id_resolver& names_;
};

} // namespace

client::http_request make_request(command const& c, api::operation_shape const& shape, std::vector<flag> const& flags,
                                  typed const& t, id_resolver& names) {
  return request_maker(c, flags, t, names).make(shape);
}

} // namespace alloy::cli
