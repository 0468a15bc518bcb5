// A store in a temporary folder.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include "ledger/store/store.h"
#include "tests/support/temp_folder.h"

namespace relais::tests {

class StoreFolder : public ::testing::Test {
 protected:
  std::filesystem::path path() const { return folder.path / "store"; }
  void make() { open(true); }
  void open(bool create = false) {
    store.reset();
    store::Options options;
    options.path = path();
    options.create = create;
    auto opened = store::Store::open(options);
    ASSERT_TRUE(opened) << to_string(opened.error());
    store = std::move(*opened);
  }
  void put(const std::string& key, const std::string& value,
           store::Family family = store::Family::disclosures) {
    store::Batch batch;
    batch.put(family, key, value);
    ASSERT_TRUE(store->write(batch, true));
  }
  static std::string read(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static void write(const std::filesystem::path& file, const std::string& bytes) {
    std::ofstream(file, std::ios::binary) << bytes;
  }
  TempFolder folder;
  std::unique_ptr<store::Store> store;
};

}  // namespace relais::tests
