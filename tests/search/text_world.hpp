#pragma once
// Tickets of two tenants and what is said about them: each act is done to the rows of an index and noted in plain
// maps, and a search of the maps reads all of them word by word. What was done can be done again to other rows.
#include "search/text_index.hpp"
#include "search/text_search.hpp"
#include "search/words.hpp"
#include "tests/projections/history.hpp"

#include <set>
#include <utility>

namespace alloy::projections {

// So small that a few tickets fill a block, and a few changes seal one anew.
inline constexpr sealing often{600, 200, 4}, never{~0ULL, ~0ULL, 1};

class text_world {
 public:
  struct ticket {
    rank at;
    std::string reference;
    std::map<std::string, std::string> parts; // title, description, comments by their ids
    std::set<std::string> former = {};        // references that it had
  };
  using act = std::function<void(view&, sealing const&)>;

  static uuid tenant(unsigned n) { return id_of(1 + n % 2); }
  std::vector<act> const& acts() const noexcept { return acts_; }
  std::map<uuid, ticket> const& tickets(unsigned n) const { return tickets_.at(tenant(n)); }

  explicit text_world(view& rows, sealing const& when = often) : rows_(rows), when_(when) {
    for (unsigned n : {0U, 1U}) tickets_[tenant(n)];
  }

  void wait(std::int64_t ms) { at_.ms += ms; } // or back, as a clock may go

  uuid create(unsigned of, std::string const& title, std::optional<std::string> const& description = {}) {
    uuid const id = id_of(1000 + ++created_);
    events::ticket_created e;
    e.reference = "ONE-" + std::to_string(created_);
    e.title = title;
    e.description = description;
    auto& t = tickets_[tenant(of)][id];
    t = {rank::of(at_, id), e.reference, {{"title", title}}};
    if (description) t.parts["description"] = *description;
    fold(of, entity::ticket, id, std::move(e));
    return id;
  }
  void retitle(unsigned of, uuid const& id, std::string const& title) {
    events::ticket_updated e;
    e.changes.title.value = {"", title};
    tickets_[tenant(of)].at(id).parts["title"] = title;
    fold(of, entity::ticket, id, std::move(e));
  }
  void describe(unsigned of, uuid const& id, std::optional<std::string> const& description) {
    events::ticket_updated e;
    e.changes.description.value = {std::nullopt, description};
    tickets_[tenant(of)].at(id).parts["description"] = description.value_or("");
    fold(of, entity::ticket, id, std::move(e));
  }
  uuid comment(unsigned of, uuid const& id, std::string const& body) {
    uuid const comment = id_of(5000 - ++commented_);
    tickets_[tenant(of)].at(id).parts[to_string(comment)] = body;
    fold(of, entity::comment, comment, events::comment_created{id, id_of(3), body});
    return comment;
  }
  void edit(unsigned of, uuid const& id, uuid const& comment, std::string const& body) {
    events::comment_updated e;
    e.ticket_id = id;
    e.changes.body.value = {"", body};
    tickets_[tenant(of)].at(id).parts[to_string(comment)] = body;
    fold(of, entity::comment, comment, std::move(e));
  }
  void uncomment(unsigned of, uuid const& id, uuid const& comment) {
    tickets_[tenant(of)].at(id).parts.erase(to_string(comment));
    fold(of, entity::comment, comment, events::comment_deleted{id});
  }
  void uncomment_hidden(unsigned of, uuid const& id, uuid const& comment) { // of a ticket that was removed
    removed_[tenant(of)].at(id).parts.erase(to_string(comment));
    fold(of, entity::comment, comment, events::comment_deleted{id});
  }
  void refer(unsigned of, uuid const& id, std::string const& reference) {
    auto& t = tickets_[tenant(of)].at(id);
    t.former.insert(std::exchange(t.reference, reference));
    done([=, t = tenant(of)](view& rows, sealing const&) { index_reference(rows, t, id, reference); });
  }
  void remove(unsigned of, uuid const& id) {
    removed_[tenant(of)].insert(tickets_[tenant(of)].extract(id));
    done([=, t = tenant(of)](view& rows, sealing const& when) { take_out(rows, t, id, when); });
  }
  // As an undo does: with what was said about it.
  void restore(unsigned of, uuid const& id) {
    auto& t = tickets_[tenant(of)].insert(removed_[tenant(of)].extract(id)).position->second;
    events::ticket_created e;
    e.reference = t.reference;
    e.title = t.parts.at("title");
    if (auto const d = t.parts.find("description"); d != t.parts.end()) e.description = d->second;
    e.restores.value = events::restored{{static_cast<std::int64_t>(big_endian_u64(t.at.view()))}, 1};
    fold(of, entity::ticket, id, std::move(e));
  }

