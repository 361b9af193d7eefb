#pragma once
// Who waits for something to happen holds a place: an event stream, a read that waits for a position. There are so many
// in all, so many for one user and so many for one organization, and fewer for each where others leave less
// (core/fair_share.hpp), so that nobody holds all of them. Any thread; taking
// one is a lock and two look-ups.
#include "core/error.hpp"
#include "core/id.hpp"
#include "core/metrics.hpp"

#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace alloy::api {

class places {
 public:
  static constexpr std::size_t any_number = std::numeric_limits<std::size_t>::max();
  struct bounds {
    std::size_t all = any_number, per_user = any_number, per_org = any_number;
  };
  struct meters {
    metrics::gauge taken;
    metrics::counter refused_for_all, refused_for_user, refused_for_org;
  };
  // alloy_NAME_places and alloy_NAME_refused_total{by="server"|"user"|"org"}.
  static meters meters_of(metrics::registry& in, std::string const& name, std::string_view holders);

  class place { // given back when it goes; the places outlive it
   public:
    ~place() {
      if (holds_) of_.give_back(user_, org_);
    }
    place(place const&) = delete;
    place& operator=(place const&) = delete;

   private:
    friend class places;
    place(places& of, uuid const& user, std::optional<uuid> org) : of_(of), user_(user), org_(std::move(org)) {}
    places& of_;
    uuid user_;
    std::optional<uuid> org_;
    bool holds_ = false;
  };

  // `holders`: who holds one, for the words of a refusal, as "streams of events".
  places(bounds most, std::string holders, meters counted = {});

  // errc::rate_limited where the user or the organization has as many as one may, errc::overloaded where all have; with
  // retry_after_s.
  result<std::shared_ptr<place>> take(uuid const& user, std::optional<uuid> const& org = std::nullopt);
  std::size_t taken() const;

 private:
  void give_back(uuid const& user, std::optional<uuid> const& org) noexcept;
  result<> admit(uuid const& user, std::optional<uuid> const& org);

  bounds const most_;
  std::string const holders_;
  meters counted_;
  mutable std::mutex guard_;
  std::size_t taken_ = 0;
  std::unordered_map<uuid, std::size_t> by_user_, by_org_; // of those that have some
};

} // namespace alloy::api
