#include "ledger/base/file.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/temp_folder.h"

namespace relais {
namespace {

class Files : public ::testing::Test {
 protected:
  std::string rule(const std::filesystem::path& file, std::size_t limit = 100) {
    const auto read = read_file(file, limit);
    return read ? "read " + *read : read.error().rule;
  }
  std::filesystem::path make(const std::string& name, std::string_view bytes) {
    std::ofstream(folder_.path / name, std::ios::binary) << bytes;
    return folder_.path / name;
  }
  tests::TempFolder folder_;
};

TEST_F(Files, AreReadUpToALimit) {
  const std::string large(300'000, 'x');
  EXPECT_EQ(rule(make("none", "")), "read ");
  EXPECT_EQ(rule(make("some", std::string("a\0b", 3))), std::string("read a\0b", 8));
  EXPECT_EQ(rule(make("most", std::string(100, 'x'))), "read " + std::string(100, 'x'));
  EXPECT_EQ(rule(make("over", std::string(101, 'x'))), "file-size");
  EXPECT_EQ(rule(make("large", large), large.size()), "read " + large);
  EXPECT_EQ(rule(folder_.path / "missing"), "file-missing");
  EXPECT_EQ(rule(make("some", "x") / "below"), "file-missing");
  EXPECT_NE(rule("/proc/self/stat", 100'000), "read ") << "a file whose size is not told";
  EXPECT_EQ(rule("/proc/self/maps", 10), "file-size");
}

TEST_F(Files, ThatAreNoneAreRefusedAtOnce) {
  ASSERT_EQ(::mkfifo((folder_.path / "fifo").c_str(), 0600), 0);
  EXPECT_EQ(rule(folder_.path / "fifo"), "file-kind");
  EXPECT_EQ(rule("/dev/zero"), "file-kind");
  EXPECT_EQ(rule(folder_.path), "file-kind");
  std::filesystem::create_symlink("/dev/zero", folder_.path / "zero");
  EXPECT_EQ(rule(folder_.path / "zero"), "file-kind");
  std::filesystem::create_symlink("loop", folder_.path / "loop");
  EXPECT_EQ(rule(folder_.path / "loop"), "file-read");
  std::filesystem::create_symlink(make("true", "x"), folder_.path / "link");
  EXPECT_EQ(rule(folder_.path / "link"), "read x");
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (folder_.path / "socket").string().copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(rule(folder_.path / "socket"), "file-kind");
  ::close(fd);
}

TEST_F(Files, ForOthersAreCheckedAlike) {
  EXPECT_TRUE(check_file(make("some", "x"), 1, "--option"));
  const auto large = check_file(make("more", "xy"), 1, "--option");
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().rule, "file-size");
  EXPECT_EQ(large.error().field, "--option");
  EXPECT_EQ(check_file(folder_.path, 1, "--option").error().field, "--option");
}

TEST_F(Files, AreWrittenWhereAFileIsOrNothing) {
  ASSERT_EQ(::mkfifo((folder_.path / "fifo").c_str(), 0600), 0);
  for (const std::filesystem::path& none :
       {folder_.path / "fifo", folder_.path, folder_.path / "a/b",
        std::filesystem::path("/dev/null")})
    EXPECT_FALSE(open_for_writing(none)) << none;
  const auto fd = open_for_writing(make("some", "old"));
  ASSERT_TRUE(fd);
  EXPECT_EQ(::write(*fd, "new", 2), 2);
  ::close(*fd);
  EXPECT_EQ(rule(folder_.path / "some"), "read ne");
}

}  // namespace
}  // namespace relais
