#include "core/settings.hpp"

#include "core/byte_order_mark.hpp"
#include "core/private_file.hpp"
#include "core/settings_table.hpp"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <unistd.h>

namespace alloy {
namespace {

constexpr std::size_t file_bytes_max = 1U << 20U;

// Names of the environment that are the client's and not the server's: the CLI's own, and those of the guides.
constexpr std::string_view client_names[] = {"ALLOY_API_URL", "ALLOY_API_TOKEN", "ALLOY_API_CA_FILE", "ALLOY_CONFIG",
                                             "ALLOY_URL",     "ALLOY_TOKEN",     "ALLOY_PROJECT_ID",  "ALLOY_USER_ID"};

std::string_view trimmed(std::string_view text) {
  auto const blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

result<std::string> read_file(std::string const& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return error(errc::validation_failed, "is a folder");
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  std::string text(file_bytes_max + 1, '\0');
  if (!in) return error(errc::validation_failed, "cannot be read: " + std::string(std::strerror(errno)));
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > file_bytes_max) return error(errc::validation_failed, "is larger than 1 MiB");
  text.erase(0, text.size() - without_byte_order_mark(text).size());
  return text;
}

// A name under which a setting may be given in one of the sources.
struct name_match {
  std::size_t row;
  bool as_file; // the value is a path whose content is the value
};

class loader {
 public:
  result<loaded_settings> run(std::vector<std::string> const& flags, environment_list const& environment) {
    loaded_.origins.resize(setting_rows().size());
    parse_flags(flags);
    std::string file = config_flag_;
    for (auto const& [name, value] : environment)
      if (file.empty() && name == "ALLOY_CONFIG") file = value;
    read_environment(environment);
    take_all(flag_values_, setting_source::flag);
    // Last, because the folder of the default file is itself a setting.
    read_config(file);
    if (faults_.empty())
      for (auto& sentence : contradictions(loaded_.values)) complain("settings", std::move(sentence));
    if (!faults_.empty()) return summary();
    if (loaded_.values.public_url.empty())
      loaded_.values.public_url = std::string(loaded_.values.tls_key_file.empty() ? "http" : "https") +
                                  "://localhost:" + std::to_string(loaded_.values.port);
    return std::move(loaded_);
  }

 private:
  struct given {
    name_match name;
    std::string where, value;
  };

  void complain(std::string where, std::string what) {
    faults_.push_back({std::move(where), "invalid_setting", std::move(what)});
  }

  error summary() {
    error all(std::move(faults_));
    all.detail.clear();
    for (auto const& f : all.faults) all.detail += (all.detail.empty() ? "" : "\n") + f.pointer + ": " + f.detail;
    return all;
  }

  template <class Naming>
  static std::optional<name_match> find(std::string_view name, Naming naming, std::string_view file_suffix) {
    auto const rows = setting_rows();
    for (std::size_t i = 0; i < rows.size(); ++i) {
      auto const known = naming(rows[i]);
      if (name == known) return name_match{i, false};
      if (rows[i].secret() && name == known + std::string(file_suffix)) return name_match{i, true};
    }
    return std::nullopt;
  }

  template <class Naming> static std::string hint(std::string_view name, Naming naming, std::string_view file_suffix) {
    std::vector<std::string> known;
    for (auto const& row : setting_rows()) {
      known.push_back(naming(row));
      if (row.secret()) known.push_back(naming(row) + std::string(file_suffix));
    }
    auto const nearest = nearest_name(name, known);
    return nearest.empty() ? "is not a setting" : "is not a setting; did you mean " + nearest + "?";
  }

  static std::string key_of(setting_row const& row) { return std::string(row.key); }

  void parse_flags(std::vector<std::string> const& flags) {
    for (std::size_t i = 0; i < flags.size(); ++i) {
      auto const equals = flags[i].find('=');
      auto const name = flags[i].substr(0, equals);
      auto const match = find(name, flag_name, "-file");
      if (!match && name != "--config") {
        complain(name, name.starts_with("--") ? hint(name, flag_name, "-file") : "is not a flag");
        continue;
      }
      if (equals == std::string::npos && i + 1 == flags.size()) {
        complain(name, "needs a value");
        continue;
      }
      auto value = equals == std::string::npos ? flags[++i] : flags[i].substr(equals + 1);
      if (!match) {
        if (value.empty()) complain(name, "must not be empty");
        config_flag_ = std::move(value);
      } else if (setting_rows()[match->row].secret() && !match->as_file) {
        complain(name, "is a secret, and flags can be read by every user of the machine: use " + name + "-file or " +
                           environment_name(setting_rows()[match->row]));
      } else {
        flag_values_.push_back({*match, name, std::move(value)});
      }
    }
  }

  void read_environment(environment_list const& environment) {
    std::vector<given> values;
    for (auto const& [name, value] : environment) {
      if (value.empty()) continue;
      if (auto const match = find(name, environment_name, "_FILE"))
        values.push_back({*match, name, value});
      else if (name.starts_with("ALLOY_") && std::ranges::find(client_names, name) == std::end(client_names))
        complain(name, hint(name, environment_name, "_FILE"));
    }
    take_all(values, setting_source::environment);
  }

