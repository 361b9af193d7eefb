#pragma once
// One call of an operation, from whichever door: what was asked, by whom, about what. The doors make a request of what
// they read and turn the reply into what they write.
#include "auth/pii_store.hpp"
#include "auth/principal.hpp"
#include "commands/command.hpp"
#include "core/answer_room.hpp"
#include "core/body_source.hpp"
#include "core/settings.hpp"

#include <map>

namespace alloy::events {
class checkpoint_signer;
class log;
} // namespace alloy::events
namespace alloy::storage {
class database;
}
namespace alloy::projections {
class past;
class search_store;
} // namespace alloy::projections

namespace alloy::api {

class event_notifier;
struct operation;
struct identity_service;
struct server_info;

using pairs = std::vector<std::pair<std::string, std::string>>;

struct request {
  std::string method, path, query; // path and query still percent-encoded
  pairs headers;                   // names in lower case
  std::string body, peer, request_id;
  answer_room const* room = nullptr; // nothing: nobody counts what waits to be read

  std::string_view header(std::string_view name) const noexcept; // empty where it is absent
  std::optional<std::string_view> find_header(std::string_view name) const noexcept;
};

struct reply {
  unsigned status = 200;
  std::string_view content_type = "application/json"; // a literal
  std::string body = {};
  std::uint64_t version = 0; // becomes the ETag
  pairs headers = {};
  std::shared_ptr<body_source> source = {}; // instead of the body
  std::string_view route = "unmatched";     // the operation's path template, a literal
  uuid user = {}, org = {};                 // whose it is, where that is known
};

// What the path is about: the entity named by its first parameter, its organization, and the caller's role there. Its
// version is that of what the path names last.
struct subject {
  uuid org;
  uuid id;
  role rank{};
  bool can_view_finance = false;
  std::string row = {}; // as stored: version and JSON
  // What the path names within it by a further parameter, as stored; empty where there may be nothing yet.
  std::optional<std::string> part = {};

  std::string_view json() const noexcept { return domain::row::json_of(row); }
  std::uint64_t version() const noexcept { return domain::row::version_of(part ? *part : row); }
};

// What handlers work with; made once in main.
struct services {
  settings const& config;
  auth::pii_store const& people;
  std::string const& sealing_key;
  identity_service& identity;
  server_info const& server;
  projections::search_store& search;
  reader const& deliveries; // webhooks/delivery_store.hpp
  event_notifier& bell;
  events::checkpoint_signer const& notary;
};

// What reads and writes have in common.
struct call {
  operation const& op;
  request const& asked;
  services const& with;
  auth::principal const* who = nullptr; // null where the operation is open to all
  std::vector<std::string> params;      // of the path, decoded, in order
  pairs query;                          // decoded, but for what the service itself has taken
  std::string as_of = {};               // as it was asked, where it was
  std::optional<uuid> org = {};         // that the query named, where the operation itself names none

  std::string_view query_value(std::string_view name) const noexcept;
};

// Runs on the I/O thread. Must not block.
struct read_context : call {
  reader const& state;
  reader const& local;
  projections::past const* then = nullptr; // where it was asked how things stood
  api::subject subject = {};

  template <class E> E entity() const { return domain::decoded<E>::of(subject.row); }
};

// Runs on the sequencer's thread, against the head of the log.
struct write_context : call {
  commands::head const& head;
  timestamp at;
  api::subject subject = {};

  reader const& state() const noexcept { return head.state; }
  domain::context by() const { return {at, who ? who->user_id : uuid{}, subject.rank, new_uuid}; }
  template <class E> E entity() const { return domain::decoded<E>::of(subject.row); }
  template <class E> E part() const { return domain::decoded<E>::of(*subject.part); }
};

using bound_command = std::function<result<commands::plan>(write_context&)>;

} // namespace alloy::api
