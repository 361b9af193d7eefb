#include "events/codec.hpp"

#include "events/log.hpp"
#include "events/upcasts.hpp"

#include <algorithm>

namespace alloy::events {
namespace {

struct stored_shape { // an event inside a record
  static constexpr bool defaults_allowed = true;
  uuid id;
  std::string type;
  int schema = 1;
  events::subject subject;
  json::raw data;
};
BOOST_DESCRIBE_STRUCT(stored_shape, (), (id, type, schema, subject, data))

struct record_shape {
  static constexpr bool defaults_allowed = true;
  uuid org_id;
  std::uint64_t org_seq = 0;
  uuid command_id;
  timestamp at;
  events::actor actor;
  std::string request_id;
  std::uint64_t cause = 0;
  std::vector<stored_shape> events;
};
BOOST_DESCRIBE_STRUCT(record_shape, (), (org_id, org_seq, command_id, at, actor, request_id, cause, events))

using all_types = boost::mp11::mp_transform<std::type_identity, boost::mp11::mp_rename<event, boost::mp11::mp_list>>;

constexpr bool is_private(std::string_view member) {
  return member.ends_with("_sealed") || member.ends_with("_hash");
}

template <class E> constexpr bool is_public() {
  if constexpr (requires { E::internal; }) return false;
  return !E::type.starts_with("user.") && !E::type.starts_with("session.") && !E::type.starts_with("api_key.") &&
         !E::type.starts_with("operator.");
}

struct type_facts {
  std::string_view type;
  int schema = 0;
  bool is_public = false, has_private = false; // members that nobody outside sees
};

std::vector<type_facts> list_types() {
  std::vector<type_facts> all;
  boost::mp11::mp_for_each<all_types>([&](auto t) {
    using E = typename decltype(t)::type;
    type_facts one{E::type, E::schema, is_public<E>(), false};
    boost::mp11::mp_for_each<json::members_of<E>>(
        [&](auto d) { one.has_private = one.has_private || is_private(d.name); });
    all.push_back(one);
  });
  std::ranges::sort(all, {}, &type_facts::type);
  return all;
}

type_facts const* find_type(std::string_view type) noexcept {
  static std::vector<type_facts> const all = list_types();
  auto const found = std::ranges::lower_bound(all, type, {}, &type_facts::type);
  return found != all.end() && found->type == type ? &*found : nullptr;
}

template <class E> E read_shape(int schema, std::string_view data) {
  if (schema == E::schema) return json::stored<E>(data);
  if constexpr (!std::is_void_v<typename former<E>::type>)
    return upcast(read_shape<typename former<E>::type>(schema, data));
  throw corruption_error("an event " + std::string(E::type) + " has schema " + std::to_string(schema) +
                         ", which this version does not know");
}

} // namespace

std::string encode_data(event const& e) {
  return std::visit([](auto const& one) { return json::to_string(one); }, e);
}

std::string public_data(event const& e) {
  return std::visit(
      [](auto const& one) {
        std::string out = "{";
        boost::mp11::mp_for_each<json::members_of<std::remove_cvref_t<decltype(one)>>>([&](auto d) {
          std::string_view const name = d.name;
          if (is_private(name) || json::detail::omitted(one.*d.pointer)) return;
          if (out.size() > 1) out += ',';
          json::write(out, name);
          out += ':';
          json::write(out, one.*d.pointer);
        });
        return out + "}";
      },
      e);
}

std::string public_list(std::span<draft const> drafts) {
  std::string out = "[";
  for (auto const& d : drafts) {
    if (out.size() > 1) out += ',';
    out += "{\"type\":";
    json::write(out, type_of(d.what));
    out += ",\"schema\":";
    json::write(out, std::visit([](auto const& one) { return std::remove_cvref_t<decltype(one)>::schema; }, d.what));
    out += ",\"org_id\":";
    json::write(out, d.tenant);
    out += ",\"subject\":";
    json::write(out, d.subject);
    out += ",\"data\":" + public_data(d.what) + "}";
  }
  return out + "]";
}

event decode_data(std::string_view type, int schema, std::string_view data) {
  event out;
  bool found = false;
  boost::mp11::mp_for_each<all_types>([&](auto t) {
    using E = typename decltype(t)::type;
    if (found || E::type != type) return;
    found = true;
    out = read_shape<E>(schema, data);
  });
  if (!found)
    throw corruption_error("an event has the type " + std::string(type) + ", which this version does not know");
  return out;
}

std::string encode_record(record_head const& head, std::span<encoded_event const> events, std::uint32_t previous_crc) {
  std::string body;
  body.reserve(512 + 512 * events.size());
  auto const member = [&](char const* name, auto const& value) {
    body += name;
    json::write(body, value);
  };
  member("{\"org_id\":", head.tenant);
  member(",\"org_seq\":", head.tenant_seq);
  member(",\"command_id\":", head.command_id);
  member(",\"at\":", head.at);
  member(",\"actor\":", head.actor);
  member(",\"request_id\":", head.request_id);
  if (head.cause) member(",\"cause\":", head.cause);
  body += ",\"events\":[";
  for (auto const& e : events) {
    if (body.back() != '[') body += ',';
    member("{\"id\":", e.id);
    member(",\"type\":", type_of(e.of->what));
    member(",\"schema\":",
           std::visit([](auto const& one) { return std::remove_cvref_t<decltype(one)>::schema; }, e.of->what));
    member(",\"subject\":", e.of->subject);
    body += ",\"data\":";
    std::visit([&](auto const& one) { json::write(body, one); }, e.of->what);
    body += '}';
  }
  body += "]}";
  return frame_record(previous_crc, static_cast<std::uint16_t>(events.size()), body);
}

namespace {

struct framed_shape {
  record_frame frame;
  record_shape shape;
};

framed_shape read_framed(std::uint64_t first_position, std::string_view bytes) {
  framed_shape r;
  std::string const where = "the record at position " + std::to_string(first_position);
  if (!parse_record(bytes, r.frame)) throw corruption_error(where + " does not match its checksum");
  r.shape = json::stored<record_shape>(r.frame.json);
  if (r.shape.events.size() != r.frame.count)
    throw corruption_error(where + " has another number of events than it says");
  return r;
}

stored_event event_of(record_shape const& of, std::uint64_t first_position, std::size_t n) {
  auto const& s = of.events[n];
  stored_event e;
  static_cast<envelope&>(e) = {first_position + n, s.id,     of.org_id,
                               s.subject,          of.at,    of.actor,
                               of.request_id,      of.cause, continues(std::span(of.events).first(n), s.subject)};
  e.what = decode_data(s.type, s.schema, s.data.text);
  return e;
}

} // namespace

record decode_record(std::uint64_t first_position, std::string_view bytes) {
  auto const [frame, shape] = read_framed(first_position, bytes);
  record r;
  r.crc = frame.crc;
  r.previous_crc = frame.previous_crc;
  r.head = {shape.org_id, shape.org_seq, shape.command_id, shape.at, shape.actor, shape.request_id, shape.cause};
  r.events.reserve(shape.events.size());
  for (std::size_t n = 0; n < shape.events.size(); ++n) r.events.push_back(event_of(shape, first_position, n));
  return r;
}

std::vector<stored_event> decode_events(std::uint64_t first_position, std::string_view bytes,
                                        std::span<std::uint64_t const> positions) {
  auto const shape = read_framed(first_position, bytes).shape;
  std::vector<stored_event> found;
  for (auto const at : positions) {
    if (at < first_position || at - first_position >= shape.events.size())
      throw corruption_error("the record at position " + std::to_string(first_position) + " has no event at " +
                             std::to_string(at));
    found.push_back(event_of(shape, first_position, at - first_position));
  }
  return found;
}

public_record read_public(std::uint64_t first_position, std::string_view bytes) {
  record_frame frame;
  std::string const where = "the record at position " + std::to_string(first_position);
  if (!parse_record(bytes, frame)) throw corruption_error(where + " does not match its checksum");
  auto shape = json::stored<record_shape>(frame.json);
  public_record r;
  r.head = {shape.org_id, shape.org_seq, shape.command_id, shape.at, shape.actor, std::move(shape.request_id),
            shape.cause};
  auto next = first_position;
  for (auto& s : shape.events) {
    auto const* const known = find_type(s.type);
    if (known == nullptr)
      throw corruption_error("an event has the type " + s.type + ", which this version does not know");
    auto const at = next++;
    if (!known->is_public) continue;
    if (known->has_private || s.schema != known->schema)
      s.data.text = public_data(decode_data(s.type, s.schema, s.data.text));
    r.events.push_back({at, s.id, known->type, known->schema, s.subject, std::move(s.data.text)});
  }
  r.last = next - 1;
  return r;
}

void append_public(std::string& out, record_head const& head, public_event const& e) {
  auto const member = [&](char const* name, auto const& value) {
    out += name;
    json::write(out, value);
  };
  member("{\"position\":", e.position);
  member(",\"id\":", e.id);
  member(",\"type\":", e.type);
  member(",\"schema\":", e.schema);
  member(",\"org_id\":", head.tenant);
  member(",\"org_seq\":", head.tenant_seq);
  member(",\"subject\":", e.subject);
  member(",\"at\":", head.at);
  member(",\"actor\":", head.actor);
  member(",\"request_id\":", head.request_id);
  out += ",\"cause\":";
  if (head.cause)
    json::write(out, head.cause);
  else
    out += "null";
  out += ",\"data\":";
  out += e.data;
  out += '}';
}

bool is_public_type(std::string_view type) noexcept {
  auto const* const known = find_type(type);
  return known != nullptr && known->is_public;
}

std::vector<std::string_view> public_types() {
  std::vector<std::string_view> types;
  boost::mp11::mp_for_each<all_types>([&](auto t) {
    using E = typename decltype(t)::type;
    if (is_public<E>()) types.push_back(E::type);
  });
  return types;
}

} // namespace alloy::events
