#pragma once
// The background work of a disposable store: on two threads of its own, so that no merge of it holds up one of a store
// that people wait for, and at the lowest priority. Any thread.
#include <memory>

namespace rocksdb {
class Env;
}

namespace alloy::storage {

// `below`, which must outlive it, but for what is scheduled.
std::unique_ptr<rocksdb::Env> low_priority_env(rocksdb::Env& below);

} // namespace alloy::storage
