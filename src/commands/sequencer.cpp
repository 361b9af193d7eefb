#include "commands/sequencer.hpp"

#include "core/log.hpp"
#include "events/ledger.hpp"

#include <algorithm>

namespace alloy::commands {

using events::new_record;
using events::record;
using storage::family;

namespace {

constexpr std::int64_t housekeeping_every_ms = 1000;
constexpr std::size_t swept_rows_max = 1000;

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

} // namespace

sequencer::sequencer(sequencer_parts parts, sequencer_settings s) : parts_(std::move(parts)), settings_(s) {
  housekeep();
  thread_ = std::thread([this] { run(); });
}

sequencer::~sequencer() {
  stop();
}

void sequencer::stop() {
  {
    std::scoped_lock lock(guard_);
    stopping_ = true;
  }
  bell_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::size_t sequencer::waiting() const {
  std::scoped_lock lock(guard_);
  return queue_.size();
}

void sequencer::submit(command c) {
  errc refused = errc::overloaded;
  bool ring = false;
  {
    std::scoped_lock lock(guard_);
    if (stopping_)
      refused = errc::shutting_down;
    else if (queue_.size() < settings_.queue_max) {
      ring = queue_.empty(); // it sleeps only over an empty queue
      queue_.push_back(std::move(c));
      c.done = nullptr;
    }
  }
  if (!c.done) {
    if (ring) bell_.notify_one();
    return;
  }
  error e(refused, refused == errc::overloaded ? "too many writes wait already" : "the server is stopping");
  e.retry_after_s = 1;
  c.done(std::move(e));
}

void sequencer::run() {
  std::vector<command> batch;
  for (;;) {
    {
      std::unique_lock lock(guard_);
      bell_.wait_for(lock, std::chrono::milliseconds(housekeeping_every_ms),
                     [&] { return stopping_ || !queue_.empty(); });
      if (queue_.empty() && stopping_) break;
      std::size_t const take = std::min(queue_.size(), settings_.batch_max);
      for (std::size_t i = 0; i < take; ++i) {
        batch.push_back(std::move(queue_.front()));
        queue_.pop_front();
      }
      parts_.metrics.sequencer_queue.set(static_cast<double>(queue_.size()));
    }
    try {
      housekeep();
      if (!batch.empty()) run_batch(batch);
    } catch (std::exception const& broken) {
      // Nobody in this batch is answered: what became of it is unknown until the log is read again.
      log::error("the log cannot be written; stopping", {{"why", broken.what()}});
      parts_.on_failure(broken.what());
      return;
    }
    batch.clear();
  }
  last_housekeeping_ = {};
  housekeep();
}

void sequencer::run_batch(std::vector<command>& batch) {
  auto const begin = std::chrono::steady_clock::now();
  point("before_batch");
  storage::transaction txn(parts_.db);
  std::vector<new_record> out;
  std::vector<record> records;
  std::vector<result<answer>> answers;
  answers.reserve(batch.size());
  std::uint64_t next_position = parts_.log.head() + 1;
  for (auto& c : batch) answers.push_back(run_one(c, txn, out, records, next_position));

  if (!out.empty()) {
    auto const synced = std::chrono::steady_clock::now();
    for (auto const& done : parts_.log.append(out, txn))
      if (done.what != events::outcome::stored) throw std::logic_error("the log did not store what it was given");
    parts_.metrics.fsync_seconds.observe(seconds_since(synced));
    parts_.metrics.events_appended.add(
        static_cast<double>(next_position - 1 - (records.front().events.front().position - 1)));
  }
  point("after_batch");
  parts_.metrics.batch_commands.observe(static_cast<double>(batch.size()));
  if (!records.empty() && parts_.on_committed) parts_.on_committed(records);
  for (std::size_t i = 0; i < batch.size(); ++i) batch[i].done(std::move(answers[i]));
  parts_.metrics.append_seconds.observe(seconds_since(begin));
}

result<answer> sequencer::run_one(command& c, storage::transaction& txn, std::vector<new_record>& out,
                                  std::vector<record>& records, std::uint64_t& next_position) {
  std::size_t const kept_out = out.size(), kept_records = records.size();
  std::uint64_t const kept_position = next_position;
  auto const undo = [&] {
    txn.drop_command();
    out.resize(kept_out);
    records.resize(kept_records);
    next_position = kept_position;
  };
  try {
    // The log's times never run backwards, whatever the machine's clock does.
    timestamp const at = std::max(now(), last_at_);
    last_at_ = at;
    if (c.key)
      if (auto kept = parts_.answers.find(txn.of(family::local), *c.key, at)) return std::move(*kept);
    head const h{txn.of(family::state), txn.of(family::local)};
    auto decided = c.decide(h, at);
    result<answer> done =
        decided ? apply(c, *decided, at, txn, out, records, next_position) : result<answer>(decided.error());
    if (!done || c.dry_run)
      undo();
    else
      txn.keep_command();
    return done;
  } catch (storage::read_failed const&) {
    throw;
  } catch (std::exception const& bug) {
    undo();
    log::error("a command failed", {{"request_id", c.request_id}, {"why", bug.what()}});
    return error(errc::internal, "the command was not carried out");
  }
}

result<answer> sequencer::apply(command& c, plan& p, timestamp at, storage::transaction& txn,
                                std::vector<new_record>& out, std::vector<record>& records,
                                std::uint64_t& next_position) {
  if (!p.events.empty() && !writable())
    return error(errc::insufficient_storage, "free disk space is below the mark; reads go on");
  view& state = txn.of(family::state);
  std::uint64_t const first = next_position;
  // No record spans two tenants: events of a further tenant make a further record, caused by the first.
  std::vector<uuid> tenants;
  for (auto const& e : p.events)
    if (std::find(tenants.begin(), tenants.end(), e.tenant) == tenants.end()) tenants.push_back(e.tenant);
  for (auto const& tenant : tenants) {
    auto const chain = events::head_of(state, tenant);
    record r;
    r.head = {tenant,
              chain.seq + 1,
              new_uuid(),
              at,
              p.actor.value_or(c.actor),
              c.request_id,
              tenant == tenants.front() ? 0 : first};
    // A key whose answer has had its time may be used again; its old command_id stays that of the old record.
    bool const keyed = c.key && tenant == tenants.front() && parts_.log.find(c.key->command_id) == 0;
    if (keyed) r.head.command_id = c.key->command_id;
    r.previous_crc = chain.crc;
    std::vector<events::encoded_event> encoded;
    for (auto const& d : p.events) {
      if (d.tenant != tenant) continue;
      events::stored_event e;
      static_cast<events::envelope&>(e) = {next_position++, new_uuid(),   tenant,
                                           d.subject,       at,           r.head.actor,
                                           c.request_id,    r.head.cause, events::continues(r.events, d.subject)};
      e.what = d.what;
      encoded.push_back({e.id, &d});
      r.events.push_back(std::move(e));
    }
    if (encoded.size() > 0xffff) return error(errc::body_too_large, "this would make too many events at once");
    new_record n;
    n.tenant = tenant;
    n.tenant_seq = r.head.tenant_seq;
    n.command_id = r.head.command_id;
    n.keyed = keyed;
    n.count = static_cast<std::uint32_t>(encoded.size());
    n.bytes = events::encode_record(r.head, encoded, r.previous_crc);
    if (n.bytes.size() > settings_.record_max_bytes)
      return error(errc::body_too_large,
                   "this would make a record larger than " + std::to_string(settings_.record_max_bytes) + " bytes");
    events::record_frame frame;
    events::parse_record(n.bytes, frame);
    r.crc = frame.crc;
    parts_.fold(state, r, n.bytes);
    out.push_back(std::move(n));
    records.push_back(std::move(r));
  }
  answer a = p.render(state);
  a.position = next_position == first ? 0 : next_position - 1;
  if (c.key && !c.dry_run && !p.events.empty() && !a.refused) parts_.answers.keep(txn.of(family::local), *c.key, a, at);
  return a;
}

void sequencer::housekeep() {
  timestamp const at = now();
  if (at.ms < last_housekeeping_.ms + housekeeping_every_ms) return;
  last_housekeeping_ = at;
  bool const enough = parts_.db.free_bytes() >= settings_.free_space_min_bytes;
  if (enough != writable_.exchange(enough))
    log::warn(enough ? "there is disk space again; writes go on"
                     : "free disk space is below the mark; writes are refused",
              {{"free_bytes", parts_.db.free_bytes()}});
  storage::transaction txn(parts_.db);
  parts_.answers.sweep(txn.of(family::local), at, swept_rows_max);
  if (parts_.on_idle) parts_.on_idle(txn.of(family::local));
  txn.keep_command();
  if (!txn.empty()) txn.commit(false);
}

} // namespace alloy::commands
