#include "cli/render.hpp"

#include "core/csv.hpp"
#include "core/json.hpp"

#include <algorithm>

namespace alloy::cli {
namespace {

namespace json = boost::json;

bool is_scalar(json::value const& v) {
  return !v.is_object() && !v.is_array();
}

std::string text_of(json::value const& v) {
  if (v.is_null()) return "";
  if (v.is_string()) return std::string(std::string_view(v.as_string()));
  if (v.is_bool()) return v.as_bool() ? "true" : "false";
  if (v.is_double()) { // as it was written: no exponent, no tail
    std::string out;
    alloy::json::write_number(out, v.as_double());
    return out;
  }
  if (auto const* const list = v.if_array()) {
    std::string out;
    for (auto const& one : *list)
      out += (out.empty() ? "" : ", ") + (is_scalar(one) ? text_of(one) : json::serialize(one));
    return out;
  }
  return json::serialize(v);
}

// A column by its name, also one within another: actor.user_id.
json::value const* value_of(json::object const& row, std::string_view field) {
  auto const dot = field.find('.');
  auto const* const found = row.if_contains(field.substr(0, dot));
  if (!found || dot == std::string_view::npos) return found;
  return found->is_object() ? value_of(found->as_object(), field.substr(dot + 1)) : nullptr;
}

std::string cell(json::object const& row, std::string_view field) {
  auto const* const found = value_of(row, field);
  return found ? text_of(*found) : std::string();
}

// Numbers are no formulas: they keep their sign and go without quotes.
std::string csv_cell(json::value const* v) {
  if (!v || v->is_null()) return {};
  return v->is_number() ? text_of(*v) : csv_text(text_of(*v));
}

bool is_shown_by_default(std::string_view name, json::value const& v) {
  constexpr std::string_view left_out[] = {"version", "created_at", "updated_at", "description",
                                           "org_id",  "statuses",   "transitions"};
  if (std::find(std::begin(left_out), std::end(left_out), name) != std::end(left_out)) return false;
  if (name == "id" || name == "user_id" || name == "assignee_id") return true;
  return is_scalar(v) ? !name.ends_with("_id") && !name.ends_with("_ids") : v.is_array() && !name.ends_with("s_id");
}

// A column in which nothing stands is none.
bool is_empty(json::value const& v) {
  return v.is_null() || (v.is_string() && v.as_string().empty()) || (v.is_array() && v.as_array().empty());
}

// Names first that people know things by, the id last.
int rank_of(std::string const& name) {
  constexpr std::string_view first[] = {"reference",    "key",   "slug",   "email",   "name",
                                        "display_name", "title", "status", "priority"};
  if (name == "id") return 100;
  auto const* const found = std::find(std::begin(first), std::end(first), name);
  return found == std::end(first) ? 50 : static_cast<int>(found - std::begin(first));
}

std::vector<std::string> columns_for(json::array const& rows) {
  std::vector<std::string> names;
  for (auto const& row : rows)
    if (auto const* const o = row.if_object())
      for (auto const& [name, v] : *o) {
        auto const text = std::string(std::string_view(name));
        if (is_shown_by_default(text, v) && !is_empty(v) && std::find(names.begin(), names.end(), text) == names.end())
          names.push_back(text);
      }
  std::stable_sort(names.begin(), names.end(), [](auto const& a, auto const& b) { return rank_of(a) < rank_of(b); });
  return names;
}

std::string heading(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return 'a' <= c && c <= 'z' ? static_cast<char>(c - 32) : c; });
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

constexpr std::size_t narrowest_cell = 4;

std::string table_of(json::array const& rows, std::vector<std::string> fields, terminal const& t) {
  bool const chosen = !fields.empty();
  if (!chosen) fields = columns_for(rows);
  std::vector<std::vector<std::string>> cells{{}};
  for (auto const& f : fields) cells.front().push_back(plain_text(heading(f)));
  for (auto const& row : rows) {
    auto& line = cells.emplace_back();
    for (auto const& f : fields)
      line.push_back(row.is_object() ? plain_text(cell(row.as_object(), f)) : plain_text(text_of(row)));
  }
  std::vector<std::size_t> widths(fields.size());
  for (auto const& line : cells)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], columns_of(line[i]));
  auto const total = [&] {
    std::size_t sum = 0;
    for (auto const w : widths) sum += w + 2;
    return sum;
  };
  while (total() - 2 > t.width()) { // the widest gives way
    auto& widest = *std::max_element(widths.begin(), widths.end());
    if (widest <= narrowest_cell) break;
    --widest;
  }
  std::string out;
  for (std::size_t n = 0; n < cells.size(); ++n) {
    std::string line;
    for (std::size_t i = 0; i < fields.size(); ++i) line += padded(cut_to(cells[n][i], widths[i]), widths[i]) + "  ";
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out += t.painted(n == 0 ? ink::bold : ink::plain, line) + "\n";
  }
  return out;
}

