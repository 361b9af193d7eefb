// Load for one HTTP server on this machine: N keep-alive connections, one request in flight on each, one thread, epoll.
//   http_load --port P --path /x | --paths FILE   [--connections 1] [--seconds 10] [--requests MAX] [--method GET]
//             [--header 'Name: value']... [--body TEXT | --bodies FILE] [--expect STATUS] [--first NUMBER]
// Files hold one path or body a line, taken in turn; `{n}` and `{N}` in them are the request's number
// (request_source.hpp), counted from --first. It ends at --requests or --seconds, whichever comes first, and waits for
// what is in flight. Prints one JSON line. Status 0: every answer had the expected status; 1: not so; 2: a wrong
// command line. It speaks to 127.0.0.1 and to nothing else: it is a measuring tool, not a weapon.
#include "../flags.hpp"
#include "request_source.hpp"
#include "response_reader.hpp"
#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace alloy::bench {

namespace {

using clock_type = std::chrono::steady_clock;
constexpr auto drain_grace = std::chrono::seconds(10);
constexpr std::uint64_t errors_max = 100;

struct plan {
  request_shape shape;
  std::uint16_t port = 0;
  std::uint64_t connections = 1, seconds = 10, requests = 0, first = 0;
  unsigned expect = 200;
};

std::vector<std::string> lines_of(std::string const& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) lines.push_back(line);
  if (lines.empty()) throw usage_error(file + " holds no line, or cannot be read");
  return lines;
}

std::vector<std::string> one_or_file(flags& given, std::string const& one, std::string const& file) {
  auto values = given.all(one);
  auto const named = given.text(file, "");
  if (!values.empty() && !named.empty()) throw usage_error("--" + one + " and --" + file + " exclude each other");
  return named.empty() ? values : lines_of(named);
}

plan plan_of(flags given) {
  plan p;
  if (given.text("address", "127.0.0.1") != "127.0.0.1") throw usage_error("--address: only 127.0.0.1 is loaded");
  p.port = static_cast<std::uint16_t>(given.number("port", 0, 1, 65535));
  p.connections = given.number("connections", 1, 1, 4096);
  p.seconds = given.number("seconds", 10, 1, 3600);
  p.requests = given.number("requests", 100'000'000, 1, 100'000'000);
  p.first = given.number("first", 0, 0, UINT64_MAX / 2);
  p.expect = static_cast<unsigned>(given.number("expect", 200, 200, 599));
  p.shape.method = given.text("method", "GET");
  p.shape.headers = given.all("header");
  p.shape.paths = one_or_file(given, "path", "paths");
  p.shape.bodies = one_or_file(given, "body", "bodies");
  p.shape.host = "127.0.0.1:" + std::to_string(p.port);
  given.refuse_others();
  if (p.shape.paths.empty()) throw usage_error("--path or --paths is required");
  return p;
}

struct connection {
  int socket = -1;
  clock_type::time_point sent;
  response_reader reader;
};

