#include "http/encoding.hpp"

#include "http/char_classes.hpp"

#include <zlib.h>

#include <limits>
#include <new>

namespace alloy::http {
namespace {

// A weight is 0 to 1 with at most three decimals; it is a no exactly if no digit of it is other than 0.
bool is_zero_weight(std::string_view parameters) noexcept {
  for (auto rest = parameters; !rest.empty();) {
    auto const end = std::min(rest.find(';'), rest.size());
    auto const one = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (one.size() > 2 && same_letters(one.substr(0, 2), "q="))
      return one.substr(2).find_first_not_of("0.") == one.npos;
  }
  return false;
}

} // namespace

bool accepts_gzip(std::string_view accept_encoding) noexcept {
  bool named = false, by_name = false, by_star = false;
  for_each_element(accept_encoding, [&](std::string_view element) {
    auto const semicolon = std::min(element.find(';'), element.size());
    auto const coding = trimmed(element.substr(0, semicolon));
    auto const allowed = !is_zero_weight(element.substr(std::min(semicolon + 1, element.size())));
    if (same_letters(coding, "gzip") || same_letters(coding, "x-gzip")) {
      named = true;
      by_name = allowed;
    } else if (coding == "*") {
      by_star = allowed;
    }
  });
  return named ? by_name : by_star;
}

bool is_compressible(std::string_view media_type) noexcept {
  auto const type = trimmed(media_type.substr(0, media_type.find(';')));
  if (type.starts_with("text/") || type == "image/svg+xml") return true;
  if (!type.starts_with("application/")) return false;
  auto const what = type.substr(12);
  return what == "json" || what.ends_with("+json") || what == "x-ndjson" || what == "xml" || what.ends_with("+xml") ||
         what == "javascript" || what == "yaml";
}

namespace {
constexpr int window_bits = 15 + 16; // 16: a gzip header instead of zlib's
} // namespace

struct gzip_encoder::stream {
  z_stream z{};
};

gzip_encoder::~gzip_encoder() {
  if (stream_ == nullptr) return;
  deflateEnd(&stream_->z);
  delete stream_;
}

std::optional<std::string> gzip_encoder::encode(std::string_view body) {
  if (body.size() > std::numeric_limits<uInt>::max()) return {};
  if (stream_ == nullptr) {
    stream_ = new stream;
    if (deflateInit2(&stream_->z, level_, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
      delete stream_;
      stream_ = nullptr;
      return {};
    }
  } else {
    deflateReset(&stream_->z);
  }
  auto& z = stream_->z;
  std::string out(body.size(), '\0'); // it must come out shorter, so this is always enough
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  z.avail_in = static_cast<uInt>(body.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  if (deflate(&z, Z_FINISH) != Z_STREAM_END) return {};
  out.resize(out.size() - z.avail_out);
  return out;
}

struct gzip_steps::stream {
  z_stream z{};
};

gzip_steps::gzip_steps(int level) : stream_(std::make_unique<stream>()) {
  if (deflateInit2(&stream_->z, level, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
}

gzip_steps::~gzip_steps() {
  deflateEnd(&stream_->z);
}

bool gzip_steps::step(std::string_view& rest, std::string& out) {
  auto& z = stream_->z;
  auto const piece = rest.substr(0, step_bytes);
  rest.remove_prefix(piece.size());
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(piece.data()));
  z.avail_in = static_cast<uInt>(piece.size());
  for (;;) {
    constexpr std::size_t room = 16 * 1024;
    auto const before = out.size();
    out.resize(before + room);
    z.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    z.avail_out = room;
    auto const came = deflate(&z, rest.empty() ? Z_FINISH : Z_NO_FLUSH);
    out.resize(before + room - z.avail_out);
    if (came == Z_STREAM_END) return true;
    if (z.avail_out > 0) return false; // all was taken in, or there is nothing to be made of it yet
  }
}

} // namespace alloy::http
