#include "search/text_rows.hpp"

#include <algorithm>
#include <stdexcept>

namespace alloy::projections {
namespace {

constexpr std::size_t rank_bytes = 24, number_bytes = 8, uuid_bytes = 16;

// Takes a value apart from its beginning.
class fields {
 public:
  explicit fields(std::string_view bytes) : left_(bytes) {}
  bool empty() const noexcept { return left_.empty(); }
  std::string_view take(std::size_t size) {
    if (size > left_.size()) throw std::runtime_error("a row of the search index is cut short");
    auto const taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  std::uint64_t number() { return big_endian_u64(take(number_bytes)); }
  rank place() { return rank::from_view(take(rank_bytes)); }
  std::string_view rest() { return take(left_.size()); }

 private:
  std::string_view left_;
};

// In a list of documents: the same ticket as the one before, whose rank is left out.
constexpr std::uint8_t same_ticket = 0x40;

void append_part(std::string& out, document const& d, std::uint8_t flags = 0) {
  out.push_back(static_cast<char>(static_cast<std::uint8_t>(d.part) | flags));
  if (d.part == ticket_part::comment) out.append(d.comment.view());
}

document document_of(fields from) {
  document d;
  d.ticket = from.place();
  d.part = static_cast<ticket_part>(from.take(1).front());
  if (d.part == ticket_part::comment) d.comment = uuid::from_view(from.take(uuid_bytes));
  return d;
}

key ticket_key(uuid const& tenant, uuid const& ticket) {
  return key(tenant, table::text_ticket).add(ticket);
}
key reference_key(uuid const& tenant, std::string_view reference) {
  return key(tenant, table::text_reference).add_bytes(reference);
}
key block_key(uuid const& tenant, std::uint64_t number) {
  return key(tenant, table::text_block).add(number);
}

key loose_keys(uuid const& tenant, text_block const& b) {
  return key(tenant, table::text_loose).add(b.number).add(b.seals);
}

text_block block_from(std::uint64_t number, std::string_view value) {
  fields f(value);
  text_block b{number, f.place(), f.place()};
  b.loose_bytes = f.number();
  b.sealed_bytes = f.number();
  b.seals = f.number();
  return b;
}

} // namespace

std::optional<ticket_place> find_ticket(reader const& rows, uuid const& tenant, uuid const& ticket) {
  std::string value;
  if (!rows.get(ticket_key(tenant, ticket), value)) return std::nullopt;
  fields f(value);
  auto const block = f.number();
  timestamp const created{static_cast<std::int64_t>(f.number())};
  ticket_place t{block, rank::of(created, ticket), {}, f.take(1).front() != 0};
  for (auto left = f.rest();;) {
    auto const end = left.find('\n');
    t.references.emplace_back(left.substr(0, end));
    if (end == std::string_view::npos) return t;
    left.remove_prefix(end + 1);
  }
}

void put_ticket(view& rows, uuid const& tenant, ticket_place const& t) {
  std::string value;
  append_u64(value, t.block);
  auto const referred = value + std::string(t.at.view());
  value.append(t.at.view().substr(0, number_bytes)).push_back(t.gone ? 1 : 0);
  for (auto const& reference : t.references) {
    if (t.gone)
      rows.erase(reference_key(tenant, reference));
    else
      rows.put(reference_key(tenant, reference), referred);
    if (&reference != &t.references.front()) value.push_back('\n');
    value.append(reference);
  }
  rows.put(ticket_key(tenant, t.at.id()), value);
}

std::optional<referred> find_reference(reader const& rows, uuid const& tenant, std::string_view reference) {
  std::string value;
  if (!rows.get(reference_key(tenant, reference), value)) return std::nullopt;
  fields f(value);
  auto const block = f.number();
  return referred{block, f.place()};
}

std::optional<text_block> find_block(reader const& rows, uuid const& tenant, std::uint64_t number) {
  std::string value;
  if (!rows.get(block_key(tenant, number), value)) return std::nullopt;
  return block_from(number, value);
}

std::vector<text_block> blocks_of(reader const& rows, uuid const& tenant) {
  std::vector<text_block> all;
  key const prefix(tenant, table::text_block);
  rows.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view value) {
    all.push_back(block_from(big_endian_u64(k.substr(prefix.str().size())), value));
    return true;
  });
  return all;
}

