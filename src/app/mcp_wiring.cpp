#include "app/mcp_wiring.hpp"

#include "cli/session.hpp"
#include "core/id.hpp"
#include "core/late_answer.hpp"
#include "core/steering.hpp"
#include "core/web_url.hpp"
#include "core/worker_pool.hpp"
#include "mcp/stdio.hpp"

#include <future>

namespace alloy {
namespace {

constexpr std::string_view endpoint_path = "/mcp", metadata_path = "/.well-known/oauth-protected-resource";
constexpr auto patience = std::chrono::seconds(120);

// A body that is made while it is sent, as one text.
std::string whole_body(body_source& source, std::size_t bytes_max) {
  std::string body;
  source.on_ready([] {});
  for (auto state = body_source::state::piece; state != body_source::state::end;) {
    state = source.pull(body);
    if (state == body_source::state::broken || state == body_source::state::later)
      throw std::runtime_error("the answer broke off"); // nothing that a tool asks for waits
    if (body.size() > bytes_max) throw mcp::answer_too_large();
  }
  return body;
}

// A few who wait for events would hold the threads that all share.
void ask_without_waiting(std::string& query) {
  for (auto at = query.find("wait="); at != std::string::npos; at = query.find("wait=", at + 1)) {
    if (at > 0 && query[at - 1] != '&') continue;
    auto const end = query.find('&', at);
    query.erase(at, end == std::string::npos ? end : end - at + 1);
    return;
  }
}

// A write's answer comes from another thread.
bool is_answered(std::future<api::reply> const& answer) {
  if (answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready) return true;
  worker_pool::pause const waits;
  return answer.wait_for(patience) == std::future_status::ready;
}

mcp::api_answer ask_service(api::service& to, api::request r, std::size_t bytes_max) {
  ask_without_waiting(r.query);
  r.request_id = to_string(new_uuid());
  auto const come = std::make_shared<std::promise<api::reply>>();
  auto answer = come->get_future();
  to.handle(std::move(r), [come](api::reply&& a) { come->set_value(std::move(a)); });
  if (!is_answered(answer)) throw std::runtime_error("the request was not answered in time");
  auto a = answer.get();
  mcp::api_answer out{a.status, std::string(a.content_type), std::move(a.body)};
  if (a.source) out.body = whole_body(*a.source, bytes_max);
  if (auto* const late = dynamic_cast<late_answer*>(a.source.get()))
    if (auto const no = late->refused()) {
      out.status = no->status;
      out.content_type = no->content_type;
    }
  return out;
}

std::string metadata_of(settings const& config) {
  boost::json::object document{{"resource", config.public_url + std::string(endpoint_path)},
                               {"resource_name", "Alloy"},
                               {"bearer_methods_supported", boost::json::array{"header"}},
                               {"scopes_supported", boost::json::array{"read", "write", "admin"}},
                               {"resource_documentation", config.public_url + "/docs"}};
  return boost::json::serialize(document);
}

class service_gate final : public mcp::caller_gate {
 public:
  explicit service_gate(api::service& of) : of_(of) {}
  result<> count_address(taken& so_far, std::string_view peer, std::size_t messages) override {
    return of_.check_address(so_far, peer, messages);
  }
  result<uuid> count_caller(taken& so_far, std::string_view authorization, std::size_t messages) override {
    return of_.check_caller(so_far, authorization, messages);
  }
  void append_headers(api::pairs& to, taken const& by) override { of_.limits().append_headers(to, by); }

 private:
  api::service& of_;
};

mcp::endpoint_settings endpoint_of(api::service& to, settings const& config, metrics::registry& meters) {
  mcp::endpoint_settings e;
  e.hosts = config.mcp_hosts;
  if (auto const url = parse_web_url(config.public_url)) e.hosts.push_back(url->host);
  e.origins = config.cors_allowed_origins;
  e.gate = std::make_shared<service_gate>(to);
  e.resource_metadata = config.public_url + std::string(metadata_path);
  e.workers = static_cast<std::size_t>(config.mcp_workers);
  e.queue_max = static_cast<std::size_t>(config.mcp_queue_max);
  e.queue_per_user_max = static_cast<std::size_t>(config.mcp_queue_per_user_max);
  e.counted = worker_pool::meters_of(meters, "mcp", "messages of MCP");
  return e;
}

mcp::server_limits limits_of(settings const& config) {
  return {static_cast<std::size_t>(config.mcp_batch_max), static_cast<std::size_t>(config.mcp_answer_max_bytes)};
}

// One session a request in flight, so that none waits for another; one alone where it may have to renew itself.
class sessions {
 public:
  explicit sessions(cli::session_settings s) : set_(std::move(s)), is_alone_(!std::getenv("ALLOY_API_TOKEN")) {
    give_back(std::make_unique<cli::session>(set_));
  }

