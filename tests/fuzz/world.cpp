#include "tests/fuzz/world.hpp"

#include "core/exceptions.hpp"
#include "core/id.hpp"
#include "core/late_answer.hpp"
#include "core/log.hpp"
#include "core/settings.hpp"

#include <boost/json/parse.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <stdexcept>
#include <stdlib.h>

namespace alloy::fuzz {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::uint64_t events_max = 20'000; // of one world
constexpr std::size_t streamed_bytes_max = 1u << 20;
constexpr auto patience = std::chrono::seconds(60);
constexpr std::string_view password = "a long enough passphrase 4711";

// In memory where the machine has such a folder: a run is then the program's time, not the disk's.
std::string new_folder() {
  auto const* const asked = std::getenv("TMPDIR");
  std::string name = asked ? asked : fs::is_directory("/dev/shm") ? "/dev/shm" : "/tmp";
  name += "/alloy-fuzz-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no folder can be made at " + name);
  // Webhooks stay where they are: a target sends nothing to anybody.
  std::ofstream(name + "/webhooks.held") << "held\n";
  return name;
}

settings settings_of(std::string const& folder) {
  log::set_level(log::level::off);
  std::vector<std::string> flags;
  for (auto const& [name, value] : std::initializer_list<std::pair<std::string, std::string>>{
           {"data-dir", folder},
           {"log-level", "off"},
           {"free-space-min-bytes", "0"},
           {"jwt-ttl-seconds", "31536000"},
           {"rate-limit-credential-requests", "0"},
           {"rate-limit-user-requests", "0"},
           {"rate-limit-org-requests", "0"},
           {"rate-limit-address-requests", "0"},
           // Hashing a password takes a thousand times as long as the rest: few runs may.
           {"registrations-per-address", "20"},
           {"login-failures-per-address", "5"},
           {"search-wait-ms", "100"},
           {"min-position-wait-ms", "1"}})
    flags.push_back("--" + name + "=" + value);
  auto loaded = load_settings(flags, {});
  if (!loaded) throw std::runtime_error(loaded.error().detail);
  return loaded->values;
}

std::string text_of(json::value const& body, std::string_view name) {
  return std::string(body.at(name).as_string());
}

// What a door would send on, until nothing more is there for now.
std::string streamed(body_source& source) {
  std::string body;
  source.on_ready([] {});
  while (body.size() < streamed_bytes_max)
    if (source.pull(body) != body_source::state::piece) break;
  source.hurry();
  return body;
}

std::uint64_t exceptions_caught() {
  std::uint64_t all = 0;
  for (int at = 0; at < static_cast<int>(thrown_at::count); ++at) all += exceptions_at(static_cast<thrown_at>(at));
  return all;
}

bool is_json(std::string_view type) {
  return type.starts_with("application/json") || type.starts_with("application/problem+json") ||
         type.starts_with("application/openapi+json");
}

} // namespace

void report_bug(std::string_view what, std::string_view asked, std::string_view answered) {
  std::fprintf(stderr, "%.*s\nasked: %.*s\nanswered: %.*s\n", static_cast<int>(what.size()), what.data(),
               static_cast<int>(asked.size()), asked.data(), static_cast<int>(answered.size()), answered.data());
  std::abort();
}

void expect_sound(std::string_view asked, api::reply const& answer) {
  if (answer.status >= 500) report_bug("an answer of 5xx", asked, answer.body);
  if (!answer.source && !answer.body.empty() && is_json(answer.content_type)) {
    boost::system::error_code ec;
    json::parse(answer.body, ec);
    if (ec) report_bug("JSON that is none", asked, answer.body);
  }
  if (answer.status >= 400 && !answer.source && answer.body.find("\"code\":") == std::string::npos &&
      is_json(answer.content_type) && answer.body.find("\"jsonrpc\"") == std::string::npos)
    report_bug("a refusal without a code", asked, answer.body);
  if (exceptions_caught() > 0) report_bug("an exception at a thread's edge", asked, answer.body);
}

world& world::current() {
  static std::unique_ptr<world> one;
  if (one && one->is_worn()) one.reset();
  if (!one) one = std::make_unique<world>();
  // Before what the libraries have made for themselves, which goes at the end as well.
  static int const ends = std::atexit([] { one.reset(); });
  if (ends != 0) std::abort();
  return *one;
}

