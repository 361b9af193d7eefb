#include "webhooks/transport.hpp"

#include "core/exceptions.hpp"
#include "core/fault_point.hpp"
#include "webhooks/org_turns.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include <array>
#include <charconv>
#include <chrono>
#include <mutex>
#include <netdb.h>
#include <set>
#include <unordered_map>

namespace alloy::webhooks {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using error_code = boost::system::error_code;
using clock = std::chrono::steady_clock;

constexpr std::size_t kept_body_bytes = 1024;
constexpr std::uint32_t answer_head_max_bytes = 64u << 10; // of an answer, and of each that comes before it
constexpr unsigned early_answers_max = 16;                 // 1xx, before the one that counts

struct connection {
  explicit connection(asio::io_context& io) : socket(io) {}
  tcp::socket socket;
  std::unique_ptr<asio::ssl::stream<tcp::socket&>> tls;
  boost::beast::flat_buffer buffer;
  std::string origin; // where it leads: scheme, host and port of the URL it was made for
  clock::time_point idle_since{};

  template <class F> void with_stream(F f) { tls ? f(*tls) : f(socket); }
  void close() noexcept {
    error_code ignored;
    socket.close(ignored);
  }
};
using connection_ptr = std::unique_ptr<connection>;

tcp::endpoint endpoint_of(ip_address const& a, std::uint16_t port) {
  if (a.is_v4) {
    asio::ip::address_v4::bytes_type v4{a.bytes[12], a.bytes[13], a.bytes[14], a.bytes[15]};
    return {asio::ip::address_v4(v4), port};
  }
  return {asio::ip::address_v6(a.bytes), port};
}

std::string origin_of(web_url const& u) {
  return (u.is_tls ? "https " : "http ") + u.host + " " + std::to_string(u.port);
}

std::string request_text(message const& m) {
  std::string text = "POST " + m.url.target + " HTTP/1.1\r\nHost: " + m.url.host_header() +
                     "\r\nUser-Agent: Alloy/" ALLOY_VERSION "\r\nContent-Type: application/json\r\nAccept: */*\r\n";
  for (auto const& [name, value] : m.headers) text += name + ": " + value + "\r\n";
  text += "Content-Length: " + std::to_string(m.body.size()) + "\r\n\r\n";
  return text += m.body;
}

} // namespace

std::vector<ip_address> resolve_by_system(std::string const& host) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) return {};
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> const held(found, ::freeaddrinfo);
  std::vector<ip_address> all;
  for (auto const* one = found; one; one = one->ai_next) {
    ip_address a;
    if (one->ai_family == AF_INET) {
      auto const* const v4 = reinterpret_cast<sockaddr_in const*>(one->ai_addr);
      a.is_v4 = true;
      a.bytes[10] = a.bytes[11] = 0xff;
      std::copy_n(reinterpret_cast<unsigned char const*>(&v4->sin_addr), 4, a.bytes.begin() + 12);
    } else if (one->ai_family == AF_INET6) {
      auto const* const v6 = reinterpret_cast<sockaddr_in6 const*>(one->ai_addr);
      std::copy_n(reinterpret_cast<unsigned char const*>(&v6->sin6_addr), 16, a.bytes.begin());
    } else {
      continue;
    }
    all.push_back(a);
  }
  return all;
}

class exchange;

struct transport::parts {
  parts(asio::io_context& on, transport_settings s, address_policy g, resolver how)
      : io(on), set(std::move(s)), guard(std::move(g)), resolve(std::move(how)),
        lookups(set.resolver_threads, set.resolver_threads_per_org), names(std::in_place, set.resolver_threads) {
    ended.reserve(set.resolver_threads);
  }

  // On the io_context's thread.
  void look_up_next();
  void free_threads() {
    std::scoped_lock const lock(guard_of_ended);
    for (auto const& org : ended) lookups.done(org);
    ended.clear();
  }

