#pragma once
// The one codec of ordered keys. A key of the state is: tenant (16 bytes), table (1 byte), then columns; comparing
// keys byte by byte compares them column by column. Columns: uuid 16 bytes; integers big-endian; text up to a 0x00
// byte (text with a 0x00 inside never gets this far: bodies refuse it).
#include "core/id.hpp"

namespace alloy {

// Every table of the state, in one list so that no two share a byte. Stored: never renumber.
enum class table : std::uint8_t {
  // the tenant's own chain: events/ledger
  tenant_head = 1,
  record_leaf = 2,
  folded = 3,    // how far the state has been folded: of the tenant `identity`, for all
  tree_node = 4, // complete parts of the tenant's Merkle tree: events/merkle
  // entities, by id: domain
  org = 10,
  member = 11,
  invite = 12,
  workflow = 13,
  label = 14,
  project = 15,
  project_member = 16,
  sprint = 17,
  ticket = 18,
  comment = 19,
  webhook = 20,
  team = 21,
  time_entry = 22,
  labor_rate = 23,
  team_member = 24,
  tags = 25,
  period = 26,
  project_terms = 27, // what a project's hours are booked as, from when on
  team_stays = 28,    // in which teams somebody was from when until when
  rate_by_user = 29,
  user = 30,
  session = 31,
  api_key = 32,
  operator_ = 33, // who operates the server
  // what makes names unique, and finds by them: domain
  org_by_slug = 40,
  project_by_key = 41,
  invite_by_code = 42,
  label_by_name = 43,
  workflow_by_name = 44,
  api_key_by_hash = 45,
  membership_by_user = 46,
  session_by_refresh = 47,
  team_by_name = 48,
  tag_by_value = 49,
  webhook_by_id = 51, // of the tenant `identity`: no two organizations have a webhook of one id
  time_of_day = 50,   // the minutes that a user has logged for a day
  // indexes that answer lists: projections
  ticket_by_number = 60,
  ticket_by_status = 61,
  ticket_by_updated = 62,
  ticket_by_priority = 63,
  ticket_by_assignee = 64,
  ticket_by_sprint = 65,
  comment_by_ticket = 66,
  sprint_by_project = 67,
  api_key_by_user = 69,
  session_by_user = 70,
  ticket_by_reporter = 71,
  ticket_by_label = 72,
  ticket_by_due = 73,
  team_by_member = 74,
  history = 75,     // subject -> positions of its events
  former = 76,      // what once belonged to something, for reads as of then
  time_by_day = 77, // what the reports count
  time_by_user = 78,
  time_by_project = 79,
  time_by_ticket = 80,
  time_by_status = 81,
  sprint_change = 82, // what came into a sprint, left it, was done in it: what the burndown draws
  flow_count = 83,    // how many tickets had a status at the end of a day
  flow_ticket = 84,
  flow_done = 85,
  ticket_home = 86, // in which project a ticket was from which position on
  older_run = 87,   // records of imports that are older than those before them: of the tenant `identity`, for all
  // of the search index, a database of its own: projections/text_rows
  text_folded = 100, // how far, and of which log: of the tenant `identity`, for all
  text_open = 101,
  text_ticket = 102,
  text_reference = 103,
  text_block = 104,
  text_loose = 105,
  text_documents = 106,
  text_page = 107,
  // of the store of deliveries, a database of its own: webhooks/delivery_store
  delivery_folded = 110, // how far the log has been followed: of the tenant `identity`, for all
  delivery_endpoint = 111,
  delivery = 112,
  delivery_by_webhook = 113,
  delivery_pending = 114,
};

// Users, sessions and keys are a tenant, too: its id is the nil UUID and sorts before every org.
inline constexpr uuid identity_tenant{};

class key {
 public:
  key(uuid const& tenant, table t) {
    bytes_.reserve(64);
    bytes_.append(tenant.view());
    bytes_.push_back(static_cast<char>(t));
  }
  key& add(uuid const& id) {
    bytes_.append(id.view());
    return *this;
  }
  key& add(std::uint64_t n) {
    for (int shift = 56; shift >= 0; shift -= 8) bytes_.push_back(static_cast<char>(n >> shift));
    return *this;
  }
  key& add_byte(std::uint8_t n) {
    bytes_.push_back(static_cast<char>(n));
    return *this;
  }
  key& add(std::string_view text) {
    bytes_.append(text);
    bytes_.push_back('\0');
    return *this;
  }
  // Of a fixed length, or the last column.
  key& add_bytes(std::string_view bytes) {
    bytes_.append(bytes);
    return *this;
  }
  std::string const& str() const& noexcept { return bytes_; }
  std::string str() && noexcept { return std::move(bytes_); }
  operator std::string_view() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

// The first key behind all that begin with `prefix` (which is never all 0xff here: tables are small numbers).
inline std::string after_prefix(std::string_view prefix) {
  std::string end(prefix);
  while (!end.empty() && end.back() == static_cast<char>(0xff)) end.pop_back();
  if (!end.empty()) end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

inline std::uint64_t big_endian_u64(std::string_view eight) noexcept {
  std::uint64_t n = 0;
  for (std::size_t i = 0; i < 8 && i < eight.size(); ++i) n = n << 8 | static_cast<unsigned char>(eight[i]);
  return n;
}

inline void append_u64(std::string& out, std::uint64_t n) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(n >> shift));
}

} // namespace alloy
