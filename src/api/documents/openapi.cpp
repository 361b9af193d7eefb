#include "api/documents/openapi.hpp"

#include "api/table/operation_shape.hpp"
#include "core/base64.hpp"
#include "core/crypto.hpp"
#include "events/event_types.hpp"

#include <algorithm>
#include <set>

namespace alloy::api {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  json::write_string(out, text);
  return out;
}

std::string lower(std::string_view word) {
  std::string out(word);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string parameter_json(std::string_view name, std::string_view in, bool required, std::string_view description,
                           std::string const& schema) {
  return "{\"name\":" + quoted(name) + ",\"in\":\"" + std::string(in) +
         "\",\"required\":" + (required ? "true" : "false") + ",\"description\":" + quoted(description) +
         ",\"schema\":" + schema + "}";
}

std::string page_limit_schema(settings const& config) {
  return R"({"type":"integer","minimum":1,"maximum":)" + std::to_string(config.page_limit_max) +
         ",\"default\":" + std::to_string(config.page_limit_default) + "}";
}

std::string parameters(operation const& op, schema_book& book, settings const& config) {
  std::string all;
  auto const add = [&](std::string one) { all += (all.empty() ? "" : ",") + std::move(one); };
  for (auto const& name : path_params(op.path))
    add(parameter_json(name, "path", true, words_for_param(name), R"({"type":"string","minLength":1})"));
  for (auto const& q : op.query) {
    std::string one = parameter_json(q.name, "query", q.required, words_for_query(q),
                                     q.name == "limit" ? page_limit_schema(config) : q.schema(book));
    if (q.list) one.insert(one.size() - 1, R"(,"style":"form","explode":true)");
    add(std::move(one));
  }
  if (op.takes_org()) add(parameter_json(org_asked, "query", false, org_asked_words, std::string(org_asked_schema)));
  if (op.writes()) {
    add(parameter_json("dry_run", "query", false, dry_run_words, R"({"type":"boolean"})"));
    if (op.method == verb::post)
      add(parameter_json("Idempotency-Key", "header", false,
                         "Makes a retry safe: the same key, caller and body get the same answer",
                         R"({"type":"string","minLength":1,"maxLength":255})"));
    if (!path_params(op.path).empty())
      add(parameter_json("If-Match", "header", false, "The ETag the object must still have", R"({"type":"string"})"));
  } else if (op.path.starts_with("/api/")) {
    if (op.timed) add(parameter_json("as_of", "query", false, as_of_words, std::string(as_of_schema)));
    add(parameter_json("Alloy-Min-Position", "header", false, "Waits until this position of the log is visible",
                       R"({"type":"integer","minimum":0})"));
    if (!path_params(op.path).empty())
      add(parameter_json("If-None-Match", "header", false, "Answers 304 where the object still has this ETag",
                         R"({"type":"string"})"));
  }
  return all;
}

struct refusal {
  unsigned status;
  std::string_view name;
};
constexpr refusal refusals[] = {{400, "BadRequest"},      {401, "Unauthenticated"},    {403, "Forbidden"},
                                {404, "NotFound"},        {406, "NotAcceptable"},      {409, "Conflict"},
                                {412, "VersionMismatch"}, {413, "TooLarge"},           {415, "UnsupportedMedia"},
                                {422, "Unprocessable"},   {429, "TooManyRequests"},    {500, "InternalError"},
                                {503, "Unavailable"},     {507, "InsufficientStorage"}};

// Whether its query names projects or tickets, which may be called so in two organizations.
bool asks_for_things(operation const& op) {
  return std::any_of(op.query.begin(), op.query.end(),
                     [](auto const& q) { return q.name == "project_id" || q.name == "ticket_id"; });
}

// The rate limits leave out who asks whether the server is well.
bool is_limited(operation const& op) {
  return op.id != "health" && op.id != "livez" && op.id != "readyz";
}

bool may_refuse(operation const& op, unsigned status) {
  bool const api = op.path.starts_with("/api/"), write = op.writes(), on_thing = !path_params(op.path).empty();
  switch (status) {
  case 400:
  case 422:
  case 500: return true;
  case 401: return !op.open || op.id == "login" || op.id == "refresh" || op.id == "metrics";
  case 403: return !op.open || op.id == "register" || op.id == "metrics";
  case 404:
    return on_thing || op.takes_org() || op.id == "metrics" || (!op.query.empty() && api) || op.id == "create_project";
  case 406: return op.answer != nullptr;
  case 409: return write || op.takes_org() || asks_for_things(op);
  case 413:
  case 415:
  case 507: return write;
  case 412: return write && on_thing;
  case 429: return is_limited(op);
  case 503: return is_limited(op) || op.id == "readyz";
  default: return false;
  }
}

constexpr std::string_view events_schema =
    R"("events":{"type":"array","description":"Of a dry run: the events that would be appended","items":{"type":"object",)"
    R"("additionalProperties":false,"required":["type","schema","org_id","subject","data"],"properties":{)"
    R"("type":{"type":"string"},"schema":{"type":"integer"},"org_id":{"type":"string","format":"uuid"},)"
    R"("subject":{"type":"object","additionalProperties":false,"required":["kind","id"],"properties":{)"
    R"("kind":{"type":"string"},"id":{"type":"string","format":"uuid"}}},"data":{"type":"object"}}}})";

// The answer of a write: the object or, of a dry run, the object and the events.
std::string written_schema(operation const& op, schema_book& book) {
  std::string const plain = op.answer(book);
  std::string_view constexpr begin = "{\"$ref\":\"#/components/schemas/", members = "\"properties\":{";
  if (op.map_answer)
    return "{\"anyOf\":[" + plain +
           R"(,{"type":"object","additionalProperties":false,"required":["answer","events"],)" +
           R"("properties":{"answer":)" + plain + "," + std::string(events_schema) + "}}]}";
  std::string const name = plain.substr(begin.size(), plain.size() - begin.size() - 2);
  auto& rehearsed = book.named[name + "_dry_run"];
  if (rehearsed.empty()) {
    rehearsed = book.named[name];
    rehearsed.insert(rehearsed.find(members) + members.size(), std::string(events_schema) + ",");
  }
  return "{\"anyOf\":[" + plain + "," + std::string(begin) + name + "_dry_run\"}]}";
}

constexpr std::string_view limit_headers =
    R"("RateLimit-Policy":{"$ref":"#/components/headers/RateLimitPolicy"},"RateLimit":{"$ref":"#/components/headers/RateLimit"})";

std::string headers_of(refusal const& r) {
  if (r.status != 429 && r.status != 503) return {};
  std::string headers = R"("Retry-After":{"$ref":"#/components/headers/RetryAfter"})";
  if (r.status == 429) headers += ',' + std::string(limit_headers);
  return ",\"headers\":{" + headers + '}';
}

std::string success(unsigned status, std::string_view words, std::string const& headers, std::string_view type,
                    std::string const& schema, std::span<std::string_view const> also = {}) {
  std::string one =
      quoted(std::to_string(status)) + ":{\"description\":" + quoted(words) + ",\"headers\":{" + headers + '}';
  if (!schema.empty()) {
    one += ",\"content\":{" + quoted(type) + ":{\"schema\":" + schema + "}";
    for (auto const other : also) one += "," + quoted(other) + R"(:{"schema":{"type":"string"}})";
    one += '}';
  }
  return one + '}';
}

std::string responses(operation const& op, schema_book& book) {
  std::string headers = R"("X-Request-Id":{"$ref":"#/components/headers/RequestId"})";
  if (is_limited(op)) headers += ',' + std::string(limit_headers);
  if (op.writes()) headers += R"(,"Alloy-Position":{"$ref":"#/components/headers/Position"})";
  if (op.success == 201) headers += R"(,"Location":{"$ref":"#/components/headers/Location"})";
  std::string_view const words = op.success == 204 ? "Done" : op.success == 201 ? "Created" : "The answer";
  auto all = success(op.success, words, headers, op.answer_type,
                     !op.answer    ? ""
                     : op.writes() ? written_schema(op, book)
                                   : op.answer(book),
                     op.also);
  if (op.success == 204)
    all += ',' + success(200, "Of a dry run: what would be done", headers, op.answer_type,
                         R"({"type":"object","additionalProperties":false,"required":["events"],"properties":{)" +
                             std::string(events_schema) + "}}");
  if (!op.writes() && !path_params(op.path).empty()) all += R"(,"304":{"description":"It still has this ETag"})";
  for (auto const& r : refusals)
    if (may_refuse(op, r.status))
      all +=
          ',' + quoted(std::to_string(r.status)) + ":{\"$ref\":\"#/components/responses/" + std::string(r.name) + "\"}";
  return all;
}

std::string one_operation(operation const& op, schema_book& book, settings const& config) {
  std::string s = "{\"operationId\":" + quoted(op.id) + ",\"tags\":[" + quoted(op.tag) +
                  "],\"summary\":" + quoted(op.summary) + ",\"description\":" + quoted(description_of(op)) +
                  ",\"parameters\":[" + parameters(op, book, config) + "]";
  if (op.body) {
    std::string const schema = op.body(book);
    s += std::string(",\"requestBody\":{\"required\":") + (may_lack_body(op) ? "false" : "true") + ",\"content\":{" +
         quoted(op.body_type) + ":{\"schema\":" + schema + "}";
    if (op.method == verb::patch) s += ",\"application/merge-patch+json\":{\"schema\":" + schema + "}";
    s += "}}";
  }
  s += ",\"responses\":{" + responses(op, book) + "}";
  if (op.open)
    s += ",\"security\":[]";
  else
    s += ",\"x-alloy-bound-keys\":" + quoted(json::name_of(op.bound));
  return s + "}";
}

constexpr std::string_view problem_schema =
    R"({"type":"object","properties":{"type":{"type":"string","format":"uri-reference"},"title":{"type":"string"},"status":{"type":"integer"},)"
    R"("detail":{"type":"string"},"instance":{"type":"string"},"code":{"type":"string"},"request_id":{"type":"string"},)"
    R"("errors":{"type":"array","items":{"type":"object","additionalProperties":false,"properties":{"pointer":{"type":"string"},)"
    R"("code":{"type":"string"},"detail":{"type":"string"}},"required":["pointer","code","detail"]}},)"
    R"("candidates":{"type":"array","description":"Of ambiguous: what the name could mean","items":{"type":"object",)"
    R"("additionalProperties":false,"properties":{"org_id":{"type":"string","format":"uuid"},"slug":{"type":"string"},)"
    R"("id":{"type":"string","format":"uuid"},"reference":{"type":"string"}},"required":["org_id","slug","id"]}}},)"
    R"("required":["type","title","status","code","request_id"]})";

std::string components(schema_book const& book) {
  std::string schemas = "\"problem\":" + std::string(problem_schema);
  for (auto const& [name, schema] : book.named) schemas += ',' + quoted(name) + ':' + schema;
  std::string answers;
  for (auto const& r : refusals) {
    if (!answers.empty()) answers += ',';
    answers += quoted(r.name) +
               ":{\"description\":" + quoted("A problem document (RFC 9457), status " + std::to_string(r.status)) +
               headers_of(r) +
               R"(,"content":{"application/problem+json":{"schema":{"$ref":"#/components/schemas/problem"}}}})";
  }
  return "{\"schemas\":{" + schemas + "},\"responses\":{" + answers +
         R"(},"headers":{"RequestId":{"description":"The request's id, as sent or made","schema":{"type":"string"}},)"
         R"("Position":{"description":"The write's place in the event log","schema":{"type":"integer","minimum":0}},)"
         R"("Location":{"description":"Where the new object is","schema":{"type":"string","format":"uri-reference"}},)"
         R"("RateLimitPolicy":{"description":"The limits of requests: q in a window of w seconds","schema":{"type":"string"}},)"
         R"("RateLimit":{"description":"Of each limit that counted this request: r are left, one more after t seconds","schema":{"type":"string"}},)"
         R"("RetryAfter":{"description":"Seconds after which a repetition will pass","schema":{"type":"integer","minimum":1}}},)"
         R"("securitySchemes":{"bearer":{"type":"http","scheme":"bearer","description":"An access token from login, or an API key"}}})";
}

// What a webhook is sent (OpenAPI 3.1, `webhooks`).
constexpr std::string_view payload_schema =
    R"({"type":"object","additionalProperties":false,"required":["id","type","timestamp","position","previous_position","org_id","actor","data"],)"
    R"("properties":{"id":{"type":"string","format":"uuid"},"type":{"type":"string"},"timestamp":{"type":"string",)"
    R"("format":"date-time"},"position":{"type":"integer","minimum":0},"previous_position":{"type":"integer","minimum":0,)"
    R"("description":"Of the delivery before this one to the same webhook, so that a gap is seen"},)"
    R"("org_id":{"type":"string","format":"uuid"},"actor":{"type":"object","properties":{)"
    R"("user_id":{"type":"string","format":"uuid"},"credential":{"type":"string"},)"
    R"("key_id":{"anyOf":[{"type":"string","format":"uuid"},{"type":"null"}]}}},)"
    R"("data":{"type":"object","required":["subject","object"],"properties":{"subject":{"type":"object","properties":{)"
    R"("kind":{"type":"string"},"id":{"type":"string","format":"uuid"}}},"object":{"description":)"
    R"("The object as the command left it; null once it is deleted","anyOf":[{"type":"object"},{"type":"null"}]}}}}})";

std::string webhooks() {
  std::string all;
  for (std::string_view const type : events::public_types()) {
    std::string name = "on_" + std::string(type);
    std::replace(name.begin(), name.end(), '.', '_');
    all +=
        (all.empty() ? "" : ",") + quoted(type) + R"(:{"post":{"operationId":)" + quoted(name) +
        R"(,"tags":["Webhooks"],"summary":)" + quoted("Told to webhooks: " + std::string(type)) +
        R"(,"description":"Signed by X-Alloy-Signature and by webhook-signature (Standard Webhooks); tried again until a 2xx comes.","security":[],)"
        R"("requestBody":{"required":true,"content":{"application/json":{"schema":{"$ref":"#/components/schemas/webhook_payload"}}}},)"
        R"("responses":{"204":{"description":"Taken"},"410":{"description":"Not wanted any more: the webhook is switched off"}}}})";
  }
  return all;
}

std::string html(std::string_view text) {
  std::string out;
  for (char const c : text) switch (c) {
    case '<': out += "&lt;"; break;
    case '>': out += "&gt;"; break;
    case '&': out += "&amp;"; break;
    case '"': out += "&quot;"; break;
    default: out += c;
    }
  return out;
}

} // namespace

