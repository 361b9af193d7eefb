// What the official conformance suite of the protocol asks a server for, on Alloy's own layer. Everything that it says
// is prescribed by the suite; nothing of it is Alloy's.
//   mcp_fixture PORT       over HTTP, until it is ended
//   mcp_fixture stdio      over standard input and output
#include "core/crypto.hpp"
#include "http/rest.hpp"
#include "http/server.hpp"
#include "mcp/http_endpoint.hpp"
#include "mcp/stdio.hpp"

#include "core/base64.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <unistd.h>

namespace {

using namespace alloy;
using namespace alloy::mcp;
namespace json = boost::json;

constexpr std::string_view
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==",
    sound = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAgD4AAAB9AAACABAAZGF0YQAAAAA=";

void wait() {
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
}

json::object result_of(std::initializer_list<json::value> content) {
  return {{"content", json::array(content.begin(), content.end())}};
}
json::object text_result(std::string_view text) {
  return result_of({text_content(text)});
}
json::object picture() {
  return {{"type", "image"}, {"data", pixel}, {"mimeType", "image/png"}};
}
json::object embedded(std::string_view uri, std::string_view type, std::string_view text) {
  return {{"type", "resource"}, {"resource", json::object{{"uri", uri}, {"mimeType", type}, {"text", text}}}};
}
json::object schema_of(json::object properties, json::array required = {}) {
  json::object s{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) s["required"] = std::move(required);
  return s;
}
json::object text_type(std::string_view words = {}) {
  json::object t{{"type", "string"}};
  if (!words.empty()) t["description"] = words;
  return t;
}
json::object elicitation(std::string_view message, json::object properties, json::array required) {
  return {{"message", message}, {"requestedSchema", schema_of(std::move(properties), std::move(required))}};
}
json::object sampling(std::string_view text, int tokens) {
  return {{"messages", json::array{json::object{{"role", "user"}, {"content", text_content(text)}}}},
          {"maxTokens", tokens}};
}

// For the modern era: the result says what is wanted, and the client comes again with it.
json::object wanted(json::object requests, std::string_view state = {}) {
  json::object r{{"resultType", "input_required"}, {"inputRequests", std::move(requests)}};
  if (!state.empty()) r["requestState"] = state;
  return r;
}
json::object request_of(std::string_view method, json::object params) {
  return {{"method", method}, {"params", std::move(params)}};
}
json::object name_wanted(std::string_view question = "What is your name?") {
  return request_of("elicitation/create", elicitation(question, {{"name", text_type()}}, {"name"}));
}

std::string const state_key = crypto::random_bytes(32);
std::string sealed(std::string const& state) {
  return state + "." + encode_base64url(crypto::view_of(crypto::hmac_sha256(state_key, state)));
}
// The state that came back; refused where nobody here made it.
std::string opened(call const& c) {
  auto const given = find_text(c.params, "requestState");
  auto const state = given.substr(0, given.find('.'));
  if (given != sealed(state)) throw rpc_error(code::invalid_params, "requestState is not what was given");
  return state;
}
json::object const* content_of(call const& c, std::string_view key) {
  auto const* const in = c.input(key);
  return in ? find_object(*in, "content") : nullptr;
}

class fixture final : public provider {
 public:
  server* at = nullptr;

  json::object info() const override { return {{"name", "alloy-mcp-fixture"}, {"version", ALLOY_VERSION}}; }
  std::string instructions() const override { return "For the conformance suite."; }
  json::object capabilities(peer const& of) const override {
    json::object all{{"tools", json::object{{"listChanged", true}}},
                     {"prompts", json::object{{"listChanged", true}}},
                     {"completions", json::object{}}};
    all["resources"] = of.is_modern ? json::object{} : json::object{{"subscribe", true}};
    all["logging"] = json::object{};
    return all;
  }

  kept_text list_tools(call const&) override {
    json::array tools;
    for (auto const& [name, t] : all_tools())
      tools.push_back(json::object{{"name", name}, {"description", t.words}, {"inputSchema", t.schema}});
    return keep({{"tools", std::move(tools)}});
  }
  json::object call_tool(call const& c) override {
    auto const found = all_tools().find(find_text(c.params, "name"));
    if (found == all_tools().end()) throw rpc_error(code::invalid_params, "there is no such tool");
    return found->second.run(*this, c);
  }