void add_lines(json::object const& o, std::string const& prefix,
               std::vector<std::pair<std::string, std::string>>& lines,
               std::vector<std::pair<std::string, json::array const*>>& lists) {
  for (auto const& [key, v] : o) {
    auto const name = prefix + plain_text(std::string_view(key)); // of a map they are somebody's own words
    if (auto const* const inner = v.if_object())
      add_lines(*inner, name + ".", lines, lists);
    else if (auto const* const list = v.if_array(); list && !list->empty() && list->front().is_object())
      lists.emplace_back(name, list);
    else if (!is_empty(v))
      lines.emplace_back(name, text_of(v));
  }
}

std::string lines_of(json::object const& o, std::vector<std::string> const& fields, terminal const& t) {
  std::vector<std::pair<std::string, std::string>> lines;
  std::vector<std::pair<std::string, json::array const*>> lists;
  if (fields.empty())
    add_lines(o, "", lines, lists);
  else
    for (auto const& f : fields) lines.emplace_back(plain_text(f), cell(o, f));
  std::size_t width = 0;
  for (auto const& [name, text] : lines) width = std::max(width, columns_of(name));
  std::string out;
  for (auto const& [name, text] : lines)
    out += t.painted(ink::dim, padded(name, width)) + "  " + plain_text(text) + "\n";
  for (auto const& [name, list] : lists) out += "\n" + t.painted(ink::bold, name) + "\n" + table_of(*list, {}, t);
  return out;
}

double number_in(json::object const& o, std::string_view name) {
  auto const* const found = o.if_contains(name);
  return found && found->is_number() ? found->to_number<double>() : 0;
}

} // namespace

json::array const* items_of(json::value const& answer) {
  if (auto const* const bare = answer.if_array()) return bare;
  auto const* const o = answer.if_object();
  auto const* const items = o ? o->if_contains("items") : nullptr;
  return items ? items->if_array() : nullptr;
}

std::string as_table(json::value const& answer, std::vector<std::string> const& fields, terminal const& t) {
  if (auto const* const items = items_of(answer)) return items->empty() ? "nothing\n" : table_of(*items, fields, t);
  if (auto const* const o = answer.if_object()) return lines_of(*o, fields, t);
  return plain_text(text_of(answer)) + "\n";
}