  // What a step of random numbers does, in words of which some begin alike.
  void take(step const& s) {
    wait(s.to % 7 == 0 ? -20 : s.to % 3);
    auto const of = s.which % 2;
    auto const& all = tickets_[tenant(of)];
    if (all.empty() || s.what < 4) {
      create(of, text(s.to, 3), s.to % 3 ? std::optional(text(s.which * 7 + s.to, 9)) : std::nullopt);
      return;
    }
    auto const it = std::next(all.begin(), s.which / 2 % static_cast<unsigned>(all.size()));
    uuid const id = it->first;
    std::vector<uuid> comments;
    for (auto const& [name, said] : it->second.parts)
      if (auto const c = parse_uuid(name)) comments.push_back(*c);
    auto const some = [&] { return comments[s.to % comments.size()]; };
    switch (s.what) {
    case 4: return retitle(of, id, text(s.to, 3));
    case 5: return describe(of, id, s.to % 4 ? std::optional(text(s.to, 12)) : std::nullopt);
    case 6: return comments.empty() ? void(comment(of, id, text(s.to, 6))) : edit(of, id, some(), text(s.to, 6));
    case 7: return comments.empty() ? remove(of, id) : uncomment(of, id, some());
    case 8: return refer(of, id, "TWO-" + std::to_string(++moved_));
    case 9:
      if (auto const& gone = removed_[tenant(of)]; !gone.empty()) return restore(of, gone.begin()->first);
      return remove(of, id);
    default: comment(of, id, text(s.to, 8));
    }
  }

  std::vector<rank> find(unsigned of, text_query const& q) const {
    std::vector<rank> found;
    for (auto const& [id, t] : tickets(of))
      if (std::all_of(q.terms.begin(), q.terms.end(), [&t = t](auto const& term) { return holds(t, term); }))
        found.push_back(t.at);
    std::ranges::sort(found);
    return found;
  }

 private:
  static std::string text(unsigned seed, unsigned words) {
    constexpr char const* known[] = {"deploy", "Deployed", "dep",  "blue",   "Green",   "blue-green", "1.2.3", "v42",
                                     "Łódź",   "東京都",   "one",  "ONE-17", "!?",      "ONE-2",      "tide",  "17",
                                     "C++",    "c",        ".NET", "net",    "ภาษาไทย", "🚀"};
    std::string out;
    for (unsigned n = 0; n < 1 + seed % words; ++n) {
      seed = seed * 2654435761U + 12345;
      out += (n ? " " : "") + std::string(known[seed / 65536 % std::size(known)]);
    }
    return out;
  }
  static bool holds(ticket const& t, text_query::term const& term) {
    if (!term.reference.empty() && (term.reference == t.reference || t.former.contains(term.reference))) return true;
    return std::any_of(t.parts.begin(), t.parts.end(), [&](auto const& part) {
      std::vector<std::vector<std::string>> words; // the forms of each
      for_each_word(fold_words(part.second), [&](std::string_view w, std::uint32_t place) {
        words.resize(place + 1);
        words.back().emplace_back(w);
      });
      for (std::size_t at = 0; at + term.words.size() <= words.size(); ++at) {
        bool all = true;
        for (std::size_t i = 0; i < term.words.size(); ++i)
          all = all && std::any_of(words[at + i].begin(), words[at + i].end(), [&](std::string const& form) {
                  return term.is_prefix && i + 1 == term.words.size() ? form.starts_with(term.words[i])
                                                                      : form == term.words[i];
                });
        if (all) return true;
      }
      return false;
    });
  }

  void fold(unsigned of, entity kind, uuid const& id, events::event what) {
    events::stored_event e;
    e.tenant = tenant(of);
    e.subject = {kind, id};
    e.at = at_;
    e.what = std::move(what);
    done([e = std::move(e)](view& rows, sealing const& when) { index_event(rows, e, when); });
  }
  void done(act a) {
    a(rows_, when_);
    acts_.push_back(std::move(a));
  }

  view& rows_;
  sealing const when_;
  timestamp at_{1'775'035'800'000};
  unsigned created_ = 0, commented_ = 0, moved_ = 0;
  std::map<uuid, std::map<uuid, ticket>> tickets_, removed_;
  std::vector<act> acts_;
};

inline std::vector<rank> ranks_of(match_cursor& c) {
  std::vector<rank> all;
  for (bool more = c.begin(); more; more = c.next()) all.push_back(c.at());
  return all;
}

} // namespace alloy::projections