void put_block(view& rows, uuid const& tenant, text_block const& b) {
  std::string value;
  value.append(b.first.view()).append(b.last.view());
  append_u64(value, b.loose_bytes);
  append_u64(value, b.sealed_bytes);
  append_u64(value, b.seals);
  rows.put(block_key(tenant, b.number), value);
}

std::uint64_t open_block(reader const& rows, uuid const& tenant) {
  std::string value;
  return rows.get(key(tenant, table::text_open), value) ? big_endian_u64(value) : 0;
}

void put_open_block(view& rows, uuid const& tenant, std::uint64_t number) {
  std::string value;
  append_u64(value, number);
  rows.put(key(tenant, table::text_open), value);
}

key loose_key(uuid const& tenant, text_block const& b, document const& d) {
  std::string columns(d.ticket.view());
  append_part(columns, d);
  return loose_keys(tenant, b).add_bytes(columns);
}

key page_key(uuid const& tenant, std::uint64_t block, std::string_view last_word) {
  return key(tenant, table::text_page).add(block).add_bytes(last_word);
}

std::vector<document> documents_of(reader const& rows, uuid const& tenant, std::uint64_t block) {
  std::vector<document> all;
  std::string value;
  if (!rows.get(key(tenant, table::text_documents).add(block), value)) return all;
  document d;
  for (fields f(value); !f.empty();) {
    auto const byte = static_cast<std::uint8_t>(f.take(1).front());
    if ((byte & same_ticket) == 0) d.ticket = f.place();
    d.part = static_cast<ticket_part>(byte & ~same_ticket);
    d.comment = d.part == ticket_part::comment ? uuid::from_view(f.take(uuid_bytes)) : uuid{};
    all.push_back(d);
  }
  return all;
}

void put_documents(view& rows, uuid const& tenant, std::uint64_t block, std::vector<document> const& all) {
  std::string value;
  document const* before = nullptr;
  for (auto const& d : all) {
    bool const same = before != nullptr && before->ticket == d.ticket;
    std::string part;
    append_part(part, d, same ? same_ticket : std::uint8_t{0});
    value.push_back(part.front());
    if (!same) value.append(d.ticket.view());
    value.append(part, 1);
    before = &d;
  }
  rows.put(key(tenant, table::text_documents).add(block), value);
}

std::vector<loose_document> all_loose_of(reader const& rows, uuid const& tenant, text_block const& b) {
  std::vector<loose_document> all;
  auto const prefix = loose_keys(tenant, b);
  rows.scan(prefix, after_prefix(prefix), direction::ascending, [&](std::string_view k, std::string_view words) {
    all.push_back({document_of(fields(k.substr(prefix.str().size()))), std::string(words)});
    return true;
  });
  return all;
}

std::vector<loose_document> loose_of(reader const& rows, uuid const& tenant, text_block const& b) {
  auto all = all_loose_of(rows, tenant, b);
  bool hidden = false; // what is said of all parts sorts behind them
  rank of;
  for (auto l = all.rbegin(); l != all.rend(); ++l) {
    if (l->at.part == ticket_part::all) {
      hidden = true;
      of = l->at.ticket;
    }
    if (hidden && l->at.ticket == of) l->words.clear();
  }
  return all;
}

std::vector<bool> outdated(std::vector<document> const& sealed, std::vector<loose_document> const& loose) {
  std::vector<bool> old(sealed.size());
  for (auto const& [at, words] : loose) {
    bool const whole = at.part == ticket_part::all;
    auto it = std::ranges::lower_bound(sealed, whole ? document{at.ticket} : at);
    for (; it != sealed.end() && (whole ? it->ticket == at.ticket : *it == at); ++it)
      old[static_cast<std::size_t>(it - sealed.begin())] = true;
  }
  return old;
}

} // namespace alloy::projections
