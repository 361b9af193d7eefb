#include "api/pipeline/places.hpp"

#include "core/fair_share.hpp"

#include <utility>

namespace alloy::api {
namespace {

constexpr unsigned come_back_s = 1;

error refusal(errc code, std::string words) {
  error e(code, std::move(words));
  e.retry_after_s = come_back_s;
  return e;
}

using counts = std::unordered_map<uuid, std::size_t>;

std::size_t count_of(counts const& in, uuid const& who) {
  auto const found = in.find(who);
  return found == in.end() ? 0 : found->second;
}

void drop_one(counts& in, uuid const& who) noexcept {
  auto const found = in.find(who);
  if (--found->second == 0) in.erase(found);
}

} // namespace

places::meters places::meters_of(metrics::registry& in, std::string const& name, std::string_view holders) {
  std::string const words(holders), refused = "alloy_" + name + "_refused_total",
                                    why = "Refused " + words + ", by whose places were taken.";
  return {in.make_gauge("alloy_" + name + "_places", "Places taken by " + words + "."),
          in.make_counter(refused, why, {{"by", "server"}}), in.make_counter(refused, why, {{"by", "user"}}),
          in.make_counter(refused, why, {{"by", "org"}})};
}

places::places(bounds most, std::string holders, meters counted)
    : most_(most), holders_(std::move(holders)), counted_(counted) {}

// The user's own bound comes first: who takes too many is told so, though no place is left for anybody.
result<> places::admit(uuid const& user, std::optional<uuid> const& org) {
  auto const is_over = [this](std::size_t own, std::size_t of_one) {
    return own > 0 && own >= fair_share(most_.all, of_one, left_by_others(most_.all, taken_, own));
  };
  if (is_over(count_of(by_user_, user), most_.per_user)) {
    counted_.refused_for_user.add();
    return refusal(errc::rate_limited, "this user has as many " + holders_ + " as one user may");
  }
  if (org && is_over(count_of(by_org_, *org), most_.per_org)) {
    counted_.refused_for_org.add();
    return refusal(errc::rate_limited, "this organization has as many " + holders_ + " as one may");
  }
  if (taken_ < most_.all) return {};
  counted_.refused_for_all.add();
  return refusal(errc::overloaded, "this server has as many " + holders_ + " as it may");
}

result<std::shared_ptr<places::place>> places::take(uuid const& user, std::optional<uuid> const& org) {
  std::shared_ptr<place> made(new place(*this, user, org));
  std::lock_guard const lock(guard_);
  if (auto admitted = admit(user, org); !admitted) return admitted.error();
  auto& of_user = by_user_[user];
  if (org) ++by_org_[*org];
  ++of_user;
  made->holds_ = true; // from here on it gives back what was counted
  counted_.taken.set(static_cast<double>(++taken_));
  return made;
}

void places::give_back(uuid const& user, std::optional<uuid> const& org) noexcept {
  std::lock_guard const lock(guard_);
  drop_one(by_user_, user);
  if (org) drop_one(by_org_, *org);
  counted_.taken.set(static_cast<double>(--taken_));
}

std::size_t places::taken() const {
  std::lock_guard const lock(guard_);
  return taken_;
}

} // namespace alloy::api
