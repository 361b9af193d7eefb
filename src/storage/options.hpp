#pragma once
// RocksDB's settings for a store: which are matters of safety, which bound memory, which make it fast to start.
#include "storage/database.hpp"

#include <rocksdb/cache.h>
#include <rocksdb/options.h>

namespace alloy::storage {

rocksdb::DBOptions database_options(settings const& s);
rocksdb::ColumnFamilyOptions family_options(settings const& s, family f, std::shared_ptr<rocksdb::Cache> const& cache);

} // namespace alloy::storage
