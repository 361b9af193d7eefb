#pragma once
// Answers kept for retries: a client that never saw its answer asks again with the same Idempotency-Key and gets it.
// That a key was used is in the log (the record's command_id); the answer lives beside the log for a while, sealed,
// because some hold a secret that is shown once. Rows are written in the command's own transaction.
#include "commands/command.hpp"

namespace alloy::commands {

class idempotency_store {
 public:
  idempotency_store(std::string sealing_key, std::int64_t ttl_ms)
      : sealing_key_(std::move(sealing_key)), ttl_ms_(ttl_ms) {}

  // The kept answer, idempotency_mismatch where another request used the key, or nothing where the key is new.
  std::optional<result<answer>> find(reader const& local, idempotency_key const& key, timestamp at) const;
  void keep(view& local, idempotency_key const& key, answer const& a, timestamp at) const;
  // Erases at most `rows_max` that have had their time.
  void sweep(view& local, timestamp at, std::size_t rows_max) const;

 private:
  std::string sealing_key_;
  std::int64_t ttl_ms_;
};

} // namespace alloy::commands