  json::object list_resources(call const&) override {
    return {{"resources",
             json::array{resource("test://static-text", "text/plain"), resource("test://static-binary", "image/png"),
                         resource("test://watched-resource", "text/plain")}}};
  }
  kept_text list_resource_templates(call const&) override {
    return keep({{"resourceTemplates", json::array{json::object{{"uriTemplate", "test://template/{id}/data"},
                                                                {"name", "template"},
                                                                {"description", "Data of an id"},
                                                                {"mimeType", "application/json"}}}}});
  }
  json::object read_resource(call const& c) override {
    auto const uri = find_text(c.params, "uri");
    json::object content{{"uri", uri}};
    constexpr std::string_view begin = "test://template/", end = "/data";
    if (uri == "test://static-text" || uri == "test://watched-resource") {
      content["mimeType"] = "text/plain";
      content["text"] = "This is the content of the static text resource.";
    } else if (uri == "test://static-binary") {
      content["mimeType"] = "image/png";
      content["blob"] = pixel;
    } else if (uri.starts_with(begin) && uri.ends_with(end)) {
      auto const id = uri.substr(begin.size(), uri.size() - begin.size() - end.size());
      content["mimeType"] = "application/json";
      content["text"] =
          json::serialize(json::object{{"id", id}, {"templateTest", true}, {"data", "Data for ID: " + id}});
    } else {
      throw rpc_error(c.client.is_modern ? code::invalid_params : code::resource_not_found_legacy, "Resource not found",
                      json::object{{"uri", uri}});
    }
    return {{"contents", json::array{std::move(content)}}};
  }

  kept_text list_prompts(call const&) override {
    auto const argument = [](std::string_view name) {
      return json::object{{"name", name}, {"description", "An argument"}, {"required", true}};
    };
    auto const prompt = [](std::string_view name, json::array arguments) {
      return json::object{
          {"name", name}, {"description", "A prompt of the suite"}, {"arguments", std::move(arguments)}};
    };
    return keep({{"prompts",
                  json::array{prompt("test_simple_prompt", {}),
                              prompt("test_prompt_with_arguments", {argument("arg1"), argument("arg2")}),
                              prompt("test_prompt_with_embedded_resource", {argument("resourceUri")}),
                              prompt("test_prompt_with_image", {}), prompt("test_input_required_result_prompt", {})}}});
  }
  json::object get_prompt(call const& c) override {
    auto const name = find_text(c.params, "name");
    auto const* const given = find_object(c.params, "arguments");
    auto const argument = [&](std::string_view which) { return given ? find_text(*given, which) : std::string(); };
    auto const said = [](json::value content) {
      return json::object{{"role", "user"}, {"content", std::move(content)}};
    };
    if (name == "test_simple_prompt") return messages({said(text_content("This is a simple prompt for testing."))});
    if (name == "test_prompt_with_arguments")
      return messages({said(
          text_content("Prompt with arguments: arg1='" + argument("arg1") + "', arg2='" + argument("arg2") + "'"))});
    if (name == "test_prompt_with_embedded_resource")
      return messages({said(embedded(argument("resourceUri"), "text/plain", "Embedded resource content for testing.")),
                       said(text_content("Please process the embedded resource above."))});
    if (name == "test_prompt_with_image")
      return messages({said(picture()), said(text_content("Please analyze the image above."))});
    if (name == "test_input_required_result_prompt") {
      auto const* const context = content_of(c, "user_context");
      if (!context)
        return wanted(
            {{"user_context", request_of("elicitation/create", elicitation("What context should the prompt use?",
                                                                           {{"context", text_type()}}, {"context"}))}});
      return messages({said(text_content("Context: " + find_text(*context, "context")))});
    }
    throw rpc_error(code::invalid_params, "there is no such prompt");
  }
  json::object complete(call const& c) override {
    auto const* const argument = find_object(c.params, "argument");
    json::array values;
    for (std::string_view const one : {"paris", "park", "party"})
      if (argument && one.starts_with(find_text(*argument, "value"))) values.emplace_back(one);
    auto const total = values.size();
    return {{"completion", json::object{{"values", std::move(values)}, {"total", total}, {"hasMore", false}}}};
  }
  void subscribe(call const&, bool) override {}

