#pragma once
// THE table of operations: REST, the OpenAPI document, the commands of the terminal, the tools of MCP, the permission
// check and the metrics' labels are made from its rows. A row says everything about one operation; its handler stands
// beside it.
#include "api/table/call.hpp"
#include "api/table/query.hpp"
#include "api/table/schema.hpp"

#include <span>

namespace alloy::api {

enum class verb : std::uint8_t { get, post, put, patch, del };
enum class runs : std::uint8_t {
  at_once,   // parsed on the I/O thread, decided on the sequencer's
  hashing,   // admitted on the I/O thread, prepared on the pool of passwords: for what computes Argon2
  importing, // the same with the pool of imports, for bodies that take long to read
};

// What is left of a write once it was admitted: what it computes on its pool.
using preparation = std::function<result<bound_command>(reader const& state, reader const& local)>;

struct operation {
  std::string_view id, tag;
  verb method{};
  std::string_view path; // the template, as clients see it
  std::string_view summary;
  role least = role::Viewer; // in the organization of the path's first parameter
  scope needs = scope::read;
  bool open = false; // takes no credential
  unsigned success = 200;
  runs where = runs::at_once;
  bool secret_answer = false; // holds a secret that is shown once
  bool map_answer = false;    // its members are the user's own words
  std::string_view answer_type = "application/json", body_type = "application/json";
  std::vector<std::string_view> also = {}; // other media types that it can be asked for
  std::string_view notes = {};             // further description for the document
  std::string_view command = {}; // at the terminal, noun and verb; empty: by the id, so that create_org is `org create`
  bool timed = false;            // a read that takes as_of: things as they stood then
  bool personal = false;         // concerns the person: takes a session with a fresh proof, see fresh_proof.hpp
  bool finds_itself = false;     // what its path names is for its handler to find, and to guard
  bool names_things = false;     // its body names things of organizations
  auth::bound_key bound = {};    // which bound API keys may do it, where their user may; none, unless the row says so
  bool apart = false;            // a read that may take long: on the pool, where nobody else's answer waits for it
  // A list that is read at once where the query, but for the page, has one of these at most and nothing else: that is
  // one walk along one index. Empty: with any query.
  std::vector<std::string_view> at_once_with = {};

  using schema_fn = std::string (*)(schema_book&);
  schema_fn body = nullptr, answer = nullptr;
  std::vector<query_parameter> query = {};

  // One of the three. The write parses its body and gives back what the sequencer will run. A write that is not at once
  // is admitted instead: asked before it takes a place in a queue, so that whom a limit or a right refuses takes none.
  // The request and the services outlive the preparation.
  std::function<result<reply>(read_context&)> read = {};
  std::function<result<bound_command>(request const&, services const&, reader const& state, reader const& local,
                                      auth::principal const*)>
      write = {};
  std::function<result<preparation>(request const&, services const&, reader const& state, reader const& local,
                                    auth::principal const*)>
      admit = {};

