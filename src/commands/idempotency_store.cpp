#include "commands/idempotency_store.hpp"

#include "core/derived_key.hpp"
#include "core/json.hpp"
#include "core/local_rows.hpp"

namespace alloy::commands {
namespace {

struct kept_shape {
  static constexpr bool defaults_allowed = true;
  std::string fingerprint;
  timestamp expires_at;
  std::uint32_t status = 200;
  std::string body;
  std::uint64_t version = 0, position = 0;
  std::string location, warning;
  std::vector<uuid> tenants, people;
  role least{};
};
BOOST_DESCRIBE_STRUCT(kept_shape, (),
                      (fingerprint, expires_at, status, body, version, position, location, warning, tenants, people,
                       least))

std::string answer_key(uuid const& command_id) {
  return local_key(local_row::kept_answer).add(command_id).str();
}

crypto::sealer sealer_of(std::string const& server_key) {
  return {server_key, crypto::key_use::idempotency_store};
}

std::string expiry_key(timestamp at, uuid const& command_id) {
  return local_key(local_row::kept_answer_expiry).add(static_cast<std::uint64_t>(at.ms)).add(command_id).str();
}

} // namespace

std::optional<result<answer>> idempotency_store::find(reader const& local, idempotency_key const& key,
                                                      timestamp at) const {
  std::string row;
  if (!local.get(answer_key(key.command_id), row)) return std::nullopt;
  auto const plain = sealer_of(sealing_key_).open(row, key.command_id.view());
  if (!plain) throw std::runtime_error("an answer kept for retries cannot be opened: was the server's key replaced?");
  auto kept = json::stored<kept_shape>(*plain);
  if (kept.expires_at <= at) return std::nullopt;
  if (kept.fingerprint != key.fingerprint)
    return result<answer>(error(errc::idempotency_mismatch, "this Idempotency-Key came with another request before"));
  answer a;
  a.status = kept.status;
  a.body = std::move(kept.body);
  a.version = kept.version;
  a.position = kept.position;
  a.location = std::move(kept.location);
  a.warning = std::move(kept.warning);
  a.tenants = std::move(kept.tenants);
  a.people = std::move(kept.people);
  a.least = kept.least;
  a.replayed = true;
  return result<answer>(std::move(a));
}

void idempotency_store::keep(view& local, idempotency_key const& key, answer const& a, timestamp at) const {
  kept_shape kept;
  kept.fingerprint = key.fingerprint;
  kept.expires_at = {at.ms + ttl_ms_};
  kept.status = a.status;
  kept.body = a.body;
  kept.version = a.version;
  kept.position = a.position;
  kept.location = a.location;
  kept.warning = a.warning;
  kept.tenants = a.tenants;
  kept.people = a.people;
  kept.least = a.least;
  local.put(answer_key(key.command_id), sealer_of(sealing_key_).seal(json::to_string(kept), key.command_id.view()));
  local.put(expiry_key(kept.expires_at, key.command_id), {});
}

void idempotency_store::sweep(view& local, timestamp at, std::size_t rows_max) const {
  std::vector<std::string> expired;
  auto const from = local_key(local_row::kept_answer_expiry).str();
  local.scan(from, expiry_key(at, {}), direction::ascending, [&](std::string_view k, std::string_view) {
    expired.emplace_back(k);
    return expired.size() < rows_max;
  });
  for (auto const& k : expired) {
    // The key may have been used anew since: then its row belongs to the later expiry.
    auto const command_id = columns_of(local_row::kept_answer_expiry, k).substr(sizeof at.ms);
    auto const row_key = answer_key(uuid::from_view(command_id));
    std::string row;
    if (local.get(row_key, row)) {
      auto const plain = sealer_of(sealing_key_).open(row, command_id);
      if (plain && json::stored<kept_shape>(*plain).expires_at <= at) local.erase(row_key);
    }
    local.erase(k);
  }
}

} // namespace alloy::commands