std::string openapi_document(std::span<operation const> table, settings const& config) {
  schema_book book;
  book.named["webhook_payload"] = payload_schema;
  std::vector<std::string_view> paths, tags;
  for (auto const& op : table) {
    if (std::find(paths.begin(), paths.end(), op.path) == paths.end()) paths.push_back(op.path);
    if (std::find(tags.begin(), tags.end(), op.tag) == tags.end()) tags.push_back(op.tag);
  }
  std::string all;
  for (auto const path : paths) {
    std::string verbs;
    for (auto const& op : table)
      if (op.path == path)
        verbs += (verbs.empty() ? "" : ",") + quoted(lower(name_of(op.method))) + ':' + one_operation(op, book, config);
    all += (all.empty() ? "" : ",") + quoted(path) + ":{" + verbs + "}";
  }
  std::string tag_list;
  for (auto const tag : tags)
    tag_list += (tag_list.empty() ? "" : ",") +
                ("{\"name\":" + quoted(tag) + ",\"description\":" + quoted(std::string(tag) + " of Alloy") + "}");
  return std::string(R"({"openapi":"3.1.0","info":{"title":"Alloy","version":")") + ALLOY_VERSION +
         R"(","description":"API-first, multi-tenant project management on an append-only event log.",)"
         R"("contact":{"name":"The maintainers of Alloy"},)"
         R"("license":{"name":"Apache-2.0","identifier":"Apache-2.0"}},"servers":[{"url":"/","description":"This server"}],)"
         R"("security":[{"bearer":[]}],"tags":[)" +
         tag_list + "],\"paths\":{" + all + "},\"webhooks\":{" + webhooks() + "},\"components\":" + components(book) +
         "}";
}

