#pragma once
// Who listens to an organization's events is woken when a batch with some of them is durable. Each listener holds one
// of the places from the moment it asks, before it sits down. Any thread.
#include "api/pipeline/places.hpp"
#include "events/codec.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <unordered_set>

namespace alloy::api {

class event_notifier {
 public:
  class subscription { // given up when it goes
   public:
    ~subscription();
    subscription(subscription const&) = delete;
    subscription& operator=(subscription const&) = delete;

   private:
    friend class event_notifier;
    subscription(event_notifier& at, uuid const& org, std::function<void()> wake)
        : at_(at), org_(org), wake_(std::move(wake)) {}
    event_notifier& at_;
    uuid org_;
    std::function<void()> wake_;
  };

  explicit event_notifier(places::bounds most = {}, places::meters counted = {})
      : places_(most, "open streams and waiting pages of events", counted) {}

  places& listening() noexcept { return places_; }
  // Wakes at the next event and at each one after. `wake` must not block.
  std::unique_ptr<subscription> subscribe(uuid const& org, std::function<void()> wake);
  void ring(std::span<events::record const> records);
  std::size_t subscriptions() const;

 private:
  places places_;
  mutable std::mutex guard_;
  std::unordered_map<uuid, std::unordered_set<subscription*>> subscriptions_;
  std::size_t count_ = 0;
};

} // namespace alloy::api
