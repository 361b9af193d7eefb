#include "client/http_client.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>
#include <array>

namespace alloy::client {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;

constexpr auto token = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t piece_bytes = 64u << 10;
constexpr std::uint32_t answer_head_max_bytes = 64u << 10;
constexpr unsigned early_answers_max = 16; // 1xx, before the one that counts

struct connection {
  explicit connection(asio::io_context& io) : stream(io) {}
  beast::tcp_stream stream;
  std::unique_ptr<asio::ssl::stream<beast::tcp_stream&>> tls;
  beast::flat_buffer buffer;
};

// Of one try to send a request.
struct attempt {
  http_request const& asked;
  http_client::piece_taker const& on_piece;
  http_answer answer = {};
  bool has_begun = false; // a byte of the answer has come
  bool may_keep = false;
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return 'A' <= c && c <= 'Z' ? c + 32 : c; });
  return out;
}

} // namespace

std::string_view http_answer::header(std::string_view name) const noexcept {
  for (auto const& [n, value] : headers)
    if (n == name) return value;
  return {};
}

class http_client::wire {
 public:
  wire(web_url base, http_client_settings s) : base_(std::move(base)), set_(std::move(s)) {
    if (!base_.is_tls) return;
    error_code ec;
    tls_.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                     asio::ssl::context::no_tlsv1_1);
    tls_.set_default_verify_paths(ec);
    tls_.set_verify_mode(asio::ssl::verify_peer);
    if (!set_.ca_file.empty()) tls_.load_verify_file(set_.ca_file, ec);
    if (ec) throw unreachable("the authorities in " + set_.ca_file + " cannot be read: " + ec.message());
  }

  http_answer send(http_request const& r, piece_taker const& on_piece) {
    for (;;) {
      bool const is_reused = connection_ != nullptr;
      attempt a{r, on_piece};
      if (!is_reused) run(connect());
      try {
        if (base_.is_tls)
          run(exchange(*connection_->tls, a));
        else
          run(exchange(connection_->stream, a));
      } catch (unreachable const&) {
        connection_.reset();
        if (is_reused && !a.has_begun) continue;
        throw;
      }
      if (!a.may_keep) connection_.reset();
      return std::move(a.answer);
    }
  }

 private:
  void run(asio::awaitable<void> what) {
    std::exception_ptr broken;
    asio::co_spawn(io_, std::move(what), [&](std::exception_ptr e) { broken = e; });
    io_.restart();
    io_.run();
    if (broken) std::rethrow_exception(broken);
  }

  std::string where() const { return (base_.is_tls ? "https://" : "http://") + base_.host_header(); }
  [[noreturn]] void give_up(std::string const& what) const { throw unreachable(where() + ": " + what); }

  asio::awaitable<void> connect() {
    auto fresh = std::make_unique<connection>(io_);
    tcp::resolver names(io_);
    auto const [unknown, found] = co_await names.async_resolve(base_.host, std::to_string(base_.port), token);
    if (unknown) give_up("the name is not known (" + unknown.message() + ")");
    fresh->stream.expires_after(std::chrono::seconds(set_.connect_timeout_s));
    auto const [refused, at] = co_await fresh->stream.async_connect(found, token);
    if (refused) give_up(refused.message());
    error_code ignored;
    fresh->stream.socket().set_option(tcp::no_delay(true), ignored);
    if (base_.is_tls) {
      fresh->tls = std::make_unique<asio::ssl::stream<beast::tcp_stream&>>(fresh->stream, tls_);
      fresh->tls->set_verify_callback(asio::ssl::host_name_verification(base_.host));
      SSL_set_tlsext_host_name(fresh->tls->native_handle(), base_.host.c_str());
      auto const [failed] = co_await fresh->tls->async_handshake(asio::ssl::stream_base::client, token);
      if (failed) give_up("TLS: " + failed.message());
    }
    connection_ = std::move(fresh);
  }

  std::string head_of(http_request const& r) const {
    auto prefix = base_.target;
    while (prefix.ends_with('/')) prefix.pop_back();
    std::string text = r.method + ' ' + prefix + r.target + " HTTP/1.1\r\nHost: " + base_.host_header() +
                       "\r\nUser-Agent: alloy/" ALLOY_VERSION "\r\n";
    for (auto const& [name, value] : r.headers) text += name + ": " + value + "\r\n";
    if (!r.body.empty() || r.method != "GET") text += "Content-Length: " + std::to_string(r.body.size()) + "\r\n";
    return text += "\r\n";
  }

  using parser_type = http::response_parser<http::buffer_body>;

  template <class Stream> asio::awaitable<void> exchange(Stream& stream, attempt& a) {
    auto& socket = connection_->stream;
    auto const text = head_of(a.asked);
    std::array<asio::const_buffer, 2> const parts{asio::buffer(text), asio::buffer(a.asked.body)};
    socket.expires_after(std::chrono::seconds(set_.silence_s));
    auto const [unsent, sent] = co_await asio::async_write(stream, parts, token);
    if (unsent) give_up(unsent.message());
    std::optional<parser_type> read;
    for (unsigned early = 0;; ++early) {
      auto& next = read.emplace();
      next.header_limit(answer_head_max_bytes);
      next.body_limit(boost::none);
      auto const [cut, head] = co_await http::async_read_header(stream, connection_->buffer, next, token);
      if (cut) give_up("no answer: " + cut.message());
      a.has_begun = true;
      auto const status = next.get().result_int();
      if (status >= 200) break;
      // Nobody asked to speak another protocol, nor does anybody send so many that mean an end.
      if (status == 101 || early == early_answers_max) give_up("no answer, only " + std::to_string(status));
      socket.expires_after(std::chrono::seconds(set_.silence_s));
    }
    auto& parser = *read;
    auto const& message = parser.get();
    a.answer.status = message.result_int();
    for (auto const& field : message)
      a.answer.headers.emplace_back(lower(field.name_string()), std::string(field.value()));
    std::string piece(piece_bytes, '\0');
    while (!parser.is_done()) {
      auto& body = parser.get().body();
      body.data = piece.data();
      body.size = piece.size();
      socket.expires_after(std::chrono::seconds(set_.silence_s));
      auto const [broken, got] = co_await http::async_read_some(stream, connection_->buffer, parser, token);
      if (broken && broken != http::error::need_buffer) give_up("the answer broke off: " + broken.message());
      std::string_view const come(piece.data(), piece.size() - body.size);
      if (come.empty()) continue;
      if (!a.on_piece || !a.answer.is_success())
        a.answer.body += come;
      else if (!a.on_piece(come))
        co_return;
    }
    a.may_keep = parser.keep_alive();
  }

  web_url const base_;
  http_client_settings const set_;
  asio::io_context io_{1};
  asio::ssl::context tls_{asio::ssl::context::tls_client};
  std::unique_ptr<connection> connection_;
};

http_client::http_client(web_url base, http_client_settings s)
    : wire_(std::make_unique<wire>(std::move(base), std::move(s))) {}
http_client::~http_client() = default;

http_answer http_client::send(http_request const& r, piece_taker const& on_piece) {
  return wire_->send(r, on_piece);
}

} // namespace alloy::client