  bool writes() const noexcept { return write || admit; }
  // Whether the query may say in which organization it is looked: neither its path nor a parameter of its own does, and
  // there is something to be looked for.
  bool takes_org() const noexcept;
};

std::string_view name_of(verb v) noexcept; // "GET"
std::span<operation const> operations();

// ------------------------------------------------------------------------------- how rows are made

struct nothing {};
BOOST_DESCRIBE_STRUCT(nothing, (), ())

template <class T> operation::schema_fn schema_or_none() {
  if constexpr (std::is_same_v<T, nothing>)
    return nullptr;
  else
    return [](schema_book& book) { return schema_of<T>(book); };
}

template <class Body> result<Body> read_body(request const& asked, services const& with) {
  if constexpr (std::is_same_v<Body, nothing>)
    if (asked.body.empty()) return Body{};
  return json::read<Body>(asked.body, json::unknown_fields::refuse, static_cast<unsigned>(with.config.json_depth_max));
}

inline operation called(std::string_view command, operation op) {
  op.command = command;
  return op;
}

// Says of rows that a bound key may do them; every row that is not named so stays refused to it.
void bound_keys_may(std::vector<operation>& rows, auth::bound_key which, std::initializer_list<std::string_view> ids);

// A read that takes as_of.
inline operation timed(operation op) {
  op.timed = true;
  return op;
}

template <class Answer, class Query = nothing, class F>
operation get(std::string_view id, std::string_view path, role least, std::string_view summary, F handler) {
  operation op;
  op.id = id;
  op.method = verb::get;
  op.path = path;
  op.summary = summary;
  op.least = least;
  op.answer = schema_or_none<Answer>();
  op.query = parameters_of<Query>();
  op.read = [handler](read_context& c) -> result<reply> {
    if constexpr (std::is_same_v<Query, nothing>) {
      if (auto known = refuse_unknown(c.query, {}); !known) return known.error();
      return handler(c);
    } else {
      auto q = read_query<Query>(c.query);
      if (!q) return q.error();
      return handler(c, *q);
    }
  };
  return op;
}

template <class Body, class Answer, class F>
operation change(verb method, std::string_view id, std::string_view path, role least, std::string_view summary,
                 unsigned success, F handler) {
  operation op;
  op.id = id;
  op.method = method;
  op.path = path;
  op.summary = summary;
  op.least = least;
  op.needs = least >= role::Admin ? scope::admin : scope::write;
  op.success = success;
  op.body = schema_or_none<Body>();
  op.answer = schema_or_none<Answer>();
  op.map_answer = requires {
    typename Answer::mapped_type;
  };
  op.write = [handler](request const& asked, services const& with, reader const&, reader const&,
                       auth::principal const*) -> result<bound_command> {
    auto body = read_body<Body>(asked, with);
    if (!body) return body.error();
    return bound_command([handler, held = std::move(*body)](write_context& c) -> result<commands::plan> {
      if constexpr (std::is_same_v<Body, nothing>)
        return handler(c);
      else
        return handler(c, held);
    });
  };
  return op;
}

// `admit(body, asked, with, state, local, who) -> result<Admitted>` runs on the I/O thread, `prepare(body, admitted,
// state, local) -> result<Prepared>` on the pool of passwords, `handler(call, body, prepared)` at the head.
template <class Body, class Answer, class A, class P, class F>
operation hashed(std::string_view id, std::string_view path, std::string_view summary, unsigned success, A admit,
                 P prepare, F handler) {
  operation op;
  op.id = id;
  op.method = verb::post;
  op.path = path;
  op.summary = summary;
  op.needs = scope::write;
  op.success = success;
  op.where = runs::hashing;
  op.secret_answer = true;
  op.body = schema_or_none<Body>();
  op.answer = schema_or_none<Answer>();
  op.admit = [admit, prepare, handler](request const& asked, services const& with, reader const& state,
                                       reader const& local, auth::principal const* who) -> result<preparation> {
    auto body = read_body<Body>(asked, with);
    if (!body) return body.error();
    auto admitted = admit(*body, asked, with, state, local, who);
    if (!admitted) return admitted.error();
    auto const held = std::make_shared<Body const>(std::move(*body));
    auto const in = std::make_shared<typename decltype(admitted)::value_type>(std::move(*admitted));
    return preparation([prepare, handler, held, in](reader const& at, reader const& beside) -> result<bound_command> {
      auto prepared = prepare(*held, *in, at, beside);
      if (!prepared) return prepared.error();
      return bound_command(
          [handler, held, ready = std::move(*prepared)](write_context& c) { return handler(c, *held, ready); });
    });
  };
  return op;
}

template <class Body, class Answer, class F>
operation post(std::string_view id, std::string_view path, role least, std::string_view summary, F handler,
               unsigned success = 200) {
  return change<Body, Answer>(verb::post, id, path, least, summary, success, handler);
}
template <class Body, class Answer, class F>
operation create(std::string_view id, std::string_view path, role least, std::string_view summary, F handler) {
  return change<Body, Answer>(verb::post, id, path, least, summary, 201, handler);
}
template <class Body, class Answer, class F>
operation patch(std::string_view id, std::string_view path, role least, std::string_view summary, F handler) {
  return change<Body, Answer>(verb::patch, id, path, least, summary, 200, handler);
}
template <class F>
operation del(std::string_view id, std::string_view path, role least, std::string_view summary, F handler) {
  return change<nothing, nothing>(verb::del, id, path, least, summary, 204, handler);
}

} // namespace alloy::api
