#pragma once
// The protocol side of one connection, without its I/O: it says what to do next (read, write, wait, close) and is told
// what came of it; connection.cpp does it. So keep-alive, pipelining, limits and deadlines are decided in one place,
// the same for plain and TLS. Lives on one I/O thread; nothing here is called from another one.
#include "core/late_answer.hpp"
#include "http/encoding.hpp"
#include "http/request_parser.hpp"
#include "http/response_writer.hpp"
#include "http/worker.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <array>
#include <optional>

namespace alloy::http {

enum class action : unsigned char { read, write, wait, turn, close };

class session {
 public:
  session(worker& home, admission place, bool is_tls);
  virtual ~session();
  session(session const&) = delete;
  session& operator=(session const&) = delete;

  action next();

  // read: put bytes into space(), report them; an error or the end of the stream ends the session.
  boost::asio::mutable_buffer space();
  void received(std::size_t bytes, bool ended);
  // write: what output() holds, in as many steps as it takes.
  using buffers = std::array<boost::asio::const_buffer, 2>;
  buffers output() const noexcept;
  bool has_output() const noexcept { return sent_bytes_ < out_.size() + tail_.size(); }
  void sent(std::size_t bytes, bool failed);
  // A stream's pieces are written by the reactor in turn with everybody else's, also where the socket would take more.
  bool is_streaming() const noexcept { return source_ != nullptr; }
  // wait, turn: until resume().
  virtual void resume() = 0;
  void take_turn();

  // close: whether the peer may still be sending, so that closing at once could destroy our last answer (RFC 9112 9.6).
  bool should_linger() const noexcept { return lingers_ && !is_over_; }
  void start_handshake() noexcept { arm(home_.context->set.head_timeout_ms); }
  void start_linger() noexcept { arm(home_.context->set.linger_timeout_ms); }
  bool is_over() const noexcept { return is_over_; } // nothing more may be sent or read

  // Also goes on where its answer has come and the word of it was lost, for there was no memory for that. May be its
  // end.
  void check_deadline(std::int64_t now_ms);
  void drain(); // an idle connection ends now, a busy one after its answer
  void abort(); // cut without more words

  std::size_t place_in_worker = 0;

 protected:
  // Ends pending socket operations with an error. Closes nothing: that is for the coroutine to do.
  virtual void cancel_io() noexcept = 0;
  virtual bool has_unread_bytes() noexcept = 0;
  // Of what was sent, what the peer's machine has not acknowledged yet.
  virtual std::size_t unacknowledged_bytes() noexcept = 0;

  // The proxy has said whose connection it is.
  void pass_to(std::string client);
  void refuse_connection(std::string_view reason) noexcept;

  worker& home_;

 private:
  enum class phase : unsigned char { head, body, answer, squeeze, stream, done };

  std::optional<action> take_head();
  std::optional<action> take_body();
  std::optional<action> take_answer();
  std::optional<action> take_stream();
  void begin_stream(std::shared_ptr<body_source> source);
  void begin_late(response&& answer, std::shared_ptr<late_answer> source);
  void finish_late();
  std::optional<action> take_squeeze();
  action ask_turn();
  bool has_turn() noexcept;
  answer_context context_of(response const& answer);
  void begin_squeeze(response&& answer);
  void finish(response& answer, squeezed how);
  void end_stream();
  body_source::state pull_piece();
  void append_piece();
  std::optional<action> need_input(std::uint32_t timeout_ms);
  void accept_head(std::string_view head, head_facts const& facts);
  bool agrees(head_facts const& facts) const;
  void read_head_fields();
  void read_request_id();
  void dispatch();
  void finish_exchange(response&& answer);
  void append(response& answer, squeezed body = squeezed::not_tried);
  void report(response const& answer, std::size_t sent_bytes) noexcept;
  void refuse(refusal const& why);
  // What it holds of the memory of all, and for how long.
  holders holders_now() const noexcept { return {client_network_, answer_of_.user, answer_of_.org}; }
  bool hold(std::size_t bytes, bool in_any_case);
  void let_go() noexcept;
  std::size_t unsent() const noexcept { return out_.size() + tail_.size(); }
  bool keeps_up(std::int64_t now_ms) noexcept;
  void watch_reader() noexcept;
  void find_client();
  static response overloaded(std::string_view request_id, header_list const& instead_of);
  void end() noexcept;
  void arm(std::uint32_t timeout_ms) noexcept { deadline_ms_ = worker::now_ms() + timeout_ms; }
  std::string_view buffered() const noexcept;

  admission place_; // the last thing that goes
  bool const is_tls_;
  std::shared_ptr<slot> const slot_;
  boost::beast::flat_buffer in_;
  std::optional<request_parser> parser_;
  std::string out_;  // heads, and bodies that are cheaper copied than sent apart
  std::string tail_; // a large body behind out_
  std::size_t sent_bytes_ = 0;
  std::shared_ptr<body_source> source_; // while the phase is stream
  std::shared_ptr<late_answer> late_;   // the same one, where nothing may be sent before its end
  response held_;                       // what then goes out
  std::string piece_;
  std::unique_ptr<gzip_steps> steps_; // while the phase is squeeze
  std::string_view unsqueezed_;       // of held_'s body

  std::string client_; // who asks: the peer, or whom a trusted proxy names
  auth::ip_prefix client_network_;
  bool waits_for_turn_ = false, has_turn_ = false;
  auth::ip_prefix turn_of_{};
  std::size_t held_bytes_ = 0; // counted in the server_context, for held_by_
  holders held_by_{}, answer_of_{};
  std::uint64_t sent_in_all_ = 0;
  bool is_reader_watched_ = false;
  std::int64_t window_began_ms_ = 0, reader_seen_ms_ = 0;
  std::uint64_t window_taken_ = 0, taken_ = 0;

  phase phase_ = phase::head;
  bool keep_alive_ = true, is_http_1_0_ = false, without_body_ = false, takes_gzip_ = false;
  bool is_in_flight_ = false, wants_continue_ = false, skipped_empty_line_ = false, lingers_ = false, is_over_ = false;
  std::size_t scanned_bytes_ = 0;           // of in_, known to hold no end of head
  std::size_t body_bytes_wanted_ = 1;       // in in_, before the parser is asked again
  std::size_t requests_ = 0, in_a_row_ = 0; // since something was read
  std::size_t received_bytes_ = 0;          // of this request
  std::string request_id_, origin_;
  std::string_view method_label_;
  std::int64_t deadline_ms_ = 0;
  std::int64_t phase_began_ms_ = 0; // 0: not yet
  std::chrono::steady_clock::time_point began_{};
};

} // namespace alloy::http
