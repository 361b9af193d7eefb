#include "cli/arguments.hpp"

#include "cli/terminal.hpp"
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
  if (in.bad()) throw failure(broken, what + " cannot be read");
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
    throw failure(usage, "alloy " + c.words() + " has no flag " + name,
                  nearest.empty() ? hint : "did you mean " + nearest + "?");
  }
  throw failure(usage, "alloy " + c.words() + ": " + what, hint);
}

void add_common(CLI::App& app, options& o, std::string& output) {
  app.add_option("-o,--output", output);
  app.add_flag("--all", o.all);
  app.add_flag("--watch", o.watch);
  app.add_flag("--dry-run", o.dry_run);
  app.add_flag("-q,--quiet", o.quiet);
  app.add_flag("--no-color", o.no_color);
  app.add_flag("-h,--help", o.help);
  app.add_option("--fields", o.fields)->delimiter(',');
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
  throw failure(usage, "there is no output form " + name, "-o table, -o json or -o csv");
}

void add_flag(CLI::App& app, flag const& f, std::map<std::string, std::vector<std::string>>& values,
              std::map<std::string, std::string>& booleans) {
  std::string names = "--" + f.name;
  for (auto const& other : f.also) names += ",--" + other;
  if (f.what == flag::kind::boolean) {
    app.add_flag(names + ",!--no-" + f.name, booleans[f.of->name]);
    return;
  }
  auto* const o = app.add_option(names, values[f.of->name]);
  if (f.what == flag::kind::list)
    o->delimiter(',')->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  else
    o->expected(1);
  if (is_secret(f)) app.add_option("--" + f.name + "-file", values[f.of->name + "_file"])->expected(1);
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
      throw failure(usage, "the " + f.name + " is missing, and there is no terminal to ask at",
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
  if (!in) throw failure(usage, given.substr(1) + " cannot be read");
  return read_all(in, given.substr(1));
}

typed read_line(command const& c, std::vector<flag> const& flags, std::vector<std::string> line) {
  CLI::App app;
  app.set_help_flag();
  typed t;
  std::string output = "table";
  std::map<std::string, std::string> booleans;
  for (auto const& f : flags) add_flag(app, f, t.values, booleans);
  add_common(app, t.with, output);
  app.add_option("operands", t.operands);
  auto reversed = line;
  std::reverse(reversed.begin(), reversed.end());
  try {
    app.parse(reversed);
  } catch (CLI::ParseError const& wrong) {
    refuse_line(c, flags, line, wrong.what());
  }
  t.with.output = form_of(output);
  for (auto const& [name, value] : booleans)
    if (!value.empty()) t.values[name] = {value};
  std::erase_if(t.values, [](auto const& v) { return v.second.empty(); });
  if (!t.with.help) t.with.data.empty() ? take_secrets(flags, t) : warn_of_data(flags, t);
  std::erase_if(t.values, [](auto const& v) { return v.second.empty(); });
  return t;
}

void place_operands(command const& c, api::operation_shape const& shape, std::vector<flag> const& flags, typed& t) {
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
    throw failure(usage, "alloy " + c.words() + " needs" + missing,
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
    throw failure(usage, "alloy " + c.words() + " does not know what to do with " + t.operands[next],
                  "`alloy " + c.words() + " --help` shows what it takes");
}

namespace {

std::string quoted(std::string const& text) {
  return json::serialize(json::string(text));
}

class request_maker {
 public:
  request_maker(command const& c, std::vector<flag> const& flags, typed const& t, lookup& names)
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
      std::string joined;
      for (auto const& one : found->second) joined += (joined.empty() ? "" : ",") + known(f, one);
      add(f.of->name, joined);
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
      throw failure(usage, "alloy " + c_.words() + " takes its body as JSON",
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
    for (auto const& one : values)
      if (!one.empty()) out += (out.size() > 1 ? "," : "") + quoted(known(f, one));
    return out + "]";
  }

  template <class Fits>
  static std::string checked(flag const& f, std::string const& text, Fits fits, char const* what) {
    boost::system::error_code ec;
    auto const v = json::parse(text, ec);
    if (ec || !fits(v)) throw failure(usage, "--" + f.name + " takes " + what + ", not " + plain_text(text));
    return text;
  }

  command const& c_;
  std::vector<flag> const& flags_;
  typed const& t_;
  lookup& names_;
};

} // namespace

client::http_request make_request(command const& c, api::operation_shape const& shape, std::vector<flag> const& flags,
                                  typed const& t, lookup& names) {
  return request_maker(c, flags, t, names).make(shape);
}

} // namespace alloy::cli
