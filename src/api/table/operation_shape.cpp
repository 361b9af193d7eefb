#include "api/table/operation_shape.hpp"

#include <algorithm>

namespace alloy::api {
namespace {

constexpr std::string_view reference_begin = "{\"$ref\":\"#/components/schemas/";

std::string text_of(json::node const& n) {
  std::string text;
  json::write_node(text, n);
  return text;
}

// The named members of a body that is an object; false where it is something else.
bool add_members(std::string const& body, operation_shape& s) {
  if (!body.starts_with(reference_begin)) return false;
  auto const name =
      body.substr(reference_begin.size(), body.find('"', reference_begin.size()) - reference_begin.size());
  auto const document = json::parse(s.definitions.at(name), 64);
  if (!document) throw std::logic_error("the schema of " + name + " is no JSON");
  auto const* const members = document->root->find("properties");
  if (!members) return false;
  std::vector<std::string_view> required;
  if (auto const* const all = document->root->find("required"))
    for (auto const* one = all->child; one; one = one->next) required.push_back(one->text);
  for (auto const* one = members->child; one; one = one->next) {
    auto const* const words = one->find("description");
    s.parameters.push_back({std::string(one->name), parameter::place::body, text_of(*one),
                            words ? std::string(words->text) : std::string(),
                            std::find(required.begin(), required.end(), one->name) != required.end()});
  }
  return true;
}

} // namespace

std::vector<std::string> path_params(std::string_view path) {
  std::vector<std::string> names;
  for (auto open = path.find('{'); open != std::string_view::npos; open = path.find('{', open + 1))
    names.emplace_back(path.substr(open + 1, path.find('}', open) - open - 1));
  return names;
}

std::string description_of(operation const& op) {
  std::string text(op.summary);
  text += '.';
  if (!op.open) {
    text += " Needs the scope `" + std::string(json::name_of(op.needs)) + "`";
    if (op.least > role::Viewer) text += " and the role " + std::string(json::name_of(op.least)) + " or above";
    text += '.';
  }
  if (!op.notes.empty()) text += ' ' + std::string(op.notes);
  return text;
}

std::string words_for_bound_keys(operation const& op) {
  if (op.open) return {};
  switch (op.bound) {
  case auth::bound_key::none: return " A bound API key may not.";
  case auth::bound_key::org: return " An API key bound to the organization may, one bound to projects may not.";
  case auth::bound_key::project: break;
  }
  return " A bound API key may, for what it is bound to.";
}

std::string_view words_for_param(std::string_view name) {
  if (name == "org_id") return "The organization's id or slug";
  if (name == "project_id") return "The project's id or key";
  if (name == "ticket_id") return "The ticket's id or reference, as KEY-17";
  if (name == "reference") return "The ticket's reference, as KEY-17, or its id";
  if (name == "entity_type") return "project, ticket, user, team or time_entry";
  if (name == "entity_id") return "Its id; of a project the key and of a ticket the reference do as well";
  if (name == "key") return "The tag's key";
  return "Its id";
}

std::string_view words_for_query(query_parameter const& q) {
  constexpr std::pair<std::string_view, std::string_view> words[] = {
      {"q",
       "Words that the text has: `deploy` begins a word, \"blue green\" in quotes stands so, KEY-17 is the ticket; "
       "the best matches come first unless `sort` says otherwise"},
      {"tag",
       "A tag's key, or key:value; repeated, or with commas, any of them. A comma may be part of what is carried"},
      {"label", "A label's id or name; repeated, or with commas, any of them. A comma may be part of a name"},
      {"limit", "Items of a page"},
      {"cursor", "Where to go on: the `next_cursor` of the page before"},
      {"sort", "What to order by; a minus before it turns the order round"},
      {"org_id", "The organization's id"},
      {"project_id", "The project's id"},
      {"types", "Event types, with ticket.* for all of a kind; repeated, or with commas, any of them"},
      {"after", "A position of the log: what lies behind it"},
      {"wait", "Seconds to wait for something to tell"},
      {"since", "From this time on, or, of a log's head, the size that is known already"},
      {"until", "Before this time"},
      {"period", "A month as 2026-03 or a quarter as 2026-Q1"},
      {"group_by", "What to sum up by"},
      {"rule_set", "By which accounting rules"},
      {"from", "The first day"},
      {"to", "The last day"},
      {"unit", "What to count"},
      {"last", "How many"},
      {"value", "Only this value"},
      {"verbose", "With each check"},
      {"bom", "Whether it begins with a byte order mark"},
  };
  for (auto const& [name, text] : words)
    if (name == q.name) return text;
  return q.list ? "One or more: the parameter repeated, or one value with commas" : "See the description";
}

operation_shape shape_of(operation const& op) {
  operation_shape s;
  schema_book book;
  for (auto const& name : path_params(op.path))
    s.parameters.push_back(
        {name, parameter::place::path, R"({"type":"string","minLength":1})", std::string(words_for_param(name)), true});
  for (auto const& q : op.query)
    s.parameters.push_back(
        {std::string(q.name), parameter::place::query, q.schema(book), std::string(words_for_query(q)), q.required});
  if (op.takes_org())
    s.parameters.push_back(
        {std::string(org_asked), parameter::place::query, std::string(org_asked_schema), std::string(org_asked_words)});
  if (op.timed)
    s.parameters.push_back({"as_of", parameter::place::query, std::string(as_of_schema), std::string(as_of_words)});
  auto const body = op.body && op.body_type == "application/json" ? op.body(book) : std::string();
  if (op.answer && op.answer_type == "application/json") s.answer = op.answer(book);
  s.definitions = std::move(book.named);
  if (!body.empty() && !add_members(body, s)) s.whole_body = body;
  std::stable_sort(s.parameters.begin(), s.parameters.end(), [](auto const& a, auto const& b) {
    auto const rank = [](parameter const& p) { return p.in == parameter::place::path ? 0 : p.required ? 1 : 2; };
    return rank(a) < rank(b);
  });
  return s;
}

bool may_lack_body(operation const& op) {
  static std::vector<operation const*> const all = [] {
    std::vector<operation const*> found;
    for (auto const& one : operations()) {
      if (one.method != verb::post || !one.body || one.body_type != "application/json") continue;
      auto const shape = shape_of(one);
      bool const needed = std::any_of(shape.parameters.begin(), shape.parameters.end(),
                                      [](auto const& p) { return p.in == parameter::place::body && p.required; });
      if (shape.whole_body.empty() && !needed) found.push_back(&one);
    }
    return found;
  }();
  return std::find(all.begin(), all.end(), &op) != all.end();
}

std::string command_of(operation const& op) {
  if (!op.command.empty()) return std::string(op.command);
  auto const split = op.id.find('_');
  std::string noun(op.id.substr(split + 1));
  std::replace(noun.begin(), noun.end(), '_', '-');
  if (noun.ends_with("ies"))
    noun.replace(noun.size() - 3, 3, "y");
  else if (noun.ends_with('s'))
    noun.pop_back();
  return noun + ' ' + std::string(op.id.substr(0, split));
}

} // namespace alloy::api
