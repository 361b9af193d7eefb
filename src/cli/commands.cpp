#include "cli/commands.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace alloy::cli {
namespace {

namespace json = boost::json;

std::string with_dashes(std::string_view name) {
  std::string out(name);
  std::replace(out.begin(), out.end(), '_', '-');
  return out;
}

// A shorter name that people would type.
std::string short_name(std::string const& name) {
  for (std::string_view const end : {"-id", "-date"})
    if (name.ends_with(end)) return name.substr(0, name.size() - end.size());
  if (name.ends_with("-ids")) return name.substr(0, name.size() - 4) + "s";
  return {};
}

// Follows references, and looks through "or null".
json::value resolved(json::value schema, api::operation_shape const& shape, bool& nullable) {
  constexpr std::string_view begin = "#/components/schemas/";
  for (;;) {
    auto const& o = schema.as_object();
    if (auto const* const ref = o.if_contains("$ref")) {
      auto const name = std::string(std::string_view(ref->as_string()).substr(begin.size()));
      schema = json::value(json::parse(shape.definitions.at(name)));
    } else if (auto const* const any = o.if_contains("anyOf")) {
      json::value other;
      for (auto const& one : any->as_array()) {
        auto const* const type = one.as_object().if_contains("type");
        if (type && *type == "null")
          nullable = true;
        else if (other.is_null())
          other = one;
      }
      schema = json::value(other);
    } else {
      return schema;
    }
  }
}

flag::kind kind_of(json::object const& schema) {
  auto const* const type = schema.if_contains("type");
  std::string_view const name = type && type->is_string() ? std::string_view(type->as_string()) : std::string_view();
  if (name == "string") return flag::kind::text;
  if (name == "integer" || name == "number") return flag::kind::number;
  if (name == "boolean") return flag::kind::boolean;
  return name == "array" ? flag::kind::list : flag::kind::json;
}

flag flag_of(api::parameter const& p, api::operation_shape const& shape) {
  flag f;
  f.of = &p;
  f.name = with_dashes(p.name);
  auto schema = resolved(json::parse(p.schema), shape, f.nullable);
  f.what = kind_of(schema.as_object());
  if (f.what == flag::kind::list) {
    bool ignored = false;
    schema = resolved(schema.at("items"), shape, ignored);
    if (kind_of(schema.as_object()) != flag::kind::text) f.what = flag::kind::json;
  }
  if (auto const* const choices = schema.as_object().if_contains("enum"))
    for (auto const& one : choices->as_array()) f.choices.emplace_back(std::string_view(one.as_string()));
  return f;
}

} // namespace

std::vector<command> const& commands() {
  static std::vector<command> const all = [] {
    std::vector<command> made;
    for (auto const& op : api::operations()) {
      auto const words = api::command_of(op);
      auto const split = words.rfind(' ');
      made.push_back({words.substr(0, split), words.substr(split + 1), &op});
    }
    std::stable_sort(made.begin(), made.end(), [](auto const& a, auto const& b) { return a.noun < b.noun; });
    return made;
  }();
  return all;
}

std::vector<std::string> nouns() {
  std::vector<std::string> all;
  for (auto const& c : commands())
    if (all.empty() || all.back() != c.noun) all.push_back(c.noun);
  return all;
}

named find_command(std::span<std::string const> line) {
  for (std::size_t words = std::min<std::size_t>(line.size(), 3); words > 1; --words) {
    std::string text;
    for (auto const& word : line.first(words)) text += (text.empty() ? "" : " ") + word;
    for (auto const& c : commands())
      if (c.words() == text) return {&c, words};
  }
  return {};
}

std::vector<flag> flags_of(api::operation_shape const& shape) {
  std::vector<flag> all;
  for (auto const& p : shape.parameters) all.push_back(flag_of(p, shape));
  auto const taken = [&](std::string const& name) {
    return std::any_of(all.begin(), all.end(), [&](flag const& f) {
      return f.name == name || std::find(f.also.begin(), f.also.end(), name) != f.also.end();
    });
  };
  for (auto& f : all)
    if (auto brief = short_name(f.name); !brief.empty() && !taken(brief)) f.also.push_back(std::move(brief));
  return all;
}

std::string_view thing_named_by(std::string_view parameter) {
  constexpr std::pair<std::string_view, std::string_view> things[] = {
      {"org_id", "org"},           {"project_id", "project"}, {"project_ids", "project"},
      {"ticket_id", "ticket"},     {"ticket_ids", "ticket"},  {"sprint_id", "sprint"},
      {"label_id", "label"},       {"labels", "label"},       {"move_unfinished_to", "sprint"},
      {"workflow_id", "workflow"}, {"team_id", "team"},       {"user_id", "user"},
      {"assignee_id", "user"},     {"reporter_id", "user"},   {"author_id", "user"},
      {"created_by", "user"},      {"actor_id", "user"},      {"webhook_id", "webhook"},
      {"api_key_id", "api-key"},   {"key_id", "api-key"},     {"invite_id", "invite"},
  };
  for (auto const& [name, thing] : things)
    if (name == parameter) return thing;
  return {};
}

} // namespace alloy::cli