  asio::io_context& io;
  transport_settings const set;
  address_policy const guard;
  resolver const resolve;
  asio::ssl::context tls{asio::ssl::context::tls_client};
  std::unordered_map<endpoint_name, std::vector<connection_ptr>, endpoint_name::hash> kept;
  std::set<exchange*> running;
  bool stopped = false;
  org_turns<std::shared_ptr<exchange>> lookups;
  std::mutex guard_of_ended;
  std::vector<uuid> ended; // whose look-ups have ended; with room for all, so that no thread is lost for want of memory
  std::optional<asio::thread_pool> names; // what waits in it holds its exchange, and that holds this: ended by hand
};

// One attempt, from the look-up to the answer. Every step holds it; once it has ended, late steps find nothing to do.
class exchange : public std::enable_shared_from_this<exchange> {
 public:
  exchange(std::shared_ptr<transport::parts> of, message m, transport::done then)
      : of_(std::move(of)), message_(std::move(m)), then_(std::move(then)), deadline_(of_->io) {
    of_->running.insert(this);
  }
  ~exchange() { of_->running.erase(this); }

  void start() {
    step([this] { begin(); });
  }

  // A thread is free for it; false where it takes none.
  bool look_up() {
    waits_for_name_ = false;
    bool has_begun = false;
    step([&] {
      asio::post(*of_->names, [self = shared_from_this()]() mutable { look_up_apart(std::move(self)); });
      has_begun = true;
    });
    return has_begun;
  }

  void cut() {
    is_over_ = true;
    then_ = nullptr;
    deadline_.cancel();
    if (connection_) connection_->close();
  }

 private:
  // What a step throws ends this attempt and no other.
  template <class Step> void step(Step what) {
    if (is_over_) return;
    try {
      fault_points::pass("webhooks.exchange");
      what();
    } catch (...) {
      if (is_over_) throw; // it could not even say that it has ended
      note_exception(thrown_at::webhooks);
      fail(failure::http, "the attempt broke off");
    }
  }

  void begin() {
    text_ = request_text(message_);
    if (auto why = of_->guard.complaint(message_.url); !why.empty()) return fail(failure::refused_target, why);
    auto& idle = of_->kept[message_.endpoint];
    auto const oldest = clock::now() - std::chrono::milliseconds(of_->set.idle_timeout_ms);
    while (!idle.empty()) {
      connection_ = std::move(idle.back());
      idle.pop_back();
      // One that was under way while the URL was changed has come back to where the endpoint is no more.
      if (connection_->idle_since < oldest || connection_->origin != origin_of(message_.url)) {
        connection_->close();
        continue;
      }
      is_reused_ = true;
      wait_at_most(of_->set.timeout_ms);
      return write();
    }
    resolve();
  }

  // On a thread of the look-ups. Handed back as a whole, so that it never ends there.
  static void look_up_apart(std::shared_ptr<exchange> self) {
    auto& of = *self->of_;
    std::vector<ip_address> found; // none where it throws
    contained(thrown_at::resolver, [&] {
      fault_points::pass("resolver");
      found = of.resolve(self->message_.url.host);
    });
    {
      std::scoped_lock const lock(of.guard_of_ended);
      of.ended.push_back(self->message_.endpoint.org_id);
    }
    // Where there is no memory for that, the deadline ends it.
    contained(thrown_at::resolver, [&] {
      asio::post(of.io, [self = std::move(self), found = std::move(found)]() mutable {
        self->of_->look_up_next();
        self->step([&] { self->looked_up(std::move(found)); });
      });
    });
  }

  void resolve() {
    is_reused_ = false;
    connection_.reset();
    wait_at_most(of_->set.connect_timeout_ms);
    ip_address literal;
    if (parse_address(message_.url.host, literal)) return connect_to(literal);
    of_->lookups.add(message_.endpoint.org_id, shared_from_this());
    waits_for_name_ = true;
    of_->look_up_next();
  }

  void looked_up(std::vector<ip_address> found) {
    for (auto const& a : found)
      if (of_->guard.allows(message_.url, a)) targets_.push_back(endpoint_of(a, message_.url.port));
    // One answer for a name that is not there and for one of the operator's own network: whether such a name exists is
    // not for the tenant to know, nor what it resolves to.
    if (targets_.empty())
      return fail(failure::dns, message_.url.host + " is not known, or is no target that webhooks may reach");
    connect();
  }