 private:
  struct tool {
    std::string words;
    json::object schema;
    std::function<json::object(fixture&, call const&)> run;
  };

  static json::object resource(std::string_view uri, std::string_view type) {
    return {{"uri", uri}, {"name", uri}, {"description", "A resource of the suite"}, {"mimeType", type}};
  }
  static json::object messages(std::initializer_list<json::value> all) {
    return {{"messages", json::array(all.begin(), all.end())}};
  }

  static json::object elicited(call const& c, json::object asked) {
    if (!c.client_can("elicitation")) return failed("the client cannot be asked");
    auto const r = c.ask("elicitation/create", std::move(asked));
    auto const* const content = find(r, "content");
    return text_result("Elicitation completed: action=" + find_text(r, "action") +
                       ", content=" + (content ? json::serialize(*content) : "{}"));
  }
  static json::object failed(std::string_view why) {
    auto r = text_result(why);
    r["isError"] = true;
    return r;
  }
  static json::object elicited_name(call const& c) {
    auto const* const content = content_of(c, "user_name");
    auto const name = content ? find_text(*content, "name") : std::string();
    return name.empty() ? wanted({{"user_name", name_wanted()}}) : text_result("Hello, " + name + "!");
  }

  static std::map<std::string, tool, std::less<>> const& all_tools() {
    static std::map<std::string, tool, std::less<>> const all = make_tools();
    return all;
  }
  static void add_plain(std::map<std::string, tool, std::less<>>& t);
  static void add_asking(std::map<std::string, tool, std::less<>>& t);
  static void add_modern(std::map<std::string, tool, std::less<>>& t);
  static std::map<std::string, tool, std::less<>> make_tools() {
    std::map<std::string, tool, std::less<>> t;
    add_plain(t);
    add_asking(t);
    add_modern(t);
    return t;
  }
};

void fixture::add_plain(std::map<std::string, tool, std::less<>>& t) {
  auto const none = schema_of({});
  t["test_simple_text"] = {
      "A text", none, [](auto&, auto const&) { return text_result("This is a simple text response for testing."); }};
  t["test_image_content"] = {"A picture", none, [](auto&, auto const&) { return result_of({picture()}); }};
  t["test_audio_content"] = {
      "A sound", none, [](auto&, auto const&) {
        return result_of({json::object{{"type", "audio"}, {"data", sound}, {"mimeType", "audio/wav"}}});
      }};
  t["test_embedded_resource"] = {
      "A resource", none, [](auto&, auto const&) {
        return result_of({embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")});
      }};
  t["test_multiple_content_types"] = {"Several", none, [](auto&, auto const&) {
                                        return result_of({text_content("Multiple content types test:"), picture(),
                                                          embedded("test://mixed-content-resource", "application/json",
                                                                   R"({"test":"data","value":123})")});
                                      }};
  t["test_error_handling"] = {"An error", none, [](auto&, auto const&) {
                                return failed("This tool intentionally returns an error for testing");
                              }};
  t["test_tool_with_progress"] = {"Progress", none, [](auto&, call const& c) {
                                    for (int const done : {0, 50, 100}) {
                                      c.progress(done, 100);
                                      if (done < 100) wait();
                                    }
                                    return text_result("done");
                                  }};
  auto const logging = [](auto&, call const& c) {
    for (std::string_view const words :
         {"Tool execution started", "Tool processing data", "Tool execution completed"}) {
      c.log("info", json::value(words));
      wait();
    }
    return text_result("done");
  };
  t["test_tool_with_logging"] = {"Log lines", none, logging};
  t["test_logging_tool"] = {"Log lines", none, logging};
  t["test_trigger_tool_change"] = {"The tools change", none, [](fixture& f, auto const&) {
                                     f.at->changed("tools");
                                     return text_result("changed");
                                   }};
  t["test_trigger_prompt_change"] = {"The prompts change", none, [](fixture& f, auto const&) {
                                       f.at->changed("prompts");
                                       return text_result("changed");
                                     }};
  t["json_schema_2020_12_tool"] = {
      "A schema of its dialect",
      json::object{
          {"$schema", "https://json-schema.org/draft/2020-12/schema"},
          {"type", "object"},
          {"$defs", json::object{{"address", json::object{{"type", "object"},
                                                          {"properties", json::object{{"street", text_type()},
                                                                                      {"city", text_type()}}}}}}},
          {"properties", json::object{{"name", text_type()}, {"address", json::object{{"$ref", "#/$defs/address"}}}}},
          {"additionalProperties", false}},
      [](auto&, auto const&) { return text_result("fits"); }};
}

void fixture::add_asking(std::map<std::string, tool, std::less<>>& t) {
  auto const none = schema_of({});
  t["test_sampling"] = {
      "Asks the model", schema_of({{"prompt", text_type("The prompt to send to the LLM")}}, {"prompt"}),
      [](auto&, call const& c) {
        if (!c.client_can("sampling")) return failed("the client has no model to ask");
        auto const r =
            c.ask("sampling/createMessage", sampling(find_text(*find_object(c.params, "arguments"), "prompt"), 100));
        auto const* const content = find_object(r, "content");
        return text_result("LLM response: " + (content ? find_text(*content, "text") : std::string()));
      }};
  t["test_elicitation"] = {"Asks the user",
                           schema_of({{"message", text_type("The message to show the user")}}, {"message"}),
                           [](auto&, call const& c) {
                             return elicited(c, elicitation(find_text(*find_object(c.params, "arguments"), "message"),
                                                            {{"username", text_type("User's response")},
                                                             {"email", text_type("User's email address")}},
                                                            {"username", "email"}));
                           }};
  t["test_elicitation_sep1034_defaults"] = {
      "Asks with defaults", none, [](auto&, call const& c) {
        return elicited(c, elicitation("Fill in",
                                       {{"name", json::object{{"type", "string"}, {"default", "John Doe"}}},
                                        {"age", json::object{{"type", "integer"}, {"default", 30}}},
                                        {"score", json::object{{"type", "number"}, {"default", 95.5}}},
                                        {"status", json::object{{"type", "string"},
                                                                {"enum", json::array{"active", "inactive", "pending"}},
                                                                {"default", "active"}}},
                                        {"verified", json::object{{"type", "boolean"}, {"default", true}}}},
                                       {}));
      }};
  t["test_elicitation_sep1330_enums"] = {
      "Asks for choices", none, [](auto&, call const& c) {
        auto const options = json::array{"option1", "option2", "option3"};
        auto const titled = [](std::initializer_list<std::string_view> names) {
          json::array all;
          int n = 0;
          for (auto const name : names)
            all.push_back(json::object{{"const", "value" + std::to_string(++n)}, {"title", name}});
          return all;
        };
        return elicited(
            c,
            elicitation(
                "Choose",
                {{"untitledSingle", json::object{{"type", "string"}, {"enum", options}}},
                 {"titledSingle", json::object{{"type", "string"},
                                               {"oneOf", titled({"First Option", "Second Option", "Third Option"})}}},
                 {"legacyEnum", json::object{{"type", "string"},
                                             {"enum", json::array{"opt1", "opt2", "opt3"}},
                                             {"enumNames", json::array{"Option One", "Option Two", "Option Three"}}}},
                 {"untitledMulti",
                  json::object{{"type", "array"}, {"items", json::object{{"type", "string"}, {"enum", options}}}}},
                 {"titledMulti", json::object{{"type", "array"},
                                              {"items", json::object{{"anyOf", titled({"First Choice", "Second Choice",
                                                                                       "Third Choice"})}}}}}},
                {}));
      }};
}

void fixture::add_modern(std::map<std::string, tool, std::less<>>& t) {
  auto const none = schema_of({});
  auto const roots = request_of("roots/list", {});
  t["test_missing_capability"] = {
      "Needs sampling", none, [](auto&, call const& c) {
        if (!c.client_can("sampling"))
          throw rpc_error(code::missing_capability, "the client has no model to ask",
                          json::object{{"requiredCapabilities", json::object{{"sampling", json::object{}}}}});
        return text_result("it can");
      }};
  t["test_streaming_elicitation"] = {"Asks on the way", none, [](auto&, call const& c) {
                                       c.progress(1, 2);
                                       return elicited_name(c);
                                     }};
  t["test_input_required_result_elicitation"] = {"Asks for a name", none,
                                                 [](auto&, call const& c) { return elicited_name(c); }};
  t["test_input_required_result_sampling"] = {
      "Asks the model", none, [](auto&, call const& c) {
        auto const* const in = c.input("capital_question");
        auto const* const content = in ? find_object(*in, "content") : nullptr;
        if (!content)
          return wanted({{"capital_question",
                          request_of("sampling/createMessage", sampling("What is the capital of France?", 100))}});
        return text_result(find_text(*content, "text"));
      }};
  t["test_input_required_result_list_roots"] = {"Asks for roots", none, [roots](auto&, call const& c) {
                                                  auto const* const in = c.input("client_roots");
                                                  if (!in || !in->contains("roots"))
                                                    return wanted({{"client_roots", roots}});
                                                  return text_result(json::serialize(in->at("roots")));
                                                }};
  auto const confirm = request_of("elicitation/create",
                                  elicitation("Please confirm", {{"ok", json::object{{"type", "boolean"}}}}, {"ok"}));
  auto const with_state = [confirm](auto&, call const& c) {
    if (!c.input("confirm")) return wanted({{"confirm", confirm}}, sealed("confirming"));
    opened(c);
    return text_result("state-ok");
  };
  t["test_input_required_result_request_state"] = {"Keeps a state", none, with_state};
  t["test_input_required_result_tampered_state"] = {"Keeps a state", none, with_state};
  t["test_input_required_result_multiple_inputs"] = {
      "Asks for three things", none, [roots](auto&, call const& c) {
        if (!c.input("user_name") || !c.input("greeting") || !c.input("client_roots"))
          return wanted({{"user_name", name_wanted()},
                         {"greeting", request_of("sampling/createMessage", sampling("Generate a greeting", 50))},
                         {"client_roots", roots}},
                        sealed("three"));
        opened(c);
        return text_result("all there");
      }};
  t["test_input_required_result_multi_round"] = {
      "Asks twice", none, [](auto&, call const& c) {
        auto const ask_color = [] {
          return request_of("elicitation/create",
                            elicitation("Step 2: What is your favorite color?", {{"color", text_type()}}, {"color"}));
        };
        if (c.input("step2") && opened(c) == "second") return text_result("both rounds done");
        if (c.input("step1") && opened(c) == "first") return wanted({{"step2", ask_color()}}, sealed("second"));
        return wanted({{"step1", name_wanted("Step 1: What is your name?")}}, sealed("first"));
      }};
  t["test_input_required_result_capabilities"] = {"Asks what it may", none, [roots](auto&, call const& c) {
                                                    json::object all;
                                                    if (c.client_can("elicitation")) all["user_name"] = name_wanted();
                                                    if (c.client_can("sampling"))
                                                      all["greeting"] = request_of("sampling/createMessage",
                                                                                   sampling("Generate a greeting", 50));
                                                    if (c.client_can("roots")) all["client_roots"] = roots;
                                                    for (auto const& one : all)
                                                      if (!c.input(one.key())) return wanted(all);
                                                    return text_result("nothing to ask");
                                                  }};
}

int serve_http(server& s, std::uint16_t port) {
  endpoint_settings e;
  e.needs_credential = false;
  e.keeps_capabilities = true;
  e.workers = 8;
  http_endpoint endpoint(s, e);
  http::settings h;
  h.port = port;
  http::server door(
      h, http::rest([&](api::request&& asked, auto done) { endpoint.handle(std::move(asked), std::move(done)); }));
  auto const bound = door.start();
  if (!bound) {
    std::fprintf(stderr, "mcp_fixture: %s\n", bound.error().detail.c_str());
    return 1;
  }
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigaddset(&end, SIGINT);
  int which = 0;
  sigwait(&end, &which);
  door.stop(1000);
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  std::string const where = argc > 1 ? argv[1] : "";
  fixture f;
  server s(f);
  f.at = &s;
  if (where == "stdio") {
    serve_stdio(s, stdin, stdout);
    return 0;
  }
  sigset_t end;
  sigemptyset(&end);
  sigaddset(&end, SIGTERM);
  sigaddset(&end, SIGINT);
  pthread_sigmask(SIG_BLOCK, &end, nullptr);
  return serve_http(s, static_cast<std::uint16_t>(std::atoi(where.c_str())));
}
