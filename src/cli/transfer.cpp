#include "cli/transfer.hpp"

#include "cli/terminal.hpp"
#include "core/byte_order_mark.hpp"
#include "core/id.hpp"
#include "core/steering.hpp"
#include "events/export_file.hpp"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <unistd.h>

namespace alloy::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t piece_bytes = 1u << 20;

// A line that is written over, at most four times a second.
class progress {
 public:
  void show(std::string const& text) {
    auto const now = std::chrono::steady_clock::now();
    if (!is_seen_ || now - last_ < std::chrono::milliseconds(250)) return;
    last_ = now;
    std::fprintf(stderr, "\r%-60s", text.c_str());
    has_shown_ = true;
  }
  ~progress() {
    if (has_shown_) std::fprintf(stderr, "\r%-60s\r", "");
  }

 private:
  bool const is_seen_ = ::isatty(STDERR_FILENO) == 1;
  bool has_shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

std::string mib(std::uint64_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

std::uint64_t records_at(client::http_answer const& a) {
  boost::system::error_code ec;
  auto const document = json::parse(a.body, ec);
  auto const* const o = ec ? nullptr : document.if_object();
  auto const* const count = o ? o->if_contains("records") : nullptr;
  return count && count->is_number() ? count->to_number<std::uint64_t>() : 0;
}

class importer {
 public:
  importer(session& s, std::string const& file, bool dry_run) : session_(s), file_(file), dry_run_(dry_run) {}

  client::http_answer run() {
    open();
    while (next_line()) {
      auto const kind = events::kind_of_line(line_);
      if (kind == events::line_kind::end) continue;
      if (kind == events::line_kind::record && ++seq_ <= taken_) continue;
      if (piece_.size() + line_.size() > piece_bytes) send();
      piece_ += line_ + '\n';
      has_more_ = true;
    }
    if (has_more_ || answer_.status == 0) send();
    return std::move(answer_);
  }

 private:
  void open() {
    in_.close();
    in_.clear();
    in_.open(file_, std::ios::binary);
    if (!in_ || !std::getline(in_, header_)) throw cli_error(usage, file_ + " cannot be read");
    header_.erase(0, header_.size() - without_byte_order_mark(header_).size());
    auto const header = events::read_header(header_);
    if (!header) throw cli_error(usage, file_ + ": " + header.error().detail);
    org_ = to_string(header->org_id);
    total_ = header->records;
    piece_ = header_ + '\n';
    seq_ = 0;
    has_more_ = false;
  }

  bool next_line() { return static_cast<bool>(std::getline(in_, line_)); }

  void send() {
    client::http_request r{"POST",
                           "/api/v1/orgs/" + org_ + "/import" + (dry_run_ ? "?dry_run=true" : ""),
                           {{"Content-Type", "application/x-ndjson"}, {"Idempotency-Key", to_string(new_uuid())}}};
    r.body = piece_;
    answer_ = session_.try_send(r);
    if (answer_.status == 409 && taken_ == 0 && records_at(answer_) > 0) { // it was broken off before
      taken_ = records_at(answer_);
      open();
      return;
    }
    if (!answer_.is_success()) session_.refuse(answer_);
    progress_.show("imported " + std::to_string(records_at(answer_)) + " of " + std::to_string(total_) + " records");
    piece_ = header_ + '\n';
    has_more_ = false;
  }

  session& session_;
  std::string const& file_;
  bool const dry_run_;
  std::ifstream in_;
  std::string header_, line_, org_, piece_;
  std::uint64_t seq_ = 0, taken_ = 0, total_ = 0;
  bool has_more_ = false;
  client::http_answer answer_;
  progress progress_;
};

} // namespace

void write_export(session& s, client::http_request const& r, std::string const& file, terminal const& screen) {
  std::FILE* const out = file.empty() ? stdout : std::fopen(file.c_str(), "wb");
  if (!out) throw cli_error(broken, file + " cannot be written");
  progress shown;
  std::uint64_t bytes = 0;
  bool well = true;
  bool const is_shown = file.empty() && screen.is_screen();
  std::string line; // begun: a piece may end within a character
  auto const put = [&](std::string_view text) {
    well = well && std::fwrite(text.data(), 1, text.size(), out) == text.size();
  };
  s.send(r, false, [&](std::string_view piece) {
    bytes += piece.size();
    if (is_shown) {
      line += piece;
      auto const whole = line.rfind('\n') + 1;
      put(without_steering(std::string_view(line).substr(0, whole)));
      line.erase(0, whole);
    } else {
      put(piece);
    }
    shown.show("exported " + mib(bytes));
    return well;
  });
  put(without_steering(line));
  well = std::fflush(out) == 0 && well;
  if (out != stdout) std::fclose(out);
  if (!well) throw cli_error(broken, (file.empty() ? "standard output" : file) + " cannot be written");
}

client::http_answer send_import(session& s, std::string const& file, bool dry_run) {
  return importer(s, file, dry_run).run();
}

} // namespace alloy::cli
