#pragma once
// A bounded memory of credentials that were checked, so that an Ed25519 verification and the look-ups behind it are
// paid once and not per request. Keyed by the credential's SHA-256: the credential itself is not kept. An entry ends
// with its token; the one used longest ago makes room. Any thread; 16 locks, each held for a look-up.
//
// A revocation must not be undone by a check that began before it: take epoch() before checking, hand it to put(), and
// put() drops the value if anything was forgotten in between. Forgetting must follow the change it speaks of.
#include "core/crypto.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace alloy::auth {

template <class Value> class verified_tokens {
 public:
  using value_ptr = std::shared_ptr<Value const>;

  explicit verified_tokens(std::size_t entries_max = 10'000)
      : shard_max_(std::max<std::size_t>(1, entries_max / shards)) {}

  std::uint64_t epoch() const noexcept { return epoch_.load(std::memory_order_acquire); }

  // Nothing where it is not known or its time is over.
  value_ptr find(crypto::digest const& token, std::int64_t now_s) {
    auto& s = shard_of(token);
    std::lock_guard const lock(s.mutex);
    auto const found = s.by_token.find(token);
    if (found == s.by_token.end()) return nullptr;
    if (found->second->expires_s <= now_s) {
      s.order.erase(found->second);
      s.by_token.erase(found);
      return nullptr;
    }
    s.order.splice(s.order.begin(), s.order, found->second);
    return found->second->value;
  }

  // False where `epoch` is of the past; the value is then not kept.
  bool put(crypto::digest const& token, std::string session_id, std::int64_t expires_s, value_ptr value,
           std::uint64_t epoch) {
    auto& s = shard_of(token);
    std::lock_guard const lock(s.mutex);
    // Under the lock that forget() takes after it raised the epoch: either it sees this entry or we see its epoch.
    if (epoch != epoch_.load(std::memory_order_acquire)) return false;
    if (auto const found = s.by_token.find(token); found != s.by_token.end()) {
      s.order.erase(found->second);
      s.by_token.erase(found);
    }
    if (s.order.size() >= shard_max_) {
      s.by_token.erase(s.order.back().token);
      s.order.pop_back();
    }
    s.order.push_front({token, std::move(session_id), expires_s, std::move(value)});
    s.by_token.emplace(token, s.order.begin());
    return true;
  }

  void forget_session(std::string_view session_id) {
    forget_if([&](entry const& e) { return e.session_id == session_id; });
  }

  // For what a role or a key's change touches. `gone` runs under a lock: plain comparisons only.
  template <class Predicate> void forget_values(Predicate gone) {
    forget_if([&](entry const& e) { return gone(*e.value); });
  }

  void clear() {
    forget_if([](entry const&) { return true; });
  }

  std::size_t size() {
    std::size_t sum = 0;
    for (auto& s : shards_) {
      std::lock_guard const lock(s.mutex);
      sum += s.order.size();
    }
    return sum;
  }

 private:
  static constexpr std::size_t shards = 16;

  struct entry {
    crypto::digest token;
    std::string session_id;
    std::int64_t expires_s;
    value_ptr value;
  };
  // A digest is its own hash. The shard is chosen by another byte than the bucket.
  struct digest_hash {
    std::size_t operator()(crypto::digest const& d) const noexcept {
      std::size_t hash = 0;
      std::memcpy(&hash, d.data(), sizeof hash);
      return hash;
    }
  };
  struct shard {
    std::mutex mutex;
    std::list<entry> order; // last used first
    std::unordered_map<crypto::digest, typename std::list<entry>::iterator, digest_hash> by_token;
  };

  shard& shard_of(crypto::digest const& token) { return shards_[token.back() % shards]; }

  template <class Predicate> void forget_if(Predicate gone) {
    epoch_.fetch_add(1, std::memory_order_acq_rel);
    for (auto& s : shards_) {
      std::lock_guard const lock(s.mutex);
      for (auto at = s.order.begin(); at != s.order.end();) {
        if (!gone(*at)) {
          ++at;
          continue;
        }
        s.by_token.erase(at->token);
        at = s.order.erase(at);
      }
    }
  }

  std::size_t shard_max_;
  std::atomic<std::uint64_t> epoch_{0};
  std::array<shard, shards> shards_;
};

} // namespace alloy::auth
