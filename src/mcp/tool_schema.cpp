#include "mcp/tool_schema.hpp"

#include <algorithm>

namespace alloy::mcp {
namespace {

constexpr std::string_view reference = "#/components/schemas/";

// References as a schema of its own has them.
std::string rebased(std::string schema) {
  for (auto at = schema.find(reference); at != std::string::npos; at = schema.find(reference, at))
    schema.replace(at, reference.size(), "#/$defs/");
  return schema;
}

// Takes in what the text refers to, and what that refers to.
void add_definitions(std::string const& text, api::operation_shape const& shape, json::object& into) {
  constexpr std::string_view begin = "#/$defs/";
  for (auto at = text.find(begin); at != std::string::npos; at = text.find(begin, at + 1)) {
    auto const name = text.substr(at + begin.size(), text.find('"', at) - at - begin.size());
    if (into.contains(name)) continue;
    auto const schema = rebased(shape.definitions.at(name));
    into[name] = json::parse(schema);
    add_definitions(schema, shape, into);
  }
}

json::object object_schema(json::object properties, json::array required) {
  json::object s{{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}};
  if (!required.empty()) s["required"] = std::move(required);
  return s;
}

// A schema with what it refers to in the place of the reference, and a rule for names told in words. What stands within
// itself ends there as any value of its type.
class inliner {
 public:
  explicit inliner(api::operation_shape const& shape) : shape_(shape) {}

  json::value whole(std::string const& schema) { return within(json::parse(schema)); }

 private:
  json::value within(json::value const& v) {
    if (auto const* const list = v.if_array()) {
      json::array out;
      for (auto const& one : *list) out.push_back(within(one));
      return out;
    }
    auto const* const o = v.if_object();
    if (!o) return v;
    if (auto const* const named = o->if_contains("$ref")) return definition(std::string(named->as_string()), *o);
    json::object out;
    for (auto const& [name, inner] : *o)
      if (name != "propertyNames") out[name] = within(inner);
    if (auto const* const rule = o->if_contains("propertyNames")) {
      if (auto const* const words = rule->is_object() ? rule->as_object().if_contains("description") : nullptr;
          words && !out.contains("description"))
        out["description"] = "Of each name: " + std::string(words->as_string());
    }
    return out;
  }

  json::value definition(std::string const& named, json::object const& beside) {
    auto const name = named.substr(reference.size());
    auto const found = json::parse(shape_.definitions.at(name));
    json::object out;
    if (std::find(open_.begin(), open_.end(), name) != open_.end()) {
      if (auto const* const type = found.as_object().if_contains("type")) out["type"] = *type;
    } else {
      open_.push_back(name);
      out = within(found).as_object();
      open_.pop_back();
    }
    for (auto const& [key, value] : beside)
      if (key != "$ref") out[key] = within(value);
    return out;
  }

  api::operation_shape const& shape_;
  std::vector<std::string> open_;
};

json::value described(json::value schema, std::string const& words) {
  if (!words.empty() && !schema.as_object().contains("description")) schema.as_object()["description"] = words;
  return schema;
}

constexpr std::string_view events_words = "Of a dry run: the events that would be appended";

} // namespace

json::object input_schema(api::operation const& op, api::operation_shape const& shape) {
  json::object properties;
  json::array required;
  for (auto const& p : shape.parameters) {
    properties[p.name] = described(inliner(shape).whole(p.schema), p.words);
    if (p.required) required.emplace_back(p.name);
  }
  if (!shape.whole_body.empty()) {
    properties["values"] = described(inliner(shape).whole(shape.whole_body), "Names and their values");
    required.emplace_back("values");
  }
  if (op.body && op.body_type != "application/json") {
    properties["lines"] = json::object{{"type", "string"}, {"description", "Lines of an export, the header first"}};
    required.emplace_back("lines");
  }
  if (op.writes()) {
    properties["dry_run"] = json::object{{"type", "boolean"}, {"description", api::dry_run_words}};
    if (op.method == api::verb::post)
      properties["idempotency_key"] =
          json::object{{"type", "string"},
                       {"minLength", 1},
                       {"maxLength", 255},
                       {"description", "Makes a repetition safe: the same key and arguments get the same answer"}};
  }
  return object_schema(std::move(properties), std::move(required));
}

wrapping wrapping_of(api::operation_shape const& shape, api::operation const& op) {
  if (op.answer && shape.answer.empty()) return wrapping::text;
  if (shape.answer.empty()) return op.answer_type == "application/json" ? wrapping::nothing : wrapping::text;
  if (op.map_answer) return wrapping::values;
  auto const schema = json::parse(shape.answer).as_object();
  if (schema.contains("$ref")) return wrapping::none;
  auto const* const type = schema.if_contains("type");
  if (type && *type == "array") return wrapping::items;
  if (!type || *type != "object") return wrapping::text;
  return schema.contains("properties") ? wrapping::none : wrapping::values;
}

json::object output_schema(api::operation const& op, api::operation_shape const& shape, wrapping how) {
  json::object definitions, s;
  auto const answer = rebased(shape.answer);
  switch (how) {
  case wrapping::none: {
    auto const root = json::parse(shape.answer).as_object();
    auto const* const named = root.if_contains("$ref");
    auto const text =
        named
            ? rebased(shape.definitions.at(std::string(std::string_view(named->as_string()).substr(reference.size()))))
            : answer;
    s = json::parse(text).as_object();
    add_definitions(text, shape, definitions);
    break;
  }
  case wrapping::items:
  case wrapping::values: {
    std::string_view const name = how == wrapping::items ? "items" : "values";
    s = object_schema({{name, json::parse(answer)}}, {});
    add_definitions(answer, shape, definitions);
    break;
  }
  case wrapping::text:
    s = object_schema({{"content_type", json::object{{"type", "string"}}}, {"text", json::object{{"type", "string"}}}},
                      {"content_type", "text"});
    break;
  case wrapping::nothing: s = object_schema({{"done", json::object{{"type", "boolean"}}}}, {"done"}); break;
  }
  if (op.writes() && how != wrapping::text)
    s["properties"].as_object()["events"] =
        json::object{{"type", "array"}, {"items", json::object{{"type", "object"}}}, {"description", events_words}};
  if (!definitions.empty()) s["$defs"] = std::move(definitions);
  return s;
}

} // namespace alloy::mcp