world::world()
    : folder_(new_folder()), app_(std::make_unique<application>(settings_of(folder_))),
      mcp_(std::make_unique<mcp_door>(app_->service(), app_->config(), app_->meters())) {
  owner_ = text_of(json::parse(must("POST", "/api/v1/onboard",
                                    R"({"email":"owner@example.com","password":"a long enough passphrase 4711",)"
                                    R"("display_name":"Olga","org_name":"First","org_slug":"first"})")),
                   "access_token");
  must("POST", "/api/v1/orgs", R"({"id":"00000000-0000-4000-8000-0000000000f0","name":"Acme","slug":"acme"})", owner_);
  member_ = session_of("member");
  auto const viewer = session_of("viewer");
  auto const key = json::parse(must("POST", "/api/v1/api-keys", R"({"name":"reads","scopes":["read"]})", viewer));
  viewer_ = text_of(key, "key");
  // One of everything, under ids that inputs can name.
  struct made {
    std::string_view method, path, body;
  };
  constexpr std::array all{
      made{
          "POST", "/api/v1/projects",
          R"({"id":"00000000-0000-4000-8000-000000000001","org_id":"00000000-0000-4000-8000-0000000000f0","key":"PRJ","name":"Project"})"},
      made{"POST", "/api/v1/orgs/acme/labels", R"({"name":"a, b","color":"#00ff00"})"},
      made{"POST", "/api/v1/projects/PRJ/tickets",
           R"({"id":"00000000-0000-4000-8000-000000000011","title":"The first: Łódź, 東京, C++"})"},
      made{"POST", "/api/v1/projects/PRJ/tickets",
           R"({"id":"00000000-0000-4000-8000-000000000012","title":"Second","description":"words to find"})"},
      made{"POST", "/api/v1/projects/PRJ/sprints",
           R"({"id":"00000000-0000-4000-8000-000000000021","name":"One","start_date":"2026-03-02",)"
           R"("end_date":"2026-03-16"})"},
      made{"POST", "/api/v1/orgs/acme/workflows",
           R"({"id":"00000000-0000-4000-8000-000000000031","name":"Short",)"
           R"("statuses":[{"name":"Open","category":"todo"},{"name":"Shut","category":"done"}]})"},
      made{"POST", "/api/v1/orgs/acme/teams", R"({"id":"00000000-0000-4000-8000-000000000041","name":"Core"})"},
      made{"PUT", "/api/v1/tags/ticket/00000000-0000-4000-8000-000000000011", R"({"color":"red"})"},
      made{"POST", "/api/v1/orgs/acme/webhooks",
           R"({"id":"00000000-0000-4000-8000-000000000051","url":"https://hooks.example.com/in","event_types":["*"]})"},
      made{"POST", "/api/v1/tickets/PRJ-1/comments", R"({"body":"Seen it."})"},
      made{"POST", "/api/v1/tickets/PRJ-1/time-entries",
           R"({"id":"00000000-0000-4000-8000-000000000061","date":"2026-03-02","minutes":30})"},
      made{"POST", "/api/v1/time-entries/00000000-0000-4000-8000-000000000061/submit", ""},
      made{"PUT", "/api/v1/orgs/acme/consumers/reader", R"({"position":1})"},
  };
  for (auto const& m : all) must(m.method, m.path, m.body, owner_);
  auto const bug = json::parse(must("POST", "/api/v1/orgs/acme/labels", R"({"name":"bug","color":"#ff0000"})", owner_));
  must("POST", "/api/v1/tickets/PRJ-1/labels", json::serialize(json::object{{"label_id", text_of(bug, "id")}}), owner_);
  app_->machine_commands().at("operator.add")({"owner@example.com"}, [](std::string_view) {});
}

world::~world() {
  app_->drain();
  mcp_.reset();
  app_->stop();
  app_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

bool world::is_worn() const {
  return app_->log_head() > events_max;
}

std::string world::session_of(std::string_view name) {
  auto const email = std::string(name) + "@example.com";
  auto const role = name == "viewer" ? "Viewer" : "Member";
  auto const invited = json::parse(must("POST", "/api/v1/orgs/acme/invites",
                                        json::serialize(json::object{{"email", email}, {"role", role}}), owner_));
  return text_of(json::parse(must("POST", "/api/v1/auth/register",
                                  json::serialize(json::object{{"email", email},
                                                               {"password", password},
                                                               {"display_name", name},
                                                               {"invite_code", text_of(invited, "invite_code")}}))),
                 "access_token");
}

std::string world::must(std::string_view method, std::string_view path, std::string_view body, std::string_view token) {
  api::request r;
  r.method = method;
  r.path = path;
  r.body = body;
  r.headers.emplace_back("content-type", "application/json");
  if (!token.empty()) r.headers.emplace_back("authorization", "Bearer " + std::string(token));
  auto const answer = ask(std::move(r));
  if (answer.status >= 300) report_bug("the world cannot be made", path, answer.body);
  return answer.body;
}

void world::handle(api::request&& asked, api::responder done) {
  if (mcp_door::takes(asked.path)) return mcp_->handle(std::move(asked), std::move(done));
  app_->service().handle(std::move(asked), std::move(done));
}

api::reply world::ask(api::request asked) {
  auto const about = asked.method + " " + asked.path + "?" + asked.query + "\n" + asked.body;
  if (asked.peer.empty()) asked.peer = "127.0.0.1";
  if (asked.request_id.empty()) asked.request_id = "fuzz";
  auto const come = std::make_shared<std::promise<api::reply>>();
  auto answer = come->get_future();
  handle(std::move(asked), [come](api::reply&& a) { come->set_value(std::move(a)); });
  if (answer.wait_for(patience) != std::future_status::ready) report_bug("no answer", about, {});
  auto a = answer.get();
  expect_sound(about, a);
  if (a.source) a.body = streamed(*a.source);
  return a;
}

std::string world::with_tokens(std::string_view text) const {
  std::string out(text);
  for (auto const& [word, token] :
       {std::pair{owner_token, &owner_}, std::pair{member_token, &member_}, std::pair{viewer_key, &viewer_}})
    for (auto at = out.find(word); at != std::string::npos; at = out.find(word, at + token->size()))
      out.replace(at, word.size(), *token);
  return out;
}

} // namespace alloy::fuzz

// Debian's library of RocksDB keeps its type information to itself: clang's check of what a pointer to a class of it
// points to can only fail.
extern "C" char const* __ubsan_default_suppressions() { // NOLINT: the sanitizer's name
  return "vptr_check:*rocksdb*\n";
}
