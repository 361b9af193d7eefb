// What `alloy config show` and --help print.
#include "core/settings.hpp"

#include <algorithm>

namespace alloy {
namespace {

std::string printed(setting_row const& row, settings const& values) {
  auto text = setting_text(row, values);
  if (row.secret() && !text.empty()) return "********";
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  return text;
}

std::string printed(loaded_settings::origin const& origin) {
  switch (origin.source) {
  case setting_source::default_value: return "default";
  case setting_source::file: return "file " + origin.where;
  case setting_source::environment: return "environment " + origin.where;
  case setting_source::flag: return "flag " + origin.where;
  }
  return {};
}

// Pads every column but the last to its widest cell.
std::string aligned(std::vector<std::vector<std::string>> const& lines) {
  std::vector<std::size_t> widths(lines.front().size());
  for (auto const& line : lines)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  std::string out;
  for (auto const& line : lines) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      out += line[i];
      if (i + 1 < line.size()) out.append(widths[i] + 2 - line[i].size(), ' ');
    }
    out += '\n';
  }
  return out;
}

} // namespace

std::string show_settings(loaded_settings const& loaded) {
  std::vector<std::vector<std::string>> lines{{"KEY", "VALUE", "SOURCE"}};
  auto const rows = setting_rows();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto const& origin = loaded.origins[i];
    if (rows[i].trait == setting_trait::hidden && origin.source == setting_source::default_value) continue;
    lines.push_back({std::string(rows[i].key), printed(rows[i], loaded.values), printed(origin)});
  }
  return aligned(lines);
}

std::string describe_settings() {
  std::vector<std::vector<std::string>> lines{{"FLAG", "ENVIRONMENT", "DEFAULT", "MEANING"}};
  for (auto const& row : setting_rows()) {
    if (row.trait == setting_trait::hidden) continue;
    auto meaning = std::string(row.description);
    if (!row.choices.empty()) meaning += " (" + std::string(row.choices) + ")";
    lines.push_back({flag_name(row) + (row.secret() ? "-file" : ""),
                     environment_name(row) + (row.secret() ? "[_FILE]" : ""), std::string(row.default_value), meaning});
  }
  return aligned(lines);
}

} // namespace alloy
