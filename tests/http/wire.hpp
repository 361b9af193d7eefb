#pragma once
// A raw socket to a server in this process: the test writes the bytes itself and sees every byte that comes back.
// Blocking; a read that gets nothing for 20 s throws, so that a hanging server fails a test instead of stalling it.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace alloy::tests {

struct answer {
  unsigned status = 0;
  std::string head, body;

  // The first value of a header, by its exact name; empty if it is not there.
  std::string field(std::string_view name) const {
    auto const line = "\r\n" + std::string(name) + ": ";
    auto const at = head.find(line);
    if (at == head.npos) return {};
    auto const from = at + line.size();
    return head.substr(from, head.find("\r\n", from) - from);
  }
  bool has(std::string_view name) const { return head.find("\r\n" + std::string(name) + ":") != head.npos; }
};

// Takes one answer off the front of `bytes`. False if it is not complete.
inline bool take_answer(std::string& bytes, answer& out, bool to_head = false) {
  auto const end = bytes.find("\r\n\r\n");
  if (end == bytes.npos || !bytes.starts_with("HTTP/1.1 ")) return false;
  out.head = bytes.substr(0, end + 2);
  out.status = static_cast<unsigned>(std::stoul(out.head.substr(9, 3)));
  auto const length = out.field("Content-Length");
  auto const body = to_head || length.empty() ? 0 : std::stoul(length);
  if (bytes.size() < end + 4 + body) return false;
  out.body = bytes.substr(end + 4, body);
  bytes.erase(0, end + 4 + body);
  return true;
}

class wire {
 public:
  explicit wire(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    timeval const patience{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int const at_once = 1; // the tests send in pieces, and each piece should go now
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0;
  }
  ~wire() { ::close(fd_); }
  wire(wire const&) = delete;
  wire& operator=(wire const&) = delete;

  bool is_connected() const { return connected_; }
  int descriptor() const { return fd_; }

  // A server that has closed already is no error here: what it said is checked by reading.
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      auto const n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  void finish_sending() { ::shutdown(fd_, SHUT_WR); }

  answer read(bool to_head = false) {
    answer out;
    while (!take_answer(pending_, out, to_head))
      if (!receive()) throw std::runtime_error("the connection ended before an answer; it said: " + pending_);
    return out;
  }

  answer ask(std::string_view bytes, bool to_head = false) {
    send(bytes);
    return read(to_head);
  }

  // All that comes until the server closes.
  std::string read_to_end() {
    while (receive()) {
    }
    return std::exchange(pending_, {});
  }

 private:
  bool receive() {
    char bytes[16 * 1024];
    auto const n = ::recv(fd_, bytes, sizeof bytes, 0);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error("no byte for 20 s: " + pending_);
    if (n <= 0) return false;
    pending_.append(bytes, static_cast<std::size_t>(n));
    return true;
  }

  int fd_;
  bool connected_ = false;
  std::string pending_;
};

} // namespace alloy::tests
