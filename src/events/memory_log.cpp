#include "events/head.hpp"
#include "events/log.hpp"
#include "events/record_validation.hpp"

#include <algorithm>
#include <mutex>
#include <unordered_map>

namespace alloy::events {
namespace {

class memory_log final : public log {
 public:
  explicit memory_log(log_settings s) : settings_(s) {}

  std::vector<appended> append(std::span<new_record const> records, storage::transaction& riding) override {
    std::vector<appended> answers;
    answers.reserve(records.size());
    std::vector<stored_record> taken;
    std::unordered_map<uuid, position> keys;
    position next = head() + 1;
    for (auto const& r : records) {
      if (!admissible(r, settings_)) {
        answers.push_back({outcome::refused, 0});
        continue;
      }
      if (r.keyed) {
        auto const again = keys.find(r.command_id);
        position const old = again == keys.end() ? find(r.command_id) : again->second;
        if (old != 0) {
          answers.push_back({outcome::duplicate, old});
          continue;
        }
        keys.emplace(r.command_id, next);
      }
      taken.push_back({next, r.count, r.bytes});
      answers.push_back({outcome::stored, next});
      next += r.count;
    }
    riding.keep_command();
    riding.commit(false);
    {
      std::lock_guard const held(mutex_);
      std::ranges::move(taken, std::back_inserter(records_));
      keys_.merge(keys);
    }
    bell_.raise(next - 1);
    return answers;
  }

  std::vector<stored_record> read(position from, std::size_t records_max) const override {
    std::lock_guard const held(mutex_);
    auto const after = std::ranges::upper_bound(records_, from, {}, &stored_record::first);
    auto const begin = after == records_.begin() ? after : std::prev(after);
    if (begin == records_.end() || begin->first + begin->count <= from) return {};
    auto const left = static_cast<std::size_t>(records_.end() - begin);
    return {begin, begin + static_cast<std::ptrdiff_t>(std::min(left, records_max))};
  }

  position head() const noexcept override { return bell_.get(); }
  bool wait_for(position at, std::chrono::milliseconds wait) const override { return bell_.wait_for(at, wait); }
  uuid identity() const noexcept override { return identity_; }

  position find(uuid const& command_id) const override {
    std::lock_guard const held(mutex_);
    auto const it = keys_.find(command_id);
    return it == keys_.end() ? 0 : it->second;
  }

 private:
  log_settings const settings_;
  uuid const identity_ = new_uuid();
  mutable std::mutex mutex_;
  std::vector<stored_record> records_;
  std::unordered_map<uuid, position> keys_;
  log_head_signal bell_;
};

} // namespace

std::unique_ptr<log> make_memory_log(log_settings s) {
  return std::make_unique<memory_log>(s);
}

} // namespace alloy::events
