#include "api/pipeline/event_notifier.hpp"

#include "core/exceptions.hpp"

namespace alloy::api {

event_notifier::subscription::~subscription() {
  std::lock_guard const lock(at_.guard_);
  auto const here = at_.subscriptions_.find(org_);
  here->second.erase(this);
  if (here->second.empty()) at_.subscriptions_.erase(here);
  --at_.count_;
}

std::unique_ptr<event_notifier::subscription> event_notifier::subscribe(uuid const& org, std::function<void()> wake) {
  std::unique_ptr<subscription> made(new subscription(*this, org, std::move(wake)));
  std::lock_guard const lock(guard_);
  subscriptions_[org].insert(made.get());
  ++count_;
  return made;
}

void event_notifier::ring(std::span<events::record const> records) {
  std::unordered_set<uuid> orgs;
  for (auto const& r : records) orgs.insert(r.head.tenant);
  std::lock_guard const lock(guard_);
  for (auto const& org : orgs)
    if (auto const here = subscriptions_.find(org); here != subscriptions_.end())
      for (auto const* one : here->second) contained(thrown_at::waiting, [&] { one->wake_(); });
}

std::size_t event_notifier::subscriptions() const {
  std::lock_guard const lock(guard_);
  return count_;
}

} // namespace alloy::api