  mcp::api_answer send(api::request r) {
    auto s = take();
    client::http_request out{r.method, r.path + (r.query.empty() ? "" : "?" + r.query)};
    for (auto const& [name, value] : r.headers)
      if (name != "authorization") out.headers.emplace_back(name, value);
    out.body = std::move(r.body);
    try {
      auto a = s->try_send(std::move(out));
      give_back(std::move(s));
      return {a.status, std::string(a.header("content-type")), std::move(a.body)};
    } catch (cli::cli_error const& why) {
      give_back(std::move(s));
      throw mcp::rpc_error(mcp::code::internal, std::string(why.what()) + (why.hint.empty() ? "" : "; " + why.hint));
    }
  }

 private:
  std::unique_ptr<cli::session> take() {
    std::unique_lock lock(guard_);
    if (is_alone_) back_.wait(lock, [this] { return !idle_.empty(); });
    if (idle_.empty()) return std::make_unique<cli::session>(set_);
    auto s = std::move(idle_.back());
    idle_.pop_back();
    return s;
  }
  void give_back(std::unique_ptr<cli::session> s) {
    std::lock_guard const lock(guard_);
    idle_.push_back(std::move(s));
    back_.notify_one();
  }

  cli::session_settings const set_;
  bool const is_alone_;
  std::mutex guard_;
  std::condition_variable back_;
  std::vector<std::unique_ptr<cli::session>> idle_;
};

} // namespace

mcp_door::mcp_door(api::service& to, settings const& config, metrics::registry& meters)
    : service_(to), metadata_(metadata_of(config)),
      catalogue_([&to, most = static_cast<std::size_t>(config.mcp_answer_max_bytes)](api::request r) {
        return ask_service(to, std::move(r), most);
      }),
      server_(catalogue_, limits_of(config)), endpoint_(server_, endpoint_of(to, config, meters)) {}

bool mcp_door::takes(std::string_view path) noexcept {
  return path == endpoint_path || path.starts_with(metadata_path);
}

void mcp_door::handle(api::request&& asked, mcp::http_endpoint::responder done) {
  if (asked.path == endpoint_path) return endpoint_.handle(std::move(asked), std::move(done));
  api::reply r;
  r.route = metadata_path;
  api::rate_limits::taken counted;
  auto const within = service_.check_address(counted, asked.peer);
  service_.limits().append_headers(r.headers, counted);
  if (!within) {
    r.status = describe(within.error().code).status;
    r.headers.emplace_back("Retry-After", std::to_string(within.error().retry_after_s));
    return done(std::move(r));
  }
  bool const is_known =
      asked.path == metadata_path || asked.path == std::string(metadata_path) + std::string(endpoint_path);
  if (is_known && asked.method == "GET")
    r.body = metadata_;
  else
    r.status = is_known ? 405 : 404;
  done(std::move(r));
}

int serve_mcp_stdio(mcp_options const& o) {
  try {
    sessions pool({o.profile.empty() ? "default" : o.profile, o.server});
    mcp::alloy_tools all([&pool](api::request r) { return pool.send(std::move(r)); });
    mcp::server server(all);
    mcp::stdio_settings s;
    if (!o.toolsets.empty()) s.options["toolsets"] = o.toolsets;
    if (o.read_only) s.options["read_only"] = "true";
    mcp::serve_stdio(server, stdin, stdout, s);
    return 0;
  } catch (cli::cli_error const& f) {
    std::fprintf(stderr, "alloy mcp: %s\n  %s\n", without_steering(f.what()).c_str(), f.hint.c_str());
    return f.code;
  }
}

} // namespace alloy
