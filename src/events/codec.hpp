#pragma once
// Bytes of a record <-> its events. Reading lifts former shapes to the newest one, so nobody else ever sees them.
#include "events/envelope.hpp"
#include "events/record.hpp"

#include <span>

namespace alloy::events {

// What a record says about all its events.
struct record_head {
  uuid tenant;
  std::uint64_t tenant_seq = 0;
  uuid command_id;
  timestamp at;
  events::actor actor;
  std::string request_id;
  std::uint64_t cause = 0;
};

struct record {
  record_head head;
  std::uint32_t crc = 0, previous_crc = 0;
  std::vector<stored_event> events;
};

struct encoded_event { // one event ready to be stored
  uuid id;
  draft const* of;
};

std::string encode_record(record_head const& head, std::span<encoded_event const> events, std::uint32_t previous_crc);
// Throws corruption_error where the bytes do not hold or an event's type or schema is unknown to this version.
record decode_record(std::uint64_t first_position, std::string_view bytes);
// Those of its events that are asked for, by ascending positions; cheaper where a record has many.
std::vector<stored_event> decode_events(std::uint64_t first_position, std::string_view bytes,
                                        std::span<std::uint64_t const> positions);

// One event's facts as JSON, and back (the schema is the one it was written with).
std::string encode_data(event const& e);
event decode_data(std::string_view type, int schema, std::string_view data);
// One event's facts as readers outside may see them: without what is sealed or hashed.
std::string public_data(event const& e);
// Events that have no place in the log yet, as a JSON array of {type, schema, org_id, subject, data}.
std::string public_list(std::span<draft const> drafts);

// An event as readers outside may see it: its newest shape, without what is sealed or hashed.
struct public_event {
  std::uint64_t position = 0;
  uuid id;
  std::string_view type; // a literal
  int schema = 1;
  events::subject subject;
  std::string data; // JSON
};
struct public_record {
  record_head head;
  std::vector<public_event> events; // the public ones
  std::uint64_t last = 0;           // position of its last event, public or not
};
// Cheaper than decode_record: facts that hold nothing private are passed on as they lie. Throws corruption_error, too.
public_record read_public(std::uint64_t first_position, std::string_view bytes);
// As the feed has it.
void append_public(std::string& out, record_head const& head, public_event const& e);

} // namespace alloy::events
