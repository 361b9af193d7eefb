#pragma once
// The one place that knows the order of things, and the only writer. Its thread takes all commands that wait, decides
// each against the state as those before it left it, folds the events, and then makes one atomic, synced write for all;
// only then is anybody answered. Commands never conflict, so invariants need no locks. Whose turn is next says
// turns.hpp: an organization, or a user, that asks for much waits for its own. A write that fails after its batch began
// is unknown, never "not applied": `on_failure` is called, which must end the process; on restart the idempotency key
// resolves it.
#include "commands/command.hpp"
#include "commands/idempotency_store.hpp"
#include "commands/turns.hpp"
#include "core/metrics.hpp"
#include "events/codec.hpp"
#include "events/log.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace alloy::commands {

struct sequencer_settings {
  std::size_t queue_max = 10000;
  std::size_t batch_max = 256;
  std::size_t record_max_bytes = 512u << 10;
  std::size_t command_max_bytes = 64u << 20; // of all records that one command makes
  std::uint64_t free_space_min_bytes = 0;    // below it writes answer 507 and reads go on
  timestamp latest_time = {};                // that a record of the log has; those to come are not older
  std::size_t queue_per_org_max = 2000;      // of queue_max, for one organization and for one user
  std::size_t batch_cost_max = 1024; // things that the commands of a batch may change; one command may change more
};

// What the sequencer is given to work with; all must outlive it.
struct sequencer_dependencies {
  storage::database& db;
  events::log& log;
  idempotency_store const& answers;
  metrics::registry& metrics;
  // Folds a record into the state and every inline read model.
  std::function<void(view& state, events::record const& r, std::string_view bytes)> fold;
  // After a batch is durable: its records, in order; bells are rung here. On the sequencer's thread.
  std::function<void(std::span<events::record const>)> on_committed;
  // Once a second, to write what may be lost in a crash into the local family (unsynced).
  std::function<void(view& local)> on_idle;
  std::function<void(std::string const& why)> on_failure;
  std::function<void(char const* point)> at_point; // tests: named moments of a batch
};

class sequencer {
 public:
  sequencer(sequencer_dependencies parts, sequencer_settings s);
  ~sequencer(); // finishes what was accepted

  // Any thread. A full queue, a payer with too many in it, or a sequencer that stops answers at once, on the caller's
  // thread.
  void submit(command c, payer by = {});
  void stop(); // refuses what comes, finishes what waits
  bool writable() const noexcept { return writable_.load(std::memory_order_relaxed); }
  std::size_t waiting() const;

 private:
  void run();
  void run_batch(std::vector<turn_ptr>& all);
  void give_back(std::vector<turn_ptr>& all, std::size_t from);
  void settle(std::vector<turn_ptr> const& all);
  struct open_batch;
  struct origin;
  using drafts_view = std::span<events::draft const* const>;
  result<answer> run_one(turn& t, open_batch& into);
  result<answer> apply(command& c, plan& p, timestamp at, open_batch& into);
  result<> append(origin const& from, drafts_view drafts, open_batch& into);
  result<> append_stored(std::span<std::string const> records, open_batch& into);
  result<> append_split(origin const& from, drafts_view drafts, open_batch& into);
  void housekeep();
  void point(char const* name) const {
    if (parts_.at_point) parts_.at_point(name);
  }

  sequencer_dependencies parts_;
  sequencer_settings settings_;
  mutable std::mutex guard_;
  std::condition_variable bell_;
  turns queue_;
  bool stopping_ = false;
  std::atomic<bool> writable_{true};
  timestamp last_housekeeping_{};
  timestamp last_at_{};
  metrics::counter refused_all_, refused_payer_;
  metrics::gauge payers_;
  metrics::histogram& batch_cost_;
  std::thread thread_;
};

} // namespace alloy::commands
