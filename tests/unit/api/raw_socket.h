// A TCP connection that sends what no client would.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace relais::tests {

class RawSocket {
 public:
  explicit RawSocket(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval timeout{20, 0};  // a test that would hang fails
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  ~RawSocket() { ::close(fd_); }
  RawSocket(const RawSocket&) = delete;
  RawSocket& operator=(const RawSocket&) = delete;

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void finish() { ::shutdown(fd_, SHUT_WR); }

  /// Reads until `text` has come; gives all that was read since the last call and holds the rest.
  std::string read_until(std::string_view text) {
    for (;;) {
      if (const auto at = held_.find(text); at != std::string::npos) {
        std::string out = held_.substr(0, at + text.size());
        held_.erase(0, out.size());
        return out;
      }
      if (!read_more()) return std::exchange(held_, {});
    }
  }
  /// Reads to the end of the connection.
  std::string read_all() {
    while (read_more()) {
    }
    return std::exchange(held_, {});
  }

 private:
  bool read_more() {
    char bytes[4096];
    const auto got = ::recv(fd_, bytes, sizeof(bytes), 0);
    if (got <= 0) return false;
    held_.append(bytes, static_cast<std::size_t>(got));
    return true;
  }
  int fd_;
  std::string held_;
};

}  // namespace relais::tests