  void read_config(std::string path) {
    if (path.empty()) {
      path = default_config();
      path_is_default_ = true;
      std::error_code ignored;
      if (!std::filesystem::exists(path, ignored)) return;
    }
    loaded_.config_file = path;
    auto const text = read_file(path);
    if (!text) return complain(path, text.error().detail);
    std::vector<given> values;
    std::istringstream lines(*text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number)
      read_line(line, path + ":" + std::to_string(number), values);
    take_all(values, setting_source::file);
  }

  std::string default_config() const {
    return (std::filesystem::path(loaded_.values.data_dir) / "alloy.conf").string();
  }

  // key = value, with a # comment at the front or behind a blank; a value in double quotes is taken as it stands.
  void read_line(std::string_view line, std::string const& where, std::vector<given>& values) {
    line = trimmed(line);
    if (line.empty() || line.front() == '#') return;
    auto const equals = line.find('=');
    if (equals == line.npos) return complain(where, "is not `key = value`");
    auto const key = trimmed(line.substr(0, equals));
    auto value = trimmed(line.substr(equals + 1));
    if (value.starts_with('"')) {
      auto const end = value.find('"', 1);
      auto const rest = end == value.npos ? "" : trimmed(value.substr(end + 1));
      if (end == value.npos || !(rest.empty() || rest.front() == '#'))
        return complain(where, "has a quote without end");
      value = value.substr(1, end - 1);
    } else {
      for (std::size_t i = 0; i < value.size(); ++i)
        if (value[i] == '#' && (i == 0 || value[i - 1] == ' ' || value[i - 1] == '\t'))
          value = trimmed(value.substr(0, i));
    }
    auto const match = find(key, key_of, "_file");
    if (!match) return complain(where, std::string(key) + " " + hint(key, key_of, "_file"));
    if (setting_rows()[match->row].key == "data_dir" && path_is_default_)
      return complain(where, "data_dir cannot be set by the file that lies in it");
    for (auto const& earlier : values)
      if (earlier.name.row == match->row)
        return complain(where, std::string(key) + " was set before, at " + earlier.where);
    values.push_back({*match, where, std::string(value)});
  }

  // Of one source no value may be given twice, also not once as value and once as file.
  void take_all(std::vector<given> const& values, setting_source source) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      auto const& one = values[i];
      auto const twin = std::find_if(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(i),
                                     [&](given const& other) { return other.name.row == one.name.row; });
      if (twin != values.begin() + static_cast<std::ptrdiff_t>(i))
        complain(one.where, twin->where == one.where ? "is given twice" : "and " + twin->where + " are both given");
      else
        take(one, source);
    }
  }

  void take(given const& one, setting_source source) {
    auto const& row = setting_rows()[one.name.row];
    auto value = one.value;
    bool const is_written = source == setting_source::file; // into the config file, which is then a secret itself
    bool const is_private = row.secret() && row.key != "jwt_public_key"; // flags do not take that one either
    if (is_private && (one.name.as_file || is_written))
      if (auto const& path = one.name.as_file ? one.value : loaded_.config_file; !exposure_of(path).empty())
        return complain(one.where, path + " " + exposure_of(path));
    if (one.name.as_file) {
      auto content = read_file(one.value);
      if (!content) return complain(one.where, one.value + " " + content.error().detail);
      value = std::string(trimmed(*content));
      while (value.ends_with('\n')) value = std::string(trimmed(value.substr(0, value.size() - 1)));
    }
    // A weaker source is checked all the same, so that a fault does not wait for the day the stronger one is gone.
    settings unused;
    bool const weaker = source < loaded_.origins[one.name.row].source;
    if (auto done = assign_setting(row, weaker ? unused : loaded_.values, value); !done)
      return complain(one.where, source == setting_source::file ? std::string(row.key) + " " + done.error().detail
                                                                : done.error().detail);
    if (!weaker) loaded_.origins[one.name.row] = {source, one.where};
  }

  loaded_settings loaded_;
  std::vector<fault> faults_;
  std::vector<given> flag_values_;
  std::string config_flag_;
  bool path_is_default_ = false;
};

} // namespace

std::string environment_name(setting_row const& row) {
  if (!row.env.empty()) return std::string(row.env);
  std::string name = "ALLOY_";
  for (char const c : row.key) name += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

std::string flag_name(setting_row const& row) {
  auto name = "--" + std::string(row.key);
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

result<loaded_settings> load_settings(std::vector<std::string> const& flags, environment_list const& environment) {
  return loader().run(flags, environment);
}

environment_list process_environment() {
  environment_list all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view const line = *entry;
    auto const equals = line.find('=');
    if (equals != line.npos) all.emplace_back(line.substr(0, equals), line.substr(equals + 1));
  }
  return all;
}

} // namespace alloy