std::string as_csv(json::value const& answer, std::vector<std::string> const& fields) {
  auto const* items = items_of(answer);
  json::array const one{answer};
  if (!items) items = &one;
  auto names = fields;
  if (names.empty())
    for (auto const& row : *items)
      if (auto const* const o = row.if_object())
        for (auto const& member : *o)
          if (auto name = std::string(std::string_view(member.key()));
              std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(std::move(name));
  std::string out;
  auto const line = [&](auto const& cell_of) {
    for (std::size_t i = 0; i < names.size(); ++i) out += (i ? "," : "") + cell_of(names[i]);
    out += "\r\n";
  };
  line([](std::string const& name) { return csv_text(name); });
  for (auto const& row : *items)
    if (auto const* const o = row.if_object())
      line([&](std::string const& name) { return csv_cell(value_of(*o, name)); });
  return out;
}

std::string ids_of(json::value const& answer) {
  auto const id = [](json::value const& v) {
    auto const* const o = v.if_object();
    for (std::string_view const name : {"id", "user_id", "name", "org_id"})
      if (auto const* const found = o ? o->if_contains(name) : nullptr; found && found->is_string())
        return text_of(*found) + "\n";
    return std::string();
  };
  auto const* const items = items_of(answer);
  if (!items) return id(answer);
  std::string out;
  for (auto const& one : *items) out += id(one);
  return out;
}

std::string draw_board(json::object const& board, terminal const& t) {
  auto const& columns = board.at("columns").as_array();
  if (columns.empty()) return "nothing\n";
  constexpr std::size_t narrowest = 8, widest = 28;
  auto const screen = std::min<std::size_t>(t.width(), columns.size() * (widest + 1));
  auto const width = std::clamp(screen / columns.size() - 1, narrowest, widest);
  std::vector<std::vector<std::pair<ink, std::string>>> drawn;
  std::size_t height = 0;
  for (auto const& one : columns) {
    auto const& c = one.as_object();
    auto& lines = drawn.emplace_back();
    lines.emplace_back(ink::bold, plain_text(cell(c, "status")) + " " + plain_text(cell(c, "count")));
    std::string rule;
    for (std::size_t n = 0; n < width; ++n) rule += "\xe2\x94\x80";
    lines.emplace_back(ink::dim, rule);
    for (auto const& ticket : c.at("tickets").as_array()) {
      auto const& o = ticket.as_object();
      auto const priority = cell(o, "priority");
      lines.emplace_back(priority == "Urgent" ? ink::red
                         : priority == "High" ? ink::yellow
                                              : ink::blue,
                         plain_text(cell(o, "reference")));
      lines.emplace_back(ink::plain, plain_text(cell(o, "title")));
    }
    if (c.at("has_more").is_bool() && c.at("has_more").as_bool()) lines.emplace_back(ink::dim, "...");
    height = std::max(height, lines.size());
  }
  std::string out;
  for (std::size_t n = 0; n < height; ++n) {
    std::string line;
    for (auto const& lines : drawn) {
      auto const text = n < lines.size() ? lines[n] : std::pair<ink, std::string>();
      line += t.painted(text.first, padded(cut_to(text.second, width), width)) + " ";
    }
    while (line.ends_with(' ')) line.pop_back();
    out += line + "\n";
  }
  return out;
}

std::string draw_burndown(json::object const& burndown, terminal const& t) {
  auto const& days = burndown.at("days").as_array();
  double most = number_in(burndown, "commitment");
  for (auto const& d : days)
    most = std::max({most, number_in(d.as_object(), "scope"), number_in(d.as_object(), "remaining")});
  constexpr std::size_t columns_max = 50;
  auto const columns = std::min<std::size_t>(columns_max, t.width() > 40 ? t.width() - 30 : 10);
  auto const bar = [&](double v) {
    return static_cast<std::size_t>(most > 0 ? v * static_cast<double>(columns) / most + 0.5 : 0);
  };
  std::string out = t.painted(ink::bold, "remaining " + plain_text(cell(burndown, "unit"))) + "  (" +
                    t.painted(ink::dim, "| ideal") + ")\n";
  for (auto const& one : days) {
    auto const& d = one.as_object();
    std::string line;
    auto const full = bar(number_in(d, "remaining")), ideal = bar(number_in(d, "ideal"));
    for (std::size_t n = 0; n <= columns; ++n)
      line += n == ideal && d.if_contains("ideal") && !d.at("ideal").is_null() ? t.painted(ink::dim, "|")
              : n < full                                                       ? t.painted(ink::blue, "\xe2\x96\x88")
                                                                               : " ";
    out += plain_text(cell(d, "date")) + " " + line + " " +
           plain_text(cell(d, "remaining") + " of " + cell(d, "scope")) + "\n";
  }
  return out;
}

std::string event_line(json::object const& e, terminal const& t) {
  auto const* const data = e.if_contains("data");
  auto const facts = data ? plain_text(json::serialize(*data)) : std::string();
  auto line = plain_text(cell(e, "position") + "  " + cell(e, "at")) + "  " + padded(plain_text(cell(e, "type")), 24) +
              "  " + plain_text(cell(e, "subject.kind")) + " " + plain_text(cell(e, "subject.id")) + "  ";
  auto const used = columns_of(line);
  if (t.is_screen() && used + 8 < t.width())
    line += cut_to(facts, t.width() - used - 1);
  else
    line += facts;
  return line + "\n";
}

} // namespace alloy::cli