  void connect_to(ip_address const& literal) {
    if (!of_->guard.allows(message_.url, literal))
      return fail(failure::refused_target, message_.url.host + " is not a target that webhooks may reach");
    targets_.push_back(endpoint_of(literal, message_.url.port));
    connect();
  }

  void connect() {
    connection_ = std::make_unique<connection>(of_->io);
    connection_->origin = origin_of(message_.url);
    asio::async_connect(
        connection_->socket, targets_,
        [self = shared_from_this()](error_code ec, tcp::endpoint const&) { self->step([&] { self->connected(ec); }); });
  }

  void connected(error_code ec) {
    if (ec) return fail(failure::connect, ec.message());
    connection_->socket.set_option(tcp::no_delay(true), ec);
    if (!message_.url.is_tls) return secured({});
    auto& tls = connection_->tls;
    tls = std::make_unique<asio::ssl::stream<tcp::socket&>>(connection_->socket, of_->tls);
    tls->set_verify_mode(asio::ssl::verify_peer, ec);
    tls->set_verify_callback(asio::ssl::host_name_verification(message_.url.host), ec);
    ip_address literal;
    if (!parse_address(message_.url.host, literal) &&
        SSL_set_tlsext_host_name(tls->native_handle(), message_.url.host.c_str()) != 1)
      return fail(failure::tls, "the name cannot be sent to the server");
    tls->async_handshake(asio::ssl::stream_base::client, [self = shared_from_this()](error_code failed) {
      self->step([&] { self->secured(failed); });
    });
  }

  void secured(error_code ec) {
    if (ec) return fail(failure::tls, ec.message());
    auto const used = elapsed_ms();
    wait_at_most(std::max<std::int64_t>(1, of_->set.timeout_ms - used));
    write();
  }

  void write() {
    connection_->with_stream([this](auto& stream) {
      asio::async_write(stream, asio::buffer(text_), [self = shared_from_this()](error_code ec, std::size_t) {
        self->step([&] { self->written(ec); });
      });
    });
  }

  void written(error_code ec) {
    if (ec) return is_reused_ ? resolve() : fail(failure::connect, ec.message());
    early_answers_ = 0;
    read_answer();
  }

  void read_answer() {
    parser_.emplace();
    parser_->header_limit(answer_head_max_bytes);
    parser_->body_limit(boost::none);
    auto& body = parser_->get().body();
    body.data = answer_.data();
    body.size = answer_.size();
    body.more = false;
    connection_->with_stream([this](auto& stream) {
      http::async_read(stream, connection_->buffer, *parser_,
                       [self = shared_from_this()](error_code failed, std::size_t bytes) {
                         self->step([&] { self->read(failed, bytes); });
                       });
    });
  }

  void read(error_code ec, std::size_t bytes) {
    bool const cut_short = ec == http::error::need_buffer; // it says more than is kept
    if (ec && !cut_short && !parser_->is_header_done()) {
      // Kept alive for nothing: the server had closed it before it saw this request.
      if (is_reused_ && bytes == 0 && early_answers_ == 0) return resolve();
      return fail(ec == http::error::end_of_stream || ec == asio::error::connection_reset || ec == asio::error::eof
                      ? failure::connect
                      : failure::http,
                  ec == http::error::header_limit ? "the head of the answer is larger than 64 KiB" : ec.message());
    }
    if (auto const status = parser_->get().result_int(); status < 200) {
      // Nobody asked to speak another protocol, nor does anybody send so many that mean an end.
      if (status == 101 || ++early_answers_ > early_answers_max)
        return fail(failure::http, status == 101 ? "the answer was 101" : "no answer came after many of 1xx");
      return read_answer();
    }
    outcome o;
    o.status = static_cast<std::int64_t>(parser_->get().result_int());
    auto const left = parser_->get().body().size;
    o.body.assign(answer_.data(), answer_.size() - std::min(left, answer_.size()));
    o.retry_after_ms = retry_after();
    if (!o.is_success()) {
      o.error = failure::http;
      o.detail = "the answer was " + std::to_string(o.status);
    }
    if (!ec && parser_->is_done() && parser_->keep_alive()) keep();
    finish(std::move(o));
  }