class load {
 public:
  explicit load(plan const& p) : plan_(p), source_(p.shape, p.first), connections_(p.connections) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) throw std::runtime_error("epoll_create1: " + std::string(std::strerror(errno)));
    taken_us_.reserve(std::min<std::uint64_t>(p.requests, 4'000'000));
  }

  load(load const&) = delete;
  load& operator=(load const&) = delete;

  ~load() {
    for (auto const& c : connections_)
      if (c.socket >= 0) ::close(c.socket);
    ::close(epoll_);
  }

  void run() {
    for (auto& c : connections_) open(c);
    start_ = last_ = clock_type::now();
    end_ = start_ + std::chrono::seconds(plan_.seconds);
    for (auto& c : connections_) send_next(c, start_);
    epoll_event events[256];
    while (in_flight_ > 0) {
      int const count = ::epoll_wait(epoll_, events, 256, 1000);
      if (count < 0 && errno != EINTR) throw std::runtime_error("epoll_wait: " + std::string(std::strerror(errno)));
      for (int i = 0; i < count; ++i) receive(*static_cast<connection*>(events[i].data.ptr));
      if (count <= 0 && clock_type::now() > end_ + drain_grace) {
        complain("requests were never answered: " + std::to_string(in_flight_));
        errors_ += in_flight_;
        break;
      }
    }
  }

  bool report() {
    auto const seconds = std::max(std::chrono::duration<double>(last_ - start_).count(), 1e-9);
    std::sort(taken_us_.begin(), taken_us_.end());
    rusage used{};
    ::getrusage(RUSAGE_SELF, &used);
    auto const in_seconds = [](timeval const& t) { return double(t.tv_sec) + double(t.tv_usec) / 1e6; };
    auto const done = taken_us_.size();
    std::printf("{\"requests\":%zu,\"errors\":%llu,\"seconds\":%.4f,\"rate\":%.1f,", done,
                static_cast<unsigned long long>(errors_), seconds, double(done) / seconds);
    std::printf("\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f,", at(0.50), at(0.99), at(1.0));
    std::printf("\"body_bytes_mean\":%.1f,\"bytes\":%llu,", done ? double(body_bytes_) / double(done) : 0.0,
                static_cast<unsigned long long>(bytes_));
    std::printf("\"own_cpu_seconds\":%.3f,\"reconnects\":%llu,\"statuses\":{",
                in_seconds(used.ru_utime) + in_seconds(used.ru_stime), static_cast<unsigned long long>(reconnects_));
    char const* comma = "";
    for (auto const& [status, count] : statuses_)
      std::printf("%s\"%u\":%llu", std::exchange(comma, ","), status, static_cast<unsigned long long>(count));
    std::printf("}}\n");
    return errors_ == 0 && done > 0;
  }

 private:
  double at(double share) const {
    if (taken_us_.empty()) return 0;
    auto const index = static_cast<std::size_t>(share * double(taken_us_.size()));
    return double(taken_us_[std::min(index, taken_us_.size() - 1)]);
  }

  // Prints the first few only: a server that answers each request wrongly would fill the terminal.
  void complain(std::string const& what) {
    if (complaints_++ < 3) std::fprintf(stderr, "http_load: %s\n", what.c_str());
  }

  void open(connection& c) {
    c.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(plan_.port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (c.socket < 0 || ::connect(c.socket, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
      throw std::runtime_error("connect to " + plan_.shape.host + ": " + std::strerror(errno));
    int const on = 1;
    ::setsockopt(c.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &c;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, c.socket, &event) != 0)
      throw std::runtime_error("epoll_ctl: " + std::string(std::strerror(errno)));
  }

  void reopen(connection& c) {
    ::close(std::exchange(c.socket, -1)); // leaves the epoll set by itself
    ++reconnects_;
    open(c);
  }

  void send_next(connection& c, clock_type::time_point now) {
    if (issued_ >= plan_.requests || now >= end_ || errors_ > errors_max) return;
    ++issued_;
    ++in_flight_;
    out_.clear();
    source_.next(out_);
    c.reader.reset();
    c.sent = clock_type::now();
    std::string_view left = out_;
    while (!left.empty()) {
      auto const sent = ::send(c.socket, left.data(), left.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EINTR) continue;
      if (sent < 0) return fail(c, std::string("send: ") + std::strerror(errno));
      left.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void fail(connection& c, std::string const& what) {
    complain(what);
    ++errors_;
    --in_flight_;
    reopen(c);
    send_next(c, clock_type::now());
  }

  void receive(connection& c) {
    auto const got = ::recv(c.socket, in_.data(), in_.size(), MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) return fail(c, got == 0 ? "the server closed a connection" : std::strerror(errno));
    bytes_ += static_cast<std::uint64_t>(got);
    switch (c.reader.feed({in_.data(), static_cast<std::size_t>(got)})) {
    case response_reader::state::more: return;
    case response_reader::state::malformed: return fail(c, "not an answer:\n" + std::string(c.reader.beginning()));
    case response_reader::state::done: return finish(c);
    }
  }

  void finish(connection& c) {
    last_ = clock_type::now();
    --in_flight_;
    ++statuses_[c.reader.status()];
    body_bytes_ += c.reader.body_bytes();
    auto const taken = std::chrono::duration<double, std::micro>(last_ - c.sent).count();
    if (c.reader.status() == plan_.expect) {
      taken_us_.push_back(static_cast<float>(taken));
    } else {
      ++errors_;
      complain("expected status " + std::to_string(plan_.expect) + ", got:\n" + std::string(c.reader.beginning()));
    }
    if (c.reader.closes()) reopen(c);
    send_next(c, last_);
  }

  plan const& plan_;
  request_source source_;
  std::vector<connection> connections_;
  std::vector<float> taken_us_;
  std::map<unsigned, std::uint64_t> statuses_;
  std::string out_, in_ = std::string(256 * 1024, '\0');
  clock_type::time_point start_, last_, end_;
  std::uint64_t issued_ = 0, in_flight_ = 0, errors_ = 0, complaints_ = 0, reconnects_ = 0, bytes_ = 0, body_bytes_ = 0;
  int epoll_ = -1;
};

} // namespace

} // namespace alloy::bench

int main(int argc, char** argv) try {
  auto const plan = alloy::bench::plan_of(alloy::bench::flags(argc, argv));
  alloy::bench::load load(plan);
  load.run();
  return load.report() ? 0 : 1;
} catch (alloy::bench::usage_error const& e) {
  std::fprintf(stderr, "http_load: %s\n", e.what());
  return 2;
} catch (std::exception const& e) {
  std::fprintf(stderr, "http_load: %s\n", e.what());
  return 1;
}
