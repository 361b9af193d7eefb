// The composition root: which command, from which settings, on which parts.
#include "app/audit_commands.hpp"
#include "app/backup_commands.hpp"
#include "app/doctor_commands.hpp"
#include "app/mcp_wiring.hpp"
#include "app/operator_commands.hpp"
#include "app/serve.hpp"
#include "app/store_commands.hpp"
#include "cli/cli.hpp"
#include "cli/help.hpp"
#include "core/log.hpp"
#include "core/settings.hpp"
#include "core/steering.hpp"

#include <cstdio>
#include <functional>
#include <map>
#include <sys/stat.h>

namespace {

using namespace alloy;

// What a command was given beside settings.
struct arguments {
  std::string operand;
  std::map<std::string, std::string, std::less<>> options;

  std::string option(std::string_view name) const {
    auto const found = options.find(name);
    return found == options.end() ? std::string() : found->second;
  }
};

struct command : cli::local_command {
  int (*run)(loaded_settings const&, arguments const&);
};

command const local_commands[] = {
    {{"serve", "", "", "serve the API"}, [](auto const& s, auto const&) { return serve(s); }},
    {{"verify", "", "to-position",
      "replay the log into a scratch store and compare it with the state; changes nothing. With --to-position: the "
      "digest of the state as it was there"},
     [](auto const& s, auto const& a) { return verify_store(s.values, a.option("to-position")); }},
    {{"rebuild", "", "", "drop the state and fold it anew from the log; the server must not run"},
     [](auto const& s, auto const&) { return rebuild_store(s.values); }},
    {{"backup create", "FOLDER", "", "back up store and keys, also while the server writes"},
     [](auto const& s, auto const& a) { return create_backup(s.values, a.operand); }},
    {{"backup verify", "FOLDER", "", "replay a backup's log and compare it with its state"},
     [](auto const& s, auto const& a) { return verify_backup(s.values, a.operand); }},
    {{"backup restore", "FOLDER", "to-position to-time",
      "restore a backup into the data folder, up to a position or a time if one is given"},
     [](auto const& s, auto const& a) {
       return restore_backup(s.values, a.operand, {a.option("to-position"), a.option("to-time")});
     }},
    {{"operator add", "EMAIL_OR_USER_ID", "", "let a user import organizations and erase others' personal data"},
     [](auto const& s, auto const& a) { return add_operator(s.values, a.operand); }},
    {{"operator remove", "EMAIL_OR_USER_ID", "", "take that from a user"},
     [](auto const& s, auto const& a) { return remove_operator(s.values, a.operand); }},
    {{"operator list", "", "", "who may: ids and e-mail addresses"},
     [](auto const& s, auto const&) { return list_operators(s.values); }},
    {{"doctor", "", "names",
      "what an older version left behind. With --names: names that nobody can tell apart, by organization; ends with 1 "
      "where there are some. Also while the server runs"},
     [](auto const& s, auto const&) { return look_for_twins(s.values); }},
    {{"webhooks release", "", "", "let a restored server send webhooks"},
     [](auto const& s, auto const&) { return release_webhooks(s.values); }},
    {{"audit verify", "FILE", "key", "check an export with nothing but a verifier key; - reads from a pipe"},
     [](auto const&, auto const& a) { return verify_export(a.operand, a.option("key")); }},
    {{"mcp", "", "server profile toolsets read-only",
      "speak the Model Context Protocol over standard input and output, to the server of the profile or of "
      "ALLOY_API_URL. "
      "With --toolsets NAMES some tools only, with --read-only none that writes"},
     [](auto const&, auto const& a) {
       return serve_mcp_stdio(
           {a.option("server"), a.option("profile"), a.option("toolsets"), a.options.contains("read-only")});
     }},
    {{"config show", "", "", "every setting, its value and where it comes from"},
     [](auto const& s, auto const&) { return std::fputs(show_settings(s).c_str(), stdout) < 0 ? 1 : 0; }},
    {{"config check", "", "", "whether the settings are well"}, [](auto const&, auto const&) { return 0; }},
};

std::vector<cli::local_command> const& local() {
  static std::vector<cli::local_command> const all(std::begin(local_commands), std::end(local_commands));
  return all;
}

int complain(std::string const& why) {
  std::fprintf(stderr, "alloy: %s\n", without_steering(why).c_str());
  return 2;
}

bool takes(command const& c, std::string_view option) {
  return (" " + std::string(c.options) + " ").find(" " + std::string(option) + " ") != std::string::npos;
}

// It says all by being there.
bool is_switch(std::string_view option) {
  return option == "names" || option == "read-only";
}

// Takes what is the command's own out of the words; what is left are settings.
arguments take_arguments(command const& c, std::vector<std::string>& words) {
  arguments a;
  std::vector<std::string> left;
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto const& word = words[i];
    auto const equals = word.find('=');
    if (word.starts_with("--") && takes(c, std::string_view(word).substr(2, equals - 2))) {
      auto const name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
      auto& value = a.options[name];
      if (equals != std::string::npos)
        value = word.substr(equals + 1);
      else if (!is_switch(name) && i + 1 < words.size() && !words[i + 1].starts_with("--"))
        value = words[++i];
    } else if (!c.operand.empty() && a.operand.empty() && (word == "-" || !word.starts_with('-'))) {
      a.operand = word;
    } else {
      left.push_back(word);
    }
  }
  words = std::move(left);
  return a;
}

int run(command const& c, std::vector<std::string> words) {
  auto const given = take_arguments(c, words);
  if (!c.operand.empty() && given.operand.empty())
    return complain(std::string(c.words) + " needs a " + std::string(c.operand));
  for (auto const& [name, value] : given.options) // an empty --key would pass for none
    if (value.empty() != is_switch(name))
      return complain("--" + name + (is_switch(name) ? " takes no value" : " takes a value, and this one is empty"));
  auto loaded = load_settings(words, process_environment());
  if (!loaded) return complain(loaded.error().detail);
  try {
    return c.run(*loaded, given);
  } catch (std::exception const& failed) {
    log::stop();
    std::fprintf(stderr, "alloy %s: %s\n", std::string(c.words).c_str(), without_steering(failed.what()).c_str());
    return 1;
  }
}

} // namespace

int main(int argc, char** argv) {
  ::umask(077); // the store, keys, backups, exports and profiles are for nobody else, whatever the shell says
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) {
    std::fputs(cli::overview(local()).c_str(), stderr);
    return 2;
  }
  if (words.front() == "help" || words.front() == "--help" || words.front() == "-h") {
    std::printf("%s\nsettings of a server, as flags, in the environment or in the config file:\n\n%s",
                cli::overview(local()).c_str(), describe_settings().c_str());
    return 0;
  }
  if (words.front() == "version" || words.front() == "--version") {
    std::puts("alloy " ALLOY_VERSION);
    return 0;
  }
  for (auto const& c : local_commands) {
    auto const one = words.front(), two = words.size() > 1 ? one + " " + words[1] : one;
    if (c.words != one && c.words != two) continue;
    words.erase(words.begin(), words.begin() + (c.words == one ? 1 : 2));
    return run(c, std::move(words));
  }
  if (cli::knows(words)) return cli::run(std::move(words), local());
  return cli::report_unknown(words.front(), local());
}
