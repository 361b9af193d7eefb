#pragma once
// gzip for answers (RFC 1952), and what Accept-Encoding (RFC 9110 section 12.5.3) says about it.
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace alloy::http {

// True if the header's value allows gzip: by name, else by "*", q=0 being a no. An absent header is a no here: who
// does not ask for it gets the bytes as they are.
bool accepts_gzip(std::string_view accept_encoding) noexcept;

// True for media types that shrink: JSON, text, XML and their kin, not images, archives or streams of bytes.
bool is_compressible(std::string_view media_type) noexcept;

// A compressor that keeps its tables (some 256 KiB) between uses. One per thread.
class gzip_encoder {
 public:
  explicit gzip_encoder(int level) noexcept : level_(level) {}
  ~gzip_encoder();
  gzip_encoder(gzip_encoder const&) = delete;
  gzip_encoder& operator=(gzip_encoder const&) = delete;

  // Nothing if zlib has no memory, or if the result would be no shorter.
  std::optional<std::string> encode(std::string_view body);

 private:
  struct stream;
  stream* stream_ = nullptr;
  int level_;
};

// One body compressed step by step, so that others are served between two of them.
class gzip_steps {
 public:
  explicit gzip_steps(int level); // throws std::bad_alloc
  ~gzip_steps();
  gzip_steps(gzip_steps const&) = delete;
  gzip_steps& operator=(gzip_steps const&) = delete;

  // Takes a step's bytes off the front of `rest` and appends what comes of them. True at the end, `rest` being empty.
  bool step(std::string_view& rest, std::string& out);

  static constexpr std::size_t step_bytes = 64 * 1024;
  static constexpr std::size_t own_bytes = 256 * 1024; // what its tables take, about

 private:
  struct stream;
  std::unique_ptr<stream> stream_;
};

} // namespace alloy::http
