#include "cli/help.hpp"

#include "cli/terminal.hpp"

#include <algorithm>

namespace alloy::cli {
namespace {

std::string columns(std::string const& left, std::string_view right, std::size_t width) {
  return "  " + padded(left, width) + "  " + std::string(right) + "\n";
}

std::string operand_name(flag const& f) {
  auto name = f.also.empty() ? f.name : f.also.front();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return 'a' <= c && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return name;
}

std::string synopsis(command const& c, std::vector<flag> const& flags) {
  std::string line = "alloy " + c.words();
  for (auto const& f : flags)
    if (f.of->in == api::parameter::place::path)
      line += f.of->name == "org_id" && c.noun != "org" ? " [" + operand_name(f) + "]" : " " + operand_name(f);
  for (auto const& f : flags)
    if (f.of->in != api::parameter::place::path && f.of->required) line += " --" + f.name + " " + operand_name(f);
  return line + " [flags]";
}

std::string value_words(flag const& f, bool clears) {
  std::string words = f.of->words;
  if (!f.choices.empty() && f.choices.size() <= 12) {
    words += words.empty() ? "one of " : "; one of ";
    for (auto const& one : f.choices) words += (&one == &f.choices.front() ? "" : ", ") + one;
  }
  if (words.empty()) {
    constexpr std::string_view kinds[] = {"a text, @FILE or -", "a number", "true where it is given",
                                          "one or more, with commas or repeated", "JSON, @FILE or -"};
    words = kinds[static_cast<std::size_t>(f.what)];
  }
  if (auto const thing = thing_named_by(f.of->name); !thing.empty() && f.of->words.empty())
    words = "a " + std::string(thing) + ": its id, or what it is called";
  if (clears && f.nullable) words += "; null takes it away";
  return words;
}

// What overview and manual say of the codes; cli_error.hpp gives them their names.
constexpr std::pair<int, std::string_view> exit_codes[] = {{done, "done"},
                                                           {broken, "this machine failed"},
                                                           {usage, "wrong usage"},
                                                           {no_access, "not allowed, or not logged in"},
                                                           {not_found, "not found"},
                                                           {conflict, "in conflict with what is there"},
                                                           {limited, "too many requests"},
                                                           {server_failed, "the server failed"},
                                                           {no_network, "no connection"},
                                                           {74, "of serve: the store cannot be written"}};

std::string exit_code_lines() {
  std::string out = "exit codes:\n";
  for (auto const& [code, words] : exit_codes)
    out += "  " + padded(std::to_string(code), 3) + " " + std::string(words) + "\n";
  return out;
}

// Markers of mdoc at the beginning of a line, and backslashes, mean nothing.
std::string roff(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '\n')
      out += ' ';
    else
      out += c;
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

// A sentence a line, and none longer than a screen is wide, as mdoc wants it.
std::string sentences(std::string_view text) {
  constexpr std::size_t width = 76;
  std::string out;
  while (!text.empty()) {
    auto end = text.find(". ");
    end = end == std::string_view::npos ? text.size() : end + 1;
    if (end > width)
      if (auto const blank = text.rfind(' ', width); blank != std::string_view::npos) end = blank;
    out += roff(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return out;
}

std::string exit_status() {
  std::string out;
  for (auto const& [code, words] : exit_codes) out += ".It " + std::to_string(code) + "\n" + sentences(words);
  return out;
}

// A report that the server makes as CSV takes --bom itself.
bool is_own_flag(std::vector<flag> const& flags, option_help const& common) {
  return std::any_of(flags.begin(), flags.end(), [&](flag const& f) { return common.flags == "--" + f.name; });
}

} // namespace

std::string overview(std::span<local_command const> local) {
  std::string out = "alloy: project management on an append-only log\n\n"
                    "usage: alloy <noun> <verb> [operands] [--flags]\n\n"
                    "to begin with:\n"
                    "  alloy serve                              a server on this machine\n"
                    "  alloy auth register --email YOU --display-name NAME\n"
                    "  alloy auth login --email YOU             as somebody who is registered\n"
                    "  alloy org create --name NAME --slug SLUG\n\n"
                    "of a server:\n";
  for (auto const& noun : nouns()) {
    std::string verbs;
    for (auto const& c : commands())
      if (c.noun == noun) verbs += (verbs.empty() ? "" : ", ") + c.verb;
    if (noun == "org") verbs += ", use";
    out += columns(noun, verbs, 13);
  }
  out += "\non this machine:\n";
  for (auto const& c : local)
    out += columns(std::string(c.words) + (c.operand.empty() ? "" : " " + std::string(c.operand)), c.help, 24);
  out += columns("completion SHELL", "the completion of bash, zsh or fish, to be read by it", 24);
  out += columns("man", "the manual, for man(1): alloy man | man -l -", 24);
  out += columns("version", "the version", 24);
  out += columns("help", "this text, and every setting of a server", 24);
  return out + "\n`alloy NOUN` lists its verbs, `alloy NOUN VERB --help` what they take.\n\n" + exit_code_lines();
}

std::string help_for_noun(std::string const& noun) {
  std::string out = "usage: alloy " + noun + " <verb> [operands] [--flags]\n\n";
  for (auto const& c : commands())
    if (c.noun == noun) out += columns(c.verb, c.op->summary, 18);
  if (noun == "org") out += columns("use", "Remember which organization is meant where none is named", 18);
  for (auto const& other : nouns())
    if (other.starts_with(noun + " ")) out += "\n`alloy " + other + "` has more.\n";
  return out + "\n`alloy " + noun + " VERB --help` shows what a verb takes.\n";
}

std::string help_for(command const& c, api::operation_shape const& shape, std::vector<flag> const& flags) {
  std::string out = api::description_of(*c.op) + "\n\nusage: " + synopsis(c, flags) + "\n";
  if (!flags.empty()) out += "\n";
  for (auto const& f : flags) {
    std::string names = "--" + f.name;
    for (auto const& other : f.also) names += ", --" + other;
    out += columns(names, value_words(f, c.op->method == api::verb::patch) + (f.of->required ? " (must be there)" : ""),
                   28);
    if (f.name.ends_with("password"))
      out += columns("--" + f.name + "-file", "a file that holds it, or -; else it is asked for", 28);
  }
  if (!shape.whole_body.empty()) out += columns("NAME=VALUE ...", "what is to be set", 28);
  out += "\n";
  for (auto const& o : common_options())
    if (!is_own_flag(flags, o)) out += columns(std::string(o.flags), o.words, 28);
  return out + "\nIt is " + std::string(api::name_of(c.op->method)) + " " + std::string(c.op->path) + ", operation " +
         std::string(c.op->id) + ".\n";
}

std::string man_page(std::span<local_command const> local) {
  std::string out = ".Dd November 25, 2026\n.Dt ALLOY 1\n.Os\n.Sh NAME\n.Nm alloy\n"
                    ".Nd project management on an append-only log\n"
                    ".Sh SYNOPSIS\n.Nm\n.Ar noun\n.Ar verb\n.Op Ar operand ...\n.Op Fl -flag Ar value\n"
                    ".Nm\n.Cm serve\n.Op Fl -setting Ar value\n"
                    ".Sh DESCRIPTION\n.Nm\nis a server and its client in one program.\n"
                    "Everything that the API can do has a command here, with the same names.\n"
                    "Slugs, keys, references, e-mail addresses and names do wherever an id does.\n"
                    "Of a text, @FILE is read from a file and - from standard input.\n"
                    "Flags that every command of a server takes:\n.Bl -tag -width Ds\n";
  for (auto const& o : common_options()) {
    auto const split = o.flags.find(", ");
    out += ".It";
    if (split != std::string_view::npos) out += " Fl " + std::string(o.flags.substr(1, 1)) + " ,";
    out += " Fl " + std::string(o.flags.substr(o.flags.rfind("--") + 1)) + "\n" + sentences(o.words);
  }
  out += ".El\n.Sh COMMANDS OF A SERVER\n.Bl -tag -width Ds\n";
  for (auto const& c : commands()) {
    auto const shape = api::shape_of(*c.op);
    out += ".It Cm " + c.words();
    std::string optional;
    for (auto const& f : flags_of(shape)) {
      if (f.of->in == api::parameter::place::path)
        out += " Ar " + operand_name(f);
      else
        optional += " Fl -" + f.name;
    }
    out += "\n" + sentences(c.op->summary);
    if (!optional.empty()) out += ".br\nFlags:\n." + optional.substr(1) + "\n";
  }
  out += ".El\n.Sh COMMANDS OF THIS MACHINE\n.Bl -tag -width Ds\n";
  for (auto const& c : local)
    out += ".It Cm " + std::string(c.words) + (c.operand.empty() ? "" : " Ar " + std::string(c.operand)) + "\n" +
           sentences(c.help);
  return out +
         ".El\n.Sh ENVIRONMENT\n.Bl -tag -width Ds\n"
         ".It Ev ALLOY_API_URL\nThe server; it wins over the profile.\n"
         ".It Ev ALLOY_API_TOKEN\nAn API key or access token; it wins over the profile.\n"
         ".It Ev ALLOY_API_CA_FILE\nAuthorities that sign the server's certificate, beside those of the system.\n"
         ".It Ev NO_COLOR\nNo colors.\n.El\n"
         ".Sh FILES\n.Bl -tag -width Ds\n.It Pa ~/.config/alloy/default.json\n"
         "The profile: server, tokens and organization, readable by its owner alone.\n.El\n" +
         ".Sh EXIT STATUS\n.Bl -tag -width Ds\n" + exit_status() +
         ".El\n"
         ".Sh EXAMPLES\n.Dl alloy auth login --email you@example.com\n"
         ".Dl alloy ticket create PROJ \\(dqA title\\(dq --priority High\n"
         ".Dl alloy ticket search deploy --status InProgress -o csv\n"
         ".Sh STANDARDS\nProblems of the API follow RFC 9457.\n";
}

std::string completion_script(std::string const& shell) {
  if (shell == "bash")
    return "# completion of alloy for bash: source <(alloy completion bash)\n"
           "_alloy() {\n"
           "  local cur=${COMP_WORDS[COMP_CWORD]} line\n"
           "  COMPREPLY=()\n"
           "  while IFS=$'\\t' read -r line _; do\n"
           "    COMPREPLY+=(\"$(printf '%q' \"$line\")\")\n"
           "  done < <(alloy __complete \"${COMP_WORDS[@]:1:COMP_CWORD-1}\" \"$cur\" 2>/dev/null)\n"
           "}\n"
           "complete -o default -F _alloy alloy\n";
  if (shell == "zsh")
    return "#compdef alloy\n"
           "# completion of alloy for zsh: source <(alloy completion zsh)\n"
           "_alloy() {\n"
           "  local -a found\n"
           "  local word about\n"
           "  while IFS=$'\\t' read -r word about; do\n"
           "    found+=(\"${word//:/\\\\:}:$about\")\n"
           "  done < <(alloy __complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
           "  if (( ${#found} )); then _describe -V alloy found; else _files; fi\n"
           "}\n"
           "if [ \"$funcstack[1]\" = _alloy ]; then _alloy \"$@\"; else compdef _alloy alloy; fi\n";
  if (shell == "fish")
    return "# completion of alloy for fish: alloy completion fish | source\n"
           "function __alloy_complete\n"
           "  set -l line (commandline -opc)\n"
           "  alloy __complete $line[2..-1] (commandline -ct) 2>/dev/null\n"
           "end\n"
           "complete -c alloy -f -a '(__alloy_complete)'\n";
  throw cli_error(usage, "there is no completion for " + shell, "alloy completion bash, zsh or fish");
}

namespace {

namespace json = boost::json;

class completer {
 public:
  explicit completer(std::string const& begun) : begun_(begun) {}

  void offer(std::string const& word, std::string_view about) {
    if (word.starts_with(begun_)) out_ += word + "\t" + plain_text(about) + "\n";
  }

  // What is called so on the server; nothing where it cannot be asked.
  void offer_things(std::string_view thing, std::vector<std::string> const& line) {
    try {
      session s({"default", "", 1});
      id_resolver names(s);
      if (thing == "project") return offer_all(s, "/api/v1/projects?limit=200", "key", "name");
      if (thing == "org") return offer_all(s, "/api/v1/orgs?limit=200", "slug", "name");
      if (thing == "ticket") return offer_all(s, "/api/v1/tickets?sort=-updated_at&limit=50", "reference", "title");
      if (thing == "sprint")
        return offer_all(s, "/api/v1/projects/" + project_in(line) + "/sprints?limit=200", "name", "status");
      for (auto const& org : names.orgs()) {
        auto const all = "/api/v1/orgs/" + org + "/";
        if (thing == "user") offer_all(s, all + "members?limit=200", "email", "display_name");
        if (thing == "label" || thing == "team" || thing == "workflow")
          offer_all(s, all + std::string(thing) + "s?limit=200", "name", "id");
      }
    } catch (std::exception const&) { // nobody is helped by an error amid his line
    }
  }

  void offer_statuses() {
    try {
      session s({"default", "", 1});
      id_resolver names(s);
      for (auto const& org : names.orgs()) {
        auto const all = s.get("/api/v1/orgs/" + org + "/workflows?limit=200");
        for (auto const& w : all.at("items").as_array())
          for (auto const& status : w.at("statuses").as_array()) {
            auto const word = std::string(std::string_view(status.at("name").as_string()));
            if (out_.find(word + "\t") == std::string::npos) offer(word, std::string_view(w.at("name").as_string()));
          }
      }
    } catch (std::exception const&) {
    }
  }

  std::string take() { return std::move(out_); }

 private:
  void offer_all(session& s, std::string const& target, std::string_view word, std::string_view about) {
    auto const all = s.get(target);
    for (auto const& one : all.at("items").as_array()) {
      auto const& o = one.as_object();
      offer(text_in(o, word), text_in(o, about));
    }
  }

  static std::string project_in(std::vector<std::string> const& line) {
    for (std::size_t i = 0; i + 1 < line.size(); ++i)
      if (line[i] == "--project" || line[i] == "--project-id") return percent_encoded(line[i + 1]);
    throw cli_error(usage, "no project");
  }

  std::string const& begun_;
  std::string out_;
};

void offer_values(completer& to, flag const& f, command const& c, std::vector<std::string> const& line) {
  for (auto const& choice : f.choices) to.offer(choice, f.of->name);
  if (f.what == flag::kind::boolean) return;
  if (f.of->name == "status" && f.choices.empty() && c.noun != "delivery") to.offer_statuses();
  if (auto const thing = thing_named_by(f.of->name); !thing.empty()) to.offer_things(thing, line);
}

// The word is what a flag before it wants, or a flag, or the next operand.
void complete_command(completer& to, command const& c, std::vector<std::string> const& line, std::string const& begun) {
  auto const shape = api::shape_of(*c.op);
  auto const flags = flags_of(shape);
  auto const named_flag = [&](std::string const& word) {
    return std::find_if(flags.begin(), flags.end(), [&](flag const& f) {
      return word == "--" + f.name ||
             std::any_of(f.also.begin(), f.also.end(), [&](auto const& n) { return word == "--" + n; });
    });
  };
  if (!line.empty())
    if (auto const f = named_flag(line.back()); f != flags.end() && f->what != flag::kind::boolean)
      return offer_values(to, *f, c, line);
  if (!line.empty() && (line.back() == "-o" || line.back() == "--output")) {
    for (auto const* form : {"table", "json", "csv"}) to.offer(form, "output");
    return;
  }
  if (begun.starts_with('-')) {
    for (auto const& f : flags) to.offer("--" + (f.also.empty() ? f.name : f.also.front()), value_words(f, false));
    for (auto const& o : common_options())
      if (!is_own_flag(flags, o)) to.offer(std::string(o.flags.substr(o.flags.rfind("--"))), o.words);
    return;
  }
  std::size_t operands = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (!line[i].starts_with('-'))
      ++operands;
    else if (auto const f = named_flag(line[i]); f != flags.end() && f->what != flag::kind::boolean)
      ++i;
  }
  for (auto const& f : flags)
    if ((f.of->in == api::parameter::place::path && (f.of->name != "org_id" || c.noun == "org")) ||
        (f.of->required && f.of->in == api::parameter::place::body)) {
      if (operands-- == 0) return offer_values(to, f, c, line);
    }
}

} // namespace

std::string candidates(std::span<std::string const> line, std::span<local_command const> local) {
  std::string const begun = line.empty() ? "" : line.back();
  std::vector<std::string> before(line.begin(), line.empty() ? line.end() : line.end() - 1);
  completer to(begun);
  if (auto const c = find_command(before); c.what) {
    before.erase(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(c.words));
    complete_command(to, *c.what, before, begun);
    return to.take();
  }
  std::string typed;
  for (auto const& word : before) typed += word + ' ';
  std::vector<std::string> offered;
  auto const next_word = [&](std::string_view words, std::string_view about) {
    if (!words.starts_with(typed)) return;
    words.remove_prefix(typed.size());
    std::string const word(words.substr(0, words.find(' ')));
    if (std::find(offered.begin(), offered.end(), word) != offered.end()) return;
    offered.push_back(word);
    to.offer(word, words.find(' ') == std::string_view::npos ? about : std::string_view("..."));
  };
  for (auto const& c : commands()) next_word(c.words(), c.op->summary);
  for (auto const& c : local) next_word(c.words, c.help);
  for (std::string_view const other :
       {"org use", "completion bash", "completion zsh", "completion fish", "man", "help", "version"})
    next_word(other, "");
  return to.take();
}

} // namespace alloy::cli
