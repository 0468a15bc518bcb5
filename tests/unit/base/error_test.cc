#include "ledger/base/error.h"

#include <gtest/gtest.h>

#include <memory>

namespace relais {
namespace {

TEST(Error, OneLineForPeople) {
  EXPECT_EQ(to_string(error(Errc::invalid, "a-rule", "it is wrong")), "a-rule: it is wrong");
  EXPECT_EQ(to_string(error(Errc::invalid, "a-rule", "it is wrong")
                          .at("data.x")
                          .accepts("a date")
                          .from("art. 1")
                          .in_state("open")),
            "a-rule: it is wrong (field data.x; accepted: a date; source: art. 1; "
            "current state: open)");
}

Status only_even(int n) {
  if (n % 2 != 0) return fail(Errc::invalid, "odd", "an odd number");
  return {};
}

Result<std::unique_ptr<int>> half(int n) {
  RELAIS_TRY(only_even(n));
  return std::make_unique<int>(n / 2);
}

Result<int> quarter(int n) {
  RELAIS_ASSIGN(const std::unique_ptr<int> h, half(n));
  RELAIS_ASSIGN(const std::unique_ptr<int> q, half(*h));
  return *q;
}

TEST(Error, TryAndAssignPassValuesAndErrorsOn) {
  ASSERT_TRUE(quarter(12).has_value());
  EXPECT_EQ(*quarter(12), 3);
  for (const int n : {3, 6}) {
    const auto got = quarter(n);
    ASSERT_FALSE(got.has_value());
    EXPECT_EQ(got.error().rule, "odd");
    EXPECT_EQ(got.error().code, Errc::invalid);
  }
}

}  // namespace
}  // namespace relais
