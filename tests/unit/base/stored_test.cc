// What a store gives is not what this program relies on: nothing that stands in a record ends it.
#include "ledger/base/stored.h"

#include <gtest/gtest.h>

namespace relais::tests {
namespace {

TEST(Stored, WhatCannotBeReadIsDamageAndSaysWhatItIs) {
  EXPECT_EQ(decode_stored<std::uint32_t>(encode(std::uint32_t{300}), "a number"), 300U);
  for (const std::string& bytes : {std::string(), std::string("\x80"), std::string("\1\1")}) {
    try {
      decode_stored<std::uint32_t>(bytes, "a number cannot be read");
      ADD_FAILURE() << "it was read";
    } catch (const DamagedRecords& e) {
      const Error told = records_damaged(e);
      EXPECT_EQ(told.rule, kRecordsDamaged);
      EXPECT_EQ(told.code, Errc::corrupt);
      EXPECT_EQ(told.message, "a number cannot be read");
      EXPECT_NE(told.accepted.find("relais rebuild"), std::string::npos);
    }
  }
  EXPECT_NO_THROW(require_stored(true, "what holds"));
  EXPECT_THROW(require_stored(false, "what does not"), DamagedRecords);
}

}  // namespace
}  // namespace relais::tests