namespace {

constexpr std::string_view docs_style =
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 "
    "1rem}code{font:14px ui-monospace,monospace}dt{margin-top:1rem}b{display:inline-block;min-width:4.5rem}"
    "h2{margin-top:2.5rem;border-bottom:1px solid #8888}";

} // namespace

std::string docs_policy() {
  return "default-src 'none'; style-src 'sha256-" + encode_base64(crypto::view_of(crypto::sha256(docs_style))) +
         "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
}

std::string docs_page(std::span<operation const> table) {
  std::string page =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Alloy API</title><meta name=\"viewport\" "
      "content=\"width=device-width\"><style>" +
      std::string(docs_style) + "</style></head><body><h1>Alloy API</h1><p>Version " + std::string(ALLOY_VERSION) +
      ". The machine's form of this page is <a href=\"/openapi.json\">/openapi.json</a>.</p>";
  std::string_view tag;
  for (auto const& op : table) {
    if (op.tag != tag) {
      if (!tag.empty()) page += "</dl>";
      tag = op.tag;
      page += "<h2>" + html(tag) + "</h2><dl>";
    }
    page += "<dt id=\"" + html(op.id) + "\"><code><b>" + std::string(name_of(op.method)) + "</b> " + html(op.path) +
            "</code></dt><dd>" + html(description_of(op)) + html(words_for_bound_keys(op)) + "</dd>";
  }
  page += "</dl><h2>Problems</h2><dl>";
  for (auto const& row : error_rows())
    page += "<dt id=\"" + html(row.name) + "\"><code><b>" + std::to_string(row.status) + "</b> " + html(row.name) +
            "</code></dt><dd>" + html(row.title) + ".</dd>";
  return page + "</dl></body></html>\n";
}

} // namespace alloy::api
