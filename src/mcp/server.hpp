#pragma once
// The protocol's server, whatever it offers and however its messages travel: both eras in one place. A provider says
// what there is; a transport brings messages and takes what is sent. Calls of one server may run on several threads at
// once.
#include "mcp/protocol.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

namespace alloy::mcp {

// Where a request's messages go before its answer. Any thread.
using sender = std::function<void(std::string message)>;

// Who asks, as far as the protocol says it.
struct peer {
  bool is_modern = false;
  std::string revision = {};
  json::object capabilities = {};
  std::string log_level = {};     // modern: what it asked for; legacy: everything
  std::string authorization = {}; // of the transport, passed to the provider as it is
  std::string address = {};
  std::map<std::string, std::string, std::less<>> options = {}; // of the connection: toolsets, read_only
};

class server;

// What one message may make of the server, whoever sent it.
struct server_limits {
  std::size_t batch_max = 50; // messages of a JSON-RPC batch
  // Of a whole answer, a batch's included. The default is for a server of one's own, over a pipe.
  std::size_t answer_bytes_max = 64u << 20;
};

// One request while it is answered.
class call {
 public:
  call(server& at, peer const& of, std::string m, json::object p, sender const& out, std::size_t bytes_max)
      : client(of), method(std::move(m)), params(std::move(p)), server_(at), out_(out), bytes_left_(bytes_max) {}

  peer const& client;
  std::string const method;
  json::object const params;

  // Only where the client gave a token for it.
  void progress(double done, double total, std::string_view words = {}) const;
  void log(std::string_view level, json::value data) const;
  // Asks the client for something while it waits (legacy). Throws rpc_error where it cannot, or does not answer.
  json::object ask(std::string_view what, json::object asked) const;
  // What the client brought to an earlier request for input (modern); null without.
  json::object const* input(std::string_view key) const;
  bool client_can(std::string_view capability) const { return client.capabilities.contains(capability); }
  // So many bytes have been gathered for the answer. Throws rpc_error where it would become too large.
  void spend(std::size_t bytes) const;

 private:
  server& server_;
  sender const& out_;
  std::size_t mutable bytes_left_;
};

rpc_error answer_too_large();

// Results are those of the newest revision; the server takes away or adds what an era wants otherwise. Errors:
// rpc_error.
class provider {
 public:
  virtual ~provider() = default;
  virtual json::object info() const = 0; // name, version, title
  virtual std::string instructions() const = 0;
  virtual json::object capabilities(peer const& of) const = 0;

  virtual kept_text list_tools(call const&) = 0;
  virtual json::object call_tool(call const&) = 0;
  virtual json::object list_resources(call const&) = 0;
  virtual kept_text list_resource_templates(call const&) = 0;
  virtual json::object read_resource(call const&) = 0;
  virtual kept_text list_prompts(call const&) = 0;
  virtual json::object get_prompt(call const&) = 0;
  virtual json::object complete(call const&) = 0;
  virtual void subscribe(call const&, bool on) = 0; // of a resource, legacy
  virtual std::int64_t ttl_ms() const { return 0; } // of lists and resources
};

struct answer {
  std::string text = {}; // empty: nothing is answered
  unsigned status = 200; // over HTTP
  bool is_initialize = false;
};

class server {
 public:
  explicit server(provider& of, server_limits most = {}) : offered_(of), limits_(most) {}
  std::size_t batch_max() const noexcept { return limits_.batch_max; }

  // A message, parsed. `of` is what the transport knows of the client; what the message says itself is added.
  // Throws unauthenticated where the provider does.
  answer handle(json::value const& message, peer of, sender const& out);
  answer handle_text(std::string_view text, peer const& of, sender const& out);

  // subscriptions/listen: what a stream of it is told. The id ends it.
  struct listener {
    json::value id;
    std::set<std::string> methods; // notifications/tools/list_changed ...
    sender out;
  };
  // The acknowledgement, sent; or an error as an answer.
  std::optional<answer> listen(json::object const& request, peer of, sender const& out, std::uint64_t& ticket);
  void forget(std::uint64_t ticket);
  void changed(std::string_view what); // "tools", "prompts", "resources"

  provider& offered() const noexcept { return offered_; }
  static bool is_modern(json::object const& request);

 private:
  friend class call;
  struct outcome {
    json::object members = {};
    kept_text kept = {}; // further ones
  };
  answer handle_one(json::value const& message, peer of, sender const& out, std::size_t bytes_max);
  answer handle_batch(json::array const& batch, peer const& of, sender const& out);
  answer answer_request(json::object const& request, peer& of, sender const& out, std::size_t bytes_max);
  answer carry_out(json::object const& request, peer& of, sender const& out, std::size_t bytes_max);
  outcome run(call const& c);
  json::object initialize(json::object const& params, peer const& of);
  json::object discover(peer const& of);
  static void take_meta(json::object const& request, peer& of);
  void settle(json::object const& response, peer const& of);
  std::optional<json::object> wait_for_response(std::string const& id); // none in time: nothing

  struct question { // of a request that is being answered: its own client alone answers it
    std::string authorization;
    std::optional<json::object> response = {};
  };

  provider& offered_;
  server_limits const limits_;
  std::mutex guard_;
  std::condition_variable settled_;
  std::map<std::string, question, std::less<>> asked_; // by an id that is made here; one a thread that answers
  std::map<std::uint64_t, listener> listeners_;
  std::uint64_t last_ticket_ = 0;
};

} // namespace alloy::mcp
