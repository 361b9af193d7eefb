#include "search/text_index.hpp"

#include "search/text_block.hpp"
#include "search/words.hpp"

#include <algorithm>

namespace alloy::projections {
namespace {

// A loose document costs a search as much as so many bytes of text more.
constexpr std::uint64_t document_bytes = 64;

struct target {
  view& rows;
  uuid const& tenant;
  sealing const& when;
};

// A block while it is changed.
class changing {
 public:
  changing(target const& to, std::uint64_t block, rank const& ticket)
      : to_(to), block_(find_block(to.rows, to.tenant, block).value_or(text_block{block, ticket, ticket})) {}

  void done() {
    if (is_due()) {
      seal(to_.rows, to_.tenant, block_);
      if (open_block(to_.rows, to_.tenant) == block_.number) put_open_block(to_.rows, to_.tenant, block_.number + 1);
    }
    put_block(to_.rows, to_.tenant, block_);
  }

  void extend_to(rank const& ticket) {
    block_.first = std::min(block_.first, ticket);
    block_.last = std::max(block_.last, ticket);
  }
  void show(rank const& ticket) { to_.rows.erase(loose_key(to_.tenant, block_, {ticket, ticket_part::all})); }
  void loosen(document const& d, std::string_view text) {
    auto const words = fold_words(text);
    to_.rows.put(loose_key(to_.tenant, block_, d), words);
    block_.loose_bytes += words.size() + document_bytes;
  }

 private:
  bool is_due() const noexcept {
    if (block_.sealed_bytes == 0) return block_.loose_bytes >= to_.when.open_bytes_max;
    return block_.loose_bytes >= std::max(to_.when.sealed_bytes_min, block_.sealed_bytes / to_.when.sealed_part);
  }

  target const& to_;
  text_block block_;
};

void change_at(target const& to, ticket_place const& place, document d, std::string_view text) {
  d.ticket = place.at;
  changing block(to, place.block, place.at);
  block.loosen(d, text);
  block.done();
}

// One part of a ticket that is there already; without words it is gone.
void change(target const& to, uuid const& ticket, document const& d, std::string_view text) {
  if (auto const place = find_ticket(to.rows, to.tenant, ticket); place && !place->gone) change_at(to, *place, d, text);
}
// The same where the ticket may be hidden: what was said about it can be changed by an undo meanwhile.
void change_hidden(target const& to, uuid const& ticket, document const& d, std::string_view text) {
  if (auto const place = find_ticket(to.rows, to.tenant, ticket)) change_at(to, *place, d, text);
}

document comment(uuid const& id) {
  return {{}, ticket_part::comment, id};
}

// The current one is the last.
void refer(ticket_place& t, std::string const& reference) {
  std::erase(t.references, reference);
  t.references.push_back(reference);
}

// A ticket that comes back is where it was, and so is what was said about it; one that nobody knew is new.
void on(target const& to, events::stored_event const& e, events::ticket_created const& made) {
  auto const& before = made.restores.value;
  rank const at = rank::of(before ? before->created_at : e.at, e.subject.id);
  auto place = before ? find_ticket(to.rows, to.tenant, e.subject.id) : std::nullopt;
  if (!place || place->at != at) place = ticket_place{open_block(to.rows, to.tenant), at};
  place->gone = false;
  refer(*place, made.reference);
  put_ticket(to.rows, to.tenant, *place);
  changing block(to, place->block, at);
  block.extend_to(at);
  block.show(at);
  block.loosen({at, ticket_part::title}, made.title);
  if (made.description) block.loosen({at, ticket_part::description}, *made.description);
  block.done();
}

void on(target const& to, events::stored_event const& e, events::ticket_updated const& updated) {
  if (auto const& title = updated.changes.title.value) change(to, e.subject.id, {{}, ticket_part::title}, title->to);
  if (auto const& description = updated.changes.description.value)
    change(to, e.subject.id, {{}, ticket_part::description}, description->to.value_or(std::string()));
  if (auto const& reference = updated.changes.reference.value)
    index_reference(to.rows, to.tenant, e.subject.id, reference->to);
}

void on(target const& to, events::stored_event const& e, events::ticket_deleted const&) {
  take_out(to.rows, to.tenant, e.subject.id, to.when);
}

void on(target const& to, events::stored_event const& e, events::comment_created const& made) {
  change(to, made.ticket_id, comment(e.subject.id), made.body);
}

void on(target const& to, events::stored_event const& e, events::comment_updated const& updated) {
  if (auto const& body = updated.changes.body.value)
    change_hidden(to, updated.ticket_id, comment(e.subject.id), body->to);
}

void on(target const& to, events::stored_event const& e, events::comment_deleted const& deleted) {
  change_hidden(to, deleted.ticket_id, comment(e.subject.id), {});
}

// Every other event changes no text.
template <class Other> void on(target const&, events::stored_event const&, Other const&) {}

} // namespace

void index_event(view& rows, events::stored_event const& e, sealing const& when) {
  std::visit([&](auto const& what) { on({rows, e.tenant, when}, e, what); }, e.what);
}

void index_reference(view& rows, uuid const& tenant, uuid const& ticket, std::string_view reference) {
  auto place = find_ticket(rows, tenant, ticket);
  if (!place || place->gone) return;
  refer(*place, std::string(reference));
  put_ticket(rows, tenant, *place);
}

void take_out(view& rows, uuid const& tenant, uuid const& ticket, sealing const& when) {
  auto place = find_ticket(rows, tenant, ticket);
  if (!place || place->gone) return;
  change({rows, tenant, when}, ticket, {{}, ticket_part::all}, {});
  place->gone = true;
  put_ticket(rows, tenant, *place);
}

} // namespace alloy::projections
