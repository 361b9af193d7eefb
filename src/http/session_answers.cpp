// The half of a session that writes: what an answer becomes on this connection, and what a refusal ends.
#include "core/problem.hpp"
#include "http/session.hpp"

#include <charconv>

namespace alloy::http {
namespace {

constexpr std::size_t copied_body_bytes_max = 16 * 1024; // a copy is cheaper than a second TLS record or iovec
constexpr std::size_t kept_input_bytes_max = 16 * 1024;  // between two requests

} // namespace

void session::finish_exchange(response&& answer) {
  if (auto late = std::dynamic_pointer_cast<late_answer>(answer.source))
    return begin_late(std::move(answer), std::move(late));
  answer_of_.user = answer.user;
  answer_of_.org = answer.org;
  if (!answer.source && answer.body.size() > copied_body_bytes_max) {
    // A write is done, and its answer is all that says so.
    bool const may_be_refused = method_label_ == "GET" || method_label_ == "HEAD";
    if (!hold(unsent() + answer.body.size(), !may_be_refused)) {
      home_.context->watch().answer_refused();
      answer = overloaded(request_id_, answer.headers);
    } else if (answer.body.size() > home_.context->set.gzip_at_once_bytes_max &&
               would_encode(answer, context_of(answer))) {
      return begin_squeeze(std::move(answer));
    }
  }
  finish(answer, squeezed::not_tried);
}

void session::finish(response& answer, squeezed how) {
  auto const before = out_.size();
  append(answer, how);
  report(answer, out_.size() - before + tail_.size());
}

void session::report(response const& answer, std::size_t sent_bytes) noexcept {
  home_.context->in_flight.fetch_sub(1, std::memory_order_relaxed);
  is_in_flight_ = false;
  exchange_facts facts;
  facts.method = method_label_;
  facts.route = answer.route;
  facts.status = answer.status;
  facts.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  facts.received_bytes = received_bytes_;
  facts.sent_bytes = sent_bytes;
  home_.context->watch().request_finished(facts);
}

answer_context session::context_of(response const& answer) {
  auto const& context = *home_.context;
  answer_context how;
  how.date = home_.date();
  how.request_id = request_id_;
  how.origin = origin_;
  how.cors = context.cors.is_on() ? &context.cors : nullptr;
  how.encoder = context.set.gzip_level > 0 ? &home_.encoder : nullptr;
  how.gzip_bytes_min = context.set.gzip_bytes_min;
  how.takes_gzip = takes_gzip_;
  how.is_tls = is_tls_;
  how.is_http_1_0 = is_http_1_0_;
  how.keep_alive = keep_alive_;
  how.without_body = without_body_;
  how.in_chunks = answer.source != nullptr;
  if (how.in_chunks) how.encoder = nullptr;
  return how;
}

void session::append(response& answer, squeezed body) {
  auto const& context = *home_.context;
  auto const most = context.set.request_max_per_connection;
  keep_alive_ = keep_alive_ && !answer.close && (most == 0 || requests_ < most) &&
                !context.draining.load(std::memory_order_relaxed) && !(answer.source && is_http_1_0_);
  auto how = context_of(answer);
  how.body = body;
  write_head(out_, answer, how);
  if (answer.source && !without_body_) return begin_stream(std::move(answer.source));
  if (answer.body.size() <= copied_body_bytes_max)
    out_ += answer.body;
  else
    tail_ = std::move(answer.body);
  if (held_bytes_ > 0) hold(unsent(), true);
  phase_ = keep_alive_ ? phase::head : phase::done;
  lingers_ = !keep_alive_;
  if (in_.size() == 0 && in_.capacity() > kept_input_bytes_max) in_.shrink_to_fit();
}

void session::begin_stream(std::shared_ptr<body_source> source) {
  source_ = std::move(source);
  phase_ = phase::stream;
  source_->on_ready([at = slot_, turn = slot_->turn()] { at->ring(turn); });
}

void session::begin_late(response&& answer, std::shared_ptr<late_answer> source) {
  held_ = std::move(answer);
  held_.source = nullptr;
  late_ = source;
  begin_stream(std::move(source));
}

void session::finish_late() {
  auto answer = std::move(held_);
  if (auto no = late_->refused()) {
    answer.status = no->status;
    answer.content_type = no->content_type;
    answer.headers = std::move(no->headers);
  }
  answer.body = std::move(piece_);
  late_ = nullptr;
  source_ = nullptr;
  piece_ = std::string();
  finish_exchange(std::move(answer));
}

// RFC 9112, section 7.1.
void session::append_piece() {
  if (is_http_1_0_) {
    out_ += piece_;
    if (out_.size() > copied_body_bytes_max) hold(out_.size(), true);
    return;
  }
  char size[20];
  auto const end = std::to_chars(size, size + sizeof size, piece_.size(), 16).ptr;
  out_.append(size, end).append("\r\n");
  out_.append(piece_).append("\r\n");
  if (out_.size() > copied_body_bytes_max) hold(out_.size(), true);
}

void session::end_stream() {
  if (!is_http_1_0_) out_ += "0\r\n\r\n";
  source_ = nullptr;
  piece_ = std::string();
  keep_alive_ = keep_alive_ && !home_.context->draining.load(std::memory_order_relaxed);
  phase_ = keep_alive_ ? phase::head : phase::done;
  lingers_ = !keep_alive_;
}

void session::refuse(refusal const& why) {
  home_.context->watch().connection_refused(why.reason);
  if (phase_ == phase::head) { // what was known is of the request before
    request_id_ = home_.new_request_id();
    origin_.clear();
    without_body_ = is_http_1_0_ = false;
  }
  takes_gzip_ = keep_alive_ = false;
  in_.consume(in_.size());
  response answer;
  answer.status = describe(why.code).status;
  answer.content_type = problem_content_type;
  if (why.code == errc::overloaded) answer.headers.emplace_back("Retry-After", "1");
  answer.body = problem_document(error(why.code, std::string(why.detail)), request_id_);
  append(answer);
}

} // namespace alloy::http
