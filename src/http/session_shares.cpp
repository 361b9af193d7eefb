// The part of a session that keeps it from taking more than its share of what all connections have in common: the
// memory for answers, and the time of the thread.
#include "core/problem.hpp"
#include "http/forwarded.hpp"
#include "http/session.hpp"

#include <algorithm>
#include <utility>

namespace alloy::http {
namespace {

constexpr std::uint32_t looks_per_timeout = 4;
constexpr refusal too_many_connections{errc::overloaded, "too_many_connections", "There are too many connections"};

} // namespace

// ------------------------------------------------------------------------------- who asks

void session::find_client() {
  auto& headers = parser_->message().headers;
  auto const& trusted = home_.context->trusted_proxies;
  auto found = client_of(headers, trusted);
  client_ = found ? std::move(found->address) : place_.peer();
  client_network_ = auth::network_of(client_);
  // What is known of the client need not be told again: whoever still finds such a header sees that somebody in between
  // is not known, and who they are.
  if (found && found->is_first) std::erase_if(headers, [](auto const& h) { return tells_of_client(h.first); });
}

void session::pass_to(std::string client) {
  if (!place_.pass_to(std::move(client))) {
    if (is_tls_) return refuse_connection(too_many_connections.reason);
    return refuse(too_many_connections);
  }
  client_ = place_.peer();
  client_network_ = place_.ip_prefix();
}

void session::refuse_connection(std::string_view reason) noexcept {
  home_.context->watch().connection_refused(reason);
  is_over_ = true;
}

// ------------------------------------------------------------------------------- memory

// Counts `bytes` instead of what was counted before, all of them for who asks now. False: too many, and as before.
bool session::hold(std::size_t bytes, bool in_any_case) {
  auto& unsent = home_.context->unsent;
  auto const now = holders_now();
  auto const former = held_bytes_;
  auto const former_by = held_by_;
  if (held_bytes_ > 0 && held_by_ != now) let_go();
  if (bytes > held_bytes_) {
    auto const more = bytes - held_bytes_;
    if (in_any_case) {
      unsent.add(now, more);
    } else if (!unsent.take(now, more)) {
      if (held_bytes_ < former) {
        unsent.add(former_by, former);
        home_.context->watch().unsent_changed(static_cast<std::int64_t>(former));
        held_bytes_ = former;
      }
      return false;
    }
    home_.context->watch().unsent_changed(static_cast<std::int64_t>(more));
    held_by_ = now;
  } else if (bytes < held_bytes_) {
    unsent.give_back(held_by_, held_bytes_ - bytes);
    home_.context->watch().unsent_changed(-static_cast<std::int64_t>(held_bytes_ - bytes));
  }
  held_bytes_ = bytes;
  return true;
}

void session::let_go() noexcept {
  if (held_bytes_ == 0) return;
  home_.context->unsent.give_back(held_by_, held_bytes_);
  home_.context->watch().unsent_changed(-static_cast<std::int64_t>(held_bytes_));
  held_bytes_ = 0;
}

response session::overloaded(std::string_view request_id, header_list const& instead_of) {
  response answer;
  answer.status = describe(errc::overloaded).status;
  answer.content_type = problem_content_type;
  answer.headers.emplace_back("Retry-After", "1");
  for (auto const& [name, value] : instead_of) // what was counted is counted
    if (name.starts_with("RateLimit")) answer.headers.emplace_back(name, value);
  answer.body = problem_document(
      error(errc::overloaded, "too many bytes of answers to this address, user or organization wait to be read"),
      std::string(request_id));
  return answer;
}

// The peer has to take something in write_timeout_ms, and in each such time the bytes that are the least. What counts
// is what its machine has acknowledged: a socket that is full is reported as writable in large steps only.
void session::watch_reader() noexcept {
  if (is_reader_watched_) return;
  is_reader_watched_ = true;
  window_began_ms_ = 0;
  arm(std::max<std::uint32_t>(1, home_.context->set.write_timeout_ms / looks_per_timeout));
}

bool session::keeps_up(std::int64_t now_ms) noexcept {
  auto const& set = home_.context->set;
  std::int64_t const timeout_ms = set.write_timeout_ms;
  auto const taken = sent_in_all_ - std::min<std::uint64_t>(unacknowledged_bytes(), sent_in_all_);
  deadline_ms_ = now_ms + std::max<std::int64_t>(1, timeout_ms / looks_per_timeout);
  if (window_began_ms_ == 0) {
    window_began_ms_ = reader_seen_ms_ = now_ms;
    window_taken_ = taken_ = taken;
    return true;
  }
  if (taken > taken_) {
    taken_ = taken;
    reader_seen_ms_ = now_ms;
  }
  if (now_ms - reader_seen_ms_ >= timeout_ms) return false;
  auto const past_ms = now_ms - window_began_ms_;
  if (past_ms < timeout_ms) return true;
  if (taken < window_taken_ + set.answer_bytes_per_s_min * static_cast<std::uint64_t>(past_ms) / 1000) return false;
  window_began_ms_ = now_ms;
  window_taken_ = taken;
  return true;
}

// ------------------------------------------------------------------------------- time

action session::ask_turn() {
  deadline_ms_ = 0;
  turn_of_ = client_network_;
  waits_for_turn_ = true; // first: where it throws, the session is taken out of the line that it may be in
  home_.wait_for_turn(*this, turn_of_);
  return action::turn;
}

void session::take_turn() {
  waits_for_turn_ = false;
  has_turn_ = true;
  resume();
}

bool session::has_turn() noexcept {
  return std::exchange(has_turn_, false);
}

void session::begin_squeeze(response&& answer) {
  steps_ = std::make_unique<gzip_steps>(home_.context->set.gzip_level);
  held_ = std::move(answer);
  unsqueezed_ = held_.body;
  piece_.clear();
  phase_ = phase::squeeze;
  hold(unsent() + held_.body.size() + gzip_steps::own_bytes, true);
}

std::optional<action> session::take_squeeze() {
  if (has_output()) return action::write;
  if (!has_turn()) return ask_turn();
  if (!steps_->step(unsqueezed_, piece_)) return {};
  bool const is_shorter = piece_.size() < held_.body.size();
  if (is_shorter) held_.body = std::move(piece_);
  piece_ = std::string();
  steps_ = nullptr;
  auto answer = std::move(held_);
  finish(answer, is_shorter ? squeezed::yes : squeezed::in_vain);
  return {};
}

} // namespace alloy::http
