#include "tests/bench/load.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>

namespace relais::bench {
namespace {

using Clock = std::chrono::steady_clock;

int connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

/// Length that the header names; responses without a body have "content-length: 0" or none.
std::size_t content_length(std::string_view header) {
  for (const char* name : {"content-length: ", "Content-Length: "})
    if (const auto at = header.find(name); at != std::string_view::npos)
      return static_cast<std::size_t>(
          std::strtoull(header.data() + at + std::strlen(name), nullptr, 10));
  return 0;
}

/// Reads one response into `buffer`; gives its status, 0 when the connection ended.
int read_response(int fd, std::string& buffer) {
  buffer.clear();
  std::size_t header = std::string::npos;
  std::size_t whole = 0;
  char chunk[16384];
  while (header == std::string::npos || buffer.size() < whole) {
    const ssize_t n = ::recv(fd, chunk, sizeof chunk, 0);
    if (n <= 0) return 0;
    buffer.append(chunk, static_cast<std::size_t>(n));
    if (header == std::string::npos) {
      header = buffer.find("\r\n\r\n");
      if (header != std::string::npos)
        whole = header + 4 + content_length(std::string_view(buffer).substr(0, header));
    }
  }
  return std::atoi(buffer.c_str() + 9);
}

}  // namespace

LoadResult run_load(std::uint16_t port, unsigned clients,
                    const std::function<std::string(unsigned)>& next) {
  std::vector<std::vector<float>> latencies(clients);
  std::vector<std::uint64_t> ok(clients);
  std::vector<std::thread> threads;
  const auto start = Clock::now();
  for (unsigned c = 0; c < clients; ++c) {
    threads.emplace_back([&, c] {
      const int fd = connect_to(port);
      std::string response;
      for (std::string request = next(c); !request.empty(); request = next(c)) {
        const auto sent = Clock::now();
        if (!send_all(fd, request)) break;
        const int status = read_response(fd, response);
        if (status == 0) break;
        latencies[c].push_back(
            std::chrono::duration<float, std::milli>(Clock::now() - sent).count());
        if (status >= 200 && status < 300) ++ok[c];
      }
      ::close(fd);
    });
  }
  for (auto& t : threads) t.join();
  LoadResult result;
  result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::vector<float> all;
  for (unsigned c = 0; c < clients; ++c) {
    all.insert(all.end(), latencies[c].begin(), latencies[c].end());
    result.ok += ok[c];
  }
  std::ranges::sort(all);
  result.requests = all.size();
  if (!all.empty()) {
    result.p50_ms = all[all.size() / 2];
    result.p99_ms = all[all.size() * 99 / 100];
  }
  return result;
}

}  // namespace relais::bench
