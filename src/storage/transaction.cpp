#include "storage/overlay.hpp"
#include "storage/store.hpp"

#include <algorithm>
#include <rocksdb/write_batch.h>

namespace alloy::storage {

struct transaction::body {
  store& below;
  std::array<overlay, families> rows;
  std::vector<overlay::row const*> sorted; // kept for its memory

  explicit body(store& s) : below(s), rows{overlay(*s.recent[0]), overlay(*s.recent[1]), overlay(*s.recent[2])} {}
};

transaction::transaction(database& db) : body_(std::make_unique<body>(*db.body_)) {}
transaction::~transaction() = default;

view& transaction::of(family f) noexcept {
  return body_->rows[index_of(f)];
}

void transaction::keep_command() {
  for (auto& o : body_->rows) o.keep();
}

void transaction::drop_command() {
  for (auto& o : body_->rows) o.drop();
}

bool transaction::empty() const noexcept {
  for (auto const& o : body_->rows)
    if (!o.empty()) return false;
  return true;
}

std::size_t transaction::bytes() const noexcept {
  std::size_t sum = 0;
  for (auto const& o : body_->rows) sum += o.bytes();
  return sum;
}

void transaction::clear() {
  for (auto& o : body_->rows) o.clear();
}

void transaction::commit(bool sync) {
  drop_command();
  rocksdb::WriteBatch batch(bytes() + 1024);
  for (std::size_t f = 0; f < families; ++f) {
    auto* const handle = body_->below.handles[f];
    auto& sorted = body_->sorted;
    sorted.clear();
    body_->rows[f].for_each([&](overlay::row const& r) { sorted.push_back(&r); });
    // Neighbours in a row are neighbours in the memtable: each insertion starts where the one before ended.
    std::ranges::sort(sorted, {}, [](overlay::row const* r) -> std::string_view { return r->key; });
    for (auto const* const r : sorted) {
      if (r->state == overlay::what::put)
        batch.Put(handle, r->key, r->value);
      else
        batch.Delete(handle, r->key);
    }
  }
  body_->below.write(batch, sync);
  for (std::size_t f = 0; f < families; ++f)
    body_->rows[f].for_each([&](overlay::row const& r) {
      body_->below.recent[f]->written(r.key, r.state == overlay::what::put ? std::optional<std::string_view>(r.value)
                                                                           : std::nullopt);
    });
  clear();
}

} // namespace alloy::storage
