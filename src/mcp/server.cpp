#include "mcp/server.hpp"

#include "core/exceptions.hpp"
#include "core/id.hpp"
#include "core/worker_pool.hpp"

#include <algorithm>
#include <chrono>

namespace alloy::mcp {
namespace {

constexpr auto ask_patience = std::chrono::seconds(120);
constexpr std::size_t least_room = 256; // an answer that says less is none
constexpr std::string_view levels[] = {"debug", "info", "notice", "warning", "error", "critical", "alert", "emergency"};

std::ptrdiff_t rank_of(std::string_view level) {
  return std::find(std::begin(levels), std::end(levels), level) - std::begin(levels);
}

bool is_id(json::value const& v) {
  return v.is_string() || v.is_int64() || v.is_uint64();
}

unsigned status_of(int code, bool is_modern) {
  if (!is_modern) return code == code::parse_error || code == code::invalid_request ? 400 : 200;
  switch (code) {
  case code::method_not_found: return 404;
  case code::parse_error:
  case code::invalid_request:
  case code::header_mismatch:
  case code::missing_capability:
  case code::unsupported_version: return 400;
  default: return 200;
  }
}

json::array supported_versions() {
  json::array all{modern_revision};
  for (auto const one : legacy_revisions()) all.emplace_back(one);
  return all;
}

// Of results that may be kept for a while.
bool is_cacheable(std::string_view method) {
  return method == "tools/list" || method == "prompts/list" || method == "resources/list" ||
         method == "resources/templates/list" || method == "resources/read" || method == "server/discover";
}

} // namespace

rpc_error answer_too_large() {
  return {code::internal, "the answer is larger than mcp_answer_max_bytes; take it from the API or the terminal"};
}

// ------------------------------------------------------------------------------- one request

void call::progress(double done, double total, std::string_view words) const {
  auto const* const m = find_object(params, "_meta");
  auto const* const token = m ? find(*m, "progressToken") : nullptr;
  if (!token) return;
  json::object p{{"progressToken", *token}, {"progress", done}, {"total", total}};
  if (!words.empty()) p["message"] = words;
  out_(notification_text("notifications/progress", std::move(p)));
}

void call::log(std::string_view level, json::value data) const {
  if (client.is_modern && client.log_level.empty()) return;
  if (!client.log_level.empty() && rank_of(level) < rank_of(client.log_level)) return;
  out_(notification_text("notifications/message", {{"level", level}, {"data", std::move(data)}}));
}

std::optional<json::object> server::wait_for_response(std::string const& id) {
  worker_pool::pause const waits; // outlives the lock: whoever has its turn before may need it
  std::unique_lock lock(guard_);
  auto& slot = asked_[id];
  settled_.wait_for(lock, ask_patience, [&] { return slot.response.has_value(); });
  auto response = std::move(slot.response);
  asked_.erase(id);
  return response;
}

json::object call::ask(std::string_view what, json::object asked) const {
  if (client.is_modern) throw std::logic_error("a modern client is asked by the result of its request");
  auto const id = to_string(new_uuid());
  json::object request{{"jsonrpc", "2.0"}, {"id", id}, {"method", what}, {"params", std::move(asked)}};
  {
    std::lock_guard const lock(server_.guard_);
    server_.asked_[id].authorization = client.authorization;
  }
  out_(json::serialize(request));
  auto const response = server_.wait_for_response(id);
  if (!response) throw rpc_error(code::internal, "the client did not answer " + std::string(what) + " in time");
  if (auto const* const error = find_object(*response, "error"))
    throw rpc_error(code::internal, "the client refused " + std::string(what) + ": " + find_text(*error, "message"));
  auto const* const result = find_object(*response, "result");
  return result ? *result : json::object();
}

void call::spend(std::size_t bytes) const {
  if (bytes > bytes_left_) throw answer_too_large();
  bytes_left_ -= bytes;
}

json::object const* call::input(std::string_view key) const {
  auto const* const all = find_object(params, "inputResponses");
  return all ? find_object(*all, key) : nullptr;
}

// ------------------------------------------------------------------------------- messages

bool server::is_modern(json::object const& request) {
  auto const* const params = find_object(request, "params");
  auto const* const m = params ? find_object(*params, "_meta") : nullptr;
  return (m && m->contains(meta::version)) || find_text(request, "method") == "server/discover";
}

answer server::handle_text(std::string_view text, peer const& of, sender const& out) {
  boost::system::error_code ec;
  auto const message = parse(text, ec);
  if (ec) return {error_text(nullptr, code::parse_error, "this is no JSON: " + ec.message()), 400};
  return handle(message, of, out);
}

answer server::handle(json::value const& message, peer of, sender const& out) {
  if (auto const* const batch = message.if_array()) return handle_batch(*batch, of, out);
  return handle_one(message, std::move(of), out, limits_.answer_bytes_max);
}

// Revision 2025-03-26 alone had them. All answers together are one: what has no room in it any more is not carried out.
answer server::handle_batch(json::array const& batch, peer const& of, sender const& out) {
  if (batch.empty() || of.is_modern || of.revision != "2025-03-26")
    return {error_text(nullptr, code::invalid_request, "a message is one JSON object"), 400};
  if (batch.size() > limits_.batch_max)
    return {error_text(nullptr, code::invalid_request,
                       "a batch has at most " + std::to_string(limits_.batch_max) + " messages"),
            400};
  auto const most = limits_.answer_bytes_max;
  std::string all;
  for (auto const& one : batch) {
    auto const room = most - std::min(most, all.size());
    answer a;
    if (room >= least_room) {
      a = handle_one(one, of, out, room);
    } else if (auto const* const o = one.if_object(); o && o->contains("id") && is_id(o->at("id"))) {
      a.text = error_text(o->at("id"), code::internal, "not carried out: the answer to this batch is full");
    }
    if (!a.text.empty()) all += (all.empty() ? "[" : ",") + a.text;
  }
  if (all.empty()) return {{}, 202};
  if (all.size() > most + batch.size() * least_room)
    return {error_text(nullptr, code::internal, answer_too_large().what()), 200};
  return {all + "]", 200};
}

answer server::handle_one(json::value const& message, peer of, sender const& out, std::size_t bytes_max) {
  auto const* const o = message.if_object();
  auto const* const version = o ? find(*o, "jsonrpc") : nullptr;
  auto const* const id = o ? find(*o, "id") : nullptr;
  json::value const shown = id && is_id(*id) ? *id : json::value(nullptr);
  if (!version || *version != "2.0" || (id && !is_id(*id)))
    return {error_text(shown, code::invalid_request, "this is no JSON-RPC 2.0 message"), 400};
  if (!o->contains("method")) {
    if (!id || !(o->contains("result") || o->contains("error")))
      return {error_text(shown, code::invalid_request, "this is neither a request nor a response"), 400};
    settle(*o, of);
    return {{}, 202};
  }
  if (!o->at("method").is_string() || (o->contains("params") && !o->at("params").is_object()))
    return {error_text(shown, code::invalid_request, "`method` is a text and `params` an object"), 400};
  if (!id) return {{}, 202}; // a notification: there is none that changes anything here
  return answer_request(*o, of, out, bytes_max);
}

answer server::carry_out(json::object const& request, peer& of, sender const& out, std::size_t bytes_max) {
  auto const method = find_text(request, "method");
  if (of.is_modern || is_modern(request)) take_meta(request, of);
  auto const* const params = find_object(request, "params");
  call const c(*this, of, method, params ? *params : json::object(), out, bytes_max);
  auto done = run(c);
  auto& result = done.members;
  if (of.is_modern) {
    if (!result.contains("resultType")) result["resultType"] = "complete";
    auto& m = result["_meta"];
    if (!m.is_object()) m = json::object();
    m.as_object()[meta::server_info] = offered_.info();
    if (is_cacheable(method)) {
      result["ttlMs"] = offered_.ttl_ms();
      result["cacheScope"] = "private";
    }
  }
  if (done.kept && done.kept->size() > bytes_max) throw answer_too_large();
  auto text = result_text(request.at("id"), std::move(result), done.kept);
  if (text.size() > bytes_max) throw answer_too_large();
  return {std::move(text), 200, method == "initialize"};
}

answer server::answer_request(json::object const& request, peer& of, sender const& out, std::size_t bytes_max) {
  auto const& id = request.at("id");
  try {
    return carry_out(request, of, out, bytes_max);
  } catch (rpc_error const& e) {
    auto status = status_of(e.code, of.is_modern);
    if (of.is_modern && e.code == code::invalid_params && e.data.is_object() && e.data.as_object().contains("meta"))
      status = 400;
    return {error_text(id, e.code, e.what(), e.data), status};
  } catch (unauthenticated const&) {
    throw;
  } catch (...) {
    note_exception(thrown_at::mcp, std::current_exception(), find_text(request, "method"));
    return {error_text(id, code::internal, "the request was not carried out"), of.is_modern ? 500U : 200U};
  }
}

// What every modern request says of its client.
void server::take_meta(json::object const& request, peer& of) {
  of.is_modern = true;
  auto const* const params = find_object(request, "params");
  auto const* const m = params ? find_object(*params, "_meta") : nullptr;
  auto const missing = [](std::string_view name) {
    return rpc_error(code::invalid_params, "`_meta` must have " + std::string(name), json::object{{"meta", name}});
  };
  if (!m || !m->contains(meta::version)) throw missing(meta::version);
  auto const revision = find_text(*m, meta::version);
  if (!of.revision.empty() && of.revision != revision)
    throw rpc_error(code::header_mismatch, "MCP-Protocol-Version is " + of.revision + ", `_meta` says " + revision);
  if (revision != modern_revision)
    throw rpc_error(code::unsupported_version, "the revision " + revision + " is not spoken here",
                    json::object{{"supported", supported_versions()}, {"requested", revision}});
  auto const* const can = find_object(*m, meta::capabilities);
  if (!can) throw missing(meta::capabilities);
  of.revision = revision;
  of.capabilities = *can;
  of.log_level = find_text(*m, meta::log_level);
}

server::outcome server::run(call const& c) {
  auto const& m = c.method;
  auto const can = offered_.capabilities(c.client);
  bool const tools = can.contains("tools"), resources = can.contains("resources"), prompts = can.contains("prompts");
  if (m == "tools/list" && tools) return {{}, offered_.list_tools(c)};
  if (m == "tools/call" && tools) return {offered_.call_tool(c)};
  if (m == "resources/list" && resources) return {offered_.list_resources(c)};
  if (m == "resources/templates/list" && resources) return {{}, offered_.list_resource_templates(c)};
  if (m == "resources/read" && resources) return {offered_.read_resource(c)};
  if (m == "prompts/list" && prompts) return {{}, offered_.list_prompts(c)};
  if (m == "prompts/get" && prompts) return {offered_.get_prompt(c)};
  if (m == "completion/complete" && can.contains("completions")) return {offered_.complete(c)};
  if (c.client.is_modern) {
    if (m == "server/discover") return {discover(c.client)};
  } else {
    if (m == "initialize") return {initialize(c.params, c.client)};
    if (m == "ping") return {};
    auto const* const subscribes = find_object(can, "resources");
    if (subscribes && subscribes->contains("subscribe") &&
        (m == "resources/subscribe" || m == "resources/unsubscribe")) {
      offered_.subscribe(c, m == "resources/subscribe");
      return {};
    }
    if (m == "logging/setLevel" && can.contains("logging")) {
      if (rank_of(find_text(c.params, "level")) == std::ssize(levels))
        throw rpc_error(code::invalid_params, "there is no such level");
      return {};
    }
  }
  throw rpc_error(code::method_not_found, "there is no method " + m);
}

json::object server::initialize(json::object const& params, peer const& of) {
  auto const wanted = find_text(params, "protocolVersion");
  if (wanted.empty()) throw rpc_error(code::invalid_params, "`protocolVersion` must be there");
  json::object result;
  result["protocolVersion"] = is_legacy_revision(wanted) ? std::string_view(wanted) : legacy_revisions().front();
  result["capabilities"] = offered_.capabilities(of);
  result["serverInfo"] = offered_.info();
  result["instructions"] = offered_.instructions();
  return result;
}

json::object server::discover(peer const& of) {
  return {{"supportedVersions", supported_versions()},
          {"capabilities", offered_.capabilities(of)},
          {"instructions", offered_.instructions()}};
}

// The answer to something that was asked of the client.
void server::settle(json::object const& response, peer const& of) {
  std::lock_guard const lock(guard_);
  auto const waiting = asked_.find(find_text(response, "id"));
  if (waiting == asked_.end() || waiting->second.response || waiting->second.authorization != of.authorization) return;
  waiting->second.response = response;
  settled_.notify_all();
}

// ------------------------------------------------------------------------------- subscriptions

std::optional<answer> server::listen(json::object const& request, peer of, sender const& out, std::uint64_t& ticket) {
  auto const& id = request.at("id");
  try {
    take_meta(request, of);
    auto const can = offered_.capabilities(of);
    auto const* const params = find_object(request, "params");
    auto const* const wanted = params ? find_object(*params, "notifications") : nullptr;
    if (!wanted) throw rpc_error(code::invalid_params, "`notifications` must say what is listened for");
    listener l{id, {}, out};
    json::object granted;
    bool any = false;
    for (std::string_view const what : {"tools", "prompts", "resources"}) {
      auto const* const one = find_object(can, what);
      if (!one || !one->contains("listChanged")) continue;
      any = true;
      auto const name = std::string(what) + "ListChanged";
      if (auto const* const asked = find(*wanted, name); asked && *asked == true) {
        granted[name] = true;
        l.methods.insert("notifications/" + std::string(what) + "/list_changed");
      }
    }
    if (!any) throw rpc_error(code::method_not_found, "there is nothing to listen for here");
    out(notification_text("notifications/subscriptions/acknowledged",
                          {{"notifications", granted}, {"_meta", json::object{{meta::subscription, id}}}}));
    std::lock_guard const lock(guard_);
    listeners_.emplace(ticket = ++last_ticket_, std::move(l));
    return std::nullopt;
  } catch (rpc_error const& e) {
    return answer{error_text(id, e.code, e.what(), e.data),
                  e.code == code::invalid_params ? 400U : status_of(e.code, true)};
  }
}

void server::forget(std::uint64_t ticket) {
  std::lock_guard const lock(guard_);
  listeners_.erase(ticket);
}

void server::changed(std::string_view what) {
  auto const method = "notifications/" + std::string(what) + "/list_changed";
  std::vector<listener> due; // told without the lock: a stream that ends by it forgets itself here
  {
    std::lock_guard const lock(guard_);
    for (auto const& [ticket, l] : listeners_)
      if (l.methods.contains(method)) due.push_back(l);
  }
  for (auto const& l : due) l.out(notification_text(method, {{"_meta", json::object{{meta::subscription, l.id}}}}));
}

} // namespace alloy::mcp
