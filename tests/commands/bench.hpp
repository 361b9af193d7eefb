#pragma once
// A sequencer over a store in a folder of its own, with a gate before its batches: while it is shut, what is submitted
// gathers in the queue and then makes one batch. Answers arrive as futures.
#include "commands/sequencer.hpp"
#include "domain/orgs.hpp"
#include "projections/fold.hpp"
#include "projections/replay.hpp"
#include "tests/support/decider.hpp"
#include "tests/support/scratch_folder.hpp"

#include <future>

namespace alloy::commands {

using answered = std::future<result<answer>>;

class gate {
 public:
  void shut() {
    std::lock_guard const held(guard_);
    open_ = false;
  }
  void open() {
    {
      std::lock_guard const held(guard_);
      open_ = true;
    }
    bell_.notify_all();
  }
  void pass() {
    std::unique_lock held(guard_);
    ++waiting_;
    bell_.notify_all();
    bell_.wait(held, [&] { return open_; });
    --waiting_;
  }
  void wait_until_reached() {
    std::unique_lock held(guard_);
    bell_.wait(held, [&] { return waiting_ > 0; });
  }

 private:
  std::mutex guard_;
  std::condition_variable bell_;
  bool open_ = true;
  int waiting_ = 0;
};

// Answers whatever its events are with a text.
inline plan plan_of(domain::facts events, std::string body = "{}") {
  plan p;
  p.events = std::move(events);
  p.render = [body = std::move(body)](reader const&) {
    answer a;
    a.body = body;
    return a;
  };
  return p;
}

inline domain::facts founding_of(uuid const& org, std::string const& slug) {
  domain::context by{{0}, tests::id_of(2), role::Owner, new_uuid};
  return domain::founding(org, {slug, slug, "UTC", "USD"}, by);
}

inline domain::facts label(unsigned org, unsigned id, std::string const& name) {
  domain::facts out;
  domain::record(out, tests::id_of(org), entity::label, tests::id_of(id), events::label_created{name, "#000000"});
  return out;
}

struct bench {
  tests::scratch_folder folder;
  std::unique_ptr<storage::database> db;
  std::unique_ptr<events::log> log;
  metrics::registry metrics;
  idempotency_store answers{std::string(32, 'k'), 60'000};
  gate before_batch;
  std::vector<std::string> failures;       // what on_failure was told
  std::vector<events::position> committed; // the first position of each record that on_committed saw
  std::unique_ptr<sequencer> queue;

  explicit bench(std::string const& kind = "memory", sequencer_settings s = {}, std::int64_t answers_ttl_ms = 60'000)
      : answers(std::string(32, 'k'), answers_ttl_ms) {
    storage::settings store;
    store.path = folder / "store";
    db = std::make_unique<storage::database>(store);
    log = kind == "memory" ? events::make_memory_log() : events::open_rocksdb_log(*db);
    local_at_first_ = count_local();
    start(s);
  }
  ~bench() {
    before_batch.open();
    queue.reset();
  }

  void start(sequencer_settings s) {
    queue.reset();
    queue =
        std::make_unique<sequencer>(sequencer_dependencies{*db,
                                                           *log,
                                                           answers,
                                                           metrics,
                                                           projections::fold,
                                                           [this](std::span<events::record const> all) {
                                                             for (auto const& r : all)
                                                               committed.push_back(r.events.front().position);
                                                           },
                                                           {},
                                                           [this](std::string const& why) { failures.push_back(why); },
                                                           [this](char const* point) {
                                                             if (std::string_view(point) == "before_batch")
                                                               before_batch.pass();
                                                           }},
                                    s);
  }

  answered submit(std::function<result<plan>(head const&, timestamp)> decide, std::optional<idempotency_key> key = {},
                  bool dry_run = false) {
    auto promise = std::make_shared<std::promise<result<answer>>>();
    auto future = promise->get_future();
    command c;
    c.actor = {tests::id_of(2), credential::session, std::nullopt};
    c.request_id = "r";
    c.key = std::move(key);
    c.dry_run = dry_run;
    c.decide = std::move(decide);
    c.done = [promise](result<answer> a) { promise->set_value(std::move(a)); };
    queue->submit(std::move(c));
    return future;
  }
  answered submit(domain::facts events, std::string body = "{}", std::optional<idempotency_key> key = {},
                  bool dry_run = false) {
    return submit([events = std::move(events),
                   body = std::move(body)](head const&, timestamp) -> result<plan> { return plan_of(events, body); },
                  std::move(key), dry_run);
  }
  answered found(unsigned org, std::string const& slug) { return submit(founding_of(tests::id_of(org), slug)); }

  // "first+count tenant/seq cause" of every record of the log.
  std::string records() const {
    std::string all;
    for (events::position next = 1;;) {
      auto const some = log->read(next, 100);
      if (some.empty()) return all;
      for (auto const& stored : some) {
        auto const r = events::decode_record(stored.first, stored.bytes);
        all += std::to_string(stored.first) + "+" + std::to_string(stored.count) + " " +
               std::to_string(r.head.tenant.bytes[15]) + "/" + std::to_string(r.head.tenant_seq);
        if (r.head.cause) all += " by " + std::to_string(r.head.cause);
        all += "\n";
        next = stored.first + stored.count;
      }
    }
  }
  std::string state_digest() const { return std::string(crypto::view_of(projections::digest_of(*db))); }
  // Of commands; the store has rows of its own there, too.
  std::size_t local_rows() const { return count_local() - local_at_first_; }

 private:
  std::size_t count_local() const {
    std::size_t rows = 0;
    db->latest(storage::family::local).scan({}, {}, direction::ascending, [&](std::string_view, std::string_view) {
      ++rows;
      return true;
    });
    return rows;
  }

  std::size_t local_at_first_ = 0;
};

inline std::string name_of(result<answer> const& a) {
  return a ? "ok" : std::string(describe(a.error().code).name);
}

} // namespace alloy::commands