  std::int64_t retry_after() const {
    auto const given = parser_->get()[http::field::retry_after];
    std::int64_t seconds = 0; // of its two forms, the number
    std::from_chars(given.data(), given.data() + given.size(), seconds);
    return std::clamp<std::int64_t>(seconds, 0, 86'400) * 1000;
  }

  void keep() {
    auto& idle = of_->kept[message_.endpoint];
    if (idle.size() >= of_->set.kept_per_endpoint_max || connection_->buffer.size() > 0) return;
    connection_->idle_since = clock::now();
    idle.push_back(std::move(connection_));
  }

  std::int64_t elapsed_ms() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - began_).count();
  }

  void wait_at_most(std::int64_t ms) {
    deadline_.expires_after(std::chrono::milliseconds(ms));
    deadline_.async_wait([self = shared_from_this()](error_code ec) {
      if (!ec && !self->is_over_) self->fail(failure::timeout, "there was no answer in time");
    });
  }

  void fail(failure why, std::string detail) {
    outcome o;
    o.error = why;
    o.detail = std::move(detail);
    finish(std::move(o));
  }

  void finish(outcome o) {
    is_over_ = true;
    deadline_.cancel();
    if (connection_) connection_->close();
    auto const self = shared_from_this(); // what waits may be all that holds it
    if (waits_for_name_) of_->lookups.drop_if(message_.endpoint.org_id, [&](auto const& one) { return one == self; });
    o.duration_ms = elapsed_ms();
    // Not from within: who sent this may be sending still.
    asio::post(of_->io, [then = std::move(then_), o = std::move(o)]() mutable {
      if (then) then(std::move(o));
    });
  }

  std::shared_ptr<transport::parts> of_;
  message message_;
  transport::done then_;
  asio::steady_timer deadline_;
  connection_ptr connection_;
  std::string text_;
  std::vector<tcp::endpoint> targets_;
  std::optional<http::response_parser<http::buffer_body>> parser_;
  std::array<char, kept_body_bytes> answer_{};
  clock::time_point const began_ = clock::now();
  unsigned early_answers_ = 0;
  bool is_reused_ = false, is_over_ = false, waits_for_name_ = false;
};

void transport::parts::look_up_next() {
  free_threads();
  while (auto const one = lookups.next())
    if (!one->second->look_up()) lookups.done(one->first);
}

transport::transport(asio::io_context& io, transport_settings s, address_policy guard, resolver how)
    : parts_(std::make_shared<parts>(io, std::move(s), std::move(guard), std::move(how))) {
  auto& tls = parts_->tls;
  tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                  asio::ssl::context::no_tlsv1_1);
  error_code ec;
  tls.set_default_verify_paths(ec);
  if (parts_->set.ca_file.empty()) return;
  tls.load_verify_file(parts_->set.ca_file, ec);
  if (ec) throw std::runtime_error("webhook_ca_file: " + parts_->set.ca_file + ": " + ec.message());
}

transport::~transport() {
  stop();
  parts_->names->join();
  parts_->names.reset();
}

void transport::send(message m, done then) {
  std::make_shared<exchange>(parts_, std::move(m), std::move(then))->start();
}

void transport::forget(endpoint_name const& endpoint) {
  parts_->kept.erase(endpoint);
}

std::size_t transport::lookups_waiting() const noexcept {
  return parts_->lookups.waiting();
}

void transport::sweep() {
  parts_->look_up_next(); // of a thread that had no memory to say that it is free
  auto const oldest = clock::now() - std::chrono::milliseconds(parts_->set.idle_timeout_ms);
  for (auto one = parts_->kept.begin(); one != parts_->kept.end();) {
    std::erase_if(one->second, [&](auto const& c) { return c->idle_since < oldest; });
    one = one->second.empty() ? parts_->kept.erase(one) : std::next(one);
  }
}

void transport::cut() {
  for (auto* const one : std::vector(parts_->running.begin(), parts_->running.end())) one->cut();
  parts_->lookups.drop_waiting();
  parts_->kept.clear();
}

void transport::stop() {
  if (parts_->stopped) return;
  parts_->stopped = true;
  cut();
  parts_->names->stop();
}

} // namespace alloy::webhooks
