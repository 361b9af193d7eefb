#pragma once
// The dispatcher's own database beside the log's: endpoints, deliveries, and how far the log has been followed, written
// together. Not synced: what a loss of power takes is sent again, under the same ids. Rows (core/key.hpp):
//   delivery_folded      of the tenant `identity` -> identity of the log | followed u64be
//   delivery_endpoint    endpoint -> JSON
//   delivery             delivery -> version u32be | JSON, as it is served
//   delivery_by_webhook  webhook, position, delivery -> status
//   pending              of the tenant `identity`: org, delivery -> nothing
// One thread writes; rows() may be read from any.
#include "core/key.hpp"
#include "events/log.hpp"
#include "webhooks/delivery.hpp"

namespace alloy::webhooks {

class delivery_store {
 public:
  explicit delivery_store(storage::settings at);

  // Of another log, or new: everything goes, and false. Then what the log holds already is nobody's delivery.
  bool belongs_to(events::log const& log);
  // To a log that is a beginning of the one it has followed, and the state that is folded from it: what lies behind its
  // end is forgotten, endpoints that were made there with their deliveries.
  void move_to(events::log const& log, reader const& state);
  events::position followed() const;
  std::vector<endpoint> endpoints() const;
  std::vector<delivery> pending() const;
  std::optional<delivery> find(uuid const& org, uuid const& id) const;
  reader const& rows() const noexcept;

  void put_followed(events::log const& log, events::position at);
  void put(endpoint const& e);
  void put(delivery& d);         // counts its version
  void erase(endpoint const& e); // with its deliveries
  void erase(delivery const& d);
  // At most `rows_max` finished deliveries of the endpoint that are older.
  std::size_t sweep(endpoint const& e, timestamp before, std::size_t rows_max);
  std::size_t unsaved_bytes() const noexcept;
  void commit();
  void forget_unsaved(); // what was put since the last commit
  void checkpoint(std::string const& folder) const { db_.checkpoint(folder); }

 private:
  storage::database db_;
  storage::transaction txn_;
};

key delivery_index(uuid const& org, uuid const& webhook);

// The position of the first or the last event about it that the state is folded from; 0: there is none.
events::position edge_of(reader const& state, endpoint_name const& n, direction way);
// An endpoint of nothing that the log has, or still brings: one that was made behind the point to which a backup was
// restored, or whose deletion was followed long ago. Nobody sees it, so nobody could delete it.
bool is_stray(reader const& state, endpoint_name const& n, events::position followed);

} // namespace alloy::webhooks
