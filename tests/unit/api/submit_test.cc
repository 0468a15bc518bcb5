// What a group takes of what all share, between the thread that submits it and the ledger's, which
// answers.
#include <future>

#include "api/context.h"
#include "api/resources/append_list.h"
#include "tests/unit/api/fixture.h"

namespace relais::tests {
namespace {

using SubmitTest = ApiTest;

/// A service waits for its answers and for nothing else before it ends: what was done with its
/// shares behind an answer was done to memory that it had given back.
TEST_F(SubmitTest, PlacesInTheQueueAreGivenBackBeforeTheAnswer) {
  api::Context context{.ledger = *ledger,
                       .reads = *reads,
                       .clock = wall,
                       .report = [](const std::string&) {},
                       .streams = api::Shares("streams", 1, 1),
                       .queue = api::Shares("statements", 4, 2),
                       .accounts = api::make_accounts({}),
                       .clock_guard = nullptr,
                       .memory = nullptr,
                       .cursors = crypto::Sealer(Hash{}),
                       .turns = api::ReadQueue("reads", "signatory", {1, 1, 0}),
                       .lists = api::ListQueue("lists", "address", {1, 1, 0}),
                       .pool = api::WorkerPool(1, 1)};
  auto taken = api::take_statement(
      context, *ledger->head(),
      statement::parse_submission(sign("ml1", "case.detected", case_subject(1), detected())));
  ASSERT_TRUE(taken && taken->owner);
  std::vector<log::Submission> group;
  group.push_back(std::move(*taken));
  std::promise<std::size_t> at_the_answer;
  ASSERT_TRUE(api::submit_shared(context, std::move(group), false,
                                 [&](const std::vector<log::Outcome>& outcomes) {
                                   EXPECT_TRUE(outcomes[0]);
                                   at_the_answer.set_value(context.queue.taken());
                                 }));
  EXPECT_EQ(at_the_answer.get_future().get(), 0U);
}

}  // namespace
}  // namespace relais::tests
