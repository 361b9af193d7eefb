#pragma once
// Takes a request of any door through the one way there is: route, caller, scope, subject, role, body, then a read from
// the newest committed state or a command through the sequencer. Answers problems in one form. Any thread; never
// blocks.
#include "api/access/identity.hpp"
#include "api/pipeline/event_notifier.hpp"
#include "api/pipeline/position_waiter.hpp"
#include "api/pipeline/rate_limits.hpp"
#include "api/table/operation.hpp"
#include "api/table/server_info.hpp"
#include "core/worker_pool.hpp"

#include <atomic>

namespace alloy::api {

using responder = std::function<void(reply&&)>;

// Who takes long takes it from a pool of its own kind, so that no kind holds up another: passwords take turns by
// address, reads and imports by user.
struct worker_pools {
  worker_pool &hashing, &reading, &importing;
};

struct service_parts {
  storage::database const& db;
  events::log const& log;
  commands::sequencer& sequencer;
  worker_pools pools;
  commands::idempotency_store const& answers;
  services with;
};

class service {
 public:
  explicit service(service_parts parts);

  void handle(request&& asked, responder done);
  // For a door that works on messages before it asks anything of the table: its sender's user, where they are known
  // and within their limits. Counted as handle() counts.
  result<> check_address(rate_limits::taken& counted, std::string_view peer, std::size_t messages = 1);
  result<uuid> check_caller(rate_limits::taken& counted, std::string_view authorization, std::size_t messages = 1);
  rate_limits const& limits() const noexcept { return limits_; }
  // A batch is durable: credentials it ended are forgotten, readers that wait for its positions go on.
  void committed(std::span<events::record const> records);
  // The index of texts has come to the position. On its thread.
  void searchable(std::uint64_t position);
  // Nobody waits for a position any more: the server is stopping.
  void drain();
  // No door is left: what waits for a thread is refused instead of carried out.
  void stop() noexcept { is_stopping_ = true; }

 private:
  struct pending;
  void run_read(std::shared_ptr<pending> p);
  void run_timed(std::shared_ptr<pending> p);
  void run_search(std::shared_ptr<pending> p);
  void run_apart(std::shared_ptr<pending> p, worker_pool& on, std::function<void()> work);
  void run_apart(std::shared_ptr<pending> const& p);
  void wait_for_position(std::shared_ptr<pending> p, std::uint64_t position);
  result<> look_again(pending& p);
  void answer_read(std::shared_ptr<pending> const& p, projections::past const* then);
  void run_write(std::shared_ptr<pending> p);
  void run_prepared(std::shared_ptr<pending> p);
  bool answer_kept(pending& p) const;
  void submit(std::shared_ptr<pending> p, bound_command bound);
  result<commands::plan> decide(pending const& p, bound_command const& bound, commands::head const& head,
                                timestamp at) const;
  bool takes_long(pending const& p) const;
  result<> take_org(pending& p) const;
  result<> count_org(pending& p, std::optional<uuid> const& known = {});
  uuid look_up_org(pending const& p) const;
  struct rows_now {
    reader const& state;
    reader const& local;
  };
  result<> admit_again(pending const& p, rows_now const& rows, timestamp at, commands::answer const* kept) const;
  void start(std::shared_ptr<pending> p);

  service_parts parts_;
  rate_limits limits_;
  places positions_, searches_; // of those who wait in the rooms
  position_waiter waiting_, searching_;
  std::atomic<bool> is_stopping_{false};
};

} // namespace alloy::api
