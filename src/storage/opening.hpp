#pragma once
// What is checked before RocksDB may touch a folder: RocksDB repairs by forgetting, Alloy refuses and says why.
#include "storage/database.hpp"

namespace alloy::storage {

// Throws open_refused: a file is altered, CURRENT is missing beside data, or there is no store to open read-only.
void examine_folder(rocksdb::Env& env, settings const& s);

// The words of every refusal: what is wrong, and what the operator can do.
[[noreturn]] void refuse_to_open(std::string const& path, std::string const& why);

} // namespace alloy::storage
