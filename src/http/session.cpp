#include "http/session.hpp"

#include "core/exceptions.hpp"
#include "core/fault_point.hpp"
#include "http/char_classes.hpp"

#include <charconv>

namespace alloy::http {
namespace {

namespace asio = boost::asio;

constexpr std::size_t head_read_bytes = 4 * 1024;
constexpr std::size_t body_read_bytes = 32 * 1024;
constexpr std::size_t flush_bytes = 64 * 1024;    // of answers to pipelined requests
constexpr std::size_t in_a_row_max = 8;           // of those; then others have their turn
constexpr std::size_t kept_bytes_max = 64 * 1024; // of an idle connection's buffers
constexpr std::size_t request_id_bytes_max = 128;
constexpr std::int64_t look_again_ms = 100;
constexpr std::size_t counted_body_bytes = 64 * 1024; // of a body that is coming; less is not counted
constexpr refusal too_much_waits{
    errc::overloaded, "too_much_waits",
    "Too many bytes from or to this address, or of its user or organization, wait already"};

std::string_view label_of(std::string_view method) noexcept {
  for (std::string_view const known : {"GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS"})
    if (method == known) return known;
  return "OTHER";
}

} // namespace

session::session(worker& home, admission place, bool is_tls)
    : home_(home), place_(std::move(place)), is_tls_(is_tls), slot_(std::make_shared<slot>(home.answers, this)),
      client_(place_.peer()), client_network_(place_.ip_prefix()) {
  home_.add(*this);
}

session::~session() {
  if (is_in_flight_) { // cut by a stop or an exception
    response none;
    none.status = 0;
    report(none, 0);
  }
  if (waits_for_turn_) home_.forget_turn(*this, turn_of_);
  let_go();
  slot_->leave();
  home_.remove(*this);
}

action session::next() {
  for (;;) {
    if (is_over_) return action::close;
    if (waits_for_turn_) return action::turn; // woken by something else meanwhile
    std::optional<action> what;
    switch (phase_) {
    case phase::head: what = take_head(); break;
    case phase::body: what = take_body(); break;
    case phase::answer: what = take_answer(); break;
    case phase::squeeze: what = take_squeeze(); break;
    case phase::stream: what = take_stream(); break;
    case phase::done: what = has_output() ? action::write : action::close; break;
    }
    if (!what) continue;
    if (*what == action::write) watch_reader();
    return *what;
  }
}

std::string_view session::buffered() const noexcept {
  auto const bytes = in_.cdata();
  return {static_cast<char const*>(bytes.data()), bytes.size()};
}

asio::mutable_buffer session::space() {
  return in_.prepare(phase_ == phase::head ? head_read_bytes : body_read_bytes);
}

void session::received(std::size_t bytes, bool ended) {
  in_.commit(bytes);
  in_a_row_ = 0;
  // It was idle when it was ended, but a request was already on its way: serve that one still.
  if (phase_ == phase::done && bytes > 0) phase_ = phase::head;
  if (ended && phase_ != phase::done) is_over_ = true;
}

session::buffers session::output() const noexcept {
  if (sent_bytes_ < out_.size())
    return {asio::const_buffer(out_.data() + sent_bytes_, out_.size() - sent_bytes_), asio::buffer(tail_)};
  auto const of_tail = sent_bytes_ - out_.size();
  return {asio::const_buffer(tail_.data() + of_tail, tail_.size() - of_tail), asio::const_buffer()};
}

void session::sent(std::size_t bytes, bool failed) {
  sent_bytes_ += bytes;
  sent_in_all_ += bytes;
  if (failed) {
    is_over_ = true;
  } else if (!has_output()) {
    if (held_bytes_ > 0 && phase_ != phase::squeeze) let_go(); // what is being compressed is there still
    is_reader_watched_ = false;
    out_.clear();
    if (out_.capacity() > kept_bytes_max) out_.shrink_to_fit();
    tail_ = std::string();
    sent_bytes_ = 0;
  }
}

std::optional<action> session::take_head() {
  if (!tail_.empty() || out_.size() >= flush_bytes || (held_bytes_ > 0 && has_output())) return action::write;
  auto bytes = buffered();
  if (in_a_row_ >= in_a_row_max && !bytes.empty()) {
    if (has_output()) return action::write;
    if (!has_turn()) return ask_turn();
    in_a_row_ = 0;
  }
  if (!skipped_empty_line_ && bytes.starts_with("\r\n")) { // some clients send one too many (RFC 9112 section 2.2)
    in_.consume(2);
    skipped_empty_line_ = true;
    scanned_bytes_ = 0;
    bytes = buffered();
  }
  auto const end = bytes.find("\r\n\r\n", scanned_bytes_ > 3 ? scanned_bytes_ - 3 : 0);
  auto const& context = *home_.context;
  if (end != bytes.npos) {
    head_facts facts;
    auto const head = bytes.substr(0, end + 4);
    if (auto const* const no = inspect_head(head, context.limits, facts))
      refuse(*no);
    else
      accept_head(head, facts);
    return {};
  }
  if (auto const* const no = inspect_partial(bytes, scanned_bytes_, context.limits)) {
    refuse(*no);
    return {};
  }
  scanned_bytes_ = bytes.size();
  if (has_output()) return action::write;
  auto const draining = context.draining.load(std::memory_order_relaxed);
  if (bytes.empty() && requests_ > 0 && draining) {
    phase_ = phase::done;
    return {};
  }
  if (bytes.empty() && (requests_ > 0 || draining)) {
    arm(draining ? context.set.linger_timeout_ms : context.set.idle_timeout_ms);
  } else {
    if (phase_began_ms_ == 0) phase_began_ms_ = worker::now_ms();
    deadline_ms_ = phase_began_ms_ + context.set.head_timeout_ms;
  }
  return action::read;
}

void session::accept_head(std::string_view head, head_facts const& facts) {
  auto const& set = home_.context->set;
  answer_of_ = {}; // whose this one is the service says; a proxy's connection serves many
  parser_.emplace(head.size(), set.body_bytes_max);
  request_parser::error_code ec;
  auto const used = parser_->put(asio::const_buffer(head.data(), head.size()), ec);
  if (ec == boost::beast::http::error::body_limit) {
    // It is the body that is refused, under the request's own id; of the rest of the head Beast has made nothing yet.
    read_request_id();
    origin_.clear();
    without_body_ = is_http_1_0_ = false;
    phase_ = phase::body;
    return refuse(body_too_large);
  }
  if (ec) return refuse(bad_head);
  if (used != head.size() || !agrees(facts)) return refuse(parsers_disagree);
  received_bytes_ = head.size();
  read_head_fields();
  in_.consume(head.size());
  scanned_bytes_ = 0;
  skipped_empty_line_ = false;
  phase_began_ms_ = 0;
  if (parser_->is_done()) return dispatch();
  parser_->eager(true);
  body_bytes_wanted_ = 1;
  phase_ = phase::body;
  phase_began_ms_ = worker::now_ms();
}

bool session::agrees(head_facts const& facts) const {
  if (!parser_->is_header_done() || parser_->chunked() != facts.chunked) return false;
  auto const theirs = parser_->content_length();
  if (theirs.has_value() != facts.length.has_value()) return false;
  if (!theirs) return true;
  std::uint64_t ours = 0;
  std::from_chars(facts.length->data(), facts.length->data() + facts.length->size(), ours);
  return ours == *theirs;
}

void session::read_request_id() {
  request_id_.clear();
  for (auto const& [name, value] : parser_->message().headers)
    if (name == "x-request-id" && value.size() <= request_id_bytes_max && all_of(value, char_class::request_id))
      request_id_ = value;
  if (request_id_.empty()) request_id_ = home_.new_request_id();
}

void session::read_head_fields() {
  keep_alive_ = parser_->keep_alive();
  is_http_1_0_ = parser_->is_http_1_0();
  takes_gzip_ = wants_continue_ = false;
  origin_.clear();
  read_request_id();
  auto const& context = *home_.context;
  for (auto const& [name, value] : parser_->message().headers) {
    if (name == "accept-encoding")
      takes_gzip_ = context.set.gzip_level > 0 && accepts_gzip(value);
    else if (name == "expect")
      wants_continue_ = !is_http_1_0_ && same_letters(value, "100-continue");
    else if (name == "origin" && context.cors.is_on())
      origin_ = value;
  }
  method_label_ = label_of(parser_->message().method);
  without_body_ = method_label_ == "HEAD";
}

std::optional<action> session::take_body() {
  while (!parser_->is_done() && in_.size() >= body_bytes_wanted_) {
    request_parser::error_code ec;
    auto const used = parser_->put(in_.cdata(), ec);
    in_.consume(used);
    received_bytes_ += used;
    body_bytes_wanted_ = 1;
    if (ec == boost::beast::http::error::need_more) {
      body_bytes_wanted_ = request_parser::framing_bytes_min;
      if (in_.size() > request_parser::framing_bytes_max)
        ec = boost::beast::http::error::header_limit;
      else
        break;
    }
    if (!ec) continue;
    if (ec == boost::beast::http::error::body_limit)
      refuse(body_too_large);
    else
      refuse(parser_->trailer_refused() ? bad_trailer : bad_body_framing);
    return {};
  }
  auto const& body = parser_->message().body;
  if (!parser_->is_done() && body.size() > counted_body_bytes && !hold(unsent() + body.size(), false)) {
    refuse(too_much_waits);
    return {};
  }
  if (parser_->is_done()) {
    phase_began_ms_ = 0;
    if (held_bytes_ > 0) hold(unsent(), true);
    dispatch();
    return {};
  }
  if (wants_continue_ && in_.size() == 0) out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  wants_continue_ = false;
  if (has_output()) return action::write;
  auto const& set = home_.context->set;
  deadline_ms_ = phase_began_ms_ + set.body_timeout_ms;
  if (set.body_bytes_per_s_min > 0)
    deadline_ms_ += static_cast<std::int64_t>(received_bytes_ * 1000 / set.body_bytes_per_s_min);
  return action::read;
}

void session::dispatch() {
  auto const& context = *home_.context;
  ++requests_;
  ++in_a_row_;
  began_ = std::chrono::steady_clock::now();
  home_.context->in_flight.fetch_add(1, std::memory_order_relaxed);
  is_in_flight_ = true;
  context.watch().request_started();
  auto& asked = parser_->message();
  if (place_.is_proxy()) find_client();
  asked.peer = client_;
  asked.request_id = request_id_;
  asked.room = &context.unsent;
  if (without_body_) asked.method = "GET"; // HEAD is GET without the body: the rest of Alloy need not know it
  phase_ = phase::answer;
  slot_->open();
  if (context.cors.is_on() && cors_policy::is_preflight(asked)) return slot_->fill(cors_policy::preflight_answer());
  // What it does could not be undone where its answer is refused: so it is looked at before; by who knows whose it is,
  // for the user and the organization, too.
  if (method_label_ != "GET" && method_label_ != "HEAD" && !context.unsent.has_room({client_network_})) {
    context.watch().answer_refused();
    return slot_->fill(overloaded(request_id_, {}));
  }
  auto const turn = std::make_shared<exchange>(slot_, request_id_);
  try {
    fault_points::pass("http.request");
    context.serve(std::move(asked), [turn](response&& answer) { turn->answer(std::move(answer)); });
  } catch (...) {
    note_exception(thrown_at::http_request, std::current_exception(), request_id_);
    turn->fail();
  }
}

std::optional<action> session::take_answer() {
  if (slot_->is_filled()) {
    finish_exchange(slot_->take());
    return {};
  }
  if (has_output()) return action::write;
  if (!slot_->await()) return {};
  deadline_ms_ = 0; // how long an answer may take is the handler's to decide
  return action::wait;
}

body_source::state session::pull_piece() {
  try {
    fault_points::pass("http.stream");
    return source_->pull(piece_);
  } catch (...) {
    note_exception(thrown_at::http_request, std::current_exception(), request_id_);
    return body_source::state::broken;
  }
}

std::optional<action> session::take_stream() {
  if (has_output()) return action::write;
  if (!has_turn()) return ask_turn();
  if (!home_.context->unsent.has_room(holders_now())) { // until some of what waits is taken
    deadline_ms_ = worker::now_ms() + look_again_ms;
    return action::wait;
  }
  if (home_.context->draining.load(std::memory_order_relaxed)) source_->hurry();
  slot_->listen(); // before the look, so that no ring between the two is lost
  piece_.clear();
  auto const state = pull_piece();
  if (late_) {
    if (state == body_source::state::end) {
      finish_late();
      return {};
    }
  } else if (!piece_.empty()) {
    append_piece();
  }
  switch (state) {
  case body_source::state::piece: return {};
  case body_source::state::end: end_stream(); return {};
  case body_source::state::broken: is_over_ = true; return {};
  case body_source::state::later: break;
  }
  if (has_output()) return action::write;
  if (!slot_->await()) return {};
  auto const patience = source_->patience_ms();
  deadline_ms_ = patience > 0 ? worker::now_ms() + patience : 0;
  return action::wait;
}

void session::end() noexcept {
  phase_ = phase::done;
  deadline_ms_ = 0;
  cancel_io();
}

void session::check_deadline(std::int64_t now_ms) {
  if (waits_for_turn_) return; // which comes
  if (has_output() && held_bytes_ == 0) hold(unsent(), true);
  bool const waits = phase_ == phase::answer || phase_ == phase::stream;
  if (waits && !has_output() && slot_->is_filled()) return resume();
  if (deadline_ms_ == 0 || now_ms < deadline_ms_) return;
  if (has_output() && is_reader_watched_ && keeps_up(now_ms)) return;
  if (phase_ == phase::stream && !has_output()) { // time for a heartbeat
    deadline_ms_ = 0;
    return resume();
  }
  auto const idle = phase_ == phase::head && in_.size() == 0 && !has_output();
  if (idle && requests_ > 0) return end();
  deadline_ms_ = 0;
  is_over_ = true;
  if (has_output())
    home_.context->watch().connection_refused("slow_reader");
  else if (phase_ == phase::head)
    home_.context->watch().connection_refused("slow_head");
  else if (phase_ == phase::body)
    home_.context->watch().connection_refused("slow_body");
  cancel_io();
}

void session::drain() {
  if (phase_ == phase::stream && !has_output()) return resume();
  if (phase_ != phase::head || in_.size() > 0 || has_output() || has_unread_bytes()) return;
  if (requests_ > 0)
    end();
  else
    arm(home_.context->set.linger_timeout_ms); // it was opened for a request that may be on its way
}

void session::abort() {
  is_over_ = true;
  cancel_io();
  resume();
}

} // namespace alloy::http
