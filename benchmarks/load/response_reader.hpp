#pragma once
// Reads just enough of HTTP/1.1 answers to know where each ends: status, Content-Length, Connection. Bodies are counted
// and dropped, but for the first bytes of an answer that was not expected. Chunked bodies are refused: Alloy and the
// bare server always say their length. One thread, one reader a connection.
#include <cstdint>
#include <string>
#include <string_view>

namespace alloy::bench {

class response_reader {
 public:
  enum class state { more, done, malformed };

  // Takes what was received while one answer is awaited; bytes behind its end make it malformed.
  state feed(std::string_view bytes);
  // Forgets the answer, ready for the next.
  void reset();

  unsigned status() const noexcept { return status_; }
  bool closes() const noexcept { return closes_; }
  std::uint64_t body_bytes() const noexcept { return body_bytes_; }
  // The first bytes of the answer, head included, for a complaint.
  std::string_view beginning() const noexcept { return beginning_; }

 private:
  bool parse_head(std::string_view head);
  bool take_header(std::string_view line);

  std::string partial_head_, beginning_;
  std::uint64_t body_bytes_ = 0, body_left_ = 0;
  unsigned status_ = 0;
  bool in_body_ = false, closes_ = false, has_length_ = false;
};

} // namespace alloy::bench
